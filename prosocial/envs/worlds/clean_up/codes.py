"""Numbers of clean_up beyond those of all avatars: the ninth action, slots of random numbers."""

from __future__ import annotations

from enum import IntEnum

from prosocial.envs.worlds.avatars.codes import OWN_SLOT


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
    CLEAN = 8


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
    CLEAN = 8


# Slots of the random numbers of one step: whether dirt appears, where, and the growth of apples,
# which takes as many as it needs.
INFLOW_SLOT, SITE_SLOT, GROWTH_SLOT = OWN_SLOT, OWN_SLOT + 1, OWN_SLOT + 2
