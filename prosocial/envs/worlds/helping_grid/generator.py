"""Draws the mazes of helping_grid: eight walls, a ball in the way, three dead ends.

The procedure is that of the authors' offline generator (Rong & Kleiman-Weiner 2024, released code),
done in the rules with addressed random numbers instead of a file of maps. An attempt that gets
stuck is given up for a new one, as there.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from prosocial.envs.engine.grid import UNREACHABLE, ahead, distances
from prosocial.envs.engine.random import rand_below

from .codes import BALL, BLOCKING, CAREGIVER, EMPTY, GOAL, LEARNER, MAZE_SLOT, WALL

EITHER = 2  # not a side of the ball, but both


@njit
def draw_maze(world, params, key):
    """Draws walls, goal, ball and the cells of both bodies, anew until everything fits."""
    world.draws = 0
    while not (draw_walls(world, params, key) and place_objects(world, params, key)):
        pass


@njit
def draw(world, key, n):
    """Returns the next random number of this maze in [0, n)."""
    world.draws += 1
    return rand_below(key, MAZE_SLOT + world.draws, n)


@njit
def draw_walls(world, params, key):
    """Places walls one at a time, each uniform over the cells allowed; False if there are none."""
    world.cells[:] = params.blank
    for k in range(params.num_inner):
        world.pool[k] = k
    free_bits = params.all_free
    for placed in range(params.num_walls):
        free = params.num_inner - placed
        left = free
        while left > 0:  # try the free cells in random order
            chosen = draw(world, key, left)
            left -= 1
            k = world.pool[chosen]
            world.pool[chosen] = world.pool[left]
            world.pool[left] = k
            cell = params.inner[k]
            world.cells[cell] = WALL
            rest = free_bits & ~params.bits[k]
            if blocks_allowed(world.cells, params.width, cell) and connected(rest, params.stride):
                break
            world.cells[cell] = EMPTY
        else:
            return False
        world.pool[left] = world.pool[free - 1]
        free_bits = rest
    return True


@njit
def connected(free, stride):
    """Returns whether free cells, one bit each, rows ``stride`` bits apart, are in one piece."""
    reached = free & -free  # the lowest bit
    while True:
        near = reached << 1 | reached >> 1 | reached << stride | reached >> stride
        grown = reached | near & free
        if grown == reached:
            return reached == free
        reached = grown


@njit
def blocks_allowed(cells, width, cell):
    """Returns whether each 2 x 2 block around a cell is neither uniform nor a checkerboard."""
    for down in range(2):
        for right in range(2):
            corner = cell - down * width - right
            diagonal = (cells[corner] == WALL) == (cells[corner + width + 1] == WALL)
            other = (cells[corner + 1] == WALL) == (cells[corner + width] == WALL)
            if diagonal and other:
                return False
    return True


@njit
def place_objects(world, params, key):
    """Puts the ball between the caregiver and the others; False if the walls or the draw forbid it.

    The ball lies on a cell with the most free neighbours. One side is the part of the maze that
    still reaches a random corner when the ball blocks (corners are never walls), the other side is
    the rest. The caregiver starts in a dead end of one side, goal and learner lie in two dead ends
    of the other; which side is whose is random.
    """
    most = count_neighbours(world, params)
    ball = pick(world, params, key, most, EITHER)
    corner = params.corners[draw(world, key, 4)]
    world.cells[ball] = WALL
    distances(world.cells, params.width, corner, BLOCKING, world.distance, world.queue)
    world.cells[ball] = BALL
    side = draw(world, key, 2)
    caregiver = pick(world, params, key, 1, side)
    goal = pick(world, params, key, 1, 1 - side)
    if caregiver < 0 or goal < 0:
        return False
    world.cells[goal] = GOAL
    learner = pick(world, params, key, 1, 1 - side)
    if learner < 0:
        return False
    world.goal = goal
    world.position[LEARNER], world.position[CAREGIVER] = learner, caregiver
    return True


@njit
def count_neighbours(world, params):
    """Writes the number of free neighbours of each free cell, 0 for walls; returns the maximum."""
    most = 0
    for k in range(params.num_inner):
        cell = params.inner[k]
        count = 0
        if world.cells[cell] == EMPTY:
            for heading in range(4):
                count += world.cells[cell + ahead(params.width, heading)] == EMPTY
        world.degree[cell] = count
        most = max(most, count)
    return most


@njit
def pick(world, params, key, degree, side):
    """Returns a random empty cell with a number of free neighbours on a side, or -1.

    Side 0 is where ``distance`` reaches, side 1 where it does not.
    """
    count = 0
    for k in range(params.num_inner):
        cell = params.inner[k]
        there = side == EITHER or side == (world.distance[cell] == UNREACHABLE)
        if there and world.cells[cell] == EMPTY and world.degree[cell] == degree:
            world.pool[count] = cell
            count += 1
    if count == 0:
        return -1
    return np.int64(world.pool[draw(world, key, count)])
