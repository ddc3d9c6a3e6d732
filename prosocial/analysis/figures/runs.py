"""Finds run folders and reads what they recorded: configuration, state and tables.

Nothing of `prosocial.agents.training` is needed: ``config.yaml``, ``status.json`` and the Parquet
files are read as they lie there, so figures can be drawn on a machine without torch and ray.
"""

from __future__ import annotations

import glob
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
import yaml

from prosocial.envs.engine.errors import ConfigError, nearest

METRICS = "metrics.parquet"
UNSET = "unset"
"""Value of a configuration key that a run does not have, while others do."""

_NEEDED = ("phase", "phase_index", "env_steps", "phase_steps")  # of the metrics
_SEED = re.compile(r"seed-(\d+)")
_GLOB = set("*?[")


@dataclass(frozen=True, eq=False)
class Run:
    """A run folder.

    Attributes:
        path: The folder.
        config: Contents of ``config.yaml``; condition and seed alone, told by the names of the
            folders (``CONDITION/seed-N``), where there is no such file.
        configured: Whether there is a ``config.yaml``.
        state: What ``status.json`` says ("finished", "running", ...); None without one.
    """

    path: Path
    config: Mapping[str, Any]
    configured: bool
    state: str | None
    _tables: dict[str, pl.DataFrame] = field(default_factory=dict, compare=False, repr=False)

    @property
    def seed(self) -> int:
        """Seed of the run; -1 if nothing tells it."""
        return int(self.config.get("seed", -1))

    @property
    def unfinished(self) -> bool:
        """Whether the run says that it has not come to its end."""
        return self.state is not None and self.state != "finished"

    def table(self, name: str) -> pl.DataFrame:
        """A table of the run, without any row or column if there is none.

        Args:
            name: "metrics", "episodes" (read anew at every call, as it is large) or "evaluations".

        Raises:
            ConfigError: The file cannot be read, or the metrics are not those of a run.
        """
        path = self.path / f"{name}.parquet"
        if name == "episodes":
            return _read_table(path)
        if name not in self._tables:
            table = _read_table(path)
            self._tables[name] = _checked(table, path) if name == "metrics" else table
        return self._tables[name]

    def phases(self) -> list[tuple[str, Mapping[str, Any]]]:
        """Names and fields of the phases in order, as configured; none without a configuration."""
        return [(str(name), dict(fields or {})) for name, fields in self._phases()]

    def caregiver_present(self, phase: str) -> bool | None:
        """Whether a caregiver is there in a phase of this run; None if nothing tells it."""
        fields = dict(self.phases()).get(phase)
        if fields is None:
            return None
        caregiver = {**self.config.get("caregiver", {}), **fields.get("caregiver", {})}
        return caregiver.get("schedule", "always") != "never"

    def parent(self) -> Path | None:
        """Folder of the run that this one goes on from; None without one, or if it is gone.

        A study that was moved as a whole is found by the last parts of the recorded path.
        """
        named = self.config.get("parent")
        if not named:
            return None
        parts = Path(named).parts
        moved = [
            base.joinpath(*parts[-length:])
            for base in self.path.resolve().parents
            for length in range(min(len(parts) - 1, 4), 0, -1)
        ]
        found = (path for path in (Path(named), *moved) if (path / METRICS).is_file())
        return next((path for path in found if path.resolve() != self.path.resolve()), None)

    def _phases(self) -> Iterable[tuple[Any, Any]]:
        given = self.config.get("phases", {})
        if isinstance(given, Mapping):
            return given.items()
        return [(fields.get("name"), fields) for fields in given]


def read_run(path: Path) -> Run:
    """Reads a run folder; its tables are read when they are asked for.

    Raises:
        ConfigError: It holds no ``metrics.parquet``, or its configuration cannot be read.
    """
    if not (path / METRICS).is_file():
        raise ConfigError(f"{path} has no {METRICS}; give the folder of a run that has begun.")
    return Run(path, *_read_config(path), _read_state(path))


def find_runs(patterns: Sequence[str | Path]) -> list[Run]:
    """Finds runs.

    Args:
        patterns: Run folders, folders that hold runs at any depth, or patterns with ``*``, ``?``,
            ``[...]`` and ``**`` of either.

    Returns:
        Every run once, ordered by its path with numbers in the order of numbers.

    Raises:
        ConfigError: A folder does not exist, a pattern matches nothing, there is no run there, or
            one cannot be read.
    """
    found: dict[Path, Path] = {}
    for pattern in patterns:
        for path in _matching(str(pattern)):
            found.setdefault(path.resolve(), path)
    return [read_run(path) for path in sorted(found.values(), key=_natural)]


def flatten(config: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """All keys of a configuration, dotted, with their values; empty mappings are values."""
    flat: dict[str, Any] = {}
    for name, value in config.items():
        key = f"{prefix}{name}"
        if isinstance(value, Mapping) and value:
            flat |= flatten(value, f"{key}.")
        else:
            flat[key] = value
    return flat


def lookup(runs: Sequence[Run], key: str) -> list[Any]:
    """Value of a configuration key in each run.

    Args:
        runs: The runs, at least one.
        key: Dotted, such as "ppo.learning_rate"; "run" is the path of the folder.

    Returns:
        The values; `UNSET` for runs without the key.

    Raises:
        ConfigError: No run has the key; the nearest one is named.
    """
    if key == "run":
        return [run.path.as_posix() for run in runs]
    values = [_value(run.config, key) for run in runs]
    if all(value is UNSET for value in values):
        known = {name for run in runs for name in _names(run.config)}
        raise ConfigError(f"No run has the configuration key {key!r}. {_nearest(key, known)}")
    return values


def _matching(pattern: str) -> list[Path]:
    path = Path(pattern)
    if path.exists():
        return _runs_below(path)
    if not _GLOB & set(pattern):
        raise ConfigError(
            f"{pattern} does not exist, so it has no {METRICS}; give run folders, folders that "
            "hold runs, or a pattern."
        )
    matches = sorted(glob.glob(pattern, recursive=True))
    folders = [Path(match) for match in matches if Path(match).is_dir()]
    below = [run for folder in folders for run in _runs_below(folder, 0)]
    if not below:
        count = len(matches)
        what = f"matches {count} paths, none of them with a run" if count else "matches nothing"
        raise ConfigError(
            f"The pattern {pattern!r} {what}; expected folders with a {METRICS}, or that hold such."
        )
    return below


def _runs_below(path: Path, needed: int = 1) -> list[Path]:
    """The folder itself if it is a run, else all runs below it."""
    if (path / METRICS).is_file():
        return [path]
    found = sorted(file.parent for file in path.rglob(METRICS)) if path.is_dir() else []
    if len(found) < needed:
        raise ConfigError(
            f"{path} has no {METRICS}, nor has a folder below it; give a run that has begun."
        )
    return found


def _read_config(path: Path) -> tuple[dict[str, Any], bool]:
    file = path / "config.yaml"
    if not file.is_file():
        return _told_by_names(path), False
    try:
        values = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file} cannot be read: {error}") from error
    if not isinstance(values, Mapping):
        raise ConfigError(f"{file} holds no configuration; expected keys with values.")
    return {**_told_by_names(path), **values}, True


def _told_by_names(path: Path) -> dict[str, Any]:
    path = path.resolve()
    seed = _SEED.fullmatch(path.name)
    if seed is None:
        return {"condition": path.name}
    return {"condition": path.parent.name, "seed": int(seed[1])}


def _read_state(path: Path) -> str | None:
    file = path / "status.json"
    if not file.is_file():
        return None
    try:
        return str(json.loads(file.read_text(encoding="utf-8")).get("state"))
    except (json.JSONDecodeError, AttributeError):
        return "unreadable"  # half written by a killed process, which is not finished


def _read_table(path: Path) -> pl.DataFrame:
    if not path.is_file():
        return pl.DataFrame()
    try:
        return pl.read_parquet(path)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise ConfigError(f"Table {path} cannot be read: {error}") from error


def _checked(metrics: pl.DataFrame, path: Path) -> pl.DataFrame:
    """Metrics with what every figure needs of them."""
    missing = [name for name in _NEEDED if name not in metrics.columns]
    if missing or metrics.is_empty():
        what = f"lacks the columns {', '.join(missing)}" if missing else "has no rows yet"
        raise ConfigError(f"{path} {what}; give the folder of a run of `prosocial train`.")
    if "episodes" in metrics.columns:
        return metrics
    return metrics.with_columns(episodes=pl.lit(1))


def _value(config: Mapping[str, Any], key: str) -> Any:
    value: Any = config
    for part in key.split("."):
        if not isinstance(value, Mapping) or part not in value:
            return UNSET
        value = value[part]
    return value


def _names(config: Mapping[str, Any], prefix: str = "") -> set[str]:
    """All dotted keys, those of mappings as well as those in them."""
    names = set()
    for name, value in config.items():
        names.add(f"{prefix}{name}")
        if isinstance(value, Mapping):
            names |= _names(value, f"{prefix}{name}.")
    return names


def _nearest(key: str, known: set[str]) -> str:
    """The nearest key, also by its last part, and the keys of the top."""
    hint = nearest(key, known)
    if hint.startswith("Did you mean"):
        return hint.partition(" Known:")[0]
    last = {name.rpartition(".")[2]: name for name in sorted(known, reverse=True)}
    hint = nearest(key.rpartition(".")[2], last)
    if hint.startswith("Did you mean"):
        return f"Did you mean {last[hint.split(chr(39))[1]]!r}?"
    top = sorted(name for name in known if "." not in name)
    return f"Keys at the top: {', '.join(top)}."


def _natural(path: Path) -> list[tuple[int, int | str]]:
    """Key by which seed-2 comes before seed-10."""
    words = re.split(r"(\d+)", path.as_posix())
    return [(0, int(word)) if word.isdigit() else (1, word) for word in words]
