"""Numbers of rendezvous: actions, cells, random slots."""

from __future__ import annotations

from enum import IntEnum

import numpy as np


class Action(IntEnum):
    """What an agent can do: the nine moves of the source, staying among them."""

    STAY = 0
    NORTH = 1
    NORTH_EAST = 2
    EAST = 3
    SOUTH_EAST = 4
    SOUTH = 5
    SOUTH_WEST = 6
    WEST = 7
    NORTH_WEST = 8


class Cell(IntEnum):
    """What a cell holds besides agents."""

    OUTSIDE = 0
    EMPTY = 1
    WALL = 2
    GOAL = 3


class AfterCapture(IntEnum):
    """What happens when a goal has been captured."""

    RESTART = 0
    MOVE = 1
    STAY = 2


# The rules use plain integers: they compile to the same code and run faster without the compiler.
OUTSIDE, EMPTY, WALL, GOAL = (int(cell) for cell in Cell)
RESTART, MOVE = int(AfterCapture.RESTART), int(AfterCapture.MOVE)
STAY = int(Action.STAY)

# Rows down and columns right of each action.
STEPS = np.array(
    [(0, 0), (-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1)], np.int64
)

MOST_AGENTS, MOST_GOALS = 6, 8
OBSERVATION_CODES = 8  # cell codes are below 4, counts of others below 6

# Slots of the random numbers of one step or reset.
START_SLOT, WANDER_SLOT, MOVE_SLOT = 0, 16, 64
