"""Run folders as a report reads them: configuration, provenance, status and tables."""

from __future__ import annotations

import glob
import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import yaml

from prosocial.analysis.figures.runs import METRICS
from prosocial.analysis.figures.runs import read_run as tables_run
from prosocial.envs.engine.errors import ConfigError

CONFIG = "config.yaml"
"""The resolved configuration of a run."""

FINISHED = "finished"
"""State of a run that came to its end."""


@dataclass(frozen=True)
class Run:
    """One run folder.

    Attributes:
        path: The folder.
        label: What tells it from the other runs of the report, a relative path.
        config: Resolved configuration, nested mappings as in ``config.yaml``; without that file
            condition and seed alone, told by the names of the folders.
        starts: Provenance of every start, oldest first; empty without ``provenance.json``.
        status: What ``status.json`` says; empty without one.
        configured: Whether there is a ``config.yaml``.
    """

    path: Path
    label: str
    config: Mapping[str, Any]
    starts: tuple[Mapping[str, Any], ...]
    status: Mapping[str, Any]
    configured: bool = True

    @property
    def seed(self) -> int | None:
        """Seed of the run; None if its configuration has none."""
        seed = self.config.get("seed")
        return seed if isinstance(seed, int) else None

    @property
    def finished(self) -> bool:
        """Whether the run came to its end."""
        return self.status.get("state") == FINISHED

    def state(self) -> str:
        """How far the run is, in words, such as ``interrupted in autonomy at 4,096 steps``."""
        if not self.status:
            return "unknown"
        state = str(self.status.get("state"))
        if self.finished or "step" not in self.status:
            return state
        phase = f" in {self.status['phase']}" if self.status.get("phase") else ""
        return f"{state}{phase} at {self.status['step']:,} steps"

    def table(self, name: str) -> pl.DataFrame:
        """A table of the run; without rows and columns where there is none.

        Args:
            name: File name without ``.parquet``, such as ``metrics`` or ``evaluations``.

        Raises:
            ConfigError: The file is damaged.
        """
        return read_table(self.path / f"{name}.parquet")


def read_table(path: Path) -> pl.DataFrame:
    """The Parquet table at `path`; without rows and columns where there is no file.

    Raises:
        ConfigError: The file is damaged.
    """
    if not path.is_file():
        return pl.DataFrame()
    try:
        return pl.read_parquet(path)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise ConfigError(
            f"{path} cannot be read ({error}); restore it, or resume the run, which writes it anew."
        ) from error


def find_runs(patterns: Sequence[str | Path]) -> list[Path]:
    """Finds run folders.

    Args:
        patterns: Run folders, folders that hold runs at any depth, or patterns with ``*``, ``?``,
            ``[...]`` and ``**`` of either.

    Returns:
        Every run folder once, ordered by path with numbers in the order of numbers.

    Raises:
        ConfigError: A folder is missing, a pattern matches nothing, or there is no run there.
    """
    found = {run.resolve() for pattern in patterns for run in _matching(str(pattern))}
    return sorted(found, key=_natural)


def read_runs(folders: Sequence[Path]) -> list[Run]:
    """Reads run folders.

    Args:
        folders: The folders, see `find_runs`.

    Returns:
        The runs in the order given, labelled by what tells their paths apart.

    Raises:
        ConfigError: One holds no run, or its configuration cannot be read.
    """
    folders = [folder.resolve() for folder in folders]
    return [read_run(path, label) for path, label in zip(folders, _labels(folders), strict=True)]


def read_run(path: Path, label: str | None = None) -> Run:
    """Reads one run folder.

    Args:
        path: The folder.
        label: What the report calls it; None for the name of the folder.

    Raises:
        ConfigError: It holds no run, or its configuration cannot be read.
    """
    if not is_run(path):
        raise ConfigError(f"{path} is no run folder: it has neither {CONFIG} nor {METRICS}.")
    starts = _json(path / "provenance.json").get("starts", [])
    configured = (path / CONFIG).is_file()
    return Run(
        path=path,
        label=path.resolve().name if label is None else label,
        config=_config(path / CONFIG) if configured else tables_run(path).config,
        starts=tuple(start for start in starts if isinstance(start, Mapping)),
        status=_json(path / "status.json"),
        configured=configured,
    )


def is_run(path: Path) -> bool:
    """Whether a folder holds a run, one that has just begun or copied tables included."""
    return (path / CONFIG).is_file() or (path / METRICS).is_file()


def _matching(pattern: str) -> list[Path]:
    path = Path(pattern)
    if path.exists():
        if found := _runs_below(path):
            return found
        what = "is a file" if path.is_file() else f"has neither {CONFIG} nor {METRICS}"
        raise ConfigError(
            f"{path} is no run folder: it {what}. Give the folder of a run of `prosocial train`, "
            "one that holds such folders, or that of an experiment of `prosocial reproduce`."
        )
    matches = sorted(glob.glob(pattern, recursive=True))
    if found := [run for match in matches for run in _runs_below(Path(match))]:
        return found
    if not glob.has_magic(pattern):
        raise ConfigError(f"{path} does not exist; give a run folder of `prosocial train`.")
    what = f"matches {len(matches)} paths without a run" if matches else "matches nothing"
    raise ConfigError(
        f"The pattern {pattern!r} {what}; expected folders with a {CONFIG}, or that hold such."
    )


def _runs_below(path: Path) -> list[Path]:
    """The folder itself if it is a run, else all runs below it; hidden folders are none."""
    if is_run(path):
        return [path]
    files = {file.parent for name in (CONFIG, METRICS) for file in path.rglob(name)}
    return [f for f in files if not any(p.startswith(".") for p in f.relative_to(path).parts)]


def _natural(path: Path) -> list[tuple[int, int | str]]:
    """Key by which seed-2 comes before seed-10."""
    words = re.split(r"(\d+)", path.as_posix())
    return [(0, int(word)) if word.isdigit() else (1, word) for word in words]


def _labels(folders: Sequence[Path]) -> list[str]:
    """What tells folders apart: their paths below the one that all share."""
    if len(folders) < 2:
        return [folder.name for folder in folders]
    shared = Path(os.path.commonpath(folders))
    return [folder.relative_to(shared).as_posix() for folder in folders]


def _config(path: Path) -> dict[str, Any]:
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        place = " ".join(str(error).split())
        raise ConfigError(
            f"{path} cannot be read ({place}); restore it, or leave this run out."
        ) from error
    if not isinstance(found, dict):
        raise ConfigError(
            f"{path} holds {type(found).__name__}, not the keys of a configuration; restore it, "
            "or leave this run out."
        )
    return {str(key): value for key, value in found.items()}


def _json(path: Path) -> dict[str, Any]:
    """The JSON object in a file that belongs to the run; empty if there is none."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        # Missing, or half-written by a killed process: the run is then of unknown state.
        return {}
    return found if isinstance(found, dict) else {}
