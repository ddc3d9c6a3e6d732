"""ASCII maps for doors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from prosocial.envs.engine.errors import LayoutError
from prosocial.envs.engine.grid import UNREACHABLE, distances, parse_map

from .codes import Cell

MAX_BOXES, MAX_DOORS = 8, 8
# '#' wall, '.' free, '+' closed door, '1'..'8' boxes, 'H' where the human may start, 'A' its aide.
BOXES = "12345678"
SYMBOLS = "#.+HA" + BOXES

LAYOUTS = {
    # Six rooms along a hall.
    "six_rooms": """
        ###########
        #1#.2.#.3.#
        #+##+###+##
        #....H....#
        #....A....#
        #+##+###+##
        #4#.5.#.6.#
        ###########
    """,
    # Four ways, all alike at first: who does not infer cannot decide for one.
    "cross": """
        #############
        ######1######
        ######.######
        ######+######
        ######.######
        ####.....####
        #2.+..H..+.3#
        ####..A..####
        ######.######
        ######+######
        ######.######
        ######4######
        #############
    """,
    # Two doors on the way to each box, the first shared by two of them.
    "nested": """
        ###########
        #1+..#..+2#
        ###..#..###
        #3+..#..+4#
        ####+#+####
        #...HA....#
        ###########
    """,
    # Two boxes, one door each: the smallest task.
    "corridor": """
        ###########
        #1.+.H.+.2#
        ####.A.####
        ###########
    """,
}


@dataclass(frozen=True)
class DoorsMap:
    """An ASCII map read; places are flat cells.

    Attributes:
        cells: Codes, all doors closed, uint8 (height, width).
        boxes: Where the boxes are, in the order of their digits, int32 (G,).
        doors: Where the doors are, row by row, int32 (D,).
        human: Where the human may start, int32.
        helper: Where the helper may start, int32.
    """

    cells: np.ndarray
    boxes: np.ndarray
    doors: np.ndarray
    human: np.ndarray
    helper: np.ndarray


def read_map(text: str) -> DoorsMap:
    """Reads an ASCII map.

    Args:
        text: Rows of ``SYMBOLS``: 2 to 8 boxes, numbered from 1 without a gap, at most 8 doors, a
            border of walls, and at least one start for each agent.

    Raises:
        LayoutError: The map is empty or ragged, has an unknown symbol, lacks a thing, has too many,
            has an open border, or walls part an agent from a box.
    """
    symbols = parse_map(text, SYMBOLS)
    border = np.concatenate([symbols[0], symbols[-1], symbols[:, 0], symbols[:, -1]])
    if (border != "#").any():
        raise LayoutError("The border of the map has a gap; put '#' all round.")
    cells = np.full(symbols.shape, Cell.EMPTY, np.uint8)
    cells[symbols == "#"] = Cell.WALL
    cells[symbols == "+"] = Cell.DOOR
    cells[np.isin(symbols, list(BOXES))] = Cell.BOX
    found = {symbol: np.flatnonzero(symbols == symbol).astype(np.int32) for symbol in SYMBOLS}
    boxes = _boxes(found)
    if len(found["+"]) > MAX_DOORS:
        raise LayoutError(f"The map has {len(found['+'])} doors; expected at most {MAX_DOORS}.")
    for symbol, name in (("H", "human"), ("A", "helper")):
        if len(found[symbol]) == 0:
            raise LayoutError(f"The map has no start {symbol!r} of the {name}; expected one.")
    _check_paths(cells, boxes, np.concatenate([found["H"], found["A"]]))
    return DoorsMap(cells, boxes, found["+"], found["H"], found["A"])


def _boxes(found: dict[str, np.ndarray]) -> np.ndarray:
    numbers = [digit for digit in BOXES if len(found[digit])]
    wanted = list(BOXES[: max(len(numbers), 2)])
    if numbers != wanted or any(len(found[digit]) > 1 for digit in numbers):
        shown = ", ".join(digit for digit in numbers for _ in found[digit]) or "none"
        raise LayoutError(
            f"The map has the boxes {shown}; expected 2 to {MAX_BOXES}, numbered from 1, once each."
        )
    return np.concatenate([found[digit] for digit in numbers])


def _check_paths(cells: np.ndarray, boxes: np.ndarray, starts: np.ndarray) -> None:
    """Raises unless everybody can get to every box through doors."""
    blocking = np.zeros(256, np.uint8)
    blocking[Cell.WALL] = 1
    steps, queue = np.empty(cells.size, np.int32), np.empty(cells.size, np.int32)
    distances(cells.ravel(), cells.shape[1], int(starts[0]), blocking, steps, queue)
    for number, box in enumerate(boxes, 1):
        if steps[box] == UNREACHABLE:
            raise LayoutError(f"Walls part box {number} from the starts; put a door.")
    if (steps[starts] == UNREACHABLE).any():
        raise LayoutError("Walls part the starts from each other; open a path or put a door.")
