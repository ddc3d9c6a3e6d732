"""`prosocial reproduce bayesian-delegation`: cooks who infer who does what."""

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
    from prosocial.analysis.delegation.report import Report

_EPILOG = """\
The five models of "Too many cooks" (Wu, Wang et al. 2021: Bayesian Delegation, uniform priors,
fixed beliefs, divide and conquer, greedy) cook in three kitchens by three recipes: in self-play
with two and three agents, and in all ordered pairs of models. Everything is compared with the
published table and with the exact joint optimum.

presets:
  quick   5 seeds, everything: a few minutes on 2 cores
  paper   20 seeds, as in the paper
  smoke   2 seeds, 20 steps: shows that everything runs, and claims nothing

An interrupted command goes on where it was when it is given again: finished runs are kept. More
seeds, kitchens or models can be added to the same output folder.

examples:
  prosocial reproduce bayesian-delegation
  prosocial reproduce bayesian-delegation --kitchens full_divider --recipes tomato --plays self2
  prosocial reproduce bayesian-delegation --preset paper --seeds 40 --jobs 8
"""


def main(argv: Sequence[str]) -> int:
    """Plays what is missing, writes tables and figures, prints the comparison.

    Args:
        argv: What follows `prosocial reproduce bayesian-delegation`.

    Returns:
        0, or 1 if a run failed.

    Raises:
        ConfigError: If an argument is wrong or the output folder holds another experiment.
    """
    arguments = _parser().parse_args(argv)
    # Imported here, so that --help answers at once.
    from prosocial.analysis.delegation import published
    from prosocial.analysis.delegation.manifest import EXPERIMENT, extend_manifest, write_manifest
    from prosocial.analysis.delegation.report import write_report
    from prosocial.runs.experiments.delegation import budgets
    from prosocial.runs.experiments.delegation import plan as experiment

    def chosen(option: str, given: str, every: tuple[str, ...]) -> tuple[str, ...]:
        return every if given == "all" else words(option, given)

    budget = budgets.preset(arguments.preset)
    if arguments.steps_scale is not None:
        budget = budget.scaled(arguments.steps_scale)
    seeds = seed_numbers(arguments.seeds, experiment.default_seeds)
    seeds = seeds or experiment.default_seeds(budget.seeds)
    root = arguments.output or Path("outputs") / EXPERIMENT / arguments.preset
    jobs = experiment.plan(
        root,
        chosen("--plays", arguments.plays, experiment.PLAYS),
        chosen("--kitchens", arguments.kitchens, published.KITCHENS),
        chosen("--recipes", arguments.recipes, published.RECIPES),
        chosen("--models", arguments.models, published.MODELS),
        seeds,
        budget,
    )
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
    from prosocial.analysis.delegation import manifest, report

    if tables:
        manifest.copy_tables(folder, tables)
    conclude(report.write_report(folder, output), {})


def conclude(report: Report, failures: Mapping[str, str]) -> None:
    """Prints what came out: the tables, the verdicts, where everything lies, what failed.

    Args:
        report: What was written.
        failures: Runs that failed, with the reason.
    """
    from prosocial.analysis.delegation.report import results_text
    from prosocial.analysis.value_internalization.judging import Status

    print(f"\n{results_text(report.frames)}\n\nAcceptance checks:\n")
    for check in report.checks:
        if check.status is not Status.NOT_RUN:
            print(f"  {check.status:6} {check.number:3} {check.title}: {check.observed}")
    others = [check.number for check in report.checks if check.status is Status.NOT_RUN]
    if not report.claims:
        print("  none was run: this budget is too small for any claim, it shows that all runs.")
    elif others:
        print(f"  not run: {', '.join(others)} (their runs are not asked for or not finished)")
    print_whereabouts(report.figures, report.page, failures, report.missing)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="prosocial reproduce bayesian-delegation",
        description="Do cooks who infer who works on what work well together?",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    for name, what in (
        ("plays", "self2 (pairs of one model), self3 (three of one), adhoc (ordered pairs of two)"),
        ("kitchens", "open_divider, partial_divider, full_divider"),
        ("recipes", "tomato, tomato_lettuce, salad"),
        (
            "models",
            "bayesian_delegation, uniform_prior, fixed_beliefs, divide_and_conquer, greedy_cook",
        ),
    ):
        parser.add_argument(f"--{name}", default="all", help=f"of {what}; or all (default)")
    add_common_options(parser, "bayesian-delegation")
    return parser
