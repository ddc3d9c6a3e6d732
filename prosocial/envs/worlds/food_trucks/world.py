"""Configuration, record and registration of food_trucks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from prosocial.envs.engine.config import Config
from prosocial.envs.engine.errors import LayoutError
from prosocial.envs.engine.grid import pad
from prosocial.envs.engine.registry import register
from prosocial.envs.engine.world import HEADER, Scene, SceneAgent, World

from . import rules
from .codes import (
    FIXED,
    INDEPENDENT,
    NUM_TRUCKS,
    PERMUTATION,
    TRUCK_K,
    TRUCKS,
    Action,
    Cell,
    EatAction,
)
from .layouts import (
    LAYOUTS,
    PLACEMENTS,
    TruckMap,
    arrangements,
    check_placements,
    lines_of_sight,
    read_map,
)

VERSION = 0
DESIRES = {"fixed": FIXED, "independent": INDEPENDENT, "permutation": PERMUTATION}
EATING = ("arrive", "action")
MAX_CELLS = 2500  # of the padded map: what is seen from where takes the square of it in bytes
EVENTS = np.dtype(
    [
        ("eat", "u1"),  # the agent ate
        ("best", "u1"),  # at a truck of the highest utility among those parked
        ("discover", "u1"),  # parking spots that came into sight for the first time
        ("move", "u1"),  # it went to a neighbouring cell
        ("bump", "u1"),  # a wall or the edge of the map was in its way
        ("stay", "u1"),  # it chose STAY
    ]
)


@dataclass(frozen=True)
class FoodTrucksConfig(Config):
    """Configuration of food_trucks; the defaults are memo's demonstration with a cost of waiting.

    Sources: Baker, Saxe & Tenenbaum (2011, 2017) for the task; the food-truck demonstration of memo
    (Chandra et al. 2025) for map, utilities and costs.

    Attributes:
        layout: "wall", "small" or an ASCII map (see ``layouts.SYMBOLS``).
        placements: The worlds that are possible: for each a letter of K, L, M or "-" (nothing) for
            every parking spot, in the order of their numbers. None: those of the layout
            (``layouts.PLACEMENTS``); "all": every way to park different trucks on all spots.
        placement_weights: How likely each placement is, > 0, in any unit; None: equally likely.
        desires: How the utilities of an episode come about: "independent" (each truck's drawn from
            ``utility_values``), "permutation" (three values in random order) or "fixed".
        utility_values: Utilities that can be drawn, at most 16 different numbers in ascending
            order; exactly three for "permutation".
        utilities: Utilities of K, L and M under "fixed".
        step_cost: Material cost of a step north, south, west or east, bumping included, >= 0.
        stay_cost: Material cost of STAY and of EAT, >= 0.
        eating: "arrive" (entering a spot with a truck is eating there) or "action" (EAT is an
            action of its own, as in Baker, Saxe & Tenenbaum 2011).
        max_steps: Steps after which an episode that nobody ended by eating is cut off, >= 1.
        view: Side of a square view centred on the agent, odd and >= 3; None: the whole map.
        remember: Whether the observation also shows what was seen earlier in the episode.
        known_map: Whether it shows walls and streets that are out of sight, so that the trucks
            alone are unknown.
        show_desires: Whether it tells the agent its utilities of this episode.
    """

    layout: str = "wall"
    placements: tuple[str, ...] | str | None = None
    placement_weights: tuple[float, ...] | None = None
    desires: str = "independent"
    utility_values: tuple[float, ...] = (-20.0, 0.0, 50.0, 100.0)
    utilities: tuple[float, ...] = (50.0, 0.0, 100.0)
    step_cost: float = 1.0
    stay_cost: float = 1.0
    eating: str = "arrive"
    max_steps: int = 50
    view: int | None = None
    remember: bool = False
    known_map: bool = False
    show_desires: bool = True

    def __post_init__(self) -> None:
        """Checks each field alone; ``build`` checks the map and what is parked on it."""
        for field in ("placements", "placement_weights", "utility_values", "utilities"):
            if isinstance(getattr(self, field), list):  # as configuration files give it
                object.__setattr__(self, field, tuple(getattr(self, field)))
        self.require("layout", isinstance(self.layout, str), "a name or an ASCII map")
        known = self.layout in LAYOUTS or "\n" in self.layout
        self.require("layout", known, f"one of {', '.join(LAYOUTS)}, or an ASCII map")
        named = self.placements is None or self.placements == "all"
        fits = isinstance(self.placements, tuple) and len(self.placements) > 0
        fits = fits and all(isinstance(one, str) for one in self.placements or ())
        self.require("placements", named or fits, '"all", None or a list such as ("LK", "MK")')
        if self.placement_weights is not None:
            self.require("placement_weights", _numbers(self.placement_weights, 1), "numbers > 0")
            self.require("placement_weights", min(self.placement_weights) > 0, "numbers > 0")
        self.require_choice("desires", tuple(DESIRES))
        values = self.utility_values
        ordered = _numbers(values, 1) and len(values) <= 16 and list(values) == sorted(set(values))
        self.require("utility_values", ordered, "1 to 16 different numbers in ascending order")
        if self.desires == "permutation":
            self.require("utility_values", len(values) == NUM_TRUCKS, "three of them to permute")
        three = _numbers(self.utilities, 1) and len(self.utilities) == NUM_TRUCKS
        self.require("utilities", three, f"a number for each of {', '.join(TRUCKS)}")
        self.require_number("step_cost", 0)
        self.require_number("stay_cost", 0)
        self.require_choice("eating", EATING)
        self.require_int("max_steps", 1)
        for field in ("remember", "known_map", "show_desires"):
            self.require_bool(field)
        if self.view is not None:
            self.require_int("view", 3, 49)
            self.require("view", self.view % 2 == 1, "an odd number, so that the agent is centred")

    def possible(self) -> tuple[str, ...]:
        """Returns the placements that are possible under this configuration.

        Raises:
            LayoutError: They do not suit the map (see ``layouts.check_placements``).
        """
        spots = len(read_map(LAYOUTS.get(self.layout, self.layout)).spots)
        placements = self.placements
        if placements is None:
            placements = PLACEMENTS.get(self.layout)
        if placements is None or isinstance(placements, str):
            placements = arrangements(spots)
        check_placements(placements, spots)
        return placements

    def possible_utilities(self) -> tuple[float, ...]:
        """Returns the utilities that a truck can have, in ascending order."""
        return (
            self.utility_values if self.desires != "fixed" else tuple(sorted(set(self.utilities)))
        )


def build(config: FoodTrucksConfig) -> World:
    """Returns the configured world.

    Raises:
        LayoutError: The map cannot be played (see ``layouts.read_map``), the placements do not suit
            it, their weights are not as many as they, or the map is too large.
    """
    read = read_map(LAYOUTS.get(config.layout, config.layout))
    radius = 0 if config.view is None else config.view // 2
    margin = max(radius, 1)
    height, width = read.cells.shape
    padded = (height + 2 * margin, width + 2 * margin)
    if padded[0] * padded[1] > MAX_CELLS:
        raise LayoutError(
            f"The map with its margin has {padded[0]} x {padded[1]} cells; expected at most "
            f"{MAX_CELLS} in all. Use a smaller map or a smaller view."
        )
    shape = (height, width) if config.view is None else (config.view, config.view)
    codes = max(len(Cell), 1 + len(config.possible_utilities()))
    return World(
        name="food_trucks",
        version=VERSION,
        config=config,
        rules=rules,
        state_dtype=_state_dtype(padded[0] * padded[1]),
        params=_params(config, read, radius, margin),
        event_dtype=EVENTS,
        agents=("agent_0",),
        actions=EatAction if config.eating == "action" else Action,
        observation_shape=(*shape, 2 + NUM_TRUCKS),
        max_steps=config.max_steps,
        scene=partial(scene, shape=padded, margin=margin),
        observation_codes=codes + 1,
    )


def scene(state: Any, shape: tuple[int, int], margin: int) -> Scene:
    """Returns what a picture of a state record shows: all trucks, whether in sight or not."""
    cells = state["cells"].reshape(shape)[margin:-margin, margin:-margin]
    row, column = divmod(int(state["position"]), shape[1])
    agent = SceneAgent("agent_0", row - margin, column - margin, int(state["heading"]))
    return Scene(cells, Cell, (agent,))


def _numbers(values: Any, fewest: int) -> bool:
    fits = isinstance(values, tuple) and len(values) >= fewest
    return fits and all(
        isinstance(v, int | float) and not isinstance(v, bool) and np.isfinite(v) for v in values
    )


def _state_dtype(n: int) -> np.dtype:
    return np.dtype(
        [
            *HEADER,
            ("position", "i4"),  # flat cell of the agent in the padded map
            ("placement", "i4"),  # number of the placement of this episode
            ("utilities", "f4", (NUM_TRUCKS,)),  # what the agent likes: private
            ("desire", "u1", (NUM_TRUCKS,)),  # ranks of the utilities among the possible ones
            ("heading", "u1"),  # of the last move, for pictures: 0 north, 1 east, 2 south, 3 west
            ("eaten", "u1"),  # truck eaten at, by its place in codes.TRUCKS; 255 none
            ("cells", "u1", (n,)),  # codes of the padded map with the trucks
            ("memory", "u1", (n,)),  # codes as last seen in this episode, Cell.UNKNOWN at first
        ],
        align=True,
    )


def _params(config: FoodTrucksConfig, read: TruckMap, radius: int, margin: int) -> np.ndarray:
    """Returns the parameter record, shape (1,)."""
    placements = config.possible()
    weights = config.placement_weights or (1.0,) * len(placements)
    if len(weights) != len(placements):
        raise LayoutError(
            f"There are {len(weights)} placement_weights for {len(placements)} placements; "
            "give one for each."
        )
    blank = pad(read.cells, margin, Cell.OUTSIDE)
    width = blank.shape[1]
    values = config.possible_utilities()
    params = np.zeros(1, _params_dtype(blank.size, len(placements), len(read.starts), len(values)))
    record = params[0]
    for number, placement in enumerate(placements):
        parked = read.cells.copy()
        for spot, letter in zip(read.spots, placement, strict=True):
            if letter in TRUCKS:
                parked[spot] = TRUCK_K + TRUCKS.index(letter)
        record["maps"][number] = pad(parked, margin, Cell.OUTSIDE).ravel()
    inside = np.flatnonzero(blank != Cell.OUTSIDE)
    record["sight"][np.ix_(inside, inside)] = lines_of_sight(read.cells)
    record["cumulative"] = np.cumsum(weights) / np.sum(weights)
    record["cumulative"][-1] = 1.0
    record["starts"] = [(row + margin) * width + column + margin for row, column in read.starts]
    record["values"] = values
    if config.desires == "fixed":
        record["fixed"] = [values.index(utility) for utility in config.utilities]
    elif config.desires == "permutation":
        record["fixed"] = range(NUM_TRUCKS)
    record["desires"], record["num_values"] = DESIRES[config.desires], len(values)
    record["num_starts"], record["width"], record["radius"] = len(read.starts), width, radius
    record["corner"], record["max_steps"] = margin * width + margin, config.max_steps
    record["step_cost"], record["stay_cost"] = config.step_cost, config.stay_cost
    record["on_arrival"] = config.eating == "arrive"
    for field in ("remember", "known_map", "show_desires"):
        record[field] = getattr(config, field)
    return params


def _params_dtype(n: int, placements: int, starts: int, values: int) -> np.dtype:
    return np.dtype(
        [
            ("cumulative", "f8", (placements,)),  # probability of this placement or an earlier one
            ("maps", "u1", (placements, n)),  # codes of the padded map, trucks parked
            ("sight", "u1", (n, n)),  # whether the second cell is seen from the first
            ("starts", "i4", (starts,)),  # flat cells
            ("values", "f4", (values,)),  # utilities that a truck can have
            ("num_starts", "i4"),
            ("num_values", "i4"),
            ("width", "i4"),  # of the padded map
            ("radius", "i4"),  # of an egocentric view; 0: the whole map is shown
            ("corner", "i4"),  # flat cell of the upper left corner of the map
            ("max_steps", "i4"),
            ("step_cost", "f4"),
            ("stay_cost", "f4"),
            ("fixed", "u1", (NUM_TRUCKS,)),  # ranks of the utilities before any is drawn
            ("desires", "u1"),
            ("on_arrival", "u1"),
            ("remember", "u1"),
            ("known_map", "u1"),
            ("show_desires", "u1"),
        ],
        align=True,
    )


register("food_trucks", FoodTrucksConfig, build)
