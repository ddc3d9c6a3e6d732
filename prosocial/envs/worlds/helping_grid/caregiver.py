"""The scripted caregiver of helping_grid: it walks to its goal and ignores what is in its way."""

from __future__ import annotations

import numpy as np
from numba import njit

from prosocial.envs.engine.grid import ahead

from .codes import BLOCKING, CAREGIVER, FORWARD, LEFT, RIGHT, STAY


@njit
def next_action(world, params):
    """Returns the caregiver's next action on its path over all cells that are not walls."""
    if params.depth_first:
        return depth_first_action(world, params)
    heading = world.heading[CAREGIVER]
    wanted = shortest_heading(world, params)
    if wanted < 0:
        return STAY
    turn = (wanted + 4 - heading) & 3
    if turn == 0:
        return FORWARD
    return LEFT if turn == 3 else RIGHT


@njit
def shortest_heading(world, params):
    """Returns the heading of a shortest path, the first of N, E, S, W that is one; -1 for none."""
    here = world.position[CAREGIVER]
    for heading in range(4):
        neighbour = here + ahead(params.width, heading)
        if world.distance[here] > 0 and world.distance[neighbour] == world.distance[here] - 1:
            return heading
    return -1


@njit
def depth_first_action(world, params):
    """Returns the action of the authors' caregiver.

    It follows the first path that a depth-first search finds, and turns right when the index of the
    heading it wants is above that of its own (east 0, south 1, west 2, north 3), else left.
    """
    wanted = depth_first_heading(world, params)
    if wanted < 0:
        return STAY
    difference = ((wanted + 3) & 3) - np.int64((world.heading[CAREGIVER] + 3) & 3)
    if difference == 0:
        return FORWARD
    return RIGHT if difference > 0 else LEFT


@njit
def depth_first_heading(world, params):
    """Returns the first heading of the first path found, trying N, S, W, E in each cell."""
    world.tried[:] = 0
    depth = 0
    cell = np.int64(world.position[CAREGIVER])
    world.queue[0] = cell
    while depth >= 0 and cell != world.goal:
        tried = world.tried[cell]
        if tried == 4:
            depth -= 1  # a dead end
            cell = np.int64(world.queue[max(depth, 0)])
            continue
        world.tried[cell] += 1
        neighbour = cell + ahead(params.width, search_order(tried))
        if world.tried[neighbour] == 0 and not BLOCKING[world.cells[neighbour]]:
            depth += 1
            world.queue[depth] = neighbour
            cell = neighbour
    if depth <= 0:
        return -1
    for heading in range(4):
        if world.queue[0] + ahead(params.width, heading) == world.queue[1]:
            return heading
    return -1


@njit
def search_order(tried):
    """Returns the heading to try after ``tried`` others: north, south, west, east."""
    if tried == 0:
        return 0
    if tried == 1:
        return 2
    return 3 if tried == 2 else 1
