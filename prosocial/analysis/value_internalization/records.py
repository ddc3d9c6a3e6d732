"""Reads an experiment folder into polars frames.

The folder is written by ``prosocial reproduce value-internalization``: ``experiment.json`` lists
the runs and what each of them stands for; each run has a folder of its own beside it. Only finished
runs enter the frames, so that a half-trained seed never passes for a result; the others are listed
by name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl

from prosocial.analysis.experiments import is_finished, software
from prosocial.analysis.experiments.manifest import ManifestFile

EXPERIMENT = "value-internalization"


@dataclass(frozen=True)
class RunRecord:
    """What one run of the experiment stands for.

    Attributes:
        name: Unique name; also the folder below the experiment's folder.
        kind: "train" (a life course), "fits" (internal rewards fitted on growing data) or
            "levels" (reference levels of scripted policies and the planner).
        setting: Where it lives: "train3", "train1", "ood5", a layout's name, "helping" or "".
        condition: "social", "none", "isr", "oracle", "frozen" or "".
        seed: Seed of the run.
        figures: Figures that use it.
        parent: Name of the run that it continues, or None.
        isr_steps: Socialization steps that its internal reward was fitted on, or None.
        rule: Reward rule of the internal reward ("additive", "threshold", "only"), or None.
    """

    name: str
    kind: str
    setting: str
    condition: str
    seed: int
    figures: tuple[str, ...]
    parent: str | None = None
    isr_steps: int | None = None
    rule: str | None = None


@dataclass(frozen=True)
class Manifest:
    """Contents of ``experiment.json``.

    Attributes:
        preset: Name of the preset.
        budget: Every number that the preset stands for, by name.
        claims: Whether the budget is large enough to judge the acceptance checks.
        figures: Figures asked for.
        seeds: Seeds asked for.
        runs: All runs, parents before children.
        command: Command that regenerates everything.
        departures: Where this differs from the paper, one sentence each.
    """

    preset: str
    budget: Mapping[str, Any]
    claims: bool
    figures: tuple[str, ...]
    seeds: tuple[int, ...]
    runs: tuple[RunRecord, ...]
    command: str
    departures: tuple[str, ...]


@dataclass(frozen=True)
class Experiment:
    """An experiment's finished runs as frames.

    Every frame has the columns run, setting, condition, seed, isr_steps and rule beside its own. A
    frame without any run has no rows and no columns.

    Attributes:
        manifest: What was planned.
        metrics: One row per run, phase and iteration (the run folders' ``metrics.parquet``).
        evaluations: One row per run, evaluation world and episode.
        fits: One row per fit of an internal reward: steps, samples, rewarded, holdout_mse.
        curves: One row per recorded update of a fit: steps, update, train_loss, holdout_loss.
        audits: One row per fit and layout: false_positives, false_negatives and the rest.
        levels: One row per scripted policy and world: goals and return per episode.
        plans: One row per layout: states, forward_better (states where planning without social
            reward moves forward) and forward_tied (where it might, no goal being ahead).
        missing: Names of the planned runs that are not finished.
        software: Version and commit of the package that made the runs.
    """

    manifest: Manifest
    metrics: pl.DataFrame
    evaluations: pl.DataFrame
    fits: pl.DataFrame
    curves: pl.DataFrame
    audits: pl.DataFrame
    levels: pl.DataFrame
    plans: pl.DataFrame
    missing: tuple[str, ...]
    software: str


def _join(known: Manifest, planned: Manifest) -> dict[str, Any]:
    runs = {run.name: run for run in known.runs}
    for run in planned.runs:
        figures = {*run.figures, *(runs[run.name].figures if run.name in runs else ())}
        runs[run.name] = replace(run, figures=tuple(sorted(figures)))
    return {
        "figures": tuple(sorted({*known.figures, *planned.figures})),
        "runs": tuple(runs.values()),
    }


FILE = ManifestFile(EXPERIMENT, Manifest, RunRecord, _join)
read_manifest, write_manifest, extend_manifest = FILE.read, FILE.write, FILE.extend


def read_experiment(folder: Path) -> Experiment:
    """Reads all finished runs of an experiment.

    Args:
        folder: The experiment's folder.

    Returns:
        The frames.

    Raises:
        ConfigError: If the folder holds no experiment, or another one, or it cannot be read.
    """
    manifest = read_manifest(folder)
    finished = [run for run in manifest.runs if is_finished(folder / run.name)]
    missing = tuple(run.name for run in manifest.runs if run not in finished)

    def gather(file: str, kind: str) -> pl.DataFrame:
        return _gather(folder, [run for run in finished if run.kind == kind], file)

    return Experiment(
        manifest=manifest,
        metrics=gather("metrics.parquet", "train"),
        evaluations=gather("evaluations.parquet", "train"),
        fits=gather("fits.parquet", "fits"),
        curves=gather("curves.parquet", "fits"),
        audits=gather("audits.parquet", "fits"),
        levels=gather("levels.parquet", "levels"),
        plans=gather("plans.parquet", "levels"),
        missing=missing,
        software=software(folder / run.name for run in finished if run.kind == "train"),
    )


def _gather(folder: Path, runs: Sequence[RunRecord], file: str) -> pl.DataFrame:
    frames = []
    for run in runs:
        path = folder / run.name / file
        if not path.is_file():
            continue
        labels = [
            pl.lit(run.name).alias("run"),
            pl.lit(run.setting).alias("setting"),
            pl.lit(run.condition).alias("condition"),
            pl.lit(run.seed, pl.Int64).alias("seed"),
            pl.lit(run.isr_steps, pl.Int64).alias("isr_steps"),
            pl.lit(run.rule, pl.String).alias("rule"),
        ]
        frames.append(pl.read_parquet(path).with_columns(labels))
    return pl.concat(frames, how="diagonal_relaxed") if frames else pl.DataFrame()
