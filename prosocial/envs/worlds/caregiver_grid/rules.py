"""The rules of caregiver_grid on one record; the README beside this file states them in words."""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numba import njit

from prosocial.envs.engine.grid import UNREACHABLE, ahead, copy_view, distances
from prosocial.envs.engine.random import rand_below
from prosocial.envs.engine.world import RUNNING, TRUNCATED


class Action(IntEnum):
    """What the learner can do (MiniGrid's first three actions)."""

    TURN_LEFT = 0
    TURN_RIGHT = 1
    FORWARD = 2


class Cell(IntEnum):
    """What a cell holds; the numbers are MiniGrid's object types."""

    OUTSIDE = 0
    EMPTY = 1
    WALL = 2
    GOAL = 8
    LAVA = 9
    AGENT = 10


# MiniGrid's colour numbers: red 0, green 1, grey 5.
COLOURS = np.zeros(256, np.uint8)
COLOURS[int(Cell.WALL)] = 5
COLOURS[int(Cell.GOAL)] = 1

BLOCKING = np.ones(256, np.uint8)
BLOCKING[int(Cell.EMPTY)] = BLOCKING[int(Cell.GOAL)] = 0

TURN_LEFT, TURN_RIGHT, FORWARD = (int(action) for action in Action)
EMPTY, WALL, GOAL, LAVA, AGENT = (
    int(cell) for cell in (Cell.EMPTY, Cell.WALL, Cell.GOAL, Cell.LAVA, Cell.AGENT)
)
ANY_HEADING = 4  # params.start_heading: drawn anew for every map
# Slots of the random numbers of one attempt to draw a map; the cells follow from CELLS on.
GOAL_SLOT, HEADING_SLOT, CELLS = 0, 1, 2


@njit
def reset(world, params, key):
    """Begins an episode on a new map."""
    draw_map(world, params, key)


@njit
def step(world, params, key, actions, rewards, events):
    """Moves the learner; entering the goal or lava draws a new map and the episode goes on."""
    event = events[0]
    if actions[0] == TURN_LEFT:
        world.heading = (world.heading + 3) & 3
    elif actions[0] == TURN_RIGHT:
        world.heading = (world.heading + 1) & 3
    else:
        event.forward = 1
        target = world.position + ahead(params.width, world.heading)
        entered = world.cells[target]
        if entered != GOAL or params.goal_step_cost:
            rewards[0] = -params.step_cost
        if entered == GOAL:
            event.goal = 1
            draw_map(world, params, key)
        elif entered == LAVA:
            event.lava = 1
            draw_map(world, params, key)
        elif entered == EMPTY:
            world.position = target
        else:
            event.bump = 1
    world.t += 1
    return TRUNCATED if world.t >= params.max_steps else RUNNING


@njit
def observe(world, params, agent, out):
    """Writes the learner's view (side, side, 4): type, colour, heading of the learner, is goal."""
    copy_view(world.cells, params.width, world.position, world.heading, params.radius, out)
    for row in range(out.shape[0]):
        for column in range(out.shape[1]):
            code = out[row, column, 0]
            out[row, column, 1] = COLOURS[code]
            out[row, column, 2] = 0
            out[row, column, 3] = code == GOAL
    centre = params.radius
    out[centre, centre, 0] = AGENT
    out[centre, centre, 1] = 0
    out[centre, centre, 2] = world.heading
    out[centre, centre, 3] = 0


@njit
def draw_map(world, params, key):
    """Draws walls, lava, goal, learner and heading; again until the goal can be reached."""
    slot = 0
    while True:
        for cell in range(params.blank.shape[0]):
            world.cells[cell] = params.blank[cell]
        world.goal = params.goal_cells[rand_below(key, slot + GOAL_SLOT, params.num_goal_cells)]
        place(world, params, key, slot + CELLS)
        world.heading = params.start_heading
        if params.start_heading == ANY_HEADING:
            world.heading = rand_below(key, slot + HEADING_SLOT, 4)
        world.cells[world.goal] = GOAL
        if params.allow_unreachable:
            return
        # Walls apart from the border are few; a map costs 1.1 attempts with three of them.
        distances(world.cells, params.width, world.goal, BLOCKING, world.distance, world.pool)
        if world.distance[world.position] != UNREACHABLE:
            return
        slot += CELLS + params.num_walls + params.num_lava + 1


@njit
def place(world, params, key, slot):
    """Puts walls, lava and the learner on distinct cells other than the goal, uniformly."""
    n = 0
    for k in range(params.num_start_cells):
        if params.start_cells[k] != world.goal:
            world.pool[n] = params.start_cells[k]
            n += 1
    # A partial Fisher-Yates shuffle: the k-th place goes to a random one of the cells left.
    for k in range(params.num_walls + params.num_lava + 1):
        chosen = k + rand_below(key, slot + k, n - k)
        cell = world.pool[chosen]
        world.pool[chosen] = world.pool[k]
        if k < params.num_walls:
            world.cells[cell] = WALL
        elif k < params.num_walls + params.num_lava:
            world.cells[cell] = LAVA
        else:
            world.position = cell
