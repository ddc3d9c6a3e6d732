"""The plan of ``prosocial reproduce bayesian-delegation``, and the episodes of its runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from prosocial.analysis.experiments import is_finished
from prosocial.analysis.experiments.kept import (
    portable,
    read_frame,
    require_other_folder,
    write_frames,
)
from prosocial.analysis.experiments.manifest import ManifestFile

EXPERIMENT = "bayesian-delegation"
EPISODES = "episodes.parquet"


@dataclass(frozen=True)
class RunRecord:
    """One run: all teams of one cell.

    Attributes:
        name: Unique name; also the folder below the experiment's folder.
        kitchen: Name of the layout.
        recipe: Name of the recipes.
        teams: Names of partners with commas, by team.
        seeds: Seeds played.
    """

    name: str
    kitchen: str
    recipe: str
    teams: tuple[str, ...]
    seeds: tuple[int, ...]


@dataclass(frozen=True)
class Manifest:
    """Contents of ``experiment.json``.

    Attributes:
        preset: Name of the preset.
        budget: Every number that the preset stands for, by name.
        claims: Whether the budget is large enough to judge.
        seeds: Seeds asked for.
        runs: All runs.
        command: Command that regenerates everything.
        departures: Remarks on what differs from the paper, one sentence each.
        software: Version of the package.
    """

    preset: str
    budget: Mapping[str, Any]
    claims: bool
    seeds: tuple[int, ...]
    runs: tuple[RunRecord, ...]
    command: str
    departures: tuple[str, ...]
    software: str


@dataclass(frozen=True)
class Experiment:
    """An experiment's finished runs.

    Attributes:
        manifest: What was planned.
        episodes: One row per cell, team and seed, see `runs.experiments.delegation.playing.play`,
            with the columns kitchen and recipe; no rows and no columns without any run.
        missing: Names of the planned runs that are not finished.
    """

    manifest: Manifest
    episodes: pl.DataFrame
    missing: tuple[str, ...]


FILE = ManifestFile(EXPERIMENT, Manifest, RunRecord)
read_manifest, write_manifest, extend_manifest = FILE.read, FILE.write, FILE.extend
read_kept = FILE.kept


def read_experiment(folder: Path) -> Experiment:
    """Reads an experiment's folder, or a folder of its kept tables.

    Raises:
        ConfigError: If the folder holds no experiment, or another one, or it cannot be read.
    """
    manifest = read_manifest(folder)
    kept = read_kept(folder)
    if kept is not None:
        return Experiment(manifest, read_frame(folder / EPISODES), tuple(kept["missing"]))
    finished = [run for run in manifest.runs if is_finished(folder / run.name)]
    parts = [
        pl.read_parquet(folder / run.name / EPISODES).select(
            pl.lit(run.kitchen).alias("kitchen"), pl.lit(run.recipe).alias("recipe"), pl.all()
        )
        for run in finished
    ]
    missing = tuple(run.name for run in manifest.runs if run not in finished)
    return Experiment(manifest, pl.concat(parts) if parts else pl.DataFrame(), missing)


def copy_tables(source: Path, target: Path) -> None:
    """Keeps all that figures, tables and verdicts are drawn from, for ``prosocial figures``.

    Args:
        source: Output folder of ``prosocial reproduce bayesian-delegation``.
        target: Folder of the copy; made if missing.

    Raises:
        ConfigError: ``source`` holds no such experiment, or is ``target``.
    """
    experiment = read_experiment(source)
    require_other_folder(source, target)
    write_frames(target, {EPISODES: experiment.episodes})
    write_manifest(target, portable(experiment.manifest), kept={"missing": experiment.missing})
