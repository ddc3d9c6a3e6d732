"""Numbers of food_trucks: actions, cells and trucks."""

from __future__ import annotations

from enum import IntEnum

import numpy as np


class Action(IntEnum):
    """What the agent can do when arriving at a truck is eating there."""

    STAY = 0
    NORTH = 1
    SOUTH = 2
    WEST = 3
    EAST = 4


class EatAction(IntEnum):
    """What it can do when eating is an action of its own."""

    STAY = 0
    NORTH = 1
    SOUTH = 2
    WEST = 3
    EAST = 4
    EAT = 5


class Cell(IntEnum):
    """What a cell holds; SPOT is a parking spot without a truck, UNKNOWN what is out of sight."""

    OUTSIDE = 0
    FLOOR = 1
    WALL = 2
    SPOT = 3
    TRUCK_K = 4
    TRUCK_L = 5
    TRUCK_M = 6
    UNKNOWN = 7


TRUCKS = "KLM"  # Korean, Lebanese, Mexican; their cells are TRUCK_K + the place in this string
EMPTY = "-"  # a spot without a truck in a placement
NUM_TRUCKS = len(TRUCKS)

# The rules use plain integers: they compile to the same code and run faster without the compiler.
STAY, NORTH, SOUTH, WEST, EAST, EAT = (int(action) for action in EatAction)
HEADINGS = np.zeros(len(EatAction), np.uint8)  # of the moves: 0 north, 1 east, 2 south, 3 west
HEADINGS[[NORTH, EAST, SOUTH, WEST]] = range(4)
OUTSIDE, FLOOR, WALL, SPOT, TRUCK_K, _, _, UNKNOWN = (int(cell) for cell in Cell)
NOTHING = 255  # the truck eaten at before any meal

# How the utilities of an episode are drawn (params.desires).
FIXED, INDEPENDENT, PERMUTATION = 0, 1, 2

# Slots of the random numbers of a reset.
PLACEMENT_SLOT, START_SLOT, DESIRE_SLOT = 0, 1, 2
