"""The steps of a session as a rollout that RLlib's learner takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from prosocial.agents.training.rollout import Rollout
from prosocial.play.session.transitions import Transition

from .credit import spread


@dataclass(frozen=True)
class LiveStep:
    """A final transition and what the policy thought when it acted.

    Attributes:
        transition: What happened.
        logits: float32 (N, num_actions).
        log_probs: Of the actions taken, float32 (N,).
        values: float32 (N,).
        final_values: Value of the observations after the step, in which a truncated episode ended;
            0 elsewhere; float32 (N,).
    """

    transition: Transition
    logits: np.ndarray
    log_probs: np.ndarray
    values: np.ndarray
    final_values: np.ndarray


def live_rollout(steps: Sequence[LiveStep], last_values: np.ndarray) -> Rollout:
    """Returns consecutive steps of one world as a rollout of (T, 1, N).

    ``stock`` is NaN and ``approvals`` are 0: nobody knows what a person would have approved of.

    Args:
        steps: T >= 1 steps.
        last_values: Value of the observations after the last one, float32 (N,).
    """

    def stack(arrays: Sequence[np.ndarray]) -> np.ndarray:
        return np.stack(arrays)[:, None]

    moves = [step.transition for step in steps]
    rewards = stack([move.env_rewards for move in moves])
    length = len(steps)
    return Rollout(
        observations=stack([move.observations for move in moves]),
        actions=stack([move.actions for move in moves]),
        body_actions=stack([move.body_actions for move in moves]).astype(np.int8),
        logits=stack([step.logits for step in steps]),
        log_probs=stack([step.log_probs for step in steps]),
        values=stack([step.values for step in steps]),
        final_values=stack([step.final_values for step in steps]),
        last_values=last_values[None, None],
        env_rewards=rewards,
        social_rewards=stack([move.social_rewards for move in moves]),
        approvals=np.zeros_like(rewards),
        present=np.array([[move.present] for move in moves]),
        done=np.array([[move.done] for move in moves]),
        terminated=np.array([[move.terminated] for move in moves]),
        events=stack([move.events for move in moves]),
        time=np.array([[move.step - 1] for move in moves], np.int32),
        stock=np.full((length, 1), np.nan, np.float32),
    )


def credited(steps: Sequence[LiveStep], length: int, over: int) -> np.ndarray:
    """Returns R_s of the first steps as it is learned from, float32 (length, 1, N); see ``spread``.

    Args:
        steps: At least ``length``; later ones may give back feedback to the first.
        length: T.
        over: Steps that each feedback is spread over.
    """
    rewards = np.stack([step.transition.social_rewards for step in steps])
    numbers = np.array([step.transition.step for step in steps])
    return spread(rewards, numbers, over)[:length, None]
