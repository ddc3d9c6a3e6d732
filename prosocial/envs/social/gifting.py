"""Gifting: agents hand rewards to each other (Lupu & Precup 2020)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from prosocial.envs.engine import ConfigError

from .transforms_base import GroupMemory, require_number, sum_of_others

MODES = ("zero_sum", "fixed", "replenishable")


@dataclass
class Gifts(GroupMemory):
    """What a step's gifts do to the rewards of a group.

    A gift of `amount` is split equally among the n - 1 others: with a_i = 1 for whoever gives,

        r'_i = r_i - amount a_i + amount/(n - 1) sum_{j != i} a_j      zero-sum
        r'_i = r_i              + amount/(n - 1) sum_{j != i} a_j      with a budget

    With a budget a gift costs no reward but `amount` of the budget, and who has less than that left
    gives nothing. Lupu & Precup (2020) give to those in view; here everybody else gets their part.

    Attributes:
        mode: "zero_sum"; "fixed": a budget for each episode; "replenishable": the budget grows by
            the agent's own positive rewards, available from the next step on.
        amount: Worth of one gift, > 0; by default that of an apple.
        budget: What each agent can give when an episode begins, >= 0; ten gifts by default. The
            sizes are ours: those of the paper are not documented here.
    """

    mode: str = "zero_sum"
    amount: float = 1.0
    budget: float = 10.0

    def __post_init__(self) -> None:
        if self.mode not in MODES:
            raise ConfigError(f"Gifts.mode is {self.mode!r}; expected one of {', '.join(MODES)}.")
        require_number(self, "amount", 0)
        if self.amount == 0:
            raise ConfigError("Gifts.amount is 0; expected a finite number > 0.")
        require_number(self, "budget", 0)

    def begin(self, num_worlds: int, num_agents: int) -> None:
        """Prepares for B worlds with N agents; every budget is full."""
        super().begin(num_worlds, num_agents)
        if num_agents < 2:
            raise ConfigError("num_agents is 1; gifts need at least two agents.")
        shape = self._begun()
        self._budgets = np.full(shape, self.budget, np.float64)
        self.given = np.zeros(shape, np.float32)
        self.received = np.zeros(shape, np.float32)

    @property
    def budgets(self) -> np.ndarray:
        """What each agent can still give, float32 (B, N); infinite if gifts are zero-sum."""
        self._begun()
        if self.mode == "zero_sum":
            return np.full(self._begun(), np.inf, np.float32)
        return self._budgets.astype(np.float32)

    def settle(self, rewards: np.ndarray, giving: np.ndarray, done: np.ndarray) -> np.ndarray:
        """Hands over the gifts of one step; call it once for every step, in order.

        Writes `given` and `received`, float32 (B, N), the worth of this step's gifts.

        Args:
            rewards: float32 (B, N).
            giving: Who wants to give, bool (B, N).
            done: Whether each world's episode ended in this step, bool (B,).

        Returns:
            The rewards after the gifts, float32 (B, N), a new array.

        Raises:
            ConfigError: ``begin`` was not called, or a shape is wrong.
        """
        shape = self._begun()
        rewards = self._checked("rewards", rewards, shape).astype(np.float64)
        giving = self._checked("giving", giving, shape).astype(bool)
        done = self._checked("done", done, shape[:1]).astype(bool)
        if self.mode != "zero_sum":
            giving = giving & (self._budgets >= self.amount)
        given = np.where(giving, self.amount, 0.0)
        others, number = sum_of_others(given, np.ones(shape, bool))
        received = others / number
        result = rewards + received
        if self.mode == "zero_sum":
            result -= given
        else:
            self._budgets -= given
            if self.mode == "replenishable":
                self._budgets += np.maximum(rewards, 0)
            self._budgets[done] = self.budget
        self.given, self.received = given.astype(np.float32), received.astype(np.float32)
        return result.astype(np.float32)

    def state(self) -> dict[str, np.ndarray]:
        """Returns a copy of the budgets, float64 (B, N)."""
        self._begun()
        return {"budgets": self._budgets.copy()}

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Goes on with saved budgets.

        Raises:
            ConfigError: The arrays are of something else or of another batch.
        """
        super().restore(state)
        self._budgets = np.array(state["budgets"], np.float64)
