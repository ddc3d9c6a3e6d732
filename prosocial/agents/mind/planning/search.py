"""Exact searches on the records of a world: cheapest plans, and values to a given depth."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush

import numpy as np

from prosocial.envs.engine import ConfigError

from .records import ROOT, RecordModel

Goal = Callable[[np.ndarray], np.ndarray]  # records (n,) -> bool (n,): is the goal reached?


@dataclass(frozen=True)
class Plan:
    """A cheapest plan.

    Attributes:
        cost: Of all its steps.
        actions: Joint actions of its L steps, int64 (L, N).
        states: The states of the model that it passes, root and goal included, (L + 1,).
    """

    cost: float
    actions: np.ndarray
    states: tuple[int, ...]


def cheapest_plan(
    model: RecordModel, goal: Goal, costs: Sequence[float] | np.ndarray | None = None
) -> Plan | None:
    """Returns a cheapest plan from the root to the goal (Dijkstra's algorithm), or None.

    Of equally cheap plans it is the one whose states were met first, which follows from the order
    of the joint actions.

    Args:
        model: The graph of the records.
        goal: Which records fulfil the goal.
        costs: Cost of each joint action, (K,), > 0; None for 1 each.

    Raises:
        ConfigError: A cost is not a positive finite number, or there are too many states.
    """
    prices = checked_costs(model, costs)
    best, came = {ROOT: 0.0}, {}
    queue, closed = [(0.0, ROOT)], set()
    while queue:
        cost = queue[0][0]
        level = []  # all states of the same cost are expanded at once
        while queue and queue[0][0] == cost:
            state = heappop(queue)[1]
            if state not in closed:
                closed.add(state)
                level.append(state)
        reached = goal(model.records(level)) if level else ()
        for state, there in zip(level, reached, strict=True):
            if there:
                return _trace(model, came, state, cost)
        model.expand(level)
        for state in level:
            for action, after in enumerate(model.successors(state).tolist()):
                new = cost + prices[action]
                if new < best.get(after, np.inf):
                    best[after], came[after] = new, (state, action)
                    heappush(queue, (new, after))
    return None


def depth_limited_values(
    model: RecordModel,
    depth: int,
    weights: Sequence[float] | np.ndarray | None = None,
    discount: float = 1.0,
) -> np.ndarray:
    """Returns the best sum of rewards within some steps, by the joint action taken first.

    Args:
        model: The graph of the records.
        depth: Number of steps, >= 1; nothing counts beyond.
        weights: Of the agents' rewards in the sum, (N,); None for 1 each.
        discount: Factor on what comes a step later, in (0, 1].

    Returns:
        float64 (K,).

    Raises:
        ConfigError: A value is out of its range, or there are too many states.
    """
    if depth < 1 or not 0 < discount <= 1:
        raise ConfigError(
            f"depth is {depth!r} and discount {discount!r}; expected >= 1 and in (0, 1]."
        )
    num_agents = model.world.num_agents
    shares = np.ones(num_agents) if weights is None else np.asarray(weights, np.float64)
    if shares.shape != (num_agents,) or not np.isfinite(shares).all():
        raise ConfigError(f"weights is {weights!r}; expected {num_agents} finite numbers.")
    levels = [[ROOT]]
    for _ in range(depth - 1):
        model.expand(levels[-1])
        following = {int(after) for state in levels[-1] for after in model.successors(state)}
        levels.append(sorted(following))
    model.expand(levels[-1])
    values = np.zeros(model.num_states)
    for level in reversed(levels):
        rewards = np.stack([model.rewards(state) for state in level])
        successors = np.stack([model.successors(state) for state in level])
        action_values = rewards @ shares + discount * values[successors]
        values = np.zeros(model.num_states)
        values[level] = action_values.max(axis=1)
    return action_values[0]


def checked_costs(model: RecordModel, costs: Sequence[float] | np.ndarray | None) -> np.ndarray:
    """Returns the costs of the joint actions, float64 (K,).

    Raises:
        ConfigError: There is not one for each, or one is not a positive finite number.
    """
    count = len(model.actions)
    prices = np.ones(count) if costs is None else np.asarray(costs, np.float64)
    if prices.shape != (count,) or not np.isfinite(prices).all() or (prices <= 0).any():
        raise ConfigError(f"costs is {costs!r}; expected {count} positive finite numbers.")
    return prices


def _trace(model: RecordModel, came: dict, state: int, cost: float) -> Plan:
    actions, states = [], [state]
    while state in came:
        state, action = came[state]
        actions.append(action)
        states.append(state)
    chosen = model.actions[np.array(actions[::-1], np.int64)]
    return Plan(float(cost), chosen, tuple(states[::-1]))
