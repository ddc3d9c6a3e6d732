from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from prosocial.agents.training.rollout import body_actions, collect, join, num_bodies
from prosocial.agents.training.world_setup import WorldSetup, derived_seed
from prosocial.envs.social.config import CaregiverConfig

STEPS = 45


def network(observations):
    """Logits and values that depend on what is seen, and on nothing else."""
    flat = observations.flatten(1).float()
    weights = torch.linspace(-1, 1, flat.shape[1])
    seen = flat @ weights / 50
    return torch.stack([seen, -seen, torch.cos(seen)], -1), torch.sin(seen)


def helping_network(observations):
    logits, values = network(observations)
    return torch.cat([logits, logits[:, :2]], -1)[:, :5], values


def caregiver_grid(num_worlds=4, first=0, **options):
    batch = WorldSetup("caregiver_grid", seed=3, **options).make_batch(num_worlds, first)
    batch.reset()
    return batch


@pytest.fixture
def grid():
    return collect(network, caregiver_grid(), STEPS)


def test_the_record_is_what_happened(grid):
    batch = caregiver_grid()
    for t in range(STEPS):
        assert np.array_equal(grid.observations[t], batch.observations)
        batch.step(grid.actions[t])
        assert np.array_equal(grid.env_rewards[t], batch.rewards)
        assert np.array_equal(grid.social_rewards[t], batch.social_rewards)
        assert np.array_equal(grid.events[t], batch.events)
        assert np.array_equal(grid.done[t], batch.done)
        assert np.array_equal(grid.present[t], batch.caregiver_present)
    assert grid.social_rewards.any()
    assert grid.world_steps == STEPS * 4


def test_values_and_probabilities_are_those_of_what_was_seen(grid):
    seen = torch.from_numpy(grid.observations).flatten(0, 2)
    logits, values = network(seen)
    np.testing.assert_allclose(grid.values.ravel(), values, rtol=1e-5)
    chosen = torch.distributions.Categorical(logits=logits)
    expected = chosen.log_prob(torch.from_numpy(grid.actions).flatten())
    np.testing.assert_allclose(grid.log_probs.ravel(), expected, rtol=1e-4, atol=1e-6)


def test_a_truncated_episode_is_bootstrapped_with_its_last_observation(grid):
    batch = caregiver_grid()
    for t in range(STEPS):
        batch.step(grid.actions[t])
        if batch.done.any():
            assert batch.truncated.all()
            values = network(torch.from_numpy(batch.final_observations).flatten(0, 1))[1]
            np.testing.assert_allclose(grid.final_values[t].ravel(), values, rtol=1e-5)
        else:
            assert not grid.final_values[t].any()
    assert grid.done.sum(0).tolist() == [2] * 4
    values = network(torch.from_numpy(batch.observations).flatten(0, 1))[1]
    np.testing.assert_allclose(grid.last_values[0].ravel(), values, rtol=1e-5)


def test_a_terminated_episode_has_no_future():
    setup = WorldSetup("helping_grid", {"max_steps": 10, "time_limit": "terminated"})
    batch = setup.make_batch(3)
    batch.reset()
    rollout = collect(helping_network, batch, 25)
    assert rollout.terminated.sum() == 6
    assert not rollout.final_values.any()


def test_going_on_equals_one_long_rollout(grid):
    batch = caregiver_grid()
    first, second = collect(network, batch, 20), collect(network, batch, STEPS - 20)
    assert np.array_equal(np.concatenate([first.actions, second.actions]), grid.actions)
    assert np.array_equal(
        np.concatenate([first.observations, second.observations]), grid.observations
    )


def test_runners_side_by_side_equal_one_batch(grid):
    parts = [collect(network, caregiver_grid(2, first), STEPS) for first in (0, 2)]
    joined = join(parts)
    for name in ("observations", "actions", "env_rewards", "events", "done", "body_actions"):
        assert np.array_equal(getattr(joined, name), getattr(grid, name)), name
    assert joined.last_values.shape == grid.last_values.shape
    assert join(parts[:1]) is parts[0]


def test_norms_are_asked_even_while_the_caregiver_is_away(grid):
    away = collect(network, caregiver_grid(caregiver=CaregiverConfig(schedule="never")), STEPS)
    assert np.array_equal(away.actions, grid.actions)
    assert not away.present.any()
    assert not away.social_rewards.any()
    assert np.array_equal(away.approvals, grid.social_rewards)


def test_the_actions_of_all_bodies_are_recorded_also_when_an_episode_ends():
    setup = WorldSetup("helping_grid", {"max_steps": 7})
    batch = setup.make_batch(3)
    batch.reset()
    rollout = collect(helping_network, batch, 20)
    assert rollout.body_actions.shape == (20, 3, 1, 2)
    assert np.array_equal(rollout.body_actions[..., 0], rollout.actions)
    replay = setup.make_batch(3)
    replay.reset()
    for t in range(20):
        replay.step(rollout.actions[t])
        assert np.array_equal(rollout.body_actions[t, :, 0], replay.after()["actions"])
    assert rollout.done.any()
    assert rollout.body_actions[rollout.done].any()


def test_the_actions_of_the_last_step_are_taken_from_the_episode_that_ended():
    dtype = np.dtype([("actions", "i4", 2)])
    state, final = np.zeros(2, dtype), np.zeros(2, dtype)
    state["actions"], final["actions"] = [[1, 2], [0, 0]], [[9, 9], [3, 4]]
    batch: Any = SimpleNamespace(state=state, final_states=final, done=np.array([False, True]))
    assert body_actions(batch, np.zeros((2, 1), int)).tolist() == [[[1, 2]], [[3, 4]]]


def test_the_learner_is_the_only_body_of_its_grid(grid):
    assert num_bodies(caregiver_grid().world) == 1
    assert np.array_equal(grid.body_actions[..., 0], grid.actions)


def test_derived_seeds_differ_by_purpose_and_order():
    seeds = {derived_seed(0, 1), derived_seed(0, 2), derived_seed(1, 1), derived_seed(0, 1, 2)}
    seeds |= {derived_seed(0, 2, 1), derived_seed(2**63 - 1, 1)}
    assert len(seeds) == 6
    assert all(0 <= seed < 2**63 for seed in seeds)
    assert derived_seed(0, 1) == derived_seed(0, 1)
