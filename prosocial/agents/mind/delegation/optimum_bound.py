"""Admissible lower bound on the steps that a situation of the search still needs."""

from __future__ import annotations

import numpy as np
from numba import njit

from .optimum_work import APART, COMPLETE, FIRST_ON_PLATE, SECOND_ON_PLATE, WITHOUT_PLATE

ENOUGH = 10_000  # more than any bound


@njit(cache=True)
def bound(tables, sizes, row, enough):
    """Returns how many steps are left at least.

    The larger of two bounds: the longest chain of any object that is needed (its way and handling,
    begun when the nearest agent can be there); and the work that is left, with the steps that
    agents with empty hands need before they can take anything, over the number of agents.

    Args:
        tables: ``Tables`` of the kitchen.
        sizes: (agents, objects, ingredients).
        row: A situation, see ``optimum_search.successors``.
        enough: Any number above this one will do as the answer.
    """
    agents, _, ingredients = sizes
    done = tables.kind.shape[0] + agents
    longest, work, pending = np.int64(0), np.int64(0), np.int64(0)
    bare, other = np.int64(-1), np.int64(-1)  # dishes still without a plate
    for one in range(ingredients):
        if row[one] != done:
            longest = max(longest, object_chain(tables, sizes, row, one))
    if longest > enough:
        return longest
    for dish in range(tables.dishes.shape[0]):
        plate, begun = plate_of(tables, sizes, row, dish)
        if begun < 0:  # delivered
            continue
        if plate >= 0:
            work += dish_left(tables, sizes, row, dish, plate)
            continue
        pending += 1
        if bare < 0:
            bare = np.int64(dish)
        elif other < 0:
            other = np.int64(dish)
    if pending:
        longest = max(longest, plate_chain(tables, sizes, row, pending))
        work += bare_work(tables, sizes, row, bare, other)
    least = max(longest, -(-work // agents))
    if least > enough:
        return least
    # Whoever takes nothing any more is idle for all the steps that are left, at least these.
    for agent in range(agents):
        work += min(idle(tables, sizes, row, agent), least)
    return max(least, -(-work // agents))


@njit(cache=True)
def idle(tables, sizes, row, agent):
    """Returns the steps before an agent can take anything, 0 if it holds something."""
    agents, objects, _ = sizes
    solids = tables.kind.shape[0]
    here, since = agent_floor(tables, sizes, row, agent)
    best = np.int64(ENOUGH)
    for one in range(objects):
        place = row[one]
        if place == solids + agent:
            return np.int64(0)
        if place < solids:
            for spot in range(tables.spot_floor.shape[0]):
                if tables.spot_solid[spot] != place:
                    continue
                floor = tables.spot_floor[spot]
                best = min(best, max(tables.distance[here, floor] - since, 0))
                for other in range(agents):
                    if other != agent:  # who takes it first, and puts it down nearer
                        there, ago = agent_floor(tables, sizes, row, other)
                        best = min(best, max(tables.distance[there, floor] - ago, 0) + 1)
        elif place < solids + agents:
            there, ago = agent_floor(tables, sizes, row, place - solids)
            best = min(best, max(tables.meeting[there, here] - max(since, ago), 0))
    return best


@njit(cache=True)
def agent_floor(tables, sizes, row, agent):
    """Returns the floor cell from which an agent last interacted, and the steps since."""
    first = sizes[1] + sizes[2]
    spot, spots = row[first + agent], tables.spot_floor.shape[0]
    floor = tables.spot_floor[spot] if spot < spots else spot - spots
    return floor, row[first + sizes[0] + agent]


@njit(cache=True)
def plate_of(tables, sizes, row, dish):
    """Returns the plate under the ingredients of a dish (-1 none), and -1 if it is delivered."""
    agents, objects, ingredients = sizes
    for one in range(ingredients):
        if tables.dishes[dish] & (1 << one):
            if row[one] == tables.kind.shape[0] + agents:
                return -1, -1
            for plate in range(ingredients, objects):
                if row[plate] == row[one]:
                    return plate, 0
    return -1, 0


@njit(cache=True)
def is_free(sizes, row, plate, done):
    """Returns whether a plate is still empty."""
    free = row[plate] != done
    for one in range(sizes[2]):
        free = free and row[one] != row[plate]
    return free


@njit(cache=True)
def object_chain(tables, sizes, row, one):
    """Returns the steps that one object needs at least until its dish is delivered."""
    agents, objects, ingredients = sizes
    solids, place = tables.kind.shape[0], row[one]
    state = row[objects + one] if one < ingredients else np.int64(1)
    for other in range(objects):
        if other != one and row[other] == place:
            state = np.int64(2)
    if place >= solids:  # in hands, which may have come nearer since
        floor, since = agent_floor(tables, sizes, row, place - solids)
        return max(tables.chain[solids + floor, state] - since, tables.nearest[state])
    best = np.int64(ENOUGH)
    for spot in range(tables.spot_floor.shape[0]):
        if tables.spot_solid[spot] != place:
            continue
        floor = tables.spot_floor[spot]
        rest = tables.chain[solids + floor, state]
        if state == 1:  # picked up onto what it is merged with
            rest = min(rest, tables.chain[solids + floor, 2])
        for agent in range(agents):
            here, since = agent_floor(tables, sizes, row, agent)
            best = min(best, max(tables.distance[here, floor] - since, 0) + 1 + rest)
    # Put down and passed on in one step, it moves on without anybody coming to that spot.
    return best


@njit(cache=True)
def plate_chain(tables, sizes, row, pending):
    """Returns the steps that the empty plates need, of which ``pending`` must be used."""
    agents, objects, ingredients = sizes
    done, free = tables.kind.shape[0] + agents, 0
    least, most = np.int64(ENOUGH), np.int64(0)
    for plate in range(ingredients, objects):
        if is_free(sizes, row, plate, done):
            free += 1
            steps = object_chain(tables, sizes, row, plate)
            least, most = min(least, steps), max(most, steps)
    if free < pending:
        return np.int64(ENOUGH)
    return most if free == pending else least


@njit(cache=True)
def bare_work(tables, sizes, row, bare, other):
    """Returns the work of one or two dishes without a plate, over the best choice of plates."""
    agents, objects, ingredients = sizes
    done, best = tables.kind.shape[0] + agents, np.int64(ENOUGH)
    for plate in range(ingredients, objects):
        if not is_free(sizes, row, plate, done):
            continue
        amount = dish_left(tables, sizes, row, bare, plate)
        if other < 0:
            best = min(best, amount)
            continue
        for second in range(ingredients, objects):
            if second != plate and is_free(sizes, row, second, done):
                best = min(best, amount + dish_left(tables, sizes, row, other, second))
    return best


@njit(cache=True)
def dish_left(tables, sizes, row, dish, plate):
    """Returns the work that is left for a dish on a given plate.

    Hands that have been on their way for a while may be nearer than the table says: each step since
    takes off one at most, and the best cell is the least.
    """
    first, second = np.int64(-1), np.int64(-1)
    for one in range(sizes[2]):
        if tables.dishes[dish] & (1 << one):
            if first < 0:
                first = np.int64(one)
            else:
                second = np.int64(one)
    merged = np.int64(APART)
    if second >= 0 and row[first] == row[second]:
        merged = np.int64(COMPLETE if row[plate] == row[first] else WITHOUT_PLATE)
    elif row[plate] == row[first]:
        merged = np.int64(FIRST_ON_PLATE)
    elif second >= 0 and row[plate] == row[second]:
        merged = np.int64(SECOND_ON_PLATE)
    exact = dish_table(tables, sizes, row, dish, merged, first, second, plate, ENOUGH)
    some = dish_table(tables, sizes, row, dish, merged, first, second, plate, 4)
    nearest = dish_table(tables, sizes, row, dish, merged, first, second, plate, -1)
    return max(exact, some, nearest)


@njit(cache=True)
def dish_table(tables, sizes, row, dish, merged, first, second, plate, patience):
    """Looks the work up; hands longer on their way than ``patience`` count as at the best cell."""
    objects = sizes[1]
    solids, best_place = tables.kind.shape[0], tables.work.shape[4] - 1
    late, place = np.int64(0), np.zeros(3, np.int64)
    for k in range(3):
        one = first if k == 0 else (second if k == 1 else plate)
        if one < 0:
            continue
        place[k] = row[one]
        if row[one] >= solids:
            floor, since = agent_floor(tables, sizes, row, row[one] - solids)
            if since <= patience:
                place[k] = solids + floor
                shared = (k == 1 and row[first] == row[one]) or (
                    k == 2 and (row[first] == row[one] or (second >= 0 and row[second] == row[one]))
                )
                if not shared:
                    late += since
            else:
                place[k] = best_place
    index = 2 * place[0] + row[objects + first]
    other, base = np.int64(0), place[2]
    if second >= 0 and merged != WITHOUT_PLATE and merged != COMPLETE:
        other = 2 * place[1] + row[objects + second]
    if merged in (FIRST_ON_PLATE, SECOND_ON_PLATE, COMPLETE):
        base = np.int64(0)
    return np.int64(tables.work[dish, merged, index, other, base]) - late
