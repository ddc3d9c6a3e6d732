"""Levels, curves and retention from the frames of an experiment.

The unit is the seed. Estimates over seeds are interquartile means with bootstrap intervals; in
retention whole seeds are resampled, so that a fork stays with the socialization that it continues.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from prosocial.analysis.commons.records import Experiment
from prosocial.analysis.persistence import area_after_withdrawal, half_life, retention
from prosocial.analysis.statistics import interquartile_mean

LEVEL_SHARE = 0.2
"""Share of a phase, at its end, over which its end level is averaged."""

MINIMUM_GAIN = 0.1
"""Smallest distance between the socialized and the selfish level, as a share of the larger one, for
which retention is given: below it there is nothing that could persist."""

RESAMPLING_SEED = 0
"""Seed of every bootstrap: the same runs always give the same numbers."""

REPETITIONS = 500
"""Bootstrap resamples of curves; intervals of half-lives need no finer grain than their blocks."""

CONFIDENCE = 0.95
"""Coverage of all intervals."""

HEADLINE = "total_return"
"""Measure that the checks judge by: what the whole group earns in an episode."""

LABELS = {
    "total_return": "collective return / episode",
    "per_capita_return": "return / agent and episode",
    "focal_return": "return / focal agent and episode",
    "normalized": "share of the upper bound",
    "utility": "utility (return / step)",
    "equality": "equality (1 − Gini)",
    "sustainability": "sustainability (mean time)",
    "peace": "peace (agents not timed out)",
    "stock_final": "stock left at the end",
    "stock_mean": "mean stock",
    "neighbours_per_apple": "live neighbours / apple eaten",
    "violations_per_apple": "restraint violations / apple",
    "cleaned": "waste cells cleaned / episode",
    "months": "survival time (months)",
    "survived": "survival rate",
    "gain": "gain / agent (units)",
    "efficiency": "efficiency",
    "over_usage": "over-usage",
}
"""Names of the measures for axes and tables."""

_SOCIAL_OUTCOMES = ("total_return", "utility", "equality", "sustainability", "peace")
_STOCK = ("stock_final", "stock_mean")
OUTCOMES = {
    "harvest": (
        *_SOCIAL_OUTCOMES,
        *_STOCK,
        "normalized",
        "neighbours_per_apple",
        "violations_per_apple",
    ),
    "clean_up": (*_SOCIAL_OUTCOMES, *_STOCK, "cleaned"),
    "fishery": (
        "months",
        "survived",
        "gain",
        "efficiency",
        "equality",
        "over_usage",
        "total_return",
        *_STOCK,
    ),
}
"""Measures that are reported of each world."""

BEHAVIOURS = {
    "harvest": ("total_return", "stock_mean", "violations_per_apple"),
    "clean_up": ("total_return", "cleaned"),
    "fishery": ("total_return", "months", "over_usage"),
}
"""Measures of which the retention is reported."""


@dataclass(frozen=True)
class Curves:
    """One measure of one condition, block by block.

    Attributes:
        seeds: Seeds, ascending.
        env_steps: World steps of the whole life at the middle of each block's episodes, shape
            (blocks,).
        phase_steps: The same since the phase began.
        phase_index: Phase of each block.
        values: Shape (seeds, blocks), in the unit of the measure.
    """

    seeds: tuple[int, ...]
    env_steps: NDArray[np.float64]
    phase_steps: NDArray[np.float64]
    phase_index: NDArray[np.int64]
    values: NDArray[np.float64]


@dataclass(frozen=True)
class Retention:
    """What is left of a socialized behaviour in one condition.

    Attributes:
        times: Steps since the caregiver left, at the middle of each block, shape (blocks,).
        curve: Retention at these times, from the interquartile means over seeds, shape (blocks,).
        low: Lower ends of the 95 % intervals, shape (blocks,).
        high: Upper ends.
        end: Retention of the end level with its interval: estimate, low, high.
        half_life: Steps until half is lost, with its interval; infinite if that is not seen.
        area: Mean retention over the phase, with its interval.
        seeds: Number of seeds.
    """

    times: NDArray[np.float64]
    curve: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    end: tuple[float, float, float]
    half_life: tuple[float, float, float]
    area: tuple[float, float, float]
    seeds: int


def end_levels(
    experiment: Experiment, world: str, condition: str, measure: str
) -> dict[int, float]:
    """Level of a measure at the end of each run's last phase.

    Args:
        experiment: The experiment's frames.
        world: World of the runs.
        condition: Condition of the runs.
        measure: A column of the curves.

    Returns:
        Seed to the mean over the episodes of the last `LEVEL_SHARE` of the phase, ordered by seed;
        where episodes are so long that none lies there, over those of the last block with any.
        Seeds without any are left out, and so is a measure that the world does not have.
    """
    rows = experiment.blocks.get((world, condition), {})
    if measure not in rows:
        return {}
    levels = {}
    for seed in np.unique(rows["seed"]):
        own = rows["seed"] == seed
        own &= rows["phase_index"] == rows["phase_index"][own].max()
        own &= np.isfinite(rows[measure])
        if own.any():
            own &= rows["share"] >= min(1.0 - LEVEL_SHARE, rows["share"][own].max())
            levels[int(seed)] = float(np.average(rows[measure][own], weights=rows["episodes"][own]))
    return levels


def transfer_levels(
    experiment: Experiment, world: str, test: str, condition: str, measure: str = "focal_return"
) -> dict[int, float]:
    """Mean of a measure over the episodes of a transfer test, by seed.

    Args:
        experiment: The experiment's frames.
        world: World that the learners were trained in.
        test: Name of the test.
        condition: Condition of the learners.
        measure: A column of the transfer table.

    Returns:
        Seed to mean; empty when the test was not made or does not have the measure.
    """
    rows = experiment.tests.get((world, test, condition), {})
    if measure not in rows:
        return {}
    pairs = sorted(zip(rows["seed"].tolist(), rows[measure].tolist(), strict=True))
    return {int(seed): value for seed, value in pairs if math.isfinite(value)}


def values(levels: dict[int, float]) -> NDArray[np.float64]:
    """Levels ordered by seed, shape ``(seeds,)``."""
    return np.array([levels[seed] for seed in sorted(levels)], dtype=np.float64)


def curves(experiment: Experiment, world: str, condition: str, measure: str) -> Curves | None:
    """One measure through the whole of a condition's runs.

    Args:
        experiment: The experiment's frames.
        world: World of the runs.
        condition: Condition of the runs.
        measure: A column of the curves.

    Returns:
        The blocks that every seed has; None when there is none.
    """
    rows = experiment.blocks.get((world, condition), {})
    if measure not in rows:
        return None
    seeds = np.unique(rows["seed"])
    names = np.stack([rows["phase_index"], rows["block"]], axis=1)
    seen = np.isfinite(rows[measure])
    _, place, counts = np.unique(names[seen], axis=0, return_inverse=True, return_counts=True)
    complete = np.flatnonzero(seen)[counts[place.reshape(-1)] == len(seeds)]
    if not complete.size:
        return None
    order = complete[np.lexsort([*names[complete].T[::-1], rows["seed"][complete]])]
    shape = (len(seeds), -1)
    return Curves(
        seeds=tuple(int(seed) for seed in seeds),
        # Episodes of different seeds may end at slightly different times.
        env_steps=rows["env_steps"][order].reshape(shape).mean(axis=0),
        phase_steps=rows["phase_steps"][order].reshape(shape).mean(axis=0),
        phase_index=rows["phase_index"][order].reshape(shape)[0],
        values=rows[measure][order].astype(np.float64).reshape(shape),
    )


def band(table: NDArray[np.float64]) -> tuple[NDArray, NDArray, NDArray]:
    """Interquartile mean over seeds with its interval, point by point.

    Args:
        table: Shape (seeds, points).

    Returns:
        Estimates, lower and upper ends, each of shape (points,).
    """
    draws = interquartile_mean(table[_resampled_seeds(len(table))], axis=1)
    low, high = _ends(draws)
    return interquartile_mean(table, axis=0), low, high


def retain(experiment: Experiment, world: str, condition: str, measure: str) -> Retention | None:
    """What is left of a socialized behaviour after the switch.

    The socialized level is the end level of the socialization, the asocial one the end level of the
    learners that never had a caregiver; all are interquartile means over the same seeds.

    Args:
        experiment: The experiment's frames.
        world: World of the runs.
        condition: A condition that continues the socialization.
        measure: The behaviour.

    Returns:
        The retention; None when runs are missing or when socialization changed the behaviour by
        less than `MINIMUM_GAIN`.
    """
    key = (world, condition, measure)
    if key not in experiment.retained:
        experiment.retained[key] = _retain(experiment, *key)
    return experiment.retained[key]


def switch_steps(experiment: Experiment, world: str) -> float:
    """World steps at which the caregiver left; NaN without any run of two phases."""
    for condition in ("none", "isr", "caregiver", "selfish"):
        found = curves(experiment, world, condition, HEADLINE)
        if found is not None:
            last = found.phase_index == found.phase_index.max()
            return float((found.env_steps - found.phase_steps)[last][0])
    return math.nan


def _retain(experiment: Experiment, world: str, condition: str, measure: str) -> Retention | None:
    found = curves(experiment, world, condition, measure)
    social = end_levels(experiment, world, "social", measure)
    selfish = end_levels(experiment, world, "selfish", measure)
    end = end_levels(experiment, world, condition, measure)
    if found is None:
        return None
    shared = [seed for seed in found.seeds if seed in social and seed in selfish and seed in end]
    if not shared:
        return None
    inside = found.phase_index == found.phase_index.max()
    places = [found.seeds.index(seed) for seed in shared]
    levels = np.array([[social[seed], selfish[seed], end[seed]] for seed in shared])
    table = np.concatenate([levels, found.values[places][:, inside]], axis=1)
    middle = interquartile_mean(table, axis=0)
    if not abs(middle[0] - middle[1]) >= MINIMUM_GAIN * max(abs(middle[0]), abs(middle[1])) > 0.0:
        return None
    times = found.phase_steps[inside]
    # Three points in a row must lie below the level; a curve of few points has no room for that.
    sustained = max(1, min(3, len(times) // 4))
    draws = interquartile_mean(table[_resampled_seeds(len(table))], axis=1)
    kept = retention(middle[2:], middle[0], middle[1])
    drawn = np.array([retention(row[2:], row[0], row[1]) for row in draws])
    low, high = _ends(drawn[:, 1:])
    return Retention(
        times=times,
        curve=kept[1:],
        low=low,
        high=high,
        end=_estimate(kept[0], drawn[:, 0]),
        half_life=_estimate(
            half_life(times, kept[1:], sustained=sustained),
            np.array([half_life(times, row[1:], sustained=sustained) for row in drawn]),
        ),
        area=_estimate(
            area_after_withdrawal(times, kept[1:]),
            np.array([area_after_withdrawal(times, row[1:]) for row in drawn]),
        ),
        seeds=len(shared),
    )


def _resampled_seeds(count: int) -> NDArray[np.int64]:
    rng = np.random.default_rng(RESAMPLING_SEED)
    return rng.integers(count, size=(REPETITIONS, count))


def _ends(draws: NDArray[np.float64]) -> tuple[NDArray, NDArray]:
    """Ends of the percentile interval of resampled statistics, along the first axis."""
    tail = 100.0 * (1.0 - CONFIDENCE) / 2.0
    # "nearest" picks a resample as it is: half-lives may be infinite and cannot be averaged.
    low, high = np.nanpercentile(draws, [tail, 100.0 - tail], axis=0, method="nearest")
    return low, high


def _estimate(value: float, draws: NDArray[np.float64]) -> tuple[float, float, float]:
    low, high = _ends(draws)
    return float(value), float(low), float(high)
