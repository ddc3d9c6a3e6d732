"""What the learner maximises, U = R_e + P R_s + (1 - P) R_i, and how far R_i is off the truth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from prosocial.agents.internal_reward.model import InternalReward

from .rollout import Rollout


@dataclass(frozen=True)
class Utility:
    """The terms of a rollout's utility.

    Attributes:
        total: U, float32 (T, B, N).
        internal: R_i, float32 (T, B, N); 0 where the caregiver is present.
        false_positives: Steps without caregiver that the internal reward calls approved and the
            caregiver would not have approved, bool (T, B, N).
        false_negatives: The reverse, bool (T, B, N).
    """

    total: np.ndarray
    internal: np.ndarray
    false_positives: np.ndarray
    false_negatives: np.ndarray


def utility(rollout: Rollout, internal_reward: InternalReward | None) -> Utility:
    """Returns the utility of every step (Rong & Kleiman-Weiner 2024, MDP with social rewards).

    Args:
        rollout: What was experienced.
        internal_reward: Supplies R_i where the caregiver is absent; None: R_i = 0.
    """
    shape = rollout.env_rewards.shape
    present = np.broadcast_to(rollout.present[:, :, None], shape)
    # R_s is 0 in the records wherever the caregiver was absent.
    total = rollout.env_rewards + rollout.social_rewards
    internal = np.zeros(shape, np.float32)
    false_positives, false_negatives = np.zeros(shape, bool), np.zeros(shape, bool)
    absent = ~present
    if internal_reward is not None and absent.any():
        predictions = internal_reward.predict(
            rollout.observations[absent], rollout.body_actions[absent]
        )
        total[absent], internal[absent] = internal_reward.combine(
            rollout.env_rewards[absent], predictions
        )
        bound = internal_reward.config.accept_above
        accepted, approved = predictions > bound, rollout.approvals[absent] > bound
        false_positives[absent] = accepted & ~approved
        false_negatives[absent] = approved & ~accepted
    return Utility(total, internal, false_positives, false_negatives)
