"""`prosocial reproduce teaching-minds`: caregivers with a mind, learners that infer values."""

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
    from prosocial.analysis.teaching.report import Report

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
    arguments = _parser().parse_args(argv)
    # Imported here, so that --help answers at once.
    from prosocial.analysis.teaching.manifest import EXPERIMENT, extend_manifest, write_manifest
    from prosocial.analysis.teaching.report import write_report
    from prosocial.runs.experiments.teaching import budgets
    from prosocial.runs.experiments.teaching import plan as experiment

    budget = budgets.preset(arguments.preset)
    if arguments.steps_scale is not None:
        budget = budget.scaled(arguments.steps_scale)
    seeds = seed_numbers(arguments.seeds, experiment.default_seeds)
    seeds = seeds or experiment.default_seeds(budget.seeds)
    root = arguments.output or Path("outputs") / EXPERIMENT / arguments.preset
    jobs = experiment.plan(root, seeds, budget)
    command = ["prosocial", "reproduce", EXPERIMENT, *argv]
    planned = experiment.manifest(jobs, arguments.preset, budget, command)
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
    from prosocial.analysis.teaching import records, report

    if tables:
        records.copy_tables(folder, tables)
    conclude(report.write_report(folder, output), {})


def conclude(report: Report, failures: Mapping[str, str]) -> None:
    """Prints what came out: tables, verdicts, where everything lies, what failed.

    Args:
        report: What was written.
        failures: Runs that failed, with the reason.
    """
    from prosocial.analysis.value_internalization.judging import Status

    for title, text in report.texts:
        print(f"\n{title}\n\n{text}")
    print("\nAcceptance checks:\n")
    for check in report.checks:
        if check.status is not Status.NOT_RUN:
            print(f"  {check.status:6} {check.number:4} {check.title}: {check.observed}")
    if not report.claims:
        print("  none was run: this budget is too small for any claim, it shows that all runs.")
    print_whereabouts(report.figures, report.page, failures, report.missing)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="prosocial reproduce teaching-minds",
        description="Does a caregiver with a mind spend less, and does inferring values pay?",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_common_options(parser, "teaching-minds")
    return parser
