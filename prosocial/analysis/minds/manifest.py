"""The plan of ``prosocial reproduce minds-in-learners``: ``experiment.json``, and its tasks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from prosocial.analysis.experiments.manifest import ManifestFile

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


FILE = ManifestFile(EXPERIMENT, Manifest, RunRecord)
read_manifest, write_manifest, extend_manifest = FILE.read, FILE.write, FILE.extend
read_kept = FILE.kept
