"""How many agent-steps the objects of one dish need at least: a lower bound by counting work."""

from __future__ import annotations

import numpy as np
from numba import njit

from prosocial.envs.worlds.kitchen.codes import BOARD, DELIVERY

FAR = 99  # an amount of work that nobody does

# Which of the objects (first ingredient 1, second 2, plate 4) are merged, and what that makes.
APART, FIRST_ON_PLATE, SECOND_ON_PLATE, WITHOUT_PLATE, COMPLETE = range(5)


@njit(cache=True)
def dish_work(distance, spot_floor, spot_solid, kind, num_ingredients, width):
    """Returns the work that a dish still needs, by where its objects are.

    Work is counted in agent-steps: an agent that carries something over one floor cell, puts it
    down, picks it up, chops, merges or delivers works for one step; walking with empty hands and
    waiting are free, and any number of agents may be anywhere. So N agents who need R steps have
    done at most N R of it.

    Args:
        distance: Steps between floor cells, int64 (F, F).
        spot_floor: Floor cell of each spot, int64 (S,).
        spot_solid: Solid cell of each spot, int64 (S,).
        kind: Cell code of each solid cell, int64 (C,).
        num_ingredients: 1 or 2.
        width: Size of the axis of the second ingredient.

    Returns:
        uint8 (5, 2 P, width, P) by what is merged, first ingredient, second, plate. Places: solid
        cell, C + floor cell (in somebody's hands), C + F (in hands, at the best cell); P = C + F +
        1. An ingredient at place p has the index 2 p, 2 p + 1 once chopped. Merged objects are
        looked up at the place of the first of them, the others have index 0.
    """
    places = kind.shape[0] + distance.shape[0] + 1
    work = np.full((5, 2 * places, width, places), FAR, np.uint8)
    for merged in (COMPLETE, WITHOUT_PLATE, SECOND_ON_PLATE, FIRST_ON_PLATE, APART):
        if num_ingredients == 1 and merged not in (FIRST_ON_PLATE, APART):
            continue
        while sweep(work, distance, spot_floor, spot_solid, kind, num_ingredients, merged):
            pass
    floors, solids = distance.shape[0], kind.shape[0]
    for k in range(floors):  # the best cell, axis after axis
        for chopped in range(2):
            best = 2 * (places - 1) + chopped
            row = 2 * (solids + k) + chopped
            work[:, best] = np.minimum(work[:, best], work[:, row])
    for k in range(floors):
        work[:, :, :, places - 1] = np.minimum(work[:, :, :, places - 1], work[:, :, :, solids + k])
        if width > 1:
            for chopped in range(2):
                best = 2 * (places - 1) + chopped
                row = 2 * (solids + k) + chopped
                work[:, :, best] = np.minimum(work[:, :, best], work[:, :, row])
    return work


@njit(cache=True)
def sweep(work, distance, spot_floor, spot_solid, kind, num_ingredients, merged):
    """Improves the work of every situation with these objects merged; returns whether it could."""
    places = kind.shape[0] + distance.shape[0]
    two = num_ingredients == 2
    seconds = 2 * places if two and merged in (APART, FIRST_ON_PLATE, SECOND_ON_PLATE) else 1
    firsts = 2 * places
    plates = places if merged in (APART, WITHOUT_PLATE) else 1
    place, chopped = np.zeros(3, np.int64), np.ones(3, np.int64)
    changed = False
    for first in range(firsts):
        for second in range(seconds):
            for plate in range(plates):
                place[0], chopped[0] = first // 2, first % 2
                place[1], chopped[1] = second // 2, second % 2 if two else 1
                place[2] = plate
                spread(merged, place, chopped)
                before = look_up(work, merged, place, chopped, two)
                after = improved(
                    work, distance, spot_floor, spot_solid, kind, merged, place, chopped, two
                )
                if after < before:
                    store(work, merged, place, chopped, two, after)
                    changed = True
    return changed


@njit(cache=True)
def spread(merged, place, chopped):
    """Gives merged objects the place of the first of them."""
    if merged in (FIRST_ON_PLATE, COMPLETE):
        place[2] = place[0]
    if merged in (WITHOUT_PLATE, COMPLETE):
        place[1], chopped[1] = place[0], chopped[0]
    if merged == SECOND_ON_PLATE:
        place[2] = place[1]


@njit(cache=True)
def group_of(merged, one):
    """Returns the objects merged with one of the three, as a mask of 1, 2 and 4."""
    mask = 1 << one
    if merged == COMPLETE:
        mask = 7
    elif merged == FIRST_ON_PLATE and one != 1:
        mask = 5
    elif merged == SECOND_ON_PLATE and one != 0:
        mask = 6
    elif merged == WITHOUT_PLATE and one != 2:
        mask = 3
    return mask


@njit(cache=True)
def index_of(merged, place, chopped, two):
    """Returns the three indices of a situation in the table."""
    first, second, plate = 2 * place[0] + chopped[0], 2 * place[1] + chopped[1], place[2]
    if merged in (FIRST_ON_PLATE, SECOND_ON_PLATE, COMPLETE):
        plate = np.int64(0)
    if not two or merged in (WITHOUT_PLATE, COMPLETE):
        second = np.int64(0)
    return first, second, plate


@njit(cache=True)
def look_up(work, merged, place, chopped, two):
    """Returns the work of a situation."""
    first, second, plate = index_of(merged, place, chopped, two)
    return np.int64(work[merged, first, second, plate])


@njit(cache=True)
def store(work, merged, place, chopped, two, amount):
    """Writes the work of a situation."""
    first, second, plate = index_of(merged, place, chopped, two)
    work[merged, first, second, plate] = amount


@njit(cache=True)
def improved(work, distance, spot_floor, spot_solid, kind, merged, place, chopped, two):
    """Returns the least work of a situation that one agent-step leads to, plus that step."""
    solids, floors = kind.shape[0], distance.shape[0]
    complete = COMPLETE if two else FIRST_ON_PLATE
    best = np.int64(FAR)
    there, cut = place.copy(), chopped.copy()
    for one in range(3):
        if one == 1 and not two:
            continue
        group, here = group_of(merged, one), place[one]
        if group & ((1 << one) - 1):  # seen before, with its first member
            continue
        if here >= solids:
            for floor in range(floors):
                if distance[here - solids, floor] == 1:
                    carry(there, group, solids + floor)
                    best = min(best, 1 + look_up(work, merged, there, chopped, two))
        for spot in range(spot_floor.shape[0]):
            solid, floor = spot_solid[spot], solids + spot_floor[spot]
            if here == solid:
                carry(there, group, floor)
                best = min(best, 1 + look_up(work, merged, there, chopped, two))
            elif here == floor and kind[solid] == DELIVERY:
                if merged == complete:
                    best = np.int64(1)
            elif here == floor:
                carry(there, group, solid)
                best = min(best, 1 + look_up(work, merged, there, chopped, two))
                carry(there, group, here)
                if kind[solid] == BOARD and not chopped[one]:
                    cut[one] = 1
                    best = min(best, 1 + look_up(work, merged, place, cut, two))
                    cut[one] = 0
                best = min(best, merge(work, merged, place, chopped, two, group, solid, there))
        carry(there, group, here)
    return best


@njit(cache=True)
def carry(place, group, target):
    """Moves the members of a group."""
    for one in range(3):
        if group & (1 << one):
            place[one] = target


@njit(cache=True)
def merge(work, merged, place, chopped, two, group, solid, there):
    """Returns 1 + the work after a held group is merged with one that lies on a cell."""
    best = np.int64(FAR)
    for other in range(3):
        if place[other] != solid or group & (1 << other) or (other == 1 and not two):
            continue
        both, ready = group | group_of(merged, other), True
        for one in range(3):
            if both & (1 << one) and not chopped[one]:
                ready = False
        if ready:
            made = COMPLETE
            if both == 5:
                made = FIRST_ON_PLATE
            elif both == 6:
                made = SECOND_ON_PLATE
            elif both == 3:
                made = WITHOUT_PLATE
            here = np.int64(0)
            for one in range(3):
                if group & (1 << one):
                    here = place[one]
            carry(there, both, here)
            best = min(best, 1 + look_up(work, made, there, chopped, two))
            for one in range(3):
                there[one] = place[one]
    return best
