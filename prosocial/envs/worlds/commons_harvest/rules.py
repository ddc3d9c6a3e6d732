"""The rules of commons_harvest on one record; the README beside this file states them in words."""

from __future__ import annotations

import numpy as np
from numba import njit

from prosocial.envs.engine.random import rand
from prosocial.envs.worlds.avatars.codes import APPLE, BODY, FLOOR, OWN_SLOT
from prosocial.envs.worlds.avatars.rules import begin, end, fade, move, settle, shuffle, zap
from prosocial.envs.worlds.avatars.views import observe

__all__ = ["observe", "reset", "step"]

# Slots of the random numbers that say which places draw, one each, and of what they draw.
WORD = 32  # places in a random number
RARE_SLOT, DRAW_SLOT = OWN_SLOT, OWN_SLOT + 2**24

# Position of the only bit set in a number below 2**32: it shifts a de Bruijn sequence so that its
# upper five bits differ for all 32 (Leiserson, Prokop & Randall 1998).
SEQUENCE = 0x077CB531
POSITIONS = np.zeros(WORD, np.int64)
for _position in range(WORD):
    POSITIONS[((SEQUENCE << _position) & 0xFFFFFFFF) >> 27] = _position


@njit
def reset(world, params, key):
    """Begins an episode on the map."""
    begin(world, params, key)
    world.stock = params.first_stock
    world.num_grown = 0
    for place in range(params.first_live_near.shape[0]):
        world.live_near[place] = params.first_live_near[place]
    for agent in range(world.harvest.shape[0]):
        world.harvest[agent] = 0


@njit
def step(world, params, key, actions, rewards, events):
    """Lets everybody act in random order, resolves the beams, and lets apples grow."""
    shuffle(world.order, key)
    fade(world)
    if params.regrowth_lag:
        sprout(world, params, key)
    for agent in range(actions.shape[0]):
        note_apples(world, params, agent, events)
    for k in range(actions.shape[0]):
        agent = np.int64(world.order[k])
        if world.away[agent]:
            events[agent].away = 1
            continue
        entered = move(world, params, agent, actions[agent], events)
        events[agent].spared *= entered
        if entered & (world.ground[world.position[agent]] == APPLE):
            eat(world, params, agent, rewards, events)
    zap(world, params, actions, rewards, events)
    settle(world, params, key, events)
    if not params.regrowth_lag:
        sprout(world, params, key)
    grow(world, params)
    return end(world, params, key, rewards)


@njit
def note_apples(world, params, agent, events):
    """Sets ``spared`` to 1 + the fewest live neighbours of an apple one move away, 0 without one.

    What the agent does afterwards decides whether that stands.
    """
    here = np.int64(world.position[agent])
    width = np.int64(params.width)
    near = (world.cells[here - width] == APPLE) | (world.cells[here + width] == APPLE)
    near |= (world.cells[here - 1] == APPLE) | (world.cells[here + 1] == APPLE)
    if near and not world.away[agent]:
        fewest = 255
        for direction in range(4):
            cell = here + params.offsets[direction]
            if world.cells[cell] == APPLE:
                fewest = min(fewest, np.int64(world.live_near[params.place_at[cell]]))
        events[agent].spared = 1 + fewest


@njit
def eat(world, params, agent, rewards, events):
    """Eats the apple of the cell that the agent has just entered."""
    cell = np.int64(world.position[agent])
    events[agent].ate = 1
    events[agent].ate_neighbours = world.live_near[params.place_at[cell]]
    events[agent].spared = 0
    rewards[agent] += params.apple_reward
    world.harvest[agent] += 1
    world.stock -= 1
    world.ground[cell] = FLOOR
    for k in range(params.neighbours.shape[0]):
        world.live_near[params.place_at[cell + params.neighbours[k]]] -= 1


@njit
def sprout(world, params, key):
    """Draws where apples will grow, each empty place by the number of its live neighbours.

    A place grows an apple with probability ``p``. Nearly all do not, so it is drawn in two parts:
    whether a rare event of probability 2 ** -rarity >= p happens, for 32 places at once by
    ``rarity`` random numbers of which all have the bit of the place set; and where it does,
    whether that is one of the p * 2 ** rarity.
    """
    world.num_grown = 0
    for word in range(params.num_words):
        rare = np.int64(0xFFFFFFFF)
        for k in range(params.rarity):
            rare &= np.int64(rand(key, RARE_SLOT + word * WORD + k))
        while rare:
            lowest = rare & -rare
            rare -= lowest
            place = word * WORD + POSITIONS[((lowest * SEQUENCE) & 0xFFFFFFFF) >> 27]
            if place < params.sites.shape[0] and world.ground[params.sites[place]] != APPLE:
                chance = params.chances[world.live_near[place]]
                if np.int64(rand(key, DRAW_SLOT + place)) < chance:
                    world.grown[world.num_grown] = params.sites[place]
                    world.num_grown += 1


@njit
def grow(world, params):
    """Lets the drawn apples appear, all at once."""
    for k in range(world.num_grown):
        cell = np.int64(world.grown[k])
        if world.cells[cell] >= BODY and not params.regrow_under_agents:
            continue
        world.ground[cell] = APPLE
        world.stock += 1
        if world.cells[cell] == FLOOR:
            world.cells[cell] = APPLE
        for j in range(params.neighbours.shape[0]):
            world.live_near[params.place_at[cell + params.neighbours[j]]] += 1
