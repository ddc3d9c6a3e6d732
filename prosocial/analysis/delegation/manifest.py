"""The plan of ``prosocial reproduce bayesian-delegation``, and the episodes of its runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl

from prosocial.analysis.experiments import (
    MANIFEST,
    is_finished,
    read_contents,
    require_same_budget,
    write_contents,
)
from prosocial.analysis.value_internalization.report import portable_command
from prosocial.envs.engine.errors import ConfigError

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


def write_manifest(folder: Path, manifest: Manifest, missing: Sequence[str] | None = None) -> None:
    """Writes ``experiment.json`` (replacing it in one step).

    Args:
        folder: The experiment's folder; created if missing.
        manifest: What to write.
        missing: Runs that a folder of kept tables lacks; None for the folder of the runs.
    """
    contents = {"experiment": EXPERIMENT, **asdict(manifest)}
    if missing is not None:
        contents["kept"] = {"missing": list(missing)}
    write_contents(folder, contents)


def read_manifest(folder: Path) -> Manifest:
    """Reads ``experiment.json``.

    Raises:
        ConfigError: If the folder holds no experiment, or another one, or it cannot be read.
    """
    contents = read_contents(folder, EXPERIMENT)
    try:
        runs = tuple(
            RunRecord(**{**run, "teams": tuple(run["teams"]), "seeds": tuple(run["seeds"])})
            for run in contents["runs"]
        )
        return Manifest(
            preset=contents["preset"],
            budget=contents["budget"],
            claims=contents["claims"],
            seeds=tuple(contents["seeds"]),
            runs=runs,
            command=contents["command"],
            departures=tuple(contents["departures"]),
            software=contents["software"],
        )
    except (KeyError, TypeError) as error:
        raise ConfigError(
            f"{folder / MANIFEST} is not what this version writes ({error}); delete it and "
            "reproduce again."
        ) from error


def extend_manifest(folder: Path, planned: Manifest) -> Manifest:
    """Joins a plan with what the folder already holds of the same experiment.

    Raises:
        ConfigError: If the folder holds another experiment, or one of another preset or budget.
    """
    if not (folder / MANIFEST).is_file():
        return planned
    known = read_manifest(folder)
    require_same_budget(folder, (known.preset, known.budget), (planned.preset, planned.budget))
    runs = {run.name: run for run in (*known.runs, *planned.runs)}
    return replace(
        planned,
        seeds=tuple(sorted({*known.seeds, *planned.seeds})),
        runs=tuple(runs.values()),
        command="\n".join(dict.fromkeys([*known.command.splitlines(), planned.command])),
    )


def read_experiment(folder: Path) -> Experiment:
    """Reads an experiment's folder, or a folder of its kept tables.

    Raises:
        ConfigError: If the folder holds no experiment, or another one, or it cannot be read.
    """
    manifest = read_manifest(folder)
    kept = read_contents(folder, EXPERIMENT).get("kept")
    if kept is not None:
        path = folder / EPISODES
        episodes = pl.read_parquet(path) if path.is_file() else pl.DataFrame()
        return Experiment(manifest, episodes, tuple(kept["missing"]))
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
    if source.resolve() == target.resolve():
        raise ConfigError(f"the tables of {source} cannot be copied onto themselves.")
    target.mkdir(parents=True, exist_ok=True)
    if not experiment.episodes.is_empty():
        experiment.episodes.write_parquet(
            target / EPISODES, compression="zstd", compression_level=19
        )
    manifest = experiment.manifest
    portable = replace(manifest, command=portable_command(manifest.command))
    write_manifest(target, portable, experiment.missing)
