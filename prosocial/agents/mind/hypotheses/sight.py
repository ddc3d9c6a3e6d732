"""Who has whom in view."""

from __future__ import annotations

import numpy as np

from prosocial.envs.engine import ConfigError, nearest

SIGHTS = ("full", "view")  # everybody sees everybody; who is in the view of an observation


def check_sight(sight: str) -> str:
    """Returns the sight.

    Raises:
        ConfigError: It is none of ``SIGHTS``.
    """
    if sight not in SIGHTS:
        raise ConfigError(f"sight is {sight!r}. {nearest(str(sight), SIGHTS)}")
    return sight


def in_view(
    position: np.ndarray, heading: np.ndarray, width: int, reach: tuple[int, int, int]
) -> np.ndarray:
    """Returns whose body lies in whose view: bool (B, N, N), viewers first; all see themselves.

    Args:
        position: Flat cells, integers (B, N).
        heading: 0 north, 1 east, 2 south, 3 west, integers (B, N).
        width: Of the padded grid.
        reach: Cells that a view shows ahead of the viewer, behind it and on each side.
    """
    rows, columns = np.divmod(position.astype(np.int64), width)
    down = rows[:, None, :] - rows[:, :, None]
    right = columns[:, None, :] - columns[:, :, None]
    facing = heading[:, :, None].astype(np.int64)
    # Cells ahead of the viewer, by its heading, and how far to either side of it.
    ahead = np.choose(facing, [-down, right, down, -right])
    aside = np.abs(np.where(facing % 2 == 0, right, down))
    in_front, behind, side = reach
    return (ahead <= in_front) & (ahead >= -behind) & (aside <= side)
