"""How many steps a learner of caregiver_grid is from the goal: breadth-first over cell and heading.

One file that imports no other module of the project and takes every code as an argument: numba
caches it on disk, and that cache does not see changes in imported files.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit


def _compiled(function: Callable[..., Any]) -> Any:
    """Compiles a function, cached on disk where numba finds a folder that can be written."""
    try:
        return njit(cache=True, nogil=True)(function)
    except RuntimeError:  # no such folder: compiled anew in each process
        return njit(nogil=True)(function)


@_compiled
def steps_to_goal(cells, goals, width, blocking, unreachable, out):
    """Writes the steps to the goal from every cell and heading of every world.

    Args:
        cells: Flat padded grids, uint8 (B, n).
        goals: Flat cells of the goals, int64 (B,).
        width: Of the padded grid.
        blocking: uint8 (256,): 1 for the codes that nobody enters.
        unreachable: What to write where no path leads.
        out: int32 (B, 4 n), index 4 cell + heading.
    """
    offsets = (-width, 1, width, -1)  # one cell ahead: north, east, south, west
    queue = np.empty(out.shape[1], np.int64)
    for b in range(cells.shape[0]):
        out[b, :] = unreachable
        head, tail = 0, 0
        for heading in range(4):
            cell = goals[b] - offsets[heading]
            if not blocking[cells[b, cell]]:
                out[b, 4 * cell + heading] = 1
                queue[tail] = 4 * cell + heading
                tail += 1
        while head < tail:
            state = queue[head]
            head += 1
            cell, heading = state // 4, state % 4
            behind = cell - offsets[heading]
            for k in range(3):
                if k == 2:
                    before = 4 * behind + heading
                    if blocking[cells[b, behind]] or behind == goals[b]:
                        continue
                else:
                    before = 4 * cell + (heading + 1 + 2 * k) % 4
                if out[b, before] == unreachable:
                    out[b, before] = out[b, state] + 1
                    queue[tail] = before
                    tail += 1
