"""The rules of food_trucks on one record; the README beside this file states them in words."""

from __future__ import annotations

import numpy as np
from numba import njit

from prosocial.envs.engine.grid import ahead
from prosocial.envs.engine.random import rand_below, uniform
from prosocial.envs.engine.world import RUNNING, TERMINATED, TRUNCATED

from .codes import (
    DESIRE_SLOT,
    EAT,
    FIXED,
    HEADINGS,
    INDEPENDENT,
    NOTHING,
    NUM_TRUCKS,
    OUTSIDE,
    PLACEMENT_SLOT,
    SPOT,
    START_SLOT,
    STAY,
    TRUCK_K,
    UNKNOWN,
    WALL,
)


@njit
def reset(world, params, key):
    """Parks the trucks, draws what the agent likes and puts it on the street."""
    draw = uniform(key, PLACEMENT_SLOT)
    world.placement = 0
    while draw > params.cumulative[world.placement]:
        world.placement += 1
    world.cells[:] = params.maps[world.placement]
    draw_desires(world, params, key)
    world.position = params.starts[rand_below(key, START_SLOT, params.num_starts)]
    world.heading = 0
    world.eaten = NOTHING
    for cell in range(world.memory.shape[0]):
        world.memory[cell] = UNKNOWN
    look(world, params)


@njit
def draw_desires(world, params, key):
    """Draws the utility of each truck, or takes those of the configuration."""
    for truck in range(NUM_TRUCKS):
        world.desire[truck] = params.fixed[truck]
        if params.desires == INDEPENDENT:
            world.desire[truck] = rand_below(key, DESIRE_SLOT + truck, params.num_values)
    if params.desires != FIXED and params.desires != INDEPENDENT:
        for truck in range(NUM_TRUCKS - 1):  # a Fisher-Yates shuffle of three numbers
            other = truck + rand_below(key, DESIRE_SLOT + truck, NUM_TRUCKS - truck)
            kept = world.desire[other]
            world.desire[other] = world.desire[truck]
            world.desire[truck] = kept
    for truck in range(NUM_TRUCKS):
        world.utilities[truck] = params.values[world.desire[truck]]


@njit
def look(world, params):
    """Takes in what lies in sight and returns the number of parking spots seen first now."""
    discovered = 0
    for cell in range(world.memory.shape[0]):
        if params.sight[world.position, cell]:
            if world.memory[cell] == UNKNOWN and is_spot(world.cells[cell]):
                discovered += 1
            world.memory[cell] = world.cells[cell]
    return discovered


@njit
def is_spot(code):
    """Returns whether a code is a parking spot, with or without a truck."""
    return SPOT <= code < TRUCK_K + NUM_TRUCKS


@njit
def step(world, params, key, actions, rewards, events):
    """Moves the agent; the episode ends when it eats."""
    event = events[0]
    action = actions[0]
    eats = False
    if action in (STAY, EAT):
        rewards[0] -= params.stay_cost
        event.stay = action == STAY
        eats = action == EAT
    else:
        rewards[0] -= params.step_cost
        eats = move(world, params, action, event) and params.on_arrival
    event.discover = look(world, params)
    world.t += 1
    code = world.cells[world.position]
    if eats and code >= TRUCK_K and code < TRUCK_K + NUM_TRUCKS:
        eat(world, code - TRUCK_K, rewards, event)
        return TERMINATED
    return TRUNCATED if world.t >= params.max_steps else RUNNING


@njit
def move(world, params, action, event):
    """Moves the agent to a neighbouring cell, if it is no wall, and tells whether it moved."""
    world.heading = HEADINGS[action]
    target = world.position + ahead(params.width, world.heading)
    if world.cells[target] == WALL or world.cells[target] == OUTSIDE:
        event.bump = 1
        return False
    world.position = target
    event.move = 1
    return True


@njit
def eat(world, truck, rewards, event):
    """Gives the agent its meal."""
    world.eaten = truck
    rewards[0] += world.utilities[truck]
    event.eat = 1
    best = True
    for cell in range(world.cells.shape[0]):
        other = np.int64(world.cells[cell]) - TRUCK_K
        if other >= 0 and other < NUM_TRUCKS:
            best = best and world.utilities[other] <= world.utilities[truck]
    event.best = best


@njit
def observe(world, params, agent, out):
    """Writes what the agent sees (height, width, 5).

    Channels: cell code, whether the agent stands there, and over the whole picture 1 + the rank of
    the utilities of K, L and M among the possible ones (0 if desires are not shown).
    """
    corner = np.int64(params.corner)
    if params.radius > 0:
        corner = world.position - params.radius * params.width - params.radius
    for row in range(out.shape[0]):
        for column in range(out.shape[1]):
            cell = corner + row * params.width + column
            out[row, column, 0] = seen_code(world, params, cell)
            out[row, column, 1] = cell == world.position
            for truck in range(NUM_TRUCKS):
                out[row, column, 2 + truck] = params.show_desires * (1 + world.desire[truck])


@njit
def seen_code(world, params, cell):
    """Returns what the agent knows by sight, and under the options by heart, of a cell."""
    code = world.cells[cell]
    if code == OUTSIDE or params.sight[world.position, cell]:
        return code
    if params.known_map and not is_spot(code):
        return code
    return world.memory[cell] if params.remember else np.uint8(UNKNOWN)
