"""Configuration, record and registration of doors."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from prosocial.envs.engine.config import Config
from prosocial.envs.engine.registry import register
from prosocial.envs.engine.world import HEADER, Scene, SceneAgent, World

from . import rules
from .codes import NO_DOOR, Action, Cell
from .layouts import LAYOUTS, DoorsMap, read_map

VERSION = 0
MAX_PUSH_STEPS = 20
AGENTS = ("human", "helper")
EVENTS = np.dtype(
    [
        ("goal", "u1"),  # the human has its box: a fact, told to both agents
        ("move", "u1"),  # the agent entered another cell
        ("push", "u1"),  # it went against a closed door
        ("opened", "u1"),  # it opened a door
        ("bump", "u1"),  # a wall was in its way
        ("stay", "u1"),  # it chose STAY
    ]
)


@dataclass(frozen=True)
class DoorsConfig(Config):
    """Configuration of doors; all numbers are ours (see the README for what they are modelled on).

    Attributes:
        layout: "six_rooms", "cross", "nested", "corridor" or an ASCII map (see
            ``layouts.SYMBOLS``).
        push_steps: Pushes in a row by which the human opens a door, 1 to 20; 0: it never can. The
            helper needs one.
        goal_reward: Material reward of both agents when the human has its box, >= 0.
        step_cost: Material cost of a step to both agents, >= 0.
        max_steps: Steps after which the episode is cut off, >= 1.
        reveal_goal: Whether the helper's observation shows which box the human wants.
    """

    layout: str = "six_rooms"
    push_steps: int = 6
    goal_reward: float = 1.0
    step_cost: float = 0.02
    max_steps: int = 40
    reveal_goal: bool = False

    def __post_init__(self) -> None:
        """Checks each field alone; ``build`` checks the map."""
        fits = isinstance(self.layout, str) and (self.layout in LAYOUTS or "\n" in self.layout)
        known = ", ".join(LAYOUTS)
        self.require("layout", fits, f"one of {known}, or an ASCII map of several lines")
        self.require_int("push_steps", 0, MAX_PUSH_STEPS)
        self.require_number("goal_reward", 0)
        self.require_number("step_cost", 0)
        self.require_int("max_steps", 1)
        self.require_bool("reveal_goal")


def build(config: DoorsConfig) -> World:
    """Returns the configured world.

    Raises:
        LayoutError: The map cannot be played (see ``layouts.read_map``).
    """
    room = read_map(LAYOUTS.get(config.layout, config.layout))
    height, width = room.cells.shape
    return World(
        name="doors",
        version=VERSION,
        config=config,
        rules=rules,
        state_dtype=_state_dtype(len(room.doors)),
        params=_params(config, room),
        event_dtype=EVENTS,
        agents=AGENTS,
        actions=Action,
        observation_shape=(height, width, 6),
        max_steps=config.max_steps,
        scene=partial(scene, room=room),
        observation_codes=MAX_PUSH_STEPS + 1,
    )


def scene(state: Any, room: DoorsMap) -> Scene:
    """Returns what a picture of a state record shows; the box that the human wants is marked."""
    cells = room.cells.copy()
    flat = cells.ravel()
    flat[room.doors[state["is_open"][: len(room.doors)] == 1]] = Cell.OPEN_DOOR
    flat[room.boxes[state["goal"]]] = Cell.GOAL
    agents = []
    for name, position in zip(AGENTS, state["position"], strict=True):
        row, column = divmod(int(position), cells.shape[1])
        agents.append(SceneAgent(name, row, column, 0))
    return Scene(cells, Cell, tuple(agents))


def _state_dtype(doors: int) -> np.dtype:
    return np.dtype(
        [
            *HEADER,
            ("position", "i4", (2,)),  # flat cells of human and helper
            ("goal", "i4"),  # index of the box that the human wants, from 0
            ("pushed", "i4"),  # index of the door that the human is pushing, or -1
            ("effort", "u1"),  # pushes in a row it has put into that door
            ("is_open", "u1", (max(doors, 1),)),  # the doors, row by row
        ],
        align=True,
    )


def _params(config: DoorsConfig, room: DoorsMap) -> np.ndarray:
    """Returns the parameter record, shape (1,)."""
    n, doors, boxes = room.cells.size, len(room.doors), len(room.boxes)
    dtype = np.dtype(
        [
            ("width", "i4"),
            ("push_steps", "i4"),
            ("max_steps", "i4"),
            ("goal_reward", "f4"),
            ("step_cost", "f4"),
            ("num_boxes", "i4"),
            ("num_human_starts", "i4"),
            ("num_helper_starts", "i4"),
            ("door_at", "i4", (n,)),  # index of the door in each cell, or -1
            ("boxes", "i4", (boxes,)),  # flat cells
            ("doors", "i4", (max(doors, 1),)),
            ("human_starts", "i4", (len(room.human),)),
            ("helper_starts", "i4", (len(room.helper),)),
            ("cells", "u1", (n,)),  # codes, all doors closed
            ("box_at", "u1", (n,)),  # number of the box in each cell, from 1, or 0
            ("reveal_goal", "u1"),
        ],
        align=True,
    )
    params = np.zeros(1, dtype)
    values = params[0]
    values["width"], values["num_boxes"] = room.cells.shape[1], boxes
    values["push_steps"], values["max_steps"] = config.push_steps, config.max_steps
    values["goal_reward"], values["step_cost"] = config.goal_reward, config.step_cost
    values["num_human_starts"], values["num_helper_starts"] = len(room.human), len(room.helper)
    values["human_starts"], values["helper_starts"] = room.human, room.helper
    values["cells"], values["reveal_goal"] = room.cells.ravel(), config.reveal_goal
    values["door_at"] = NO_DOOR
    values["door_at"][room.doors] = np.arange(doors)
    values["doors"][:doors] = room.doors
    values["boxes"] = room.boxes
    values["box_at"][room.boxes] = np.arange(boxes) + 1
    return params


register("doors", DoorsConfig, build)
