"""Small social experience for the tests of the internal reward."""

from collections.abc import Callable

import numpy as np
import pytest

from prosocial.agents.internal_reward.data import SocialExperience

SHAPE = (5, 5, 3)
FORWARD = 2
GOAL = 8

Make = Callable[..., SocialExperience]


@pytest.fixture
def make_experience() -> Make:
    """Makes experience in which stepping forward is rewarded if the cell ahead is a goal."""

    def make(count: int = 400, seed: int = 0, blame: bool = False) -> SocialExperience:
        rng = np.random.default_rng(seed)
        observations = np.zeros((count, *SHAPE), np.uint8)
        observations[..., 0] = 1
        observations[:, 2, 2, 0] = 10
        ahead = rng.random(count) < 0.3
        observations[ahead, 1, 2, 0] = GOAL
        lava = ~ahead & (rng.random(count) < 0.3)
        observations[lava, 1, 2, 0] = 9
        actions = rng.integers(0, 3, (count, 1))
        forward = actions[:, 0] == FORWARD
        rewards = np.where(ahead & forward, 0.4, 0.0).astype(np.float32)
        if blame:
            rewards[lava & forward] = -0.2
        experience = SocialExperience(SHAPE)
        costs = np.where(forward & ~ahead, -0.045, 0.0).astype(np.float32)
        experience.append(observations, actions, rewards, env_rewards=costs)
        return experience

    return make
