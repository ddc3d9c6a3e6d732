"""What a world is: a configuration, a NumPy record, and three functions on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from types import ModuleType
from typing import Any

import numpy as np

from .config import Config
from .errors import ConfigError

# The first fields of every state record. The engine owns seed, step and episode; the rules own t.
HEADER = [
    ("seed", "u8"),  # seed of this world, from the user's seed and the index of the world
    ("step", "i8"),  # steps since the seeding, counted on over episodes
    ("episode", "i8"),  # episodes begun since the seeding; the first is 0
    ("t", "i4"),  # steps taken in this episode
]

# What the step of a world returns.
RUNNING, TERMINATED, TRUNCATED = 0, 1, 2


@dataclass(frozen=True)
class SceneAgent:
    """An agent in a picture.

    Attributes:
        name: What to call it.
        row: Of the grid without padding.
        column: Likewise.
        heading: 0 north, 1 east, 2 south, 3 west; None for a body that looks nowhere.
        carrying: What it holds.
        number: Its index, which decides its colour; None for its place among those in the picture,
            where nobody is ever missing.
    """

    name: str
    row: int
    column: int
    heading: int | None
    carrying: str | None = None
    number: int | None = None


@dataclass(frozen=True)
class Scene:
    """What a picture of one world shows; it knows neither colours nor pixels.

    Attributes:
        cells: Codes of the cells, uint8 of shape (height, width), without padding.
        legend: The meaning of the codes.
        agents: The bodies in the world.
        items: What lies on the cells or is held by who stands there, uint8 of shape (height, width,
            K): the state of each part, 0 where it is absent. None: K is 0.
        item_names: Names of the K parts.
        hidden: Cells that whoever looks cannot see, bool (height, width); no agent and no item is
            there. None: everything is seen.
    """

    cells: np.ndarray
    legend: type[IntEnum]
    agents: tuple[SceneAgent, ...]
    items: np.ndarray | None = None
    item_names: tuple[str, ...] = ()
    hidden: np.ndarray | None = None

    def numbered(self) -> Iterator[tuple[int, SceneAgent]]:
        """Yields each agent with its index."""
        for place, agent in enumerate(self.agents):
            yield place if agent.number is None else agent.number, agent


@dataclass(frozen=True)
class World:
    """A configured world: what the engine needs to run it and its users need to know of it.

    Attributes:
        name: Registered name, such as "caregiver_grid".
        version: Changes whenever the same seed and actions would give another trajectory.
        config: The configuration it was built from.
        rules: Module with ``reset(world, params, key)``, ``step(world, params, key, actions,
            rewards, events) -> RUNNING | TERMINATED | TRUNCATED`` and ``observe(world, params,
            agent, out)``, all compiled by numba. ``world`` and ``params`` are records; per agent,
            ``actions`` is int64 (N,), ``rewards`` float32 (N,), ``events`` records (N,), the last
            two zero before the step.
        state_dtype: The record of a world; it begins with ``HEADER``.
        params: The parameters that differ between configurations, one record, shape (1,).
        event_dtype: The record of the events of one agent in one step; all fields uint8 counts.
        agents: Names of the controlled agents, in the order of the columns of actions.
        actions: What the numbers of the actions mean, 0 .. len - 1.
        observation_shape: Shape of one agent's observation (uint8).
        max_steps: Steps after which an episode ends.
        scene: Returns the ``Scene`` of a state record.
        observation_codes: All numbers of an observation lie below it, 2 .. 256.
    """

    name: str
    version: int
    config: Config
    rules: ModuleType
    state_dtype: np.dtype
    params: np.ndarray
    event_dtype: np.dtype
    agents: tuple[str, ...]
    actions: type[IntEnum]
    observation_shape: tuple[int, ...]
    max_steps: int
    scene: Callable[[Any], Scene]
    observation_codes: int = 256

    def __post_init__(self) -> None:
        """Checks what the engine relies on."""
        names = self.state_dtype.names or ()
        if names[: len(HEADER)] != tuple(name for name, _ in HEADER):
            raise ConfigError(f"The state record of {self.name} must begin with engine.HEADER.")
        for dtype in (self.state_dtype, self.params.dtype, self.event_dtype):
            # Plain Python reads fields as attributes, which np.record's own would hide.
            hidden = [n for n in dtype.names or () if hasattr(np.record, n)]
            if hidden:
                raise ConfigError(
                    f"Rename the fields {hidden} of {self.name}: NumPy has these names."
                )
        wrong = [n for n in self.event_names if self.event_dtype[n] != np.uint8]
        if wrong:
            raise ConfigError(f"The events of {self.name} must be uint8 counts; {wrong} are not.")

    @property
    def num_agents(self) -> int:
        """Number of controlled agents, N."""
        return len(self.agents)

    @property
    def num_actions(self) -> int:
        """Number of actions of each agent."""
        return len(self.actions)

    @property
    def event_names(self) -> tuple[str, ...]:
        """Names of the events in the order of the record."""
        return self.event_dtype.names or ()
