"""Hypotheses about the learner of caregiver_grid: where it walks to, and what it values.

Reaching the goal (or lava) draws a new map in the midst of an episode. What the learner values
stays; where it walked to does not, so the kind "goals" begins anew there (``restarts``).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from prosocial.envs.engine import ConfigError, World
from prosocial.envs.engine.grid import heading_offsets
from prosocial.envs.worlds.caregiver_grid.rules import BLOCKING, Action, Cell

from .base import AgentHypotheses
from .walking import reachable_cells, values_of_cells, values_of_goal

WANTS = ("seeks_goal", "saves_steps", "avoids_goal")
INDIFFERENT = "indifferent"

_ENTERABLE = (BLOCKING == 0).astype(np.uint8)
_PASSABLE = _ENTERABLE.copy()
_PASSABLE[Cell.GOAL] = 0  # entering the goal draws a new map: no way leads through it


class Destinations(AgentHypotheses):
    """Kind "goals": the cell that the learner walks to, "cell(row,column)" of the room.

    Every cell that can be free on some map is a hypothesis; those that hold a wall or lava, or to
    which no path leads, are not available. An action is worth minus the number of actions that a
    shortest path beginning with it takes, turns included; no path leads through the goal, because
    entering it draws a new map, and lava counts as wall. At its destination the learner turns on
    the spot.

    Args:
        world: A configured caregiver_grid.
        step_cost: Cost of an action, > 0; a smaller one makes the learner less rational.

    Raises:
        ConfigError: The world is another one, or the cost is not a positive finite number.
    """

    def __init__(self, world: World, step_cost: float = 1.0) -> None:
        _check_world(world, "Destinations")
        if not (np.isfinite(step_cost) and step_cost > 0):
            raise ConfigError(f"step_cost is {step_cost!r}; expected a positive finite number.")
        params = world.params[0]
        width, margin = int(params["width"]), int(params["radius"])
        self.cells = np.flatnonzero(params["blank"] == Cell.EMPTY).astype(np.int32)  # (H,)
        rows, columns = np.divmod(self.cells, width)
        names = [f"cell({r - margin},{c - margin})" for r, c in zip(rows, columns, strict=True)]
        super().__init__(world, tuple(names))
        self._step_cost = np.float32(step_cost)
        self._offsets = heading_offsets(width)

    def available(self, states: np.ndarray) -> np.ndarray:
        """Returns the cells within reach on the present maps, bool (B, 1, H)."""
        out = np.zeros((len(states), 1, len(self.names)), np.bool_)
        reachable_cells(
            *_place(states), self._offsets, _ENTERABLE, _PASSABLE, self.cells, out[:, 0]
        )
        return out

    def action_values(self, states: np.ndarray) -> np.ndarray:
        """Returns minus ``step_cost`` for each action of a shortest path, float32 (B, 1, H, 3)."""
        out = np.zeros((len(states), 1, len(self.names), len(Action)), np.float32)
        values_of_cells(
            *_place(states), self._offsets, _ENTERABLE, _PASSABLE, self.cells, out[:, 0]
        )
        out *= self._step_cost
        return out

    def restarts(self, before: np.ndarray, actions: np.ndarray, after: np.ndarray) -> np.ndarray:
        """Returns where this step drew a new map, bool (B,)."""
        worlds = np.arange(len(before))
        heading = before["heading"].astype(np.int64)
        ahead = before["cells"][worlds, before["position"] + self._offsets[heading]]
        forward = np.asarray(actions)[:, 0] == Action.FORWARD
        return forward & ((ahead == Cell.GOAL) | (ahead == Cell.LAVA))


class Values(AgentHypotheses):
    """Kind "values": the reward weights of the learner, and how well it acts on them.

    Who has the weights (g, c) is paid g for entering the goal and charged c for every FORWARD, and
    is as rational as r says: its action values are r times the optimal ones, discounted by
    ``discount``, on the present map (what a new map may bring is left out, lava counts as wall,
    resting is worth 0).

    | name            | weights (g, c)    | what it looks like                                    |
    |-----------------|-------------------|-------------------------------------------------------|
    | seeks_goal@r    | (1, step cost)    | walks to the goal                                     |
    | saves_steps@r   | (0, step cost)    | turns on the spot: the best for R_e alone             |
    | avoids_goal@r   | (-1, 0)           | walks about, does not enter the goal in front of it   |
    | indifferent     | (0, 0)            | every action alike                                    |

    The step cost is that of the world, relative to a caregiver's reward of ``goal_reward`` for the
    goal. A learner that is being socialized moves from "saves_steps" or "indifferent" to
    "seeks_goal", from a low rationality to a high one.

    Attributes:
        weights: g and c of each hypothesis, float64 (H, 2).
        rationality: r of each hypothesis, float64 (H,); 0 for "indifferent".

    Args:
        world: A configured caregiver_grid, with drawn or fixed walls.
        rationalities: The r, each > 0 and finite, all different; 10 is loose (a detour of two steps
            next to the goal costs 0.1, so odds of e), 100 nearly strict.
        discount: In (0, 1); 0.95: a goal twenty steps off is worth a third.
        goal_reward: What entering the goal is worth to who seeks it, > 0; 0.4 in Rong &
            Kleiman-Weiner (2024).

    Raises:
        ConfigError: The world is another one, or an argument is out of its range.
    """

    def __init__(
        self,
        world: World,
        rationalities: Sequence[float] = (10.0, 30.0, 100.0),
        discount: float = 0.95,
        goal_reward: float = 0.4,
    ) -> None:
        _check_world(world, "Values")
        levels = _checked_rationalities(rationalities)
        if not 0 < discount < 1:
            raise ConfigError(f"discount is {discount!r}; expected a number between 0 and 1.")
        if not (np.isfinite(goal_reward) and goal_reward > 0):
            raise ConfigError(f"goal_reward is {goal_reward!r}; expected a positive finite number.")
        names = [f"{want}@{level:g}" for want in WANTS for level in levels]
        super().__init__(world, (*names, INDIFFERENT))
        params = world.params[0]
        cost = float(params["step_cost"]) / goal_reward
        grid = np.repeat([[1.0, cost], [0.0, cost], [-1.0, 0.0]], len(levels), axis=0)
        self.weights = np.concatenate([grid, np.zeros((1, 2))])
        self.rationality = np.array([*levels * len(WANTS), 0.0])
        self._discount = float(discount)
        self._cost, self._goal_cost = cost, cost if params["goal_step_cost"] else 0.0
        self._offsets = heading_offsets(int(params["width"]))
        self._num_levels = len(levels)

    def action_values(self, states: np.ndarray) -> np.ndarray:
        """Returns r times the value of each action, float32 (B, 1, H, 3)."""
        num_worlds, levels = len(states), self._num_levels
        wanted = np.zeros((num_worlds, len(WANTS) + 1, len(Action)), np.float32)
        cells, position, heading = _place(states)
        goal = states["goal"].astype(np.int64)
        values_of_goal(
            cells, position, heading, goal, self._offsets, _PASSABLE, 1.0, self._cost,
            self._goal_cost, self._discount, wanted[:, 0],
        )  # fmt: skip
        at_goal = position + self._offsets[heading] == goal
        forward = int(Action.FORWARD)
        # Without a reward to come the best continuation is to rest, which is worth 0.
        wanted[:, 1, forward] = np.where(at_goal, -self._goal_cost, -self._cost)
        wanted[:, 2, forward] = -1.0 * at_goal
        repeats = [levels] * len(WANTS) + [1]
        scaled = np.repeat(wanted, repeats, axis=1) * self.rationality[:, None].astype(np.float32)
        return scaled[:, None]


def _check_world(world: World, name: str) -> None:
    if world.name != "caregiver_grid":
        raise ConfigError(f"{name} are hypotheses about caregiver_grid, not about {world.name!r}.")


def _checked_rationalities(values: Sequence[float]) -> list[float]:
    levels = [float(value) for value in values]
    fits = levels and len(set(levels)) == len(levels)
    if not fits or not all(np.isfinite(level) and level > 0 for level in levels):
        raise ConfigError(
            f"rationalities is {values!r}; expected positive finite numbers, all different."
        )
    return levels


def _place(states: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns the grids uint8 (B, n), the learners' cells and their headings, int64 (B,)."""
    cells = np.ascontiguousarray(states["cells"])
    return cells, states["position"].astype(np.int64), states["heading"].astype(np.int64)
