"""Levels and curves from the frames of an experiment.

Everything is measured in true goals per episode and in true return, both counted by the worlds
themselves, and averages weigh iterations by the number of episodes that ended in them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from prosocial.analysis.value_internalization.records import Experiment, RunRecord

LEVEL_STEPS = 20_000
"""Window of an end level in environment steps: about 1,000 episodes of 20 steps."""

BLOCK_STEPS = 10_000
"""Width of the blocks in which a decline is dated, in environment steps."""


def select(
    experiment: Experiment,
    frame: pl.DataFrame,
    *,
    figure: str | None = None,
    settings: Sequence[str] = (),
    conditions: Sequence[str] = (),
    isr_steps: int | None = None,
    rule: str | None = None,
) -> pl.DataFrame:
    """Rows of a frame that belong to certain runs.

    Args:
        experiment: Source of the run records.
        frame: One of the experiment's frames.
        figure: Keep the runs that this figure uses; None keeps all.
        settings: Keep these settings; empty keeps all.
        conditions: Keep these conditions; empty keeps all.
        isr_steps: Keep the runs whose internal reward was fitted on so many steps; None keeps all.
        rule: Keep the runs with this reward rule; None keeps all.

    Returns:
        The rows; an empty frame when there are none.
    """

    def wanted(run: RunRecord) -> bool:
        return (
            (figure is None or figure in run.figures)
            and (not settings or run.setting in settings)
            and (not conditions or run.condition in conditions)
            and (isr_steps is None or run.isr_steps == isr_steps)
            and (rule is None or run.rule == rule)
        )

    if frame.is_empty():
        return frame
    names = [run.name for run in experiment.manifest.runs if wanted(run)]
    return frame.filter(pl.col("run").is_in(names))


def end_levels(metrics: pl.DataFrame, column: str, window: int = LEVEL_STEPS) -> dict[int, float]:
    """Level of a per-episode quantity at the end of each run's last phase.

    Args:
        metrics: Rows of one condition, at most one run per seed.
        column: A per-episode mean such as "goals_per_episode".
        window: Length of the window before the end, in environment steps.

    Returns:
        Seed to level, in the unit of the column. Seeds without an episode in the window are left
        out.
    """
    if metrics.is_empty():
        return {}
    last = metrics.filter(pl.col("phase_index") == pl.col("phase_index").max().over("run"))
    ending = last.filter(pl.col("phase_steps") > pl.col("phase_steps").max().over("run") - window)
    levels = ending.group_by("seed").agg(_per_episode(column)).sort("seed")
    return _by_seed(levels, column)


def blocks(metrics: pl.DataFrame, column: str, width: int = BLOCK_STEPS) -> dict[int, NDArray]:
    """A per-episode quantity in successive blocks of each run's last phase.

    Args:
        metrics: Rows of one condition, at most one run per seed.
        column: A per-episode mean.
        width: Width of a block in environment steps.

    Returns:
        Seed to array ``(blocks,)``; block ``k`` holds the iterations that ended after
        ``k * width`` and at most ``(k + 1) * width`` steps of the phase. A last block that is
        not whole is dropped, unless it is the only one.
    """
    if metrics.is_empty():
        return {}
    last = metrics.filter(pl.col("phase_index") == pl.col("phase_index").max().over("run"))
    counted = last.with_columns(((pl.col("phase_steps") - 1) // width).alias("block"))
    table = counted.group_by("seed", "block").agg(_per_episode(column)).sort("seed", "block")
    ends = {
        seed: steps
        for seed, steps in last.group_by("seed").agg(pl.col("phase_steps").max()).iter_rows()
    }
    result = {}
    for (seed,), rows in table.group_by("seed", maintain_order=True):
        complete = max(1, int(ends[seed]) // width)
        result[int(seed)] = rows[column].to_numpy()[:complete].astype(np.float64)
    return result


def band(metrics: pl.DataFrame, column: str, smoothing: float = 0.0) -> pl.DataFrame:
    """Mean and range over seeds at every iteration that all seeds have.

    Args:
        metrics: Rows of one condition, at most one run per seed.
        column: A per-episode mean.
        smoothing: Weight of the past in an exponential moving average over each seed's iterations,
            in [0, 1); the paper smooths some of its curves with 0.8.

    Returns:
        Columns env_steps, mean, low (minimum), high (maximum) and seeds, ordered by env_steps.
    """
    if metrics.is_empty():
        return pl.DataFrame(
            schema={
                "env_steps": pl.Int64,
                "mean": pl.Float64,
                "low": pl.Float64,
                "high": pl.Float64,
                "seeds": pl.UInt32,
            }
        )
    ordered = metrics.sort("run", "env_steps").drop_nulls(column)
    value = pl.col(column).ewm_mean(alpha=1.0 - smoothing, adjust=True).over("run")
    table = (
        ordered.with_columns(value.alias("value"))
        .group_by("phase_index", "env_steps")
        .agg(
            pl.col("value").mean().alias("mean"),
            pl.col("value").min().alias("low"),
            pl.col("value").max().alias("high"),
            pl.len().alias("seeds"),
        )
        .sort("phase_index", "env_steps")
    )
    complete = metrics["run"].n_unique()
    return table.filter(pl.col("seeds") == complete).drop("phase_index")


def evaluation_scores(
    evaluations: pl.DataFrame, world: str, column: str = "return"
) -> dict[int, float]:
    """Mean of a column over the last evaluation of each seed in one evaluation world.

    Args:
        evaluations: Rows of one condition, at most one run per seed.
        world: Name of the evaluation world.
        column: "return" (true return) or "goals".

    Returns:
        Seed to mean over evaluation episodes.
    """
    if evaluations.is_empty():
        return {}
    rows = evaluations.filter(pl.col("world") == world)
    rows = rows.filter(pl.col("env_steps") == pl.col("env_steps").max().over("run"))
    return _by_seed(rows.group_by("seed").agg(pl.col(column).mean()).sort("seed"), column)


def values(scores: dict[int, float]) -> NDArray[np.float64]:
    """Scores ordered by seed, shape ``(seeds,)``."""
    return np.array([scores[seed] for seed in sorted(scores)], dtype=np.float64)


def switch_steps(metrics: pl.DataFrame) -> float:
    """Environment steps at which the last phase began: where the caregiver left.

    Args:
        metrics: Rows of runs that continue a socialization run.

    Returns:
        The mean over runs; NaN without rows.
    """
    if metrics.is_empty():
        return float("nan")
    last = metrics.filter(pl.col("phase_index") == pl.col("phase_index").max().over("run"))
    start = last.select((pl.col("env_steps") - pl.col("phase_steps")).mean()).item()
    return float(start)


def _per_episode(column: str) -> pl.Expr:
    """Mean over episodes: iterations weigh by the episodes that ended in them."""
    seen = pl.col(column).is_not_null() & (pl.col("episodes") > 0)
    weight = pl.col("episodes").filter(seen)
    return ((pl.col(column).filter(seen) * weight).sum() / weight.sum()).alias(column)


def _by_seed(table: pl.DataFrame, column: str) -> dict[int, float]:
    return {
        int(seed): float(value)
        for seed, value in table.select("seed", column).iter_rows()
        if value is not None and np.isfinite(value)
    }
