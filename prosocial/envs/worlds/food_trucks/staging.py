"""Changing what is the case in running worlds: stimuli, and trucks that are moved unseen."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from prosocial.envs.engine.errors import ConfigError
from prosocial.envs.engine.world import World

from .codes import OUTSIDE, WALL
from .world import FoodTrucksConfig


def park(world: World, states: np.ndarray, placement: str) -> None:
    """Parks the trucks anew, in place; what the agents have in sight they see at once.

    Args:
        world: A configured food_trucks.
        states: Records, (B,).
        placement: One of the world's possible placements, such as "LK".

    Raises:
        ConfigError: The world is another one, or the placement none of its own.
    """
    possible = _config(world).possible()
    if placement not in possible:
        raise ConfigError(f"placement is {placement!r}; expected one of {', '.join(possible)}.")
    states["placement"] = possible.index(placement)
    states["cells"] = world.params[0]["maps"][possible.index(placement)]
    _look(world, states)


def put(world: World, states: np.ndarray, place: tuple[int, int]) -> None:
    """Puts the agents on a cell, in place; they see what is in sight there.

    Args:
        world: A configured food_trucks.
        states: Records, (B,).
        place: Row and column of the map, from 0 in the upper left corner.

    Raises:
        ConfigError: The world is another one, or the cell is a wall or outside the map.
    """
    config, params = _config(world), world.params[0]
    margin = 1 if config.view is None else config.view // 2
    cell = (place[0] + margin) * int(params["width"]) + place[1] + margin
    inside = min(place) >= 0 and place[1] + 2 * margin < params["width"]
    if not inside or cell >= len(params["maps"][0]) or params["maps"][0][cell] in (OUTSIDE, WALL):
        raise ConfigError(f"place is {place!r}; expected row and column of a cell without a wall.")
    states["position"] = cell
    _look(world, states)


def like(world: World, states: np.ndarray, utilities: Sequence[float]) -> None:
    """Gives the agents other desires, in place.

    Args:
        world: A configured food_trucks.
        states: Records, (B,).
        utilities: Of K, L and M; each one of the world's possible utilities.

    Raises:
        ConfigError: The world is another one, or a utility none of its own.
    """
    possible = _config(world).possible_utilities()
    if len(utilities) != 3 or any(u not in possible for u in utilities):
        raise ConfigError(f"utilities is {utilities!r}; expected three of {possible}.")
    states["desire"] = [possible.index(u) for u in utilities]
    states["utilities"] = utilities


def _look(world: World, states: np.ndarray) -> None:
    seen = world.params[0]["sight"][states["position"]] > 0
    states["memory"] = np.where(seen, states["cells"], states["memory"])


def _config(world: World) -> FoodTrucksConfig:
    if not isinstance(world.config, FoodTrucksConfig):
        raise ConfigError(f"The world is {world.name!r}; expected a food_trucks.")
    return world.config
