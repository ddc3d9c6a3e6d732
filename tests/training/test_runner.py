import random

import numpy as np
import pytest
import ray
import torch
from ray.rllib.core import COMPONENT_RL_MODULE
from safetensors.numpy import load

from prosocial.agents.training.config import PPOConfig, TrainConfig
from prosocial.agents.training.rllib_config import LEARNER, algorithm_config
from prosocial.agents.training.rollout import join
from prosocial.agents.training.runner import WORLDS, BatchEnvRunner, share
from prosocial.agents.training.world_setup import WorldSetup
from prosocial.envs.engine import build
from prosocial.envs.engine.errors import ConfigError, ResetNeededError
from prosocial.envs.social.config import CaregiverConfig

SETUP = WorldSetup("caregiver_grid", {"num_walls": 2}, seed=8)
LATER = WorldSetup("caregiver_grid", {"num_walls": 2}, CaregiverConfig(schedule="never"), seed=9)


def make_runner(index: int = 0, count: int = 0, seed: int = 1) -> BatchEnvRunner:
    ppo = PPOConfig(num_worlds=6, rollout_steps=150, minibatch_size=30)
    config = TrainConfig(seed=seed, ppo=ppo)
    settings = algorithm_config(config, build("caregiver_grid"))
    return BatchEnvRunner(config=settings, worker_index=index, num_workers=count)


@pytest.fixture
def weights():
    return make_runner(seed=2).module.get_state()


def same(a, b) -> bool:
    names = ("observations", "actions", "env_rewards", "social_rewards", "done", "present")
    return all(np.array_equal(getattr(a, n), getattr(b, n)) for n in names)


def test_rollouts_have_the_configured_size_and_no_cluster_is_started(weights):
    rollout, worlds = make_runner().collect(weights, SETUP, None)
    assert rollout.actions.shape == (25, 6, 1)
    assert len(load(worlds.tobytes())["worlds"]) == 6
    assert not ray.is_initialized()


def test_the_runners_together_step_the_worlds_of_one(weights):
    whole, after = make_runner().collect(weights, SETUP, None)
    parts = [make_runner(index, 3).collect(weights, SETUP, None) for index in (1, 2, 3)]
    assert same(join([rollout for rollout, _ in parts]), whole)
    memories = [load(worlds.tobytes()) for _, worlds in parts]
    for name, array in load(after.tobytes()).items():
        assert np.array_equal(np.concatenate([memory[name] for memory in memories]), array), name


def test_worlds_as_version_0_1_saved_them_are_taken_over(weights):
    runner = make_runner()
    _, worlds = runner.collect(weights, SETUP, None)
    second, _ = runner.collect(weights, SETUP, worlds)
    bare = load(worlds.tobytes())["worlds"]
    assert same(make_runner().collect(weights, SETUP, bare)[0], second)


@pytest.mark.parametrize(("worlds", "runners"), [(6, 3), (7, 3), (16, 1)])
def test_every_world_has_one_runner(worlds, runners):
    shares = [share(worlds, runner, runners) for runner in range(runners)]
    covered = [world for first, count in shares for world in range(first, first + count)]
    assert covered == list(range(worlds))


def test_collecting_depends_on_the_request_alone(weights):
    runner = make_runner()
    first, worlds = runner.collect(weights, SETUP, None)
    second, _ = runner.collect(weights, SETUP, worlds)
    runner.collect(make_runner(seed=3).module.get_state(), LATER, None)
    assert same(runner.collect(weights, SETUP, worlds)[0], second)
    assert same(make_runner().collect(weights, SETUP, worlds)[0], second)
    assert same(runner.collect(weights, SETUP, None)[0], first)
    assert not same(first, second)


def test_a_phase_brings_its_own_worlds_and_caregiver(weights):
    runner = make_runner()
    first, _ = runner.collect(weights, SETUP, None)
    later, _ = runner.collect(weights, LATER, None)
    assert first.present.all()
    assert not later.present.any()
    assert not np.array_equal(first.observations[0], later.observations[0])


def test_setting_the_present_phase_again_changes_nothing():
    runner = make_runner()
    runner.set_phase(SETUP)
    runner.sample()
    before = runner.get_state()[WORLDS]
    runner.set_phase(WorldSetup("caregiver_grid", {"num_walls": 2}, seed=8))
    assert np.array_equal(runner.get_state()[WORLDS], before)


def test_state_is_weights_and_worlds():
    runner, other = make_runner(), make_runner(seed=5)
    for each in (runner, other):
        each.set_phase(SETUP)
    runner.sample()
    other.set_state(runner.get_state())
    ours, theirs = runner.sample(), other.sample()
    assert same(ours, theirs)
    assert np.array_equal(ours.logits, theirs.logits)
    assert set(runner.get_state(components=WORLDS)) == {WORLDS}
    assert COMPONENT_RL_MODULE not in runner.get_state(not_components=COMPONENT_RL_MODULE)


def test_weights_reach_the_policy(weights):
    runner = make_runner(seed=3)
    runner.collect(weights, SETUP, None)
    held = runner.module[LEARNER].get_state()
    assert all(np.array_equal(held[n], w) for n, w in weights[LEARNER].items())


def test_sampling_without_a_phase_is_refused():
    with pytest.raises(ResetNeededError, match="set_phase"):
        make_runner().sample()
    with pytest.raises(ConfigError, match="set_phase"):
        make_runner().set_state({WORLDS: np.zeros((6, 4), np.uint8)})


def test_sampling_touches_no_global_generator(weights):
    runner = make_runner()
    before = torch.get_rng_state(), random.getstate(), str(np.random.get_state())  # noqa: NPY002
    runner.collect(weights, SETUP, None)
    assert torch.equal(torch.get_rng_state(), before[0])
    assert random.getstate() == before[1]
    assert str(np.random.get_state()) == before[2]  # noqa: NPY002
