"""What the commands of `prosocial reproduce` share: options, seeds, cores."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from prosocial.envs.engine.errors import ConfigError

if TYPE_CHECKING:
    from prosocial.runs.pool import Job


def add_common_options(parser: argparse.ArgumentParser, experiment: str) -> None:
    """Adds --seeds, --preset, --steps-scale, --jobs and --output."""
    parser.add_argument(
        "--seeds",
        help="a number N for the first N seeds (1234, 1235, ...), or seeds with commas "
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
        "--jobs", type=_positive, metavar="N", help="worker processes (default: one per core)"
    )
    parser.add_argument(
        "--output",
        type=Path,
        metavar="DIR",
        help=f"output folder (default: outputs/{experiment}/PRESET)",
    )


def words(option: str, text: str) -> tuple[str, ...]:
    """Returns the names that an option gives, separated by commas.

    Raises:
        ConfigError: There is none.
    """
    found = tuple(word.strip() for word in text.split(",") if word.strip())
    if not found:
        raise ConfigError(f"{option} names nothing; give names separated by commas, or all.")
    return found


def seed_numbers(
    text: str | None, default_seeds: Callable[[int], tuple[int, ...]]
) -> tuple[int, ...] | None:
    """Returns seeds as the user gave them; None if none were given.

    Args:
        text: A number of seeds, or seeds with commas.
        default_seeds: The first N seeds.

    Raises:
        ConfigError: The text is neither.
    """
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


def run_all(jobs: Sequence[Job], root: Path, workers: int | None) -> dict[str, str]:
    """Runs the jobs of an experiment that are not finished, with progress.

    Args:
        jobs: All of its jobs.
        root: Its folder.
        workers: How many at a time; None for one per core.

    Returns:
        Runs that failed, with the reason.
    """
    from prosocial.analysis.experiments import is_finished
    from prosocial.runs.pool import run_jobs
    from prosocial.runs.watching import Watch

    done = [job.name for job in jobs if is_finished(root / job.name)]
    workers = workers or cores()
    say(f"{len(jobs)} runs in {root}, {len(done)} of them finished; {workers} at a time")
    try:
        with Watch(jobs, done) as watch:
            return dict(run_jobs(jobs, done, workers, root / "logs", watch))
    except KeyboardInterrupt:
        say("interrupted; the same command goes on from here")
        raise


def print_whereabouts(
    figures: Iterable[Path], page: Path, failures: Mapping[str, str], missing: Iterable[str]
) -> None:
    """Prints where everything lies, what failed, and what is not finished."""
    print("\nFigures:\n")
    for path in figures:
        print(f"  {path}")
    print(f"\nTables and page: {page}")
    for name, reason in failures.items():
        print(f"FAILED: {name}: {reason}")
    waiting = [name for name in missing if name not in failures]
    if waiting:
        more = f" and {len(waiting) - 3} more" if len(waiting) > 3 else ""
        print(f"Not finished: {', '.join(waiting[:3])}{more}")


def cores() -> int:
    """Returns the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def say(message: str) -> None:
    """Prints a line to standard error."""
    print(message, file=sys.stderr, flush=True)


def _positive(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of at least 1")
    return int(text)
