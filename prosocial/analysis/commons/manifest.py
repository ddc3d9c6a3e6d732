"""The plan of ``prosocial reproduce commons-internalization``: ``experiment.json``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from prosocial.analysis.experiments.manifest import ManifestFile

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


def _join(known: Manifest, planned: Manifest) -> dict[str, Any]:
    return {
        "worlds": tuple(dict.fromkeys([*known.worlds, *planned.worlds])),
        "bounds": {**known.bounds, **planned.bounds},
    }


FILE = ManifestFile(EXPERIMENT, Manifest, RunRecord, _join)
read_manifest, write_manifest, extend_manifest = FILE.read, FILE.write, FILE.extend
read_kept = FILE.kept
