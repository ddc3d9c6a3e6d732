"""`prosocial sweep`: lives over a grid of settings on Ray Tune, ranked by a metric."""

from __future__ import annotations

import argparse
import io
import itertools
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException

from prosocial.agents.training.config import TrainConfig
from prosocial.envs.engine.errors import ConfigError
from prosocial.envs.engine.files import write_atomically
from prosocial.runs.compose import compose, run_label


@dataclass(frozen=True)
class Point:
    """A point of the grid: the swept keys with their values, and the life there."""

    values: dict[str, str]
    life: TrainConfig


def main(argv: Sequence[str]) -> int:
    """Runs the grid and prints the settings, best first; also writes them to sweep.parquet."""
    arguments = _parser().parse_intermixed_args(argv)
    points = grid(arguments.overrides)
    lives = {arguments.out / _folder(point.values): point.life for point in points}
    print(f"{len(points)} trials in {arguments.out}")
    from prosocial.agents.training.tuning import run_trials  # seconds: torch and ray

    scores = run_trials(lives, arguments.metric, num_cpus=arguments.cpus, last=arguments.last)
    trials = pl.DataFrame(
        [
            {**point.values, arguments.metric: scores[folder], "folder": str(folder)}
            for folder, point in zip(lives, points, strict=True)
        ]
    )
    buffer = io.BytesIO()
    trials.write_parquet(buffer)
    write_atomically(arguments.out / "sweep.parquet", buffer.getvalue())
    settings = [key for key in points[0].values if key != "seed"]
    with pl.Config(tbl_rows=-1, tbl_cols=-1, tbl_hide_dataframe_shape=True, fmt_str_lengths=60):
        print(rank(trials, settings, arguments.metric, descending=arguments.mode == "max"))
    return 0


def grid(overrides: Sequence[str]) -> list[Point]:
    """Returns the points of the grid that overrides such as `ppo.num_epochs=4,10` span.

    Raises:
        ConfigError: An override is not valid, or none has several values.
    """
    try:
        parsed = OverridesParser.create().parse_overrides(list(overrides))
    except HydraException as error:
        raise ConfigError(str(error)) from error
    axes = {
        o.key_or_group: list(o.sweep_string_iterator()) for o in parsed if o.is_sweep_override()
    }
    if not axes:
        raise ConfigError("Nothing to sweep over; give a key several values: seed=0,1,2.")
    fixed = [str(o.input_line) for o in parsed if not o.is_sweep_override()]
    points = []
    for values in itertools.product(*axes.values()):
        chosen = dict(zip(axes, values, strict=True))
        life, _ = compose([*fixed, *(f"{key}={value}" for key, value in chosen.items())])
        points.append(Point(chosen, life))
    return points


def rank(
    trials: pl.DataFrame, settings: Sequence[str], metric: str, *, descending: bool
) -> pl.DataFrame:
    """Returns mean and sd of the metric over seeds, a row per setting, the best first."""
    score = pl.col(metric).fill_nan(None)
    summary = [score.mean().alias(metric), score.std().alias("sd"), pl.len().alias("seeds")]
    table = trials.group_by(settings).agg(summary) if settings else trials.select(summary)
    return table.sort(metric, *settings, descending=[descending] + [False] * len(settings))


def _folder(values: dict[str, str]) -> str:
    return run_label([f"{k}={v}" for k, v in values.items()], unlabelled=()).strip("/")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="prosocial sweep",
        description=(
            "Train over a grid of settings with Ray Tune and rank them. Overrides are those of "
            "`prosocial train`; several values, separated by commas, are swept over. The same "
            "command resumes what was interrupted."
        ),
        epilog="example: prosocial sweep experiment=socialization ppo.num_epochs=4,10 seed=0,1,2",
    )
    parser.add_argument("overrides", nargs="*", help="key=value, key=value,value or group=option")
    parser.add_argument(
        "--metric",
        default="goals_per_episode",
        help="column of metrics.parquet to rank by, default: goals_per_episode",
    )
    parser.add_argument("--mode", choices=("max", "min"), default="max", help="default: max")
    parser.add_argument(
        "--last", type=int, default=10, help="iterations at the end to average over, default: 10"
    )
    parser.add_argument(
        "--cpus", type=int, default=os.cpu_count() or 1, help="cores to use, default: all"
    )
    parser.add_argument(
        "--out", type=Path, default=Path("outputs/sweep"), help="default: outputs/sweep"
    )
    return parser
