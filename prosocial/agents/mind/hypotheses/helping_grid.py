"""Hypotheses about both bodies of helping_grid: what the caregiver and the learner are up to."""

from __future__ import annotations

import numpy as np

from prosocial.envs.engine import ConfigError, World
from prosocial.envs.engine.grid import heading_offsets
from prosocial.envs.worlds.helping_grid.codes import BALL, BLOCKING, Cell, FullAction

from .base import AgentHypotheses
from .purposes import Room, value_purposes
from .sight import SIGHTS, check_sight, in_view

PURPOSES = (
    "to_goal", "to_goal_blocked", "fetch_ball", "make_way", "approach", "wander", "rest",
)  # fmt: skip
BODIES = ("learner", "caregiver")


class Purposes(AgentHypotheses):
    """Kind "goals": what each body is up to; targets are the learner and the caregiver.

    The caregiver is a target when it is scripted too: the record tells what it did. The actions are
    those of ``FullAction``, whatever the action set.

    | name            | whose     | what it does                                                  |
    |-----------------|-----------|---------------------------------------------------------------|
    | to_goal         | caregiver | takes a shortest way to the goal, the ball and the other body |
    |                 |           | ignored; the way is free of the ball                          |
    | to_goal_blocked | caregiver | the same where the ball lies across every way: it needs help  |
    | fetch_ball      | both      | walks to the ball and picks it up                             |
    | make_way        | learner   | steps off the caregiver's shortest way, stays off it          |
    | approach        | both      | walks up to the other body                                    |
    | wander          | both      | turns and goes forward, all three alike                       |
    | rest            | both      | stays (without STAY: turns on the spot)                       |

    An action is worth minus the number of actions until the end is reached if one begins with it;
    turns and the pick-up count, and the other body does not block.
    An action out of character costs who wanders or rests 3. Not available is what cannot be done at
    the time: no ball to fetch, no path. Whether the way is free changes when somebody takes or puts
    down the ball; then, and on a new map, the posterior begins anew (``restarts``).

    Args:
        world: A configured helping_grid.
        sight: "full": everybody sees everybody; "view": who is in the square view.

    Raises:
        ConfigError: The world is another one, or the sight is unknown.
    """

    def __init__(self, world: World, sight: str = SIGHTS[0]) -> None:
        if world.name != "helping_grid":
            raise ConfigError(
                f"Purposes are hypotheses about helping_grid, not about {world.name!r}."
            )
        super().__init__(world, PURPOSES)
        self.targets = BODIES
        self.num_actions = len(FullAction)
        params = world.params[0]
        first = int(params["first_action"])
        self._width, self._radius = int(params["width"]), int(params["radius"])
        self._scripted = bool(params["scripted"])
        walkable = np.zeros(256, np.uint8)
        walkable[[Cell.EMPTY, Cell.AGENT]] = 1
        self._room = Room(
            offsets=heading_offsets(self._width),
            open_to_all=(BLOCKING == 0).astype(np.uint8),
            walkable=walkable,
            ball=int(BALL),
            first_action=first,
            last_action=first + world.num_actions - 1,
            scripted=self._scripted,
        )
        if check_sight(sight) == "view":
            self.visible = self._visible

    def available(self, states: np.ndarray) -> np.ndarray:
        """Returns what each body could be up to now, bool (B, 2, 7)."""
        return np.isfinite(self.action_values(states).max(axis=-1))

    def action_values(self, states: np.ndarray) -> np.ndarray:
        """Returns minus the number of actions to the end, float32 (B, 2, 7, 6)."""
        out = np.zeros((len(states), len(BODIES), len(PURPOSES), self.num_actions), np.float32)
        value_purposes(
            np.ascontiguousarray(states["cells"]), states["position"].astype(np.int64),
            states["heading"].astype(np.int64), np.ascontiguousarray(states["carrying"]),
            states["goal"].astype(np.int64), np.ascontiguousarray(states["distance"]), self._room,
            out,
        )  # fmt: skip
        return out

    def actions(self, before: np.ndarray, actions: np.ndarray, after: np.ndarray) -> np.ndarray:
        """Returns what both bodies did as ``FullAction``, int64 (B, 2), from the records."""
        return after["actions"].astype(np.int64)

    def restarts(self, before: np.ndarray, actions: np.ndarray, after: np.ndarray) -> np.ndarray:
        """Returns where a new map was drawn or the ball taken or put down, bool (B,)."""
        handled = (before["carrying"] != after["carrying"]).any(axis=1)
        return handled | (before["maps"] != after["maps"])

    def _visible(self, states: np.ndarray) -> np.ndarray:
        """Returns which of the bodies each agent has in its square view, bool (B, N, 2)."""
        reach = (self._radius, self._radius, self._radius)
        seen = in_view(states["position"], states["heading"], self._width, reach)
        return seen[:, : self.world.num_agents]
