from __future__ import annotations

from collections import deque

import numpy as np
import pytest

from prosocial import make_batch
from prosocial.agents.partners import Partner, RandomPartner, ShortestPathOracle
from prosocial.envs.engine import ConfigError
from prosocial.envs.worlds.caregiver_grid.rules import Cell

# Goals and return per episode of 20 steps (+0.4 a goal) of the shortest-path planner and of the
# uniform random policy in an independent implementation of Rong & Kleiman-Weiner's (2024) grid,
# 400 episodes each, printed to two decimals.
PUBLISHED = {
    "1 wall": ({"num_walls": 1}, (3.89, 1.11), (0.16, -0.23)),
    "3 walls": ({"num_walls": 3}, (3.57, 1.00), (0.18, -0.22)),
    "plus": ({"layout": "plus"}, (2.88, 0.68), (0.14, -0.24)),
    "x": ({"layout": "x"}, (2.63, 0.58), (0.14, -0.24)),
    "four_rooms": ({"layout": "four_rooms"}, (3.25, 0.88), (0.15, -0.24)),
}


def play(partner, worlds=4000, seed=7, **config):
    """Plays one episode in each world; returns goals, R_e and forward moves of each, (B,)."""
    batch = make_batch("caregiver_grid", worlds, seed=seed, **config)
    batch.reset()
    partner.reset(seed)
    goals, rewards, forwards = np.zeros((3, worlds))
    for _ in range(batch.world.max_steps):
        batch.step(partner.act(batch))
        goals += batch.events["goal"][:, 0]
        rewards += batch.rewards[:, 0]
        forwards += batch.events["forward"][:, 0]
    assert batch.done.all()
    return goals, rewards, forwards


def agrees(sample, published):
    """Whether a mean lies within three standard errors of one of 400 episodes, and rounding."""
    error = sample.std() * np.sqrt(1 / len(sample) + 1 / 400)
    return abs(sample.mean() - published) < 3 * error + 0.005


@pytest.mark.parametrize("name", PUBLISHED)
def test_levels_of_oracle_and_random_policy_agree_with_the_reference(name):
    config, oracle, random = PUBLISHED[name]
    for partner, published in ((ShortestPathOracle(), oracle), (RandomPartner(), random)):
        goals, rewards, forwards = play(partner, **config)
        # The step into the goal is free, every other forward move costs 0.045.
        np.testing.assert_allclose(rewards, -0.045 * (forwards - goals), atol=1e-5)
        assert agrees(goals, published[0]), (goals.mean(), published[0])
        returns = rewards + 0.4 * goals
        assert agrees(returns, published[1]), (returns.mean(), published[1])


@pytest.mark.parametrize(
    ("config", "goals", "returns"),
    [
        ({"layout": "u"}, 2.73, 0.61),
        ({"layout": "t"}, 2.94, 0.71),
        ({"num_walls": 5}, 3.31, 0.90),
    ],
)
def test_levels_without_a_reference_are_those_of_the_docstring(config, goals, returns):
    mine, rewards, _ = play(ShortestPathOracle(), **config)
    assert abs(mine.mean() - goals) < 4 * mine.std() / np.sqrt(len(mine))
    total = rewards + 0.4 * mine
    assert abs(total.mean() - returns) < 4 * total.std() / np.sqrt(len(total))


def steps_to_goal(cells, width, position, heading, goal):
    """Fewest actions to the goal by a plain search, -1 if there is no way."""
    moves = (-width, 1, width, -1)
    seen, queue = {(position, heading)}, deque([(position, heading, 0)])
    while queue:
        cell, facing, steps = queue.popleft()
        if cell == goal:
            return steps
        ahead = cell + moves[facing]
        options = [(cell, (facing + 1) % 4), (cell, (facing - 1) % 4)]
        if cells[ahead] in (Cell.EMPTY, Cell.GOAL):
            options.append((ahead, facing))
        for option in options:
            if option not in seen:
                seen.add(option)
                queue.append((*option, steps + 1))
    return -1


@pytest.mark.parametrize("config", [{"num_walls": 5}, {"layout": "x"}, {"size": 11, "num_lava": 9}])
def test_every_goal_is_reached_in_the_fewest_steps(config):
    batch = make_batch("caregiver_grid", 30, seed=1, max_steps=200, **config)
    batch.reset()
    oracle, width = ShortestPathOracle(), int(batch.world.params["width"][0])

    def distances():
        return [
            steps_to_goal(s["cells"], width, int(s["position"]), int(s["heading"]), s["goal"])
            for s in batch.state
        ]

    before = distances()
    for _ in range(40):
        batch.step(oracle.act(batch))
        after = distances()
        for world, reached in enumerate(batch.events["goal"][:, 0]):
            if reached:
                assert before[world] == 1
            else:
                assert after[world] == before[world] - 1
        assert not batch.events["lava"].any()
        before = after


def test_a_goal_that_cannot_be_reached_costs_nothing():
    walled = """
        #####
        #A#G#
        #####
    """
    goals, rewards, forwards = play(
        ShortestPathOracle(), worlds=4, layout=walled, allow_unreachable=True
    )
    assert not goals.any()
    assert not rewards.any()
    assert not forwards.any()


def test_thrift_costs_no_goals_and_saves_moves():
    goals, rewards, _ = play(ShortestPathOracle())
    same, saved, _ = play(ShortestPathOracle(thrifty=True))
    np.testing.assert_array_equal(goals, same)
    assert (saved >= rewards).all()
    assert saved.mean() > rewards.mean() + 0.05


def test_it_is_a_deterministic_partner_for_one_world():
    oracle = ShortestPathOracle()
    assert isinstance(oracle, Partner)
    batch = make_batch("caregiver_grid", 5)
    batch.reset()
    actions = oracle.act(batch)
    assert actions.shape == (5, 1)
    assert actions.dtype == np.int64
    oracle.reset(1)
    np.testing.assert_array_equal(actions, oracle.act(batch))


def test_another_world_is_refused():
    batch = make_batch("helping_grid", 2)
    batch.reset()
    with pytest.raises(ConfigError, match=r"acts in world 'caregiver_grid'.*'helping_grid'"):
        ShortestPathOracle().act(batch)
