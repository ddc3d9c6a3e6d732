"""Bounded real-time dynamic programming on the records of a world.

McMahan, Likhachev & Gordon (2005), "Bounded real-time dynamic programming". Trials follow the
actions that look best under a lower bound of the cost to the goal, and both bounds are backed up
along the way, until they meet at the root. The constants are those of the planner of Wu et al.
(2021), "Too many cooks", released code: alpha 0.01, tau 2, at most 75 states a trial and 100
trials, 1 for a step and 0.1 for each agent that does not stay.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from prosocial.envs.engine import Config, ConfigError, Stream, uniform_array

from .records import ROOT, RecordModel
from .search import Goal, checked_costs

Bound = Callable[[np.ndarray], np.ndarray]  # records (n,) -> costs to the goal, float (n,)
_TIE = 1e-9  # costs that differ by less are equally good


@dataclass(frozen=True)
class BRTDPConfig(Config):
    """Constants of the planner.

    Attributes:
        alpha: Gap between the bounds at the root at which planning ends, > 0.
        tau: A trial ends where the gap is below that of the root divided by this, > 1.
        max_trial: Most states of a trial, >= 1.
        max_trials: Most trials, >= 1.
        seed: Of the choice between actions that look equally good, in [0, 2**64).
    """

    alpha: float = 0.01
    tau: float = 2.0
    max_trial: int = 75
    max_trials: int = 100
    seed: int = 0

    def __post_init__(self) -> None:
        """Checks the fields."""
        self.require_number("alpha", 0)
        self.require("alpha", self.alpha > 0, "a number > 0")
        self.require_number("tau", 1)
        self.require("tau", self.tau > 1, "a number > 1")
        self.require_int("max_trial", 1)
        self.require_int("max_trials", 1)
        self.require_int("seed", 0, 2**64 - 1)


def step_costs(
    actions: np.ndarray, idle: int, time_cost: float = 1.0, action_cost: float = 0.1
) -> np.ndarray:
    """Returns the cost of joint actions (K, N): of time, and of each agent that is not idle."""
    return time_cost + action_cost * (np.asarray(actions) != idle).sum(axis=1)


class BRTDP:
    """Plans from the root of a model to a goal.

    Attributes:
        model: The graph of the records.
        trials: How many trials there were.
    """

    def __init__(
        self,
        model: RecordModel,
        goal: Goal,
        lower: Bound,
        upper: Bound,
        costs: Sequence[float] | np.ndarray | None = None,
        config: BRTDPConfig | None = None,
    ) -> None:
        """Prepares the planner; nothing is planned yet.

        Args:
            model: The graph of the records.
            goal: Which records fulfil the goal; their cost is 0.
            lower: A lower bound of the cost from records to the goal, >= 0.
            upper: An upper bound, finite where the goal can be reached.
            costs: Cost of each joint action, (K,), > 0; None for 1 each.
            config: The constants.

        Raises:
            ConfigError: A cost is not a positive finite number.
        """
        self.model, self.trials = model, 0
        self.config = config or BRTDPConfig()
        self._goal, self._bounds = goal, (lower, upper)
        self._costs = checked_costs(model, costs)
        self._low, self._high = np.zeros(0), np.zeros(0)
        self._is_end = np.zeros(0, np.bool_)

    @property
    def bounds(self) -> tuple[float, float]:
        """Lower and upper bound of the cost from the root to the goal."""
        self._grow()
        return float(self._low[ROOT]), float(self._high[ROOT])

    def plan(self) -> bool:
        """Runs trials; returns whether the bounds have met (within ``alpha``) at the root."""
        self._grow()
        while not self._solved() and self.trials < self.config.max_trials:
            self._trial()
            self.trials += 1
        return self._solved()

    def action_bounds(self) -> tuple[np.ndarray, np.ndarray]:
        """Returns lower and upper bounds of the cost by the first joint action, float64 (K,) each.

        Both are inf for an action after which the goal cannot be reached.
        """
        successors = self._successors(ROOT)
        return self._costs + self._low[successors], self._costs + self._high[successors]

    def best_actions(self) -> np.ndarray:
        """Returns the joint actions at the root with the least upper bound, bool (K,).

        That bound is what the plan is sure to cost. (The released code of Wu et al. acts on the
        lower bound, under which an action that was never looked into can seem as good.)
        """
        costs = self.action_bounds()[1]
        return costs <= costs.min() + _TIE

    def _solved(self) -> bool:
        low, high = self._low[ROOT], self._high[ROOT]
        return bool(low == high or high - low <= self.config.alpha)

    def _trial(self) -> None:
        config, states = self.config, []
        seeds, trials = np.array([config.seed], np.uint64), np.array([self.trials])
        draws = uniform_array(seeds, trials, Stream.POLICY, config.max_trial)[0]
        reach = (self._high[ROOT] - self._low[ROOT]) / config.tau
        state = ROOT
        while len(states) < config.max_trial and not self._is_end[state]:
            states.append(state)
            successors = self._successors(state)
            costs = self._backup(state, successors)
            if costs.min() == np.inf:
                break  # the goal cannot be reached from here
            best = np.flatnonzero(costs <= costs.min() + _TIE)
            state = int(successors[best[int(draws[len(states) - 1] * len(best))]])
            low, high = self._low[state], self._high[state]
            if low == high or high - low <= reach:
                break
        for state in reversed(states):
            self._backup(state, self._successors(state))

    def _backup(self, state: int, successors: np.ndarray) -> np.ndarray:
        """Tightens both bounds of a state; returns the lower bounds by action (K,)."""
        costs = self._costs + self._low[successors]
        # A bound that was given may be tighter than what follows from its neighbours'.
        self._low[state] = max(self._low[state], costs.min())
        self._high[state] = min(self._high[state], (self._costs + self._high[successors]).min())
        if costs.min() == np.inf:
            self._high[state] = np.inf
        return costs

    def _successors(self, state: int) -> np.ndarray:
        successors = self.model.successors(state)
        self._grow()
        return successors

    def _grow(self) -> None:
        """Bounds the states that the model has met since."""
        known = len(self._low)
        new = range(known, self.model.num_states)
        if len(new) == 0:
            return
        records = self.model.records(new)
        reached = np.asarray(self._goal(records), np.bool_)
        over = np.array([self.model.over(k) for k in new])
        low, high = (np.asarray(bound(records), np.float64) for bound in self._bounds)
        wrong = ~reached & ~over & ~((low >= 0) & (high >= low))
        if wrong.any():
            k = int(np.flatnonzero(wrong)[0])
            raise ConfigError(
                f"A state has the bounds {low[k]} and {high[k]}; expected 0 <= lower <= upper."
            )
        end = np.where(reached, 0.0, np.inf)  # over without the goal: no way leads there
        low, high = (np.where(reached | over, end, bound) for bound in (low, high))
        self._low, self._high = np.append(self._low, low), np.append(self._high, high)
        self._is_end = np.append(self._is_end, reached | over)
