"""What the folders of all experiments have in common: ``experiment.json`` and finished runs.

An experiment's folder is written by ``prosocial reproduce``: ``experiment.json`` lists the runs,
and each run has a folder of its own beside it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from prosocial.envs.engine.errors import ConfigError

MANIFEST = "experiment.json"


def write_contents(folder: Path, contents: Mapping[str, Any]) -> None:
    """Writes ``experiment.json``, replacing it in one step; the folder is created if missing."""
    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / f".{MANIFEST}.tmp"
    temporary.write_text(json.dumps(dict(contents), indent=2) + "\n", encoding="utf-8")
    temporary.replace(folder / MANIFEST)


def read_contents(folder: Path, experiment: str | None = None) -> dict[str, Any]:
    """Reads ``experiment.json`` as it is.

    Args:
        folder: The experiment's folder.
        experiment: Which experiment it is to be of; None for any.

    Raises:
        ConfigError: If the folder holds no experiment, or another one, or it cannot be read.
    """
    path = folder / MANIFEST
    if not path.is_file():
        raise ConfigError(
            f"{folder} holds no {MANIFEST}; give the output folder of "
            f"`prosocial reproduce {experiment or 'EXPERIMENT'}`."
        )
    try:
        contents = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise ConfigError(
            f"{path} is not valid JSON ({error}); delete it and reproduce again."
        ) from error
    if experiment is not None and contents.get("experiment") != experiment:
        raise ConfigError(
            f"{path} belongs to experiment {contents.get('experiment')!r}, not to {experiment!r}; "
            "choose another output folder."
        )
    return contents


def require_same_budget(
    folder: Path, known: tuple[str, Mapping[str, Any]], planned: tuple[str, Mapping[str, Any]]
) -> None:
    """Refuses to mix runs of different budgets in one folder.

    Args:
        folder: The experiment's folder.
        known: Preset and budget of the runs that it holds.
        planned: Preset and budget of the runs that are to be added.

    Raises:
        ConfigError: They differ.
    """
    wanted, held = json.loads(json.dumps(dict(planned[1]))), known[1]
    other = {k for k in {*wanted, *held} if wanted.get(k) != held.get(k)}
    if known[0] != planned[0] or other:
        names = ", ".join(sorted(other)) or "nothing else"
        raise ConfigError(
            f"{folder} holds preset {known[0]!r} and this is {planned[0]!r}; their budgets "
            f"differ in {names}. Give the same options to go on there, or another --output."
        )


def is_finished(folder: Path) -> bool:
    """Whether a run folder says that its run came to its end.

    Args:
        folder: A run folder with a ``status.json``.

    Returns:
        True when its state is "finished"; False when it is another or the file is missing.
    """
    path = folder / "status.json"
    if not path.is_file():
        return False
    try:
        return json.loads(path.read_text(encoding="utf-8")).get("state") == "finished"
    except json.JSONDecodeError:
        # Half-written by a killed process: not finished, and the run itself will repair it.
        return False


def software(folders: Iterable[Path]) -> str:
    """Versions and commits that training runs were started with, as they recorded them.

    Args:
        folders: Run folders; those without ``provenance.json`` are left out.
    """
    found = set()
    for folder in folders:
        path = folder / "provenance.json"
        if path.is_file():
            for start in json.loads(path.read_text(encoding="utf-8")).get("starts", []):
                found.add(f"prosocial {start.get('version')}, commit {start.get('git_commit')}")
    return "; ".join(sorted(found)) or "unknown"
