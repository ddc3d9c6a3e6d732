"""`prosocial reproduce commons-internalization`: restraint after the caregiver has left."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from prosocial.runs.reproducing import (
    add_common_options,
    print_whereabouts,
    run_all,
    seed_numbers,
    words,
)

if TYPE_CHECKING:
    from prosocial.analysis.commons.report import Report

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
    arguments = _parser().parse_args(argv)
    # Imported here, so that --help answers at once.
    from prosocial.analysis.commons.manifest import EXPERIMENT, extend_manifest, write_manifest
    from prosocial.analysis.commons.report import write_report
    from prosocial.runs.experiments.commons import budgets
    from prosocial.runs.experiments.commons import plan as experiment

    budget = budgets.preset(arguments.preset)
    if arguments.steps_scale is not None:
        budget = budget.scaled(arguments.steps_scale)
    worlds = budgets.WORLDS if arguments.worlds == "all" else words("--worlds", arguments.worlds)
    seeds = seed_numbers(arguments.seeds, experiment.default_seeds)
    root = arguments.output or Path("outputs") / EXPERIMENT / arguments.preset
    jobs = experiment.plan(root, worlds, seeds, budget)
    command = ["prosocial", "reproduce", EXPERIMENT, *argv]
    planned = experiment.manifest(jobs, arguments.preset, worlds, budget, command)
    write_manifest(root, extend_manifest(root, planned))

    failures = run_all(jobs, root, arguments.jobs)
    conclude(write_report(root), failures)
    return 1 if failures else 0


def redraw(folder: Path, output: Path | None, tables: Path | None) -> None:
    """Writes the figures, tables and page of a recorded experiment anew and prints them.

    Args:
        folder: The experiment.
        output: Where to; None for the folder itself.
        tables: Where to copy the tables that the figures are drawn from; None for nowhere.
    """
    from prosocial.analysis.commons import archive, report

    if tables:
        archive.copy_tables(folder, tables)
    conclude(report.write_report(folder, output), {})


def conclude(report: Report, failures: Mapping[str, str]) -> None:
    """Prints what came out: outcomes, verdicts, a sentence for each world, where everything lies.

    Args:
        report: What was written.
        failures: Runs that failed, with the reason.
    """
    from prosocial.analysis.commons.texts import outcomes_text
    from prosocial.analysis.value_internalization.judging import Status

    worlds = (
        [] if report.outcomes.is_empty() else report.outcomes["world"].unique(maintain_order=True)
    )
    for world in worlds:
        print(f"\n{world}: outcomes at the end of each phase\n")
        print(outcomes_text(report.outcomes, world))
    print("\nAcceptance checks:\n")
    judged = [check for check in report.checks if check.status is not Status.NOT_RUN]
    for check in judged:
        print(f"  {check.status:6} {check.number:14} {check.title}: {check.observed}")
    if not report.claims:
        print("  none was run: this budget is too small for any claim, it shows that all runs.")
    for sentence in report.conclusion:
        print(f"\n{sentence}")
    print_whereabouts(report.figures, report.page, failures, report.missing)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="prosocial reproduce commons-internalization",
        description="Does an internal social reward sustain a commons when the caregiver has left?",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--worlds", default="all", help="of harvest,clean_up,fishery, or all (default)"
    )
    add_common_options(parser, "commons-internalization")
    return parser
