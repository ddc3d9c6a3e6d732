"""The hand-made layouts of caregiver_grid and the reading of ASCII maps."""

from __future__ import annotations

import numpy as np

from prosocial.envs.engine.errors import LayoutError
from prosocial.envs.engine.grid import parse_map

from .rules import ANY_HEADING, Cell

# Walls of the five test layouts of Rong & Kleiman-Weiner (2024), Figure 5.
LAYOUTS = {
    "plus": """
        #######
        #.....#
        #..#..#
        #.###.#
        #..#..#
        #.....#
        #######
    """,
    "x": """
        #######
        #.....#
        #.#.#.#
        #..#..#
        #.#.#.#
        #.....#
        #######
    """,
    "u": """
        #######
        #.....#
        #.#.#.#
        #.#.#.#
        #..#..#
        #.....#
        #######
    """,
    "t": """
        #######
        #.....#
        #.###.#
        #..#..#
        #..#..#
        #.....#
        #######
    """,
    "four_rooms": """
        #######
        #..#..#
        #.....#
        ##.#.##
        #.....#
        #..#..#
        #######
    """,
}

# '#' wall, '~' lava, '.' free, 'G' where the goal may be, 'A' where the learner may start;
# '^', '>', 'v', '<' a start with that heading. Without a G (an A), every free cell may be one.
SYMBOLS = "#~.GA^>v<"
HEADINGS = "^>v<"


def empty_room(size: int) -> str:
    """Returns a square room of ``size`` cells a side, border walls included."""
    inner = "#" + "." * (size - 2) + "#"
    return "\n".join(["#" * size, *[inner] * (size - 2), "#" * size])


def read_layout(text: str) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
    """Reads an ASCII map.

    Returns:
        Cell codes, uint8 (height, width); goal candidates, bool (height, width); start candidates,
        bool (height, width); the start heading, 0..3, or ``ANY_HEADING``.

    Raises:
        LayoutError: The map is ragged, has an unknown symbol, fewer than two free cells, several
            starts with headings, or nowhere to put the goal and the learner.
    """
    symbols = parse_map(text, SYMBOLS)
    codes = np.full(symbols.shape, Cell.EMPTY, np.uint8)
    codes[symbols == "#"] = Cell.WALL
    codes[symbols == "~"] = Cell.LAVA
    free = codes == Cell.EMPTY
    if free.sum() < 2:
        raise LayoutError(
            f"The map has {free.sum()} free cells; expected at least 2, for goal and learner."
        )
    goals = symbols == "G" if (symbols == "G").any() else free
    headed = np.isin(symbols, list(HEADINGS))
    if headed.sum() > 1 or (headed.any() and (symbols == "A").any()):
        raise LayoutError(
            "The map has several starts of which one has a heading; give one of ^ > v <, or only A."
        )
    if headed.any():
        return codes, goals, headed, HEADINGS.index(symbols[headed][0])
    starts = symbols == "A" if (symbols == "A").any() else free
    return codes, goals, starts, ANY_HEADING
