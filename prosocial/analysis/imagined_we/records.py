"""What the experiment `imagined-we` leaves on the disk, and reading it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl

from prosocial.analysis.experiments import is_finished
from prosocial.analysis.experiments.kept import portable, require_other_folder, write_frames
from prosocial.analysis.experiments.manifest import ManifestFile

EXPERIMENT = "imagined-we"
SIGNALLING, BOXES = "signalling.parquet", "boxes.parquet"
AGREEMENT, REWARDS = "agreement.parquet", "rewards.parquet"
TABLES = (SIGNALLING, BOXES, AGREEMENT, REWARDS)


@dataclass(frozen=True)
class Manifest:
    """What ``experiment.json`` says.

    Attributes:
        preset: Name of the preset.
        budget: What it decides.
        claims: Whether the checks may judge.
        seeds: Of the runs.
        runs: Names of the runs, which are their folders.
        command: Command line that makes it all again; one a line.
        remarks: What a reader must know.
        software: Version and commit.
        missing: Of kept tables: runs that were not finished when they were copied.
    """

    preset: str
    budget: dict[str, Any]
    claims: bool
    seeds: tuple[int, ...]
    runs: tuple[str, ...]
    command: str
    remarks: tuple[str, ...]
    software: str
    missing: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Experiment:
    """The tables of an experiment.

    Attributes:
        manifest: What was planned.
        signalling: By seed, ambiguity, model and depth: accuracy, utility, signalled, best,
            silent_nearer, silent_farther.
        boxes: By game, model and depth: accuracy, utility, marks_rewards.
        agreement: By seed, goals, partner and step: agreement.
        rewards: By seed, goals and partner: reward.
        missing: Planned runs that are not finished.
    """

    manifest: Manifest
    signalling: pl.DataFrame
    boxes: pl.DataFrame
    agreement: pl.DataFrame
    rewards: pl.DataFrame
    missing: tuple[str, ...]


FILE = ManifestFile(EXPERIMENT, Manifest, record=None)
read_manifest, write_manifest, extend_manifest = FILE.read, FILE.write, FILE.extend


def read_experiment(folder: Path) -> Experiment:
    """Reads the tables of the finished runs, or those that were kept of them.

    Raises:
        ConfigError: The folder holds no such experiment.
    """
    manifest = read_manifest(folder)
    if manifest.missing is not None:
        frames = [_read([folder / name]) for name in TABLES]
        return Experiment(manifest, *frames, missing=manifest.missing)
    done = [run for run in manifest.runs if is_finished(folder / run)]
    frames = [_read([folder / run / name for run in done]) for name in TABLES]
    missing = tuple(run for run in manifest.runs if run not in done)
    return Experiment(manifest, *frames, missing=missing)


def copy_tables(source: Path, target: Path) -> Sequence[Path]:
    """Keeps all that figures, tables and verdicts are drawn from, one table of each kind.

    Args:
        source: Output folder of ``prosocial reproduce imagined-we``.
        target: Folder of the copy, itself an experiment's folder for ``prosocial figures``.

    Returns:
        The tables written.

    Raises:
        ConfigError: ``source`` holds no such experiment, or is ``target``.
    """
    experiment = read_experiment(source)
    require_other_folder(source, target)
    frames = (experiment.signalling, experiment.boxes, experiment.agreement, experiment.rewards)
    written = write_frames(target, dict(zip(TABLES, frames, strict=True)))
    write_manifest(target, replace(portable(experiment.manifest), missing=experiment.missing))
    return written


def _read(paths: Sequence[Path]) -> pl.DataFrame:
    frames = [pl.read_parquet(path) for path in paths if path.is_file()]
    return pl.concat(frames, how="vertical_relaxed") if frames else pl.DataFrame()
