"""A kitchen as the planner sees it: cached distances, stations, and the sub-tasks as numbers."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from prosocial.agents.mind.planning.distances import all_pairs, grid_successors
from prosocial.envs.engine import ConfigError, World
from prosocial.envs.worlds.kitchen import SubTask
from prosocial.envs.worlds.kitchen.codes import Cell
from prosocial.envs.worlds.kitchen.items import COOKED, FRESH_MASK, PLATE

from . import kernel

KINDS = {"Chop": kernel.CHOP, "Merge": kernel.MERGE, "Cook": kernel.COOK, "Deliver": kernel.DELIVER}
_ENDS = {Cell.BOARD: kernel.CHOP, Cell.POT: kernel.COOK, Cell.DELIVERY: kernel.DELIVER}
_CELLS = {
    Cell.FLOOR: kernel.FLOOR, Cell.COUNTER: kernel.COUNTER, Cell.BOARD: kernel.BOARD,
    Cell.DELIVERY: kernel.DELIVERY, Cell.POT: kernel.POT,
}  # fmt: skip


class Room(NamedTuple):
    """What does not change in a kitchen of n cells.

    Attributes:
        offsets: int64 (5,): what an action adds to a flat cell.
        kind: uint8 (n,): FLOOR, COUNTER, ... or 0.
        distance: int32 (n, n): steps from floor to floor, FAR where no way leads.
        reach: int32 (n, n): steps from floor to the nearest floor beside a solid cell.
        faces: int64 (n, 4): the floor cells beside a cell, -1 behind the last.
        floors: int64 (F,).
        spots: int64 (M,): counters and boards.
        stations: int64 (4, L): by kind of sub-task the cells where it ends, -1 behind the last.
        plate: Code of a plate.
        cooked: Bit of a cooked soup.
        fresh: Bits of fresh ingredients; shifted to the left by one, of chopped ones.
        soups: int64 (k,): contents of a pot that starts to cook.
    """

    offsets: np.ndarray
    kind: np.ndarray
    distance: np.ndarray
    reach: np.ndarray
    faces: np.ndarray
    floors: np.ndarray
    spots: np.ndarray
    stations: np.ndarray
    plate: int
    cooked: int
    fresh: int
    soups: np.ndarray


class Scratch(NamedTuple):
    """Working memory of one thread. Columns are cells, x the input of a sub-task, slots situations.

    Attributes:
        count: int64 (5,): lengths of empty, of the rows of pick, and of the rows of use.
        empty: int64 (n,): counters and boards on which nothing lies.
        pick: int64 (x, n): where an input can be picked up.
        use: int64 (x, n): where who holds an input can use it.
        single: int64 (slots,): steps until an agent has done it alone.
        ready: int64 (slots, n): steps until it stands on a floor cell with empty hands.
        bring: int64 (slots, x, n): steps until it stands on a floor cell with an input.
        give: int64 (slots, x, n): steps until it has put an input on an empty cell.
    """

    count: np.ndarray
    empty: np.ndarray
    pick: np.ndarray
    use: np.ndarray
    single: np.ndarray
    ready: np.ndarray
    bring: np.ndarray
    give: np.ndarray


def room_of(world: World) -> Room:
    """Returns the kitchen of a configured world.

    Raises:
        ConfigError: The world is no kitchen.
    """
    if world.name != "kitchen":
        raise ConfigError(
            f"Bayesian Delegation plans in world 'kitchen', not in {world.name!r}; configure a "
            "kitchen, or use a mind with hypotheses about that world."
        )
    params = world.params[0]
    ground, width = params["ground"], int(params["width"])
    kind = np.zeros(ground.size, np.uint8)
    for cell, number in _CELLS.items():
        kind[ground == cell] = number
    offsets = params["offsets"].astype(np.int64)
    solid = np.ones(256, np.uint8)
    solid[kernel.FLOOR] = 0
    distance = all_pairs(grid_successors(kind, width, solid, offsets)).astype(np.int32)
    floors = np.flatnonzero(kind == kernel.FLOOR)
    closed = kind != kernel.FLOOR
    distance[(distance < 0) | closed[:, None] | closed[None]] = kernel.FAR
    faces = _faces(kind, offsets)
    reach = np.full_like(distance, kernel.FAR)
    for cell in np.flatnonzero((kind > 0) & closed):
        beside = faces[cell][faces[cell] >= 0]
        if beside.size:
            reach[:, cell] = distance[:, beside].min(1)
    spots = np.flatnonzero((kind == kernel.COUNTER) | (kind == kernel.BOARD))
    # A counter that nobody can stand beside, such as a corner, is of no use.
    spots = spots[(faces[spots] >= 0).any(1)]
    return Room(
        offsets=offsets,
        kind=kind,
        distance=distance,
        reach=reach,
        faces=faces,
        floors=floors.astype(np.int64),
        spots=spots.astype(np.int64),
        stations=_stations(ground),
        plate=PLATE,
        cooked=COOKED,
        fresh=FRESH_MASK,
        soups=params["soups"][: params["num_soups"]].astype(np.int64),
    )


def scratch_for(room: Room) -> Scratch:
    """Returns working memory for one thread."""
    n, slots = room.kind.size, 2 * kernel.NUM_ACTIONS + 2
    shapes = (5,), (n,), (2, n), (2, n), (slots,), (slots, n), (slots, 2, n), (slots, 2, n)
    return Scratch(*(np.zeros(shape, np.int64) for shape in shapes))


def task_rows(subtasks: tuple[SubTask, ...]) -> np.ndarray:
    """Returns sub-tasks as the kernel takes them, int64 (S, 4): kind, two inputs, output.

    The soup is the second input of the merge that plates it.
    """
    rows = []
    for task in subtasks:
        first, second = sorted([*task.inputs, 0][:2], reverse=len(task.inputs) == 1)
        rows.append((KINDS[task.kind], first, second, task.output))
    return np.array(rows, np.int64).reshape(-1, 4)


def _faces(kind: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Returns the floor cells beside each cell, int64 (n, 4), -1 behind the last."""
    faces = np.full((kind.size, 4), -1, np.int64)
    for cell in range(kind.size):
        beside = [c for c in cell + offsets[1:] if 0 <= c < kind.size and kind[c] == kernel.FLOOR]
        faces[cell, : len(beside)] = beside
    return faces


def _stations(ground: np.ndarray) -> np.ndarray:
    """Returns the cells where each kind of sub-task ends, int64 (4, L), -1 behind the last."""
    places = {number: np.flatnonzero(ground == cell) for cell, number in _ENDS.items()}
    stations = np.full((len(KINDS), max(len(p) for p in places.values())), -1, np.int64)
    for number, cells in places.items():
        stations[number, : len(cells)] = cells
    return stations
