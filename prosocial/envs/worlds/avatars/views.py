"""What an avatar sees: a window of cells turned to its heading, one byte a cell."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.lib.stride_tricks import as_strided

from .codes import BODY, OTHER, SELF, SELF_COOLING

DEFAULT_SIDE = 11  # the usual window, for which the loops are compiled with constant bounds


@njit
def observe(world, params, agent, out):
    """Writes the view of an agent.

    Args:
        world: State record.
        params: Parameter record.
        agent: The viewer.
        out: uint8 (rows, columns, channels). Row 0 is ``params.view_ahead`` cells ahead. Channel 0
            has the codes of ``Seen``. With ``params.identities`` channel 1 tells whose body it is:
            1 + (its index - the viewer's) mod N, 0 where there is none. Further channels are 0, and
            all is 0 while the viewer is out of the world.
    """
    if world.away[agent]:
        out[:] = 0
    elif out.shape[2] > 1:
        look_in_channels(world, params, agent, out)
    else:
        rows, columns = out.shape[0], out.shape[1]
        flat = as_strided(out, (rows * columns,), (1,))  # cheaper than a reshape
        if rows == DEFAULT_SIDE and columns == DEFAULT_SIDE:
            look(world, params, agent, DEFAULT_SIDE, DEFAULT_SIDE, flat)
        else:
            look(world, params, agent, rows, columns, flat)


@njit
def blind(out):
    """Shows nothing."""
    out[:] = 0


@njit(forceinline=True)
def look(world, params, agent, rows, columns, out):
    """Writes the codes of a view into ``out``, uint8 (rows * columns,)."""
    heading = world.heading[agent]
    forward = np.int64(params.offsets[heading])
    right = np.int64(params.offsets[(heading + 1) & 3])
    ahead, left = np.int64(params.view_ahead), columns // 2
    corner = np.int64(world.position[agent]) + ahead * forward - left * right
    for row in range(rows):
        for column in range(columns):
            # Unsigned indices: no test for indices that count from the end.
            cell = np.uint64(corner - row * forward + column * right)
            out[np.uint64(row * columns + column)] = world.cells[cell]
    # Codes of bodies are multiples of four plus the heading.
    turn = np.uint8(4 - heading)
    for k in range(rows * columns):
        code = out[k]
        relative = np.uint8(((code & np.uint8(3)) + turn) & np.uint8(3))
        out[k] = np.uint8(OTHER) + relative if code >= np.uint8(BODY) else code
    out[ahead * columns + left] = SELF_COOLING if world.cooldown[agent] else SELF


@njit
def look_in_channels(world, params, agent, out):
    """Writes a view with more than the channel of codes."""
    size = world.position.shape[0]
    heading = np.int64(world.heading[agent])
    forward = np.int64(params.offsets[heading])
    right = np.int64(params.offsets[(heading + 1) & 3])
    ahead, left = np.int64(params.view_ahead), out.shape[1] // 2
    corner = np.int64(world.position[agent]) + ahead * forward - left * right
    for row in range(out.shape[0]):
        for column in range(out.shape[1]):
            code = np.int64(world.cells[corner - row * forward + column * right])
            for channel in range(1, out.shape[2]):
                out[row, column, channel] = 0
            if code < BODY:
                out[row, column, 0] = code
            else:
                out[row, column, 0] = OTHER + ((code - heading) & 3)
                if params.identities:
                    after = ((code - BODY) >> 2) - agent
                    out[row, column, 1] = 1 + after + (size if after < 0 else 0)
    out[ahead, left, 0] = SELF_COOLING if world.cooldown[agent] else SELF
