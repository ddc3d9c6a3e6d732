"""Rewards that compare oneself with the others: inequity aversion, social value orientation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .transforms_base import GroupTransform, require_number, sum_of_others, total


@dataclass
class InequityAversion(GroupTransform):
    """Envy of those who have more, guilt towards those who have less (Hughes et al. 2018).

    With the traces e_i^t = gamma lambda e_i^{t-1} + r_i^t of recent rewards, which begin each
    episode at 0:

    u_i = r_i - alpha/(n - 1) sum_{j != i} max(e_j - e_i, 0)
              - beta/(n - 1) sum_{j != i} max(e_i - e_j, 0)

    Both terms are costs: whoever is ahead or behind gets less than their own reward, and where all
    have the same nothing changes. Learn from u, evaluate with r. In the original the agents see the
    traces of all; `traces` has them for whoever wants to show them.

    Attributes:
        alpha: Weight of disadvantageous inequity (envy), >= 0. 5 and 0.05 are the best values of
            Hughes et al. (2018).
        beta: Weight of advantageous inequity (guilt), >= 0.
        gamma: Discount factor in the decay of the traces, in [0, 1].
        trace_decay: lambda, in [0, 1]; with 0 the rewards of the moment are compared.
    """

    alpha: float = 5.0
    beta: float = 0.05
    gamma: float = 0.99
    trace_decay: float = 0.975

    def __post_init__(self) -> None:
        require_number(self, "alpha", 0)
        require_number(self, "beta", 0)
        require_number(self, "gamma", 0, 1)
        require_number(self, "trace_decay", 0, 1)

    def begin(self, num_worlds: int, num_agents: int) -> None:
        """Prepares for B worlds with N agents; all traces are 0."""
        super().begin(num_worlds, num_agents)
        self._traces = np.zeros(self._begun(), np.float64)

    @property
    def traces(self) -> np.ndarray:
        """The traces e after the last step, 0 where an episode has just ended; float32 (B, N)."""
        self._begun()
        return self._traces.astype(np.float32)

    def state(self) -> dict[str, np.ndarray]:
        """Returns a copy of the traces, float64 (B, N)."""
        self._begun()
        return {"traces": self._traces.copy()}

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Goes on with saved traces; see `RewardTransform.restore`."""
        super().restore(state)
        self._traces = np.array(state["traces"], np.float64)

    def _apply(self, rewards: np.ndarray, active: np.ndarray) -> np.ndarray:
        self._traces = np.where(active, self.gamma * self.trace_decay * self._traces + rewards, 0)
        envy, guilt = np.zeros_like(rewards), np.zeros_like(rewards)
        for other in range(rewards.shape[1]):
            ahead = self._traces[:, other : other + 1] - self._traces
            ahead = np.where(active[:, other : other + 1], ahead, 0)
            envy += np.maximum(ahead, 0)
            guilt += np.maximum(-ahead, 0)
        number = np.maximum(total(active.astype(np.float64)) - 1, 1)
        return rewards - (self.alpha * envy + self.beta * guilt) / number

    def _forget(self, done: np.ndarray) -> None:
        self._traces[done] = 0


@dataclass
class SocialValueOrientation(GroupTransform):
    """A preferred balance between own and others' reward (McKee et al. 2020).

    u_i = r_i - weight |angle - theta_i| with the reward angle theta_i = atan2(mean_{j != i} r_j,
    r_i), the difference in radians.

    Guard cases: where own reward and the others' mean are both 0, no angle is defined and nothing
    is subtracted (atan2(0, 0) = 0 would fine an altruist for every uneventful step); nor is
    anything from someone who is alone. Negative rewards give angles up to ±180 degrees; the
    difference is taken the short way round, so at most pi.

    Attributes:
        angle: Preferred angle in degrees, in [0, 90]: 0 is selfish, 45 balanced, 90 altruistic.
        weight: Reward lost per radian of difference, >= 0. 90 degrees and 1/2 are the defaults of
            SocialJax (Guo et al. 2025), which multiplies the weight by the number of agents:
            give ``weight=0.5 * n`` for its scale.
    """

    angle: float = 90.0
    weight: float = 0.5

    def __post_init__(self) -> None:
        require_number(self, "angle", 0, 90)
        require_number(self, "weight", 0)

    def _apply(self, rewards: np.ndarray, active: np.ndarray) -> np.ndarray:
        others, number = sum_of_others(rewards, active)
        mean = others / number
        difference = np.abs(np.radians(self.angle) - np.arctan2(mean, rewards))
        difference = np.minimum(difference, 2 * np.pi - difference)
        alone = total(active.astype(np.float64)) < 2
        undefined = alone | ((rewards == 0) & (mean == 0))
        return rewards - self.weight * np.where(undefined, 0, difference)
