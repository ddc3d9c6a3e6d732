"""The plan of ``prosocial reproduce commons-internalization``: ``experiment.json``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from prosocial.analysis.experiments import (
    MANIFEST,
    read_contents,
    require_same_budget,
    write_contents,
)
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
    contents = {"experiment": EXPERIMENT, **asdict(manifest)}
    if kept is not None:
        contents["kept"] = dict(kept)
    write_contents(folder, contents)


def read_manifest(folder: Path) -> Manifest:
    """Reads ``experiment.json``.

    Args:
        folder: The experiment's folder.

    Returns:
        The manifest.

    Raises:
        ConfigError: If the folder holds no experiment, or another one, or it cannot be read.
    """
    contents = read_contents(folder, EXPERIMENT)
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
    budgets = (known.preset, known.budget), (planned.preset, planned.budget)
    require_same_budget(folder, *budgets)
    runs = {run.name: run for run in (*known.runs, *planned.runs)}
    return replace(
        planned,
        worlds=tuple(dict.fromkeys([*known.worlds, *planned.worlds])),
        seeds=tuple(sorted({*known.seeds, *planned.seeds})),
        runs=tuple(runs.values()),
        bounds={**known.bounds, **planned.bounds},
        command="\n".join(dict.fromkeys([*known.command.splitlines(), planned.command])),
    )
