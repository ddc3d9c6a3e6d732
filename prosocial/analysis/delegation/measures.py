"""Measures of cooking together, and their levels over kitchens and seeds.

Definitions as in Wu, Wang et al. (2021) and its released code: time steps are those until the last
dish is delivered, 100 without; completion is the share of the required sub-tasks that is done;
shuffles are moves to and fro.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from prosocial.analysis.delegation.published import CELLS, MODELS
from prosocial.analysis.statistics import bootstrap_interval
from prosocial.envs.worlds.kitchen.codes import Action

RESAMPLING_SEED = 0
"""Seed of the bootstrap: the same runs always get the same interval."""

_OPPOSITE = np.array([-1, Action.SOUTH, Action.NORTH, Action.EAST, Action.WEST])


def shuffles(held: NDArray, actions: NDArray) -> NDArray[np.int64]:
    """Counts the moves to and fro of each agent.

    A step counts if the agent takes back its last move with the same thing in its hands all the
    time, or if it takes something and puts it back, or the other way round, by one action twice.

    Args:
        held: Codes of what the agents hold, integers (T + 1, N): before each step and at the end.
        actions: Their actions, integers (T, N).

    Returns:
        int64 (N,).
    """
    last, now = actions[:-1], actions[1:]
    before, between, after = held[:-2], held[1:-1], held[2:]
    back = (now == _OPPOSITE[last]) & (before == between) & (between == after)
    undone = (now == last) & (now != Action.STAY) & (before != between) & (after == before)
    return (back | undone).sum(0)


@dataclass(frozen=True)
class Level:
    """A mean over cells and seeds.

    Attributes:
        mean: The mean of the means of the cells.
        error: Standard error over all episodes, the spread within and between cells.
        low: Lower end of the 95 % bootstrap interval over seeds, cells kept apart.
        high: Upper end.
        seeds: Number of seeds of each cell.
        cells: Number of cells.
    """

    mean: float
    error: float
    low: float
    high: float
    seeds: int
    cells: int


def level(episodes: pl.DataFrame, measure: str) -> Level | None:
    """Returns the level of a measure over the cells and seeds that all cells have.

    Args:
        episodes: One row per cell and seed: columns kitchen, recipe, seed and the measure.
        measure: Name of a column.

    Returns:
        The level, None without episodes.
    """
    if episodes.is_empty():
        return None
    columns = []
    for (_, _), part in episodes.group_by("kitchen", "recipe", maintain_order=True):
        by_seed = part.group_by("seed").agg(pl.col(measure).mean()).sort("seed")
        columns.append(dict(zip(by_seed["seed"], by_seed[measure], strict=True)))
    seeds = sorted(set.intersection(*(set(column) for column in columns)))
    if not seeds:
        return None
    scores = np.array([[column[seed] for column in columns] for seed in seeds], float)
    rng = np.random.default_rng(RESAMPLING_SEED)
    found = bootstrap_interval(scores, rng, statistic=np.mean)
    count = scores.size
    error = float(scores.std(ddof=1) / np.sqrt(count)) if count > 1 else 0.0
    return Level(found.estimate, error, found.low, found.high, len(seeds), len(columns))


def self_play(episodes: pl.DataFrame, agents: int, model: str) -> pl.DataFrame:
    """Returns the episodes of teams of one model alone."""
    team = ",".join([model] * agents)
    return episodes.filter((pl.col("agents") == agents) & (pl.col("team") == team))


def ad_hoc(episodes: pl.DataFrame, one: str, other: str) -> pl.DataFrame:
    """Returns the episodes of a pair of models, in both orders."""
    teams = [f"{one},{other}", f"{other},{one}"]
    return episodes.filter((pl.col("agents") == 2) & pl.col("team").is_in(teams))


def cell(episodes: pl.DataFrame, kitchen: str, recipe: str) -> pl.DataFrame:
    """Returns the episodes of one cell."""
    return episodes.filter((pl.col("kitchen") == kitchen) & (pl.col("recipe") == recipe))


def ad_hoc_level(episodes: pl.DataFrame, model: str, measure: str = "time_steps") -> Level | None:
    """Returns the level of a model with the four others as partners, in both orders."""
    others = [name for name in MODELS if name != model]
    found = [part for name in others if not (part := ad_hoc(episodes, model, name)).is_empty()]
    if len(found) < len(others):
        return None
    return level(pl.concat(found), measure)


def is_complete(episodes: pl.DataFrame, agents: int, model: str) -> bool:
    """Returns whether a model has played all nine cells with itself."""
    found = self_play(episodes, agents, model)
    cells = set(found.select("kitchen", "recipe").unique().iter_rows())
    return set(CELLS) <= cells
