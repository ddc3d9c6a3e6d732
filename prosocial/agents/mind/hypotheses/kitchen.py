"""Hypotheses about the cooks of a kitchen: which sub-task each works on."""

from __future__ import annotations

import numpy as np

from prosocial.agents.mind.delegation import kernel
from prosocial.agents.mind.delegation.beliefs import STAY_WITHOUT_TASK
from prosocial.agents.mind.delegation.models import BETA
from prosocial.agents.mind.delegation.subtask_values import SubtaskValues
from prosocial.envs.engine import World
from prosocial.envs.worlds.kitchen.codes import NUM_ACTIONS, STAY

from .base import AgentHypotheses

NONE = "none"


class SubTasks(AgentHypotheses):
    """Kind "subtasks": the sub-task that each agent works on, alone or with another, or "none".

    An action is worth minus what the sub-task costs if one begins with it, in steps (1 a step and
    0.1 an action other than staying), by the exact values of Bayesian Delegation
    (`mind.delegation.subtask_values`). An agent may work alone or with whoever suits best, who is
    taken to do the best that goes with the action. Bumping into things is impossible.

    Who works on nothing stays with probability one half at beta 1.3, the paper's rationality.
    A sub-task is available while it can be done and is on a shortest way to the dishes. When one is
    completed there are others: the posterior begins anew (``restarts``).

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
        self._seen = (b"", np.zeros(0, np.float32))

    def available(self, states: np.ndarray) -> np.ndarray:
        """Returns what each agent could work on now, bool (B, N, S + 1)."""
        return np.isfinite(self.action_values(states).max(axis=-1))

    def action_values(self, states: np.ndarray) -> np.ndarray:
        """Returns minus the cost of each sub-task after each action, float32 (B, N, S + 1, 5)."""
        key = states.tobytes()  # asked for the values and for what is available, one by one
        if self._seen[0] != key:
            self._seen = (key, self._evaluate(states))
        return self._seen[1].copy()

    def restarts(self, before: np.ndarray, actions: np.ndarray, after: np.ndarray) -> np.ndarray:
        """Returns where other sub-tasks are useful than before the step, bool (B,)."""
        look = self._values.needs.look
        return (look(before)[0] != look(after)[0]).any(axis=1)

    def _evaluate(self, states: np.ndarray) -> np.ndarray:
        costs = self._values.evaluate(states)
        best = costs.tries.transpose(0, 2, 1, 3).copy()  # (B, N, S, 5)
        shared = costs.joint_tries.reshape(*costs.joint_tries.shape[:3], NUM_ACTIONS, NUM_ACTIONS)
        for p, (one, other) in enumerate(self._values.pairs):
            np.minimum(best[:, one], shared[:, :, p].min(axis=3), out=best[:, one])
            np.minimum(best[:, other], shared[:, :, p].min(axis=2), out=best[:, other])
        values = np.where(best < kernel.IMPOSSIBLE, -best, -np.inf).astype(np.float32)
        resting = np.broadcast_to(self._resting, (*values.shape[:2], 1, NUM_ACTIONS))
        return np.concatenate([values, resting], axis=2)
