"""Configuration, record and registration of helping_grid."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from prosocial.envs.engine.errors import LayoutError
from prosocial.envs.engine.grid import pad
from prosocial.envs.engine.registry import register
from prosocial.envs.engine.world import (
    HEADER,
    TERMINATED,
    TRUNCATED,
    Config,
    Scene,
    SceneAgent,
    World,
)

from . import rules
from .codes import CAREGIVER, LEARNER, Action, Cell, DeclaredAction, FullAction
from .layouts import NUM_WALLS, HelpingMap, empty_room, read_map

VERSION = 0
ACTION_SETS = {"emitted": Action, "declared": DeclaredAction, "full": FullAction}
PATHS = ("shortest", "depth_first")
TIME_LIMITS = {"terminated": TERMINATED, "truncated": TRUNCATED}
EVENTS = np.dtype(
    [
        ("caregiver_goal", "u1"),  # the caregiver reached its goal: a fact, told to every agent
        ("helped", "u1"),  # it did so after the learner had taken the ball; the learner's only
        ("forward", "u1"),  # the agent chose FORWARD
        ("bump", "u1"),  # something was in the way of its FORWARD
        ("pickup", "u1"),  # it picked up the ball
        ("drop", "u1"),  # it put down the ball
        ("stay", "u1"),  # it chose STAY
    ]
)


@dataclass(frozen=True)
class HelpingGridConfig(Config):
    """Configuration of helping_grid; the defaults are Figure 7's task under clean rules.

    Sources: Rong & Kleiman-Weiner (2024), Figure 7 and released code (100 steps, cost 0.9 / 100 of
    a forward action, eight walls in a 7 x 7 grid with border, 0.4 for the goal).

    Attributes:
        layout: "random" (a maze drawn for every map), an ASCII map (see ``layouts.SYMBOLS``) or a
            list of ASCII maps of one shape, of which every new map is one, all equally likely.
        size: Side of the random maze with its border; see ``layouts.NUM_WALLS``.
        num_walls: Walls inside the random maze; see ``layouts.NUM_WALLS``.
        step_cost: Material cost of a FORWARD action, >= 0.
        goal_reward: Material reward of a controlled caregiver at the goal, >= 0.
        max_steps: Steps of an episode, >= 1.
        time_limit: How an episode ends: "terminated" (as in the paper, value 0 beyond) or
            "truncated" (bootstrap the value).
        scripted_caregiver: Whether the caregiver is part of the world; False: it is the second
            controlled agent.
        caregiver_path: "shortest", or the authors' "depth_first" search with its turns.
        action_set: "emitted" (STAY, LEFT, RIGHT, FORWARD, PICKUP: what the authors' policy could
            do), "declared" (LEFT, RIGHT, FORWARD, PICKUP, DROP: what their action space promised)
            or "full" (all six).
        reward_overwrite: Whether a FORWARD of the learner wipes out the ``helped`` that it was
            credited with earlier in the same step, as in the authors' code.
        pickup_from_hands: Whether PICKUP takes the ball out of the other's hands, as there.
        map_seed: Seed of one stream of maps for all seeds and worlds (the authors': 1234); None:
            every world draws its own maps.
        view: Side of the square view, odd and >= 3; None: as much as shows the whole room.
    """

    layout: str | tuple[str, ...] = "random"
    size: int = 7
    num_walls: int = 8
    step_cost: float = 0.009
    goal_reward: float = 0.4
    max_steps: int = 100
    time_limit: str = "terminated"
    scripted_caregiver: bool = True
    caregiver_path: str = "shortest"
    action_set: str = "emitted"
    reward_overwrite: bool = False
    pickup_from_hands: bool = False
    map_seed: int | None = None
    view: int | None = None

    def __post_init__(self) -> None:
        """Checks each field alone; ``build`` checks the maps."""
        if isinstance(self.layout, list):  # as configuration files give it
            object.__setattr__(self, "layout", tuple(self.layout))
        maps = (self.layout,) if isinstance(self.layout, str) else self.layout
        fits = isinstance(maps, tuple) and len(maps) > 0 and all(isinstance(m, str) for m in maps)
        fits = fits and (self.layout == "random" or all("\n" in m for m in maps))
        self.require("layout", fits, '"random", an ASCII map of several lines, or a list of them')
        self.require_int("size", min(NUM_WALLS), max(NUM_WALLS))
        self.require_int("num_walls", *NUM_WALLS[self.size])
        self.require_number("step_cost", 0)
        self.require_number("goal_reward", 0)
        self.require_int("max_steps", 1)
        self.require_choice("time_limit", tuple(TIME_LIMITS))
        self.require_choice("caregiver_path", PATHS)
        self.require_choice("action_set", tuple(ACTION_SETS))
        for field in ("scripted_caregiver", "reward_overwrite", "pickup_from_hands"):
            self.require_bool(field)
        if self.map_seed is not None:
            self.require_int("map_seed", 0, 2**64 - 1)
        if self.view is not None:
            self.require_int("view", 3, 199)
            self.require("view", self.view % 2 == 1, "an odd number, so that the viewer is centred")


def build(config: HelpingGridConfig) -> World:
    """Returns the configured world.

    Raises:
        LayoutError: A map cannot be played (see ``layouts.read_map``), or maps differ in shape.
    """
    maps = _read_maps(config)
    rooms = [one.cells for one in maps] or [empty_room(config.size)]
    radius = _whole_room(rooms) if config.view is None else config.view // 2
    room = rooms[0]
    shape = pad(room, radius, Cell.OUTSIDE).shape
    agents = ("learner",) if config.scripted_caregiver else ("learner", "caregiver")
    side = 2 * radius + 1
    return World(
        name="helping_grid",
        version=VERSION,
        config=config,
        rules=rules,
        state_dtype=_state_dtype(shape[0] * shape[1], room.size),
        params=_params(config, maps, room, radius),
        event_dtype=EVENTS,
        agents=agents,
        actions=ACTION_SETS[config.action_set],
        observation_shape=(side, side, 7),
        max_steps=config.max_steps,
        scene=partial(scene, shape=shape, margin=radius),
    )


def scene(state: Any, shape: tuple[int, int], margin: int) -> Scene:
    """Returns what a picture of a state record shows."""
    cells = state["cells"].reshape(shape)[margin:-margin, margin:-margin].copy()
    cells[cells == Cell.AGENT] = Cell.EMPTY
    agents = []
    for body, name in ((LEARNER, "learner"), (CAREGIVER, "caregiver")):
        row, column = divmod(int(state["position"][body]), shape[1])
        carrying = "ball" if state["carrying"][body] == Cell.BALL else None
        heading = int(state["heading"][body])
        agents.append(SceneAgent(name, row - margin, column - margin, heading, carrying))
    return Scene(cells, Cell, tuple(agents))


def _read_maps(config: HelpingGridConfig) -> list[HelpingMap]:
    if config.layout == "random":
        return []
    texts = (config.layout,) if isinstance(config.layout, str) else config.layout
    maps = [read_map(text) for text in texts]
    for number, one in enumerate(maps, 1):
        if one.cells.shape != maps[0].cells.shape:
            raise LayoutError(
                f"Map {number} has shape {one.cells.shape}, map 1 has {maps[0].cells.shape}; "
                "expected maps of one shape. Fill the smaller one up with walls."
            )
    return maps


def _whole_room(rooms: list[np.ndarray]) -> int:
    """Returns the radius of a view that shows the whole room from everywhere in it, >= 1."""
    borders = [np.concatenate([r[0], r[-1], r[:, 0], r[:, -1]]) for r in rooms]
    walled = bool((np.concatenate(borders) == Cell.WALL).all())
    return max(max(rooms[0].shape) - (3 if walled else 1), 1)


def _state_dtype(n: int, room: int) -> np.dtype:
    return np.dtype(
        [
            *HEADER,
            ("position", "i4", (2,)),  # flat cells of learner and caregiver in the padded grid
            ("actions", "i4", (2,)),  # FullAction numbers of the last step; a reset keeps them
            ("goal", "i4"),  # flat cell of the goal
            ("maps", "i4"),  # maps drawn in this episode
            ("draws", "i4"),  # random numbers that the last maze took
            ("heading", "u1", (2,)),  # 0 north, 1 east, 2 south, 3 west
            ("carrying", "u1", (2,)),  # Cell.BALL or 0
            ("cleared", "u1"),  # whether the learner has taken the ball on this map
            ("cells", "u1", (n,)),  # codes of the padded grid, bodies included
            ("distance", "i4", (n,)),  # moves to the goal, ball and bodies ignored; walls -1
            ("degree", "u1", (n,)),  # scratch of the generator: free neighbours of each cell
            ("tried", "u1", (n,)),  # scratch of the depth-first caregiver: headings tried
            ("pool", "i4", (room,)),  # scratch
            ("queue", "i4", (room,)),  # scratch
        ],
        align=True,
    )


def _params(
    config: HelpingGridConfig, maps: list[HelpingMap], room: np.ndarray, radius: int
) -> np.ndarray:
    """Returns the parameter record, shape (1,)."""
    blank = pad(room, radius, Cell.OUTSIDE)
    width = blank.shape[1]
    rows, columns = (np.arange(1, side - 1) + radius for side in room.shape)
    inner = (rows[:, None] * width + columns).ravel()

    def flat(place: tuple[int, int]) -> int:
        return (place[0] + radius) * width + place[1] + radius

    params = np.zeros(1, _params_dtype(blank.size, inner.size, max(len(maps), 1)))
    values = params[0]
    values["blank"], values["inner"], values["num_inner"] = blank.ravel(), inner, inner.size
    # One bit between the rows stays free, so that nothing spills over when rows are shifted.
    stride = columns.size + 1
    if not maps:
        place = np.arange(rows.size)[:, None] * stride + np.arange(columns.size)
        values["bits"] = np.int64(1) << place.ravel()
        values["all_free"], values["stride"] = values["bits"].sum(), stride
    last = columns.size - 1
    values["corners"] = inner[[0, last, -1, -1 - last]] if inner.size else 0
    for k, one in enumerate(maps):
        values["maps"][k] = pad(one.cells, radius, Cell.OUTSIDE).ravel()
        values["goals"][k] = flat(one.goal)
        values["starts"][k] = flat(one.learner), flat(one.caregiver)
    values["num_maps"], values["num_walls"] = len(maps), config.num_walls
    values["width"], values["radius"] = width, radius
    values["max_steps"], values["ending"] = config.max_steps, TIME_LIMITS[config.time_limit]
    values["step_cost"], values["goal_reward"] = config.step_cost, config.goal_reward
    values["scripted"] = config.scripted_caregiver
    values["depth_first"] = config.caregiver_path == "depth_first"
    values["first_action"] = config.action_set == "declared"
    values["reward_overwrite"] = config.reward_overwrite
    values["pickup_from_hands"] = config.pickup_from_hands
    values["shared_maps"] = config.map_seed is not None
    values["map_seed"] = config.map_seed or 0
    return params


def _params_dtype(n: int, inner: int, maps: int) -> np.dtype:
    return np.dtype(
        [
            ("map_seed", "u8"),
            ("blank", "u1", (n,)),  # the padded room without inner walls
            ("inner", "i4", (inner,)),  # flat cells inside the border, row by row
            ("bits", "i8", (inner,)),  # one bit for each of them, see generator.connected
            ("all_free", "i8"),  # all those bits
            ("corners", "i4", (4,)),  # of them: north-west, north-east, south-east, south-west
            ("maps", "u1", (maps, n)),  # the user's maps without the bodies
            ("goals", "i4", (maps,)),
            ("starts", "i4", (maps, 2)),  # flat cells of learner and caregiver
            ("num_inner", "i4"),
            ("stride", "i4"),  # bits from one row to the next
            ("num_maps", "i4"),  # 0: draw mazes
            ("num_walls", "i4"),
            ("width", "i4"),
            ("radius", "i4"),
            ("max_steps", "i4"),
            ("step_cost", "f4"),
            ("goal_reward", "f4"),
            ("ending", "u1"),  # TERMINATED or TRUNCATED
            ("first_action", "u1"),  # FullAction number of action 0
            ("scripted", "u1"),
            ("depth_first", "u1"),
            ("reward_overwrite", "u1"),
            ("pickup_from_hands", "u1"),
            ("shared_maps", "u1"),
        ],
        align=True,
    )


register("helping_grid", HelpingGridConfig, build)
