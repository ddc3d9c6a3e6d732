"""The PettingZoo wrappers that change rewards: conformance, arithmetic, what they leave alone."""

from __future__ import annotations

from typing import Any, cast

import gymnasium
import numpy as np
import pytest
from pettingzoo import ParallelEnv
from pettingzoo.test import parallel_api_test, parallel_seed_test
from pettingzoo.test.state_test import test_parallel_env as state_test

import prosocial
from prosocial.envs.api import Gifting, TransformedRewards
from prosocial.envs.engine import ActionError, ConfigError
from prosocial.envs.social import Gifts, InequityAversion, make_transform

HARVEST = ("commons_harvest", {"max_steps": 25, "min_steps": 25})
FISHERY = ("fishery", {"caregiver": "default", "max_rounds": 6})
WRAPPERS = {
    "inequity_aversion": lambda env: TransformedRewards(env, InequityAversion()),
    "gifting": lambda env: Gifting(env, Gifts("replenishable"), idle=0),
    "both": lambda env: TransformedRewards(Gifting(env, Gifts(), idle=0), make_transform("svo")),
}


@pytest.mark.parametrize("wrap", WRAPPERS.values(), ids=WRAPPERS)
@pytest.mark.parametrize("case", [HARVEST, FISHERY], ids=["harvest", "fishery"])
def test_they_conform(case, wrap):
    name, options = case
    parallel_api_test(wrap(prosocial.make(name, **options)), num_cycles=60)
    parallel_seed_test(lambda: wrap(prosocial.make(name, **options)), num_cycles=20)
    state_test(wrap(prosocial.make(name, **options)))


def play(env, steps, num_actions, seed=3):
    """Steps of random play over several episodes: rewards and infos, and the ends."""
    rng = np.random.default_rng(0)
    env.reset(seed=seed)
    for _ in range(steps):
        if not env.agents:
            env.reset()
        actions = {agent: int(rng.integers(num_actions)) for agent in env.possible_agents}
        _, rewards, terminations, truncations, infos = env.step(actions)
        ended = any(terminations.values()) or any(truncations.values())
        yield rewards, infos, ended


def test_rewards_are_transformed_and_infos_are_not():
    name, options = FISHERY
    plain = play(prosocial.make(name, **options), 40, 20)
    wrapped = play(TransformedRewards(prosocial.make(name, **options), InequityAversion()), 40, 20)
    expected = InequityAversion()
    expected.begin(1, 5)
    changed, ends = 0, 0
    for (rewards, infos, ended), (made, kept, _) in zip(plain, wrapped, strict=True):
        row = np.array([list(rewards.values())], np.float32)
        by_hand = expected(row, np.array([ended]))[0].tolist()
        assert list(made.values()) == by_hand
        assert all(type(reward) is float for reward in made.values())
        assert kept == infos
        changed += made != rewards
        ends += ended
    assert changed > 10
    assert ends > 3


def test_a_reset_in_mid_episode_begins_the_traces_anew():
    env = TransformedRewards(prosocial.make("fishery"), InequityAversion(alpha=1))
    actions = {agent: number for number, agent in enumerate(env.possible_agents)}
    env.reset(seed=0)
    first = env.step(actions)[1]
    env.step(actions)
    env.reset(seed=0)
    assert env.step(actions)[1] == first


def test_gifts_change_hands_and_the_body_idles():
    env = Gifting(prosocial.make("fishery"), Gifts(amount=2.0), idle=0)
    assert env.action_space("agent_1") is env.action_space("agent_1")
    assert env.action_space("agent_1").n == 102  # type: ignore[attr-defined]
    env.reset(seed=0)
    asked = dict(zip(env.agents, [101, 4, np.int64(5), 0, 1], strict=True))
    _, rewards, _, _, infos = env.step(asked)
    assert list(rewards.values()) == [-2, 4.5, 5.5, 0.5, 1.5]
    giver, taker = infos["agent_0"], infos["agent_1"]
    assert (giver["demand"], giver["env_reward"], taker["env_reward"]) == (0, 0, 4)
    assert (giver["gift_given"], taker["gift_given"]) == (2, 0)
    assert (giver["gift_received"], taker["gift_received"]) == (0, 0.5)
    assert giver["gift_budget"] == float("inf")


def test_budgets_are_told_and_full_again_after_a_reset():
    env = Gifting(prosocial.make("fishery"), Gifts("fixed", 1.0, 1.5), idle=0)
    for _ in range(2):
        _, infos = env.reset(seed=0)
        assert infos["agent_0"]["gift_budget"] == 1.5
        given = []
        for _ in range(2):
            _, rewards, _, _, infos = env.step({**dict.fromkeys(env.agents, 1), "agent_0": 101})
            given.append((rewards["agent_1"], infos["agent_0"]["gift_budget"]))
        assert given == [(1.25, 0.5), (1, 0.5)]


def test_a_world_with_a_noop_needs_no_idle_action():
    env = Gifting(prosocial.make("commons_harvest"), Gifts())
    env.reset(seed=0)
    gift = env.action_space("agent_0").n - 1  # type: ignore[attr-defined]
    before = [env.state()[:, :, 1:3].tobytes()]
    env.step(dict.fromkeys(env.agents, gift))
    assert [env.state()[:, :, 1:3].tobytes()] == before  # nobody moved or turned


class Continuous(ParallelEnv):
    possible_agents = ("a", "b")  # type: ignore[assignment]

    def action_space(self, agent):
        return gymnasium.spaces.Box(0, 1)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: TransformedRewards(prosocial.make("fishery"), cast(Any, "mean")),
            "type str; expected a Rew",
        ),
        (lambda: Gifting(prosocial.make("fishery"), Gifts()), "no action NOOP; give as idle"),
        (lambda: Gifting(prosocial.make("fishery"), Gifts(), idle=101), r"idle is 101; .*\[0, 101"),
        (lambda: Gifting(prosocial.make("fishery"), Gifts(), idle=True), "idle is True"),
        (lambda: Gifting(prosocial.make("caregiver_grid"), Gifts(), idle=0), "at least two agents"),
        (lambda: Gifting(Continuous(), Gifts(), idle=0), r"Discrete\(n\) only"),
    ],
)
def test_bad_input_is_named(make, message):
    with pytest.raises(ConfigError, match=message):
        make()


@pytest.mark.parametrize(
    ("actions", "message"),
    [
        ({"agent_0": 102}, "102"),
        ({"agent_0": None}, "None; expected an integer"),
        ({"somebody": 101}, r"\['somebody'\], who are no agents"),
        ({"agent_0": 101.0}, "is 101.0; expected an integer"),
    ],
)
def test_wrong_actions_are_named_by_the_world(actions, message):
    env = Gifting(prosocial.make("fishery"), Gifts(), idle=0)
    env.reset(seed=0)
    with pytest.raises(ActionError, match=message):
        env.step({**dict.fromkeys(env.agents, 0), **actions})
    with pytest.raises(ActionError, match=r"none for \['agent_1'"):
        env.step({"agent_0": 101})
