"""Grids of one byte a cell: headings, ASCII maps, egocentric views and shortest paths.

A grid is a flat uint8 array of ``height * width`` cells. Worlds pad it with cells that nobody can
enter, wide enough that no egocentric view leaves the array, so that no rule needs a bounds check.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum

import numpy as np
from numba import njit

from .errors import LayoutError

UNREACHABLE = -1  # distance of a cell that no path reaches


class Heading(IntEnum):
    """Where an agent looks; turning right adds 1 modulo 4."""

    NORTH = 0
    EAST = 1
    SOUTH = 2
    WEST = 3


def heading_offsets(width: int) -> np.ndarray:
    """Returns what to add to a flat cell number to go one cell ahead: int32 of shape (4,)."""
    return np.array([-width, 1, width, -1], dtype=np.int32)


@njit
def ahead(width, heading):
    """Returns what to add to a flat cell number to go one cell ahead under a heading (int64)."""
    if heading == 0:
        return -np.int64(width)
    if heading == 1:
        return np.int64(1)
    if heading == 2:
        return np.int64(width)
    return np.int64(-1)


def parse_map(text: str, symbols: Iterable[str]) -> np.ndarray:
    """Returns an ASCII map as an array of single characters.

    Args:
        text: Rows separated by line breaks. Blank lines around the map and common indentation are
            dropped; spaces inside a row are not allowed (write ``.`` for a free cell).
        symbols: The characters that a cell may have.

    Returns:
        Characters, dtype ``<U1``, of shape (height, width).

    Raises:
        LayoutError: The map is empty, ragged or has an unknown symbol; the message says where.
    """
    rows = [row.strip() for row in text.strip("\n").split("\n")]
    while rows and not rows[0]:
        rows.pop(0)
    while rows and not rows[-1]:
        rows.pop()
    if not rows:
        raise LayoutError("The map is empty: expected rows of symbols such as '#.G'.")
    width = len(rows[0])
    for number, row in enumerate(rows, 1):
        if len(row) != width:
            raise LayoutError(
                f"The map is ragged: row {number} ({row!r}) has {len(row)} cells, row 1 has "
                f"{width}. Give every row the same length; write '.' for a free cell."
            )
    known = set(symbols)
    for number, row in enumerate(rows, 1):
        for column, symbol in enumerate(row, 1):
            if symbol not in known:
                raise LayoutError(
                    f"Unknown symbol {symbol!r} in row {number}, column {column} of the map. "
                    f"Known symbols: {' '.join(sorted(known))}"
                )
    return np.array([list(row) for row in rows])


def pad(cells: np.ndarray, margin: int, fill: int) -> np.ndarray:
    """Returns cells (H, W) with ``margin`` cells of code ``fill`` on each side, dtype kept."""
    return np.pad(cells, margin, constant_values=fill)


@njit
def copy_view(cells, width, position, heading, radius, out):
    """Writes what an agent sees: the square around it, turned so that row 0 lies ahead.

    Args:
        cells: Flat padded grid, uint8 of shape (height * width,).
        width: Width of the padded grid.
        position: Flat cell of the viewer; the padding must be at least ``radius`` wide.
        heading: The viewer's heading, 0..3.
        radius: Half the side of the view; the view has side ``2 * radius + 1``.
        out: uint8 of shape (side, side, channels); channel 0 is written. The viewer stands in its
            middle and looks towards row 0.
    """
    forward = ahead(width, heading)
    right = ahead(width, (heading + 1) & 3)
    corner = np.int64(position) + radius * forward - radius * right
    for row in range(2 * radius + 1):
        for column in range(2 * radius + 1):
            out[row, column, 0] = cells[corner - row * forward + column * right]


@njit
def distances(cells, width, source, blocking, out, queue):
    """Writes the number of moves from every cell to ``source`` (breadth-first, four neighbours).

    Args:
        cells: Flat padded grid, uint8 of shape (n,), all border cells blocking.
        width: Width of the padded grid.
        source: Flat cell to start from; it is entered whatever its code.
        blocking: uint8 of shape (256,): 1 for the codes that nobody enters.
        out: int16 or int32 of shape (n,): the distances, ``UNREACHABLE`` where no path leads.
        queue: Scratch of the same dtype and shape.
    """
    for cell in range(out.shape[0]):
        out[cell] = UNREACHABLE
    out[source] = 0
    queue[0] = source
    head, tail = 0, 1
    while head < tail:
        cell = np.int64(queue[head])
        head += 1
        for heading in range(4):
            neighbour = cell + ahead(width, heading)
            if out[neighbour] == UNREACHABLE and not blocking[cells[neighbour]]:
                out[neighbour] = out[cell] + 1
                queue[tail] = neighbour
                tail += 1
