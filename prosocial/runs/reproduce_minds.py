"""`prosocial reproduce minds-in-learners`: learners with and without what a mind infers."""

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
    from prosocial.analysis.minds.report import Report

_EPILOG = """\
Each task is learned by two kinds of learners that differ in one thing: whether the policy also sees
the posterior of a Bayesian mind over what the other is up to (goals, sub-tasks), its entropy and
the action that it predicts.

  doors     the learner opens doors for somebody whose goal it does not see
  helping   the learner of helping_grid clears the caregiver's way
  kitchen   the learner cooks beside a partner who delegates by inference

presets:
  quick   3 seeds, half the steps
  paper   5 seeds
  smoke   4 % of the steps, 1 seed: shows that everything runs, and claims nothing

An interrupted command goes on where it was when it is given again. More tasks or seeds can be added
to the same output folder.

examples:
  prosocial reproduce minds-in-learners
  prosocial reproduce minds-in-learners --tasks doors --seeds 10
"""


def main(argv: Sequence[str]) -> int:
    """Trains what is missing, writes table and figure and prints the comparison.

    Args:
        argv: What follows `prosocial reproduce minds-in-learners`.

    Returns:
        0, or 1 if a run failed.

    Raises:
        ConfigError: If an argument is wrong or the output folder holds another experiment.
    """
    arguments = _parser().parse_args(argv)
    # Imported here, so that --help answers at once.
    from prosocial.analysis.minds.manifest import (
        EXPERIMENT,
        TASKS,
        extend_manifest,
        write_manifest,
    )
    from prosocial.analysis.minds.report import write_report
    from prosocial.runs.experiments.minds import budgets
    from prosocial.runs.experiments.minds import plan as experiment

    budget = budgets.preset(arguments.preset)
    if arguments.steps_scale is not None:
        budget = budget.scaled(arguments.steps_scale)
    tasks = tuple(TASKS) if arguments.tasks == "all" else words("--tasks", arguments.tasks)
    seeds = seed_numbers(arguments.seeds, experiment.default_seeds)
    seeds = experiment.default_seeds(budget.seeds) if seeds is None else seeds
    root = arguments.output or Path("outputs") / EXPERIMENT / arguments.preset
    jobs = experiment.plan(root, tasks, seeds, budget)
    command = ["prosocial", "reproduce", EXPERIMENT, *argv]
    planned = experiment.manifest(jobs, arguments.preset, budget, command)
    write_manifest(root, extend_manifest(root, planned))

    failures = run_all(jobs, root, arguments.jobs)
    conclude(write_report(root), failures)
    return 1 if failures else 0


def redraw(folder: Path, output: Path | None, tables: Path | None) -> None:
    """Writes the figure, table and page of a recorded experiment anew and prints them.

    Args:
        folder: The experiment.
        output: Where to; None for the folder itself.
        tables: Where to copy the tables that the figures are drawn from; None for nowhere.
    """
    from prosocial.analysis.minds.records import copy_tables
    from prosocial.analysis.minds.report import write_report

    if tables:
        copy_tables(folder, tables)
    conclude(write_report(folder, output), {})


def conclude(report: Report, failures: Mapping[str, str]) -> None:
    """Prints what came out: the comparison, the verdicts, where everything lies, what failed.

    Args:
        report: What was written.
        failures: Runs that failed, with the reason.
    """
    from prosocial.analysis.minds.report import comparison_text
    from prosocial.analysis.value_internalization.judging import Status

    if not report.comparison.is_empty():
        print(f"\n{comparison_text(report.comparison)}")
    print("\nChecks:\n")
    for check in report.checks:
        if check.status is not Status.NOT_RUN:
            print(f"  {check.status:6} {check.number:12} {check.title}: {check.observed}")
    if not report.claims:
        print("  none was run: this budget is too small for any claim, it shows that all runs.")
    print_whereabouts(report.figures, report.page, failures, report.missing)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="prosocial reproduce minds-in-learners",
        description="What is it worth to a learner to see what a mind infers of the other?",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--tasks", default="all", help="of doors,helping,kitchen, or all (default)")
    add_common_options(parser, "minds-in-learners")
    return parser
