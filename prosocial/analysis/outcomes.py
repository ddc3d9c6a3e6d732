"""Social outcomes of episodes: how much a group gets, how evenly, for how long, and at what cost.

Pure functions on arrays whose last axis is the agents; leading axes (episodes, seeds) are kept.
``R_i`` is agent i's environmental return over an episode, ``T`` the episode's length in steps and
``N`` the number of agents. Sources:

* utility, equality, sustainability, peace: Perolat et al., "A multi-agent reinforcement learning
  model of common-pool resource appropriation", NeurIPS 2017 (arXiv 1707.06600), section 2.4;
* cleanup contribution: Hughes et al., "Inequity aversion improves cooperation in intertemporal
  social dilemmas", NeurIPS 2018 (arXiv 1803.08884);
* per-capita returns and the normalised score: Melting Pot 2 (arXiv 2211.13746);
* survival, gain, efficiency, over-usage: GovSim, Piatti et al., "Cooperate or Collapse", NeurIPS
  2024 (arXiv 2404.16698), section 2.

`prosocial.analysis.commons.episodes` applies them to tables of episodes,
`prosocial.analysis.commons.bounds` derives the most that a harvest map can yield.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

GOVSIM_ROUNDS = 12
"""Months of a GovSim run (arXiv 2404.16698, section 2; also the T of its efficiency)."""

GOVSIM_CAPACITY = 100
"""Carrying capacity, and the stock at the start (arXiv 2404.16698, section 2)."""

GOVSIM_COLLAPSE = 5
"""A stock below this after harvesting ends a GovSim run (arXiv 2404.16698, section 2)."""

GOVSIM_GROWTH = 2
"""Factor by which what is left regrows every month (arXiv 2404.16698, section 2)."""

_SCORE_SHIFT = 1e-8  # Melting Pot lowers the minimum by so much, so that equal scores give 1


def utility(returns: ArrayLike, length: ArrayLike) -> NDArray[np.float64]:
    """Utility, also called efficiency: what the group earns per step.

    Formula: ``U = sum_i R_i / T``; the expectation over episodes is left to the caller.

    Args:
        returns: ``R_i``, shape ``(..., N)``, in reward.
        length: ``T`` in steps, shape ``(...)``, positive.

    Returns:
        ``U``, shape ``(...)``, reward per step, summed over agents.

    Raises:
        ValueError: If there is no agent or a length is not positive.
    """
    totals = _agents(returns).sum(axis=-1)
    return totals / _positive(length, "length")


def equality(returns: ArrayLike) -> NDArray[np.float64]:
    """Equality: one minus the Gini coefficient of the returns.

    Formula: ``E = 1 - sum_i sum_j |R_i - R_j| / (2 N sum_i R_i)``, computed from the sorted returns
    as ``1 - sum_i (2 i - N - 1) R_(i) / (N sum_i R_i)``.

    Args:
        returns: ``R_i``, shape ``(..., N)``, in any unit.

    Returns:
        ``E``, shape ``(...)``. With returns that are not negative it lies in ``[1 / N, 1]``: 1 when
        all get the same, ``1 / N`` when one gets everything. NaN when the total is zero or
        negative, where the formula means nothing. With negative returns but a positive total it
        is the formula's value, which may fall below ``1 / N`` and below 0.

    Raises:
        ValueError: If there is no agent.
    """
    values = np.sort(_agents(returns), axis=-1)
    count = values.shape[-1]
    weights = 2.0 * np.arange(1, count + 1) - count - 1.0
    total = values.sum(axis=-1)
    defined = total > 0.0
    spread = (weights * values).sum(axis=-1)
    return np.where(defined, 1.0 - spread / (count * np.where(defined, total, 1.0)), np.nan)


def collection_times(rewards: ArrayLike) -> NDArray[np.float64]:
    """When each agent collected, on average.

    Formula: ``t_i``, the mean of ``t`` over the steps with ``r_t^i > 0``; the first step has t = 0.

    Args:
        rewards: Environmental rewards, shape ``(..., T, N)``.

    Returns:
        ``t_i``, shape ``(..., N)``, in steps, in ``[0, T - 1]``; NaN for an agent that never
        collected.
    """
    collected = np.asarray(rewards, dtype=np.float64) > 0.0
    times = np.arange(collected.shape[-2], dtype=np.float64)[:, None]
    return mean_times((collected * times).sum(axis=-2), collected.sum(axis=-2))


def mean_times(time_sums: ArrayLike, steps: ArrayLike) -> NDArray[np.float64]:
    """Mean times of collecting from what tables of episodes record.

    Args:
        time_sums: Sum of t over the steps with a positive reward (``reward_time``), any shape.
        steps: Number of those steps (``reward_steps``), same shape.

    Returns:
        ``t_i``, same shape, in steps; NaN where there was no such step.
    """
    sums, counts = np.asarray(time_sums, np.float64), np.asarray(steps, np.float64)
    return np.where(counts > 0.0, sums / np.where(counts > 0.0, counts, 1.0), np.nan)


def sustainability(times: ArrayLike) -> NDArray[np.float64]:
    """Sustainability: the mean time of collecting.

    Formula: ``S = (1 / N) sum_i t_i``. An agent that never collected has no ``t_i`` and is left out
    of the mean (the papers leave this open); about T / 2 is a stock that lasts, near 0 one that was
    eaten up at once.

    Args:
        times: ``t_i``, shape ``(..., N)``, NaN for agents that never collected.

    Returns:
        ``S``, shape ``(...)``, in steps; NaN when nobody collected anything.

    Raises:
        ValueError: If there is no agent.
    """
    values = _agents(times)
    return _mean_over(values, ~np.isnan(values))


def peace(away: ArrayLike, length: ArrayLike) -> NDArray[np.float64]:
    """Peace: how many agents are in the world on average, instead of timed out.

    Formula: ``P = (N T - sum_i sum_t 1[agent i timed out at t]) / T``.

    Args:
        away: Steps that each agent was timed out, shape ``(..., N)``.
        length: ``T`` in steps, shape ``(...)``, positive.

    Returns:
        ``P``, shape ``(...)``, in agents, in ``[0, N]``.

    Raises:
        ValueError: If there is no agent or a length is not positive.
    """
    steps = _agents(away)
    return steps.shape[-1] - steps.sum(axis=-1) / _positive(length, "length")


def cleanup_contribution(cleaned: ArrayLike) -> NDArray[np.float64]:
    """Cleanup contribution of the group: ``P_c = sum_i`` (waste cells cleaned by agent i).

    Args:
        cleaned: Cells cleaned in an episode, shape ``(..., N)``.

    Returns:
        Cells per episode, shape ``(...)``.
    """
    return _agents(cleaned).sum(axis=-1)


def per_capita_return(returns: ArrayLike, focal: ArrayLike | None = None) -> NDArray[np.float64]:
    """Mean return of the agents, or of the focal ones alone (Melting Pot's scenario score).

    Args:
        returns: ``R_i``, shape ``(..., N)``, in reward.
        focal: Which agents count, bool, ``(N,)`` or ``(..., N)``; None counts all.

    Returns:
        Mean return, shape ``(...)``; NaN where no agent is focal.
    """
    values = _agents(returns)
    counted = np.ones(values.shape, bool) if focal is None else np.asarray(focal, bool)
    return _mean_over(values, np.broadcast_to(counted, values.shape))


def normalized_score(raw: ArrayLike, references: ArrayLike) -> NDArray[np.float64]:
    """Melting Pot's normalised score of a scenario.

    Formula: ``(raw - low) / (high - low)`` with the lowest and the highest focal per-capita return
    of the reference populations; the minimum is lowered by 1e-8, so that references that all
    agree give 1 and not a division by zero.

    Args:
        raw: Focal per-capita returns, any shape.
        references: Focal per-capita returns of the reference populations in this scenario, at
            least one.

    Returns:
        Scores of raw's shape; 0 is the worst reference, 1 the best, and a population outside of the
        references falls outside of [0, 1].

    Raises:
        ValueError: If there is no reference.
    """
    known = np.asarray(references, dtype=np.float64)
    if known.size == 0:
        raise ValueError("normalized_score got no references; pass at least one return.")
    low = known.min() - _SCORE_SHIFT
    return (np.asarray(raw, dtype=np.float64) - low) / (known.max() - low)


def sustainable_yield(
    stock: ArrayLike, growth: float = GOVSIM_GROWTH, capacity: int = GOVSIM_CAPACITY
) -> NDArray[np.int64]:
    """The most that a group can take without leaving less for the next month.

    Formula (GovSim): ``f = max{x : g(h - x) >= h}`` with ``g(y) = min(capacity, growth y)``, which
    is ``h - ceil(h / growth)``; with growth 2 that is ``floor(h / 2)``.

    Args:
        stock: ``h`` before harvesting, whole units, any shape, in [0, capacity].
        growth: Factor per month, at least 1.
        capacity: Carrying capacity in units.

    Returns:
        ``f`` in units for the whole group, same shape.

    Raises:
        ValueError: If a stock is outside of [0, capacity] or growth is below 1.
    """
    stocks = np.asarray(stock, dtype=np.int64)
    if growth < 1.0:
        raise ValueError(f"growth is {growth}; expected at least 1.")
    if stocks.size and not (stocks.min() >= 0 and stocks.max() <= capacity):
        raise ValueError(f"a stock is outside of 0 to {capacity}, the carrying capacity.")
    # A quotient such as 21 / 1.05 may come out a hair above the whole number that it is.
    return stocks - np.ceil(stocks / growth - 1e-9).astype(np.int64)


def survival_months(
    stock_after: ArrayLike, rounds: int = GOVSIM_ROUNDS, collapse_below: int = GOVSIM_COLLAPSE
) -> int:
    """GovSim's survival time m: months played until the stock collapses.

    Args:
        stock_after: Stock after each month's harvest and before regrowth, shape ``(months,)``.
        rounds: Months that a run lasts at most.
        collapse_below: A stock below this ends the run.

    Returns:
        Number of months including the one of the collapse, in [1, rounds]; ``rounds`` when the
        stock never collapses.

    Raises:
        ValueError: If the record is empty, or ends before the rounds without a collapse.
    """
    stocks = np.asarray(stock_after, dtype=np.float64)
    collapsed = np.flatnonzero(stocks[:rounds] < collapse_below)
    if collapsed.size:
        return int(collapsed[0]) + 1
    if stocks.ndim != 1 or len(stocks) < rounds:
        raise ValueError(
            f"stock_after has shape {stocks.shape} and never falls below {collapse_below}; "
            f"expected (months,) with {rounds} months, or a collapse."
        )
    return rounds


def survival_rate(months: ArrayLike, rounds: int = GOVSIM_ROUNDS) -> float:
    """GovSim's survival rate q: share of the runs that lasted all months.

    Args:
        months: Survival times, shape ``(runs,)``, at least one.
        rounds: Months that a run lasts at most.

    Returns:
        A share in [0, 1].
    """
    lived = np.asarray(months)
    if lived.size == 0:
        raise ValueError("survival_rate got no runs; pass the survival time of at least one.")
    return float(np.mean(lived >= rounds))


def total_gain(catches: ArrayLike) -> NDArray[np.float64]:
    """GovSim's total gain of each agent, ``R_i = sum_t r_t^i``.

    GovSim's tables print the mean over agents, which is `per_capita_return` of the result.

    Args:
        catches: Units obtained, shape ``(..., months, N)``.

    Returns:
        Units, shape ``(..., N)``.
    """
    return np.asarray(catches, dtype=np.float64).sum(axis=-2)


def harvest_efficiency(
    gains: ArrayLike,
    rounds: int = GOVSIM_ROUNDS,
    first_yield: float = GOVSIM_CAPACITY / GOVSIM_GROWTH,
) -> NDArray[np.float64]:
    """GovSim's efficiency u: how much of the sustainable harvest was taken.

    Formula: ``u = 1 - max(0, T f(0) - sum_i R_i) / (T f(0))`` with ``f(0)`` the sustainable yield
    of the first month. T is the number of rounds even if the run ended before.

    Args:
        gains: ``R_i`` in units, shape ``(..., N)``.
        rounds: ``T``, positive.
        first_yield: ``f(0)`` of the whole group in units, positive.

    Returns:
        A share, shape ``(...)``, in [0, 1]; at most 1 even if more was taken.

    Raises:
        ValueError: If there is no agent, or rounds or first_yield is not positive.
    """
    most = _positive(rounds, "rounds") * _positive(first_yield, "first_yield")
    return 1.0 - np.maximum(0.0, most - _agents(gains).sum(axis=-1)) / most


def over_usage(
    catches: ArrayLike,
    stock: ArrayLike,
    active: ArrayLike | None = None,
    growth: float = GOVSIM_GROWTH,
    capacity: int = GOVSIM_CAPACITY,
) -> float:
    """GovSim's over-usage o: share of the harvests that were above the sustainable share.

    Formula: ``o = sum_i sum_t 1[r_t^i > f(t) / |I|] / (|I| m)`` with ``f`` the `sustainable_yield`
    of the month. The published figures do not follow it (they seem to count chat rows in the
    denominator), so compare only numbers computed alike.

    Args:
        catches: Units obtained in the months played, shape ``(m, N)``.
        stock: Stock before harvesting in each month, whole units, shape ``(m,)``.
        active: Who was there, bool, shape ``(m, N)``; None is everybody. Where agents are missing
            (a newcomer who has not come), ``|I|`` is the number of those present in that month.
        growth: Factor per month.
        capacity: Carrying capacity in units.

    Returns:
        A share in [0, 1]; NaN when nobody was there in any month.

    Raises:
        ValueError: If shapes do not fit together.
    """
    taken = np.asarray(catches, dtype=np.float64)
    yields = sustainable_yield(stock, growth, capacity)
    if taken.ndim != 2 or yields.shape != taken.shape[:1]:
        raise ValueError(
            f"catches have shape {taken.shape} and stock {yields.shape}; expected (m, N) and (m,)."
        )
    there = np.ones(taken.shape, bool) if active is None else np.asarray(active, bool)
    if there.shape != taken.shape:
        raise ValueError(f"active has shape {there.shape}; expected {taken.shape} as the catches.")
    share = yields / np.maximum(there.sum(axis=1), 1)
    over = there & (taken > share[:, None])
    return float(over.sum() / there.sum()) if there.any() else float("nan")


def _agents(values: ArrayLike) -> NDArray[np.float64]:
    """Values as floats with at least one agent on the last axis."""
    array = np.asarray(values, dtype=np.float64)
    if array.ndim == 0 or array.shape[-1] == 0:
        raise ValueError(f"values have shape {array.shape}; expected (..., N) with N >= 1 agents.")
    return array


def _mean_over(values: NDArray[np.float64], counted: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Mean over the agents that count; NaN where none does."""
    count = counted.sum(axis=-1)
    total = np.where(counted, values, 0.0).sum(axis=-1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _positive(values: ArrayLike, name: str) -> NDArray[np.float64]:
    array = np.asarray(values, dtype=np.float64)
    if not (array > 0.0).all():
        raise ValueError(f"{name} must be positive; got {array.min() if array.size else 'none'}.")
    return array
