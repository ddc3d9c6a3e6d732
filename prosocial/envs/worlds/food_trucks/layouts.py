"""The maps of food_trucks, what can be parked on them, and what can be seen from where."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations

import numpy as np

from prosocial.envs.engine.errors import LayoutError
from prosocial.envs.engine.grid import parse_map

from .codes import EMPTY, NUM_TRUCKS, TRUCKS, Cell

# '#' wall, '.' free, 'A' where the agent may start (without one: any free cell), '1', '2', ... the
# parking spots, numbered without a gap.
SYMBOLS = "#.A123456789"

LAYOUTS = {
    # The food-truck demonstration of memo (Chandra et al. 2025): a wall that is open at its west
    # end hides spot 1; spot 2 is at hand. 10 x 5 cells, the agent starts in column 3, row 3.
    "wall": """
        .........1
        ..........
        .#########
        ...A......
        2.........
    """,
    # The food-truck demonstration of Stacy et al.: 5 x 4 cells, a truck in either corner.
    "small": """
        1....
        .....
        A.###
        ....2
    """,
}

# The worlds that are possible on a map of LAYOUTS, spot by spot; None: all that ``arrangements``
# gives. The wall hides whether it is L or M that is parked on spot 1; everybody knows of K on 2.
PLACEMENTS: dict[str, tuple[str, ...] | None] = {"wall": ("LK", "MK"), "small": None}


@dataclass(frozen=True)
class TruckMap:
    """An ASCII map read.

    Attributes:
        cells: Codes without trucks, uint8 (height, width).
        spots: Row and column of each parking spot, in the order of their numbers.
        starts: Row and column of each cell where the agent may start, row by row.
    """

    cells: np.ndarray
    spots: tuple[tuple[int, int], ...]
    starts: tuple[tuple[int, int], ...]


def read_map(text: str) -> TruckMap:
    """Reads an ASCII map of ``SYMBOLS``.

    Raises:
        LayoutError: The map is empty or ragged, has an unknown symbol, no spot, a number twice or
            left out, no cell to start from, or a spot that no start leads to.
    """
    symbols = parse_map(text, SYMBOLS)
    numbers = sorted(int(s) for s in symbols.ravel() if s.isdigit())
    if not numbers or numbers != list(range(1, len(numbers) + 1)):
        raise LayoutError(
            f"The parking spots of the map are numbered {numbers}; expected 1, 2, ... each once."
        )
    cells = np.full(symbols.shape, Cell.FLOOR, np.uint8)
    cells[symbols == "#"] = Cell.WALL
    spots = tuple(_places(symbols == str(number))[0] for number in numbers)
    cells[tuple(np.transpose(spots))] = Cell.SPOT
    starts = _places(symbols == "A") or _places(cells == Cell.FLOOR)
    if not starts:
        raise LayoutError("The map has nowhere to start; expected a cell 'A' or '.'.")
    _check_paths(cells, spots, starts)
    return TruckMap(cells, spots, starts)


def arrangements(spots: int) -> tuple[str, ...]:
    """Returns every way to park different trucks on all of 1 to 3 spots, in alphabetical order.

    Raises:
        LayoutError: There are more spots than trucks.
    """
    if spots > NUM_TRUCKS:
        raise LayoutError(
            f"The map has {spots} spots and there are {NUM_TRUCKS} trucks; name the possible "
            f"placements yourself, such as placements=('KL{EMPTY}M', ...)."
        )
    return tuple("".join(order) for order in permutations(TRUCKS, spots))


def check_placements(placements: tuple[str, ...], spots: int) -> None:
    """Checks that each placement names a truck or nothing for each spot.

    Raises:
        LayoutError: A placement has the wrong length, an unknown letter, a truck twice or none, or
            is given twice.
    """
    for placement in placements:
        trucks = [letter for letter in placement if letter in TRUCKS]
        known = len(trucks) + placement.count(EMPTY) == len(placement) == spots
        if not known or not trucks or len(set(trucks)) < len(trucks):
            raise LayoutError(
                f"The placement {placement!r} does not suit a map of {spots} spots; expected one "
                f"letter for each, of {', '.join(TRUCKS)} (each at most once, one at least) or "
                f"{EMPTY!r} for an empty spot."
            )
    if len(set(placements)) < len(placements):
        raise LayoutError(f"A placement is given twice in {placements}; name each once.")


def lines_of_sight(cells: np.ndarray) -> np.ndarray:
    """Returns what can be seen from where (the isovist of every cell).

    A cell is seen if the straight line between the two centres meets the inside of no wall; a line
    that only touches a corner is free. A wall is seen if a cell beside it is.

    Args:
        cells: Codes, uint8 (height, width).

    Returns:
        bool (height * width, height * width): from (first) to (second). Nothing is seen from a
        wall. Between cells that are not walls it is symmetric.
    """
    wall = (cells == Cell.WALL).ravel()
    rows, columns = (index.ravel() for index in np.indices(cells.shape))
    down, right = rows[None] - rows[:, None], columns[None] - columns[:, None]
    seen = ~(wall[:, None] | wall[None])
    for row, column in np.argwhere(cells == Cell.WALL):
        # In integers: the line meets the open unit square around the wall's centre if the two
        # lie side by side and the centre is nearer to the line than half the square is wide.
        beside = _between(rows, row) & _between(columns, column)
        across = right * (row - rows)[:, None] - down * (column - columns)[:, None]
        seen &= ~(beside & (2 * np.abs(across) < np.abs(down) + np.abs(right)))
    padded = np.pad(seen.reshape(-1, *cells.shape), ((0, 0), (1, 1), (1, 1)))
    near = padded[:, :-2, 1:-1] | padded[:, 2:, 1:-1] | padded[:, 1:-1, :-2] | padded[:, 1:-1, 2:]
    seen[:, wall] = near.reshape(seen.shape)[:, wall]
    return seen


def _between(places: np.ndarray, place: int) -> np.ndarray:
    """Returns bool (n, n): whether a row (or column) lies between two others, ends included."""
    low = np.minimum(places[None], places[:, None])
    return (low <= place) & (np.maximum(places[None], places[:, None]) >= place)


def _places(where: np.ndarray) -> tuple[tuple[int, int], ...]:
    return tuple((int(row), int(column)) for row, column in np.argwhere(where))


def _check_paths(
    cells: np.ndarray, spots: tuple[tuple[int, int], ...], starts: tuple[tuple[int, int], ...]
) -> None:
    free = np.pad(cells != Cell.WALL, 1)
    for start in starts:
        reached = np.zeros_like(free)
        reached[start[0] + 1, start[1] + 1] = True
        while True:
            steps = [np.roll(reached, shift, axis) for shift in (-1, 1) for axis in (0, 1)]
            grown = reached | (np.logical_or.reduce(steps) & free)
            if (grown == reached).all():
                break
            reached = grown
        missing = [
            k for k, (row, column) in enumerate(spots, 1) if not reached[row + 1, column + 1]
        ]
        if missing:
            raise LayoutError(
                f"No path leads from the start in row {start[0] + 1}, column {start[1] + 1} to "
                f"the spots {missing}; open one."
            )
