"""Numbers of the kitchen: actions and cells."""

from __future__ import annotations

from enum import IntEnum

import numpy as np


class Action(IntEnum):
    """What an agent can do; towards anything but floor it does not move but interacts."""

    STAY = 0
    NORTH = 1
    SOUTH = 2
    WEST = 3
    EAST = 4


class Cell(IntEnum):
    """What a cell is; everything but FLOOR is solid."""

    OUTSIDE = 0
    FLOOR = 1
    COUNTER = 2
    BOARD = 3
    DELIVERY = 4
    POT = 5


# The rules use plain integers: they compile to the same code and run faster without the compiler.
STAY, NORTH, SOUTH, WEST, EAST = (int(action) for action in Action)
OUTSIDE, FLOOR, COUNTER, BOARD, DELIVERY, POT = (int(cell) for cell in Cell)
NUM_ACTIONS = len(Action)

# Channels of an observation; from FIRST_INGREDIENT on there is one for each ingredient.
STATION, BODY, STATUS, PLATES, FIRST_INGREDIENT = range(5)

# What the channel of an ingredient shows.
ABSENT, RAW, CUT, BOILED = range(4)


def offsets(width: int) -> np.ndarray:
    """Returns what each action adds to a flat cell number: int32 of shape (5,)."""
    return np.array([0, -width, width, -1, 1], np.int32)
