"""Numbers of helping_grid: actions, cells, bodies and colours."""

from __future__ import annotations

from enum import IntEnum

import numpy as np


class Action(IntEnum):
    """What an agent can do by default: the five actions that the authors' policy could emit."""

    STAY = 0
    LEFT = 1
    RIGHT = 2
    FORWARD = 3
    PICKUP = 4


class DeclaredAction(IntEnum):
    """The five actions that the authors' action space declared, from 1 on, counted from 0 here."""

    LEFT = 0
    RIGHT = 1
    FORWARD = 2
    PICKUP = 3
    DROP = 4


class FullAction(IntEnum):
    """All six actions; ``state["actions"]`` records these numbers under every action set."""

    STAY = 0
    LEFT = 1
    RIGHT = 2
    FORWARD = 3
    PICKUP = 4
    DROP = 5


class Cell(IntEnum):
    """What a cell holds; the numbers are MiniGrid's object types."""

    OUTSIDE = 0
    EMPTY = 1
    WALL = 2
    BALL = 6
    GOAL = 8
    AGENT = 10


# The rules use plain integers: they compile to the same code and run faster without the compiler.
STAY, LEFT, RIGHT, FORWARD, PICKUP, DROP = (int(action) for action in FullAction)
OUTSIDE, EMPTY, WALL, BALL, GOAL, AGENT = (int(cell) for cell in Cell)
LEARNER, CAREGIVER = 0, 1  # the two bodies, also their MiniGrid colours: red and green
NOTHING = 0  # what empty hands carry

# MiniGrid's colour numbers: green 1, blue 2, grey 5. A body's colour is its number.
COLOURS = np.zeros(256, np.uint8)
COLOURS[WALL], COLOURS[BALL], COLOURS[GOAL] = 5, 2, 1

# Cells on which the caregiver's planned path never leads: it ignores the ball and the learner.
BLOCKING = np.zeros(256, np.uint8)
BLOCKING[OUTSIDE] = BLOCKING[WALL] = 1

# Slots of the random numbers of one step or map; those of the maze follow from MAZE_SLOT on.
ORDER_SLOT, MAP_SLOT, HEADING_SLOT, MAZE_SLOT = 0, 1, 2, 4
