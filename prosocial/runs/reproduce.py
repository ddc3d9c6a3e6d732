"""`prosocial reproduce`: a whole experiment with all conditions and seeds, table and figures."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib import import_module
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
    from prosocial.analysis.value_internalization.report import Report

PAPER = "value-internalization"
# The other experiments; each module has `main(argv)` and `redraw(folder, output, tables)`.
OTHERS = {
    "commons-internalization": "prosocial.runs.reproduce_commons",
    "bayesian-delegation": "prosocial.runs.reproduce_delegation",
    "imagined-we": "prosocial.runs.reproduce_imagined_we",
    "minds-in-learners": "prosocial.runs.reproduce_minds",
    "teaching-minds": "prosocial.runs.reproduce_teaching",
}

_EPILOG = """\
presets:
  quick   phases of 120k + 60k steps, ISR fitted in batches of 10, 3 seeds; figure 4a takes about
          ten minutes on 2 cores
  paper   the paper's numbers, 10 seeds; all figures take about 15 core hours
  smoke   2 % of quick, 1 seed: shows that everything runs, and claims nothing

An interrupted command goes on where it was when it is given again: finished runs are kept, others
resume from their last checkpoint. More figures or seeds can be added to the same output folder.

examples:
  prosocial reproduce value-internalization
  prosocial reproduce value-internalization --figures 4b,5 --seeds 5 --jobs 8
  prosocial reproduce value-internalization --figures all --preset paper --seeds 1234,1235
"""


def main(argv: Sequence[str]) -> int:
    """Trains what is missing, then writes tables and figures and prints the comparison.

    Args:
        argv: What follows `prosocial reproduce`.

    Returns:
        0, or 1 if a run failed.

    Raises:
        ConfigError: If an argument is wrong or the output folder holds another experiment.
    """
    if argv and argv[0] in OTHERS:
        return import_module(OTHERS[argv[0]]).main(argv[1:])
    arguments = _parser().parse_args(argv)
    # Imported here, so that --help answers at once.
    from prosocial.analysis.value_internalization.records import (
        extend_manifest,
        write_manifest,
    )
    from prosocial.analysis.value_internalization.report import write_report
    from prosocial.runs.experiments import budgets
    from prosocial.runs.experiments import value_internalization as experiment

    budget = budgets.preset(arguments.preset)
    if arguments.steps_scale is not None:
        budget = budget.scaled(arguments.steps_scale)
    budget = replace(budget, goal_step_cost=arguments.goal_step_cost)
    every = experiment.FIGURES
    figures = every if arguments.figures == "all" else words("--figures", arguments.figures)
    seeds = seed_numbers(arguments.seeds, experiment.default_seeds)
    seeds = seeds or experiment.default_seeds(budget.seeds)
    root = arguments.output or Path("outputs") / arguments.paper / arguments.preset
    jobs = experiment.plan(root, figures, seeds, budget)
    command = ["prosocial", "reproduce", *argv]
    planned = experiment.manifest(jobs, arguments.preset, figures, seeds, budget, command)
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
    from prosocial.analysis.value_internalization import archive, report

    if tables:
        archive.copy_tables(folder, tables)
    conclude(report.write_report(folder, output), {})


def conclude(report: Report, failures: Mapping[str, str]) -> None:
    """Prints what came out: the comparison, the verdicts, where everything lies, what failed.

    Args:
        report: What was written.
        failures: Runs that failed, with the reason.
    """
    from prosocial.analysis.value_internalization.judging import Status
    from prosocial.analysis.value_internalization.report import comparison_text

    if not report.comparison.is_empty():
        print(f"\nOurs and published (means over seeds):\n\n{comparison_text(report.comparison)}")
    print("\nAcceptance checks:\n")
    judged = [check for check in report.checks if check.status is not Status.NOT_RUN]
    for check in judged:
        print(f"  {check.status:6} {check.number:3} {check.title}: {check.observed}")
    others = ", ".join(check.number for check in report.checks if check not in judged)
    if not report.claims:
        print("  none was run: this budget is too small for any claim, it shows that all runs.")
    elif others:
        print(f"  not run: {others} (their figures are not asked for or not finished)")
    print_whereabouts(report.figures, report.page, failures, report.missing)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="prosocial reproduce",
        description="Run a whole experiment: train, compare with the published numbers, draw.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "paper",
        choices=[PAPER, *OTHERS],
        metavar="EXPERIMENT",
        help=f"{PAPER} (Rong & Kleiman-Weiner 2024), whose options these are, or one of "
        f"{', '.join(OTHERS)}; theirs are told by: prosocial reproduce EXPERIMENT --help",
    )
    parser.add_argument(
        "--figures",
        default="4a",
        help="figures with commas, of 1b,3a,3b,4a,4b,5,6,7, or all (default: 4a, the headline)",
    )
    add_common_options(parser, "value-internalization")
    parser.add_argument(
        "--goal-step-cost",
        action="store_true",
        help="charge the ISR condition of 1b, 4a, 4b for the step into the goal, as the paper did",
    )
    return parser
