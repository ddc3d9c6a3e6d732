"""What the acceptance checks judge: levels of conditions over seeds."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import polars as pl
from numpy.typing import NDArray

from prosocial.analysis.experiments.verdicts import NotMeasuredError, Verdict
from prosocial.analysis.statistics import bootstrap_interval, interquartile_mean
from prosocial.analysis.value_internalization import measures, published
from prosocial.analysis.value_internalization.measures import BLOCK_STEPS
from prosocial.analysis.value_internalization.records import Experiment

RESAMPLING_SEED = 0
"""Seed of the bootstrap: the same runs always get the same verdict."""

HACKING_FALL = 0.3
"""Fall of true goals from their peak that, with a rising internal return, is reward hacking."""

HACKING_WITHIN = 100_000
"""Steps after the switch within which hacking is to show."""


def rows_of(experiment: Experiment, setting: str, condition: str) -> pl.DataFrame:
    """Metrics of one condition; raises NotMeasuredError when no run is finished."""
    rows = measures.select(
        experiment, experiment.metrics, settings=(setting,), conditions=(condition,)
    )
    if rows.is_empty():
        raise NotMeasuredError(f"no finished run of {setting}, {condition}")
    return rows


def levels(experiment: Experiment, setting: str, condition: str) -> dict[int, float]:
    """Goals per episode at the end of each seed; raises NotMeasuredError when no seed has any."""
    found = measures.end_levels(rows_of(experiment, setting, condition), "goals_per_episode")
    if not found:
        raise NotMeasuredError(f"no episode ended in the runs of {setting}, {condition}")
    return found


def shares(experiment: Experiment, setting: str, condition: str) -> NDArray[np.float64]:
    """Goals by block over each seed's own socialized level, shape (seeds, blocks).

    Raises:
        NotMeasuredError: If no seed has both, or none reached any goal when it was socialized.
    """
    table = measures.blocks(rows_of(experiment, setting, condition), "goals_per_episode")
    social = levels(experiment, setting, "social")
    found = {seed: row / social[seed] for seed, row in table.items() if social.get(seed, 0.0) > 0}
    if not found:
        raise NotMeasuredError(f"no seed of {setting} was socialized")
    return matrix(found)


def end_share(experiment: Experiment, setting: str, condition: str) -> float:
    """Interquartile mean over seeds of the end level over the socialized level.

    Raises:
        NotMeasuredError: If no seed has both, or none reached any goal when it was socialized.
    """
    end = levels(experiment, setting, condition)
    social = levels(experiment, setting, "social")
    found = [end[seed] / social[seed] for seed in end if social.get(seed, 0.0) > 0]
    if not found:
        raise NotMeasuredError(f"no seed of {setting} was socialized")
    return float(interquartile_mean(found))


def scores(experiment: Experiment, figure: str, world: str, condition: str) -> dict[int, float]:
    """True return by seed in an evaluation world; raises NotMeasuredError when there is none."""
    rows = measures.select(
        experiment, experiment.evaluations, figure=figure, conditions=(condition,)
    )
    found = measures.evaluation_scores(rows, world)
    if not found:
        raise NotMeasuredError(f"no evaluation of {condition} on {world}")
    return found


def gains(experiment: Experiment) -> dict[str, float]:
    """ISR minus Frozen in true return by layout; NotMeasuredError when a layout lacks one."""
    return {
        layout: middle(scores(experiment, "5", layout, "isr"))
        - middle(scores(experiment, "5", layout, "frozen"))
        for layout in published.LAYOUTS
    }


def errors(experiment: Experiment) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Socialization steps of figure 3b and the hold-out error at each, both (fits,).

    Raises:
        NotMeasuredError: If fewer than two amounts of socialization were fitted.
    """
    rows = measures.select(experiment, experiment.fits, figure="3b")
    if rows.is_empty():
        raise NotMeasuredError("no fit of figure 3b is finished")
    grouped = rows.group_by("steps").agg(pl.col("holdout_mse")).sort("steps")
    if len(grouped) < 2:
        raise NotMeasuredError("figure 3b was fitted on one amount of socialization only")
    found = [float(interquartile_mean(row)) for row in grouped["holdout_mse"].to_list()]
    return grouped["steps"].to_numpy(), np.array(found)


def hacking_sizes(experiment: Experiment) -> list[int]:
    """Socialization steps that the internal rewards of figure 6 were fitted on, ascending."""
    rows = measures.select(experiment, experiment.metrics, figure="6", rule="threshold")
    if rows.is_empty():
        raise NotMeasuredError("no finished run of figure 6")
    return sorted(rows["isr_steps"].unique().drop_nulls().to_list())


def hacking(experiment: Experiment, size: int) -> tuple[NDArray[np.bool_], str]:
    """Which seeds of figure 6 diverge: internal return up while true goals go down.

    The internal return is what the learner maximises, the ISR's reward and the movement cost that
    its rule leaves standing (``utility_return``), as in the paper's left panel.

    Args:
        experiment: The experiment's frames.
        size: Socialization steps that the internal reward was fitted on.

    Returns:
        Whether each seed shows the signature, (seeds,), and the figures in words: the fall of goals
        is from their peak to the lowest later block, the rise of the internal return is the slope
        of a straight line through its blocks.

    Raises:
        NotMeasuredError: If the phase is shorter than ``HACKING_WITHIN``.
    """
    rows = measures.select(
        experiment, experiment.metrics, figure="6", rule="threshold", isr_steps=size
    )
    count = HACKING_WITHIN // BLOCK_STEPS
    goals = matrix(measures.blocks(rows, "goals_per_episode"))[:, :count]
    internal = matrix(measures.blocks(rows, "utility_return"))[:, :count]
    if goals.shape[1] < count:
        raise NotMeasuredError(f"phase 2 on x is shorter than {HACKING_WITHIN:,} steps")
    falls = np.array([fall_from_peak(row) for row in goals])
    rises = np.polyfit(np.arange(count), internal.T, 1)[0]
    shown = (falls >= HACKING_FALL) & (rises > 0.0)
    text = (
        f"{size / 1000:g}k: {shown.sum()} of {len(shown)} seeds; goals fall "
        f"{interquartile_mean(falls):.0%} from their peak, internal return changes "
        f"{interquartile_mean(rises):+.3f} per {BLOCK_STEPS // 1000}k steps"
    )
    return shown, text


def fall_from_peak(curve: NDArray[np.float64]) -> float:
    """Share of the highest value that is lost at the lowest value after it; 0 for a zero curve."""
    peak = int(curve.argmax())
    return 1.0 - float(curve[peak:].min() / curve[peak]) if curve[peak] > 0.0 else 0.0


def matrix(rows: dict[int, NDArray[np.float64]]) -> NDArray[np.float64]:
    """Rows of all seeds cut to the shortest, shape (seeds, blocks)."""
    if not rows:
        raise NotMeasuredError("no block of steps is complete")
    shortest = min(len(row) for row in rows.values())
    return np.stack([rows[seed][:shortest] for seed in sorted(rows)])


def middle(scored: dict[int, float]) -> float:
    """Interquartile mean over seeds."""
    return float(interquartile_mean(measures.values(scored)))


def at_least(first: dict[int, float], second: dict[int, float], label: str) -> Verdict:
    """Whether the first condition is at least as good as the second, up to noise between seeds.

    The conditions fork from the same socialized learner, so seeds are compared with themselves.

    Args:
        first: Scores by seed.
        second: Scores by seed of the other condition.
        label: What the difference is, for the text.

    Returns:
        Whether the upper end of the 95 % bootstrap interval of the paired differences is at least
        0, and the difference in words.

    Raises:
        NotMeasuredError: If the conditions share no seed.
    """
    shared = sorted(first.keys() & second.keys())
    if not shared:
        raise NotMeasuredError("the two conditions share no finished seed")
    differences = [first[seed] - second[seed] for seed in shared]
    gap = bootstrap_interval(differences, np.random.default_rng(RESAMPLING_SEED))
    text = f"{label} {gap.estimate:+.3f} [{gap.low:+.3f}, {gap.high:+.3f}]"
    return gap.high >= 0.0, text


def percentages(parts: Iterable[float]) -> str:
    """Shares as whole percentages in a row."""
    return " ".join(f"{part:.0%}" for part in parts)


def gain_list(gained: dict[str, float]) -> str:
    """Gains by layout in words."""
    return ", ".join(
        f"{published.LAYOUT_LABELS[layout]} {gain:+.3f}" for layout, gain in gained.items()
    )
