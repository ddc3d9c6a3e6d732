"""Configuration, record and registration of the kitchen."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from prosocial.envs.engine.config import Config
from prosocial.envs.engine.grid import pad
from prosocial.envs.engine.registry import register
from prosocial.envs.engine.world import HEADER, Scene, SceneAgent, World

from . import rules
from .codes import BOILED, CUT, FIRST_INGREDIENT, NUM_ACTIONS, RAW, Action, Cell, offsets
from .items import COOKED, INGREDIENTS, PLATE, item_name
from .layouts import LAYOUTS, MAX_AGENTS, Kitchen, read_kitchen
from .recipes import Recipe, read_recipes

VERSION = 0
MAX_COOK_TIME = 200
EVENTS = np.dtype(
    [
        ("move", "u1"),  # it entered another cell
        ("collide", "u1"),  # another agent blocked its move
        ("pick_up", "u1"),  # it took an item from a counter or board into empty hands
        ("put_down", "u1"),  # it put what it held on a counter or board, or into a pot
        ("chop", "u1"),  # it chopped the ingredient it holds
        ("merge", "u1"),  # it put two items together, in its hands
        ("cook", "u1"),  # it put the last ingredient of a soup into a pot
        ("deliver", "u1"),  # it delivered a dish that was still to be delivered
        ("waste", "u1"),  # it delivered anything else
        ("given", "u1"),  # another agent took what this one had put down
        ("finish", "u1"),  # all dishes are delivered: a fact, told to every agent
    ]
)


@dataclass(frozen=True)
class KitchenConfig(Config):
    """Configuration of the kitchen; the defaults are the first level of the source.

    Sources: Wu, Wang, Evans, Tenenbaum, Parkes & Kleiman-Weiner (2021), "Too many cooks" (Topics in
    Cognitive Science), and its released code: levels, rules, 100 steps, reward 1 on completion.

    Attributes:
        layout: "open_divider", "partial_divider", "full_divider" or an ASCII map (see
            ``layouts``).
        recipes: "tomato", "tomato_lettuce" (two dishes), "salad", another name of
            ``recipes.RECIPES``, or a list of names and of mappings with name, ingredients and
            kind ("salad" or "soup").
        num_agents: N, 1 to 4; they start where the map has 1, 2, ...
        reward: Material reward of every agent when all dishes are delivered, >= 0.
        max_steps: Steps after which the episode is cut off, >= 1.
        cook_time: Steps that a soup takes in the pot, 1 to 200; salads never notice.
    """

    layout: str = "open_divider"
    recipes: str | tuple[Any, ...] = "tomato"
    num_agents: int = 2
    reward: float = 1.0
    max_steps: int = 100
    cook_time: int = 20

    def __post_init__(self) -> None:
        """Checks each field alone; ``build`` checks the map against the recipes."""
        known = ", ".join(LAYOUTS)
        fits = isinstance(self.layout, str) and (self.layout in LAYOUTS or "\n" in self.layout)
        self.require("layout", fits, f"one of {known}, or an ASCII map of several lines")
        if isinstance(self.recipes, list):  # as configuration files give it
            object.__setattr__(self, "recipes", tuple(self.recipes))
        fits = isinstance(self.recipes, str | tuple)
        self.require("recipes", fits, "the name of a recipe, or a list of recipes")
        read_recipes(self.recipes)
        self.require_int("num_agents", 1, MAX_AGENTS)
        self.require_number("reward", 0)
        self.require_int("max_steps", 1)
        self.require_int("cook_time", 1, MAX_COOK_TIME)

    def read(self) -> tuple[tuple[Recipe, ...], Kitchen]:
        """Returns the recipes and the kitchen.

        Raises:
            LayoutError: The map cannot be played (see ``layouts.read_kitchen``).
        """
        recipes = read_recipes(self.recipes)
        return recipes, read_kitchen(
            LAYOUTS.get(self.layout, self.layout), recipes, self.num_agents
        )


def build(config: KitchenConfig) -> World:
    """Returns the configured world.

    Raises:
        LayoutError: The map cannot be played (see ``layouts.read_kitchen``).
    """
    recipes, kitchen = config.read()
    height, width = kitchen.ground.shape
    num_ingredients = _num_ingredients(kitchen)
    soup = any(recipe.kind == "soup" for recipe in recipes)
    codes = (len(Cell), config.num_agents + 1, 2 ** len(recipes), 4)
    return World(
        name="kitchen",
        version=VERSION,
        config=config,
        rules=rules,
        state_dtype=_state_dtype(config, kitchen, len(recipes)),
        params=_params(config, kitchen, recipes),
        event_dtype=EVENTS,
        agents=tuple(f"agent_{k}" for k in range(config.num_agents)),
        actions=Action,
        observation_shape=(height, width, FIRST_INGREDIENT + num_ingredients),
        max_steps=config.max_steps,
        scene=partial(scene, shape=(height, width), num_ingredients=num_ingredients),
        observation_codes=max(*codes, config.cook_time + 1 if soup else 0),
    )


def scene(state: Any, shape: tuple[int, int], num_ingredients: int) -> Scene:
    """Returns what a picture of a state record shows."""
    padded = (shape[0] + 2, shape[1] + 2)
    cells = state["ground"].reshape(padded)[1:-1, 1:-1].copy()
    codes = state["items"].reshape(padded)[1:-1, 1:-1].copy()
    agents = []
    for body, held in enumerate(state["held"]):
        row, column = divmod(int(state["position"][body]), padded[1])
        codes[row - 1, column - 1] = held
        carrying = item_name(int(held)) if held else None
        agents.append(SceneAgent(f"agent_{body}", row - 1, column - 1, None, carrying))
    names = ("plate", *INGREDIENTS[:num_ingredients])
    return Scene(cells, Cell, tuple(agents), parts_of(codes, num_ingredients), names)


def parts_of(codes: np.ndarray, num_ingredients: int) -> np.ndarray:
    """Returns the parts of items as an observation shows them.

    Args:
        codes: Item codes, uint16 of any shape.
        num_ingredients: K.

    Returns:
        uint8 (..., 1 + K): whether there is a plate; for each ingredient ``codes.ABSENT``, ``RAW``,
        ``CUT`` or ``BOILED``.
    """
    cut = np.where(codes & COOKED, BOILED, CUT)
    channels = [codes & PLATE]
    for k in range(num_ingredients):
        fresh, chopped = (codes >> (1 + 2 * k)) & 1, (codes >> (2 + 2 * k)) & 1
        channels.append(RAW * fresh + cut * chopped)
    return np.stack(channels, axis=-1).astype(np.uint8)


def _num_ingredients(kitchen: Kitchen) -> int:
    """Returns 1 + the largest number of an ingredient in the kitchen."""
    parts = int(np.bitwise_or.reduce(kitchen.items.ravel())) >> 1
    return -(-parts.bit_length() // 2)


def _state_dtype(config: KitchenConfig, kitchen: Kitchen, num_dishes: int) -> np.dtype:
    n = pad(kitchen.ground, 1, Cell.OUTSIDE).size
    agents, pots = config.num_agents, max(int((kitchen.ground == Cell.POT).sum()), 1)
    return np.dtype(
        [
            *HEADER,
            ("position", "i4", (agents,)),  # flat cells in the padded grid
            ("target", "i4", (agents,)),  # scratch of a step, 0 between steps
            ("held", "u2", (agents,)),  # code of the item in the hands, 0 nothing
            ("items", "u2", (n,)),  # code of the item on a cell; 0 on floor and deliveries
            ("ground", "u1", (n,)),  # Cell numbers
            ("delivered", "u1", (num_dishes,)),  # times that each dish was delivered
            ("served", "u1", (1 + len(INGREDIENTS),)),  # delivered plates, tomatoes, lettuces, ...
            ("cooking", "u1", (pots,)),  # steps until the soup in each pot is ready, 0 idle
            ("put_by", "u1", (n,)),  # 1 + agent who put the item there, 0 nobody
        ],
        align=True,
    )


def _params(config: KitchenConfig, kitchen: Kitchen, recipes: tuple[Recipe, ...]) -> np.ndarray:
    """Returns the parameter record, shape (1,)."""
    ground = pad(kitchen.ground, 1, Cell.OUTSIDE)
    width = ground.shape[1]
    pots = np.flatnonzero(ground == Cell.POT)
    soups = [recipe.contents & 0x7FFF for recipe in recipes if recipe.kind == "soup"]
    dtype = np.dtype(
        [
            ("starts", "i4", (config.num_agents,)),  # flat cells
            ("offsets", "i4", (NUM_ACTIONS,)),  # what an action adds to a flat cell
            ("items", "u2", (ground.size,)),
            ("ground", "u1", (ground.size,)),
            ("dishes", "u2", (len(recipes),)),  # codes of the dishes to deliver
            ("soups", "u2", (max(len(soups), 1),)),  # contents of a pot that starts to cook
            ("pots", "i4", (max(pots.size, 1),)),  # flat cells
            ("num_soups", "i4"),
            ("num_pots", "i4"),
            ("width", "i4"),  # of the padded grid
            ("max_steps", "i4"),
            ("reward", "f4"),
            ("cook_time", "u1"),
        ],
        align=True,
    )
    params = np.zeros(1, dtype)
    values = params[0]
    values["starts"] = [(row + 1) * width + column + 1 for row, column in kitchen.starts]
    values["offsets"] = offsets(width)
    values["items"], values["ground"] = pad(kitchen.items, 1, 0).ravel(), ground.ravel()
    values["dishes"] = [recipe.dish for recipe in recipes]
    values["soups"][: len(soups)] = soups
    values["pots"][: pots.size] = pots
    values["num_soups"], values["num_pots"] = len(soups), pots.size
    values["width"], values["max_steps"] = width, config.max_steps
    values["reward"], values["cook_time"] = config.reward, config.cook_time
    return params


register("kitchen", KitchenConfig, build)
