"""Allocations: who works on which sub-task, and how many of them there are.

An allocation gives each agent a sub-task or none. Two agents may share one (a joint sub-task), not
three; somebody has to work.
"""

from __future__ import annotations

from functools import cache
from itertools import combinations, permutations, product

import numpy as np

from prosocial.envs.engine import ConfigError

NONE = -1  # the sub-task of an agent without one
MAX_SHARING = 2  # agents on one sub-task
MAX_ALLOCATIONS = 100_000


def allocations(num_agents: int, num_subtasks: int, joint: bool = True) -> np.ndarray:
    """Returns every allocation once, int64 (K, N): the sub-task of each agent, `NONE` without.

    Args:
        num_agents: N >= 1.
        num_subtasks: S >= 1.
        joint: Whether two agents may share a sub-task.

    Raises:
        ConfigError: A number is below 1, or there are more than `MAX_ALLOCATIONS`.
    """
    _check(num_agents, num_subtasks)
    if (num_subtasks + 1) ** num_agents > MAX_ALLOCATIONS:
        raise ConfigError(
            f"{num_agents} agents can share {num_subtasks} sub-tasks in more than "
            f"{MAX_ALLOCATIONS:,} ways; use fewer agents or recipes."
        )
    return _allocations(num_agents, num_subtasks, MAX_SHARING if joint else 1)


@cache
def _allocations(num_agents: int, num_subtasks: int, sharing: int) -> np.ndarray:
    rows = [
        row
        for row in product(range(NONE, num_subtasks), repeat=num_agents)
        if any(task != NONE for task in row)
        and all(row.count(task) <= sharing for task in row if task != NONE)
    ]
    found = np.array(rows, np.int64)
    found.flags.writeable = False
    return found


def own_allocations(num_agents: int, num_subtasks: int, agent: int) -> np.ndarray:
    """Returns the allocations in which one agent alone works, int64 (S, N): the greedy cook's."""
    _check(num_agents, num_subtasks)
    found = np.full((num_subtasks, num_agents), NONE, np.int64)
    found[:, agent] = np.arange(num_subtasks)
    return found


def released_allocations(
    num_agents: int, num_subtasks: int, joint: bool = True
) -> list[tuple[tuple[int, tuple[int, ...]], ...]]:
    """Lists the allocations as the released code does, for 2 or 3 agents.

    It lists pairs of agents, gives each pair a joint sub-task or two different ones, and the agent
    who is left any other sub-task. Three agents with sub-tasks of their own are thus listed once
    for each pair, which changes no agent's best guess; two agents may also do nothing together.

    Args:
        num_agents: 2 or 3.
        num_subtasks: S >= 1.
        joint: Whether two agents may share a sub-task; without, nothing is listed twice.

    Returns:
        Each allocation as pairs of a sub-task (`NONE` for none) and its agents.

    Raises:
        ConfigError: There are other numbers of agents, or no sub-task.
    """
    _check(num_agents, num_subtasks)
    if num_agents not in (2, 3):
        raise ConfigError(f"The released code lists 2 or 3 agents, not {num_agents}.")
    apart = _allocations(num_agents, num_subtasks, 1)
    if not joint:
        return [tuple((int(t), (k,)) for k, t in enumerate(row)) for row in apart]
    listed: dict[tuple, None] = {}
    for pair in combinations(range(num_agents), 2):
        rest = [k for k in range(num_agents) if k not in pair]
        for task in range(NONE if num_agents == 2 else 0, num_subtasks):
            for other in _leftovers(num_subtasks, {task}) if rest else [NONE]:
                listed[((task, pair), *((other, (k,)) for k in rest))] = None
        for first, second in permutations([*range(num_subtasks), NONE, NONE], 2):
            if first == second == NONE:
                continue
            for other in _leftovers(num_subtasks, {first, second}) if rest else [NONE]:
                parts = ((first, pair[:1]), (second, pair[1:]), *((other, (k,)) for k in rest))
                listed[parts] = None
    return list(listed)


def _leftovers(num_subtasks: int, taken: set[int]) -> list[int]:
    return [task for task in range(num_subtasks) if task not in taken] + [NONE]


def pairs(num_agents: int) -> np.ndarray:
    """Returns the pairs of agents, int64 (P, 2), the smaller number first."""
    return np.array(list(combinations(range(num_agents), 2)), np.int64).reshape(-1, 2)


def _check(num_agents: int, num_subtasks: int) -> None:
    if num_agents < 1 or num_subtasks < 1:
        raise ConfigError(
            f"There are {num_agents} agents and {num_subtasks} sub-tasks; expected at least one "
            "of each."
        )
