"""The plan of ``prosocial reproduce minds-in-learners``: ``experiment.json``, and its tasks."""

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

EXPERIMENT = "minds-in-learners"

CONDITIONS = ("without", "with")
"""Learners that see their observation alone, and those that see what a mind infers besides."""


@dataclass(frozen=True)
class Task:
    """What is measured in a task.

    Attributes:
        title: Heading.
        learner: Index of the agent that learns.
        measure: Column of ``episodes.parquet`` that is averaged over episodes.
        per_steps: Steps that the measure is scaled to; None for the whole episode.
        label: Name of the measure in tables and figures.
        better: 1 if more is better, -1 if less is.
    """

    title: str
    learner: int
    measure: str
    per_steps: int | None
    label: str
    better: int = 1


TASKS = {
    "doors": Task("Doors", 1, "env_return", None, "return per episode"),
    "helping": Task("Helping grid", 0, "caregiver_goal", 100, "caregiver goals per 100 steps"),
    "kitchen": Task("Kitchen", 0, "length", None, "steps to finish the dish", better=-1),
}
"""The tasks by name."""


@dataclass(frozen=True)
class RunRecord:
    """What one run of the experiment stands for.

    Attributes:
        name: Unique name; also the folder below the experiment's folder.
        task: One of `TASKS`.
        condition: One of `CONDITIONS`.
        seed: Seed of the run.
    """

    name: str
    task: str
    condition: str
    seed: int


@dataclass(frozen=True)
class Manifest:
    """Contents of ``experiment.json``.

    Attributes:
        preset: Name of the preset.
        budget: Every number that the preset stands for, by name.
        claims: Whether the budget is large enough to judge.
        runs: All runs.
        command: Command that regenerates everything.
    """

    preset: str
    budget: Mapping[str, Any]
    claims: bool
    runs: tuple[RunRecord, ...]
    command: str

    @property
    def tasks(self) -> tuple[str, ...]:
        """Names of the tasks that there are runs of, in the order of `TASKS`."""
        return tuple(task for task in TASKS if any(run.task == task for run in self.runs))


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

    Raises:
        ConfigError: If the folder holds no experiment, or another one, or it cannot be read.
    """
    contents = read_contents(folder, EXPERIMENT)
    try:
        return Manifest(
            preset=contents["preset"],
            budget=contents["budget"],
            claims=contents["claims"],
            runs=tuple(RunRecord(**run) for run in contents["runs"]),
            command=contents["command"],
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

    Raises:
        ConfigError: If the folder holds another experiment, or one of another preset or budget.
    """
    if not (folder / MANIFEST).is_file():
        return planned
    known = read_manifest(folder)
    require_same_budget(folder, (known.preset, known.budget), (planned.preset, planned.budget))
    runs = {run.name: run for run in (*known.runs, *planned.runs)}
    commands = [*known.command.splitlines(), planned.command]
    return replace(planned, runs=tuple(runs.values()), command="\n".join(dict.fromkeys(commands)))
