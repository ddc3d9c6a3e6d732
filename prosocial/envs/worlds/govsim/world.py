"""Configuration, record and registration of the GovSim worlds."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from prosocial.envs.engine.config import Config
from prosocial.envs.engine.registry import register
from prosocial.envs.engine.world import HEADER, Scene, SceneAgent, World

from . import rules
from .codes import (
    ALLOCATIONS,
    CATCHES,
    EACH,
    OUTSIDE,
    STOCK,
    STORIES,
    SUMMARY,
    USED,
    demand_actions,
)

VERSION = 0
MAX_AGENTS = 64
MAX_CAPACITY = 250  # demands and stocks fit into the bytes of events and observations
EVENTS = np.dtype(
    [
        ("demand", "u1"),  # units that the agent asked for
        ("obtained", "u1"),  # units that it got
        ("over", "u1"),  # it got more than the round's threshold
        ("over_demand", "u1"),  # it asked for more than the threshold
        ("rationed", "u1"),  # it got less than it asked for
        ("collapse", "u1"),  # the stock collapsed: a fact, told to every agent
    ]
)


@dataclass(frozen=True)
class GovSimConfig(Config):
    """Configuration of fishery, pasture and pollution; the defaults are GovSim's.

    Source: Piatti et al. (2024), "Cooperate or Collapse", NeurIPS, section 2 and released code
    (five agents, capacity 100, doubling, collapse below 5, 12 months, stochastic allocation).

    Attributes:
        num_agents: Number of agents, newcomer included, 2 to 64.
        capacity: Units that the stock never exceeds, 1 to 250; also the largest demand.
        initial_stock: Units at the start of an episode, from ``collapse_below`` (at least 1) to
            ``capacity``; None: the capacity.
        growth: Factor by which what is left grows after each round, rounded down, 1 to 250.
        collapse_below: The episode is over when fewer units are left after harvesting, 0 (never)
            to ``capacity``.
        max_rounds: Rounds (months) of an episode, 1 to 255.
        allocation: Who gets what when more is demanded than there is: "stochastic" (unit by unit to
            a random agent with unmet demand) or "proportional" (to the demands).
        newcomer_round: Rounds before the last agent joins, 1 to ``max_rounds`` - 1; GovSim's
            newcomer joins after 3 of 15. None: all are there from the start.
        catches: What agents see of the others' last catches: "each", "summary" (their mean and
            their largest) or "none".
        reward_per_unit: Material reward for a unit obtained, >= 0 (GovSim pays 1000 dollars).
    """

    num_agents: int = 5
    capacity: int = 100
    initial_stock: int | None = None
    growth: float = 2.0
    collapse_below: int = 5
    max_rounds: int = 12
    allocation: str = "stochastic"
    newcomer_round: int | None = None
    catches: str = "summary"
    reward_per_unit: float = 1.0

    def __post_init__(self) -> None:
        """Checks every field; raises a ConfigError that names the field and what was expected."""
        self.require_int("num_agents", 2, MAX_AGENTS)
        self.require_int("capacity", 1, MAX_CAPACITY)
        self.require_int("collapse_below", 0, self.capacity)
        if self.initial_stock is not None:
            self.require_int("initial_stock", max(self.collapse_below, 1), self.capacity)
        self.require_number("growth", 1, MAX_CAPACITY)
        self.require_int("max_rounds", 1, 255)
        self.require_choice("allocation", ALLOCATIONS)
        if self.newcomer_round is not None:
            self.require("newcomer_round", self.max_rounds > 1, "None with a single round")
            self.require_int("newcomer_round", 1, self.max_rounds - 1)
        self.require_choice("catches", tuple(CATCHES))
        self.require_number("reward_per_unit", 0)


def build(name: str, config: GovSimConfig) -> World:
    """Returns the configured world told as the story ``name``."""
    agents = tuple(f"agent_{number}" for number in range(config.num_agents))
    return World(
        name=name,
        version=VERSION,
        config=config,
        rules=rules,
        state_dtype=_state_dtype(config.num_agents),
        params=_params(config),
        event_dtype=EVENTS,
        agents=agents,
        actions=demand_actions(config.capacity),
        observation_shape=(1, _num_seen(config), 1),
        max_steps=config.max_rounds,
        scene=partial(scene, name=name, config=config),
        observation_codes=max(config.capacity, config.max_rounds) + 1,
    )


def scene(state: Any, name: str, config: GovSimConfig) -> Scene:
    """Returns what a picture of a state record shows.

    A block with a cell for each unit of the capacity, filled row by row up to the stock, and right
    of it the agents that take part, in columns from the top, all looking at the stock.
    """
    width = math.isqrt(config.capacity - 1) + 1  # the root, rounded up
    height = -(-config.capacity // width)
    columns = -(-config.num_agents // height)
    stock = np.full(width * height, OUTSIDE, np.uint8)
    stock[: config.capacity] = USED
    stock[: state["stock"]] = STOCK
    shore = np.full((height, columns + 1), OUTSIDE, np.uint8)
    cells = np.hstack([stock.reshape(height, width), shore])
    agents = []
    for number in np.flatnonzero(state["active"]).tolist():
        column, row = divmod(number, height)
        place = row, width + 1 + column
        agents.append(SceneAgent(f"agent_{number}", *place, heading=3, number=number))
    return Scene(cells, STORIES[name], tuple(agents))


def _num_seen(config: GovSimConfig) -> int:
    """Returns K: stock, round, threshold, own catch, and what is seen of the others' catches."""
    others = {EACH: config.num_agents - 1, SUMMARY: 2}
    return 4 + others.get(CATCHES[config.catches], 0)


def _state_dtype(n: int) -> np.dtype:
    return np.dtype(
        [
            *HEADER,
            ("stock", "i4"),  # units before the harvest of this round; at the end what is left
            ("left", "i4"),  # units left after the last harvest, before regrowth
            ("threshold", "i4"),  # units that each active agent can sustainably take this round
            ("demand", "i4", (n,)),  # units asked for in the last round
            ("catch", "i4", (n,)),  # units obtained in the last round
            ("total", "i4", (n,)),  # units obtained in this episode
            ("unmet", "i4", (n,)),  # scratch: agents with unmet demand, or remainders of shares
            ("over", "u1", (n,)),  # whether the last catch exceeded the threshold of its round
            ("active", "u1", (n,)),  # whether the agent takes part in this round
        ],
        align=True,
    )


def _params(config: GovSimConfig) -> np.ndarray:
    """Returns the parameter record, shape (1,)."""
    params = np.zeros(1, _PARAMS)
    values = params[0]
    initial = config.capacity if config.initial_stock is None else config.initial_stock
    values["growth"], values["reward_per_unit"] = config.growth, config.reward_per_unit
    values["capacity"], values["initial_stock"] = config.capacity, initial
    values["collapse_below"], values["max_rounds"] = config.collapse_below, config.max_rounds
    values["newcomer_round"] = config.newcomer_round or 0
    values["proportional"] = config.allocation == "proportional"
    values["catches"] = CATCHES[config.catches]
    return params


_PARAMS = np.dtype(
    [
        ("growth", "f8"),
        ("reward_per_unit", "f4"),
        ("capacity", "i4"),
        ("initial_stock", "i4"),
        ("collapse_below", "i4"),
        ("max_rounds", "i4"),
        ("newcomer_round", "i4"),  # 0: the last agent takes part from the start
        ("proportional", "u1"),
        ("catches", "u1"),  # EACH, SUMMARY or NONE
    ],
    align=True,
)

for story in STORIES:
    register(story, GovSimConfig, partial(build, story))
