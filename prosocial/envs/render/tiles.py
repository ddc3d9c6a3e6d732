"""Pictures of single cells and agents, drawn from formulas and smoothed at the edges."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from . import palette
from .palette import Colour

OVERSAMPLING = 4  # samples per pixel and axis
CARRIED_RADIUS = 0.17  # of the ball in an agent's hands, in tiles

Shape = Callable[[np.ndarray, np.ndarray], np.ndarray]


def coverage(shape: Shape, size: int) -> np.ndarray:
    """Returns how much of each pixel a shape covers.

    Args:
        shape: Tells for coordinates x (rightwards) and y (down) in [0, 1] whether they are inside.
        size: Side of the tile in pixels.

    Returns:
        Shares in [0, 1], float64 of shape (size, size).
    """
    samples = (np.arange(size * OVERSAMPLING) + 0.5) / (size * OVERSAMPLING)
    x, y = np.meshgrid(samples, samples)
    inside = shape(x, y).astype(np.float64)
    return inside.reshape(size, OVERSAMPLING, size, OVERSAMPLING).mean(axis=(1, 3))


def paint(pixels: np.ndarray, colour: Colour, shape: Shape) -> None:
    """Paints a shape over pixels, float64 of shape (size, size, 3), in place."""
    share = coverage(shape, len(pixels))[..., None]
    pixels += share * (np.asarray(colour) - pixels)


def disc(x0: float, y0: float, radius: float) -> Shape:
    """Returns a disc."""
    return lambda x, y: (x - x0) ** 2 + (y - y0) ** 2 <= radius**2


def star(radius: float, points: int = 5, waist: float = 0.45) -> Shape:
    """Returns a star in the middle of the tile; ``waist`` is the inner radius over the outer."""

    def inside(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        sector = 2 * np.pi / points
        angle = np.abs((np.arctan2(x - 0.5, 0.52 - y) + sector / 2) % sector - sector / 2)
        distance = np.hypot(x - 0.5, y - 0.52)
        # The edge runs from the tip (angle 0) to the waist (half a sector), a line in the plane.
        waist_x, waist_y = waist * np.cos(sector / 2), waist * np.sin(sector / 2)
        along, across = distance * np.cos(angle) / radius, distance * np.sin(angle) / radius
        return (1 - along) * waist_y >= (1 - waist_x) * across

    return inside


def arrow(heading: int, growth: float = 0.0) -> Shape:
    """Returns a triangle that points where an agent looks; ``growth`` widens it for an outline."""

    def inside(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        for _ in range(heading):  # turn the tile back until the agent looks north
            x, y = y, 1 - x
        tip, base, slope = 0.12, 0.84, 0.47
        side = slope * (y - tip) + growth * np.hypot(1.0, slope)
        return (y <= base + growth) & (np.abs(x - 0.5) <= side)

    return inside


def border(width: float) -> Shape:
    """Returns the frame along the upper and the left edge of a tile."""
    return lambda x, y: (x < width) | (y < width)


def bricks(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The joints of a wall: two courses of bricks, the lower set off by half a brick."""
    joint = 0.04
    lower = y >= 0.5
    across = (np.abs(y - 0.5) < joint / 2) | (y < joint / 2) | (y > 1 - joint / 2)
    upright = np.where(lower, np.abs(x - 0.25), np.abs(x - 0.75)) < joint / 2
    return across | upright


def waves(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Three wavy lines."""
    line = 0.06 * np.sin(4 * np.pi * x)
    return np.abs((y - line + 1 / 6) % (1 / 3) - 1 / 3 + 1 / 6) < 0.045


def fish(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """A fish that swims to the left: an oval with a tail."""
    body = ((x - 0.42) / 0.3) ** 2 + ((y - 0.5) / 0.2) ** 2 <= 1
    tail = (x >= 0.62) & (x <= 0.9) & (np.abs(y - 0.5) <= 0.7 * (x - 0.6))
    return body | tail


def grass(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Three blades of grass."""
    blade = np.abs((3 * x) % 1 - 0.5)
    return (y >= 0.15) & (y <= 0.85) & (blade <= 0.5 * (y - 0.15))


def stalk(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The stalk of an apple."""
    return (np.abs(x - 0.5 - 0.3 * (0.3 - y)) <= 0.035) & (y >= 0.1) & (y <= 0.34)


def stripes(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Four slanting stripes, which meet those of the neighbouring cells."""
    return (x + y) % 0.25 <= 0.14


def parking(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The lines around a parking spot, open towards the street."""
    line = (np.abs(x - 0.1) < 0.03) | (np.abs(x - 0.9) < 0.03) | (np.abs(y - 0.1) < 0.03)
    return line & (x > 0.07) & (x < 0.93) & (y > 0.07) & (y < 0.9)


def truck(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """A truck from the side: a box with a lower cabin at its right."""
    box = (x >= 0.12) & (x <= 0.7) & (y >= 0.2) & (y <= 0.72)
    return box | ((x >= 0.7) & (x <= 0.88) & (y >= 0.42) & (y <= 0.72))


def letter(name: str) -> Shape:
    """Returns the letter K, L or M, where the box of a truck shows it."""

    def inside(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        u, v, pen = (x - 0.26) / 0.3, (y - 0.28) / 0.34, 0.13
        left, right = np.abs(u - pen) < pen, np.abs(u - 1 + pen) < pen
        if name == "K":
            strokes = left | (np.abs(u - 0.3 - 1.3 * np.abs(v - 0.5)) < 1.5 * pen)
        elif name == "L":
            strokes = left | (v > 1 - 2 * pen)
        else:
            slant = (np.abs(np.abs(u - 0.5) - 0.5 * (0.75 - v)) < pen) & (v < 0.8)
            strokes = left | right | slant
        return strokes & (u >= 0) & (u <= 1) & (v >= 0) & (v <= 1)

    return inside


def _truck(pixels: np.ndarray, name: str) -> None:
    paint(pixels, palette.TRUCKS[name], truck)
    paint(pixels, palette.WHITE, letter(name))
    for x in (0.28, 0.74):
        paint(pixels, palette.INK, disc(x, 0.75, 0.09))


def rectangle(left: float, top: float, right: float, bottom: float) -> Shape:
    """Returns a rectangle."""
    return lambda x, y: (x >= left) & (x <= right) & (y >= top) & (y <= bottom)


def _door(pixels: np.ndarray, closed: bool) -> None:
    paint(pixels, palette.INK, rectangle(0.06, 0.0, 0.94, 1.0))
    paint(pixels, palette.FLOOR, rectangle(0.14, 0.0, 0.86, 1.0))
    paint(pixels, palette.ORANGE, rectangle(0.14, 0.0, 0.86 if closed else 0.26, 1.0))
    if closed:
        paint(pixels, palette.INK, disc(0.72, 0.5, 0.07))  # the knob


def _box(pixels: np.ndarray) -> None:
    paint(pixels, palette.INK, rectangle(0.14, 0.26, 0.86, 0.84))
    paint(pixels, palette.YELLOW, rectangle(0.18, 0.3, 0.82, 0.8))
    paint(pixels, palette.INK, rectangle(0.14, 0.46, 0.86, 0.5))


def _station(pixels: np.ndarray, name: str) -> None:
    """Paints a counter of a kitchen with what stands on it."""
    pixels[:] = palette.MORTAR
    paint(pixels, palette.GRID_LINE, rectangle(0.04, 0.04, 0.96, 0.96))
    if name == "BOARD":
        paint(pixels, palette.INK, rectangle(0.12, 0.2, 0.88, 0.84))
        paint(pixels, palette.ORANGE, rectangle(0.15, 0.23, 0.85, 0.81))
        paint(pixels, palette.WHITE, rectangle(0.18, 0.07, 0.62, 0.17))  # a knife
        paint(pixels, palette.INK, rectangle(0.62, 0.08, 0.86, 0.16))
    elif name == "DELIVERY":
        pixels[:] = palette.SKY_BLUE
        paint(pixels, palette.WHITE, lambda x, y: disc(0.5, 0.66, 0.34)(x, y) & (y <= 0.66))
        paint(pixels, palette.WHITE, disc(0.5, 0.28, 0.07))  # a bell
        paint(pixels, palette.INK, rectangle(0.12, 0.68, 0.88, 0.76))
    elif name == "POT":
        paint(pixels, palette.INK, rectangle(0.02, 0.44, 0.98, 0.56))  # handles
        paint(pixels, palette.INK, disc(0.5, 0.5, 0.42))
        paint(pixels, palette.WALL, disc(0.5, 0.5, 0.34))


def _floor(pixels: np.ndarray) -> None:
    pixels[:] = palette.FLOOR
    paint(pixels, palette.GRID_LINE, border(1 / len(pixels)))


def paint_ball(pixels: np.ndarray, x: float, y: float, radius: float) -> None:
    """Paints a ball over pixels, float64 of shape (size, size, 3), in place."""
    paint(pixels, palette.INK, disc(x, y, radius))
    paint(pixels, palette.PURPLE, disc(x, y, radius * 0.86))


@lru_cache(maxsize=256)
def cell_tile(name: str, size: int) -> np.ndarray:
    """Returns the picture of a cell, uint8 of shape (size, size, 3), read-only."""
    pixels = np.empty((size, size, 3))
    _floor(pixels)
    if name == "OUTSIDE":
        pixels[:] = palette.INK
    elif name == "WALL":
        pixels[:] = palette.WALL
        paint(pixels, palette.MORTAR, bricks)
    elif name == "GOAL":
        pixels[:] = palette.GREEN
        paint(pixels, palette.WHITE, star(0.4))
    elif name == "BALL":
        paint_ball(pixels, 0.5, 0.5, 0.34)
    elif name == "LAVA":
        pixels[:] = palette.VERMILLION
        paint(pixels, palette.WHITE, waves)
    elif name == "APPLE":
        paint(pixels, palette.GREEN, disc(0.5, 0.54, 0.3))
        paint(pixels, palette.INK, stalk)
    elif name in ("ZAP", "CLEAN"):
        paint(pixels, palette.YELLOW if name == "ZAP" else palette.SKY_BLUE, stripes)
    elif name == "WATER":
        pixels[:] = palette.SKY_BLUE
        paint(pixels, palette.WHITE, waves)
    elif name == "WASTE":
        pixels[:] = palette.MORTAR
        for x, y, radius in ((0.3, 0.36, 0.17), (0.68, 0.3, 0.11), (0.62, 0.7, 0.19)):
            paint(pixels, palette.INK, disc(x, y, radius))
    elif name == "FISH":
        pixels[:] = palette.SKY_BLUE
        paint(pixels, palette.INK, fish)
    elif name == "GRASS":
        paint(pixels, palette.GREEN, grass)
    elif name == "SPOT" or name.startswith("TRUCK_"):
        paint(pixels, palette.INK, parking)
        if name != "SPOT":
            _truck(pixels, name.removeprefix("TRUCK_"))
    elif name in ("DOOR", "OPEN_DOOR"):
        _door(pixels, closed=name == "DOOR")
    elif name == "BOX":
        _box(pixels)
    elif name in ("COUNTER", "BOARD", "DELIVERY", "POT"):
        _station(pixels, name)
    tile = np.rint(pixels).astype(np.uint8)
    tile.setflags(write=False)
    return tile


def paint_agent(
    tile: np.ndarray, colour: Colour, heading: int | None, carrying: str | None
) -> None:
    """Paints an agent over a tile, uint8 of shape (size, size, 3), in place.

    Args:
        tile: The picture of the cell on which the agent stands.
        colour: Colour of its body.
        heading: 0 north, 1 east, 2 south, 3 west; None: the body is a disc.
        carrying: Whether something is carried; it is drawn as a small ball on the body.
    """
    pixels = tile.astype(np.float64)
    # A light rim around the dark one, so that dark agents are seen on dark cells.
    for shade, radius, growth in ((palette.WHITE, 0.49, 0.07), (palette.INK, 0.455, 0.045)):
        outline = disc(0.5, 0.5, radius) if heading is None else arrow(heading, growth)
        paint(pixels, shade, outline)
    paint(pixels, colour, disc(0.5, 0.5, 0.41) if heading is None else arrow(heading))
    if carrying is not None:
        paint_ball(pixels, *_hand(heading), CARRIED_RADIUS)
    tile[:] = np.rint(pixels).astype(np.uint8)


def _hand(heading: int | None) -> tuple[float, float]:
    """Returns where a carried thing is drawn: towards the base of the triangle."""
    if heading is None:
        return 0.5, 0.5
    return ((0.5, 0.62), (0.38, 0.5), (0.5, 0.38), (0.62, 0.5))[heading]
