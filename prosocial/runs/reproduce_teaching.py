"""`prosocial reproduce teaching-minds`: caregivers with a mind, learners that infer values."""

from __future__ import annotations

from collections.abc import Sequence

from prosocial.runs.reproducing import (
    Analysis,
    asked_budget,
    asked_folder,
    carry_out,
    experiment_parser,
    seed_numbers,
)

NAME = "teaching-minds"
_DESCRIPTION = "Does a caregiver with a mind spend less, and does inferring values pay?"
_EPILOG = """\
In the grid of figure 4a of Rong & Kleiman-Weiner (2024) learners without internal reward (none),
with the regression ISR and with Bayesian inference of values are socialized by a constant
caregiver, by a teaching one that looks away where it finds its norm understood, and by one that
looks away as often at random. Then the caregiver leaves. Internal rewards are compared by what
they know after 1 to 1,000 feedbacks, and on layout x by whether learners can exploit them.

presets:
  quick   2 seeds, 61k steps of socialization, 31k of autonomy: about ten minutes on 2 cores
  paper   5 seeds, 82k and 41k steps: about one core hour
  smoke   2 % of quick, 1 seed: shows that everything runs, and claims nothing

An interrupted command goes on where it was when it is given again. More seeds can be added to the
same output folder.

examples:
  prosocial reproduce teaching-minds
  prosocial reproduce teaching-minds --preset paper --seeds 3 --jobs 8
"""


def main(argv: Sequence[str]) -> int:
    """Trains what is missing, then writes tables and figures.

    Args:
        argv: What follows `prosocial reproduce teaching-minds`.

    Returns:
        0, or 1 if a run failed.

    Raises:
        ConfigError: If an argument is wrong or the output folder holds another experiment.
    """
    parser = experiment_parser(NAME, _DESCRIPTION, _EPILOG)
    arguments = parser.parse_args(argv)
    # Imported here, so that --help answers at once.
    from prosocial.runs.experiments.teaching import budgets
    from prosocial.runs.experiments.teaching import plan as experiment

    budget = asked_budget(arguments, budgets.preset)
    seeds = seed_numbers(arguments.seeds, experiment.default_seeds)
    root = asked_folder(arguments, NAME)
    jobs = experiment.plan(root, seeds or experiment.default_seeds(budget.seeds), budget)
    command = ["prosocial", "reproduce", NAME, *argv]
    planned = experiment.manifest(jobs, arguments.preset, budget, command)
    return carry_out(analysis(), jobs, planned, root, arguments.jobs)


def analysis() -> Analysis:
    """What becomes of the runs."""
    from prosocial.analysis.teaching import manifest, records, report

    return Analysis(manifest.FILE, records.copy_tables, report.write_report, number_width=4)
