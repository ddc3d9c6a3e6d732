"""Search for the least number of joint steps: compiled layered branch and bound over interactions.

Nothing but interactions changes a kitchen, so the search follows those and not the walking between
them. An agent is known by the spot of its last interaction and the steps since; it may be anywhere
within that many steps. What is left out is that bodies block each other on the way, except that two
agents cannot interact from one floor cell in the same step or in two steps in a row. The result is
therefore a lower bound, and exact once a plan of that length has been walked by the rules.

An interaction happens as soon as it can: when the agent arrives, in the step after the cell it
works on has changed (or the same, later in the order of agents), or when the floor cell it needs
has been left. Any plan can be shifted to this form one interaction after the other: the cell does
not change in between, and nobody else works on it.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from prosocial.envs.worlds.kitchen.codes import BOARD, DELIVERY

from .optimum_bound import ENOUGH, bound

MOST_ROWS = 1 << 16  # joint interactions of one situation


@njit(cache=True)
def unpack(key, radices, row):
    """Writes the numbers that a key is made of."""
    for k in range(radices.shape[0] - 1, -1, -1):
        row[k] = key % radices[k]
        key //= radices[k]


@njit(cache=True)
def pack(row, radices):
    """Returns one number for a situation, the plates in ascending order of their places."""
    key = np.int64(0)
    for k in range(radices.shape[0]):
        key = key * radices[k] + row[k]
    return key


@njit(cache=True)
def successors(tables, sizes, before, rows, changed):
    """Writes every situation one joint step after another.

    A situation is a row of int64: the place of each object (solid cell, C + agent, C + N when
    delivered), whether each ingredient is chopped, the spot of each agent (S + floor cell when the
    last interaction is longer ago than one step), the steps since.

    Args:
        tables: ``Tables`` of the kitchen.
        sizes: (agents, objects, ingredients).
        before: The situation, int64 (W,).
        rows: Room for ``MOST_ROWS`` situations, int64 (rows, W); written.
        changed: Scratch, int64 (rows, N): the solid cell that each agent worked on in this step.

    Returns:
        Number of rows written, -1 if the room is too small.
    """
    agents = sizes[0]
    rows[0] = before
    changed[0] = -1
    count = 1
    for agent in range(agents):
        end = count
        for k in range(count):
            end = interactions(tables, sizes, before, rows, changed, k, agent, end)
            if end < 0:
                return -1
        count = end
    for k in range(count):
        sort_plates(sizes, rows[k])
    return count


@njit(cache=True)
def floor_of(tables, spot):
    """Returns the floor cell of a spot."""
    spots = tables.spot_floor.shape[0]
    return tables.spot_floor[spot] if spot < spots else spot - spots


@njit(cache=True)
def interactions(tables, sizes, before, rows, changed, k, agent, end):
    """Appends row k after each interaction of an agent; in row k itself the agent waits."""
    agents, objects, ingredients = sizes
    spots = tables.spot_floor.shape[0]
    first = objects + ingredients
    here = floor_of(tables, before[first + agent])
    since = before[first + agents + agent]
    for spot in range(spots):
        floor, solid = tables.spot_floor[spot], tables.spot_solid[spot]
        away = tables.distance[here, floor]
        if away > since:
            continue
        now, blocked = away == since, False
        for other in range(agents):
            if other == agent:
                continue
            old, ago = before[first + other], before[first + agents + other]
            if old < spots and tables.spot_solid[old] == solid:
                now = True  # the cell changed in the last step
            if changed[k, other] == solid:
                now = True  # or earlier in this one
            if floor_of(tables, old) == floor:
                blocked = blocked or ago == 0
                now = now or ago == 1
            if changed[k, other] >= 0 and floor_of(tables, rows[k, first + other]) == floor:
                blocked = True
        if blocked or not now:
            continue
        if end >= rows.shape[0]:
            return -1
        rows[end] = rows[k]
        if interact(tables, sizes, rows[end], agent, solid):
            rows[end, first + agent] = spot
            rows[end, first + agents + agent] = 0
            changed[end] = changed[k]
            changed[end, agent] = solid
            end += 1
    rows[k, first + agent] = spots + here
    rows[k, first + agents + agent] = min(since + 1, max(tables.longest[here] + 1, 2))
    return end


@njit(cache=True)
def interact(tables, sizes, row, agent, solid):
    """Applies the rules of the kitchen to a cell and what an agent holds; returns if it worked.

    Interactions after which the dishes cannot be completed any more are left out: wasting food,
    and merging what belongs to different dishes.
    """
    agents, objects, ingredients = sizes
    hand = tables.kind.shape[0] + agent
    held, lying = np.int64(0), np.int64(0)
    for one in range(objects):
        if row[one] == hand:
            held |= 1 << one
        elif row[one] == solid:
            lying |= 1 << one
    if held == 0:
        move_all(row, lying, hand)
        return lying != 0
    if tables.kind[solid] == DELIVERY:
        plates = held >> ingredients
        for dish in range(tables.dishes.shape[0]):
            if plates != 0 and held & ((1 << ingredients) - 1) == tables.dishes[dish]:
                move_all(row, held, tables.kind.shape[0] + agents)
                return True
        return False
    if lying != 0:
        if not fit(tables, sizes, row, held | lying):
            return False
        move_all(row, lying, hand)
        return True
    for one in range(ingredients):
        if tables.kind[solid] == BOARD and held == 1 << one and row[objects + one] == 0:
            row[objects + one] = 1
            return True
    move_all(row, held, solid)
    return True


@njit(cache=True)
def move_all(row, mask, place):
    """Moves objects to a place."""
    one = 0
    while mask:
        if mask & 1:
            row[one] = place
        mask >>= 1
        one += 1


@njit(cache=True)
def fit(tables, sizes, row, mask):
    """Returns whether objects can be merged into a part of one dish."""
    objects, ingredients = sizes[1], sizes[2]
    plates = mask >> ingredients
    if plates & (plates - 1):
        return False
    for one in range(ingredients):
        if mask & (1 << one) and row[objects + one] == 0:
            return False
    food, wanted = mask & ((1 << ingredients) - 1), False
    for dish in range(tables.dishes.shape[0]):
        wanted = wanted or food & ~tables.dishes[dish] == 0
    return wanted


@njit(cache=True)
def sort_plates(sizes, row):
    """Puts the places of the plates, which are all alike, in ascending order."""
    for one in range(sizes[2] + 1, sizes[1]):
        for other in range(one, sizes[2], -1):
            if row[other] < row[other - 1]:
                row[other], row[other - 1] = row[other - 1], row[other]


@njit(cache=True)
def complete(tables, sizes, row):
    """Returns whether all dishes are delivered."""
    left = 0
    for one in range(sizes[2]):
        left += row[one] != tables.kind.shape[0] + sizes[0]
    return left == 0


@njit(cache=True)
def insert(table, key):
    """Adds a key > 0 to a hash set (0 marks free room); returns whether it is new."""
    mask = np.uint64(table.shape[0] - 1)
    mixed = np.uint64(key) * np.uint64(0x9E3779B97F4A7C15)
    place = (mixed ^ (mixed >> np.uint64(29))) & mask
    while table[place] != 0:
        if table[place] == key:
            return False
        place = (place + np.uint64(1)) & mask
    table[place] = key
    return True


@njit(cache=True)
def contains(table, key):
    """Returns whether a hash set has a key."""
    mask = np.uint64(table.shape[0] - 1)
    mixed = np.uint64(key) * np.uint64(0x9E3779B97F4A7C15)
    place = (mixed ^ (mixed >> np.uint64(29))) & mask
    while table[place] != 0:
        if table[place] == key:
            return True
        place = (place + np.uint64(1)) & mask
    return False


@njit(cache=True)
def expand(tables, sizes, radices, layer, left, table, rows, changed):
    """Adds the situations after a layer from which ``left`` steps may be enough to a hash set.

    Args:
        tables: ``Tables`` of the kitchen.
        sizes: (agents, objects, ingredients).
        radices: Numbers that each entry of a row can have, int64 (W,).
        layer: Keys, int64.
        left: Steps left after this one.
        table: Hash set, zeros; its size is a power of 2.
        rows: Scratch of ``successors``.
        changed: Scratch of ``successors``.

    Returns:
        (keys added, -1 if the table is more than 70 % full and -2 if ``rows`` is too small; whether
        a situation with all dishes delivered is among them).
    """
    row = np.empty(radices.shape[0], np.int64)
    added, found = np.int64(0), False
    for key in layer:
        unpack(key - 1, radices, row)
        count = successors(tables, sizes, row, rows, changed)
        if count < 0:
            return -2, found
        for k in range(count):
            number = pack(rows[k], radices) + 1
            if contains(table, number) or bound(tables, sizes, rows[k], left) > left:
                continue
            insert(table, number)
            added += 1
            found = found or complete(tables, sizes, rows[k])
        if added * 10 > table.shape[0] * 7:
            return -1, found
    return added, found


@njit(cache=True)
def bounds(tables, sizes, radices, layer):
    """Returns the lower bounds of the situations of a layer, int64."""
    row, found = np.empty(radices.shape[0], np.int64), np.empty(layer.shape[0], np.int64)
    for k in range(layer.shape[0]):
        unpack(layer[k] - 1, radices, row)
        found[k] = bound(tables, sizes, row, ENOUGH)
    return found


@njit(cache=True)
def leading(tables, sizes, radices, layer, target, rows, changed):
    """Returns the keys of a layer that have a successor in a hash set: int64."""
    row = np.empty(radices.shape[0], np.int64)
    kept, count_kept = np.empty(layer.shape[0], np.int64), 0
    for key in layer:
        unpack(key - 1, radices, row)
        count = successors(tables, sizes, row, rows, changed)
        for k in range(count):
            if contains(target, pack(rows[k], radices) + 1):
                kept[count_kept] = key
                count_kept += 1
                break
    return kept[:count_kept].copy()
