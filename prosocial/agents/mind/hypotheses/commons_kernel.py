"""Compiled search for the row of a table in which each avatar of a commons is.

One file that imports nothing compiled from elsewhere: numba caches it on disk, and that cache does
not see changes in imported files. Sizes: B worlds, N avatars, n cells of the padded grid, S sites.

A mask has a bit for each of four directions: 0 ahead, 1 to the right, 2 back, 3 to the left, or
0 north, 1 east, 2 south, 3 west where moves are absolute.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from prosocial.agents.mind.planning.compiling import compiled

# Where something to shoot at is: nowhere, or by the turn that it takes.
NO_AIM, AIM_AHEAD, AIM_RIGHT, AIM_LEFT, AIM_BACK, AIM_COOLING = range(6)
NUM_ZAP_AIMS, NUM_CLEAN_AIMS = 5, 6


class Sites(NamedTuple):
    """The sites of something (apples, dirt) by distance from every cell.

    Attributes:
        cells: int32 (S,): flat cells of the sites.
        order: int16 (n, S): numbers of the sites, the nearest first.
        steps: int16 (n, S): moves to them, in that order; FAR where no path leads.
        ways: uint8 (n, S): mask of the directions (north, east, south, west) of a shortest path.
    """

    cells: np.ndarray
    order: np.ndarray
    steps: np.ndarray
    ways: np.ndarray


class Beam(NamedTuple):
    """A beam.

    Attributes:
        offsets: int32 (4, rays, cells): what to add to a flat cell under each heading.
        lengths: int32 (rays,): cells of each ray.
        hits: uint8 (4, 2 R + 1, 2 R + 1): whether it covers a cell so many rows down and columns to
            the right, both + R, under each heading.
    """

    offsets: np.ndarray
    lengths: np.ndarray
    hits: np.ndarray


FAR = 32767  # moves to a site that no path reaches


@compiled
def turn_mask(mask, heading):
    """Returns a mask of north, east, south, west as one of ahead, right, back, left."""
    doubled = mask | (mask << 4)
    return (doubled >> heading) & 15


@compiled
def ways_to_nearest(position, away, sites, ground, code, live, live_near, least, mask, permitted):
    """Writes the masks of the ways from each avatar to the nearest sites that hold a code.

    Args:
        position: integers (B, N).
        away: integers (B, N): nonzero for who is out of the world, for whom nothing is written.
        sites: The ``Sites``.
        ground: uint8 (B, n).
        code: Of what the sites may hold.
        live: integers (B,): how many of them hold it.
        live_near: integers (B, S or more): live neighbours of each site.
        least: >= 0.
        mask: int64 (B, N): ways to the nearest sites; 0 where there is none.
        permitted: int64 (B, N): ways to the nearest with at least ``least`` live neighbours.
    """
    # Taken out once: a tuple counts the references to its arrays whenever it is asked for one.
    places, order, steps_to, ways = sites.cells, sites.order, sites.steps, sites.ways
    for world in range(position.shape[0]):
        num_sites = places.shape[0] if live[world] > 0 else 0
        for agent in range(position.shape[1]):
            if away[world, agent]:
                continue
            cell = np.int64(position[world, agent])
            found = first = FAR - 1
            to_any = to_permitted = 0
            for k in range(num_sites):
                steps = steps_to[cell, k]
                if steps > first:
                    break
                site = order[cell, k]
                if steps > 0 and ground[world, places[site]] == code:
                    if steps <= found:
                        found = steps
                        to_any |= np.int64(ways[cell, k])
                    if live_near[world, site] >= least:
                        first = steps
                        to_permitted |= np.int64(ways[cell, k])
            mask[world, agent], permitted[world, agent] = to_any, to_permitted


@compiled
def look_at_bodies(position, heading, away, cooldown, width, beam, out, beside):
    """Writes by which turn, the smallest first, each avatar's beam would cover somebody else.

    And on which sides of it somebody stands.

    Args:
        position: integers (B, N).
        heading: integers (B, N).
        away: integers (B, N): nonzero for who is out of the world, for whom nothing is written.
        cooldown: integers (B, N): 0 for who can shoot.
        width: Of the padded grid.
        beam: The ``Beam``.
        out: int64 (B, N): NO_AIM, AIM_AHEAD ...
        beside: int64 (B, N): mask of north, east, south, west.
    """
    hits, reach, num_agents = beam.hits, beam.hits.shape[1] // 2, position.shape[1]
    rows, columns = np.empty(num_agents, np.int64), np.empty(num_agents, np.int64)
    for world in range(position.shape[0]):
        for agent in range(num_agents):
            rows[agent] = position[world, agent] // width
            columns[agent] = position[world, agent] - rows[agent] * width
            if away[world, agent]:
                rows[agent] = -4 * position.shape[1] * width  # out of everybody's reach
        for agent in range(num_agents):
            if away[world, agent]:
                continue
            facing = np.int64(heading[world, agent])
            ahead = right = left = back = False
            ready, sides = cooldown[world, agent] == 0, 0
            for other in range(num_agents):
                down, aside = rows[other] - rows[agent], columns[other] - columns[agent]
                if max(abs(down), abs(aside)) > reach or other == agent:
                    continue
                if abs(down) + abs(aside) == 1:
                    sides |= 1 << ((1 + down) if aside == 0 else (2 - aside))
                if ready:
                    ahead |= hits[facing, down + reach, aside + reach] != 0
                    right |= hits[(facing + 1) & 3, down + reach, aside + reach] != 0
                    left |= hits[(facing + 3) & 3, down + reach, aside + reach] != 0
                    back |= hits[(facing + 2) & 3, down + reach, aside + reach] != 0
            aim = AIM_BACK if back else NO_AIM
            aim = AIM_LEFT if left else aim
            aim = AIM_RIGHT if right else aim
            out[world, agent], beside[world, agent] = AIM_AHEAD if ahead else aim, sides


@compiled
def aim_at_sites(position, heading, away, ground, live, sites, covered, code, out):
    """Writes by which turn, the smallest first, a beam would cover a site that holds a code.

    Args:
        position: integers (B, N).
        heading: integers (B, N).
        away: integers (B, N): nonzero for who is out of the world, for whom nothing is written.
        ground: uint8 (B, n).
        live: integers (B,): how many sites hold the code.
        sites: int32 (S,): cells that may hold it.
        covered: uint64 (n, 4, words): bits of the sites that a beam from a cell covers if it goes
            north, east, south or west.
        code: Of the ground.
        out: int64 (B, N): NO_AIM, AIM_AHEAD ...
    """
    words = np.empty(covered.shape[2], np.uint64)
    for world in range(position.shape[0]):
        words[:] = 0
        for site in range(sites.shape[0] if live[world] > 0 else 0):
            there = np.uint64(ground[world, sites[site]] == code)
            words[site >> 6] |= there << np.uint64(site & 63)
        for agent in range(position.shape[1]):
            if away[world, agent]:
                continue
            cell, facing = np.int64(position[world, agent]), np.int64(heading[world, agent])
            out[world, agent] = NO_AIM
            for aim in range(AIM_AHEAD, AIM_COOLING if live[world] > 0 else AIM_AHEAD):
                # Ahead, to the right, to the left, back: 0, 1, 3, 2 turns to the right.
                turns = 3 if aim == AIM_LEFT else (2 if aim == AIM_BACK else aim - AIM_AHEAD)
                way = (facing + turns) & 3
                hit = np.uint64(0)
                for k in range(words.shape[0]):
                    hit |= words[k] & covered[cell, way, k]
                if hit != 0:
                    out[world, agent] = aim
                    break


@compiled
def harvest_rows(
    ground, position, heading, away, cooldown, stock, live_near, offsets, absolute, apple, least,
    apples, zap, out,
):  # fmt: skip
    """Writes the row of each avatar of commons_harvest.

    The row is ((m * 16 + r) * 16 + f) * 5 + z: the ways to the nearest apples; to the nearest with
    at least ``least`` live neighbours; the ways that end on one with fewer; and the aim of a zap
    that can be fired now.

    Args:
        ground: uint8 (B, n).
        position: integers (B, N).
        heading: integers (B, N).
        away: integers (B, N): nonzero for who is out of the world.
        cooldown: integers (B, N): 0 for who can zap.
        stock: integers (B,): live apples.
        live_near: integers (B, S + 1): live neighbours of each site.
        offsets: integers (4,): what to add to a cell to go north, east, south, west.
        absolute: Whether moves are absolute.
        apple: Code of an apple.
        least: >= 0.
        apples: Their ``Sites``.
        zap: The ``Beam``.
        out: int64 (B, N): rows; -1 for who is out of the world.
    """
    masks, permitted = np.empty(position.shape, np.int64), np.empty(position.shape, np.int64)
    aims, beside = np.empty(position.shape, np.int64), np.empty(position.shape, np.int64)
    ways_to_nearest(
        position, away, apples, ground, apple, stock, live_near, least, masks, permitted
    )
    look_at_bodies(position, heading, away, cooldown, np.int64(offsets[2]), zap, aims, beside)
    nearest = apples.order
    for world in range(position.shape[0]):
        for agent in range(position.shape[1]):
            out[world, agent] = -1
            if away[world, agent]:
                continue
            cell, facing = np.int64(position[world, agent]), np.int64(heading[world, agent])
            taken, spared = beside[world, agent], 0
            for way in range(4):
                there = cell + offsets[way]
                if ground[world, there] == apple and not taken >> way & 1:
                    # The first site from a neighbouring cell is the one in it.
                    scarce = live_near[world, nearest[there, 0]] < least
                    spared |= (1 << way) if scarce else 0
            turn = 0 if absolute else facing
            row = turn_mask(masks[world, agent] & ~taken, turn) * 16
            row += turn_mask(permitted[world, agent] & ~taken & ~spared, turn)
            row = row * 16 + turn_mask(spared, turn)
            out[world, agent] = row * NUM_ZAP_AIMS + aims[world, agent]


@compiled
def cleaning_rows(
    ground, position, heading, away, cooldown, clean_cooldown, stock, waste, phase, offsets,
    absolute, codes, apples, dirt, zap, covered, out,
):  # fmt: skip
    """Writes the row of each avatar of clean_up.

    The row is (((m * 16 + q) * 6 + c) * 5 + z) * 2 + phase: the ways to the nearest apples; to the
    nearest dirt; the aims of the cleaning beam (AIM_COOLING: ahead, but it cools down) and of the
    zapping beam; and the phase of the world. Arguments as for ``harvest_rows``, and
    ``clean_cooldown``, integers (B, N), 0 for who can clean; ``waste``, integers (B,), dirty sites;
    ``phase``, int64 (B,), 0 or 1; ``codes``, int64 (2,), of apple and waste; ``dirt``, the
    ``Sites`` of dirt; ``covered``, those that the cleaning beam covers, as for ``aim_at_sites``.
    """
    apple, dirty_water = codes[0], codes[1]
    num_sites = max(apples.cells.shape[0], dirt.cells.shape[0])
    any_number = np.zeros((position.shape[0], num_sites), np.int32)
    masks, dirty = np.empty(position.shape, np.int64), np.empty(position.shape, np.int64)
    same, aims = np.empty(position.shape, np.int64), np.empty(position.shape, np.int64)
    scrubs, beside = np.empty(position.shape, np.int64), np.empty(position.shape, np.int64)
    ways_to_nearest(position, away, apples, ground, apple, stock, any_number, 0, masks, same)
    ways_to_nearest(position, away, dirt, ground, dirty_water, waste, any_number, 0, dirty, same)
    look_at_bodies(position, heading, away, cooldown, np.int64(offsets[2]), zap, aims, beside)
    aim_at_sites(position, heading, away, ground, waste, dirt.cells, covered, dirty_water, scrubs)
    for world in range(position.shape[0]):
        for agent in range(position.shape[1]):
            out[world, agent] = -1
            if away[world, agent]:
                continue
            facing, taken = np.int64(heading[world, agent]), beside[world, agent]
            turn = 0 if absolute else facing
            row = turn_mask(masks[world, agent] & ~taken, turn) * 16
            row += turn_mask(dirty[world, agent] & ~taken, turn)
            aim = scrubs[world, agent]
            if aim == AIM_AHEAD and clean_cooldown[world, agent]:
                aim = AIM_COOLING
            row = (row * NUM_CLEAN_AIMS + aim) * NUM_ZAP_AIMS + aims[world, agent]
            out[world, agent] = row * 2 + phase[world]


@compiled
def place_rows(position, heading, away, number, absolute, out):
    """Writes 4 * number of the cell + heading (absolute moves: 0), -1 for who is away.

    Args:
        position: integers (B, N).
        heading: integers (B, N).
        away: integers (B, N).
        number: int32 (n,): of each cell that can be entered.
        absolute: Whether moves are absolute.
        out: int64 (B, N).
    """
    for world in range(position.shape[0]):
        for agent in range(position.shape[1]):
            place = 4 * np.int64(number[position[world, agent]])
            turn = 0 if absolute else np.int64(heading[world, agent])
            out[world, agent] = -1 if away[world, agent] else place + turn
