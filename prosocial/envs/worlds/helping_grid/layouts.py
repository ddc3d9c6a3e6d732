"""ASCII maps for helping_grid; random mazes are drawn by the generator."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from prosocial.envs.engine.errors import LayoutError
from prosocial.envs.engine.grid import UNREACHABLE, distances, parse_map

from .codes import BLOCKING, Cell

# '#' wall, '.' free, 'G' goal, 'B' ball, 'L' learner, 'C' caregiver; headings are drawn.
SYMBOLS = "#.GBLC"
NAMES = {"G": "goal", "B": "ball", "L": "learner", "C": "caregiver"}

# Fewest and most walls with which one attempt in ten succeeds, by the size of the random maze;
# 9 is the largest whose free cells fit the bits of an integer (see generator.connected).
NUM_WALLS = {
    5: (2, 2),
    6: (4, 4),
    7: (6, 8),
    8: (9, 12),
    9: (13, 18),
}


@dataclass(frozen=True)
class HelpingMap:
    """An ASCII map read.

    Attributes:
        cells: Codes without the bodies, uint8 (height, width).
        goal: Row and column of the goal.
        learner: Row and column of the learner's start.
        caregiver: Row and column of the caregiver's start.
    """

    cells: np.ndarray
    goal: tuple[int, int]
    learner: tuple[int, int]
    caregiver: tuple[int, int]


def read_map(text: str) -> HelpingMap:
    """Reads an ASCII map.

    Args:
        text: Rows of ``SYMBOLS``; exactly one each of goal, ball, learner and caregiver.

    Raises:
        LayoutError: The map is empty or ragged, has an unknown symbol, lacks a thing or has it
            twice, has no free cell, or its walls part the caregiver from the goal.
    """
    symbols = parse_map(text, SYMBOLS)
    found = {}
    for symbol, name in NAMES.items():
        places = np.argwhere(symbols == symbol)
        if len(places) != 1:
            raise LayoutError(
                f"The map has {len(places)} cells {symbol!r} ({name}); expected exactly one."
            )
        found[symbol] = (int(places[0][0]), int(places[0][1]))
    if not (symbols == ".").any():
        raise LayoutError("The map has no free cell; expected at least one '.' to step onto.")
    cells = np.full(symbols.shape, Cell.EMPTY, np.uint8)
    for symbol, code in (("#", Cell.WALL), ("B", Cell.BALL), ("G", Cell.GOAL)):
        cells[symbols == symbol] = code
    _check_path(cells, found["C"], found["G"])
    return HelpingMap(cells, found["G"], found["L"], found["C"])


def _check_path(cells: np.ndarray, caregiver: tuple[int, int], goal: tuple[int, int]) -> None:
    padded = np.pad(cells, 1, constant_values=Cell.OUTSIDE)
    distance, queue = np.empty(padded.size, np.int32), np.empty(padded.size, np.int32)
    width = padded.shape[1]
    source = (goal[0] + 1) * width + goal[1] + 1
    distances(padded.ravel(), width, source, BLOCKING, distance, queue)
    if distance[(caregiver[0] + 1) * width + caregiver[1] + 1] == UNREACHABLE:
        raise LayoutError(
            "Walls part the caregiver (C) from the goal (G), so nobody can help; open a path."
        )


def empty_room(size: int) -> np.ndarray:
    """Returns the codes of a square room with border walls: uint8 (size, size)."""
    cells = np.full((size, size), Cell.WALL, np.uint8)
    cells[1:-1, 1:-1] = Cell.EMPTY
    return cells
