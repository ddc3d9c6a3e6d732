"""Reads the folder of ``prosocial reproduce commons-internalization`` into two small frames.

``experiment.json`` lists the runs; each has a folder ``<world>/<condition>/seed-N`` (a run folder
of training) or ``<world>/transfer/seed-N`` (evaluations of the finished learners elsewhere). Only
finished runs enter the frames. A folder of kept tables (see `archive`) holds the frames themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl
from numpy.typing import NDArray

from prosocial.analysis.commons import summaries
from prosocial.analysis.commons.manifest import Manifest, read_kept, read_manifest
from prosocial.analysis.experiments import is_finished, software
from prosocial.analysis.experiments.kept import read_frame

CURVES, TRANSFER = "curves.parquet", "transfer.parquet"


@dataclass(frozen=True)
class Experiment:
    """An experiment's finished runs as frames.

    Attributes:
        manifest: What was planned.
        curves: One row per run, phase and block of steps, see `summaries.summarize_run`, with the
            columns world, condition and seed. No rows and no columns without any run.
        transfer: One row per world, seed, condition and test, see `summaries.summarize_transfer`.
        missing: Names of the planned runs that are not finished.
        software: Version and commit of the package that made the runs.
        retained: What `measures.retain` has found out: figures, checks and tables ask for the same.
    """

    manifest: Manifest
    curves: pl.DataFrame
    transfer: pl.DataFrame
    missing: tuple[str, ...]
    software: str
    retained: dict[tuple[str, ...], Any] = field(default_factory=dict, compare=False, repr=False)

    @cached_property
    def blocks(self) -> dict[tuple[str, str], dict[str, NDArray]]:
        """Columns of the curves as arrays, by (world, condition); NaN where there is no value."""
        return _arrays(self.curves, ("world", "condition"))

    @cached_property
    def tests(self) -> dict[tuple[str, str, str], dict[str, NDArray]]:
        """Columns of the transfer table as arrays, by (world, test, condition)."""
        return _arrays(self.transfer, ("world", "test", "condition"))


def read_experiment(folder: Path) -> Experiment:
    """Reads an experiment's folder, or a folder of its kept tables.

    Args:
        folder: Either.

    Returns:
        The frames.

    Raises:
        ConfigError: If the folder holds no experiment, or another one, or it cannot be read.
    """
    manifest = read_manifest(folder)
    kept = read_kept(folder)
    if kept is not None:
        return Experiment(
            manifest=manifest,
            curves=read_frame(folder / CURVES),
            transfer=read_frame(folder / TRANSFER),
            missing=tuple(kept["missing"]),
            software=kept["software"],
        )
    finished = [run for run in manifest.runs if is_finished(folder / run.name)]
    curves, transfer = [], []
    for run in finished:
        labels = {"world": run.world, "condition": run.condition, "seed": run.seed}
        if run.kind == "transfer":
            table = summaries.summarize_transfer(folder / run.name, run.world, manifest)
            transfer.append(_labelled(table, {"world": run.world, "seed": run.seed}))
        else:
            table = summaries.summarize_run(folder / run.name, run.world, manifest)
            curves.append(_labelled(table, labels))
    return Experiment(
        manifest=manifest,
        curves=pl.concat(curves, how="diagonal_relaxed") if curves else pl.DataFrame(),
        transfer=pl.concat(transfer, how="diagonal_relaxed") if transfer else pl.DataFrame(),
        missing=tuple(run.name for run in manifest.runs if run not in finished),
        software=software(folder / run.name for run in finished if run.kind == "train"),
    )


def _arrays(frame: pl.DataFrame, by: tuple[str, ...]) -> dict[Any, dict[str, NDArray]]:
    if frame.is_empty():
        return {}
    parts = frame.partition_by(by, as_dict=True, include_key=False)
    return {
        key: {
            name: part[name].to_numpy() for name, kind in part.schema.items() if kind.is_numeric()
        }
        for key, part in parts.items()
    }


def _labelled(table: pl.DataFrame, labels: Mapping[str, Any]) -> pl.DataFrame:
    if table.is_empty():
        return pl.DataFrame()
    columns = [pl.lit(value).alias(name) for name, value in labels.items()]
    return table.select(*columns, pl.all())
