"""What most hypotheses have in common: the targets are the agents, and nothing is remembered."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from prosocial.agents.mind.evidence import places_in_table
from prosocial.envs.engine import ConfigError, World


class AgentHypotheses:
    """Hypotheses about the controlled agents of a world; add ``action_values``.

    All hypotheses are available everywhere, the targets did what their actions say, and nothing is
    remembered: override what differs.
    """

    def __init__(self, world: World, names: tuple[str, ...]) -> None:
        """Takes the targets and the actions from the world.

        Args:
            world: The configured world.
            names: Names of the hypotheses, (H,), all different.

        Raises:
            ConfigError: There are no names, or two are the same.
        """
        if not names or len(set(names)) != len(names):
            raise ConfigError(f"names is {names!r}; expected at least one name, all different.")
        self.world = world
        self.names = tuple(names)
        self.targets = world.agents
        self.num_actions = world.num_actions

    def begin(self, states: np.ndarray, where: np.ndarray) -> None:
        """Nothing to plan in advance; see ``Hypotheses.begin``."""

    def available(self, states: np.ndarray) -> np.ndarray:
        """Returns bool (B, T, H), all True."""
        return np.ones((len(states), len(self.targets), len(self.names)), np.bool_)

    def actions(self, before: np.ndarray, actions: np.ndarray, after: np.ndarray) -> np.ndarray:
        """Returns the actions as given, int64 (B, N)."""
        return np.asarray(actions, np.int64)

    def advance(self, before: np.ndarray, actions: np.ndarray, after: np.ndarray) -> None:
        """Nothing is remembered; see ``Hypotheses.advance``."""


class RowHypotheses(AgentHypotheses, ABC):
    """Hypotheses about the agents whose values are rows of a table; add ``table`` and ``rows``.

    Available are those of whose actions at least one is possible in the row of the target.

    Attributes:
        table: Action values, float32 (rows, A, C); see ``TableHypotheses``.
    """

    table: np.ndarray
    _table_seen: np.ndarray | None = None  # from which `_possible` was computed

    @abstractmethod
    def rows(self, states: np.ndarray) -> np.ndarray:
        """Returns the row of each target, int64 (B, T); -1 where there is none."""

    def columns(self, states: np.ndarray) -> np.ndarray | None:
        """Returns the column of each hypothesis, int64 (B, H), or None: in the order of names."""
        return None

    def action_values(self, states: np.ndarray) -> np.ndarray:
        """Returns float32 (B, T, H, A); a target without a row values all actions alike (0)."""
        rows, columns = places_in_table(self, states)
        values = np.swapaxes(self.table[np.maximum(rows, 0)], 2, 3)  # (B, T, C, A)
        if columns is not None:
            found = np.maximum(columns, 0)[:, None, :, None]
            values = np.take_along_axis(values, found, axis=2)
            values = np.where((columns >= 0)[:, None, :, None], values, -np.inf)
        return np.where((rows >= 0)[:, :, None, None], values, 0).astype(np.float32)

    def available(self, states: np.ndarray) -> np.ndarray:
        """Returns bool (B, T, H): some action is possible; True without a row."""
        rows, columns = places_in_table(self, states)
        if self._table_seen is not self.table:
            self._table_seen = self.table
            self._possible = np.isfinite(self.table).max(axis=1)  # (rows, C)
        possible = self._possible[np.maximum(rows, 0)]
        if columns is not None:
            found = np.take_along_axis(possible, np.maximum(columns, 0)[:, None, :], axis=2)
            possible = found & (columns >= 0)[:, None, :]
        return possible | (rows < 0)[:, :, None]
