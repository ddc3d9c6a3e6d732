"""What the experiment `imagined-we` leaves on the disk, and reading it."""

from __future__ import annotations

from collections.abc import Sequence
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


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Writes ``experiment.json``, replacing it in one step."""
    write_contents(folder, {"experiment": EXPERIMENT, **asdict(manifest)})


def read_manifest(folder: Path) -> Manifest:
    """Reads ``experiment.json``.

    Raises:
        ConfigError: The folder holds no experiment, or another one, or it cannot be read.
    """
    contents = read_contents(folder, EXPERIMENT)
    contents.pop("experiment")
    try:
        found = Manifest(**contents)
    except TypeError as error:
        raise ConfigError(
            f"{folder / MANIFEST} is not what this version writes ({error}); delete it and "
            "reproduce again."
        ) from error
    missing = None if found.missing is None else tuple(found.missing)
    return replace(
        found,
        seeds=tuple(found.seeds),
        runs=tuple(found.runs),
        remarks=tuple(found.remarks),
        missing=missing,
    )


def extend_manifest(folder: Path, planned: Manifest) -> Manifest:
    """Joins a plan with what the folder already holds: seeds and runs of both.

    Raises:
        ConfigError: The folder holds another experiment, or another preset or budget.
    """
    if not (folder / MANIFEST).is_file():
        return planned
    known = read_manifest(folder)
    require_same_budget(folder, (known.preset, known.budget), (planned.preset, planned.budget))
    return replace(
        planned,
        seeds=tuple(sorted({*known.seeds, *planned.seeds})),
        runs=tuple(dict.fromkeys([*known.runs, *planned.runs])),
        command="\n".join(dict.fromkeys([*known.command.splitlines(), planned.command])),
    )


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
    if source.resolve() == target.resolve():
        raise ConfigError(f"the tables of {source} cannot be copied onto themselves.")
    target.mkdir(parents=True, exist_ok=True)
    written = []
    frames = (experiment.signalling, experiment.boxes, experiment.agreement, experiment.rewards)
    for name, frame in zip(TABLES, frames, strict=True):
        (target / name).unlink(missing_ok=True)
        if not frame.is_empty():
            frame.write_parquet(target / name, compression="zstd", compression_level=19)
            written.append(target / name)
    kept = replace(
        experiment.manifest,
        command=portable_command(experiment.manifest.command),
        missing=experiment.missing,
    )
    write_manifest(target, kept)
    return written


def _read(paths: Sequence[Path]) -> pl.DataFrame:
    frames = [pl.read_parquet(path) for path in paths if path.is_file()]
    return pl.concat(frames, how="vertical_relaxed") if frames else pl.DataFrame()
