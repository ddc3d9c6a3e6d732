"""Whose a run folder is: which run's, and which process's."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import filelock

from prosocial.agents.training.config import TrainConfig
from prosocial.envs.engine.errors import ConfigError, ProsocialError

# Keys that may change when a run is resumed, because no result depends on them.
OPERATIONAL = ("checkpoint_every", "evaluation.recorded_episodes")
# What a start that was killed early may leave before there is a configuration.
_BEFORE_CONFIG = {"experience", "checkpoints", "provenance.json"}


class RunFolderError(ProsocialError):
    """The output folder cannot be used for this run."""


def lock(path: Path) -> filelock.BaseFileLock:
    """Locks a run folder for this process.

    The operating system drops the lock when the process dies, so none is ever left behind.

    Raises:
        RunFolderError: Another process has it.
    """
    held = filelock.FileLock(path / ".lock")
    try:
        held.acquire(timeout=0)
    except filelock.Timeout as error:
        owner = read_json(path / "status.json")
        raise RunFolderError(
            f"{path} is in use by process {owner.get('pid', '?')} on {owner.get('host', '?')}. "
            "Wait for it, stop it, or choose another output folder."
        ) from error
    return held


def refuse_foreign(path: Path) -> None:
    """Raises a RunFolderError if `path` is a file or a folder that holds something else."""
    if path.exists() and not path.is_dir():
        raise RunFolderError(f"{path} is a file. Choose another output folder.")
    if not path.exists() or (path / "config.yaml").exists():
        return
    names = {p.name for p in path.iterdir() if not p.name.startswith(".")} - _BEFORE_CONFIG
    if names:
        raise RunFolderError(
            f"{path} is neither empty nor a run folder: it holds {', '.join(sorted(names)[:5])}. "
            "Choose another output folder."
        )


def is_same_run(path: Path, config: TrainConfig) -> bool:
    """Returns True if the folder holds this run already, False if it is new.

    Raises:
        RunFolderError: It holds another run; the message names every key that differs.
    """
    if not (path / "config.yaml").exists():
        return False
    try:
        old = flat(TrainConfig.load(path / "config.yaml").to_dict())
    except ConfigError as error:
        raise RunFolderError(
            f"{path} cannot be resumed, its configuration is not valid: {error} "
            "Choose another output folder."
        ) from error
    new = flat(config.to_dict())
    keys = [k for k in {**old, **new} if old.get(k) != new.get(k) and k not in OPERATIONAL]
    if keys:
        raise RunFolderError(
            f"{path} belongs to another experiment. These keys differ:\n"
            + "\n".join(f"  {k}: {_shown(old, k)} there, {_shown(new, k)} now" for k in keys)
            + "\nUse the old values to resume it, choose another output folder, or delete this one."
        )
    return True


def changed_software(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Returns what differs between two starts in version, commit, Python and packages, as text."""
    names = ("version", "git_commit", "python", "packages")
    before, after = (flat({name: start.get(name) for name in names}) for start in (old, new))
    return [f"{k} {before.get(k)} -> {v}" for k, v in after.items() if before.get(k) != v]


def flat(value: Any, prefix: str = "") -> dict[str, Any]:
    """Returns nested mappings as one mapping with dotted keys."""
    if not isinstance(value, Mapping) or not value:
        return {prefix: value}
    items: dict[str, Any] = {}
    for key, item in value.items():
        items |= flat(item, f"{prefix}.{key}" if prefix else str(key))
    return items


def read_json(path: Path) -> dict[str, Any]:
    """Returns the JSON object in a file, an empty one if the file is missing or holds no object."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def _shown(values: Mapping[str, Any], key: str) -> str:
    return repr(values[key]) if key in values else "absent"
