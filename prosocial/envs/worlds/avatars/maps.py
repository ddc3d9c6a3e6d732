"""Reads the ASCII maps of the worlds of avatars."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from prosocial.envs.engine.errors import LayoutError
from prosocial.envs.engine.grid import pad, parse_map

from .codes import Cell

# '#' wall, '.' floor, 'A' apple, 'a' a place of apples that is empty at the start, 'P' a spawn
# cell, 'Q' an inner spawn cell, kept for the first agents, '~' water, 'W' waste, 'w' a place of
# waste that is clean (water) at the start.
GROUND = {
    "#": Cell.WALL,
    ".": Cell.FLOOR,
    "A": Cell.APPLE,
    "a": Cell.FLOOR,
    "P": Cell.FLOOR,
    "Q": Cell.FLOOR,
    "~": Cell.WATER,
    "W": Cell.WASTE,
    "w": Cell.WATER,
}


@dataclass(frozen=True)
class Terrain:
    """A map with walls all round, wide enough that no view and no beam leaves it.

    Attributes:
        symbols: The map's characters, ``<U1`` (height, width), padding included.
        ground: Codes of the cells at the start, uint8 (height, width).
        margin: How many rows and columns of walls were added on each side.
    """

    symbols: np.ndarray
    ground: np.ndarray
    margin: int

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width with the padding."""
        return self.ground.shape[0], self.ground.shape[1]

    def cells(self, symbols: str) -> np.ndarray:
        """Returns the flat cells that have one of some symbols, int32, ascending."""
        return np.flatnonzero(np.isin(self.symbols, list(symbols))).astype(np.int32)


def read_terrain(text: str, symbols: str, reach: int, num_agents: int) -> Terrain:
    """Reads a map.

    Args:
        text: The map, see ``engine.grid.parse_map``.
        symbols: Which symbols of ``GROUND`` the world knows.
        reach: How many cells a view or a beam reaches from an avatar in any direction, >= 1.
        num_agents: How many avatars there will be.

    Raises:
        LayoutError: The map is ragged, has an unknown symbol, no spawn cell or too few.
    """
    rows = parse_map(text, symbols)
    _check_spawns(rows, num_agents)
    border = np.concatenate([rows[0], rows[-1], rows[:, 0], rows[:, -1]])
    # Behind a border of walls, avatars stand one cell farther from the edge.
    margin = max(reach - int((border == "#").all()), 1)
    padded = np.pad(rows, margin, constant_values="#")
    codes = np.vectorize(GROUND.__getitem__, otypes=[np.uint8])(rows)
    return Terrain(padded, pad(codes, margin, Cell.WALL), margin)


def _check_spawns(rows: np.ndarray, num_agents: int) -> None:
    inner, outer = int((rows == "Q").sum()), int((rows == "P").sum())
    if inner + outer == 0:
        raise LayoutError(
            f"The map has no spawn cell; mark at least {num_agents} cells with P, one an agent."
        )
    # The first agents have the inner cells to themselves, the others share the outer ones.
    if num_agents > inner + outer:
        raise LayoutError(
            f"The map has {inner + outer} spawn cells (P and Q) for {num_agents} agents; mark more "
            "cells with P or use fewer agents."
        )
