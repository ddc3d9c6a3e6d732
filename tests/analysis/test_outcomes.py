"""Social outcomes: by hand, by identities that hold for any group, and GovSim's own vectors."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from prosocial.analysis import outcomes

RETURNS = arrays.arrays(
    np.float64,
    st.integers(1, 9),
    elements=st.floats(0.0, 1e6, allow_subnormal=False).map(lambda x: round(x, 3)),
)


def gini_of_pairs(values) -> float:
    """The definition: mean absolute difference of all pairs over twice the mean."""
    differences = np.abs(values[:, None] - values[None]).sum()
    return differences / (2.0 * len(values) * values.sum())


@settings(max_examples=100, deadline=None)
@given(returns=RETURNS, seed=st.integers(0, 100))
def test_equality_is_one_minus_the_gini_of_all_pairs(returns, seed):
    equality = outcomes.equality(returns)
    if returns.sum() == 0.0:
        assert np.isnan(equality)
        return
    assert equality == pytest.approx(1.0 - gini_of_pairs(returns), abs=1e-9)
    assert 1.0 / len(returns) - 1e-9 <= equality <= 1.0 + 1e-9
    shuffled = np.random.default_rng(seed).permutation(returns)
    assert outcomes.equality(shuffled) == pytest.approx(equality, abs=1e-12)
    assert outcomes.equality(7.5 * returns) == pytest.approx(equality, abs=1e-9)
    # Two copies of a group are as equal as the group.
    assert outcomes.equality(np.tile(returns, 2)) == pytest.approx(equality, abs=1e-9)


@settings(max_examples=50, deadline=None)
@given(returns=RETURNS, extra=st.floats(0.001, 1e6))
def test_the_same_for_everybody_brings_equality_nearer(returns, extra):
    if returns.sum() > 0.0:
        assert outcomes.equality(returns + extra) >= outcomes.equality(returns) - 1e-9


def test_equality_at_its_ends_and_where_it_means_nothing():
    assert outcomes.equality([3.0, 3.0, 3.0]) == 1.0
    assert outcomes.equality([0.0, 0.0, 9.0]) == pytest.approx(1.0 / 3.0)
    assert np.isnan(outcomes.equality([0.0, 0.0]))
    assert np.isnan(outcomes.equality([-3.0, 1.0]))
    # A negative return with a positive total: the formula, below its usual range.
    assert outcomes.equality([-1.0, 2.0]) == pytest.approx(1.0 - 6.0 / (2 * 2 * 1))
    with pytest.raises(ValueError, match="N >= 1 agents"):
        outcomes.equality([])


def test_leading_axes_are_kept():
    returns = np.array([[1.0, 1.0], [0.0, 4.0], [0.0, 0.0]])
    np.testing.assert_allclose(outcomes.equality(returns), [1.0, 0.5, np.nan])
    np.testing.assert_allclose(outcomes.utility(returns, [2, 4, 8]), [1.0, 1.0, 0.0])
    with pytest.raises(ValueError, match="length must be positive"):
        outcomes.utility(returns, [2, 0, 8])


def test_sustainability_is_the_mean_time_of_collecting():
    rewards = np.zeros((10, 3))
    rewards[[0, 4], 0] = 1.0  # mean time 2
    rewards[9, 1] = 5.0  # what is paid does not matter: time 9
    rewards[3, 2] = -1.0  # a fine is no collecting
    times = outcomes.collection_times(rewards)
    np.testing.assert_allclose(times, [2.0, 9.0, np.nan])
    assert outcomes.sustainability(times) == 5.5  # the third never collected and is left out
    assert np.isnan(outcomes.sustainability([np.nan, np.nan]))
    np.testing.assert_allclose(outcomes.mean_times([4.0, 9.0, 0.0], [2, 1, 0]), times)


@settings(max_examples=50, deadline=None)
@given(
    rewards=arrays.arrays(np.float64, (12, 4), elements=st.sampled_from([0.0, 0.0, 1.0, -1.0])),
    seed=st.integers(0, 100),
)
def test_sustainability_lies_in_the_episode_and_knows_no_names(rewards, seed):
    value = outcomes.sustainability(outcomes.collection_times(rewards))
    order = np.random.default_rng(seed).permutation(4)
    other = outcomes.sustainability(outcomes.collection_times(rewards[:, order]))
    np.testing.assert_allclose(other, value)
    assert np.isnan(value) == (not (rewards > 0).any())
    assert np.isnan(value) or 0.0 <= value <= 11.0


def test_collecting_evenly_is_half_of_the_episode():
    assert outcomes.sustainability(outcomes.collection_times(np.ones((101, 5)))) == 50.0


@settings(max_examples=50, deadline=None)
@given(away=arrays.arrays(np.int64, st.integers(1, 8), elements=st.integers(0, 100)))
def test_peace_counts_the_agents_in_the_world(away):
    value = outcomes.peace(away, 100)
    assert 0.0 <= value <= len(away)
    assert outcomes.peace(away[::-1], 100) == pytest.approx(value)
    assert outcomes.peace(np.zeros_like(away), 100) == len(away)


def test_peace_by_hand():
    assert outcomes.peace([25, 0, 50], 100) == pytest.approx((300 - 75) / 100)


def test_returns_per_head():
    returns = np.array([[1.0, 2.0, 6.0], [0.0, 4.0, 5.0]])
    np.testing.assert_allclose(outcomes.per_capita_return(returns), [3.0, 3.0])
    focal = [True, False, True]
    np.testing.assert_allclose(outcomes.per_capita_return(returns, focal), [3.5, 2.5])
    assert np.isnan(outcomes.per_capita_return(returns, [False] * 3)).all()
    np.testing.assert_allclose(outcomes.cleanup_contribution(returns), [9.0, 9.0])


def test_normalized_score_is_melting_pots():
    scores = outcomes.normalized_score([2.0, 4.0, 6.0, 8.0], references=[2.0, 6.0])
    np.testing.assert_allclose(scores, [0.0, 0.5, 1.0, 1.5], atol=1e-8)
    assert outcomes.normalized_score(3.0, [3.0, 3.0]) == 1.0
    with pytest.raises(ValueError, match="no references"):
        outcomes.normalized_score(1.0, [])


@pytest.mark.parametrize(
    ("stock", "units"), [(100, 50), (99, 49), (51, 25), (50, 25), (11, 5), (10, 5), (5, 2), (0, 0)]
)
def test_sustainable_yield_spot_checks(stock, units):
    assert outcomes.sustainable_yield(stock) == units
    # By its definition, as the largest catch that grows back.
    grows_back = [x for x in range(stock + 1) if min(100, 2 * (stock - x)) >= stock]
    assert units == max(grows_back)


@pytest.mark.parametrize("growth", [1.0, 1.05, 1.5, 3.0])
def test_sustainable_yield_of_other_growth_is_the_largest_that_grows_back(growth):
    for stock in range(101):
        grows_back = [x for x in range(stock + 1) if round(growth * (stock - x), 9) >= stock]
        assert outcomes.sustainable_yield(stock, growth) == max(grows_back), stock


def test_sustainable_yield_refuses_what_is_no_stock():
    with pytest.raises(ValueError, match="outside of 0 to 100"):
        outcomes.sustainable_yield(101)
    with pytest.raises(ValueError, match=r"growth is 0\.5"):
        outcomes.sustainable_yield(10, growth=0.5)


def play(demand) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """GovSim's dynamics for equal demands or demands within the stock.

    Returns:
        catches (m, 5), stock before (m,) and after harvesting (m,).
    """
    stock, catches, before, after = 100, [], [], []
    while len(catches) < 12:
        wanted = np.asarray(demand(stock))
        if wanted.sum() > stock:
            assert len(set(wanted)) == 1, "rationing is random unless demands are equal"
            wanted = np.full(5, stock / 5)
        catches.append(wanted)
        before.append(stock)
        left = round(stock - wanted.sum())
        after.append(left)
        if left < 5:
            break
        stock = min(100, 2 * left)
    return np.array(catches), np.array(before), np.array(after)


# demands, months, gain per agent, efficiency %, equality %, over-usage %, last stock
VECTORS = [
    pytest.param(lambda h: [20] * 5, 1, 20, 16.67, 100, 100, 0, id="all 20"),
    pytest.param(lambda h: [10] * 5, 12, 120, 100, 100, 0, 50, id="all 10"),
    pytest.param(lambda h: [9] * 5, 12, 108, 90, 100, 0, 55, id="all 9"),
    pytest.param(lambda h: [11] * 5, 4, 39, 32.5, 100, 100, 0, id="all 11"),
    pytest.param(lambda h: [0] * 5, 12, 0, 0, math.nan, 0, 100, id="all 0"),
    pytest.param(lambda h: [14, 9, 9, 9, 9], 12, 120, 100, 92, 20, 50, id="one takes 14"),
    pytest.param(lambda h: [(h // 2) // 5] * 5, 12, 120, 100, 100, 0, 50, id="threshold"),
]


@pytest.mark.parametrize(
    ("demand", "months", "gain", "efficiency", "equality", "over", "last"), VECTORS
)
def test_govsim_vectors(demand, months, gain, efficiency, equality, over, last):
    catches, before, after = play(demand)
    assert outcomes.survival_months(after) == months
    assert after[-1] == last
    gains = outcomes.total_gain(catches)
    assert outcomes.per_capita_return(gains) == pytest.approx(gain)
    assert 100 * outcomes.harvest_efficiency(gains) == pytest.approx(efficiency, abs=0.005)
    np.testing.assert_allclose(100 * outcomes.equality(gains), equality, atol=0.005)
    assert 100 * outcomes.over_usage(catches, before) == pytest.approx(over)


def test_survival():
    assert outcomes.survival_months([50] * 12) == 12
    assert outcomes.survival_months([50] * 11 + [4]) == 12
    assert outcomes.survival_months([50, 4]) == 2
    assert outcomes.survival_months([5] * 12) == 12  # 5 is no collapse: it grows to 10
    assert outcomes.survival_rate([12, 12, 3, 1]) == 0.5
    with pytest.raises(ValueError, match="never falls below 5"):
        outcomes.survival_months([50, 50])
    with pytest.raises(ValueError, match="no runs"):
        outcomes.survival_rate([])


def test_efficiency_is_capped_and_counts_all_months():
    assert outcomes.harvest_efficiency([200.0] * 5) == 1.0
    assert outcomes.harvest_efficiency([20.0] * 5) == pytest.approx(1 / 6)


def test_over_usage_divides_the_yield_among_those_present():
    catches = np.array([[0, 11, 11], [10, 10, 10]])
    stock = np.array([44, 60])  # yields 22 and 30: 11 for each of two, then 10 for each of three
    active = np.array([[False, True, True], [True, True, True]])
    assert outcomes.over_usage(catches, stock, active) == 0.0
    assert outcomes.over_usage(catches, stock) == pytest.approx(2 / 6)  # 22 / 3 for each of three
    with pytest.raises(ValueError, match=r"expected \(m, N\)"):
        outcomes.over_usage(catches, [44])
    with pytest.raises(ValueError, match="active has shape"):
        outcomes.over_usage(catches, stock, active[:1])
