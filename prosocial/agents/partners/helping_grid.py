"""A learner for helping_grid that clears the caregiver's way."""

from __future__ import annotations

import numpy as np
from numba import njit

from prosocial.envs.engine import Batch, ConfigError
from prosocial.envs.engine.grid import heading_offsets
from prosocial.envs.worlds.helping_grid.codes import (
    BALL,
    CAREGIVER,
    EMPTY,
    FORWARD,
    LEARNER,
    LEFT,
    NOTHING,
    PICKUP,
    RIGHT,
    STAY,
)

from .protocol import check_world

_UNSEEN = -1


class ScriptedHelper:
    """Fetches the ball, then steps off the caregiver's path, and stays there until the next map.

    It plans from the true state, anew at every step, the fewest actions over (cell, heading): first
    to a place next to the ball, facing it; then to the nearest cell that is not on the caregiver's
    remaining way to the goal. Where the way there is blocked it stays where it is.

    Goals of the caregiver per episode of 100 steps (2,000 episodes, standard errors below 0.02):
    5.9 with this helper, 5.4 if the caregiver plans depth-first and turns as the authors' does (the
    helper still keeps the shortest way clear), 0.33 with a learner who acts at random, 0.0 with an
    idle one.
    """

    def reset(self, seed: int) -> None:
        """Does nothing: the helper is deterministic and has no memory."""

    def act(self, batch: Batch) -> np.ndarray:
        """Returns the learner's next action in each world, int64 (B, 1).

        Raises:
            ConfigError: The batch is of another world, or its caregiver is not scripted.
        """
        check_world(self, batch, "helping_grid")
        if batch.num_agents != 1:
            raise ConfigError(
                "ScriptedHelper acts for the learner alone; make helping_grid with "
                "scripted_caregiver=True."
            )
        state, params = batch.state, batch.world.params[0]
        actions = np.empty((batch.num_worlds, 1), np.int64)
        _help(
            state["cells"], state["position"], state["heading"], state["carrying"], state["goal"],
            state["distance"], heading_offsets(int(params["width"])), actions,
        )  # fmt: skip
        # Under the action set without STAY, turning on the spot is as good.
        return np.maximum(actions - int(params["first_action"]), 0)


@njit(nogil=True)
def _help(cells, position, heading, carrying, goal, distance, offsets, actions):
    """Writes the learner's action in each world; ``distance``: of each cell from the goal."""
    num_cells = cells.shape[1]
    in_the_way = np.empty(num_cells, np.bool_)
    depth, first = np.empty(4 * num_cells, np.int64), np.empty(4 * num_cells, np.int64)
    queue = np.empty(4 * num_cells, np.int64)
    for world in range(cells.shape[0]):
        fetching = carrying[world, LEARNER] == NOTHING
        in_the_way[:] = fetching
        if not fetching:
            # The caregiver's rule: the first heading that brings it nearer to the goal.
            cell = np.int64(position[world, CAREGIVER])
            while distance[world, cell] > 0:
                for facing in range(4):
                    ahead = cell + offsets[facing]
                    if distance[world, ahead] == distance[world, cell] - 1:
                        break
                cell = ahead
                in_the_way[cell] = True
        depth[:] = _UNSEEN
        start = 4 * np.int64(position[world, LEARNER]) + np.int64(heading[world, LEARNER])
        depth[start], first[start], queue[0] = 0, STAY, start
        head, tail = 0, 1
        actions[world, 0] = STAY
        while head < tail:
            node = queue[head]
            head += 1
            cell, facing = node // 4, node % 4
            ahead = cell + offsets[facing]
            if fetching and cells[world, ahead] == BALL:
                actions[world, 0] = PICKUP if node == start else first[node]
                break
            if not in_the_way[cell]:
                actions[world, 0] = first[node]
                break
            for action in (LEFT, RIGHT, FORWARD):
                if action == FORWARD:
                    if cells[world, ahead] != EMPTY:
                        continue
                    neighbour = 4 * ahead + facing
                else:
                    neighbour = 4 * cell + (facing + (3 if action == LEFT else 1)) % 4
                if depth[neighbour] == _UNSEEN:
                    depth[neighbour] = depth[node] + 1
                    first[neighbour] = action if node == start else first[node]
                    queue[tail] = neighbour
                    tail += 1
