"""ASCII maps of kitchens: the three of "Too many cooks" and the reading of a user's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from prosocial.envs.engine.errors import LayoutError
from prosocial.envs.engine.grid import parse_map

from . import items
from .codes import Cell
from .recipes import Recipe, all_ingredients

MAX_AGENTS = 4

STATIONS = {".": Cell.FLOOR, "-": Cell.COUNTER, "/": Cell.BOARD, "*": Cell.DELIVERY, "P": Cell.POT}
# What lies on a counter at the start.
THINGS = {"t": "tomato", "l": "lettuce", "o": "onion", "c": "carrot", "p": "plate"}
STARTS = "1234"  # where agent_0, agent_1, ... start, in this order
SYMBOLS = "".join([*STATIONS, *THINGS, STARTS])

# Wu, Wang et al. (2021), the released level files. All recipes use the same objects.
LAYOUTS = {
    "open_divider": """
        -----t-
        /.1.2.l
        /.....-
        *.....-
        -.4.3.-
        -.....p
        -----p-
    """,
    "partial_divider": """
        -----t-
        /.1-2.l
        /..-..-
        *..-..-
        -.4-3.-
        -.....p
        -----p-
    """,
    "full_divider": """
        -----t-
        /.1-2.l
        /..-..-
        *..-..-
        -.4-3.-
        -..-..p
        -----p-
    """,
}


@dataclass(frozen=True)
class Kitchen:
    """An ASCII map read.

    Attributes:
        ground: Codes of the cells, uint8 (height, width).
        items: Codes of the items that lie on them, uint16 (height, width).
        starts: Row and column of each agent's start.
    """

    ground: np.ndarray
    items: np.ndarray
    starts: tuple[tuple[int, int], ...]


def read_kitchen(text: str, recipes: Sequence[Recipe], num_agents: int) -> Kitchen:
    """Reads an ASCII map and checks that the recipes can be cooked in it.

    The check follows what the agents can reach and hand each other over counters. It finds every
    missing or walled-off thing; whether there is room enough to cook is for the agents to see.

    Args:
        text: Rows of ``SYMBOLS``.
        recipes: The dishes to deliver.
        num_agents: N, 1 to 4.

    Raises:
        LayoutError: The map is empty or ragged, has an unknown symbol, lacks a start, has one
            twice, lacks a station, an ingredient or a plate that the recipes need, or what they
            need cannot be brought together by the agents.
    """
    symbols = parse_map(text, SYMBOLS)
    ground = np.full(symbols.shape, Cell.COUNTER, np.uint8)
    on_cells = np.zeros(symbols.shape, np.uint16)
    for symbol, cell in STATIONS.items():
        ground[symbols == symbol] = cell
    for symbol, thing in THINGS.items():
        code = items.PLATE if thing == "plate" else items.fresh(thing)
        on_cells[symbols == symbol] = code
    starts = _read_starts(symbols, num_agents)
    ground[np.isin(symbols, list(STARTS))] = Cell.FLOOR
    kitchen = Kitchen(ground, on_cells, starts)
    rooms = _linked_rooms(kitchen)
    _check_things(kitchen, recipes, np.logical_or.reduce(rooms))
    _check_reach(kitchen, recipes, rooms)
    return kitchen


def _read_starts(symbols: np.ndarray, num_agents: int) -> tuple[tuple[int, int], ...]:
    starts = []
    for number, symbol in enumerate(STARTS, 1):
        places = np.argwhere(symbols == symbol)
        if len(places) > 1 or (number <= num_agents and len(places) != 1):
            raise LayoutError(
                f"The map has {len(places)} starts {symbol!r}; expected exactly one for each of "
                f"the {num_agents} agents, marked 1 to {num_agents}."
            )
        if number <= num_agents:
            starts.append((int(places[0][0]), int(places[0][1])))
    return tuple(starts)


def needed_stations(recipes: Sequence[Recipe]) -> tuple[Cell, ...]:
    """Returns the kinds of stations that the recipes need."""
    soup = any(recipe.kind == "soup" for recipe in recipes)
    return (Cell.BOARD, Cell.DELIVERY, *((Cell.POT,) if soup else ()))


def _check_things(kitchen: Kitchen, recipes: Sequence[Recipe], reach: np.ndarray) -> None:
    """Raises unless every station, ingredient and plate is within reach, often enough."""
    names, agents = ", ".join(recipe.name for recipe in recipes), len(kitchen.starts)
    for cell in needed_stations(recipes):
        if not _any(kitchen, reach, cell):
            symbol = next(s for s, c in STATIONS.items() if c == cell)
            raise LayoutError(
                f"The recipes ({names}) need a {cell.name}, but none of the {agents} agent(s) "
                f"reaches one; add {symbol!r} beside their floor, or add agents."
            )
    needed = ["plate"] * len(recipes) + list(all_ingredients(recipes))
    for symbol, thing in THINGS.items():
        code = items.PLATE if thing == "plate" else items.fresh(thing)
        there = int((kitchen.items[reach] == code).sum())
        if there < needed.count(thing):
            raise LayoutError(
                f"The recipes ({names}) need {needed.count(thing)} of {thing!r}, but {there} can "
                f"be reached by the {agents} agent(s); add {symbol!r} beside their floor, or add "
                "agents."
            )


def _check_reach(kitchen: Kitchen, recipes: Sequence[Recipe], groups: list[np.ndarray]) -> None:
    """Raises unless for each recipe some linked rooms hold everything it needs."""
    for recipe in recipes:
        lacking = [_missing(kitchen, recipe, reach) for reach in groups]
        fewest = min(lacking, key=len)
        if fewest:
            raise LayoutError(
                f"The recipe {recipe.name!r} cannot be cooked here by {len(kitchen.starts)} "
                f"agent(s): nobody who has the rest reaches, or can be handed, "
                f"{', '.join(fewest)}. Open a way, share a counter, or add agents."
            )


def _missing(kitchen: Kitchen, recipe: Recipe, reach: np.ndarray) -> list[str]:
    """Returns what a recipe needs that is not among these cells."""
    missing = [c.name for c in needed_stations([recipe]) if not _any(kitchen, reach, c)]
    for thing in ("plate", *recipe.ingredients):
        code = items.PLATE if thing == "plate" else items.fresh(thing)
        if not (kitchen.items[reach] == code).any():
            missing.append(thing)
    return missing


def _any(kitchen: Kitchen, reach: np.ndarray, cell: Cell) -> bool:
    return bool((kitchen.ground[reach] == cell).any())


def _linked_rooms(kitchen: Kitchen) -> list[np.ndarray]:
    """Returns the solid cells within reach of each group of agents who can hand things over.

    Returns:
        Masks, bool (height, width).
    """
    groups: list[np.ndarray] = []
    for start in kitchen.starts:
        reach = _within_reach(kitchen.ground, start)
        shared = np.isin(kitchen.ground, (Cell.COUNTER, Cell.BOARD))
        apart = []
        for group in groups:
            if (group & reach & shared).any():
                reach = reach | group
            else:
                apart.append(group)
        groups = [*apart, reach]
    return groups


def _within_reach(ground: np.ndarray, start: tuple[int, int]) -> np.ndarray:
    """Returns the solid cells beside the floor that an agent can walk to, bool (H, W)."""
    reach = np.zeros(ground.shape, bool)
    seen, pending = {start}, [start]
    while pending:
        row, column = pending.pop()
        for cell in ((row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1)):
            if not (0 <= cell[0] < ground.shape[0] and 0 <= cell[1] < ground.shape[1]):
                continue
            if ground[cell] != Cell.FLOOR:
                reach[cell] = True
            elif cell not in seen:
                seen.add(cell)
                pending.append(cell)
    return reach
