"""The plan of ``prosocial reproduce commons-internalization``: ``experiment.json``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from prosocial.analysis.value_internalization.records import MANIFEST
from prosocial.envs.engine.errors import ConfigError

EXPERIMENT = "commons-internalization"

FORKS = ("none", "isr", "isr_additive", "caregiver")
"""Conditions that continue the socialization of their seed. "isr_additive" takes every prediction
of the ISR as it is, "isr" only those as large as social rewards are."""

TRANSFERRED = ("none", "isr", "caregiver", "selfish")
"""Conditions whose learners meet the transfer tests."""

CONDITIONS = ("social", *FORKS, "selfish")
"""Conditions of a world: the socialization, its forks, and the learners without any."""


@dataclass(frozen=True)
class RunRecord:
    """What one run of the experiment stands for.

    Attributes:
        name: Unique name; also the folder below the experiment's folder.
        kind: "train" (a life course) or "transfer" (evaluations of all conditions of a seed).
        world: "harvest", "clean_up" or "fishery".
        condition: One of `CONDITIONS`; "" for a transfer.
        seed: Seed of the run.
        parent: Name of the run that it continues, or None.
    """

    name: str
    kind: str
    world: str
    condition: str
    seed: int
    parent: str | None = None


@dataclass(frozen=True)
class Manifest:
    """Contents of ``experiment.json``.

    Attributes:
        preset: Name of the preset.
        budget: Every number that the preset stands for, by name.
        claims: Whether the budget is large enough to judge.
        worlds: Worlds asked for.
        seeds: Seeds asked for.
        runs: All runs, parents before children.
        command: Command that regenerates everything.
        departures: Remarks on what the experiment does not do, one sentence each.
        bounds: By world, apples at the start and the largest regrowth per step of its map (see
            `bounds.regrowth_bound`); a transfer test on another map has a key of its own,
            ``world/test``. A world without a key is not normalised.
        rounds: Months of the fishery.
        first_yield: Sustainable yield of the fishery's first month, units for the whole group.
    """

    preset: str
    budget: Mapping[str, Any]
    claims: bool
    worlds: tuple[str, ...]
    seeds: tuple[int, ...]
    runs: tuple[RunRecord, ...]
    command: str
    departures: tuple[str, ...] = ()
    bounds: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    rounds: int = 12
    first_yield: float = 50.0

    def bound(self, world: str, test: str = "") -> tuple[float, float] | None:
        """Apples at the start and largest regrowth per step of a test's map, or None."""
        found = self.bounds.get(f"{world}/{test}", self.bounds.get(world))
        return None if found is None else (float(found[0]), float(found[1]))


def write_manifest(folder: Path, manifest: Manifest, kept: Mapping[str, Any] | None = None) -> None:
    """Writes ``experiment.json`` (replacing it in one step).

    Args:
        folder: The experiment's folder; created if missing.
        manifest: What to write.
        kept: What a folder of kept tables knows besides (``missing``, ``software``); None for the
            folder of the runs themselves.
    """
    folder.mkdir(parents=True, exist_ok=True)
    contents = {"experiment": EXPERIMENT, **asdict(manifest)}
    if kept is not None:
        contents["kept"] = dict(kept)
    temporary = folder / f".{MANIFEST}.tmp"
    temporary.write_text(json.dumps(contents, indent=2) + "\n", encoding="utf-8")
    temporary.replace(folder / MANIFEST)


def read_manifest(folder: Path) -> Manifest:
    """Reads ``experiment.json``.

    Args:
        folder: The experiment's folder.

    Returns:
        The manifest.

    Raises:
        ConfigError: If the folder holds no experiment, or another one, or it cannot be read.
    """
    contents = read_contents(folder)
    try:
        return Manifest(
            preset=contents["preset"],
            budget=contents["budget"],
            claims=contents["claims"],
            worlds=tuple(contents["worlds"]),
            seeds=tuple(contents["seeds"]),
            runs=tuple(RunRecord(**run) for run in contents["runs"]),
            command=contents["command"],
            departures=tuple(contents["departures"]),
            bounds={name: (pair[0], pair[1]) for name, pair in contents["bounds"].items()},
            rounds=contents["rounds"],
            first_yield=contents["first_yield"],
        )
    except (KeyError, TypeError) as error:
        raise ConfigError(
            f"{folder / MANIFEST} is not what this version writes ({error}); delete it and "
            "reproduce again."
        ) from error


def extend_manifest(folder: Path, planned: Manifest) -> Manifest:
    """Joins a plan with what the folder already holds of the same experiment.

    Args:
        folder: The experiment's folder; it may not exist yet.
        planned: What is to be added.

    Returns:
        The manifest of both: worlds, seeds and runs together, commands one below the other.

    Raises:
        ConfigError: If the folder holds another experiment, or one of another preset or budget.
    """
    if not (folder / MANIFEST).is_file():
        return planned
    known = read_manifest(folder)
    wanted = json.loads(json.dumps(dict(planned.budget)))
    other = {k for k in {*wanted, *known.budget} if wanted.get(k) != known.budget.get(k)}
    if known.preset != planned.preset or other:
        names = ", ".join(sorted(other)) or "nothing else"
        raise ConfigError(
            f"{folder} holds preset {known.preset!r} and this is {planned.preset!r}; their budgets "
            f"differ in {names}. Give the same options to go on there, or another --output."
        )
    runs = {run.name: run for run in (*known.runs, *planned.runs)}
    return replace(
        planned,
        worlds=tuple(dict.fromkeys([*known.worlds, *planned.worlds])),
        seeds=tuple(sorted({*known.seeds, *planned.seeds})),
        runs=tuple(runs.values()),
        bounds={**known.bounds, **planned.bounds},
        command="\n".join(dict.fromkeys([*known.command.splitlines(), planned.command])),
    )


def read_contents(folder: Path) -> dict[str, Any]:
    """Reads ``experiment.json`` as it is.

    Raises:
        ConfigError: If the folder holds no experiment, or another one, or it cannot be read.
    """
    path = folder / MANIFEST
    if not path.is_file():
        raise ConfigError(
            f"{folder} holds no {MANIFEST}; give the output folder of "
            f"`prosocial reproduce {EXPERIMENT}`."
        )
    try:
        contents = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise ConfigError(
            f"{path} is not valid JSON ({error}); delete it and reproduce again."
        ) from error
    if contents.get("experiment") != EXPERIMENT:
        raise ConfigError(
            f"{path} belongs to experiment {contents.get('experiment')!r}, not to {EXPERIMENT!r}; "
            "choose another output folder."
        )
    return contents
