"""Sprites of a world as PNG, and its scenes as plain data that a page can draw from them."""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from prosocial.envs.engine import Batch, ConfigError, Scene, World
from prosocial.envs.render import food, palette, tiles

SPRITE_SIZE = 192
"""Side of a sprite in pixels: sharp up to 96 CSS pixels a cell on screens of double density."""

LONE, SHARED = 0.36, 0.24  # radius of food by itself, and on a plate or among other food

Layer = list[Any]  # sprite name (str), x, y of its middle and its side, in cells (float)


def sprites(world: World) -> dict[str, str]:
    """Returns the pictures from which every scene of a world can be put together.

    They come from the same formulas as ``frame``: what a page draws looks as a frame does.

    Args:
        world: The configured world.

    Returns:
        Name to data URI of a PNG of ``SPRITE_SIZE`` pixels: ``cell:NAME`` for the cells of the
        legend; for each colour of agents ``arrow:K`` (looks north, to be turned) or ``disc:K``;
        ``ball`` for a thing carried in the middle of a cell; ``plate`` and ``food:NAME:STATE:lone``
        or ``:shared`` for the parts of items. All but the cells are RGBA overlays.

    Raises:
        ConfigError: Nothing is known of how to draw a part of an item.
    """
    scene = _first_scene(world)
    found = {name: _cell(name.removeprefix("cell:")) for name in legend(world).values()}
    bodies = max([world.num_agents, *(number + 1 for number, _ in scene.numbered())])
    for number in range(min(bodies, len(palette.AGENTS))):
        if any(agent.heading is None for agent in scene.agents):
            found[f"disc:{number}"] = _agent(number, None)
        if any(agent.heading is not None for agent in scene.agents):
            found[f"arrow:{number}"] = _agent(number, 0)
    found["ball"] = _ball()
    for name in scene.item_names:
        if name == "plate":
            found["plate"] = _overlay(lambda tile: food.paint_item(tile, (("plate", 1),), 1.0))
            continue
        if name not in palette.PARTS:
            raise ConfigError(
                f"No picture of a part named {name!r}. Known: {', '.join(palette.PARTS)}. "
                "Add it to prosocial.envs.render.palette."
            )
        for state in range(1, len(palette.PART_STATES)):
            for size, radius in (("lone", LONE), ("shared", SHARED)):
                found[f"food:{name}:{state}:{size}"] = _food(name, state, radius)
    return found


def legend(world: World) -> dict[str, str]:
    """Returns the sprite of each cell code, which stands as a decimal (JSON has no other keys).

    Codes that never stand in a picture are left out.
    """
    cells = _first_scene(world).legend
    return {str(cell.value): f"cell:{cell.name}" for cell in cells if cell.name in palette.SYMBOLS}


def scene_data(scene: Scene) -> dict[str, Any]:
    """Returns a scene as plain JSON-able data, as ``GridView.draw`` of grid.js takes it.

    Returns:
        ``cells``: rows of codes. ``agents``: for each body its ``number`` (which decides its
        colour), ``name``, ``label`` (one or two characters), ``row``, ``column``, ``heading``
        (0 north .. 3 west, -1: a disc), ``carrying`` (what it holds in words, or None) and ``ball``
        (whether that is drawn as a ball). ``items``: for each item ``row``, ``column``, ``words``
        and ``layers``, drawn in their order: sprite, x, y of its middle and its side, in cells.
        ``hidden``: row and column of each cell that cannot be seen.

    Raises:
        ConfigError: Nothing is known of how to draw a part of an item.
    """
    held = {(agent.row, agent.column) for agent in scene.agents}
    items = []
    for row, column in food.places(scene):
        parts = food.parts(scene, row, column)
        layers = item_layers(parts, (row, column) in held)
        items.append(
            {"row": row, "column": column, "words": food.describe(parts), "layers": layers}
        )
    names = [agent.name for agent in scene.agents]
    agents = [
        {
            "number": number,
            "name": agent.name,
            "label": agent_label(agent.name, names),
            "row": int(agent.row),
            "column": int(agent.column),
            "heading": -1 if agent.heading is None else int(agent.heading),
            "carrying": agent.carrying,
            "ball": agent.carrying is not None and not food.parts(scene, agent.row, agent.column),
        }
        for number, agent in scene.numbered()
    ]
    hidden = [] if scene.hidden is None else np.argwhere(scene.hidden).tolist()
    return {"cells": scene.cells.tolist(), "agents": agents, "items": items, "hidden": hidden}


def item_layers(parts: tuple[food.Part, ...], held: bool) -> list[Layer]:
    """Returns how an item is put together from sprites, the lowest first.

    Args:
        parts: Names and states of its parts.
        held: Whether an agent holds it.

    Returns:
        For each sprite its name, x and y of its middle and its side, in cells.
    """
    scale = food.IN_HANDS if held else food.LYING
    eatable = [part for part in parts if part[0] != "plate"]
    layers: list[Layer] = []
    if len(eatable) < len(parts):
        layers.append(["plate", 0.5, 0.5, scale])
    for place, (name, state) in enumerate(eatable):
        x, y = food.PLACES[0 if len(eatable) == 1 else place + 1]
        size = "lone" if len(parts) == 1 else "shared"
        middle = [0.5 + (z - 0.5) * scale for z in (x, y)]
        layers.append([f"food:{name}:{state}:{size}", *middle, scale])
    return layers


def agent_label(name: str, names: list[str]) -> str:
    """Returns what is written on an agent: its number, or letters that tell it from the others.

    Args:
        name: Name of the agent, such as "agent_3" (3) or "learner" (L).
        names: Names of all agents of the scene.
    """
    stem, _, number = name.rpartition("_")
    if stem and number.isdecimal():
        return number
    alike = [other for other in names if other != name and other[:1] == name[:1]]
    return name[:2].capitalize() if alike else name[:1].upper()


def _first_scene(world: World) -> Scene:
    batch = Batch(world, 1)
    batch.reset()
    return world.scene(batch.state[0])


@lru_cache(maxsize=64)
def _cell(name: str) -> str:
    return _data_uri(tiles.cell_tile(name, SPRITE_SIZE))


@lru_cache(maxsize=16)
def _agent(number: int, heading: int | None) -> str:
    colour = palette.AGENTS[number]
    return _overlay(lambda tile: tiles.paint_agent(tile, colour, heading, None))


@lru_cache(maxsize=1)
def _ball() -> str:
    # In the hands of a disc the ball is in the middle of the cell; colour and size are everybody's.
    def paint(tile: np.ndarray) -> None:
        pixels = tile.astype(np.float64)
        tiles.paint_ball(pixels, 0.5, 0.5, tiles.CARRIED_RADIUS)
        tile[:] = np.rint(pixels).astype(np.uint8)

    return _overlay(paint)


@lru_cache(maxsize=64)
def _food(name: str, state: int, radius: float) -> str:
    def paint(tile: np.ndarray) -> None:
        pixels = tile.astype(np.float64)
        colour = palette.PARTS[name][1]
        food.paint_food(
            lambda shade, shape: tiles.paint(pixels, shade, shape), colour, state, 0.5, 0.5, radius
        )
        tile[:] = np.rint(pixels).astype(np.uint8)

    return _overlay(paint)


def _overlay(paint: Callable[[np.ndarray], None]) -> str:
    """Returns what ``paint`` puts on a tile, the rest of the tile being transparent."""
    black = np.zeros((SPRITE_SIZE, SPRITE_SIZE, 3), np.uint8)
    white = np.full_like(black, 255)
    paint(black)
    paint(white)
    # A pixel covered by the share a of colour c is a * c on black, and 255 (1 - a) more on white.
    low = black.astype(np.float64)
    share = 1 - np.clip((white - low).mean(axis=2, keepdims=True) / 255, 0, 1)
    colour = np.divide(low, share, out=np.zeros_like(low), where=share > 0).clip(0, 255)
    return _data_uri(np.rint(np.concatenate([colour, share * 255], axis=2)).astype(np.uint8))


def _data_uri(pixels: np.ndarray) -> str:
    return "data:image/png;base64," + base64.b64encode(png(pixels)).decode("ascii")


def png(pixels: np.ndarray) -> bytes:
    """Returns a picture as a PNG file.

    Args:
        pixels: uint8 of shape (height, width, 3) for RGB or (height, width, 4) for RGBA.
    """
    height, width, channels = pixels.shape
    rows = np.zeros((height, 1 + width * channels), np.uint8)  # the first byte: no filter
    rows[:, 1:] = pixels.reshape(height, -1)

    def chunk(kind: bytes, content: bytes) -> bytes:
        checksum = struct.pack(">I", zlib.crc32(kind + content))
        return struct.pack(">I", len(content)) + kind + content + checksum

    colour_type = {3: 2, 4: 6}[channels]
    header = struct.pack(">IIBBBBB", width, height, 8, colour_type, 0, 0, 0)
    body = zlib.compress(rows.tobytes(), 9)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        chunk(*part) for part in ((b"IHDR", header), (b"IDAT", body), (b"IEND", b""))
    )
