"""`prosocial reproduce imagined-we`: signals of an Imagined We, and intentions that agree."""

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

NAME = "imagined-we"
_DESCRIPTION = "Does sharing a utility, and an intention, make signals and acts agree?"
_EPILOG = """\
Signalling tasks by ambiguity, model and level (after Stacy et al. 2021), boxes games (after Misyak
et al. 2016), and agents who come to agree on a goal without a word (after Tang et al. 2020).
Nothing is trained: all models are exact.

presets:
  quick   5 seeds: about three minutes on 2 cores
  paper   20 seeds, more tasks and episodes: about a quarter of an hour
  smoke   1 seed, a few tasks: shows that everything runs, and claims nothing

An interrupted command goes on where it was when it is given again. More seeds can be added to the
same output folder.

examples:
  prosocial reproduce imagined-we
  prosocial reproduce imagined-we --preset paper --jobs 8
"""


def main(argv: Sequence[str]) -> int:
    """Plays what is missing, writes tables and figures, prints the verdicts.

    Args:
        argv: What follows `prosocial reproduce imagined-we`.

    Returns:
        0, or 1 if a run failed.

    Raises:
        ConfigError: If an argument is wrong or the output folder holds another experiment.
    """
    parser = experiment_parser(NAME, _DESCRIPTION, _EPILOG)
    arguments = parser.parse_args(argv)
    # Imported here, so that --help answers at once.
    from prosocial.runs.experiments.imagined_we import budgets
    from prosocial.runs.experiments.imagined_we import plan as experiment

    budget = asked_budget(arguments, budgets.preset)
    seeds = seed_numbers(arguments.seeds, experiment.default_seeds)
    seeds = seeds or experiment.default_seeds(budget.seeds)
    root = asked_folder(arguments, NAME)
    jobs = experiment.plan(root, seeds, budget)
    command = ["prosocial", "reproduce", NAME, *argv]
    planned = experiment.manifest(jobs, arguments.preset, seeds, budget, command)
    return carry_out(analysis(), jobs, planned, root, arguments.jobs)


def analysis() -> Analysis:
    """What becomes of the runs."""
    from prosocial.analysis.imagined_we import records, report

    return Analysis(records.FILE, records.copy_tables, report.write_report)
