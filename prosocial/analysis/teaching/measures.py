"""Measures of lives and fits from the frames of an experiment; the unit is the seed."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import polars as pl
from numpy.typing import NDArray

from prosocial.analysis.statistics import Interval, bootstrap_interval
from prosocial.analysis.teaching.manifest import HELD_OUT
from prosocial.analysis.teaching.records import Experiment

LEVEL_STEPS = 10_240
"""Window of an end level in environment steps: five iterations, about 500 episodes."""

LEARNED = 0.8
"""Share of the constant caregiver's end level at which a behaviour counts as learned."""

SMOOTHED = 3
"""Iterations over which goals are averaged to date that."""

CLEAN_RATE = 0.0
"""Share of wrong pairs up to which an audit counts as clean, for approved and others alike."""

RESAMPLING_SEED = 0
"""Seed of every bootstrap: the same runs always give the same numbers."""

SOCIALIZATION, AUTONOMY = "socialization", "autonomy"

Levels = dict[int, float]
"""Seed to number."""


def life(experiment: Experiment, caregiver: str, learner: str) -> pl.DataFrame:
    """Iterations of a life, from its socialization on.

    Lives with the constant caregiver continue one socialization, which is put before them; lives on
    layout x ("hacking") are taken by themselves.

    Returns:
        Rows of the curves ordered by seed and env_steps; empty without finished runs.
    """
    curves = experiment.curves
    if curves.is_empty():
        return curves
    wanted = (pl.col("caregiver") == caregiver) & (pl.col("learner") == learner)
    if caregiver == "constant" and learner != "social":
        seeds = curves.filter(wanted)["seed"].unique()
        social = (pl.col("caregiver") == caregiver) & (pl.col("learner") == "social")
        wanted = wanted | (social & pl.col("seed").is_in(seeds.implode()))
    return curves.filter(wanted).sort("seed", "env_steps")


def end_levels(
    experiment: Experiment,
    caregiver: str,
    learner: str,
    phase: str,
    column: str = "goals_per_episode",
) -> Levels:
    """Mean of a per-episode quantity over the last `LEVEL_STEPS` of a phase, by seed."""
    rows = _phase(experiment, caregiver, learner, phase)
    if rows.is_empty():
        return {}
    last = rows.filter(
        pl.col("phase_steps") > pl.col("phase_steps").max().over("seed") - LEVEL_STEPS
    )
    return _weighted(last, column)


def spent(experiment: Experiment, caregiver: str, learner: str) -> Levels:
    """Social reward received in the socialization, over all episodes that ended, by seed."""
    rows = _phase(experiment, caregiver, learner, SOCIALIZATION)
    return _by_seed(rows, lambda part: float((part["social_return"] * part["episodes"]).sum()))


def feedbacks(experiment: Experiment, caregiver: str, learner: str) -> Levels:
    """Number of praised goals in the socialization, by seed."""
    amount = experiment.manifest.amount
    return {s: reward / amount for s, reward in spent(experiment, caregiver, learner).items()}


def praised_share(experiment: Experiment, caregiver: str, learner: str) -> Levels:
    """Share of the goals in the socialization that were praised, by seed."""
    amount = experiment.manifest.amount

    def share(part: pl.DataFrame) -> float:
        goals = float((part["goals_per_episode"] * part["episodes"]).sum())
        paid = float((part["social_return"] * part["episodes"]).sum())
        return paid / (amount * goals) if goals else math.nan

    return _by_seed(_phase(experiment, caregiver, learner, SOCIALIZATION), share)


def steps_to_learn(experiment: Experiment, caregiver: str, learner: str) -> Levels:
    """Steps until goals reach `LEARNED` of the constant caregiver's end level of the same seed.

    Returns:
        Steps by seed; infinity where the socialization ends before. Seeds without a finished
        socialization under the constant caregiver are left out.
    """
    reference = end_levels(experiment, "constant", "social", SOCIALIZATION)
    found = {}
    for seed, part in _parts(_phase(experiment, caregiver, learner, SOCIALIZATION)):
        if seed in reference:
            goals = part["goals_per_episode"].rolling_mean(SMOOTHED, min_samples=1).to_numpy()
            reached = np.flatnonzero(goals >= LEARNED * reference[seed])
            steps = part["phase_steps"].to_numpy()
            found[seed] = float(steps[reached[0]]) if reached.size else math.inf
    return found


def retention(experiment: Experiment, caregiver: str, learner: str) -> Levels:
    """Goals at the end of the autonomy over those at the end of the own socialization, by seed."""
    before = end_levels(experiment, caregiver, learner, SOCIALIZATION)
    after = end_levels(experiment, caregiver, learner, AUTONOMY)
    return {seed: after[seed] / before[seed] for seed in after if before.get(seed, 0.0) > 0.0}


def held_out(experiment: Experiment, caregiver: str, learner: str) -> Levels:
    """Greedy true return after the autonomy, mean over the worlds nobody was socialized in."""
    return evaluated(experiment, caregiver, learner, HELD_OUT)


def evaluated(
    experiment: Experiment, caregiver: str, learner: str, worlds: tuple[str, ...]
) -> Levels:
    """Greedy true return after the autonomy, mean over some evaluation worlds, by seed."""
    frame = experiment.evaluations
    if frame.is_empty():
        return {}
    rows = frame.filter(
        pl.col("caregiver") == caregiver,
        pl.col("learner") == learner,
        pl.col("phase") == AUTONOMY,
        pl.col("world").is_in(worlds),
    )
    return _by_seed(rows, lambda part: float(part["return"].to_numpy().mean()))


def audited(experiment: Experiment, caregiver: str, learner: str, column: str) -> Levels:
    """A column of the confusion table of a life's internal reward, by seed.

    Counts are added up over the layouts, shares averaged.
    """
    frame = experiment.audits
    if frame.is_empty():
        return {}
    rows = frame.filter(pl.col("caregiver") == caregiver, pl.col("learner") == learner)
    total = "mean" if column.endswith("_share") else "sum"
    return _by_seed(rows, lambda part: float(getattr(part[column].to_numpy(), total)()))


def fitted(experiment: Experiment, learner: str, feedback: str, column: str) -> dict[int, Levels]:
    """A measure of the fits, by number of feedbacks and seed."""
    if experiment.fits.is_empty():
        return {}
    rows = experiment.fits.filter(
        pl.col("learner") == learner, pl.col("feedback") == feedback
    ).sort("feedbacks", "seed")
    found: dict[int, Levels] = {}
    for count, seed, value in rows.select("feedbacks", "seed", column).iter_rows():
        found.setdefault(count, {})[seed] = float(value)
    return found


def feedbacks_to_clean(experiment: Experiment, learner: str, feedback: str = "clean") -> Levels:
    """Feedbacks from which on all audits are clean (`CLEAN_RATE`), by seed; infinite if never."""
    wrong: dict[int, dict[int, bool]] = {}
    for column in ("false_positive_rate", "false_negative_rate"):
        for count, levels in fitted(experiment, learner, feedback, column).items():
            for seed, rate in levels.items():
                row = wrong.setdefault(seed, {})
                row[count] = row.get(count, False) or rate > CLEAN_RATE
    found = {}
    for seed, row in wrong.items():
        counts = sorted(row)
        last_wrong = max((i for i, n in enumerate(counts) if row[n]), default=-1)
        found[seed] = float(counts[last_wrong + 1]) if last_wrong + 1 < len(counts) else math.inf
    return found


def unearned(experiment: Experiment, caregiver: str, learner: str) -> Levels:
    """Internal reward per episode that no goal stands behind, at the end of the autonomy, by seed.

    The internal return minus what the caregiver would have given for the goals; errors of either
    sign may cancel.
    """
    internal = end_levels(experiment, caregiver, learner, AUTONOMY, "internal_return")
    goals = end_levels(experiment, caregiver, learner, AUTONOMY)
    amount = experiment.manifest.amount
    return {seed: value - amount * goals[seed] for seed, value in internal.items() if seed in goals}


def blocks(
    experiment: Experiment, caregiver: str, learner: str, column: str, width: int = LEVEL_STEPS
) -> NDArray[np.float64]:
    """A per-episode quantity in blocks of the autonomy, (seeds, blocks); empty without runs."""
    rows = _phase(experiment, caregiver, learner, AUTONOMY)
    found = []
    for _, part in _parts(rows):
        block = ((part["phase_steps"] - 1) // width).to_numpy()
        found.append(
            [_mean(part.filter(pl.Series(block == k)), column) for k in range(block.max() + 1)]
        )
    shortest = min((len(row) for row in found), default=0)
    return np.array([row[:shortest] for row in found], np.float64)


def curve(
    experiment: Experiment, caregiver: str, learner: str, column: str = "goals_per_episode"
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """A column of the metrics through a life: env_steps (points,) and values (seeds, points)."""
    parts = [part for _, part in _parts(life(experiment, caregiver, learner))]
    if not parts:
        return np.empty(0), np.empty((0, 0))
    shortest = min(len(part) for part in parts)
    steps = parts[0]["env_steps"].to_numpy()[:shortest].astype(np.float64)
    return steps, np.stack([part[column].to_numpy()[:shortest].astype(float) for part in parts])


def values(levels: Levels) -> NDArray[np.float64]:
    """Levels ordered by seed, shape ``(seeds,)``."""
    return np.array([levels[seed] for seed in sorted(levels)], np.float64)


def interval(levels: Levels) -> Interval | None:
    """Interquartile mean over seeds with its 95 % bootstrap interval; None unless all are finite.

    Times that some seed did not reach are infinite; they have no mean.
    """
    scores = values(levels)
    if not scores.size or not np.isfinite(scores).all():
        return None
    return bootstrap_interval(scores, np.random.default_rng(RESAMPLING_SEED))


def _phase(experiment: Experiment, caregiver: str, learner: str, phase: str) -> pl.DataFrame:
    rows = life(experiment, caregiver, learner)
    return rows if rows.is_empty() else rows.filter(pl.col("phase") == phase)


def _parts(rows: pl.DataFrame) -> list[tuple[int, pl.DataFrame]]:
    if rows.is_empty():
        return []
    return [(int(key[0]), part) for key, part in rows.group_by("seed", maintain_order=True)]


def _by_seed(rows: pl.DataFrame, measure: Callable[[pl.DataFrame], float]) -> Levels:
    found = {seed: measure(part) for seed, part in sorted(_parts(rows), key=lambda pair: pair[0])}
    return {seed: value for seed, value in found.items() if not math.isnan(value)}


def _weighted(rows: pl.DataFrame, column: str) -> Levels:
    return _by_seed(rows, lambda part: _mean(part, column))


def _mean(rows: pl.DataFrame, column: str) -> float:
    """Mean over episodes: iterations weigh as many episodes as ended in them."""
    episodes = rows["episodes"].to_numpy()
    kept = episodes > 0
    if not kept.any():
        return math.nan
    return float(np.average(rows[column].to_numpy()[kept], weights=episodes[kept]))
