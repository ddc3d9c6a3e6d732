"""Configuration, record and registration of rendezvous."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from prosocial.envs.engine.config import Config
from prosocial.envs.engine.grid import pad
from prosocial.envs.engine.registry import register
from prosocial.envs.engine.world import HEADER, Scene, SceneAgent, World

from . import rules
from .codes import (
    MOST_AGENTS,
    MOST_GOALS,
    OBSERVATION_CODES,
    STEPS,
    Action,
    AfterCapture,
    Cell,
)
from .layouts import RINGS, RendezvousMap, read_map, ring

VERSION = 0
AFTER_CAPTURE = {choice.name.lower(): choice for choice in AfterCapture}
EVENTS = np.dtype(
    [
        ("captured", "u1"),  # it took part in the capture of a goal
        ("captures", "u1"),  # goals captured by anyone: a fact, told to every agent
        ("waited", "u1"),  # it stood on a goal with too few others
        ("bump", "u1"),  # a wall was in the way of its move
        ("stay", "u1"),  # it chose STAY
    ]
)


@dataclass(frozen=True)
class RendezvousConfig(Config):
    """Configuration of rendezvous; the defaults are a gridworld version of Tang et al. (2020).

    Sources: the README of this folder.

    Attributes:
        layout: "ring" (goals all around a common start, none of them nearer) or an ASCII map (see
            ``layouts.SYMBOLS``).
        num_agents: N, 2 to 6.
        num_goals: G: 1, 2, 4 or 8 on the ring; None: 4 on the ring, as many as a map has.
        distance: Moves from the start to every goal of the ring, 1 to 20; a map has its own.
        needed: Agents that must be on a goal at once to capture it, 2 to N.
        reward: Of a capture, to every agent, > 0.
        after_capture: "restart" (everybody and all goals back to the start), "move" (the goal
            comes up on another free cell) or "stay" (it can be captured again at once).
        wander: Probability per step that a goal goes to one of the eight cells around it, if that
            is free, 0 to 1.
        max_steps: Steps of an episode, >= 1; it always ends by truncation.
        view: Side of the square view, odd and >= 3; None: as much as shows the whole room.
    """

    layout: str = "ring"
    num_agents: int = 3
    num_goals: int | None = None
    distance: int = 5
    needed: int = 2
    reward: float = 1.0
    after_capture: str = "restart"
    wander: float = 0.0
    max_steps: int = 100
    view: int | None = None

    def __post_init__(self) -> None:
        """Checks each field alone; ``build`` checks the map."""
        self.require("layout", isinstance(self.layout, str), '"ring" or an ASCII map')
        ringed = self.layout == "ring"
        self.require("layout", ringed or "\n" in self.layout, '"ring" or several lines of a map')
        self.require_int("num_agents", 2, MOST_AGENTS)
        if self.num_goals is None and ringed:
            object.__setattr__(self, "num_goals", 4)
        if self.num_goals is not None:
            self.require_int("num_goals", 1, MOST_GOALS)
            expected = "1, 2, 4 or 8 on the ring; for others give an ASCII map"
            self.require("num_goals", not ringed or self.num_goals in RINGS, expected)
        self.require_int("distance", 1, 20)
        self.require_int("needed", 2, self.num_agents)
        self.require_number("reward", 0)
        self.require("reward", self.reward > 0, "a number above 0")
        self.require_choice("after_capture", tuple(AFTER_CAPTURE))
        self.require_number("wander", 0, 1)
        self.require_int("max_steps", 1)
        if self.view is not None:
            self.require_int("view", 3, 199)
            self.require("view", self.view % 2 == 1, "an odd number, so that the agent is centred")


def build(config: RendezvousConfig) -> World:
    """Returns the configured world.

    Raises:
        LayoutError: The map cannot be played (see ``layouts.read_map``), or has too many goals.
    """
    goals = config.num_goals or 0
    text = ring(goals, config.distance) if config.layout == "ring" else config.layout
    read = read_map(text, config.num_goals)
    if len(read.goals) > MOST_GOALS:
        config.replace(num_goals=len(read.goals))  # raises what is wrong with so many
    height, width = read.cells.shape
    border = np.concatenate([read.cells[[0, -1]].ravel(), read.cells[:, [0, -1]].ravel()])
    walled = bool((border == Cell.WALL).all())
    whole = max(height, width) - (3 if walled else 1)
    radius = max(whole if config.view is None else config.view // 2, 1)
    side = 2 * radius + 1
    blank = pad(read.cells, radius, Cell.OUTSIDE)
    return World(
        name="rendezvous",
        version=VERSION,
        config=config,
        rules=rules,
        state_dtype=_state_dtype(blank.size, config.num_agents, len(read.goals)),
        params=_params(config, read, blank, radius),
        event_dtype=EVENTS,
        agents=tuple(f"agent_{k}" for k in range(config.num_agents)),
        actions=Action,
        observation_shape=(side, side, 2),
        max_steps=config.max_steps,
        scene=partial(scene, shape=blank.shape, margin=radius),
        observation_codes=OBSERVATION_CODES,
    )


def scene(state: Any, shape: tuple[int, int], margin: int) -> Scene:
    """Returns what a picture of a state record shows.

    Agents have no heading; those who share a cell are drawn turned, so that each can be seen.
    """
    cells = state["cells"].reshape(shape)[margin:-margin, margin:-margin].copy()
    before: Counter[int] = Counter()
    agents = []
    for index, cell in enumerate(map(int, state["position"])):
        row, column = divmod(cell, shape[1])
        heading = before[cell] % 4
        before[cell] += 1
        agents.append(SceneAgent(f"agent_{index}", row - margin, column - margin, heading))
    return Scene(cells, Cell, tuple(agents))


def _state_dtype(n: int, agents: int, goals: int) -> np.dtype:
    return np.dtype(
        [
            *HEADER,
            ("position", "i4", (agents,)),  # flat cells in the padded grid
            ("goals", "i4", (goals,)),  # likewise
            ("captured", "i4", (goals,)),  # how often each was captured in this episode
            ("rounds", "i4"),  # restarts in this episode
            ("taken", "u1", (goals,)),  # whether each was captured in the last step
            ("cells", "u1", (n,)),  # codes of the padded grid, goals included
            ("pool", "i4", (n,)),  # scratch
        ],
        align=True,
    )


def _params(
    config: RendezvousConfig, read: RendezvousMap, blank: np.ndarray, radius: int
) -> np.ndarray:
    """Returns the parameter record, shape (1,)."""
    width = blank.shape[1]
    fields = [
        ("wander", "f8"),
        ("blank", "u1", (blank.size,)),  # the padded grid without goals
        ("goals", "i4", (len(read.goals),)),  # where they are at the start
        ("starts", "i4", (len(read.starts),)),
        ("offsets", "i4", (len(Action),)),  # what to add to a cell under each action
        ("num_starts", "i4"),
        ("width", "i4"),
        ("radius", "i4"),
        ("needed", "i4"),
        ("max_steps", "i4"),
        ("reward", "f4"),
        ("enterable", "u1", (len(Cell),)),  # by code: whether agents may be there
        ("after_capture", "u1"),
    ]

    def padded(cells: np.ndarray) -> np.ndarray:
        rows, columns = np.divmod(cells, read.cells.shape[1])
        return (rows + radius) * width + columns + radius

    params = np.zeros(1, np.dtype(fields, align=True))
    values = params[0]
    values["blank"] = blank.ravel()
    values["goals"], values["starts"] = padded(read.goals), padded(read.starts)
    values["offsets"] = STEPS @ (width, 1)
    values["num_starts"], values["width"], values["radius"] = len(read.starts), width, radius
    values["enterable"][[Cell.EMPTY, Cell.GOAL]] = 1
    values["after_capture"] = AFTER_CAPTURE[config.after_capture]
    for name in ("wander", "needed", "max_steps", "reward"):
        values[name] = getattr(config, name)
    return params


register("rendezvous", RendezvousConfig, build)
