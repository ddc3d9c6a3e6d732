"""What the search for the joint optimum knows of a kitchen: distances, spots and lower bounds.

Items are followed as single objects: the ingredients of the recipes, then the plates. Two objects
at one place are merged. All places are numbered: reachable solid cells 0 .. C - 1, floor cells
0 .. F - 1; a spot is a pair of a floor cell and a solid cell beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numba import njit

from prosocial.envs.engine.errors import ConfigError
from prosocial.envs.worlds.kitchen import items
from prosocial.envs.worlds.kitchen.codes import BOARD, DELIVERY, Cell
from prosocial.envs.worlds.kitchen.world import KitchenConfig

from .optimum_work import dish_work

FAR = 99  # a distance that nobody walks
MOST_INGREDIENTS = 2  # of a dish


class Tables(NamedTuple):
    """Arrays of one kitchen and its recipes, for compiled code.

    Attributes:
        distance: Steps between floor cells, int64 (F, F), ``FAR`` if none lead.
        spot_floor: Floor cell of each spot, int64 (S,).
        spot_solid: Solid cell of each spot, int64 (S,).
        kind: Cell code of each solid cell, int64 (C,).
        meeting: ``meeting[f, g]``: steps until an agent from floor cell f can have something at a
            counter that one from g can reach by then, int64 (F, F).
        longest: Steps to the farthest cell that can be reached from a floor cell, int64 (F,).
        dish_of: Dish that each ingredient belongs to, int64 (I,).
        dishes: Objects of each dish without the plate, as a bit mask, int64 (D,).
        chain: ``chain[solid or C + floor, state]``: steps that one object needs at least until its
            dish is delivered, whatever the others do; states 0 fresh, 1 chopped or plate, 2 merged;
            int64 (C + F, 3).
        nearest: ``chain`` in the hands at the best place, int64 (3,).
        work: For each dish the agent-steps that its objects need at least, spent on carrying and
            handling; see ``dish_work``. uint8 (D, 5, 2 P, W, P).
    """

    distance: np.ndarray
    spot_floor: np.ndarray
    spot_solid: np.ndarray
    kind: np.ndarray
    meeting: np.ndarray
    longest: np.ndarray
    dish_of: np.ndarray
    dishes: np.ndarray
    chain: np.ndarray
    nearest: np.ndarray
    work: np.ndarray


@dataclass(frozen=True)
class Problem:
    """A kitchen, its recipes and agents as the search sees them.

    Attributes:
        tables: See ``Tables``.
        config: The configuration of the kitchen.
        start_floor: Floor cell of each agent at the start, int64 (N,).
        start_places: Solid cell of each object at the start, int64 (O,).
        num_plates: The last objects are plates.
        floor_cells: Row and column of each floor cell.
        solid_cells: Row and column of each solid cell.
    """

    tables: Tables
    config: KitchenConfig
    start_floor: np.ndarray
    start_places: np.ndarray
    num_plates: int
    floor_cells: list[tuple[int, int]]
    solid_cells: list[tuple[int, int]]


def read_problem(config: KitchenConfig) -> Problem:
    """Returns what the search needs of a kitchen.

    Raises:
        ConfigError: A recipe is a soup, a dish has more than two ingredients, or an ingredient is
            wanted or there more than once.
    """
    recipes, kitchen = config.read()
    names = [name for recipe in recipes for name in recipe.ingredients]
    if len(set(names)) != len(names) or any(r.kind == "soup" for r in recipes):
        raise ConfigError("The optimum is searched for salads that share no ingredient.")
    if max(len(r.ingredients) for r in recipes) > MOST_INGREDIENTS:
        raise ConfigError(f"The optimum is searched for up to {MOST_INGREDIENTS} ingredients.")
    floor = _walkable(kitchen.ground, kitchen.starts)
    beside = {cell for one in floor for cell in _around(one, kitchen.ground.shape)}
    solid = sorted(cell for cell in beside if kitchen.ground[cell] != Cell.FLOOR)
    codes = [items.fresh(name) for name in names] + [items.PLATE]
    found = [[solid.index(c) for c in solid if kitchen.items[c] == code] for code in codes]
    if any(len(places) != 1 for places in found[:-1]):
        raise ConfigError("The optimum is searched where each wanted ingredient is there once.")
    dish_of = [d for d, recipe in enumerate(recipes) for _ in recipe.ingredients]
    return Problem(
        _tables(kitchen.ground, floor, solid, dish_of),
        config,
        np.array([floor.index(start) for start in kitchen.starts]),
        np.array([place for places in found for place in places]),
        len(found[-1]),
        floor,
        solid,
    )


def _around(cell: tuple[int, int], shape: tuple[int, ...]) -> list[tuple[int, int]]:
    row, column = cell
    near = [(row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1)]
    return [(r, c) for r, c in near if 0 <= r < shape[0] and 0 <= c < shape[1]]


def _walkable(ground: np.ndarray, starts: tuple[tuple[int, int], ...]) -> list[tuple[int, int]]:
    """Returns the floor cells that some agent can walk to, row by row."""
    seen, pending = set(starts), list(starts)
    while pending:
        for cell in _around(pending.pop(), ground.shape):
            if ground[cell] == Cell.FLOOR and cell not in seen:
                seen.add(cell)
                pending.append(cell)
    return sorted(seen)


def _tables(
    ground: np.ndarray,
    floor: list[tuple[int, int]],
    solid: list[tuple[int, int]],
    dish_of: list[int],
) -> Tables:
    count = len(floor)
    distance = np.full((count, count), FAR)
    np.fill_diagonal(distance, 0)
    for k, cell in enumerate(floor):
        for near in _around(cell, ground.shape):
            if near in floor:
                distance[k, floor.index(near)] = 1
    for k in range(count):  # Floyd and Warshall
        distance = np.minimum(distance, distance[:, k, None] + distance[None, k, :])
    distance = np.minimum(distance, FAR)
    spots = [
        (k, solid.index(near))
        for k, cell in enumerate(floor)
        for near in _around(cell, ground.shape)
        if near in solid
    ]
    spot_floor, spot_solid = np.array(spots).T.copy()
    kind = np.array([int(ground[cell]) for cell in solid])
    chain = _chain(distance, spot_floor, spot_solid, kind)
    dishes = np.zeros(max(dish_of) + 1, np.int64)
    for ingredient, dish in enumerate(dish_of):
        dishes[dish] |= 1 << ingredient
    counts = [dish_of.count(dish) for dish in range(len(dishes))]
    width = 2 * (len(solid) + count + 1) if max(counts) > 1 else 1
    return Tables(
        distance,
        spot_floor,
        spot_solid,
        kind,
        _meeting(distance, spot_floor, spot_solid),
        np.where(distance < FAR, distance, 0).max(axis=1),
        np.array(dish_of),
        dishes,
        chain,
        chain[len(solid) :].min(axis=0),
        np.array([dish_work(distance, spot_floor, spot_solid, kind, k, width) for k in counts]),
    )


def _meeting(distance: np.ndarray, spot_floor: np.ndarray, spot_solid: np.ndarray) -> np.ndarray:
    """Returns when two agents can have met at a counter at the earliest, see ``Tables.meeting``."""
    best = np.full_like(distance, FAR)
    for one, solid in zip(spot_floor, spot_solid, strict=True):
        for other in spot_floor[spot_solid == solid]:
            both = np.maximum(distance[:, one, None], distance[None, :, other])
            best = np.minimum(best, both)
    return best


@njit(cache=True)
def _chain(distance, spot_floor, spot_solid, kind):
    """Returns how many steps one object needs at least, see ``Tables.chain``.

    In one step it is carried a cell, put down, picked up, chopped, merged or delivered. It is
    merged where it lies by being picked up, or in the hands without moving. Put down by one agent
    and taken by the next in order, it passes a counter within one step.
    """
    floors, solids = distance.shape[0], kind.shape[0]
    chain = np.full((solids + floors, 3), FAR)
    changed = True
    while changed:
        changed = False
        for place in range(solids + floors):
            for state in range(3):
                best = chain[place, state]
                for spot in range(spot_floor.shape[0]):
                    solid, floor = spot_solid[spot], solids + spot_floor[spot]
                    if place < solids:
                        if solid == place:  # picked up, perhaps onto what it is merged with
                            best = min(best, 1 + chain[floor, state])
                            if state == 1:
                                best = min(best, 1 + chain[floor, 2])
                    elif floor == place:
                        if kind[solid] == DELIVERY:
                            if state == 2:
                                best = 1
                            continue
                        best = min(best, 1 + chain[solid, state])
                        if state == 0 and kind[solid] == BOARD:
                            best = min(best, 1 + chain[place, 1])
                        if state == 1:
                            best = min(best, 1 + chain[place, 2])
                        for other in range(spot_floor.shape[0]):  # passed within one step
                            if spot_solid[other] == solid:
                                passed = solids + spot_floor[other]
                                best = min(best, 1 + chain[passed, state])
                                if state == 1:
                                    best = min(best, 1 + chain[passed, 2])
                if place >= solids:
                    for floor in range(floors):
                        if distance[place - solids, floor] == 1:
                            best = min(best, 1 + chain[solids + floor, state])
                if best < chain[place, state]:
                    chain[place, state] = best
                    changed = True
    return chain
