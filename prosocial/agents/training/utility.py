"""What the learner maximises, U = R_e + P R_s + (1 - P) R_i, and how far R_i is off the truth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from prosocial.agents.internal_reward.model import InternalReward
from prosocial.envs.social.transforms import RewardTransform

from .rollout import Rollout


@dataclass(frozen=True)
class Utility:
    """The terms of a rollout's utility.

    Attributes:
        total: U, float32 (T, B, N).
        internal: R_i, float32 (T, B, N); 0 where the caregiver is present.
        false_positives: Steps without caregiver that the internal reward calls approved (or
            disapproved) and the caregiver would not have, bool (T, B, N).
        false_negatives: Steps without caregiver that the caregiver would have approved (or
            disapproved) of and the internal reward does not, bool (T, B, N).
    """

    total: np.ndarray
    internal: np.ndarray
    false_positives: np.ndarray
    false_negatives: np.ndarray


def utility(
    rollout: Rollout,
    internal_reward: InternalReward | None,
    transform: RewardTransform | None = None,
) -> Utility:
    """Returns the utility of every step (Rong & Kleiman-Weiner 2024, MDP with social rewards).

    Args:
        rollout: What was experienced.
        internal_reward: Supplies R_i where the caregiver is absent; None: R_i = 0.
        transform: What the learners make of everybody's R_e, such as inequity aversion; None: each
            counts its own.
    """
    shape = rollout.env_rewards.shape
    env_rewards = rollout.env_rewards
    if transform is not None:
        steps = zip(rollout.env_rewards, rollout.done, strict=True)
        env_rewards = np.stack([transform(rewards, done) for rewards, done in steps])
    present = np.broadcast_to(rollout.present[:, :, None], shape)
    # R_s is 0 in the records wherever the caregiver was absent.
    total = env_rewards + rollout.social_rewards
    internal = np.zeros(shape, np.float32)
    false_positives, false_negatives = np.zeros(shape, bool), np.zeros(shape, bool)
    absent = ~present
    if internal_reward is not None and absent.any():
        predictions = internal_reward.predict(
            rollout.observations[absent], rollout.body_actions[absent], rollout.events[absent]
        )
        total[absent], internal[absent] = internal_reward.combine(env_rewards[absent], predictions)
        bound = internal_reward.config.accept_above
        judged, truth = _verdict(predictions, bound), _verdict(rollout.approvals[absent], bound)
        false_positives[absent] = (judged != 0) & (judged != truth)
        false_negatives[absent] = (truth != 0) & (judged != truth)
    return Utility(total, internal, false_positives, false_negatives)


def _verdict(scores: np.ndarray, bound: float) -> np.ndarray:
    """Returns 1 where scores approve, -1 where they disapprove, 0 elsewhere; int8."""
    return (scores > bound).astype(np.int8) - (scores < -bound)
