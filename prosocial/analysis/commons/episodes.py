"""Social outcomes of every episode in a table with one row per episode and agent.

Such tables are ``episodes.parquet`` of a training run and the rows of a scenario's evaluation:
``agent``, ``length``, ``env_return``, one column per event, ``reward_steps``, ``reward_time``,
``stock_final``, ``stock_mean`` and, where partners take part, ``partner``. The formulas are those
of `prosocial.analysis.outcomes`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from prosocial.analysis import outcomes
from prosocial.envs.engine.errors import ConfigError

EPISODE = ("world_index", "episode")
"""Columns that name an episode within one evaluation or one phase of a run."""

LEARNER = "learner"
"""What the column ``partner`` says of a learner; everybody else is a partner."""

Columns = Mapping[str, NDArray[np.float64]]
"""Columns of episodes with equally many agents, each of shape (episodes, agents)."""


def spatial_outcomes(
    episodes: pl.DataFrame, by: Sequence[str] = EPISODE, sums: Sequence[str] = ()
) -> pl.DataFrame:
    """Social outcomes of episodes in a spatial commons (harvest, clean-up).

    Args:
        episodes: One row per episode and agent, see above.
        by: Columns that together name an episode, such as ``world_index`` and ``episode``, and
            whatever else is to be kept with it (condition, seed, phase, iteration). Different
            episodes must differ in them.
        sums: Further numeric columns to be summed over agents, such as events; those that the table
            lacks are left out.

    Returns:
        One row per episode, ordered by ``by``, with these columns beside it: agents, length,
        total_return, per_capita_return and focal_return (mean of the learners; NaN without any),
        utility, equality, sustainability, peace (NaN where the world has no time-out),
        stock_final and stock_mean (NaN where not recorded), cleaned (NaN likewise).

    Raises:
        ConfigError: If a column is missing, an episode has an agent twice, or its rows disagree
            about its length.
    """
    needed = ("env_return", "reward_steps", "reward_time")
    return _per_episode(episodes, by, needed, sums, _spatial)


def govsim_outcomes(
    episodes: pl.DataFrame,
    by: Sequence[str] = EPISODE,
    sums: Sequence[str] = (),
    rounds: int = outcomes.GOVSIM_ROUNDS,
    first_yield: float = outcomes.GOVSIM_CAPACITY / outcomes.GOVSIM_GROWTH,
) -> pl.DataFrame:
    """GovSim's metrics of episodes in the fishery, the pasture or the pollution world.

    Args:
        episodes: One row per episode and agent, see above, with the sums of the events obtained
            and over. An ``active_steps`` column, the months that an agent was there, is used for
            over-usage if it exists; else everybody was there throughout.
        by: Columns that together name an episode, as in `spatial_outcomes`.
        sums: Further numeric columns to be summed over agents, as in `spatial_outcomes`.
        rounds: Months that an episode lasts at most.
        first_yield: Sustainable yield of the first month, units for the whole group.

    Returns:
        One row per episode, ordered by ``by``, with these columns beside it: agents, length,
        total_return, per_capita_return, focal_return, months (survival time m), survived (1.0 or
        0.0; its mean is the survival rate q), gain (mean of R_i over agents, in units),
        efficiency, equality, over_usage, stock_final and stock_mean.

    Raises:
        ConfigError: As `spatial_outcomes`.
    """

    def measure(columns: Columns) -> dict[str, NDArray[np.float64]]:
        return _govsim(columns, rounds, first_yield)

    return _per_episode(episodes, by, ("env_return", "obtained", "over"), sums, measure)


def _spatial(columns: Columns) -> dict[str, NDArray[np.float64]]:
    returns, length = columns["env_return"], columns["length"][:, 0]
    times = outcomes.mean_times(columns["reward_time"], columns["reward_steps"])
    missing = np.full(len(length), np.nan)
    away, cleaned = columns.get("away"), columns.get("cleaned")
    return {
        "utility": outcomes.utility(returns, length),
        "equality": outcomes.equality(returns),
        "sustainability": outcomes.sustainability(times),
        "peace": missing if away is None else outcomes.peace(away, length),
        "cleaned": missing if cleaned is None else outcomes.cleanup_contribution(cleaned),
    }


def _govsim(columns: Columns, rounds: int, first_yield: float) -> dict[str, NDArray[np.float64]]:
    gains, length = columns["obtained"], columns["length"][:, 0]
    present = columns.get("active_steps", columns["length"])
    return {
        "months": length,
        "survived": (length >= rounds).astype(np.float64),
        "gain": outcomes.per_capita_return(gains),
        "efficiency": outcomes.harvest_efficiency(gains, rounds, first_yield),
        "equality": outcomes.equality(gains),
        "over_usage": columns["over"].sum(axis=1) / present.sum(axis=1),
    }


def _per_episode(
    episodes: pl.DataFrame,
    by: Sequence[str],
    needed: Sequence[str],
    sums: Sequence[str],
    measure: Callable[[Columns], dict[str, NDArray[np.float64]]],
) -> pl.DataFrame:
    """One row per episode: episodes of equally many agents are measured as arrays."""
    missing = [name for name in (*by, "agent", "length", *needed) if name not in episodes.columns]
    if missing or not by:
        raise ConfigError(
            f"the table of episodes lacks {', '.join(missing) or 'columns that name an episode'}; "
            f"it has {', '.join(episodes.columns)}."
        )
    if episodes.is_empty():
        return episodes.select(by)
    rows = episodes.sort(*by, "agent").with_columns(pl.len().over(by).alias("agents"))
    _check(rows, by)
    tables = []
    for (agents,), part in rows.group_by("agents", maintain_order=True):
        columns = _columns(part, int(agents))
        keys = part.gather_every(int(agents)).select(*by, "agents")
        added = {name: columns[name].sum(axis=1) for name in sums if name in columns}
        tables.append(keys.with_columns(**_common(columns), **measure(columns), **added))
    return pl.concat(tables, how="diagonal_relaxed").sort(by)


def _check(rows: pl.DataFrame, by: Sequence[str]) -> None:
    double = rows.select(*by, "agent").is_duplicated().any()
    lengths = rows.group_by(by).agg(pl.col("length").n_unique())["length"].max()
    if double or lengths != 1:
        what = "an agent twice" if double else "rows of different lengths"
        raise ConfigError(
            f"an episode, named by {', '.join(by)}, has {what}; add the columns that tell "
            "episodes apart (for example phase_index, seed or test)."
        )


def _columns(part: pl.DataFrame, agents: int) -> dict[str, NDArray[np.float64]]:
    """Numeric columns as (episodes, agents), and ``focal``: 1 for learners, 0 for partners."""
    columns = {
        name: part[name].cast(pl.Float64).to_numpy().reshape(-1, agents)
        for name, kind in part.schema.items()
        if kind.is_numeric()
    }
    focal = np.ones(len(part), np.float64)
    if "partner" in part.columns:
        focal = (part["partner"].fill_null(LEARNER) == LEARNER).cast(pl.Float64).to_numpy()
    columns["focal"] = focal.reshape(-1, agents)
    return columns


def _common(columns: Columns) -> dict[str, NDArray[np.float64]]:
    returns = columns["env_return"]
    missing = np.full(len(returns), np.nan)
    recorded = {
        name: columns[name][:, 0] if name in columns else missing
        for name in ("stock_final", "stock_mean")
    }
    return {
        "length": columns["length"][:, 0],
        "total_return": returns.sum(axis=1),
        "per_capita_return": outcomes.per_capita_return(returns),
        "focal_return": outcomes.per_capita_return(returns, columns["focal"] > 0.0),
        **recorded,
    }
