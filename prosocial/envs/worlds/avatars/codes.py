"""Numbers of the worlds of avatars: cells, what an observation shows, actions, random slots."""

from __future__ import annotations

from enum import IntEnum

import numpy as np


class Cell(IntEnum):
    """What a cell holds; beams are there for one step."""

    WALL = 0
    FLOOR = 1
    APPLE = 2
    WATER = 3
    WASTE = 4
    ZAP = 5
    CLEAN = 6


class Seen(IntEnum):
    """Codes of an observation; others are told apart by their heading relative to the viewer's."""

    WALL = 0
    FLOOR = 1
    APPLE = 2
    WATER = 3
    WASTE = 4
    ZAP = 5
    CLEAN = 6
    OTHER_AHEAD = 7
    OTHER_RIGHT = 8
    OTHER_BACK = 9
    OTHER_LEFT = 10
    SELF = 11
    SELF_COOLING = 12


class Action(IntEnum):
    """What an avatar can do where moves are relative to its heading."""

    NOOP = 0
    FORWARD = 1
    BACKWARD = 2
    STEP_LEFT = 3
    STEP_RIGHT = 4
    TURN_LEFT = 5
    TURN_RIGHT = 6
    ZAP = 7


class AbsoluteAction(IntEnum):
    """What an avatar can do where moves are absolute; moving does not turn it."""

    NOOP = 0
    NORTH = 1
    SOUTH = 2
    WEST = 3
    EAST = 4
    TURN_LEFT = 5
    TURN_RIGHT = 6
    ZAP = 7


class HitEffect(IntEnum):
    """What a hit does to its target besides the fine."""

    STAY = 0
    REMOVE = 1
    TELEPORT = 2


# The rules use plain integers: they compile to the same code and run faster without the compiler.
WALL, FLOOR, APPLE, WATER, WASTE, ZAP_BEAM, CLEAN_BEAM = (int(cell) for cell in Cell)
OTHER, SELF, SELF_COOLING = int(Seen.OTHER_AHEAD), int(Seen.SELF), int(Seen.SELF_COOLING)
OBSERVATION_CODES = len(Seen)
NOOP, ZAP, CLEAN = 0, 7, 8
STAY, REMOVE, TELEPORT = (int(effect) for effect in HitEffect)

# What a ground or a body does to the ray of a beam.
PASSES, ENDS, PIERCES = 0, 1, 2

# In the cells of a state, body i with heading h has the code BODY + 4 * i + h.
BODY = 16
MAX_AGENTS = 60  # so that the codes fit into a byte

# By action (the ninth is CLEAN): quarters to turn right; whether it moves; and whereto, in quarters
# to the right of the heading (relative moves) or of north (absolute moves).
TURNS = np.array([0, 0, 0, 0, 0, 3, 1, 0, 0])
MOVES = np.array([0, 1, 1, 1, 1, 0, 0, 0, 0])
DIRECTIONS = np.array([0, 0, 2, 3, 1, 0, 0, 0, 0])

# Slots of the random numbers of one step or reset. A world's own begin at OWN_SLOT.
ORDER_SLOT, END_SLOT, SPAWN_SLOT, OWN_SLOT = 0, 64, 128, 256
