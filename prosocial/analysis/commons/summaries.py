"""Condenses one run, or one seed's transfer evaluations, to a few rows.

A run's episodes are averaged over equal blocks of each phase: curves need no more, and the blocks
of all runs together are small enough to be kept for good. Averages weigh episodes alike and leave
out those in which a measure is not defined (equality when nobody got anything).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from prosocial.analysis.commons.episodes import govsim_outcomes, spatial_outcomes
from prosocial.analysis.commons.manifest import Manifest
from prosocial.envs.engine.errors import ConfigError

BLOCKS = 40
"""Blocks that a phase is cut into, by the middles of its episodes."""

GOVSIM_WORLDS = ("fishery", "pasture", "pollution")
"""Worlds with GovSim's rules; all others are spatial."""

SUMS = ("social_return", "internal_return", "ate", "ate_neighbours", "violations", "zap")
"""Quantities that are summed over agents and averaged over episodes where a world has them."""

# Ratios of sums over all episodes of a block: an episode without apples has no such ratio.
_RATIOS = {
    "neighbours_per_apple": ("ate_neighbours", "ate"),
    "violations_per_apple": ("violations", "ate"),
}


def summarize_run(folder: Path, world: str, manifest: Manifest) -> pl.DataFrame:
    """Averages of a run's episodes by phase and block of steps.

    Args:
        folder: Run folder with ``metrics.parquet`` and ``episodes.parquet``.
        world: Its world, such as "harvest".
        manifest: Bound, months and yield of the worlds.

    Returns:
        One row per phase and block with an episode, ordered by time: phase, phase_index, block,
        share (mean middle of these episodes as a share of the phase), phase_steps and env_steps
        (the same in world steps, since the phase began and over the whole life), episodes, and as
        Float32 the averages over these episodes of the columns of `episodes.spatial_outcomes`
        or `episodes.govsim_outcomes`, of `SUMS`, ``normalized`` (total return over the map's upper
        bound) and the ratios ``neighbours_per_apple`` (live neighbours of the apples eaten) and
        ``violations_per_apple``.

    Raises:
        ConfigError: If a table is missing or lacks a column.
    """
    phases = (
        _read(folder / "metrics.parquet")
        .group_by("phase_index")
        .agg(
            pl.col("phase_steps").max().alias("end"),
            (pl.col("env_steps") - pl.col("phase_steps")).min().alias("start"),
        )
    )
    keys = ("phase", "phase_index", "world_index", "episode")
    table = _outcomes(_read(folder / "episodes.parquet"), world, keys, manifest)
    if table.is_empty():
        return pl.DataFrame()
    # In each world one episode follows the other from the beginning of the phase on, so that their
    # lengths date them. A step of every world is as many world steps as there are worlds.
    worlds = pl.col("world_index").max().over("phase_index") + 1
    ended = pl.col("length").cum_sum().over("phase_index", "world_index", order_by="episode")
    middle = worlds * (ended - 0.5 * pl.col("length"))
    dated = table.join(phases, on="phase_index").with_columns(
        _normalized(manifest, world), (middle / pl.col("end")).alias("share")
    )
    block = (pl.col("share") * BLOCKS).floor().cast(pl.Int64).clip(0, BLOCKS - 1)
    share, end = pl.col("share").mean(), pl.col("end").first()
    steps = [share, (share * end).alias("phase_steps")]
    steps.append((pl.col("start").first() + share * end).alias("env_steps"))
    measures = [name for name in dated.columns if name not in {*keys, "start", "end", "share"}]
    blocks = dated.with_columns(block.alias("block")).group_by("phase", "phase_index", "block")
    return blocks.agg(*steps, *_averages(measures)).sort("phase_index", "block")


def summarize_transfer(folder: Path, world: str, manifest: Manifest) -> pl.DataFrame:
    """Averages over the episodes of each transfer test.

    Args:
        folder: Folder with ``episodes.parquet``: one row per episode and agent with the columns
            condition and test.
        world: World that the learners were trained in.
        manifest: Bounds, months and yield of the worlds.

    Returns:
        One row per condition and test: episodes and, as Float32, the averages of `summarize_run`.

    Raises:
        ConfigError: If the table is missing or lacks a column.
    """
    keys = ("condition", "test", "world_index", "episode")
    table = _outcomes(_read(folder / "episodes.parquet"), world, keys, manifest)
    if table.is_empty():
        return pl.DataFrame()
    parts = [
        part.with_columns(_normalized(manifest, world, str(test)))
        for (test,), part in table.group_by("test", maintain_order=True)
    ]
    averages = _averages([name for name in parts[0].columns if name not in keys])
    rows = pl.concat(parts).group_by("condition", "test", maintain_order=True).agg(*averages)
    return rows.sort("condition", "test")


def _outcomes(
    episodes: pl.DataFrame, world: str, keys: Sequence[str], manifest: Manifest
) -> pl.DataFrame:
    if episodes.is_empty():
        return pl.DataFrame()
    if world in GOVSIM_WORLDS:
        return govsim_outcomes(episodes, keys, SUMS, manifest.rounds, manifest.first_yield)
    return spatial_outcomes(episodes, keys, SUMS)


def _normalized(manifest: Manifest, world: str, test: str = "") -> pl.Expr:
    bound = manifest.bound(world, test)
    share = pl.lit(None, pl.Float64)
    if bound is not None:
        share = pl.col("total_return") / (bound[0] + bound[1] * pl.col("length"))
    return share.alias("normalized")


def _averages(measures: Sequence[str]) -> list[pl.Expr]:
    """Number of episodes, mean of each measure, and the ratios of sums."""
    means = [pl.col(name).fill_nan(None).mean().cast(pl.Float32) for name in measures]
    ratios = [
        (pl.col(above).sum() / pl.col(below).sum()).fill_nan(None).cast(pl.Float32).alias(name)
        for name, (above, below) in _RATIOS.items()
        if above in measures and below in measures
    ]
    return [pl.len().alias("episodes"), *means, *ratios]


def _read(path: Path) -> pl.DataFrame:
    if not path.is_file():
        raise ConfigError(
            f"{path} is missing although its run is finished; delete that run's folder and "
            "reproduce again."
        )
    return pl.read_parquet(path)
