"""What an agent of rendezvous may be after: one of the goals, or nothing that one can tell."""

from __future__ import annotations

import numpy as np

from prosocial.agents.mind.planning.distances import action_values, distances_to, grid_successors
from prosocial.envs.engine import ConfigError, World
from prosocial.envs.worlds.rendezvous.codes import OUTSIDE, WALL

from .base import RowHypotheses

NONE = "none"  # the hypothesis of an agent that is committed to no goal


class Intentions(RowHypotheses):
    """Each agent goes to one of the goals on a shortest path, or does anything at all ("none").

    Names are "goal_0" .. "goal_{G-1}" and "none". An action is worth minus ``step_cost`` times the
    moves to the goal that begin with it; under "none" all actions are worth 0. Agents do not block
    one another in this world, so this is also each member's part of the best joint plan to a goal.
    """

    def __init__(self, world: World, step_cost: float = 1.0) -> None:
        """Plans for every cell that a goal may come to.

        Args:
            world: A configured rendezvous.
            step_cost: Cost of a step in units of reward, > 0.

        Raises:
            ConfigError: The world is another, or the cost is not a positive number.
        """
        if world.name != "rendezvous":
            raise ConfigError(
                f"Intentions are about rendezvous, but the world is {world.name!r}; use one of its "
                "own kinds of hypotheses."
            )
        params = world.params[0]
        num_goals = len(params["goals"])
        super().__init__(world, (*(f"goal_{k}" for k in range(num_goals)), NONE))
        blocking = np.zeros(256, np.uint8)
        blocking[[OUTSIDE, WALL]] = 1
        cells = params["blank"]
        moves = grid_successors(cells, int(params["width"]), blocking, params["offsets"])
        free = np.flatnonzero(blocking[cells] == 0)
        self._place = np.full(len(cells), -1, np.int64)  # of each cell among the free ones
        self._place[free] = np.arange(len(free))
        successors = self._place[moves[free]].astype(np.int32)
        values = action_values(
            successors, distances_to(successors, np.arange(len(free))), step_cost
        )
        # One more column for whoever is after nothing.
        self.table = np.concatenate([values, np.zeros_like(values[..., :1])], axis=-1)
        self._none = values.shape[-1]

    def rows(self, states: np.ndarray) -> np.ndarray:
        """Returns the place of each agent among the free cells, int64 (B, N)."""
        return self._place[states["position"]]

    def columns(self, states: np.ndarray) -> np.ndarray:
        """Returns the place of each goal among the free cells, and of none, int64 (B, G + 1)."""
        goals = self._place[states["goals"]]
        return np.concatenate([goals, np.full((len(goals), 1), self._none)], axis=1)
