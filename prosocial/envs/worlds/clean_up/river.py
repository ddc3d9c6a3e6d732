"""Waste in the river and apples in the orchard: what happens without anybody's doing.

The record lists the empty apple sites (``empty_sites[: num_sites - stock]``) and the clean dirt
sites (``clean_sites[: num_dirt - waste]``), both unordered, so that no step searches the map.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from prosocial.envs.engine.random import rand_below, uniform
from prosocial.envs.worlds.avatars.codes import APPLE, BODY, FLOOR, WASTE, WATER

from .codes import GROWTH_SLOT, INFLOW_SLOT, SITE_SLOT


@njit
def grow(world, params, key):
    """Lets apples sprout on empty sites, each with the probability that the river allows.

    Instead of one draw a site, each draw says how many sites stay empty before the next one
    sprouts (a geometric variable): the same distribution with fewer random numbers.
    """
    log_miss = params.log_no_apple[world.waste]  # log(1 - p); 0 where nothing grows
    if log_miss == 0.0:
        return
    k = np.int64(params.num_sites) - world.stock - 1
    slot = GROWTH_SLOT
    while k >= 0:
        skipped = math.log(uniform(key, slot)) / log_miss
        slot += 1
        if skipped >= k + 1:
            return
        k -= np.int64(skipped)
        sprout(world, params, k)
        k -= 1


@njit
def sprout(world, params, k):
    """Grows the apple of entry ``k`` of the empty sites, unless a body is in its way."""
    cell = np.int64(world.empty_sites[k])
    occupied = world.cells[cell] >= BODY
    if occupied and not params.grow_under_bodies:
        return
    world.ground[cell] = APPLE
    if world.cells[cell] == FLOOR:
        world.cells[cell] = APPLE
    world.stock += 1
    # The last entry has had its chance already: sites are visited from the end.
    world.empty_sites[k] = world.empty_sites[params.num_sites - world.stock]


@njit
def take_apple(world, params, cell):
    """Removes the apple from the ground of a cell."""
    world.ground[cell] = FLOOR
    world.empty_sites[params.num_sites - world.stock] = cell
    world.stock -= 1


@njit
def pollute(world, params, key):
    """Makes at most one clean site dirty, with the probability that the waste in place allows."""
    chance = params.inflow[world.waste]
    if chance == 0.0 or world.t < params.dirt_delay:
        return
    if chance < 1.0 and uniform(key, INFLOW_SLOT) >= chance:
        return
    num_clean = np.int64(params.num_dirt) - world.waste
    k = rand_below(key, SITE_SLOT, num_clean)
    cell = np.int64(world.clean_sites[k])
    world.clean_sites[k] = world.clean_sites[num_clean - 1]
    world.waste += 1
    world.ground[cell] = WASTE
    if world.cells[cell] == WATER:
        world.cells[cell] = WASTE


@njit
def take_waste(world, params, cell):
    """Removes the waste from the ground of a cell."""
    world.ground[cell] = WATER
    if world.cells[cell] == WASTE:
        world.cells[cell] = WATER
    world.clean_sites[params.num_dirt - world.waste] = cell
    world.waste -= 1
