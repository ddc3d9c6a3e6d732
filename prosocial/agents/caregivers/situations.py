"""Situations in which a norm asks for something, and whether the learner did what it asks.

A caregiver that judges what a learner has understood needs to know more than its norms' scores: a
learner that never comes near the goal is never scored. Each world with such knowledge registers
itself here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np

from prosocial.envs.engine import Batch, ConfigError, World, nearest
from prosocial.envs.engine.grid import UNREACHABLE
from prosocial.envs.social import EventNorm, Norm, Restraint
from prosocial.envs.worlds.avatars.codes import APPLE
from prosocial.envs.worlds.caregiver_grid.rules import BLOCKING

from .steps import steps_to_goal


class Situations(Protocol):
    """What a teaching caregiver knows of a world.

    Attributes:
        names: Names of the K kinds of situation.
        teaches: bool (K, K); ``teaches[i, j]``: feedback in a situation of kind i also teaches what
            to do in kind j (at least itself).
    """

    names: tuple[str, ...]
    teaches: np.ndarray

    def before(self, batch: Batch) -> np.ndarray:
        """Kind of situation that each agent was in before its last action, int64 (B, N); -1: none.

        It is read from ``batch.before`` alone and knows nothing of what the agent then did.
        """
        ...

    def followed(self, batch: Batch) -> np.ndarray:
        """Whether each agent then did what the norm asks, bool (B, N); valid where there is one."""
        ...


class WayToGoal:
    """caregiver_grid, norm ``reach_goal``: how far the goal is, and whether the learner nears it.

    The distance is the exact number of steps (turns and moves) to the goal from the learner's cell
    and heading. All ways lead through the last step, the only one that the norm scores, so that
    praise there teaches what to do farther away too.
    """

    BOUNDS = (1, 3, 6)  # largest distance of each kind but the last, in steps

    def __init__(self, world: World) -> None:
        self.names: tuple[str, ...] = (
            "1 step away",
            "2 to 3 steps away",
            "4 to 6 steps away",
            "7 or more away",
        )
        self.teaches = np.triu(np.ones((4, 4), bool))
        self._width = int(world.params["width"][0])
        self._table = np.zeros((0, 0), np.int32)

    def before(self, batch: Batch) -> np.ndarray:
        """Kind by distance, int64 (B, 1); -1 where no path leads to the goal."""
        states = batch.before
        assert states is not None  # the caregiver asks for states
        cells = np.ascontiguousarray(states["cells"])
        self._table = np.empty((len(states), 4 * cells[0].size), np.int32)
        goals = np.ascontiguousarray(states["goal"]).astype(np.int64)
        steps_to_goal(cells, goals, self._width, BLOCKING, UNREACHABLE, self._table)
        distance = self._distance(states)
        kind = np.searchsorted(self.BOUNDS, distance)
        return np.where(distance == UNREACHABLE, -1, kind)[:, None]

    def followed(self, batch: Batch) -> np.ndarray:
        """Whether the learner reached the goal or came nearer, bool (B, 1)."""
        assert batch.before is not None
        nearer = self._distance(batch.after()) < self._distance(batch.before)
        redrawn = (batch.events["goal"] > 0) | (batch.events["lava"] > 0)
        return np.where(redrawn, batch.events["goal"] > 0, nearer[:, None])

    def _distance(self, states: np.ndarray) -> np.ndarray:
        place = 4 * states["position"].astype(np.int64) + states["heading"]
        return self._table[np.arange(len(states)), place]


class ApplesInReach:
    """commons_harvest, norm ``restraint``: an apple with too few live neighbours is in reach.

    The kinds are the fewest live neighbours of an apple on one of the four cells around the agent;
    it follows the norm unless it eats an apple with fewer than ``k``.
    """

    def __init__(self, world: World, k: int) -> None:
        self.names = tuple(f"an apple with {m} live neighbours in reach" for m in range(k))
        self.teaches = np.eye(k, dtype=bool)
        self._k = k
        self._offsets = world.params["offsets"][0].astype(np.int64)
        self._place_at = world.params["place_at"][0].astype(np.int64)

    def before(self, batch: Batch) -> np.ndarray:
        """Fewest live neighbours of an apple in reach, int64 (B, N); -1 with ``k`` or more."""
        states = batch.before
        assert states is not None
        here = states["position"].astype(np.int64)
        # A body that is out of the world has a cell, but nothing is in its reach.
        around = np.where(states["away"] > 0, 0, here)[:, :, None] + self._offsets
        around = np.maximum(around, 0)
        worlds = np.arange(len(states))[:, None, None]
        apples = states["cells"][worlds, around] == APPLE
        near = states["live_near"][worlds, self._place_at[around]]
        fewest = np.where(apples, near, self._k).min(2).astype(np.int64)
        absent = states["away"] > 0
        return np.where(absent | (fewest >= self._k), -1, fewest)

    def followed(self, batch: Batch) -> np.ndarray:
        """Whether each agent left such apples alone, bool (B, N)."""
        events = batch.events
        return ~((events["ate"] > 0) & (events["ate_neighbours"] < self._k))


def make_situations(world: World, norms: tuple[Norm, ...]) -> Situations:
    """Returns what a caregiver with these norms can know of a learner in a world.

    Raises:
        ConfigError: Nothing is known of such a world and norm.
    """
    make = _KNOWN.get(world.name)
    found = None if make is None else make(world, norms)
    if found is None:
        held = ", ".join(norm.name for norm in norms)
        raise ConfigError(
            f"A teaching caregiver cannot tell what a learner in {world.name!r} understands of "
            f"{held}. Known: {', '.join(f'{name} with {norm}' for name, norm in KNOWN.items())}. "
            f"{nearest(world.name, KNOWN)} Leave caregiver.teaching out for a constant caregiver."
        )
    return found


KNOWN = {"caregiver_grid": "an event norm on goal", "commons_harvest": "restraint"}
"""Worlds with situations, and the norm that they are about."""


def _way_to_goal(world: World, norms: tuple[Norm, ...]) -> Situations | None:
    goal = any(isinstance(n, EventNorm) and n.event == "goal" and n.amount > 0 for n in norms)
    return WayToGoal(world) if goal else None


def _apples_in_reach(world: World, norms: tuple[Norm, ...]) -> Situations | None:
    restraint = [n for n in norms if isinstance(n, Restraint) and n.k > 0]
    return ApplesInReach(world, restraint[0].k) if restraint else None


_KNOWN: dict[str, Callable[[World, tuple[Norm, ...]], Situations | None]] = {
    "caregiver_grid": _way_to_goal,
    "commons_harvest": _apples_in_reach,
}
