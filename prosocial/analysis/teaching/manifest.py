"""The plan of ``prosocial reproduce teaching-minds``: ``experiment.json``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from prosocial.analysis.experiments import (
    MANIFEST,
    read_contents,
    require_same_budget,
    write_contents,
)
from prosocial.envs.engine.errors import ConfigError

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

    Raises:
        ConfigError: If the folder holds no experiment, or another one, or it cannot be read.
    """
    contents = read_contents(folder, EXPERIMENT)
    try:
        return Manifest(
            preset=contents["preset"],
            budget=contents["budget"],
            claims=contents["claims"],
            seeds=tuple(contents["seeds"]),
            runs=tuple(RunRecord(**run) for run in contents["runs"]),
            command=contents["command"],
            amount=contents["amount"],
            departures=tuple(contents["departures"]),
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
        The manifest of both: seeds and runs together, commands one below the other.

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
        seeds=tuple(sorted({*known.seeds, *planned.seeds})),
        runs=tuple(runs.values()),
        command="\n".join(dict.fromkeys([*known.command.splitlines(), planned.command])),
    )
