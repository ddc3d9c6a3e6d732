"""Value iteration, soft and hard, with and without chance."""

import numpy as np
import pytest

from prosocial.agents.mind.planning.distances import action_values, all_pairs, grid_successors
from prosocial.agents.mind.planning.values import soft_value_iteration, softmax, value_iteration
from prosocial.envs.engine import ConfigError

WIDTH = 7
BLOCKING = np.zeros(256, np.uint8)
BLOCKING[1] = 1


def walk():
    cells = np.ones((6, WIDTH), np.uint8)
    cells[1:5, 1:6] = 0
    cells[2, 2:5] = 1
    cells[4, 4] = 1  # cell (4, 5) is still reached from above
    table = grid_successors(cells.ravel(), WIDTH, BLOCKING, (0, -WIDTH, WIDTH, -1, 1))
    return table, np.flatnonzero(cells.ravel() == 0)


def brute_force(table, goal, beta, cost, discount, kind, sweeps=3000):
    """Returns V (S,) of one goal by plain synchronous sweeps from zero."""
    values = np.zeros(len(table))
    for _ in range(sweeps):
        q = discount * values[table] - cost
        top = q.max(axis=1)
        total = np.exp(beta * (q - top[:, None])).sum(axis=1)
        soft = np.log(total / (q.shape[1] if kind == "mean" else 1)) / beta
        values = top + (0 if kind == "hard" else soft)
        values[goal] = 0
    return values


def test_hard_values_are_the_distances():
    table, free = walk()
    found = value_iteration(table, free, cost=2.0)
    steps = all_pairs(table)[:, free]
    assert np.allclose(found.values[free], -2.0 * steps[free])
    exact = action_values(table, steps, step_cost=2.0)
    assert np.allclose(found.action_values[free], exact[free])
    assert found.sweeps <= 2  # begun at the solution


@pytest.mark.parametrize(("kind", "beta", "discount"), [
    ("sum", 2.5, 1.0), ("sum", 0.3, 0.9), ("mean", 0.7, 1.0), ("mean", 1.0, 0.95),
])  # fmt: skip
def test_soft_values_are_those_of_plain_sweeps(kind, beta, discount):
    table, free = walk()
    cost = np.array([0.6, 1.0, 1.0, 1.2, 1.0])
    found = soft_value_iteration(
        table, free, beta, cost=cost, discount=discount, entropy_bonus=kind == "sum"
    )
    for column, goal in enumerate(free[::4]):
        wanted = brute_force(table, goal, beta, cost, discount, kind)
        assert np.allclose(found.values[free, 4 * column], wanted[free], atol=1e-6)
    q = discount * found.values[table] - cost[None, :, None]
    assert np.allclose(found.action_values[free], q[free], atol=1e-6)


def test_soft_values_grow_into_hard_ones():
    table, free = walk()
    hard = value_iteration(table, free).values[free]
    for bonus in (True, False):
        soft = soft_value_iteration(table, free, 200.0, entropy_bonus=bonus).values[free]
        assert np.abs(soft - hard).max() < 0.15


def test_slipping_makes_a_way_longer_by_its_odds():
    table, free = walk()
    here = np.broadcast_to(np.arange(len(table))[:, None], table.shape)
    both = np.stack([table, here], axis=2)
    chances = np.broadcast_to([0.8, 0.2], both.shape)
    found = value_iteration(both, free, probabilities=chances)
    assert np.allclose(found.values[free], -all_pairs(table)[np.ix_(free, free)] / 0.8)


def test_a_risk_of_no_return_is_not_taken():
    # 0 -> 2 (the goal) or 1 (a trap) with even odds, or the long way 0 -> 3 -> 2.
    table = np.array([[[2, 1], [3, 3]], [[1, 1]] * 2, [[2, 2]] * 2, [[2, 2], [3, 3]]])
    chances = np.full(table.shape, 0.5)
    found = value_iteration(table, [2], probabilities=chances)
    assert found.values[:, 0].tolist() == [-2, -np.inf, 0, -1]
    assert found.action_values[0, :, 0].tolist() == [-np.inf, -2]


@pytest.mark.parametrize("discount", [1.0, 0.9])
def test_where_every_way_risks_a_trap_the_goal_cannot_be_reached_for_certain(discount):
    # 3 leads to 0 for certain, and from 0 both actions may lead into the trap, 1.
    table = np.array([[[2, 1], [1, 2]], [[1, 1]] * 2, [[2, 2]] * 2, [[0, 0]] * 2])
    chances = np.full(table.shape, 0.5)
    found = value_iteration(table, [2], probabilities=chances, discount=discount)
    assert found.values[:, 0].tolist() == [-np.inf, -np.inf, 0, -np.inf]


@pytest.mark.parametrize("discount", [1.0, 0.9])
def test_an_unreachable_goal_is_worth_minus_infinity(discount):
    table = np.array([[1, 0], [1, -1], [0, 2]])
    for found in (
        value_iteration(table, [0, 2], discount=discount),
        soft_value_iteration(table, [0, 2], 1.5, discount=discount),
    ):
        assert found.values[1].tolist() == [-np.inf, -np.inf]
        assert found.values[0, 1] == -np.inf
        assert found.action_values[1, 1].tolist() == [-np.inf, -np.inf]  # cannot be taken
        assert found.values[2, 1] == 0
        assert not np.isnan(found.action_values).any()


def test_softmax_shifts_by_the_maximum():
    assert np.allclose(softmax(np.array([-1e6, -1e6 - 1]), 2.0), softmax(np.array([0.0, -2.0])))
    assert softmax(np.array([-np.inf, 0.0])).tolist() == [0, 1]
    assert softmax(np.array([-np.inf, -np.inf])).tolist() == [0, 0]


@pytest.mark.parametrize("beta", [0, -1, np.inf, np.nan, True, "1", None])
def test_beta_is_positive_and_finite(beta):
    for call in (
        lambda: soft_value_iteration(np.array([[0]]), [0], beta),
        lambda: softmax([0.0], beta),
    ):
        with pytest.raises(ConfigError, match="beta is"):
            call()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"discount": 0}, "discount"),
        ({"discount": 1.1}, "discount"),
        ({"discount": np.nan}, "discount"),
        ({"cost": -1}, "cost"),
        ({"cost": [1, 1, 1]}, "cost has shape"),
        ({"cost": 0}, "make all costs positive"),
        ({"tolerance": 0}, "tolerance"),
        ({"max_sweeps": 0}, "max_sweeps"),
        ({"probabilities": np.ones((2, 2, 1))}, "together with probabilities"),
        ({"goals": [2]}, "is no state"),
    ],
)
def test_bad_input_is_named(options, message):
    given = {"successors": np.array([[1, 0], [1, 0]]), "goals": [1], **options}
    with pytest.raises(ConfigError, match=message):
        value_iteration(**given)


def test_chances_sum_to_one():
    with pytest.raises(ConfigError, match="sum to one"):
        value_iteration(np.zeros((1, 1, 2), int), [0], probabilities=np.full((1, 1, 2), 0.6))
    with pytest.raises(ConfigError, match="sum to one"):
        value_iteration(np.zeros((1, 1, 2), int), [0])


def test_values_without_bound_are_refused():
    table, free = walk()
    with pytest.raises(ConfigError, match="Raise beta"):
        soft_value_iteration(table, free[:1], 1.0, max_sweeps=200)
