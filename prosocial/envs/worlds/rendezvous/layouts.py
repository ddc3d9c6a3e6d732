"""Maps of rendezvous: goals on a ring around the start, or an ASCII map."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from prosocial.envs.engine.errors import LayoutError
from prosocial.envs.engine.grid import parse_map

from .codes import STEPS, Cell

# '#' wall, '.' free, 'G' goal, 'A' start cell.
SYMBOLS = "#.GA"

# Which of the eight directions, clockwise from north, have a goal on a ring of so many.
RINGS = {1: (2,), 2: (2, 6), 4: (0, 2, 4, 6), 8: tuple(range(8))}


@dataclass(frozen=True)
class RendezvousMap:
    """An ASCII map read.

    Attributes:
        cells: Codes without goals and agents, uint8 (height, width).
        goals: Flat cells of the goals in that array, int64 (G,), row by row.
        starts: Flat start cells, int64 (K,).
    """

    cells: np.ndarray
    goals: np.ndarray
    starts: np.ndarray


def ring(num_goals: int, distance: int) -> str:
    """Returns a room with one start cell in its middle and goals ``distance`` moves from it.

    Moves go in eight directions, so the goals on a ring are all alike: none is nearer, and each
    but the first of eight lies in a direction of its own.

    Args:
        num_goals: One of ``RINGS``.
        distance: Moves from the start to each goal, >= 1.
    """
    side = 2 * distance + 3
    rows = [["#"] * side, *[["#", *"." * (side - 2), "#"] for _ in range(side - 2)], ["#"] * side]
    middle = distance + 1
    rows[middle][middle] = "A"
    for direction in RINGS[num_goals]:
        row, column = middle + distance * STEPS[direction + 1]
        rows[row][column] = "G"
    return "\n".join("".join(row) for row in rows)


def read_map(text: str, num_goals: int | None = None) -> RendezvousMap:
    """Reads an ASCII map.

    Args:
        text: Rows of ``SYMBOLS``.
        num_goals: Number of goals that it is to have; None for any from 1 on.

    Raises:
        LayoutError: The map is empty or ragged, has an unknown symbol, no goal, no start, another
            number of goals, or a goal that cannot be reached from every start.
    """
    symbols = parse_map(text, SYMBOLS)
    cells = np.where(symbols == "#", np.uint8(Cell.WALL), np.uint8(Cell.EMPTY))
    goals, starts = np.flatnonzero(symbols == "G"), np.flatnonzero(symbols == "A")
    if not len(goals) or num_goals not in (None, len(goals)):
        wanted = "at least one" if num_goals is None else f"num_goals = {num_goals}"
        raise LayoutError(f"The map has {len(goals)} goals (G); expected {wanted}.")
    if not len(starts):
        raise LayoutError("The map has no start cell; mark at least one with A.")
    for start in starts:
        reached = _reached(cells != Cell.WALL, int(start)).ravel()[goals]
        if not reached.all():
            place = divmod(int(goals[~reached][0]), cells.shape[1])
            raise LayoutError(
                f"The goal in row {place[0] + 1}, column {place[1] + 1} of the map cannot be "
                "reached from every start cell; open a path."
            )
    return RendezvousMap(cells, goals, starts)


def _reached(free: np.ndarray, start: int) -> np.ndarray:
    """Returns the cells that eight-way moves reach from a flat cell, bool (height, width)."""
    reached = np.zeros_like(free)
    reached.flat[start] = True
    height, width = free.shape
    while True:
        rim = np.pad(reached, 1)
        near = np.zeros_like(free)
        for row, column in STEPS:
            near |= rim[1 + row : 1 + row + height, 1 + column : 1 + column + width]
        near &= free
        if (near == reached).all():
            return reached
        reached = near
