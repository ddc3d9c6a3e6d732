"""The colours of pictures and the symbols of text grids, the only place that knows them.

Colours are those of Okabe & Ito (2008), "Color Universal Design", which stay apart for every
common form of colour blindness, with greys for floor and walls. Shape says the same as colour: the
goal is a star, a ball is round, an apple has a stalk, lava has waves, beams have stripes, agents
are triangles.
"""

from __future__ import annotations

from enum import IntEnum

from prosocial.envs.engine.errors import ConfigError

Colour = tuple[int, int, int]

WHITE: Colour = (255, 255, 255)
INK: Colour = (38, 38, 38)
FLOOR: Colour = (247, 247, 247)
GRID_LINE: Colour = (217, 217, 217)
WALL: Colour = (99, 99, 99)
MORTAR: Colour = (150, 150, 150)

ORANGE: Colour = (230, 159, 0)
SKY_BLUE: Colour = (86, 180, 233)
GREEN: Colour = (0, 158, 115)
YELLOW: Colour = (240, 228, 66)
BLUE: Colour = (0, 114, 178)
VERMILLION: Colour = (213, 94, 0)
PURPLE: Colour = (204, 121, 167)

# Agents take these in the order of the scene, again from the first when there are more.
AGENTS: tuple[Colour, ...] = (BLUE, ORANGE, SKY_BLUE, YELLOW, INK, PURPLE, VERMILLION)

# Names of cell codes, as the legend of a scene gives them, and the symbol of each in text.
SYMBOLS: dict[str, str] = {
    "OUTSIDE": " ",
    "EMPTY": ".",
    "WALL": "#",
    "GOAL": "G",
    "BALL": "o",
    "LAVA": "~",
    "FLOOR": ".",
    "APPLE": "A",
    "ZAP": "*",
    "CLEAN": "+",
    "WATER": "~",
    "WASTE": "W",
    "FISH": "f",
    "GRASS": '"',
    "SPOT": "_",
    "TRUCK_K": "K",
    "TRUCK_L": "L",
    "TRUCK_M": "M",
    "DOOR": "D",
    "OPEN_DOOR": "'",
    "BOX": "b",
    "COUNTER": "-",
    "BOARD": "/",
    "DELIVERY": "*",
    "POT": "P",
}
# Trucks differ by their letters and their colours.
TRUCKS: dict[str, Colour] = {"K": ORANGE, "L": GREEN, "M": VERMILLION}
HIDDEN: Colour = (74, 80, 90)  # a cell that whoever looks cannot see
HIDDEN_SYMBOL = "?"
HEADINGS = "^>v<"  # north, east, south, west

# Parts of items: the symbol in text, capital once it is chopped or cooked, and the colour.
PARTS: dict[str, tuple[str, Colour]] = {
    "plate": ("p", WHITE),
    "tomato": ("t", VERMILLION),
    "lettuce": ("l", GREEN),
    "onion": ("o", PURPLE),
    "carrot": ("c", ORANGE),
}
PART_STATES = ("", "fresh", "chopped", "cooked")  # of everything but plates


def cell_name(legend: type[IntEnum], code: int) -> str:
    """Returns the name of a cell code.

    Raises:
        ConfigError: The legend has no such code, or nothing is known of how to draw it.
    """
    if code not in [member.value for member in legend]:
        raise ConfigError(f"The scene has a cell of code {code}, which {legend.__name__} lacks.")
    name = legend(code).name
    if name not in SYMBOLS:
        raise ConfigError(
            f"No picture of a cell named {name!r}. Known: {', '.join(SYMBOLS)}. "
            "Add it to prosocial.envs.render.palette and prosocial.envs.render.tiles."
        )
    return name
