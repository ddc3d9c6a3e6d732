"""Names and numbers of the GovSim worlds: stories, actions, cells of pictures, random slots."""

from __future__ import annotations

from enum import IntEnum
from functools import cache


class FisheryCell(IntEnum):
    """What a picture of the fishery shows: tons of fish left in the lake."""

    OUTSIDE = 0
    WATER = 1
    FISH = 2


class PastureCell(IntEnum):
    """What a picture of the pasture shows: hectares of grass left."""

    OUTSIDE = 0
    EMPTY = 1
    GRASS = 2


class PollutionCell(IntEnum):
    """What a picture of the river shows: per cent of the water that are still clean."""

    OUTSIDE = 0
    WASTE = 1
    WATER = 2


# The three stories that Piatti et al. (2024) tell about one set of rules, by registered name.
STORIES: dict[str, type[IntEnum]] = {
    "fishery": FisheryCell,
    "pasture": PastureCell,
    "pollution": PollutionCell,
}
OUTSIDE, USED, STOCK = 0, 1, 2  # the numbers that the cells of all three stories share

EACH, SUMMARY, NONE = 0, 1, 2
CATCHES = {"each": EACH, "summary": SUMMARY, "none": NONE}
ALLOCATIONS = ("stochastic", "proportional")

# Slots of the random numbers of one round: one for each unit handed out, one for each agent's tie.
UNIT_SLOT, TIE_SLOT = 0, 256


@cache
def demand_actions(capacity: int) -> type[IntEnum]:
    """Returns the actions ``DEMAND_0`` .. ``DEMAND_<capacity>``: the units that an agent asks for.

    Args:
        capacity: The largest demand, >= 0.
    """
    names = {f"DEMAND_{units}": units for units in range(capacity + 1)}
    return IntEnum("Demand", names)  # pyright: ignore[reportReturnType]
