"""A scene as pixels and as text."""

from __future__ import annotations

import numpy as np

from prosocial.envs.engine.errors import ConfigError
from prosocial.envs.engine.world import Scene

from . import food, palette, tiles

TILE_SIZE = 48  # pixels


def frame(scene: Scene, tile_size: int = TILE_SIZE) -> np.ndarray:
    """Returns a picture of a scene.

    Args:
        scene: What to show.
        tile_size: Side of a cell in pixels, at least 8.

    Returns:
        RGB pixels, uint8 of shape (height * tile_size, width * tile_size, 3), a fresh array.

    Raises:
        ConfigError: The tiles are too small, or nothing is known of how to draw a cell.
    """
    if tile_size < 8:
        raise ConfigError(f"tile_size is {tile_size}; expected at least 8 pixels.")
    height, width = scene.cells.shape
    picture = np.empty((height, tile_size, width, tile_size, 3), dtype=np.uint8)
    for code in np.unique(scene.cells):
        rows, columns = np.nonzero(scene.cells == code)
        name = palette.cell_name(scene.legend, int(code))
        picture[rows, :, columns] = tiles.cell_tile(name, tile_size)
    for number, agent in scene.numbered():
        colour = palette.AGENTS[number % len(palette.AGENTS)]
        tile = picture[agent.row, :, agent.column]
        carrying = None if food.parts(scene, agent.row, agent.column) else agent.carrying
        tiles.paint_agent(tile, colour, agent.heading, carrying)
    held = {(agent.row, agent.column) for agent in scene.agents}
    for row, column in food.places(scene):
        size = food.IN_HANDS if (row, column) in held else food.LYING
        food.paint_item(picture[row, :, column], food.parts(scene, row, column), size)
    if scene.hidden is not None:
        rows, columns = np.nonzero(scene.hidden)
        picture[rows, :, columns] = palette.HIDDEN
    return picture.reshape(height * tile_size, width * tile_size, 3)


def text(scene: Scene) -> str:
    """Returns a scene as text: the map, agents as ``^>v<``, then one line for each agent.

    Agents who look nowhere are numbered from 1. Items follow, one line each; on the map each has
    the letter of its first part, a capital once chopped, or ``&`` if it has several parts. Hidden
    cells are ``?``. Rows and columns count from 0 in the upper left corner.

    Raises:
        ConfigError: Nothing is known of how to write a cell.
    """
    codes = {int(code) for code in np.unique(scene.cells)}
    symbol = {code: palette.SYMBOLS[palette.cell_name(scene.legend, code)] for code in codes}
    rows = [[symbol[int(code)] for code in row] for row in scene.cells]
    if scene.hidden is not None:
        for row, column in np.argwhere(scene.hidden).tolist():
            rows[row][column] = palette.HIDDEN_SYMBOL
    held = {(agent.row, agent.column) for agent in scene.agents}
    lying = [place for place in food.places(scene) if place not in held]
    for row, column in lying:
        rows[row][column] = food.symbol(food.parts(scene, row, column))
    lines = []
    for number, agent in scene.numbered():
        arrow = str(number + 1) if agent.heading is None else palette.HEADINGS[agent.heading]
        rows[agent.row][agent.column] = arrow
        carried = f", carries a {agent.carrying}" if agent.carrying else ""
        lines.append(f"{agent.name} {arrow} row {agent.row}, column {agent.column}{carried}")
    for row, column in lying:
        name = food.describe(food.parts(scene, row, column))
        lines.append(f"{name} row {row}, column {column}")
    return "\n".join(["".join(row) for row in rows] + lines) + "\n"
