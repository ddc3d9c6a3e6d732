"""Numbers of doors: actions, cells and bodies."""

from __future__ import annotations

from enum import IntEnum

from numba import njit


class Action(IntEnum):
    """What either agent can do."""

    STAY = 0
    NORTH = 1
    SOUTH = 2
    WEST = 3
    EAST = 4


class Cell(IntEnum):
    """What a cell holds; the numbers are MiniGrid's object types, open doors added."""

    EMPTY = 1
    WALL = 2
    DOOR = 4
    OPEN_DOOR = 5
    BOX = 7
    GOAL = 8  # the box that the human wants: in pictures only


# The rules use plain integers: they compile to the same code and run faster without the compiler.
STAY, NORTH, SOUTH, WEST, EAST = (int(action) for action in Action)
EMPTY, WALL, DOOR, OPEN_DOOR, BOX, GOAL = (int(cell) for cell in Cell)
HUMAN, HELPER = 0, 1  # the two agents
NO_DOOR = -1


@njit
def offset(width, action):
    """Returns what an action adds to a flat cell number."""
    if action == NORTH:
        return -width
    if action == SOUTH:
        return width
    if action == WEST:
        return -1
    if action == EAST:
        return 1
    return 0
