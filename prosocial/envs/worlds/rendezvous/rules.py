"""The rules of rendezvous on one record; the README beside this file states them in words."""

from __future__ import annotations

import numpy as np
from numba import njit

from prosocial.envs.engine.random import rand_below, uniform
from prosocial.envs.engine.world import RUNNING, TRUNCATED

from .codes import EMPTY, GOAL, MOVE, MOVE_SLOT, RESTART, START_SLOT, STAY, WANDER_SLOT


@njit
def reset(world, params, key):
    """Begins an episode: everybody on a start cell, the goals on theirs."""
    world.rounds = 0
    for goal in range(world.goals.shape[0]):
        world.captured[goal] = 0
    set_up(world, params, key)


@njit
def set_up(world, params, key):
    """Puts the goals on the cells of the map and every agent on a uniformly drawn start cell."""
    for cell in range(params.blank.shape[0]):
        world.cells[cell] = params.blank[cell]
    for goal in range(world.goals.shape[0]):
        world.goals[goal] = params.goals[goal]
        world.cells[params.goals[goal]] = GOAL
    for agent in range(world.position.shape[0]):
        chosen = rand_below(key, START_SLOT + agent, params.num_starts)
        world.position[agent] = params.starts[chosen]


@njit
def step(world, params, key, actions, rewards, events):
    """Moves all agents at once, pays for every goal with enough of them on it, moves the goals."""
    for agent in range(actions.shape[0]):
        move(world, params, agent, actions[agent], events)
    captures = 0
    for goal in range(world.goals.shape[0]):
        captures += capture(world, params, goal, events)
    for agent in range(actions.shape[0]):
        events[agent].captures = captures
        rewards[agent] += captures * params.reward
    if captures > 0 and params.after_capture == RESTART:
        world.rounds += 1
        set_up(world, params, key)
    else:
        for goal in range(world.goals.shape[0]):
            leave(world, params, key, goal)
    world.t += 1
    return TRUNCATED if world.t >= params.max_steps else RUNNING


@njit
def move(world, params, agent, action, events):
    """Moves an agent into any cell that is no wall; agents may share a cell."""
    target = np.int64(world.position[agent]) + params.offsets[action]
    if params.enterable[world.cells[target]]:
        world.position[agent] = target
    else:
        events[agent].bump = 1
    if action == STAY:
        events[agent].stay = 1


@njit
def capture(world, params, goal, events):
    """Notes who stands on a goal; returns 1 if they are enough to capture it."""
    cell = world.goals[goal]
    there = 0
    for agent in range(world.position.shape[0]):
        there += world.position[agent] == cell
    together = there >= params.needed
    for agent in range(world.position.shape[0]):
        if world.position[agent] == cell:
            if together:
                events[agent].captured = 1
            else:
                events[agent].waited = 1
    if together:
        world.captured[goal] += 1
    world.taken[goal] = together
    return np.int64(together)


@njit
def leave(world, params, key, goal):
    """Moves a goal: after its capture under that option, else perhaps one cell at random."""
    here = np.int64(world.goals[goal])
    there = here
    if world.taken[goal] and params.after_capture == MOVE:
        there = free_cell(world, params, key, goal)
    elif params.wander > 0 and uniform(key, WANDER_SLOT + 2 * goal) < params.wander:
        direction = 1 + rand_below(key, WANDER_SLOT + 2 * goal + 1, params.offsets.shape[0] - 1)
        there = here + params.offsets[direction]
    if world.cells[there] == EMPTY:
        world.cells[here] = EMPTY
        world.cells[there] = GOAL
        world.goals[goal] = there


@njit
def free_cell(world, params, key, goal):
    """Returns a uniformly drawn cell without wall, goal and agents; the goal's own without one."""
    count = 0
    for cell in range(params.blank.shape[0]):
        if world.cells[cell] == EMPTY and not occupied(world, cell):
            world.pool[count] = cell
            count += 1
    if count == 0:
        return np.int64(world.goals[goal])
    return np.int64(world.pool[rand_below(key, MOVE_SLOT + goal, count)])


@njit
def occupied(world, cell):
    """Returns whether an agent stands on a cell."""
    there = 0
    for agent in range(world.position.shape[0]):
        there += world.position[agent] == cell
    return there > 0


@njit
def observe(world, params, agent, out):
    """Writes an agent's view (side, side, 2): codes of the cells, and how many others are there."""
    width, radius = np.int64(params.width), np.int64(params.radius)
    here = np.int64(world.position[agent])
    corner = here - radius * width - radius
    for row in range(out.shape[0]):
        for column in range(out.shape[1]):
            out[row, column, 0] = world.cells[corner + row * width + column]
            out[row, column, 1] = 0
    for other in range(world.position.shape[0]):
        cell = np.int64(world.position[other])
        row = cell // width - here // width + radius
        column = cell % width - here % width + radius
        if other != agent and 0 <= row < out.shape[0] and 0 <= column < out.shape[1]:
            out[row, column, 1] += 1
