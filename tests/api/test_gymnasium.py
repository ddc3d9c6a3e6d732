"""The Gymnasium interfaces: conformance, vector environments, agreement with a batch."""

import warnings
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AutoresetMode

import prosocial
from prosocial.envs.api import gymnasium_id, pettingzoo_id
from prosocial.envs.engine import ActionError, ConfigError

IDS = [gymnasium_id(name, 0) for name in ("caregiver_grid", "food_trucks", "helping_grid")]


def world_id(name):
    return gymnasium_id(name, 0)


def play(env, steps, seed):
    rng = np.random.default_rng(0)
    told = [env.reset(seed=seed)]
    for _ in range(steps):
        told.append(env.step(int(rng.integers(env.action_space.n))))
        if told[-1][2] or told[-1][3]:
            told.append(env.reset())
    return told


def test_every_world_with_one_agent_is_registered():
    assert {i for i in gymnasium.registry if i.startswith("prosocial/")} == set(IDS)


def test_it_conforms(single_case):
    name, options = single_case
    env = gymnasium.make(world_id(name), render_mode="rgb_array", **options)
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        # Rendering in the window is tested with the pictures.
        check_env(env.unwrapped, skip_render_check=True)
    env.close()


def test_whole_episodes_are_the_same_for_the_same_seed(single_case, canonical):
    name, options = single_case
    first, second = (play(gymnasium.make(world_id(name), **options), 230, 5) for _ in range(2))
    assert canonical(first) == canonical(second)
    other = play(gymnasium.make(world_id(name), **options), 230, 6)
    assert canonical(first) != canonical(other)


def test_it_equals_the_parallel_environment(single_case):
    name, options = single_case
    env: Any = gymnasium.make(world_id(name), **options)
    parallel = prosocial.make(name, **options)
    agent = parallel.possible_agents[0]
    observation, info = env.reset(seed=9)
    observations, infos = parallel.reset(seed=9)
    rng = np.random.default_rng(2)
    for _ in range(60):
        assert observation.tobytes() == observations[agent].tobytes()
        assert info == infos[agent]
        action = int(rng.integers(env.action_space.n))
        observation, *ours, info = env.step(action)
        observations, *theirs, infos = parallel.step({agent: action})
        assert ours == [part[agent] for part in theirs]
        if not parallel.agents:
            observation, info = env.reset()
            observations, infos = parallel.reset()


def test_a_vector_environment_conforms_to_gymnasiums_own(single_case):
    """Compared with Gymnasium's SyncVectorEnv of as many worlds, info by info."""
    name, options = single_case
    ours: Any = gymnasium.make_vec(world_id(name), num_envs=1, **options)
    theirs = gymnasium.vector.SyncVectorEnv(
        [lambda: gymnasium.make(world_id(name), **options)],
        autoreset_mode=AutoresetMode.SAME_STEP,
    )
    assert ours.metadata["autoreset_mode"] == AutoresetMode.SAME_STEP
    assert ours.observation_space == theirs.observation_space
    assert ours.action_space == theirs.action_space
    told = [env.reset(seed=4) for env in (ours, theirs)]
    ends = 0
    for step in range(230):
        for one, other in zip(*told, strict=True):
            assert_same(one, other)
        action = np.random.default_rng(step).integers(0, ours.single_action_space.n, 1)
        told = [env.step(action) for env in (ours, theirs)]
        ends += "final_obs" in told[0][-1]
    assert ends >= 2


def assert_same(one, other):
    """Compares arrays, and dictionaries of arrays whose masks say what is valid."""
    if not isinstance(one, dict):
        assert np.array_equal(np.asarray(one), np.asarray(other))
        return
    assert set(one) == set(other)
    for key, value in one.items():
        if key == "final_obs":
            for mine, theirs in zip(value, other[key], strict=True):
                assert (mine is None) == (theirs is None)
                assert mine is None or mine.tobytes() == theirs.tobytes()
        else:
            assert_same(value, other[key])


def test_a_vector_environment_equals_a_batch(single_case):
    name, options = single_case
    env = gymnasium.make_vec(world_id(name), num_envs=6, threads=2, **options)
    batch = prosocial.make_batch(name, 6, seed=2, **options)
    observations, _ = env.reset(seed=2)
    batch.reset()
    assert observations.tobytes() == batch.observations.tobytes()
    rng = np.random.default_rng(3)
    for _ in range(130):
        actions = rng.integers(0, batch.num_actions, 6)
        observations, rewards, terminated, truncated, infos = env.step(actions)
        batch.step(actions[:, None])
        assert observations.tobytes() == batch.observations.tobytes()
        total = batch.rewards[:, 0].astype(float) + batch.social_rewards[:, 0]
        assert rewards.tolist() == total.tolist()
        assert (terminated | truncated).tolist() == batch.done.tolist()
        assert infos["env_reward"][batch.done].tolist() == [0] * batch.done.sum()
    env.close()


def test_observations_of_a_vector_environment_are_copies_unless_asked():
    for copy in (True, False):
        env = gymnasium.make_vec(IDS[0], num_envs=2, copy=copy)
        before, _ = env.reset(seed=0)
        after = env.step(np.array([0, 0]))[0]
        assert np.shares_memory(before, after) != copy


def test_pettingzoos_registry_knows_the_worlds():
    registration = pytest.importorskip("pettingzoo.env_registry.registration")
    for name in prosocial.worlds():
        env = registration.make("parallel", pettingzoo_id(name, 0), caregiver="default")
        observations, _ = env.reset(seed=1)
        same, _ = prosocial.make(name, caregiver="default").reset(seed=1)
        assert {k: v.tobytes() for k, v in observations.items()} == {
            k: v.tobytes() for k, v in same.items()
        }


def test_several_agents_are_refused_with_the_way_out():
    with pytest.raises(ConfigError, match=r"learner, caregiver.*prosocial\.make"):
        gymnasium.make(world_id("helping_grid"), scripted_caregiver=False)


@pytest.mark.parametrize(
    ("actions", "message"),
    [
        (np.zeros(3, int), r"shape \(3,\); expected \(2,\)"),
        (np.zeros(2), "dtype float64"),
        (np.array([0, 7]), r"actions\[1, 0\] is 7"),
    ],
)
def test_wrong_vector_actions_are_named(actions, message):
    env = gymnasium.make_vec(IDS[0], num_envs=2)
    env.reset(seed=0)
    with pytest.raises(ActionError, match=message):
        env.step(actions)


def test_seeds_of_a_vector_environment_are_one_number():
    env: Any = gymnasium.make_vec(IDS[0], num_envs=2)
    with pytest.raises(ConfigError, match="give one integer"):
        env.reset(seed=[1, 2])


def test_zero_worlds_are_refused():
    with pytest.raises(ConfigError, match="num_worlds is 0"):
        gymnasium.make_vec(IDS[0], num_envs=0)
