"""Curves over a life: rows of ``metrics.parquet`` as one table (seeds, points) for each group."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from prosocial.analysis.figures.groups import Group
from prosocial.analysis.figures.runs import Run, read_run
from prosocial.analysis.statistics import REPETITIONS, interquartile_mean
from prosocial.envs.engine.errors import ConfigError, nearest

CONFIDENCE = 0.95
"""Coverage of all intervals."""

RESAMPLING_SEED = 0
"""Seed of the bootstrap, so that a figure drawn twice is the same figure."""

MOST_POINTS = 120
"""Points of a curve at most; rows are averaged to blocks until it has no more."""

LEVEL_SHARE = 0.1
"""Share of a phase, at its end, over which an end level is averaged."""

LEAVES = "caregiver leaves"


@dataclass(frozen=True)
class Curves:
    """A measure over the lives of a group.

    Attributes:
        seeds: Seeds of the runs, (S,).
        env_steps: World steps at the end of each block, (P,), ascending.
        phase_steps: The same since the phase began, (P,).
        phase: Number of the phase of each block, (P,).
        values: Means over the episodes that ended in the block, (S, P); NaN without any.
        block: Width of the blocks in world steps.
    """

    seeds: tuple[int, ...]
    env_steps: NDArray[np.float64]
    phase_steps: NDArray[np.float64]
    phase: NDArray[np.int64]
    values: NDArray[np.float64]
    block: float


@dataclass(frozen=True)
class Band:
    """Interquartile mean over seeds with its interval, point by point, each (P,)."""

    middle: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


def life(
    run: Run, drawn: Iterable[Run] = (), known: Mapping[Path, Run] | None = None
) -> pl.DataFrame:
    """Metrics of a run and of the runs that it goes on from, ordered by env_steps.

    Args:
        run: The run.
        drawn: Runs that are drawn by themselves; those are not joined to their children.
        known: Runs by their resolved folders, which need not be read again.

    Returns:
        Rows of ``metrics.parquet``, with ``own``: whether the row is of the run itself.
    """
    ended = {other.path.resolve() for other in drawn}
    frames = [run.table("metrics").with_columns(own=pl.lit(True))]
    earliest, path = _start(run), run.parent()
    while path is not None and path.resolve() not in ended:
        parent = (known or {}).get(path.resolve()) or read_run(path)
        rows = parent.table("metrics").filter(pl.col("env_steps") <= earliest)
        frames.insert(0, rows.with_columns(own=pl.lit(False)))
        ended.add(path.resolve())
        earliest, path = min(earliest, _start(parent)), parent.parent()
    return pl.concat(frames, how="diagonal_relaxed")


def curves(group: Group, measure: str, lives: Sequence[pl.DataFrame], smoothing: float) -> Curves:
    """A measure over the lives of a group, in blocks that all groups of like budget share.

    Args:
        group: The group.
        measure: Column of the metrics.
        lives: Metrics of its runs, see `life`.
        smoothing: Weight of the past in an exponential moving average over the blocks of a phase,
            in [0, 1); 0 for none.
    """
    width = block_width(lives)
    keys = ("phase_index", "block")
    parts = [_blocks(rows, measure, width) for rows in lives]
    blocks = pl.concat([part.with_columns(place=pl.lit(k)) for k, part in enumerate(parts)])
    points = (
        blocks.filter(pl.col("value").is_finite())
        .group_by(keys)
        .agg(pl.col("env_steps", "phase_steps").mean())
        .sort("env_steps")
    )
    place = {key: k for k, key in enumerate(points.select(keys).rows())}
    values = np.full((len(lives), len(place)), np.nan)
    for index, block, value, k in blocks.select(*keys, "value", "place").rows():
        if (index, block) in place:
            values[k, place[index, block]] = value
    phase = points["phase_index"].to_numpy().astype(np.int64)
    if smoothing:
        values = _smoothed(values, phase, smoothing)
    return Curves(
        tuple(run.seed for run in group.runs),
        points["env_steps"].to_numpy().astype(float),
        points["phase_steps"].to_numpy().astype(float),
        phase,
        values,
        width,
    )


def band(values: NDArray[np.float64]) -> Band:
    """Interquartile mean over seeds with its bootstrap interval, point by point.

    Args:
        values: (S, P); a point is estimated from the seeds that have a value there.

    Returns:
        The band; NaN where no seed has a value, of no width where one seed alone has.
    """
    middle, low, high = np.full((3, values.shape[1]), np.nan)
    there = np.isfinite(values)
    for mask in np.unique(there, axis=1).T:
        if not mask.any():
            continue
        where = (there == mask[:, None]).all(axis=0)
        table = values[mask][:, where]
        draws = interquartile_mean(table[resampled_seeds(len(table))], axis=1)
        middle[where] = interquartile_mean(table, axis=0)
        low[where], high[where] = ends(draws)
    return Band(middle, low, high)


def end_level(rows: pl.DataFrame, measure: str) -> float:
    """Mean of a measure over the last tenth of some rows' steps, weighted by episodes; or NaN."""
    seen = rows.filter(pl.col(measure).is_finite() & (pl.col("episodes") > 0))
    if seen.is_empty():
        return math.nan
    steps = rows["env_steps"].to_numpy()
    late = seen.filter(pl.col("env_steps") > steps.max() - LEVEL_SHARE * np.ptp(steps))
    late = seen.tail(1) if late.is_empty() else late
    weights = late["episodes"].to_numpy()
    return float((late[measure].to_numpy() * weights).sum() / weights.sum())


def block_width(lives: Sequence[pl.DataFrame]) -> float:
    """Width of blocks in world steps: whole iterations, for at most `MOST_POINTS` points."""
    rollout = max((float(rows["phase_steps"].min() or 1) for rows in lives), default=1.0)  # pyright: ignore[reportArgumentType]
    longest = max(rows.height for rows in lives)
    return rollout * max(1, math.ceil(longest / MOST_POINTS))


def switches(groups: Sequence[Group], lives: Sequence[Sequence[pl.DataFrame]]) -> dict[float, str]:
    """World steps at which a phase other than the first begins, with what happens there."""
    found: dict[float, set[str]] = {}
    for group, tables in zip(groups, lives, strict=True):
        for run, rows in zip(group.runs, tables, strict=True):
            before: bool | None = None
            for (_, phase), part in rows.group_by("phase_index", "phase", maintain_order=True):
                start = float((part["env_steps"] - part["phase_steps"]).min())  # pyright: ignore[reportArgumentType]
                present = run.caregiver_present(str(phase))
                if start > 0:
                    leaves = present is False and before is not False
                    found.setdefault(start, set()).add(LEAVES if leaves else str(phase))
                before = present
    return {
        start: LEAVES if LEAVES in names else ", ".join(sorted(names))
        for start, names in sorted(found.items())
    }


def require_measure(runs: Iterable[Run], measure: str) -> None:
    """Refuses a measure that no run has.

    Raises:
        ConfigError: There is no such column; the nearest one is named.
    """
    known = {n for run in runs for n, kind in run.table("metrics").schema.items()
             if kind.is_numeric()}  # fmt: skip
    if measure not in known:
        raise ConfigError(f"No run recorded the measure {measure!r}. {nearest(measure, known)}")


def recorded(lives: Iterable[pl.DataFrame], measure: str) -> bool:
    """Whether a measure has a finite value anywhere."""
    return any(
        measure in rows.columns and bool(rows[measure].cast(pl.Float64).is_finite().any())
        for rows in lives
    )


def resampled_seeds(count: int) -> NDArray[np.int64]:
    """Places of the seeds in each resample, (`REPETITIONS`, count)."""
    rng = np.random.default_rng(RESAMPLING_SEED)
    return rng.integers(count, size=(REPETITIONS, count))


def ends(draws: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Ends of the percentile interval of resampled statistics along the first axis."""
    tail = 100.0 * (1.0 - CONFIDENCE) / 2.0
    # "nearest" picks a resample as it is: half-lives may be infinite and cannot be averaged.
    low, high = np.nanpercentile(draws, [tail, 100.0 - tail], axis=0, method="nearest")
    return low, high


def _start(run: Run) -> float:
    first = run.table("metrics").select((pl.col("env_steps") - pl.col("phase_steps")).min()).item()
    return float(first)


def _blocks(rows: pl.DataFrame, measure: str, width: float) -> pl.DataFrame:
    if measure not in rows.columns:
        rows = rows.with_columns(pl.lit(math.nan).alias(measure))
    value, weight = pl.col(measure).cast(pl.Float64), pl.col("episodes").cast(pl.Float64)
    return (
        rows.with_columns(
            block=((pl.col("phase_steps") - 1) // width).cast(pl.Int64),
            counted=pl.when(value.is_finite()).then(weight).otherwise(0.0),
            weighted=pl.when(value.is_finite()).then(value * weight).otherwise(0.0),
        )
        .group_by("phase_index", "block")
        .agg(pl.col("weighted", "counted").sum(), pl.col("env_steps", "phase_steps").max())
        .with_columns(value=pl.col("weighted") / pl.col("counted"))
        .select("phase_index", "block", "value", "env_steps", "phase_steps")
        .sort("env_steps")
    )


def _smoothed(
    values: NDArray[np.float64], phase: NDArray[np.int64], weight: float
) -> NDArray[np.float64]:
    """Exponential moving average within each phase; blocks without a value are passed over."""
    out = values.copy()
    for row in out:
        kept, before = math.nan, None
        for k, value in enumerate(row):
            if phase[k] != before:
                kept, before = math.nan, phase[k]
            if math.isfinite(value):
                kept = value if math.isnan(kept) else weight * kept + (1.0 - weight) * value
                row[k] = kept
    return out
