"""A scene as pixels and as text."""

from __future__ import annotations

import numpy as np

from prosocial.envs.engine.errors import ConfigError
from prosocial.envs.engine.world import Scene

from . import palette, tiles

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
        tiles.paint_agent(tile, colour, agent.heading, agent.carrying)
    return picture.reshape(height * tile_size, width * tile_size, 3)


def text(scene: Scene) -> str:
    """Returns a scene as text: the map, agents as ``^>v<``, then one line for each agent.

    Rows and columns count from 0 in the upper left corner.

    Raises:
        ConfigError: Nothing is known of how to write a cell.
    """
    codes = {int(code) for code in np.unique(scene.cells)}
    symbol = {code: palette.SYMBOLS[palette.cell_name(scene.legend, code)] for code in codes}
    rows = [[symbol[int(code)] for code in row] for row in scene.cells]
    lines = []
    for agent in scene.agents:
        arrow = palette.HEADINGS[agent.heading]
        rows[agent.row][agent.column] = arrow
        carried = f", carries a {agent.carrying}" if agent.carrying else ""
        lines.append(f"{agent.name} {arrow} row {agent.row}, column {agent.column}{carried}")
    return "\n".join(["".join(row) for row in rows] + lines) + "\n"
