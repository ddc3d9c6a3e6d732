"""Reads the runs of `minds-in-learners` into one small table, and keeps it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from prosocial.analysis.experiments import is_finished, software
from prosocial.analysis.experiments.kept import (
    portable,
    read_frame,
    require_other_folder,
    write_frames,
)
from prosocial.analysis.minds.manifest import (
    TASKS,
    Manifest,
    Task,
    read_kept,
    read_manifest,
    write_manifest,
)
from prosocial.envs.engine.errors import ConfigError

CURVES = "curves.parquet"

BLOCKS = 20
"""Equal parts of the training that episodes are averaged over, by the step at which they ended."""

LAST_BLOCKS = 4
"""Blocks at the end that make the level of a run (the last fifth)."""


@dataclass(frozen=True)
class Experiment:
    """An experiment's finished runs.

    Attributes:
        manifest: What was planned.
        curves: One row per run and block: task, condition, seed, block, steps (world steps at the
            end of the block) and value (mean of the task's measure over the episodes that ended
            in it). No rows without any run.
        missing: Names of the planned runs that are not finished.
        software: Version and commit of the package that made the runs.
    """

    manifest: Manifest
    curves: pl.DataFrame
    missing: tuple[str, ...]
    software: str

    def table(self, task: str, condition: str) -> NDArray[np.float64]:
        """Returns the curves of one condition, (seeds, BLOCKS); NaN where no episode ended."""
        rows = self.curves.filter((pl.col("task") == task) & (pl.col("condition") == condition))
        seeds = sorted(rows["seed"].unique().to_list())
        found = np.full((len(seeds), BLOCKS), np.nan)
        for seed, block, value in rows.select("seed", "block", "value").iter_rows():
            found[seeds.index(seed), block] = value
        return found

    def levels(self, task: str, condition: str) -> NDArray[np.float64]:
        """Returns the level of each seed at the end of its training, (seeds,).

        A seed without any episode that ended there is left out.
        """
        return _means(self.table(task, condition)[:, -LAST_BLOCKS:])

    def averages(self, task: str, condition: str) -> NDArray[np.float64]:
        """Returns the average of each seed over its whole training, (seeds,)."""
        return _means(self.table(task, condition))


def read_experiment(folder: Path) -> Experiment:
    """Reads an experiment's folder, or a folder of its kept tables.

    Raises:
        ConfigError: If the folder holds no experiment, or another one, or it cannot be read.
    """
    manifest = read_manifest(folder)
    empty = pl.DataFrame(schema=["task", "condition", "seed", "block", "steps", "value"])
    kept = read_kept(folder)
    if kept is not None:
        curves = read_frame(folder / CURVES)
        curves = empty if curves.is_empty() else curves
        return Experiment(manifest, curves, tuple(kept["missing"]), kept["software"])
    finished = [run for run in manifest.runs if is_finished(folder / run.name)]
    parts = [
        summarize(folder / run.name, TASKS[run.task]).select(
            pl.lit(run.task).alias("task"),
            pl.lit(run.condition).alias("condition"),
            pl.lit(run.seed).alias("seed"),
            pl.all(),
        )
        for run in finished
    ]
    return Experiment(
        manifest=manifest,
        curves=pl.concat(parts) if parts else empty,
        missing=tuple(run.name for run in manifest.runs if run not in finished),
        software=software(folder / run.name for run in finished),
    )


def summarize(folder: Path, task: Task) -> pl.DataFrame:
    """Averages a run's episodes over blocks of its training.

    Args:
        folder: A finished run folder.
        task: Whose measure, and which agent's.

    Returns:
        block, steps and value, see `Experiment.curves`; blocks in which no episode ended are left
        out.

    Raises:
        ConfigError: A table is missing, or lacks the measure.
    """
    episodes, metrics = folder / "episodes.parquet", folder / "metrics.parquet"
    if not episodes.is_file() or not metrics.is_file():
        raise ConfigError(f"{folder} is finished but lacks a table; delete it and reproduce again.")
    table = pl.read_parquet(episodes).filter(pl.col("agent") == task.learner)
    if task.measure not in table.columns:
        raise ConfigError(f"{episodes} has no column {task.measure!r}.")
    steps = int(pl.read_parquet(metrics)["phase_steps"].max())  # pyright: ignore[reportArgumentType]
    worlds = pl.col("world_index").max() + 1
    ended = worlds * pl.col("length").cum_sum().over("world_index", order_by="episode")
    scale = pl.lit(1.0) if task.per_steps is None else task.per_steps / pl.col("length")
    block = (ended * BLOCKS / steps - 1e-9).floor().cast(pl.Int64).clip(0, BLOCKS - 1)
    dated = table.select(block.alias("block"), (pl.col(task.measure) * scale).alias("value"))
    blocks = dated.group_by("block").agg(pl.col("value").mean().cast(pl.Float64)).sort("block")
    end = ((pl.col("block") + 1) * steps / BLOCKS).alias("steps")
    return blocks.select("block", end, "value")


def _means(table: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns the mean of each row over its numbers; rows without any are left out."""
    return np.nanmean(table[np.isfinite(table).any(axis=1)], axis=1)


def copy_tables(source: Path, target: Path) -> None:
    """Keeps all that figures, tables and verdicts are drawn from; episodes and weights stay.

    Args:
        source: Output folder of ``prosocial reproduce minds-in-learners``.
        target: Folder of the copy, made if missing; it is an experiment's folder too.

    Raises:
        ConfigError: ``source`` holds no such experiment, or is ``target``.
    """
    experiment = read_experiment(source)
    require_other_folder(source, target)
    write_frames(target, {CURVES: experiment.curves})
    write_manifest(
        target,
        portable(experiment.manifest),
        kept={"missing": experiment.missing, "software": experiment.software},
    )
