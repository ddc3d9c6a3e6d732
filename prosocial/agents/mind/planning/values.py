"""Value iteration for many goals at once, soft and hard, where distances alone do not do.

A goal is a state that ends the walk with value 0; every action costs something on the way. Soft
values are those of an agent that chooses with probabilities softmax(beta Q), Ziebart et al. (2008),
"Maximum entropy inverse reinforcement learning": V = (1 / beta) log sum_a exp(beta Q(a)). The sum
rewards having many actions: undiscounted, V exists only if num_actions * exp(-beta * cost) < 1 or
so. The mean in place of the sum (``entropy_bonus=False``) is the mellowmax of Asadi & Littman
(2017), which exists for every beta and becomes the hard maximum as beta grows.

Where a goal cannot be reached for certain from a state whatever is done, the value is -inf, at any
discount: somebody there has no such goal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from prosocial.envs.engine import ConfigError
from prosocial.envs.engine.grid import UNREACHABLE

from .compiling import compiled
from .distances import IMPOSSIBLE, checked_goals, distances_to

_HARD, _SUM, _MEAN = 0, 1, 2


@dataclass(frozen=True)
class Values:
    """What value iteration found.

    Attributes:
        values: V(s, g) <= 0 under the hard maximum or the mean, float64 (S, G); 0 in the goal, -inf
            where it cannot be reached.
        action_values: Q(s, a, g), float64 (S, A, G); -inf for an action that cannot be taken or
            from whose successor the goal cannot be reached. In the goal itself: as if to return.
        sweeps: How often all values were updated.
    """

    values: np.ndarray
    action_values: np.ndarray
    sweeps: int


def soft_value_iteration(
    successors: np.ndarray,
    goals: Sequence[int] | np.ndarray,
    beta: float,
    *,
    cost: float | Sequence[float] | np.ndarray = 1.0,
    discount: float = 1.0,
    probabilities: np.ndarray | None = None,
    entropy_bonus: bool = True,
    tolerance: float = 1e-9,
    max_sweeps: int = 10_000,
) -> Values:
    """Returns the values of agents that act by softmax(beta Q), for all goals at once.

    Args:
        successors: Integers (S, A), or (S, A, K) where chance picks one of K successors; -1 for an
            action that cannot be taken.
        goals: G states, integers in [0, S).
        beta: Rationality, > 0 and finite, in units of 1 / cost.
        cost: Of an action: a number, (A,) or (S, A); finite, > 0, or >= 0 if discounted.
        discount: Factor on what comes a step later, in (0, 1].
        probabilities: (S, A, K), of each successor, summing to one; None without chance.
        entropy_bonus: Whether the maximum is log-sum-exp (True) or log-mean-exp (False).
        tolerance: Largest change in a sweep at which to stop, > 0.
        max_sweeps: Most sweeps, >= 1.

    Raises:
        ConfigError: A value is out of its range, or the values have not converged after
            ``max_sweeps``: undiscounted with the entropy bonus, the soft values of a low ``beta``
            grow without bound.
    """
    checked_beta(beta)
    mode = _SUM if entropy_bonus else _MEAN
    return _iterate(
        successors, goals, mode, beta, cost, discount, probabilities, tolerance, max_sweeps
    )


def value_iteration(
    successors: np.ndarray,
    goals: Sequence[int] | np.ndarray,
    *,
    cost: float | Sequence[float] | np.ndarray = 1.0,
    discount: float = 1.0,
    probabilities: np.ndarray | None = None,
    tolerance: float = 1e-9,
    max_sweeps: int = 10_000,
) -> Values:
    """Returns the values of agents that take the best action; see `soft_value_iteration`."""
    return _iterate(
        successors, goals, _HARD, 1.0, cost, discount, probabilities, tolerance, max_sweeps
    )


def softmax(values: ArrayLike, beta: float = 1.0, axis: int = -1) -> np.ndarray:
    """Returns probabilities proportional to exp(beta values) along an axis, same shape, float64.

    Where all values are -inf, all probabilities are 0: no action can be taken.

    Raises:
        ConfigError: ``beta`` is not a positive finite number.
    """
    checked_beta(beta)
    table = np.asarray(values, np.float64)
    top = table.max(axis=axis, keepdims=True)
    weights = np.exp(beta * (table - np.where(np.isfinite(top), top, 0.0)))
    total = weights.sum(axis=axis, keepdims=True)
    return weights / np.where(total > 0, total, 1.0)


def checked_beta(beta: float) -> float:
    """Returns ``beta``.

    Raises:
        ConfigError: It is not a positive finite number.
    """
    number = isinstance(beta, int | float | np.number) and not isinstance(beta, bool)
    if not (number and np.isfinite(beta) and beta > 0):
        raise ConfigError(
            f"beta is {beta!r}; expected a positive finite number. For an agent that takes the "
            "best action use value_iteration; one that acts at random needs no values."
        )
    return beta


def _iterate(
    successors: np.ndarray,
    goals: Sequence[int] | np.ndarray,
    mode: int,
    beta: float,
    cost: float | Sequence[float] | np.ndarray,
    discount: float,
    probabilities: np.ndarray | None,
    tolerance: float,
    max_sweeps: int,
) -> Values:
    table, chances = _checked_transitions(successors, probabilities)
    targets = checked_goals(goals, len(table))
    costs = _checked_costs(cost, table.shape[:2])
    if not 0 < discount <= 1:
        raise ConfigError(f"discount is {discount!r}; expected a number in (0, 1].")
    if not tolerance > 0 or max_sweeps < 1:
        raise ConfigError(
            f"tolerance is {tolerance!r} and max_sweeps {max_sweeps!r}; expected both positive."
        )
    if not (costs > 0).all() and discount == 1:
        raise ConfigError("A cost is 0 and discount is 1; make all costs positive, or discount.")
    if table.shape[2] == 1:
        steps = distances_to(table[:, :, 0], targets)
        values = np.where(steps == UNREACHABLE, -np.inf, -costs.max() * steps)
    else:
        values = np.empty((len(table), len(targets)))
        _begin(table, chances, targets, float(costs.max()), values)
    out = np.empty((len(table), table.shape[1], len(targets)))
    sweeps = _sweep(
        table, chances, targets, costs, float(discount), mode, float(beta), float(tolerance),
        int(max_sweeps), values, out,
    )  # fmt: skip
    if sweeps < 0:
        raise ConfigError(
            f"The values have not converged within {max_sweeps} sweeps. Raise beta "
            f"({beta}) or the cost, discount (now {discount}), take entropy_bonus=False, or allow "
            "more sweeps."
        )
    return Values(values, out, sweeps)


def _checked_transitions(
    successors: np.ndarray, probabilities: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """Returns successors int32 (S, A, K) and their probabilities float64 (S, A, K)."""
    table = np.asarray(successors)
    if table.ndim == 2 and probabilities is None:
        table = table[:, :, None]
    if table.ndim != 3 or table.size == 0 or table.dtype.kind not in "iu":
        raise ConfigError(
            f"successors has shape {table.shape} and dtype {table.dtype}; expected integers "
            "(states, actions), or (states, actions, outcomes) together with probabilities."
        )
    if table.min() < IMPOSSIBLE or table.max() >= len(table):
        raise ConfigError(
            f"successors holds {table.min()} .. {table.max()}; expected states in "
            f"[0, {len(table)}), or -1 for an action that cannot be taken."
        )
    chances = np.ones(table.shape) if probabilities is None else np.array(probabilities, np.float64)
    fits = chances.shape == table.shape and np.isfinite(chances).all() and (chances >= 0).all()
    if probabilities is None:
        fits = fits and table.shape[2] == 1
    if not fits or not np.allclose(chances.sum(axis=2), 1, atol=1e-9):
        raise ConfigError(
            f"probabilities must have the shape {table.shape} of the successors, be >= 0, and sum "
            "to one over the outcomes of each action."
        )
    return np.ascontiguousarray(table, np.int32), chances


def _checked_costs(cost: float | Sequence[float] | np.ndarray, shape: tuple) -> np.ndarray:
    """Returns float64 (S, A)."""
    given = np.asarray(cost, np.float64)
    if given.shape not in ((), shape[1:], shape):
        raise ConfigError(
            f"cost has shape {given.shape}; expected a number, {shape[1:]} or {shape}."
        )
    if not np.isfinite(given).all() or given.min() < 0:
        raise ConfigError(f"cost is {cost!r}; expected finite numbers >= 0.")
    return np.ascontiguousarray(np.broadcast_to(given, shape))


@compiled
def _begin(successors, chances, goals, cost, values):
    """Writes the first values: -cost times the steps of the luckiest way; -inf where none is sure.

    A goal is reached for certain if one can stay among states from which it can be reached: states
    from which it cannot are taken out, until no action that might lead to one of them is needed.
    """
    num_states, num_actions, num_outcomes = successors.shape
    for g in range(goals.shape[0]):
        inside, count = np.ones(num_states, np.bool_), num_states + 1
        while inside.sum() < count:
            count = inside.sum()
            values[:, g] = -np.inf
            values[goals[g], g] = 0.0
            changed = True
            while changed:
                changed = False
                for s in range(num_states):
                    for a in range(num_actions):
                        best = -np.inf
                        for o in range(num_outcomes):
                            after = successors[s, a, o]
                            if chances[s, a, o] > 0:
                                if after < 0 or not inside[after]:
                                    best = -np.inf
                                    break
                                best = max(best, values[after, g])
                        if best - cost > values[s, g]:
                            values[s, g] = best - cost
                            changed = True
            for s in range(num_states):
                inside[s] = values[s, g] > -np.inf


@compiled
def _sweep(
    successors, chances, goals, costs, discount, mode, beta, tolerance, max_sweeps, values, out
):
    """Updates values (S, G) in place until they stand, writes out (S, A, G); -1: they do not."""
    num_states, num_actions, num_outcomes = successors.shape
    num_goals = goals.shape[0]
    for sweep in range(1, max_sweeps + 1):
        change = 0.0
        for k in range(num_states):
            s = k if sweep % 2 else num_states - 1 - k
            for a in range(num_actions):
                for g in range(num_goals):
                    out[s, a, g] = 0.0
                for o in range(num_outcomes):
                    chance, after = chances[s, a, o], successors[s, a, o]
                    if chance > 0:
                        for g in range(num_goals):
                            ahead = values[after, g] if after >= 0 else -np.inf
                            out[s, a, g] += chance * ahead
                for g in range(num_goals):
                    out[s, a, g] = discount * out[s, a, g] - costs[s, a]
            for g in range(num_goals):
                top = -np.inf
                count = 0
                for a in range(num_actions):
                    top = max(top, out[s, a, g])
                    count += successors[s, a, 0] >= 0
                if s == goals[g] or top == -np.inf:
                    continue
                new = top
                if mode != 0:
                    total = 0.0
                    for a in range(num_actions):
                        total += np.exp(beta * (out[s, a, g] - top))
                    new += np.log(total / (count if mode == 2 else 1)) / beta
                change = max(change, abs(new - values[s, g]))
                values[s, g] = new
        if not change < np.inf:
            return -1
        if change < tolerance:
            return sweep
    return -1
