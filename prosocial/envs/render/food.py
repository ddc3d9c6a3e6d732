"""Pictures and names of items that are made of parts, such as dishes on plates."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from prosocial.envs.engine.errors import ConfigError
from prosocial.envs.engine.world import Scene

from . import palette
from .palette import Colour
from .tiles import Shape, disc, paint, rectangle

Part = tuple[str, int]  # name and state

LYING, IN_HANDS = 0.8, 0.6  # size of an item within its cell

# Where the parts lie on their item when there is more than one, on a tile of side 1.
PLACES = ((0.5, 0.5), (0.34, 0.42), (0.66, 0.42), (0.36, 0.68), (0.64, 0.68))


def places(scene: Scene) -> list[tuple[int, int]]:
    """Returns row and column of every item, row by row."""
    if scene.items is None:
        return []
    return [(int(row), int(column)) for row, column in np.argwhere(scene.items.any(axis=2))]


def parts(scene: Scene, row: int, column: int) -> tuple[Part, ...]:
    """Returns the parts of the item in a cell, none if there is none.

    Raises:
        ConfigError: Nothing is known of how to draw a part.
    """
    if scene.items is None:
        return ()
    found = []
    for name, state in zip(scene.item_names, scene.items[row, column], strict=True):
        if name not in palette.PARTS or state >= len(palette.PART_STATES):
            raise ConfigError(
                f"No picture of a part named {name!r} in state {state}. Known: "
                f"{', '.join(palette.PARTS)} in states below {len(palette.PART_STATES)}. "
                "Add it to prosocial.envs.render.palette."
            )
        if state:
            found.append((name, int(state)))
    return tuple(found)


def describe(item: tuple[Part, ...]) -> str:
    """Returns what to call an item: "plate + chopped tomato"."""
    words = [n if n == "plate" else f"{palette.PART_STATES[state]} {n}" for n, state in item]
    return " + ".join(words)


def symbol(item: tuple[Part, ...]) -> str:
    """Returns the letter of an item: a capital once it is chopped, ``&`` for several parts."""
    letters = []
    for name, state in item:
        letter = palette.PARTS[name][0]
        letters.append(letter.upper() if state > 1 else letter)
    return letters[0] if len(letters) == 1 else "&"


def paint_item(tile: np.ndarray, item: tuple[Part, ...], scale: float) -> None:
    """Paints an item over a tile, uint8 of shape (side, side, 3), in place.

    Args:
        tile: The picture of the cell or of the agent who holds the item.
        item: Its parts.
        scale: Size within the tile, in (0, 1].
    """
    pixels = tile.astype(np.float64)

    def put(colour: Colour, shape: Shape) -> None:
        centred = 0.5 - 0.5 / scale
        paint(pixels, colour, lambda x, y: shape(x / scale + centred, y / scale + centred))

    food = [part for part in item if part[0] != "plate"]
    if len(food) < len(item):
        put(palette.INK, disc(0.5, 0.5, 0.5))
        put(palette.WHITE, disc(0.5, 0.5, 0.46))
        put(palette.GRID_LINE, disc(0.5, 0.5, 0.33))
        put(palette.WHITE, disc(0.5, 0.5, 0.3))
    for place, (name, state) in enumerate(food):
        alone = len(food) == 1
        x, y = PLACES[0 if alone else place + 1]
        paint_food(put, palette.PARTS[name][1], state, x, y, 0.36 if len(item) == 1 else 0.24)
    tile[:] = np.rint(pixels).astype(np.uint8)


def paint_food(
    put: Callable[[Colour, Shape], None],
    colour: Colour,
    state: int,
    x: float,
    y: float,
    radius: float,
) -> None:
    """Paints food: fresh a ball with a leaf, chopped three pieces, cooked a bowl of soup."""
    if state == 1:
        put(palette.INK, disc(x, y, radius))
        put(colour, disc(x, y, radius * 0.86))
        put(palette.INK, rectangle(x - 0.04, y - radius * 1.25, x + 0.04, y - radius * 0.55))
    elif state == 2:
        for dx, dy in ((-0.5, 0.35), (0.5, 0.35), (0.0, -0.45)):
            centre = x + dx * radius, y + dy * radius
            put(palette.INK, disc(*centre, radius * 0.52))
            put(colour, disc(*centre, radius * 0.4))
    else:
        put(palette.INK, disc(x, y, radius * 1.1))
        put(colour, disc(x, y, radius * 0.95))
        put(palette.WHITE, disc(x - 0.3 * radius, y - 0.3 * radius, radius * 0.25))
