"""Schedules: when the caregiver is present.

Presence is the P of the MDP with social rewards (Rong & Kleiman-Weiner 2024): P = 1 while the
caregiver gives feedback, P = 0 while it is away. A schedule is a pure function of a world's seed
and of where the world is in its life, so a world's presence depends neither on the batch it is in
nor on earlier calls.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from prosocial.envs.engine import ConfigError, Stream, uniform_array

# The first slots of the caregiver's stream belong to the schedule: slot 0 of a step, slot 1 of an
# episode (a step and an episode of the same number must not share a draw). Noise has the others.
PRESENCE_SLOTS = 2


class Schedule(Protocol):
    """When the caregiver is present."""

    def present(self, seeds: np.ndarray, steps: np.ndarray, episodes: np.ndarray) -> np.ndarray:
        """Says for one transition of every world whether the caregiver is present.

        Args:
            seeds: (B,) uint64, one seed per world.
            steps: (B,) int64, number of the transition in the world's life, from 0, over all
                episodes.
            episodes: (B,) int64, number of the episode that the transition belongs to, from 0.

        Returns:
            (B,) bool.
        """
        ...


@dataclass(frozen=True)
class Always:
    """Present at every step."""

    def present(self, seeds: np.ndarray, steps: np.ndarray, episodes: np.ndarray) -> np.ndarray:
        """Returns all True, (B,) bool."""
        return np.ones(len(steps), bool)


@dataclass(frozen=True)
class Never:
    """Away at every step."""

    def present(self, seeds: np.ndarray, steps: np.ndarray, episodes: np.ndarray) -> np.ndarray:
        """Returns all False, (B,) bool."""
        return np.zeros(len(steps), bool)


@dataclass(frozen=True)
class Until:
    """Present for the first `step` steps of each world's life, away for ever after.

    Attributes:
        step: Steps of the world, at least 1.
    """

    step: int

    def __post_init__(self) -> None:
        if self.step < 1:
            raise ConfigError(
                f"Schedule 'until': the step is {self.step}; expected at least 1. "
                "For a caregiver who never comes use schedule 'never'."
            )

    def present(self, seeds: np.ndarray, steps: np.ndarray, episodes: np.ndarray) -> np.ndarray:
        """Returns whether the step number is below `step`, (B,) bool."""
        return steps < self.step


@dataclass(frozen=True)
class Intermittent:
    """Present with a fixed probability, drawn anew for each step or each episode of each world.

    Attributes:
        probability: Of being present, in [0, 1].
        per: "step" or "episode".
    """

    probability: float
    per: str = "step"

    def __post_init__(self) -> None:
        if not 0 <= self.probability <= 1:
            raise ConfigError(
                f"Schedule 'intermittent': the probability is {self.probability}; "
                "expected a number in [0, 1]."
            )
        if self.per not in ("step", "episode"):
            raise ConfigError(
                f"Schedule 'intermittent': it is drawn per {self.per!r}; "
                "expected 'step' or 'episode'."
            )

    def present(self, seeds: np.ndarray, steps: np.ndarray, episodes: np.ndarray) -> np.ndarray:
        """Returns one independent draw per world and step (or episode), (B,) bool."""
        by_step = self.per == "step"
        addresses = steps if by_step else episodes
        uniforms = uniform_array(seeds, addresses, Stream.CAREGIVER, PRESENCE_SLOTS)
        return uniforms[:, 0 if by_step else 1] < self.probability
