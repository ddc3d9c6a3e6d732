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

BODY = 16  # codes of cells from here on are bodies
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
def ways_to_nearest(cell, sites, ground, code, live, live_near, least):
    """Returns the masks of the ways to the nearest sites that hold a code.

    The first mask is of all sites, the second of those with at least ``least`` live neighbours;
    0 where there is none. ``live`` sites hold the code.
    """
    mask, found = 0, FAR - 1
    permitted, first = 0, FAR - 1
    for k in range(sites.cells.shape[0] if live > 0 else 0):
        steps = sites.steps[cell, k]
        if steps > first:
            break
        site = sites.order[cell, k]
        if steps > 0 and ground[sites.cells[site]] == code:
            if steps <= found:
                found = steps
                mask |= np.int64(sites.ways[cell, k])
            if live_near[site] >= least:
                first = steps
                permitted |= np.int64(sites.ways[cell, k])
    return mask, permitted


@compiled
def aim_at_bodies(rows, columns, away, agent, heading, beam):
    """Returns by which turn, the smallest first, the agent's beam would cover somebody else."""
    reach = beam.hits.shape[1] // 2
    ahead = right = left = back = False
    for other in range(rows.shape[0]):
        down, aside = rows[other] - rows[agent], columns[other] - columns[agent]
        if other == agent or away[other] or max(abs(down), abs(aside)) > reach:
            continue
        ahead |= beam.hits[heading, down + reach, aside + reach] != 0
        right |= beam.hits[(heading + 1) & 3, down + reach, aside + reach] != 0
        left |= beam.hits[(heading + 3) & 3, down + reach, aside + reach] != 0
        back |= beam.hits[(heading + 2) & 3, down + reach, aside + reach] != 0
    if ahead:
        return AIM_AHEAD
    if right:
        return AIM_RIGHT
    if left:
        return AIM_LEFT
    return AIM_BACK if back else NO_AIM


@compiled
def covers(ground, cell, heading, beam, code, wall):
    """Returns whether a beam covers a ground of that code; walls end its rays."""
    for ray in range(beam.lengths.shape[0]):
        for k in range(beam.lengths[ray]):
            there = ground[cell + beam.offsets[heading, ray, k]]
            if there == code:
                return True
            if there == wall:
                break
    return False


@compiled
def aim_at_ground(ground, cell, heading, beam, code, wall):
    """Returns by which turn, the smallest first, the beam would cover a ground of that code."""
    if covers(ground, cell, heading, beam, code, wall):
        return AIM_AHEAD
    if covers(ground, cell, (heading + 1) & 3, beam, code, wall):
        return AIM_RIGHT
    if covers(ground, cell, (heading + 3) & 3, beam, code, wall):
        return AIM_LEFT
    return AIM_BACK if covers(ground, cell, (heading + 2) & 3, beam, code, wall) else NO_AIM


@compiled
def harvest_rows(
    ground, cells, position, heading, away, cooldown, stock, live_near, offsets, absolute, apple,
    least, apples, zap, out,
):  # fmt: skip
    """Writes the row of each avatar of commons_harvest.

    The row is ((m * 16 + r) * 16 + f) * 5 + z: the ways to the nearest apples; to the nearest with
    at least ``least`` live neighbours; the ways that end on one with fewer; and the aim of a zap
    that can be fired now.

    Args:
        ground: uint8 (B, n).
        cells: uint8 (B, n).
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
    num_agents = position.shape[1]
    width = np.int64(offsets[2])
    rows, columns = np.empty(num_agents, np.int64), np.empty(num_agents, np.int64)
    for world in range(position.shape[0]):
        for agent in range(num_agents):
            rows[agent] = position[world, agent] // width
            columns[agent] = position[world, agent] - rows[agent] * width
        for agent in range(num_agents):
            out[world, agent] = -1
            if away[world, agent]:
                continue
            cell, facing = np.int64(position[world, agent]), np.int64(heading[world, agent])
            taken, spared = 0, 0
            for way in range(4):
                there = cell + offsets[way]
                occupied = cells[world, there] >= BODY
                taken |= (1 << way) if occupied else 0
                if ground[world, there] == apple and not occupied:
                    # The first site from a neighbouring cell is the one in it.
                    scarce = live_near[world, apples.order[there, 0]] < least
                    spared |= (1 << way) if scarce else 0
            grid, live, near = ground[world], stock[world], live_near[world]
            mask, permitted = ways_to_nearest(cell, apples, grid, apple, live, near, least)
            turn = 0 if absolute else facing
            row = turn_mask(mask & ~taken, turn) * 16
            row += turn_mask(permitted & ~taken & ~spared, turn)
            row = row * 16 + turn_mask(spared, turn)
            aim = NO_AIM
            if cooldown[world, agent] == 0:
                aim = aim_at_bodies(rows, columns, away[world], agent, facing, zap)
            out[world, agent] = row * NUM_ZAP_AIMS + aim


@compiled
def cleaning_rows(
    ground, cells, position, heading, away, cooldown, clean_cooldown, stock, waste, phase, offsets,
    absolute, codes, apples, dirt, zap, clean, out,
):  # fmt: skip
    """Writes the row of each avatar of clean_up.

    The row is (((m * 16 + q) * 6 + c) * 5 + z) * 2 + phase: the ways to the nearest apples; to the
    nearest dirt; the aims of the cleaning beam (AIM_COOLING: ahead, but it cools down) and of the
    zapping beam; and the phase of the world. Arguments as for ``harvest_rows``, and
    ``clean_cooldown``, integers (B, N), 0 for who can clean; ``waste``, integers (B,), dirty sites;
    ``phase``, int64 (B,), 0 or 1; ``codes``, int64 (3,), of apple, waste and wall; ``dirt``, the
    ``Sites`` of dirt; ``clean``, the cleaning ``Beam``.
    """
    num_agents = position.shape[1]
    width = np.int64(offsets[2])
    rows, columns = np.empty(num_agents, np.int64), np.empty(num_agents, np.int64)
    any_number = np.zeros(max(apples.cells.shape[0], dirt.cells.shape[0]), np.int32)
    apple, dirty_water, wall = codes[0], codes[1], codes[2]
    for world in range(position.shape[0]):
        for agent in range(num_agents):
            rows[agent] = position[world, agent] // width
            columns[agent] = position[world, agent] - rows[agent] * width
        for agent in range(num_agents):
            out[world, agent] = -1
            if away[world, agent]:
                continue
            cell, facing = np.int64(position[world, agent]), np.int64(heading[world, agent])
            taken = 0
            for way in range(4):
                taken |= (1 << way) if cells[world, cell + offsets[way]] >= BODY else 0
            grid = ground[world]
            live, dirt_left = stock[world], waste[world]
            mask, _ = ways_to_nearest(cell, apples, grid, apple, live, any_number, 0)
            dirty, _ = ways_to_nearest(cell, dirt, grid, dirty_water, dirt_left, any_number, 0)
            turn = 0 if absolute else facing
            row = turn_mask(mask & ~taken, turn) * 16 + turn_mask(dirty & ~taken, turn)
            aim = NO_AIM
            if dirt_left > 0:
                aim = aim_at_ground(grid, cell, facing, clean, dirty_water, wall)
            if aim == AIM_AHEAD and clean_cooldown[world, agent]:
                aim = AIM_COOLING
            row = row * NUM_CLEAN_AIMS + aim
            aim = NO_AIM
            if cooldown[world, agent] == 0:
                aim = aim_at_bodies(rows, columns, away[world], agent, facing, zap)
            out[world, agent] = (row * NUM_ZAP_AIMS + aim) * 2 + phase[world]


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
