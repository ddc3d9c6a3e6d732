import numpy as np
import pytest
import torch
from torch import nn

import prosocial
from prosocial.agents.policies import GridActorCritic, act, evaluate, sample_actions
from prosocial.agents.policies.acting import gumbel_noise
from prosocial.envs.engine.errors import ConfigError


class Turner(nn.Module):
    """Prefers action 2 (forward) where the learner looks at the goal, else action 0 (turn left)."""

    def forward(self, observations):
        ahead = observations[:, 3, 4, 3].float()
        logits = torch.stack([1 - ahead, torch.zeros_like(ahead) - 1, 2 * ahead], -1)
        return logits, torch.zeros(len(logits))


def make_batch(count: int, seed: int = 0, first: int = 0, **options):
    batch = prosocial.make_batch(
        "caregiver_grid", count, seed=seed, first=first, caregiver="default", **options
    )
    batch.reset()
    return batch


def test_sampling_follows_the_softmax():
    logits = np.array([1.0, 0.0, -2.0], np.float32)
    count = 40_000
    seeds, steps = np.full(count, 3, np.uint64), np.arange(count)
    tiled = np.broadcast_to(logits, (count, 2, 3))
    actions = sample_actions(tiled, seeds, steps)
    expected = np.exp(logits) / np.exp(logits).sum()
    for agent in range(2):
        frequencies = np.bincount(actions[:, agent], minlength=3) / count
        np.testing.assert_allclose(frequencies, expected, atol=0.01)
    assert abs(np.corrcoef(actions.T)[0, 1]) < 0.02  # agents draw by themselves


def test_noise_is_addressed_by_world_and_step():
    seeds, steps = np.array([1, 2, 3], np.uint64), np.array([7, 7, 9])
    noise = gumbel_noise(seeds, steps, 2, 4)
    assert noise.shape == (3, 2, 4)
    assert np.array_equal(gumbel_noise(seeds[1:2], steps[1:2], 2, 4)[0], noise[1])
    assert not np.array_equal(gumbel_noise(seeds[:1], steps[:1] + 1, 2, 4)[0], noise[0])


def test_a_world_gets_the_same_actions_in_any_batch():
    policy = GridActorCritic((9, 9, 4), 3, seed=1)
    whole, part = make_batch(8), make_batch(3, first=5)
    for _ in range(30):
        actions = act(policy, whole, greedy=False)
        assert np.array_equal(actions[5:], act(policy, part, greedy=False))
        whole.step(actions)
        part.step(actions[5:])
    assert np.array_equal(whole.state[5:], part.state)


def test_greedy_takes_the_likeliest_action_and_steps_nothing():
    batch = make_batch(6)
    before = batch.state.copy()
    ahead = batch.observations[:, 0, 3, 4, 3]
    assert np.array_equal(act(Turner(), batch, greedy=True)[:, 0], np.where(ahead, 2, 0))
    assert np.array_equal(batch.state, before)


def test_evaluation_reports_the_true_reward_of_each_episode():
    episodes, worlds = 7, 3
    options = {"seed": 4, "caregiver": "default"}
    rows = evaluate(Turner(), prosocial.make_batch("caregiver_grid", worlds, **options), episodes)
    assert [row["episode"] for row in rows] == list(range(episodes))
    batch = make_batch(worlds, seed=4)
    expected = []
    for _ in range(3):  # rounds of 20 steps, all worlds in step
        env, social, goals = (np.zeros(worlds) for _ in range(3))
        for _ in range(20):
            batch.step(act(Turner(), batch, greedy=True))
            env += batch.rewards[:, 0]
            social += batch.social_rewards[:, 0]
            goals += batch.events["goal"][:, 0]
        expected += list(zip(env, social, goals, strict=True))
    for row, (env, social, goals) in zip(rows, expected, strict=False):
        assert row["length"] == 20
        assert row["env_return"] == pytest.approx(env)
        assert row["social_return"] == pytest.approx(social)
        assert row["return"] == pytest.approx(env + social)
        assert row["goal"] == goals
    assert sum(row["goal"] for row in rows) > 0
    assert rows[0]["social_return"] == pytest.approx(0.4 * rows[0]["goal"])


def test_evaluation_begins_anew_each_time():
    policy = GridActorCritic((9, 9, 4), 3, seed=1)
    first = evaluate(policy, make_batch(4, seed=2), 8, greedy=False)
    assert evaluate(policy, make_batch(4, seed=2), 8, greedy=False) == first
    assert evaluate(policy, make_batch(4, seed=3), 8, greedy=False) != first


def test_episodes_of_different_length_are_counted_per_world():
    batch = prosocial.make_batch("helping_grid", 2, seed=1, caregiver="default", max_steps=6)
    rows = evaluate(GridActorCritic(batch.world.observation_shape, batch.num_actions), batch, 5)
    assert [row["length"] for row in rows] == [6] * 5


def test_bad_requests_are_refused():
    with pytest.raises(ConfigError, match="episodes=0"):
        evaluate(Turner(), make_batch(1), 0)
    world = make_batch(1).world
    stuck = prosocial.Batch(world, 1, auto_reset=False)
    with pytest.raises(ConfigError, match="auto_reset=False"):
        evaluate(Turner(), stuck, 1)
