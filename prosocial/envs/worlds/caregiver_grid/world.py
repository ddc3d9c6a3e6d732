"""Configuration, record and registration of caregiver_grid."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from prosocial.envs.engine.config import Config
from prosocial.envs.engine.errors import LayoutError
from prosocial.envs.engine.grid import pad
from prosocial.envs.engine.registry import register
from prosocial.envs.engine.world import HEADER, Scene, SceneAgent, World

from . import rules
from .layouts import LAYOUTS, empty_room, read_layout
from .rules import Action, Cell

VERSION = 0
EVENTS = np.dtype(
    [
        ("goal", "u1"),  # the learner entered the goal
        ("forward", "u1"),  # the learner chose FORWARD
        ("bump", "u1"),  # it could not enter the cell ahead
        ("lava", "u1"),  # it entered lava
    ]
)


@dataclass(frozen=True)
class CaregiverGridConfig(Config):
    """Configuration of caregiver_grid; the defaults are the training grid "Train-3".

    Sources: Rong & Kleiman-Weiner (2024), section 4 and released code (episode of 20 steps, cost
    0.9 / 20 for a forward action, three walls in a 7 x 7 grid with border).

    Attributes:
        layout: "random" (``num_walls`` walls drawn for every map), the name of a hand-made layout
            ("plus", "x", "u", "t", "four_rooms") or an ASCII map (see ``layouts.SYMBOLS``).
        size: Side of the random grid with its border, 4 to 100.
        num_walls: Single wall cells drawn for every random map, >= 0.
        num_lava: Lava cells drawn for every map among the cells where the learner may start, >= 0;
            entering one draws a new map.
        goal_region: Where the goal is drawn: "anywhere", "upper" (rows above the middle one) or
            "lower" (rows below it).
        step_cost: Material cost of a FORWARD action, >= 0.
        goal_step_cost: Whether the step into the goal is charged too (as in the authors' ISR
            condition of Figures 1b and 4a).
        max_steps: Steps of an episode, >= 1; it always ends by truncation.
        allow_unreachable: Whether maps are kept on which no path leads to the goal, as in the
            authors' code.
        view: Side of the square view, odd and >= 3; None: as much as shows the whole room.
    """

    layout: str = "random"
    size: int = 7
    num_walls: int = 3
    num_lava: int = 0
    goal_region: str = "anywhere"
    step_cost: float = 0.045
    goal_step_cost: bool = False
    max_steps: int = 20
    allow_unreachable: bool = False
    view: int | None = None

    def __post_init__(self) -> None:
        """Checks each field alone; ``build`` checks the map."""
        self.require("layout", isinstance(self.layout, str), "a name or an ASCII map")
        known = self.layout == "random" or self.layout in LAYOUTS or "\n" in self.layout
        names = ", ".join(["random", *LAYOUTS])
        self.require("layout", known, f"one of {names}, or an ASCII map of several lines")
        self.require_int("size", 4, 100)
        self.require_int("num_walls", 0)
        self.require_int("num_lava", 0)
        self.require_choice("goal_region", ("anywhere", "upper", "lower"))
        self.require_number("step_cost", 0)
        self.require_bool("goal_step_cost")
        self.require_int("max_steps", 1)
        self.require_bool("allow_unreachable")
        if self.view is not None:
            self.require_int("view", 3, 199)
            self.require(
                "view", self.view % 2 == 1, "an odd number, so that the learner is centred"
            )


def build(config: CaregiverGridConfig) -> World:
    """Returns the configured world.

    Raises:
        LayoutError: The map cannot be played: nowhere for the goal or the learner, too many walls,
            or no goal that can be reached from a start.
    """
    random_walls = config.layout == "random"
    text = empty_room(config.size) if random_walls else LAYOUTS.get(config.layout, config.layout)
    codes, goals, starts, start_heading = read_layout(text)
    height, width = codes.shape
    goals = goals & _region(height, config.goal_region)[:, None]
    num_walls = config.num_walls if random_walls else 0
    _check_room(goals, starts, num_walls + config.num_lava)

    # Inside a border, the farthest cell is size - 3 away from the learner's.
    radius = max(height, width) - 3 if config.view is None else config.view // 2
    radius = max(radius, 1)
    base = pad(codes, radius, Cell.OUTSIDE)
    shape = base.shape
    goal_cells = np.flatnonzero(pad(goals, radius, 0))
    start_cells = np.flatnonzero(pad(starts, radius, 0))
    if not config.allow_unreachable:
        _check_reachable(base, goal_cells, start_cells)

    n = base.size
    params = np.zeros(1, _params_dtype(n))
    values = params[0]
    values["blank"] = base.ravel()
    values["goal_cells"][: goal_cells.size] = goal_cells
    values["start_cells"][: start_cells.size] = start_cells
    values["num_goal_cells"], values["num_start_cells"] = goal_cells.size, start_cells.size
    values["num_walls"], values["num_lava"] = num_walls, config.num_lava
    values["start_heading"], values["width"], values["radius"] = start_heading, shape[1], radius
    values["step_cost"], values["goal_step_cost"] = config.step_cost, config.goal_step_cost
    values["max_steps"] = config.max_steps
    values["allow_unreachable"] = config.allow_unreachable
    side = 2 * radius + 1
    return World(
        name="caregiver_grid",
        version=VERSION,
        config=config,
        rules=rules,
        state_dtype=_state_dtype(n),
        params=params,
        event_dtype=EVENTS,
        agents=("learner",),
        actions=Action,
        observation_shape=(side, side, 4),
        max_steps=config.max_steps,
        scene=partial(scene, shape=shape, margin=radius),
    )


def scene(state: np.void, shape: tuple[int, int], margin: int) -> Scene:
    """Returns what a picture of a state record shows."""
    cells = state["cells"].reshape(shape)[margin:-margin, margin:-margin]
    row, column = divmod(int(state["position"]), shape[1])
    learner = SceneAgent("learner", row - margin, column - margin, int(state["heading"]))
    return Scene(cells, Cell, (learner,))


def _state_dtype(n: int) -> np.dtype:
    return np.dtype(
        [
            *HEADER,
            ("position", "i4"),  # flat cell of the learner in the padded grid
            ("goal", "i4"),  # flat cell of the goal
            ("heading", "u1"),  # 0 north, 1 east, 2 south, 3 west
            ("cells", "u1", (n,)),  # codes of the padded grid, without the learner
            ("pool", "i4", (n,)),  # scratch
            ("distance", "i4", (n,)),  # scratch: moves to the goal when the map was drawn
        ],
        align=True,
    )


def _params_dtype(n: int) -> np.dtype:
    return np.dtype(
        [
            ("blank", "u1", (n,)),  # the padded grid without what is drawn
            ("goal_cells", "i4", (n,)),
            ("start_cells", "i4", (n,)),
            ("num_goal_cells", "i4"),
            ("num_start_cells", "i4"),
            ("num_walls", "i4"),
            ("num_lava", "i4"),
            ("width", "i4"),
            ("radius", "i4"),
            ("max_steps", "i4"),
            ("step_cost", "f4"),
            ("start_heading", "u1"),
            ("goal_step_cost", "u1"),
            ("allow_unreachable", "u1"),
        ],
        align=True,
    )


def _region(height: int, region: str) -> np.ndarray:
    rows = np.arange(height)
    middle = (height - 1) / 2
    return {"anywhere": rows >= 0, "upper": rows < middle, "lower": rows > middle}[region]


def _check_room(goals: np.ndarray, starts: np.ndarray, drawn: int) -> None:
    if not goals.any():
        raise LayoutError("No cell of the map can hold the goal; free one in the goal's region.")
    # One goal cell may be taken from the cells of the start.
    room = int(starts.sum()) - int((goals & starts).any())
    if room < drawn + 1:
        raise LayoutError(
            f"The map has room for {room} walls, lava cells and the learner, but num_walls + "
            f"num_lava + 1 is {drawn + 1}; use fewer walls or lava cells, or a larger map."
        )


def _check_reachable(base: np.ndarray, goal_cells: np.ndarray, start_cells: np.ndarray) -> None:
    free = rules.BLOCKING[base] == 0
    for goal in goal_cells:
        reached = np.zeros(base.shape, bool)
        reached.flat[goal] = True
        # By whole arrays, as the compiled search of the rules would be compiled for this alone.
        while True:
            steps = [np.roll(reached, shift, axis) for shift in (-1, 1) for axis in (0, 1)]
            grown = reached | (np.logical_or.reduce(steps) & free)
            if (grown == reached).all():
                break
            reached = grown
        if reached.flat[start_cells[start_cells != goal]].any():
            return
    raise LayoutError(
        "No goal of the map can be reached from a start of the learner; open a path, or set "
        "allow_unreachable=True."
    )


register("caregiver_grid", CaregiverGridConfig, build)
