"""How likely the hypotheses of a world make each action of its targets, looked up or computed."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from prosocial.envs.engine import ConfigError

from .inference import kernels
from .inference.likelihoods import Likelihoods, choice_likelihoods
from .protocol import Hypotheses, TableHypotheses


class Situation(NamedTuple):
    """What the targets of every world may do.

    Attributes:
        likelihoods: The table.
        rows: Row of each target, int64 (B, T); -1: unknown.
        columns: Column of each hypothesis, int64 (B, H), or None.
    """

    likelihoods: Likelihoods
    rows: np.ndarray
    columns: np.ndarray | None


class Evidence:
    """Asks hypotheses for action values and turns them into likelihoods, no oftener than needed.

    Args:
        hypotheses: Of which world.
        betas: Rationalities, float64 (K,).
        lapse: Probability of acting at random.
        logs: Whether logarithms are needed.
    """

    def __init__(self, hypotheses: Hypotheses, betas: np.ndarray, lapse: float, logs: bool) -> None:
        self._hypotheses, self._betas, self._lapse, self._logs = hypotheses, betas, lapse, logs
        self._tabular = hypotheses if isinstance(hypotheses, TableHypotheses) else None
        self._table: np.ndarray | None = None  # whose likelihoods are in `_of_table`
        self._of_table: Likelihoods | None = None
        self._last: tuple[np.ndarray, Situation] | None = None

    def forget(self) -> None:
        """To be called when values may change: after a step, or where an episode begins."""
        self._last = None

    def situation(self, states: np.ndarray) -> Situation:
        """Returns what the targets may do in these records, structured array (B,).

        Raises:
            ConfigError: The hypotheses answer with wrong shapes, or with NaN or +inf.
        """
        if self._tabular is not None:
            return self._look_up(self._tabular, states)
        if self._last is not None and np.array_equal(self._last[0], states):
            return self._last[1]
        targets, names = len(self._hypotheses.targets), len(self._hypotheses.names)
        shape = (len(states), targets, names, self._hypotheses.num_actions)
        values = answer("action_values", self._hypotheses.action_values(states), np.float32, shape)
        by_row = np.swapaxes(values.reshape(-1, *shape[2:]), 1, 2)
        found = choice_likelihoods(by_row, self._betas, self._lapse, self._logs)
        rows = np.arange(len(found.relative)).reshape(shape[:2])
        situation = Situation(found, rows, None)
        self._last = states.copy(), situation
        return situation

    def _look_up(self, hypotheses: TableHypotheses, states: np.ndarray) -> Situation:
        rows, columns = places_in_table(hypotheses, states)
        return Situation(self._whole_table(hypotheses), rows, columns)

    def _whole_table(self, hypotheses: TableHypotheses) -> Likelihoods:
        table = hypotheses.table
        if self._of_table is not None and table is self._table:
            return self._of_table
        known = 0
        if self._of_table is not None and self._table is not None:
            longer = len(table) >= len(self._table) and table.shape[2] == self._table.shape[2]
            known = len(self._table) if longer else 0
        new = choice_likelihoods(table[known:], self._betas, self._lapse, self._logs)
        self._of_table = self._of_table.grown(new) if self._of_table and known else new
        self._table = table
        return self._of_table


def places_in_table(
    hypotheses: TableHypotheses, states: np.ndarray
) -> tuple[np.ndarray, np.ndarray | None]:
    """Returns the rows int64 (B, T) and columns int64 (B, H) or None that hypotheses tell.

    Raises:
        ConfigError: They do not fit the table, or the table does not fit the hypotheses.
    """
    rows, names = hypotheses.rows(states), len(hypotheses.names)
    table = hypotheses.table  # which may have grown for these records
    if table.ndim != 3 or table.shape[1] != hypotheses.num_actions:
        raise ConfigError(
            f"The table of the hypotheses has shape {table.shape}; expected (rows, "
            f"{hypotheses.num_actions} actions, columns)."
        )
    rows = answer("rows", rows, np.int64, (len(states), len(hypotheses.targets)))
    _check_below("rows", rows, table.shape[0])
    columns = hypotheses.columns(states)
    if columns is not None:
        columns = answer("columns", columns, np.int64, (len(states), names))
        _check_below("columns", columns, table.shape[2])
    elif table.shape[2] != names:
        raise ConfigError(
            f"The table of the hypotheses has {table.shape[2]} columns for {names} hypotheses; let "
            "columns() say where each of them is."
        )
    return rows, columns


def answer(name: str, array: Any, dtype: Any, shape: tuple[int, ...]) -> np.ndarray:
    """Returns what hypotheses answered, C-contiguous and of the dtype.

    Raises:
        ConfigError: Its shape or its kind of numbers is another one.
    """
    given = np.asarray(array)
    if given.shape != shape or not np.can_cast(given.dtype, dtype, "same_kind"):
        raise ConfigError(
            f"{name}() of the hypotheses returned shape {given.shape} and dtype {given.dtype}; "
            f"expected {np.dtype(dtype)} of shape {shape}."
        )
    return np.ascontiguousarray(given, dtype)


def _check_below(name: str, numbers: np.ndarray, high: int) -> None:
    if (most := kernels.bounds(numbers)[1]) >= high:
        raise ConfigError(
            f"{name}() of the hypotheses returned {most}; expected numbers below {high}, "
            "the size of that axis of the table."
        )
