"""The plan of ``prosocial reproduce teaching-minds``: ``experiment.json``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from prosocial.analysis.experiments.manifest import ManifestFile

EXPERIMENT = "teaching-minds"

CAREGIVERS = ("constant", "teaching", "random")
"""Always present; attending where it expects errors; attending as often, but at random."""

LEARNERS = ("none", "regression", "bayesian")
"""Without internal reward, with the regression ISR, with Bayesian inference of values."""

HACKERS = ("regression", "bayesian", "bayesian_blind")
"""Learners on layout x whose internal reward knows the first steps of a socialization only; the
blind one cannot tell that it entered the goal."""

FAMILIAR = "train3"
HELD_OUT = ("ood5", "plus", "x", "u", "t", "four_rooms")
"""Evaluation worlds: the training world, and those in which nobody was socialized."""

LAYOUTS = ("plus", "x", "u", "t", "four_rooms")
"""Fixed layouts, on which internal rewards are audited over all states and actions."""


@dataclass(frozen=True)
class RunRecord:
    """What one run of the experiment stands for.

    Attributes:
        name: Unique name; also the folder below the experiment's folder.
        kind: "train" (a life course) or "values" (fits and audits of internal rewards).
        caregiver: One of `CAREGIVERS`, or "hacking" for lives on layout x; "" for values.
        learner: One of `LEARNERS`, or "social" for the socialization that the lives with the
            constant caregiver continue; one of `HACKERS` in hacking; "" for values.
        seed: Seed of the run.
        parent: Name of the run that it continues, or None.
    """

    name: str
    kind: str
    caregiver: str
    learner: str
    seed: int
    parent: str | None = None


@dataclass(frozen=True)
class Manifest:
    """Contents of ``experiment.json``.

    Attributes:
        preset: Name of the preset.
        budget: Every number that the preset stands for, by name.
        claims: Whether the budget is large enough to judge.
        seeds: Seeds asked for.
        runs: All runs, parents before children.
        command: Command that regenerates everything.
        amount: Social reward of one feedback.
        departures: Remarks on what the experiment does not do, one sentence each.
    """

    preset: str
    budget: Mapping[str, Any]
    claims: bool
    seeds: tuple[int, ...]
    runs: tuple[RunRecord, ...]
    command: str
    amount: float = 0.4
    departures: tuple[str, ...] = ()


FILE = ManifestFile(EXPERIMENT, Manifest, RunRecord)
read_manifest, write_manifest, extend_manifest = FILE.read, FILE.write, FILE.extend
read_kept = FILE.kept
