"""Reads the folder of ``prosocial reproduce teaching-minds`` into four small frames.

``experiment.json`` lists the runs; each has a folder ``<caregiver>/<learner>/seed-N`` (a run folder
of training) or ``values/seed-N`` (fits and audits). Only finished runs enter the frames. A folder
of kept tables holds the frames themselves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from prosocial.analysis.experiments import is_finished, software
from prosocial.analysis.experiments.kept import (
    portable,
    read_frame,
    require_other_folder,
    write_frames,
)
from prosocial.analysis.teaching.manifest import (
    Manifest,
    RunRecord,
    read_kept,
    read_manifest,
    write_manifest,
)
from prosocial.envs.engine.errors import ConfigError

FRAMES = ("curves", "evaluations", "fits", "audits")
_CURVES = (
    "phase",
    "phase_index",
    "env_steps",
    "phase_steps",
    "episodes",
    "goals_per_episode",
    "env_return",
    "social_return",
    "internal_return",
    "utility_return",
    "isr_false_positives",
    "isr_false_negatives",
    "isr_false_positive_reward",
)


@dataclass(frozen=True)
class Experiment:
    """An experiment's finished runs as frames; one without rows has no columns.

    Attributes:
        manifest: What was planned.
        curves: One row per life and iteration: caregiver, learner, seed and columns of ``metrics``.
        evaluations: One row per life, phase and evaluation world: caregiver, learner, seed, phase,
            world, episodes, goals and return (means over the episodes).
        fits: One row per seed, learner, kind and amount of feedback, see ``ValuesTask``.
        audits: One row per life with an internal reward and layout: its confusion table.
        missing: Names of the planned runs that are not finished.
        software: Version and commit of the package that made the runs.
    """

    manifest: Manifest
    curves: pl.DataFrame
    evaluations: pl.DataFrame
    fits: pl.DataFrame
    audits: pl.DataFrame
    missing: tuple[str, ...]
    software: str


def read_experiment(folder: Path) -> Experiment:
    """Reads an experiment's folder, or a folder of its kept tables.

    Args:
        folder: Either.

    Raises:
        ConfigError: If the folder holds no experiment, or another one, or it cannot be read.
    """
    manifest = read_manifest(folder)
    kept = read_kept(folder)
    if kept is not None:
        frames = {name: read_frame(folder / f"{name}.parquet") for name in FRAMES}
        return Experiment(
            manifest, **frames, missing=tuple(kept["missing"]), software=kept["software"]
        )
    finished = [run for run in manifest.runs if is_finished(folder / run.name)]
    parts: dict[str, list[pl.DataFrame]] = {name: [] for name in FRAMES}
    for run in finished:
        for name, frame in _frames_of(folder / run.name, run).items():
            parts[name].append(frame)
    joined = {n: pl.concat(p, how="diagonal_relaxed") if p else _EMPTY for n, p in parts.items()}
    return Experiment(
        manifest,
        **joined,
        missing=tuple(run.name for run in manifest.runs if run not in finished),
        software=software(folder / run.name for run in finished if run.kind == "train"),
    )


def copy_tables(source: Path, target: Path) -> Sequence[Path]:
    """Keeps all that figures, tables and verdicts are drawn from; episodes and weights stay.

    Args:
        source: Output folder of ``prosocial reproduce teaching-minds``.
        target: Folder of the copy, an experiment's folder too; made if missing.

    Returns:
        The tables written.

    Raises:
        ConfigError: ``source`` holds no such experiment, or is ``target``.
    """
    experiment = read_experiment(source)
    require_other_folder(source, target)
    frames = {f"{name}.parquet": getattr(experiment, name) for name in FRAMES}
    written = write_frames(target, frames)
    write_manifest(
        target,
        portable(experiment.manifest),
        kept={"missing": experiment.missing, "software": experiment.software},
    )
    return written


_EMPTY = pl.DataFrame()


def _frames_of(folder: Path, run: RunRecord) -> dict[str, pl.DataFrame]:
    """What one finished run adds to the frames."""
    if run.kind == "values":
        return {
            name: _labelled(_read(folder / f"{name}.parquet"), {"seed": run.seed})
            for name in ("fits", "audits")
        }
    labels = {"caregiver": run.caregiver, "learner": run.learner, "seed": run.seed}
    metrics = _read(folder / "metrics.parquet").select(_CURVES)
    found = {"curves": _labelled(metrics, labels)}
    evaluations = _read(folder / "evaluations.parquet")
    means = evaluations.group_by("phase", "world", maintain_order=True).agg(
        pl.len().alias("episodes"), pl.col("goals").mean(), pl.col("return").mean()
    )
    return {**found, "evaluations": _labelled(means, labels)}


def _read(path: Path) -> pl.DataFrame:
    if not path.is_file():
        raise ConfigError(
            f"{path} is missing although its run is finished; delete that run's folder and "
            "reproduce again."
        )
    return pl.read_parquet(path)


def _labelled(table: pl.DataFrame, labels: Mapping[str, Any]) -> pl.DataFrame:
    columns = [pl.lit(value).alias(name) for name, value in labels.items()]
    return table.select(*columns, pl.all())
