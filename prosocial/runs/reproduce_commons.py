"""`prosocial reproduce commons-internalization`: restraint after the caregiver has left."""

from __future__ import annotations

from collections.abc import Sequence

from prosocial.runs.reproducing import (
    Analysis,
    asked_budget,
    asked_folder,
    carry_out,
    chosen,
    experiment_parser,
    seed_numbers,
)

NAME = "commons-internalization"
_DESCRIPTION = "Does an internal social reward sustain a commons when the caregiver has left?"
_CHOICES = {"worlds": "of harvest,clean_up,fishery, or all (default)"}
_EPILOG = """\
Seven learners in commons_harvest and clean_up, five in the fishery, are socialized by a caregiver
(restraint, cleaning, sustainable demands). Then they are on their own with nothing (none), with
their internal social reward (isr; isr_additive takes its small predictions too) or with the
caregiver kept (caregiver), beside learners who never had one (selfish). At the end they are played
on other maps, in other numbers, beside a newcomer.

presets:
  quick   3 seeds, phases of 123k steps: all worlds in about 15 minutes on 2 cores
  paper   10 seeds (3 in clean_up), phases of 246k steps: about three core hours
  smoke   5 % of quick, 1 seed: shows that everything runs, and claims nothing

An interrupted command goes on where it was when it is given again. More worlds or seeds can be
added to the same output folder.

examples:
  prosocial reproduce commons-internalization
  prosocial reproduce commons-internalization --worlds harvest --seeds 5 --jobs 8
"""


def main(argv: Sequence[str]) -> int:
    """Trains what is missing, plays the transfer tests, writes tables and figures.

    Args:
        argv: What follows `prosocial reproduce commons-internalization`.

    Returns:
        0, or 1 if a run failed.

    Raises:
        ConfigError: If an argument is wrong or the output folder holds another experiment.
    """
    parser = experiment_parser(NAME, _DESCRIPTION, _EPILOG, _CHOICES)
    arguments = parser.parse_args(argv)
    # Imported here, so that --help answers at once.
    from prosocial.runs.experiments.commons import budgets
    from prosocial.runs.experiments.commons import plan as experiment

    budget = asked_budget(arguments, budgets.preset)
    worlds = chosen("--worlds", arguments.worlds, budgets.WORLDS)
    seeds = seed_numbers(arguments.seeds, experiment.default_seeds)
    root = asked_folder(arguments, NAME)
    jobs = experiment.plan(root, worlds, seeds, budget)
    command = ["prosocial", "reproduce", NAME, *argv]
    planned = experiment.manifest(jobs, arguments.preset, worlds, budget, command)
    return carry_out(analysis(), jobs, planned, root, arguments.jobs)


def analysis() -> Analysis:
    """What becomes of the runs."""
    from prosocial.analysis.commons import archive, manifest, report

    return Analysis(manifest.FILE, archive.copy_tables, report.write_report, number_width=14)
