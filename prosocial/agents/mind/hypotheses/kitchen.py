"""Hypotheses about the cooks of a kitchen: which sub-task each works on."""

from __future__ import annotations

import numpy as np

from prosocial.agents.mind.delegation import kernel
from prosocial.agents.mind.delegation.beliefs import STAY_WITHOUT_TASK
from prosocial.agents.mind.delegation.models import BETA
from prosocial.agents.mind.delegation.subtask_values import SubtaskValues
from prosocial.agents.mind.inference.likelihoods import appended
from prosocial.envs.engine import World
from prosocial.envs.worlds.kitchen.codes import NUM_ACTIONS, OUTSIDE, STAY, Cell

from .base import RowHypotheses
from .situations import Situations

NONE = "none"
MOST_SITUATIONS = 2**16  # whose values are kept


class SubTasks(RowHypotheses):
    """Kind "subtasks": the sub-task that each agent works on, alone or with another, or "none".

    An action is worth minus what the sub-task costs if one begins with it, in steps (1 a step and
    0.1 an action other than staying), by the exact values of Bayesian Delegation
    (`mind.delegation.subtask_values`). An agent may work alone or with whoever suits best, who is
    taken to do the best that goes with the action. Bumping into things is impossible.

    Who works on nothing stays with probability one half at beta 1.3, the paper's rationality.
    A sub-task is available while it can be done and is on a shortest way to the dishes. When one is
    completed there are others: the posterior begins anew (``restarts``). The values are
    rows of a table (the fast path), which grows with the situations met.

    Args:
        world: A configured kitchen.

    Raises:
        ConfigError: The world is another one.
    """

    def __init__(self, world: World) -> None:
        self._values = SubtaskValues(world)
        names = [str(task) for task in self._values.subtasks]
        super().__init__(world, (*names, NONE))
        others = np.log(STAY_WITHOUT_TASK * (NUM_ACTIONS - 1) / (1 - STAY_WITHOUT_TASK)) / BETA
        self._resting = np.full(NUM_ACTIONS, -others, np.float32)
        self._resting[STAY] = 0.0
        params = world.params[0]
        places = np.flatnonzero((params["ground"] != Cell.FLOOR) & (params["ground"] != OUTSIDE))
        others = 2 * world.num_agents + world.state_dtype["delivered"].shape[0]
        self._situations = Situations(places, others)
        self._forget()

    def _forget(self) -> None:
        """Empties the table, when it has grown too large."""
        self._situations.forget()
        shape = len(self.targets), len(self.names)
        self.table = np.empty((0, NUM_ACTIONS, shape[1]), np.float32)
        self._possible = np.empty((0, *shape), np.bool_)
        self._useful = np.empty((0, shape[1] - 1), np.bool_)

    def available(self, states: np.ndarray) -> np.ndarray:
        """Returns what each agent could work on now, bool (B, N, S + 1)."""
        numbers = self._number(states)
        return self._possible[numbers]

    def rows(self, states: np.ndarray) -> np.ndarray:
        """Returns the row of each agent in each situation, int64 (B, N)."""
        size = len(self.targets)
        return self._number(states)[:, None] * size + np.arange(size)

    def restarts(self, before: np.ndarray, actions: np.ndarray, after: np.ndarray) -> np.ndarray:
        """Returns where other sub-tasks are useful than before the step, bool (B,)."""
        was, now = (self._now_useful(states) for states in (before, after))
        return (was != now).any(axis=1)

    def _now_useful(self, states: np.ndarray) -> np.ndarray:
        numbers = self._number(states)  # first: it may replace the array
        return self._useful[numbers]

    def _number(self, states: np.ndarray) -> np.ndarray:
        """Returns the numbers of the situations, int64 (B,); new ones are evaluated."""
        if self._situations.count + len(states) > max(MOST_SITUATIONS, 2 * len(states)):
            self._forget()
        numbers, new = self._situations.number(states)
        if new.size:
            self._evaluate(states[new])
        return numbers

    def _evaluate(self, states: np.ndarray) -> None:
        """Appends minus the cost of each sub-task after each action to the table."""
        useful = self._values.needs.look(states)[0]
        blank = self._values.blank(len(states), field=False)
        costs = self._values.evaluate(states, blank, useful=useful)
        best = costs.tries.transpose(0, 2, 1, 3).copy()  # (B, N, S, 5)
        shared = costs.joint_tries.reshape(*costs.joint_tries.shape[:3], NUM_ACTIONS, NUM_ACTIONS)
        for p, (one, other) in enumerate(self._values.pairs):
            np.minimum(best[:, one], shared[:, :, p].min(axis=3), out=best[:, one])
            np.minimum(best[:, other], shared[:, :, p].min(axis=2), out=best[:, other])
        values = np.where(best < kernel.IMPOSSIBLE, -best, -np.inf).astype(np.float32)
        resting = np.broadcast_to(self._resting, (*values.shape[:2], 1, NUM_ACTIONS))
        values = np.concatenate([values, resting], axis=2)  # (B, N, S + 1, 5)
        rows = np.swapaxes(values, 2, 3).reshape(-1, *self.table.shape[1:])
        self.table = appended(self.table, rows)
        self._possible = appended(self._possible, np.isfinite(values.max(axis=-1)))
        self._useful = appended(self._useful, useful)
