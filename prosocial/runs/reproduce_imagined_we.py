"""`prosocial reproduce imagined-we`: signals of an Imagined We, and intentions that agree."""

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
)

if TYPE_CHECKING:
    from prosocial.analysis.imagined_we.report import Report

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
    arguments = _parser().parse_args(argv)
    # Imported here, so that --help answers at once.
    from prosocial.analysis.imagined_we.records import (
        EXPERIMENT,
        extend_manifest,
        write_manifest,
    )
    from prosocial.analysis.imagined_we.report import write_report
    from prosocial.runs.experiments.imagined_we import budgets
    from prosocial.runs.experiments.imagined_we import plan as experiment

    budget = budgets.preset(arguments.preset)
    if arguments.steps_scale is not None:
        budget = budget.scaled(arguments.steps_scale)
    seeds = seed_numbers(arguments.seeds, experiment.default_seeds)
    seeds = experiment.default_seeds(budget.seeds) if seeds is None else seeds
    root = arguments.output or Path("outputs") / EXPERIMENT / arguments.preset
    jobs = experiment.plan(root, seeds, budget)
    command = ["prosocial", "reproduce", EXPERIMENT, *argv]
    planned = experiment.manifest(jobs, arguments.preset, seeds, budget, command)
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
    from prosocial.analysis.imagined_we import records, report

    if tables:
        records.copy_tables(folder, tables)
    conclude(report.write_report(folder, output), {})


def conclude(report: Report, failures: Mapping[str, str]) -> None:
    """Prints what came out: both tables, the verdicts, where everything lies, what failed.

    Args:
        report: What was written.
        failures: Runs that failed, with the reason.
    """
    from prosocial.analysis.imagined_we.report import joint_intention_text, signalling_text
    from prosocial.analysis.value_internalization.judging import Status

    if not report.signalling.is_empty():
        for column, title in (("accuracy", "Signals understood"), ("utility", "Joint utility")):
            print(f"\n{title}, by ambiguity (means over seeds, 95 % intervals):\n")
            print(signalling_text(report.signalling, column))
    if not report.joint_intention.is_empty():
        print("\nRendezvous, three agents:\n")
        print(joint_intention_text(report.joint_intention))
    print("\nAcceptance checks:\n")
    for check in report.checks:
        if check.status is not Status.NOT_RUN:
            print(f"  {check.status:6} {check.number:3} {check.title}: {check.observed}")
    if not report.claims:
        print("  none was run: this budget is too small for any claim, it shows that all runs.")
    print_whereabouts(report.figures, report.page, failures, report.missing)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="prosocial reproduce imagined-we",
        description="Does sharing a utility, and an intention, make signals and acts agree?",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_common_options(parser, "imagined-we")
    return parser
