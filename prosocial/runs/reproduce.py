"""`prosocial reproduce`: a paper's experiment with all conditions and seeds, table and figures."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from prosocial.envs.engine.errors import ConfigError

if TYPE_CHECKING:
    from prosocial.analysis.value_internalization.report import Report

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
    arguments = _parser().parse_args(argv)
    # Imported here, so that --help answers at once.
    from prosocial.analysis.value_internalization.records import (
        extend_manifest,
        is_finished,
        write_manifest,
    )
    from prosocial.analysis.value_internalization.report import write_report
    from prosocial.runs.experiments import budgets
    from prosocial.runs.experiments import value_internalization as experiment
    from prosocial.runs.pool import run_jobs
    from prosocial.runs.watching import Watch

    budget = budgets.preset(arguments.preset)
    if arguments.steps_scale is not None:
        budget = budget.scaled(arguments.steps_scale)
    budget = replace(budget, goal_step_cost=arguments.goal_step_cost)
    every = experiment.FIGURES
    figures = every if arguments.figures == "all" else _words(arguments.figures)
    seeds = _seeds(arguments.seeds) or experiment.default_seeds(budget.seeds)
    root = arguments.output or Path("outputs") / arguments.paper / arguments.preset
    jobs = experiment.plan(root, figures, seeds, budget)
    command = ["prosocial", "reproduce", *argv]
    planned = experiment.manifest(jobs, arguments.preset, figures, seeds, budget, command)
    write_manifest(root, extend_manifest(root, planned))

    done = [job.name for job in jobs if is_finished(root / job.name)]
    workers = arguments.jobs or _cores()
    _say(f"{len(jobs)} runs in {root}, {len(done)} of them finished; {workers} at a time")
    try:
        with Watch(jobs, done) as watch:
            failures = run_jobs(jobs, done, workers, root / "logs", watch)
    except KeyboardInterrupt:
        _say("interrupted; the same command goes on from here")
        raise
    conclude(write_report(root), failures)
    return 1 if failures else 0


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
    print("\nFigures:\n")
    for path in report.figures:
        print(f"  {path}")
    print(f"\nTables and page: {report.page}")
    for name, reason in failures.items():
        print(f"FAILED: {name}: {reason}")
    waiting = [name for name in report.missing if name not in failures]
    if waiting:
        more = f" and {len(waiting) - 3} more" if len(waiting) > 3 else ""
        print(f"Not finished: {', '.join(waiting[:3])}{more}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="prosocial reproduce",
        description="Run a paper's experiment: train, compare with the published numbers, draw.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "paper",
        choices=["value-internalization"],
        help="Rong & Kleiman-Weiner (2024), Value Internalization",
    )
    parser.add_argument(
        "--figures",
        default="4a",
        help="figures with commas, of 1b,3a,3b,4a,4b,5,6,7, or all (default: 4a, the headline)",
    )
    parser.add_argument(
        "--seeds",
        help="a number N for the paper's first N seeds (1234, 1235, ...), or seeds with commas "
        "(one alone: 1234,); default: what the preset says",
    )
    parser.add_argument(
        "--preset", default="quick", help="quick (default), paper or smoke, see below"
    )
    parser.add_argument(
        "--steps-scale",
        type=float,
        metavar="X",
        help="multiply all step counts; below 1 the acceptance checks are not run",
    )
    parser.add_argument(
        "--goal-step-cost",
        action="store_true",
        help="charge the ISR condition of 1b, 4a, 4b for the step into the goal, as the paper did",
    )
    parser.add_argument(
        "--jobs", type=_positive, metavar="N", help="worker processes (default: one per core)"
    )
    parser.add_argument(
        "--output",
        type=Path,
        metavar="DIR",
        help="output folder (default: outputs/value-internalization/PRESET)",
    )
    return parser


def _words(text: str) -> tuple[str, ...]:
    words = tuple(word.strip() for word in text.split(",") if word.strip())
    if not words:
        raise ConfigError("--figures names no figure; give for example 4a,4b.")
    return words


def _seeds(text: str | None) -> tuple[int, ...] | None:
    """Seeds as the user gave them; None if he gave none."""
    from prosocial.runs.experiments.value_internalization import default_seeds

    if text is None:
        return None
    if not re.fullmatch(r"\d+(,\d+)*,?", text):
        raise ConfigError(f"--seeds is {text!r}; expected a number, or numbers with commas.")
    if "," in text:
        return tuple(int(word) for word in text.split(",") if word)
    if not 1 <= int(text) <= 1000:
        raise ConfigError(
            f"--seeds {text} asks for {text} seeds; expected 1 to 1000. To name one seed, put a "
            f"comma behind it: --seeds {text},"
        )
    return default_seeds(int(text))


def _positive(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of at least 1")
    return int(text)


def _cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _say(message: str) -> None:
    print(message, file=sys.stderr, flush=True)
