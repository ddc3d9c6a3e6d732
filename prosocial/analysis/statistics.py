"""Statistics over seeds: interquartile mean, bootstrap intervals, improvement, t-tests.

The unit is the seed (one whole life course), never the episode: episodes of one run share a policy
and are not independent. The estimators follow Agarwal et al., "Deep Reinforcement Learning at the
Edge of the Statistical Precipice", NeurIPS 2021 (arXiv 2108.13264), sections 4.1-4.3.

Scores are arrays of shape ``(seeds,)`` for one task or ``(seeds, tasks)``; a task is a setting in
which every seed was measured once (for example one layout). No function uses a global random
state: whoever wants an interval passes a `numpy.random.Generator`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

Statistic = Callable[..., NDArray[np.float64]]
"""A function of an array and ``axis``, such as `interquartile_mean` or `numpy.mean`."""

# Percentile intervals settle to about 1 % of their width at this many resamples; rliable's default
# for performance profiles is the same number.
REPETITIONS = 2000


@dataclass(frozen=True)
class Interval:
    """A point estimate with a bootstrap interval, in the unit of the scores.

    Attributes:
        estimate: The statistic of the scores as they were observed.
        low: Lower end of the interval.
        high: Upper end of the interval.
        confidence: Coverage that the interval was built for, in (0, 1).
        count: Number of seeds.
    """

    estimate: float
    low: float
    high: float
    confidence: float
    count: int


@dataclass(frozen=True)
class TTest:
    """Result of a two-sided t-test between two groups of seeds.

    Attributes:
        statistic: t, positive when the first group is larger.
        degrees_of_freedom: Degrees of freedom (Welch-Satterthwaite unless variances were pooled).
        p_value: Two-sided p, in [0, 1].
        difference: Mean of the first group minus mean of the second.
    """

    statistic: float
    degrees_of_freedom: float
    p_value: float
    difference: float


def interquartile_mean(scores: ArrayLike, axis: int | None = None) -> NDArray[np.float64]:
    """Mean of the middle half of the scores: the 25 % trimmed mean.

    Formula: sort the n scores, drop the ``floor(n / 4)`` smallest and largest, average the rest.
    With 10 scores the middle 6 remain; with 3 or fewer nothing is dropped and it is the plain mean.

    Args:
        scores: Array of any shape.
        axis: Axis to average over; None takes all scores together, tasks included.

    Returns:
        Array without that axis (a scalar array for None), in the unit of the scores. NaN where any
        score is NaN.

    Raises:
        ValueError: If there is no score to average.
    """
    values = np.asarray(scores, dtype=np.float64)
    if axis is None:
        values, axis = values.reshape(-1), 0
    count = values.shape[axis]
    if count == 0:
        raise ValueError("interquartile_mean got no scores; pass at least one.")
    # np.sort puts NaN last, where trimming would silently hide it.
    missing = np.isnan(values).any(axis=axis)
    cut = count // 4
    middle = np.take(np.sort(values, axis=axis), np.arange(cut, count - cut), axis=axis)
    return np.where(missing, np.nan, middle.mean(axis=axis))


def bootstrap_interval(
    scores: ArrayLike,
    rng: np.random.Generator,
    statistic: Statistic = interquartile_mean,
    confidence: float = 0.95,
    repetitions: int = REPETITIONS,
) -> Interval:
    """Stratified percentile bootstrap over seeds.

    Each resample draws seeds with replacement independently inside every task (the stratum), so
    that every task keeps its weight; the interval is the central part of the resampled statistics.

    Args:
        scores: Shape ``(seeds,)`` or ``(seeds, tasks)``, any unit.
        rng: Source of the resamples.
        statistic: Function of an array with an ``axis`` argument.
        confidence: Coverage, in (0, 1).
        repetitions: Number of resamples, at least 1.

    Returns:
        The interval. With one seed low and high equal the estimate: there is no spread to resample.

    Raises:
        ValueError: If scores are empty, not one- or two-dimensional, or not finite, or if
            confidence or repetitions are out of range.
    """
    table = _as_table(scores)
    resampled = statistic(_resamples(table, rng, repetitions), axis=-1)
    return _interval(
        float(statistic(table.reshape(1, -1), axis=-1)[0]), resampled, confidence, len(table)
    )


def difference_interval(
    first: ArrayLike,
    second: ArrayLike,
    rng: np.random.Generator,
    statistic: Statistic = interquartile_mean,
    confidence: float = 0.95,
    repetitions: int = REPETITIONS,
) -> Interval:
    """Bootstrap interval of ``statistic(first) - statistic(second)``, groups resampled apart.

    Args:
        first: Scores of one condition, ``(seeds,)`` or ``(seeds, tasks)``.
        second: Scores of the other; the number of seeds may differ, the tasks may not.
        rng: Source of the resamples.
        statistic: Function of an array with an ``axis`` argument.
        confidence: Coverage, in (0, 1).
        repetitions: Number of resamples, at least 1.

    Returns:
        The interval; `Interval.count` is the smaller of the two numbers of seeds.

    Raises:
        ValueError: As `bootstrap_interval`, and if the numbers of tasks differ.
    """
    one, two = _as_tables(first, second)
    resampled = statistic(_resamples(one, rng, repetitions), axis=-1) - statistic(
        _resamples(two, rng, repetitions), axis=-1
    )
    estimate = statistic(one.reshape(1, -1), axis=-1) - statistic(two.reshape(1, -1), axis=-1)
    return _interval(float(estimate[0]), resampled, confidence, min(len(one), len(two)))


def probability_of_improvement(first: ArrayLike, second: ArrayLike) -> float:
    """How likely a random seed of the first condition beats a random seed of the second.

    Formula: the mean over tasks of the mean over all pairs of seeds of 1 when first > second,
    1/2 when equal, 0 otherwise (Mann-Whitney U over the product of the sizes).

    Args:
        first: Scores ``(seeds,)`` or ``(seeds, tasks)``.
        second: Scores of the other condition, same tasks.

    Returns:
        A probability in [0, 1]; 0.5 means no difference.

    Raises:
        ValueError: If scores are empty, not finite, or the numbers of tasks differ.
    """
    one, two = _as_tables(first, second)
    difference = one[:, None, :] - two[None, :, :]
    return float(np.mean((difference > 0) + 0.5 * (difference == 0)))


def t_test(first: ArrayLike, second: ArrayLike, equal_variances: bool = False) -> TTest:
    """Two-sided t-test between the seeds of two conditions.

    Args:
        first: Scores ``(seeds,)``.
        second: Scores ``(seeds,)`` of the other condition.
        equal_variances: False is Welch's test; True pools the variances, as the published
            t(18) over two groups of ten seeds does.

    Returns:
        The test. With fewer than two seeds in a group, or no spread in either, t, degrees of
        freedom and p are NaN: the data cannot carry a test.

    Raises:
        ValueError: If scores are empty, not one-dimensional or not finite.
    """
    one, two = _as_tables(first, second)
    if one.shape[1] != 1:
        raise ValueError(f"t_test compares one task; got {one.shape[1]} tasks.")
    difference = float(one.mean() - two.mean())
    spread = np.ptp(one) + np.ptp(two)
    if min(len(one), len(two)) < 2 or spread == 0.0:
        return TTest(float("nan"), float("nan"), float("nan"), difference)
    # SciPy's stubs do not know the attributes of the result.
    result: Any = stats.ttest_ind(one[:, 0], two[:, 0], equal_var=equal_variances)
    return TTest(float(result.statistic), float(result.df), float(result.pvalue), difference)


def _as_table(scores: ArrayLike) -> NDArray[np.float64]:
    table = np.asarray(scores, dtype=np.float64)
    if table.ndim == 1:
        table = table[:, None]
    if table.ndim != 2 or table.size == 0:
        raise ValueError(
            f"scores have shape {np.shape(scores)}; expected (seeds,) or (seeds, tasks), not empty."
        )
    if not np.isfinite(table).all():
        raise ValueError("scores hold NaN or infinity; drop or repair those seeds first.")
    return table


def _as_tables(first: ArrayLike, second: ArrayLike) -> tuple[NDArray, NDArray]:
    one, two = _as_table(first), _as_table(second)
    if one.shape[1] != two.shape[1]:
        raise ValueError(
            f"the two conditions have {one.shape[1]} and {two.shape[1]} tasks; "
            "compare them on the same tasks."
        )
    return one, two


def _resamples(table: NDArray, rng: np.random.Generator, repetitions: int) -> NDArray:
    """Resampled tables, flattened: shape (repetitions, seeds * tasks)."""
    if repetitions < 1:
        raise ValueError(f"repetitions is {repetitions}; expected at least 1.")
    seeds, tasks = table.shape
    rows = rng.integers(seeds, size=(repetitions, seeds, tasks))
    return table[rows, np.arange(tasks)].reshape(repetitions, -1)


def _interval(estimate: float, resampled: NDArray, confidence: float, count: int) -> Interval:
    if not 0.0 < confidence < 1.0:
        raise ValueError(f"confidence is {confidence}; expected a number between 0 and 1.")
    tail = 100.0 * (1.0 - confidence) / 2.0
    low, high = np.percentile(resampled, [tail, 100.0 - tail])
    return Interval(estimate, float(low), float(high), confidence, count)
