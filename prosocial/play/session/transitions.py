"""What happened in one step, once all feedback on it has been given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from prosocial.envs.engine import Batch


@dataclass(frozen=True)
class Transition:
    """One step of one world with N agents, final: the next step has begun or the session is over.

    Attributes:
        observations: What the agents saw before they acted, uint8 (N, *observation_shape).
        actions: What they chose, int64 (N,).
        body_actions: What every body really did, int16 (N, K): K = 1 for the agent itself; more
            where the world records the actions of bodies that are no agents.
        env_rewards: R_e, float32 (N,).
        social_rewards: R_s, float32 (N,): the sum of ``social_by_norm`` over its first axis.
        social_by_norm: float32 (K', N): the scripted norms, then the person's feedback, if there
            is a seat for one.
        events: Structured (N,), uint8 counts.
        present: Whether a caregiver, scripted or a person, was there.
        done: Whether the episode ended in this step.
        terminated: It ended for good (value 0 beyond), not by a time limit.
        next_observations: What the agents saw after the step, before any reset, uint8 (N, ...).
        seed: Seed of the world, as in its record.
        lifetime: Steps of the world before this one, over all episodes: with ``seed`` the address
            of every random number of the step.
        episode: Number of the episode, from 0.
        step: Number of the step in its episode, from 1: what the page showed.
    """

    observations: np.ndarray
    actions: np.ndarray
    body_actions: np.ndarray
    env_rewards: np.ndarray
    social_rewards: np.ndarray
    social_by_norm: np.ndarray
    events: np.ndarray
    present: bool
    done: bool
    terminated: bool
    next_observations: np.ndarray
    seed: int
    lifetime: int
    episode: int
    step: int


class Learner(Protocol):
    """Who acts for the agents that no person plays and no partner has, and may learn.

    The order is: ``act`` for a step, then ``take`` of that step's transition as soon as it is
    final, then ``act`` for the next. All of it must follow from the configuration and the calls
    alone, so that a session that was resumed comes to the same learner by making them again.
    """

    def act(self, batch: Batch) -> np.ndarray:
        """Returns the next actions of all agents, int64 (1, N); those of others are ignored."""
        ...

    def take(self, transition: Transition) -> None:
        """Learns from a transition that is final, or keeps it for later."""
        ...

    def status(self) -> str:
        """Returns in a few words how the learning stands, for the page; "" for nothing."""
        ...

    def save(self, folder: str) -> None:
        """Writes what was learned to a folder, at the end of the session."""
        ...
