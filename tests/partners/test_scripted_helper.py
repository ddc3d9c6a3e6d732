from __future__ import annotations

import numpy as np
import pytest

from prosocial import make_batch
from prosocial.agents.partners import Partner, RandomPartner, ScriptedHelper
from prosocial.envs.engine import ConfigError
from prosocial.envs.worlds.helping_grid import Action


class Idle:
    def reset(self, seed):
        pass

    def act(self, batch):
        return np.full((batch.num_worlds, 1), Action.STAY)


def play(partner, worlds=1000, steps=100, **config):
    """Returns the caregiver's goals and the learner's pickups per episode, (B,)."""
    batch = make_batch("helping_grid", worlds, seed=4, **config)
    batch.reset()
    partner.reset(4)
    goals, pickups = np.zeros((2, worlds))
    for _ in range(steps):
        batch.step(partner.act(batch))
        goals += batch.events["caregiver_goal"][:, 0]
        pickups += batch.events["pickup"][:, 0]
    return goals, pickups


def test_an_idle_learner_lets_the_caregiver_starve():
    goals, _ = play(Idle())
    assert not goals.any()


def test_a_random_learner_helps_as_seldom_as_in_the_reference():
    # 0.3 goals and 0.44 pickups a 100-step episode in an independent implementation.
    goals, pickups = play(RandomPartner(), worlds=4000)
    assert abs(goals.mean() - 0.3) < 0.05 + 4 * goals.std() / np.sqrt(4000)
    assert abs(pickups.mean() - 0.44) < 0.005 + 3 * pickups.std() * np.sqrt(1 / 4000 + 1 / 400)


@pytest.mark.parametrize(
    ("config", "least"),
    [
        ({}, 5.5),
        ({"action_set": "full"}, 5.5),
        ({"action_set": "declared"}, 5.5),  # without STAY
        ({"caregiver_path": "depth_first"}, 5.0),
    ],
)
def test_the_helper_helps(config, least):
    goals, _ = play(ScriptedHelper(), **config)
    assert goals.mean() > least
    assert goals.min() >= 1  # never trapped between caregiver and goal


def test_it_fetches_the_ball_and_steps_aside():
    crossing = """
        #######
        #C.B.G#
        ###.###
        ###L###
        #######
        #######
        #######
    """
    batch = make_batch("helping_grid", 1, seed=1, layout=crossing)
    batch.reset()
    helper, position = ScriptedHelper(), batch.state["position"][0]
    start = position.copy()
    batch.state["heading"] = [[1, 1]]  # both look east
    taken = []
    while not batch.events["caregiver_goal"].any():
        actions = helper.act(batch)
        taken.append(Action(actions[0, 0]).name)
        batch.step(actions)
        assert len(taken) < 12
    # From (3, 3) it turns north, steps up to the ball's south, takes it, and is out of the way.
    assert taken[:4] == ["LEFT", "FORWARD", "PICKUP", "STAY"]
    assert set(taken[4:]) == {"STAY"}
    assert np.array_equal(position, start)  # the new map is the same one


def test_on_the_path_it_looks_for_a_side_branch():
    corridor = """
        #######
        #CB.LG#
        ####.##
        #######
        #######
        #######
        #######
    """
    batch = make_batch("helping_grid", 1, seed=1, layout=corridor)
    batch.reset()
    batch.state["heading"] = [[3, 1]]  # the learner looks west, at the ball two cells away
    helper, taken = ScriptedHelper(), []
    while not batch.events["caregiver_goal"].any():
        actions = helper.act(batch)
        taken.append(Action(actions[0, 0]).name)
        batch.step(actions)
        assert len(taken) < 20
    aside = ["LEFT", "LEFT", "FORWARD", "RIGHT", "FORWARD"]
    assert taken[:7] == ["FORWARD", "PICKUP", *aside]
    assert set(taken[7:]) <= {"STAY"}
    assert batch.events["helped"].all()


def test_it_is_a_partner_of_one_world_and_one_learner():
    helper = ScriptedHelper()
    assert isinstance(helper, Partner)
    batch = make_batch("helping_grid", 3)
    batch.reset()
    actions = helper.act(batch)
    assert actions.shape == (3, 1)
    assert actions.dtype == np.int64
    with pytest.raises(ConfigError, match=r"acts in world 'helping_grid'.*'caregiver_grid'"):
        helper.act(make_batch("caregiver_grid", 3))
    two = make_batch("helping_grid", 3, scripted_caregiver=False)
    two.reset()
    with pytest.raises(ConfigError, match="scripted_caregiver=True"):
        helper.act(two)
