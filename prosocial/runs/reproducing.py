"""What the commands of `prosocial reproduce` share: options, seeds, cores."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path

from prosocial.envs.engine.errors import ConfigError


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
