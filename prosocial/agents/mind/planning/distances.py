"""Shortest paths between all states of a small deterministic world, and action values from them.

A goal that is one state, reached at the same cost per step, needs no value iteration: with D(s, g)
the number of steps from s to g, Q(s, a, g) = -cost (1 + D(successor of s under a, g)) exactly.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from prosocial.envs.engine import ConfigError
from prosocial.envs.engine.grid import UNREACHABLE

from .compiling import compiled

IMPOSSIBLE = -1  # successor of an action that cannot be taken


def grid_successors(
    cells: np.ndarray, width: int, blocking: np.ndarray, offsets: Sequence[int] | np.ndarray
) -> np.ndarray:
    """Returns where each action leads from each cell of a grid; who is blocked stays.

    Args:
        cells: Flat padded grid, uint8 (n,), all border cells blocking.
        width: Width of the padded grid.
        blocking: (256,), nonzero for the codes that nobody enters.
        offsets: What each action adds to a flat cell number, such as (0, -width, width, -1, 1).

    Returns:
        int32 (n, len(offsets)): the successor's cell. Blocked cells lead to themselves alone.

    Raises:
        ConfigError: The grid does not fit its width, or its border can be entered.
    """
    cells = np.asarray(cells)
    if cells.ndim != 1 or width < 1 or cells.size % width:
        raise ConfigError(
            f"cells has shape {cells.shape}; expected a flat grid of whole rows of {width} cells."
        )
    closed = np.asarray(blocking)[cells] != 0
    room = closed.reshape(-1, width)
    if not (room[[0, -1]].all() and room[:, [0, -1]].all()):
        raise ConfigError("The border of the grid can be entered; pad it with blocking cells.")
    here = np.arange(cells.size)[:, None]
    there = np.clip(here + np.asarray(offsets)[None], 0, cells.size - 1)
    return np.where(closed[:, None] | closed[there], here, there).astype(np.int32)


def all_pairs(successors: np.ndarray) -> np.ndarray:
    """Returns the number of steps from every state to every state: int32 (S, S), see below."""
    return distances_to(successors, np.arange(len(successors)))


def distances_to(successors: np.ndarray, goals: Sequence[int] | np.ndarray) -> np.ndarray:
    """Returns the least number of steps from each state to each goal.

    Args:
        successors: (S, A) integers: the state that an action leads to, `IMPOSSIBLE` (-1) where the
            action cannot be taken.
        goals: G states, integers in [0, S).

    Returns:
        int32 (S, G): steps; 0 in the goal itself, `UNREACHABLE` (-1) where no path leads there.

    Raises:
        ConfigError: A successor or a goal is no state.
    """
    table = checked_successors(successors)
    goals = checked_goals(goals, len(table))
    out = np.empty((len(table), len(goals)), np.int32)
    _distances_to(table, goals, out)
    return out


def action_values(
    successors: np.ndarray, distances: np.ndarray, step_cost: float = 1.0
) -> np.ndarray:
    """Returns Q(s, a, g) = -step_cost (1 + D(successor, g)), as if g ended the walk.

    In the goal itself the formula holds too: staying costs one step, leaving and returning two.

    Args:
        successors: (S, A) integers as in `distances_to`.
        distances: int (S, G), as `distances_to` and `all_pairs` return them.
        step_cost: Cost of a step, > 0 and finite.

    Returns:
        float32 (S, A, G); -inf where the action cannot be taken or the goal cannot be reached from
        where it leads.

    Raises:
        ConfigError: The shapes do not fit, or the cost is not a positive finite number.
    """
    table = checked_successors(successors)
    if distances.ndim != 2 or len(distances) != len(table):
        raise ConfigError(
            f"distances has shape {distances.shape}; expected one row for each of {len(table)} "
            "states and one column for each goal."
        )
    if not (np.isfinite(step_cost) and step_cost > 0):
        raise ConfigError(f"step_cost is {step_cost!r}; expected a positive finite number.")
    steps = distances[np.maximum(table, 0)]
    lost = (steps == UNREACHABLE) | (table == IMPOSSIBLE)[:, :, None]
    return np.where(lost, -np.inf, -step_cost * (1.0 + steps)).astype(np.float32)


def goal_table(
    successors: np.ndarray, goals: Sequence[int] | np.ndarray, step_cost: float = 1.0
) -> np.ndarray:
    """Returns the action values of some goals: float32 (S, A, G), see `action_values`."""
    return action_values(successors, distances_to(successors, goals), step_cost)


def checked_successors(successors: np.ndarray) -> np.ndarray:
    """Returns a successor table as C-contiguous int32 (S, A).

    Raises:
        ConfigError: It has no states or actions, or an entry is neither a state nor `IMPOSSIBLE`.
    """
    table = np.asarray(successors)
    if table.ndim != 2 or table.size == 0 or table.dtype.kind not in "iu":
        raise ConfigError(
            f"successors has shape {table.shape} and dtype {table.dtype}; expected integers "
            "(states, actions)."
        )
    if table.min() < IMPOSSIBLE or table.max() >= len(table):
        raise ConfigError(
            f"successors holds {table.min()} .. {table.max()}; expected states in "
            f"[0, {len(table)}), or -1 for an action that cannot be taken."
        )
    return np.ascontiguousarray(table, np.int32)


def checked_goals(goals: Sequence[int] | np.ndarray, num_states: int) -> np.ndarray:
    """Returns goals as int64 (G,).

    Raises:
        ConfigError: There is none, or one is no state.
    """
    found = np.asarray(goals)
    if found.ndim != 1 or found.size == 0 or found.dtype.kind not in "iu":
        raise ConfigError(f"goals is {goals!r}; expected a list of at least one state.")
    if found.min() < 0 or found.max() >= num_states:
        raise ConfigError(f"A goal of {found.tolist()} is no state; expected [0, {num_states}).")
    return found.astype(np.int64)


@compiled
def _distances_to(successors, goals, out):
    """Writes int32 (S, G): breadth-first from each goal along the actions backwards."""
    num_states, num_actions = successors.shape
    # The predecessors of state s are sources[first[s]:first[s + 1]].
    first = np.zeros(num_states + 1, np.int64)
    for state in range(num_states):
        for action in range(num_actions):
            if successors[state, action] >= 0:
                first[successors[state, action] + 1] += 1
    for state in range(num_states):
        first[state + 1] += first[state]
    sources, free = np.empty(first[num_states], np.int32), first[:-1].copy()
    for state in range(num_states):
        for action in range(num_actions):
            after = successors[state, action]
            if after >= 0:
                sources[free[after]] = state
                free[after] += 1
    steps, queue = np.empty(num_states, np.int32), np.empty(num_states, np.int32)
    for column in range(goals.shape[0]):
        steps[:] = -1
        steps[goals[column]], queue[0] = 0, goals[column]
        head, tail = 0, 1
        while head < tail:
            state = queue[head]
            head += 1
            for k in range(first[state], first[state + 1]):
                before = sources[k]
                if steps[before] < 0:
                    steps[before] = steps[state] + 1
                    queue[tail] = before
                    tail += 1
        out[:, column] = steps
