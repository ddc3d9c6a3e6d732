"""Who has whom in view."""

from __future__ import annotations

import numpy as np

from prosocial.agents.mind.planning.compiling import compiled
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
    out = np.empty((*position.shape, position.shape[1]), np.bool_)
    _look(position, heading, width, *reach, out)
    return out


@compiled
def _look(position, heading, width, in_front, behind, side, out):
    """Writes bool (B, N, N); see ``in_view``."""
    num_agents = position.shape[1]
    rows, columns = np.empty(num_agents, np.int64), np.empty(num_agents, np.int64)
    for world in range(position.shape[0]):
        for agent in range(num_agents):
            rows[agent] = position[world, agent] // width
            columns[agent] = position[world, agent] - rows[agent] * width
        for viewer in range(num_agents):
            facing = heading[world, viewer]
            for other in range(num_agents):
                down, right = rows[other] - rows[viewer], columns[other] - columns[viewer]
                # Cells ahead of the viewer, by its heading, and how far to either side of it.
                ahead, aside = (right, down) if facing & 1 else (-down, right)
                if facing >= 2:
                    ahead = -ahead
                near = abs(aside) <= side
                out[world, viewer, other] = near and -behind <= ahead and ahead <= in_front
