"""Rewards and feedback of a session, added up for the people to see."""

from __future__ import annotations

from collections import deque
from typing import Any

import numpy as np

from .transitions import Transition

_KEPT = 200  # finished episodes that the page draws


class Scores:
    """Sums over the steps of an episode, and the returns of those that are over.

    Attributes:
        feedback: Sum of the person's feedback on the step that is shown.
        counts: How often "praise" and "blame" were given in the session.
        given: Sum of the person's feedback in the session.
        returns: For each finished episode ``{"env": [N], "social": [N]}``, the last 200.
        episodes: How many episodes are finished.
    """

    def __init__(self, num_agents: int) -> None:
        self.feedback = 0.0
        self.given = 0.0
        self.counts = {"praise": 0, "blame": 0}
        self.returns: deque[dict[str, list[float]]] = deque(maxlen=_KEPT)
        self.episodes = 0
        self._env = np.zeros(num_agents)
        self._social = np.zeros(num_agents)

    def begin_step(self) -> None:
        """Nothing has been said about the step that is shown now."""
        self.feedback = 0.0

    def give(self, value: str, amount: float) -> None:
        """Counts one praise or blame of the step that is shown."""
        self.feedback += amount
        self.given += amount
        self.counts[value] += 1

    def finish(self, transition: Transition) -> None:
        """Adds a final step."""
        self._env += transition.env_rewards
        self._social += transition.social_rewards

    def totals(self, shown: Transition | None) -> tuple[np.ndarray, np.ndarray]:
        """Returns the sums of R_e and R_s in this episode, float64 (N,) each.

        Args:
            shown: A step that is not final yet, with the feedback so far; None if there is none.
        """
        if shown is None:
            return self._env.copy(), self._social.copy()
        return self._env + shown.env_rewards, self._social + shown.social_rewards

    def end_episode(self) -> None:
        """The episode is over; all of its steps are final."""
        self.returns.append({"env": self._env.tolist(), "social": self._social.tolist()})
        self.episodes += 1
        self._env[:] = 0
        self._social[:] = 0

    def summary(self) -> dict[str, Any]:
        """Returns what was said and earned, as plain values."""
        return {**self.counts, "total": self.given, "step": self.feedback}
