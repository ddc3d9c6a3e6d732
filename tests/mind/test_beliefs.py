"""Planning over beliefs: updates, interpolation, values against brute force, wrong input."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from prosocial.agents.mind.beliefs import (
    BeliefProblem,
    belief_values,
    exact_beliefs,
    grid_beliefs,
    interpolate,
    posterior_belief,
    simplex_grid,
)
from prosocial.envs.engine import ConfigError

CERTAIN = np.array([[[1.0, 0.0], [1.0, 0.0]], [[1.0, 0.0], [0.0, 1.0]]])  # blind, all-seeing
NOISY = np.array([[[1.0, 0.0], [1.0, 0.0]], [[0.8, 0.2], [0.3, 0.7]]])


def corridor(views=(0, 0, 1, 1), worlds=2):
    """Four places in a row with a meal at either end; the right one differs between the worlds."""
    places = np.arange(4)
    moves = np.stack([places, np.maximum(places - 1, 0), np.minimum(places + 1, 3)], axis=1)
    rewards, ends = np.zeros((2, 4, 3, worlds)), np.zeros((4, 3, worlds), bool)
    for place, action in np.ndindex(4, 3):
        if action and moves[place, action] != place and moves[place, action] in (0, 3):
            ends[place, action] = True
            rewards[:, place, action] = (
                4.0 if moves[place, action] == 0 else np.array([[9, 1], [2, 8]])
            )
    return BeliefProblem(moves, np.array([0.5, 1.0, 1.0]), rewards, ends, np.array(views))


def by_recursion(problem, likelihood, desire, discount, beta=None, steps=60):
    """Returns a function of (place, belief) that gives action values by forward search."""

    @cache
    def values(place, belief, left):
        out = []
        for action in range(3):
            b = np.array(belief)
            now = b @ problem.rewards[desire, place, action] - problem.costs[action]
            target = problem.moves[place, action]
            if left and not problem.ends[place, action].any():
                lik = likelihood[problem.views[target]]
                for percept in range(lik.shape[1]):
                    chance = b @ lik[:, percept]
                    if chance > 0:
                        new = tuple(np.round(b * lik[:, percept] / chance, 14))
                        then = np.array(values(target, new, left - 1))
                        share = np.ones(3) / 3 if beta is None else np.exp(beta * then)
                        mean = then.max() if beta is None else share @ then / share.sum()
                        now += discount * chance * mean
            out.append(now)
        return tuple(out)

    return lambda place, belief: np.array(values(place, tuple(belief), steps))


@pytest.mark.parametrize("beta", [None, 2.0])
def test_values_equal_forward_search(beta):
    problem = corridor()
    space = exact_beliefs([[0.5, 0.5], [0.2, 0.8], [1.0, 0.0]], CERTAIN)
    assert len(space.points) == 4  # and the other certainty
    found = belief_values(space, problem, discount=0.7, beta=beta)
    for desire in range(2):
        expected = by_recursion(problem, CERTAIN, desire, 0.7, beta)
        for p, belief in enumerate(space.points):
            for place in (1, 2):
                assert found[desire, place, p] == pytest.approx(expected(place, belief), abs=1e-6)


def test_information_is_worth_a_walk():
    problem = corridor(views=(0, 0, 1, 1))
    blind = corridor(views=(0, 0, 0, 0))
    space = exact_beliefs([[0.5, 0.5]], CERTAIN)
    seeing = belief_values(space, problem, discount=0.99)[0, 1, 0]
    groping = belief_values(space, blind, discount=0.99)[0, 1, 0]
    assert seeing.argmax() == 2  # to the right, where the worlds look different
    assert seeing[2] > groping[2]
    assert seeing[1] == pytest.approx(groping[1])


def test_a_grid_comes_near_to_exact_values_and_keeps_certain_beliefs():
    problem = corridor()
    exact = exact_beliefs(simplex_grid(2, 10), CERTAIN)
    grid = grid_beliefs(CERTAIN, 10)
    assert belief_values(grid, problem) == pytest.approx(belief_values(exact, problem), abs=1e-7)
    assert grid.following.shape == (2, 11, 2, 2)
    # Noisy percepts: interpolated values are an upper bound that falls as the grid gets finer.
    expected = by_recursion(problem, NOISY, 0, 0.6, steps=9)(1, (0.5, 0.5))
    errors = []
    for resolution in (2, 10, 50):
        space = grid_beliefs(NOISY, resolution)
        middle = space.index([0.5, 0.5])
        errors.append(belief_values(space, problem, discount=0.6)[0, 1, middle] - expected)
    assert all((error > -0.05).all() for error in errors)  # the search stops after nine steps
    sizes = [np.abs(error).max() for error in errors]
    assert sizes[0] >= sizes[1] >= sizes[2]
    assert sizes[2] < 0.03


@pytest.mark.parametrize(("worlds", "resolution"), [(2, 1), (2, 10), (3, 4), (5, 3)])
def test_interpolation_keeps_the_mean(worlds, resolution):
    rng = np.random.default_rng(0)
    grid = simplex_grid(worlds, resolution)
    beliefs = np.concatenate([rng.dirichlet(np.ones(worlds), 40), grid])
    corners, shares = interpolate(beliefs, resolution)
    assert (shares[..., None] * corners).sum(axis=1) == pytest.approx(beliefs, abs=1e-12)
    assert shares.sum(axis=1) == pytest.approx(1)
    assert shares.min() >= 0
    used = corners[shares > 1e-12]
    assert np.abs(used[:, None] - grid[None]).max(axis=2).min(axis=1).max() < 1e-9
    assert (shares[40:].max(axis=1) > 1 - 1e-12).all()  # a point of the grid is itself


def test_updates_keep_the_mean_of_the_belief_and_its_mass():
    space = grid_beliefs(NOISY, 7)
    mass = np.random.default_rng(1).dirichlet(np.ones(8))
    moved = space.spread(mass, 1, 0)
    assert moved.sum() == pytest.approx(1)
    expected = mass @ posterior_belief(space.points, NOISY[1, :, 0])
    assert moved @ space.points == pytest.approx(expected, abs=1e-12)
    assert space.spread(mass, 0, 0) == pytest.approx(mass)  # nothing seen, nothing changed
    # Averaged over what may be perceived, a belief stays what it is.
    for p, point in enumerate(space.points):
        mean = sum(
            space.chance[1, p, o] * space.spread(np.eye(8)[p], 1, o) @ space.points for o in (0, 1)
        )
        assert mean == pytest.approx(point, abs=1e-12)


def test_an_impossible_percept_changes_nothing():
    belief = np.array([[1.0, 0.0], [0.4, 0.6]])
    assert posterior_belief(belief, np.array([0.0, 1.0])).tolist() == [[1.0, 0.0], [0.0, 1.0]]
    space = exact_beliefs([[1.0, 0.0]], CERTAIN)
    assert space.following[1, 0, 1, 0] == 0
    assert space.chance[1, 0, 1] == 0


def ending_in_one_world():
    problem = corridor()
    ends = problem.ends.copy()
    ends[2, 2, 1] = False
    return BeliefProblem(
        problem.moves, problem.costs, problem.rewards, ends, np.array([0, 0, 0, 0])
    )


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: exact_beliefs([[0.5, 0.6]], CERTAIN), "rows of initial sum to"),
        (lambda: exact_beliefs([[1.5, -0.5]], CERTAIN), "initial must be a table of prob"),
        (
            lambda: exact_beliefs([[0.2, 0.3, 0.5]], CERTAIN),
            "about 3 worlds and likelihood about 2",
        ),
        (lambda: exact_beliefs([[0.5, 0.5]], NOISY, limit=50), "More than 50 beliefs"),
        (lambda: grid_beliefs(NOISY * 0.5, 4), "rows of likelihood sum to"),
        (lambda: grid_beliefs(NOISY[0], 4), "likelihood has shape"),
        (lambda: grid_beliefs(NOISY, 0), "resolution 0; expected both >= 1"),
        (lambda: grid_beliefs(NOISY, 4).index([0.1, 0.9]), "none of the points"),
        (
            lambda: belief_values(grid_beliefs(NOISY, 4), corridor(), discount=0.0),
            "discount is 0.0",
        ),
        (lambda: belief_values(grid_beliefs(NOISY, 4), corridor(), beta=0.0), "beta is 0.0"),
        (lambda: belief_values(grid_beliefs(NOISY, 4), corridor(), beta=np.inf), "beta is inf"),
        (
            lambda: belief_values(grid_beliefs(NOISY, 4), corridor(), max_sweeps=2),
            "still change after 2 sweeps",
        ),
        (
            lambda: belief_values(grid_beliefs(NOISY, 4), ending_in_one_world()),
            "Action 2 in place 2 ends in some worlds only",
        ),
    ],
)
def test_wrong_input_is_named(call, message):
    with pytest.raises(ConfigError, match=message):
        call()
