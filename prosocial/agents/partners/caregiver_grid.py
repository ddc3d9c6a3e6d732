"""A planner for caregiver_grid that always takes a shortest way to the goal."""

from __future__ import annotations

import numpy as np
from numba import njit

from prosocial.envs.engine import Batch
from prosocial.envs.engine.grid import heading_offsets
from prosocial.envs.worlds.caregiver_grid.rules import BLOCKING, Action

from .protocol import check_world

_UNSEEN = -1
_TURN_LEFT, _FORWARD = int(Action.TURN_LEFT), int(Action.FORWARD)


class ShortestPathOracle:
    """Reaches the goal in the fewest actions, planning from the true state anew at every step.

    It searches over (cell, heading) with the actions turn left, turn right and forward; of equally
    short paths it takes the one whose first action has the smallest number. Lava counts as wall.
    Where no path leads to the goal it turns on the spot, which costs nothing.

    Goals and return (+0.4 a goal) per episode of 20 steps, 20,000 episodes each; standard errors
    are below 0.008 and 0.004. In brackets an independent implementation of grid and planner, 400
    episodes (standard errors 0.05 and 0.02).

    | grid       | goals         | return        | return, thrifty |
    |------------|---------------|---------------|-----------------|
    | 1 wall     | 3.86 (3.89)   | 1.10 (1.11)   | 1.16            |
    | 3 walls    | 3.58 (3.57)   | 1.00 (1.00)   | 1.07            |
    | 5 walls    | 3.31          | 0.90          | 0.97            |
    | plus       | 2.90 (2.88)   | 0.69 (0.68)   | 0.78            |
    | x          | 2.63 (2.63)   | 0.58 (0.58)   | 0.67            |
    | u          | 2.73          | 0.61          | 0.71            |
    | t          | 2.94          | 0.71          | 0.79            |
    | four_rooms | 3.25 (3.25)   | 0.88 (0.88)   | 0.95            |
    """

    def __init__(self, thrifty: bool = False) -> None:
        """Chooses what the planner does when time runs out.

        Args:
            thrifty: Whether it saves the paid moves towards a goal that it cannot reach before the
                episode ends. They gain no goal: the return is higher and the goals are the same.
        """
        self.thrifty = thrifty

    def reset(self, seed: int) -> None:
        """Does nothing: the planner is deterministic and has no memory."""

    def act(self, batch: Batch) -> np.ndarray:
        """Returns the first action of a shortest path in each world, int64 (B, 1).

        Raises:
            ConfigError: The batch is of another world.
        """
        check_world(self, batch, "caregiver_grid")
        state, params = batch.state, batch.world.params[0]
        actions = np.empty((batch.num_worlds, 1), np.int64)
        furthest = np.full(batch.num_worlds, np.iinfo(np.int64).max)
        if self.thrifty:
            furthest[:] = params["max_steps"] - state["t"]
        _plan(
            state["cells"], state["position"], state["heading"], state["goal"], furthest,
            heading_offsets(int(params["width"])), BLOCKING, actions,
        )  # fmt: skip
        return actions


@njit(nogil=True)
def _plan(cells, position, heading, goal, furthest, offsets, blocking, actions):
    """Writes the first action on a shortest path of at most ``furthest`` steps in each world.

    Breadth-first search over the nodes 4 * cell + heading; without a path it turns left.
    """
    nodes = 4 * cells.shape[1]
    distance, first = np.empty(nodes, np.int64), np.empty(nodes, np.int64)
    queue = np.empty(nodes, np.int64)
    for world in range(cells.shape[0]):
        distance[:] = _UNSEEN
        start = 4 * np.int64(position[world]) + np.int64(heading[world])
        distance[start], queue[0] = 0, start
        head, tail = 0, 1
        actions[world, 0] = _TURN_LEFT
        while head < tail:
            node = queue[head]
            head += 1
            if distance[node] > furthest[world]:
                break
            if node // 4 == goal[world]:
                actions[world, 0] = first[node]
                break
            for action in range(3):
                cell, facing = node // 4, node % 4
                if action == _FORWARD:
                    cell += offsets[facing]
                    if blocking[cells[world, cell]]:
                        continue
                else:
                    facing = (facing + (3 if action == _TURN_LEFT else 1)) % 4
                neighbour = 4 * cell + facing
                if distance[neighbour] == _UNSEEN:
                    distance[neighbour] = distance[node] + 1
                    first[neighbour] = action if node == start else first[node]
                    queue[tail] = neighbour
                    tail += 1
