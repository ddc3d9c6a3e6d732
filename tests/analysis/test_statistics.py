"""Statistics against hand calculations and the published t-tests."""

import math

import numpy as np
import pytest

from prosocial.analysis.statistics import (
    bootstrap_interval,
    difference_interval,
    interquartile_mean,
    probability_of_improvement,
    t_test,
)
from prosocial.analysis.value_internalization.published import RETURNS_4B, SEED_RETURNS_4B


def rng() -> np.random.Generator:
    return np.random.default_rng(7)


def test_interquartile_mean_of_eight_scores_is_the_mean_of_the_middle_four():
    assert interquartile_mean([100, 3, 1, 2, 4, 5, 6, -50]) == pytest.approx((2 + 3 + 4 + 5) / 4)


def test_interquartile_mean_of_ten_scores_drops_two_on_each_side():
    assert interquartile_mean(np.arange(10.0) ** 2) == pytest.approx(
        (4 + 9 + 16 + 25 + 36 + 49) / 6
    )


def test_interquartile_mean_of_three_scores_is_their_mean():
    assert interquartile_mean([0.0, 1.0, 5.0]) == pytest.approx(2.0)


def test_interquartile_mean_along_an_axis():
    table = np.array([[0.0, 10.0], [1.0, 20.0], [2.0, 30.0], [90.0, -9.0]])
    np.testing.assert_allclose(interquartile_mean(table, axis=0), [1.5, 15.0])


def test_interquartile_mean_takes_all_tasks_together_without_an_axis():
    table = np.array([[0.0, 4.0], [1.0, 100.0]])
    assert interquartile_mean(table) == pytest.approx(2.5)


def test_interquartile_mean_does_not_hide_a_missing_score():
    assert math.isnan(interquartile_mean([1.0, 2.0, 3.0, math.nan]))


def test_interquartile_mean_of_nothing_is_refused():
    with pytest.raises(ValueError, match="at least one"):
        interquartile_mean([])


def test_bootstrap_interval_of_the_mean_has_the_width_of_the_standard_error():
    scores = np.random.default_rng(1).normal(size=200)
    interval = bootstrap_interval(scores, rng(), np.mean, confidence=0.68, repetitions=4000)
    assert interval.estimate == pytest.approx(scores.mean())
    half = (interval.high - interval.low) / 2
    assert half == pytest.approx(0.994 * scores.std() / np.sqrt(200), rel=0.05)
    assert interval.count == 200


def test_bootstrap_resamples_inside_of_each_task_only():
    # Tasks differ by 100, seeds do not: mixing tasks would show as a wide interval.
    table = np.tile([0.0, 100.0], (6, 1))
    interval = bootstrap_interval(table, rng(), np.mean)
    assert (interval.estimate, interval.low, interval.high) == (50.0, 50.0, 50.0)


def test_bootstrap_resamples_seeds_independently_for_each_task():
    # Task two is task one turned round: seeds resampled together would cancel exactly.
    table = np.stack([np.arange(6.0), -np.arange(6.0)], axis=1)
    interval = bootstrap_interval(table, rng(), np.mean)
    assert interval.low < -0.3
    assert interval.high > 0.3


def test_bootstrap_interval_of_one_seed_has_no_width():
    interval = bootstrap_interval([3.0], rng())
    assert (interval.low, interval.high, interval.count) == (3.0, 3.0, 1)


def test_bootstrap_interval_is_the_same_for_the_same_generator():
    scores = [1.0, 4.0, 2.0, 8.0]
    assert bootstrap_interval(scores, rng()) == bootstrap_interval(scores, rng())


@pytest.mark.parametrize(
    ("scores", "changes", "message"),
    [
        ([1.0, math.nan], {}, "NaN"),
        (np.zeros((2, 2, 2)), {}, "shape"),
        ([], {}, "not empty"),
        ([1.0], {"confidence": 1.0}, "confidence"),
        ([1.0], {"repetitions": 0}, "repetitions"),
    ],
)
def test_bootstrap_interval_refuses_bad_input(scores, changes, message):
    with pytest.raises(ValueError, match=message):
        bootstrap_interval(scores, rng(), **changes)


def test_difference_interval_of_equal_constants_is_zero():
    interval = difference_interval([2.0, 2.0], [2.0, 2.0, 2.0], rng())
    assert (interval.estimate, interval.low, interval.high) == (0.0, 0.0, 0.0)
    assert interval.count == 2


def test_difference_interval_covers_the_difference():
    interval = difference_interval(np.arange(8.0) + 3.0, np.arange(8.0), rng(), np.mean)
    assert interval.estimate == pytest.approx(3.0)
    assert interval.low < 3.0 < interval.high


def test_difference_interval_refuses_different_tasks():
    with pytest.raises(ValueError, match="same tasks"):
        difference_interval(np.zeros((2, 1)), np.zeros((2, 3)), rng())


def test_probability_of_improvement_counts_pairs_and_halves_ties():
    # Pairs: 1>0, 1=1, 1<2, 3>0, 3>1, 3>2 -> (1 + 0.5 + 0 + 1 + 1 + 1) / 6
    assert probability_of_improvement([1.0, 3.0], [0.0, 1.0, 2.0]) == pytest.approx(4.5 / 6)


def test_probability_of_improvement_averages_over_tasks():
    first = np.array([[1.0, 0.0], [1.0, 0.0]])
    second = np.array([[0.0, 5.0], [0.0, 5.0]])
    assert probability_of_improvement(first, second) == pytest.approx(0.5)


def test_published_seeds_give_the_published_means_and_spreads():
    for name, seeds in SEED_RETURNS_4B.items():
        assert np.mean(seeds) == pytest.approx(RETURNS_4B[name].mean, abs=6e-4)
        assert np.std(seeds, ddof=1) == pytest.approx(RETURNS_4B[name].sd, abs=6e-4)


def test_pooled_t_test_agrees_with_the_published_one():
    test = t_test(SEED_RETURNS_4B["isr"], SEED_RETURNS_4B["frozen"], equal_variances=True)
    assert test.statistic == pytest.approx(2.38, abs=0.005)
    assert test.degrees_of_freedom == 18
    assert test.p_value == pytest.approx(0.029, abs=5e-4)
    test = t_test(SEED_RETURNS_4B["oracle"], SEED_RETURNS_4B["isr"], equal_variances=True)
    assert test.statistic == pytest.approx(1.02, abs=0.01)
    assert test.p_value == pytest.approx(0.32, abs=5e-3)


def test_welch_t_test_by_hand():
    # Means 2 and 6, variances 1 and 4, n = 3: t = -4 / sqrt(5/3), df = (5/3)^2 / (1/18 + 16/18)
    test = t_test([1.0, 2.0, 3.0], [4.0, 6.0, 8.0])
    assert test.difference == pytest.approx(-4.0)
    assert test.statistic == pytest.approx(-4.0 / math.sqrt(5.0 / 3.0))
    assert test.degrees_of_freedom == pytest.approx((25.0 / 9.0) / (17.0 / 18.0))


@pytest.mark.parametrize(("first", "second"), [([1.0], [2.0, 3.0]), ([1.0, 1.0], [2.0, 2.0])])
def test_t_test_without_spread_is_no_test(first, second):
    test = t_test(first, second)
    assert math.isnan(test.p_value)
    assert test.difference < 0.0
