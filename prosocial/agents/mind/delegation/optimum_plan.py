"""From a schedule of interactions to the actions of the agents: who walks where, and when."""

from __future__ import annotations

import numpy as np
from numba import njit

from prosocial.envs.engine import Batch, World
from prosocial.envs.worlds.kitchen.codes import Action

from .optimum_tables import Problem

NOWHERE = -1  # no interaction


def read_schedule(problem: Problem, rows: np.ndarray) -> np.ndarray:
    """Returns the spot at which each agent interacts in each step.

    Args:
        problem: The kitchen.
        rows: Situations one step apart, int64 (T + 1, W), see ``optimum_search.successors``.

    Returns:
        int64 (T, N), ``NOWHERE`` where an agent does not interact.
    """
    agents = len(problem.start_floor)
    spots = rows[1:, -2 * agents : -agents]
    used = (spots < len(problem.tables.spot_floor)) & (rows[1:, -agents:] == 0)
    return np.where(used, spots, NOWHERE)


def walk(problem: Problem, schedule: np.ndarray) -> np.ndarray | None:
    """Returns actions that keep a schedule, or None if bodies get in each other's way.

    Args:
        problem: The kitchen.
        schedule: int64 (T, N), see ``read_schedule``.

    Returns:
        Action numbers, int64 (T, N).
    """
    tables = problem.tables
    allowed = _windows(problem, schedule)
    near = tables.distance <= 1
    joint = _walk(near, allowed, problem.start_floor)
    if joint is None:
        return None
    actions = np.zeros(schedule.shape, np.int64)
    for (step, agent), spot in np.ndenumerate(schedule):
        here = problem.floor_cells[joint[step, agent]]
        there = problem.floor_cells[joint[step + 1, agent]]
        if spot != NOWHERE:
            there = problem.solid_cells[tables.spot_solid[spot]]
        actions[step, agent] = _DIRECTIONS[there[0] - here[0], there[1] - here[1]]
    return actions


_DIRECTIONS = {
    (0, 0): Action.STAY,
    (-1, 0): Action.NORTH,
    (1, 0): Action.SOUTH,
    (0, -1): Action.WEST,
    (0, 1): Action.EAST,
}


def _windows(problem: Problem, schedule: np.ndarray) -> np.ndarray:
    """Returns where each agent can be at each time: bool (T + 1, N, F)."""
    tables, (steps, agents) = problem.tables, schedule.shape
    allowed = np.ones((steps + 1, agents, len(problem.floor_cells)), bool)
    times = np.arange(steps + 1)[:, None]
    for agent in range(agents):
        allowed[:, agent] &= tables.distance[problem.start_floor[agent]] <= times
        for step in np.flatnonzero(schedule[:, agent] != NOWHERE):
            floor = tables.spot_floor[schedule[step, agent]]
            allowed[:, agent] &= tables.distance[floor] <= np.maximum(
                step - times, times - step - 1
            )
    return allowed


def _walk(near: np.ndarray, allowed: np.ndarray, start: np.ndarray) -> np.ndarray | None:
    """Returns floor cells of all agents at all times without a collision, int64 (T + 1, N)."""
    times, agents, floors = allowed.shape
    reached = np.zeros((times, floors**agents), bool)
    weights = floors ** np.arange(agents)[::-1]
    reached[0, int((start * weights).sum())] = True
    cells = [np.flatnonzero(row) for row in near]
    longest = max(map(len, cells))
    steps = np.array([np.pad(c, (0, longest - len(c)), constant_values=-1) for c in cells])
    for time in range(times - 1):
        _spread(reached[time], reached[time + 1], steps, allowed[time + 1])
    if not reached[-1].any():
        return None
    joint = np.zeros((times, agents), np.int64)
    index = int(np.flatnonzero(reached[-1])[0])
    for time in range(times - 1, -1, -1):
        joint[time] = (index // weights) % floors
        if time:
            index = _origin(reached[time - 1], index, steps, allowed[time])
    return joint


@njit(cache=True)
def _spread(now, after, steps, allowed):
    """Marks the joint places that one step leads to from the marked ones."""
    old, new = np.zeros(allowed.shape[0], np.int64), np.zeros(allowed.shape[0], np.int64)
    for index in range(now.shape[0]):
        if now[index]:
            for choice in range(steps.shape[1] ** allowed.shape[0]):
                result = _move(index, choice, steps, allowed, old, new)
                if result >= 0:
                    after[result] = True


@njit(cache=True)
def _origin(now, target, steps, allowed):
    """Returns a marked joint place from which one step leads to another."""
    old, new = np.zeros(allowed.shape[0], np.int64), np.zeros(allowed.shape[0], np.int64)
    for index in range(now.shape[0]):
        if now[index]:
            for choice in range(steps.shape[1] ** allowed.shape[0]):
                if _move(index, choice, steps, allowed, old, new) == target:
                    return index
    return -1


@njit(cache=True)
def _move(index, choice, steps, allowed, old, new):
    """Returns the joint place after a joint move, -1 if it is not allowed or a collision."""
    agents, floors = allowed.shape
    for agent in range(agents - 1, -1, -1):
        old[agent] = index % floors
        index //= floors
        new[agent] = steps[old[agent], choice % steps.shape[1]]
        choice //= steps.shape[1]
        if new[agent] < 0 or not allowed[agent, new[agent]]:
            return -1
    result = np.int64(0)
    for agent in range(agents):
        for other in range(agent):
            if new[agent] == new[other] or (new[agent] == old[other] and new[other] == old[agent]):
                return -1
        result = result * floors + new[agent]
    return result


def steps_to_finish(world: World, actions: np.ndarray) -> int | None:
    """Returns the step in which the actions complete all dishes by the rules, None if they do not.

    Args:
        world: The configured kitchen.
        actions: int64 (T, N).
    """
    batch = Batch(world, 1, auto_reset=False)
    batch.reset()
    for step, now in enumerate(actions, 1):
        batch.step(now[None])
        if batch.terminated[0]:
            return step
        if batch.done[0]:
            return None
    return None
