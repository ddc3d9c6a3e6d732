import numpy as np
import pytest

from prosocial.agents.training.advantages import generalized_advantages
from prosocial.agents.training.rollout import Rollout

GAMMA, LAMBDA = 0.9, 0.7


@pytest.fixture
def rollout() -> Rollout:
    """Twelve steps of two worlds with three agents; ends at different times and of both kinds."""
    rng = np.random.default_rng(1)
    shape = (12, 2, 3)
    done, terminated = np.zeros((12, 2), bool), np.zeros((12, 2), bool)
    done[[3, 8], [0, 0]] = done[[5, 11], [1, 1]] = True
    terminated[8, 0] = True
    final = rng.normal(size=shape).astype(np.float32)
    final[~(done & ~terminated)] = 0
    empty = np.zeros(shape, np.float32)
    return Rollout(
        *[empty] * 5,
        values=rng.normal(size=shape).astype(np.float32),
        final_values=final,
        last_values=rng.normal(size=(1, 2, 3)).astype(np.float32),
        env_rewards=empty,
        social_rewards=empty,
        approvals=empty,
        present=done,
        done=done,
        terminated=terminated,
        events=empty,
        time=empty,
        stock=empty,
    )


def by_definition(rewards: np.ndarray, rollout: Rollout) -> np.ndarray:
    """The weighted sum of n-step errors, written out for every start."""
    advantages = np.zeros(rewards.shape)
    steps = len(rewards)
    for start, world in np.ndindex(steps, 2):
        weight = 1.0
        for t in range(start, steps):
            ended = rollout.done[t, world]
            if ended:
                following = rollout.final_values[t, world]
            elif t + 1 < steps:
                following = rollout.values[t + 1, world]
            else:
                following = rollout.last_values[0, world]
            error = rewards[t, world] + GAMMA * following - rollout.values[t, world]
            advantages[start, world] += weight * error
            weight *= GAMMA * LAMBDA
            if ended:
                break
    return advantages


def test_advantages_are_the_discounted_sums_of_errors_up_to_the_end_of_the_episode(rollout):
    rewards = np.random.default_rng(2).normal(size=(12, 2, 3)).astype(np.float32)
    advantages, targets = generalized_advantages(rewards, rollout, GAMMA, LAMBDA)
    expected = by_definition(rewards, rollout)
    np.testing.assert_allclose(advantages, expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(targets, expected + rollout.values, rtol=1e-4, atol=1e-5)
    assert advantages.dtype == targets.dtype == np.float32
