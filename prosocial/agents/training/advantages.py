"""Generalised advantage estimation on arrays."""

from __future__ import annotations

import numpy as np

from .rollout import Rollout


def generalized_advantages(
    rewards: np.ndarray, rollout: Rollout, gamma: float, gae_lambda: float
) -> tuple[np.ndarray, np.ndarray]:
    """Returns advantages and value targets (Schulman et al. 2016, equation 16).

    A truncated episode is continued by the value of its last observation, a terminated one by 0.

    Args:
        rewards: What is learned from, float32 (T, B, N).
        rollout: Its values and ends of episodes.
        gamma: Discount per step, in [0, 1].
        gae_lambda: Decay of the estimator, in [0, 1].

    Returns:
        Advantages and targets (advantages + values), float32 (T, B, N).
    """
    following = np.concatenate([rollout.values[1:], rollout.last_values])
    ends = rollout.done[:, :, None]
    following = np.where(ends, rollout.final_values, following)
    errors = rewards + np.float32(gamma) * following - rollout.values
    carried = np.where(ends, np.float32(0), np.float32(gamma * gae_lambda))
    advantages = np.empty_like(errors)
    advantage = np.zeros_like(errors[0])
    for t in range(len(errors) - 1, -1, -1):
        advantage = errors[t] + carried[t] * advantage
        advantages[t] = advantage
    return advantages, advantages + rollout.values
