"""The runs of the experiment `imagined-we`: one an ambiguity, or number of goals, and seed."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from prosocial.analysis.imagined_we.records import EXPERIMENT, Manifest
from prosocial.envs.engine.errors import ConfigError
from prosocial.runs.experiments.imagined_we.budgets import Budget
from prosocial.runs.experiments.imagined_we.tasks import (
    BoxesTask,
    RendezvousTask,
    SignallingTask,
)

FIRST_SEED = 1234
AMBIGUITIES = (1 / 6, 1 / 3, 1 / 2, 26 / 36, 1.0)
"""Of six items; see `communication.gridworld.designs`."""

REMARKS = (
    "The exact numbers of the published figures of Stacy et al. (2021) are not available; all "
    "numbers of the signalling tasks are ours, and what is checked is the published ordering.",
    "Sizes, walls and rationalities (8 per unit of reward, 4 per move) are ours; reward 10 and "
    "cost 1 a move are those of Stacy's released planner. A signal costs 0.1.",
    "Tang et al. (2020) have wolves and sheep on a plane, and policies trained by MADDPG; here it "
    "is a grid, and plans are exact. Their shared-reward baseline is a trained policy, ours a "
    "planner that sees where everybody is, which already tells much of what they are after.",
    "In rendezvous a round begins anew after each capture, and an intention outlives it: what was "
    "agreed on once need not be agreed on again. Partners that forget it with each round show how "
    "much of the reward that is.",
)


@dataclass(frozen=True)
class Job:
    """A planned run.

    Attributes:
        name: Unique name, also its folder in the experiment's.
        task: What a worker does.
        cost: Estimated work in seconds.
        needs: Names of the jobs that must be finished before: none.
    """

    name: str
    task: SignallingTask | BoxesTask | RendezvousTask
    cost: float
    needs: tuple[str, ...] = ()


def plan(root: Path, seeds: Sequence[int] | None, budget: Budget) -> list[Job]:
    """All runs.

    Args:
        root: Folder of the experiment; every run gets a folder of its own in it.
        seeds: Seeds; None for as many as the budget says.
        budget: How much to play.

    Raises:
        ConfigError: A seed is negative or given twice.
    """
    seeds = default_seeds(budget.seeds) if seeds is None else seeds
    if not seeds or min(seeds) < 0 or len(set(seeds)) != len(seeds):
        raise ConfigError(
            f"seeds are {list(seeds)}; expected different numbers >= 0, at least one."
        )
    root = root.resolve()
    jobs = [Job("boxes", BoxesTask(root / "boxes", budget.depths), 0.1)]
    for seed in seeds:
        for ambiguity in AMBIGUITIES:
            name = f"signalling/ambiguity-{ambiguity * 100:.0f}/seed-{seed}"
            task = SignallingTask(root / name, ambiguity, budget.tasks, budget.depths, seed)
            jobs.append(Job(name, task, 0.002 * budget.tasks))
        for goals in budget.goals:
            name = f"rendezvous/goals-{goals}/seed-{seed}"
            played = RendezvousTask(root / name, goals, budget.episodes, budget.steps, seed)
            jobs.append(Job(name, played, 4e-4 * budget.episodes * budget.steps))
    return jobs


def manifest(
    jobs: Sequence[Job], preset: str, seeds: Sequence[int], budget: Budget, command: Sequence[str]
) -> Manifest:
    """What the experiment's folder records about a plan.

    Args:
        jobs: The plan.
        preset: Name of the preset.
        seeds: Its seeds.
        budget: How much is played.
        command: Command line that makes it all again.
    """
    from prosocial.agents.training.provenance import provenance

    made = provenance(seeds[0], command)
    return Manifest(
        preset=preset,
        budget=asdict(budget) | {"goals": list(budget.goals)},
        claims=budget.claims,
        seeds=tuple(seeds),
        runs=tuple(job.name for job in jobs),
        command=shlex.join(command),
        remarks=REMARKS,
        software=f"prosocial {made['version']}, commit {made['git_commit']}",
    )


def default_seeds(count: int) -> tuple[int, ...]:
    """Seeds 1234 and following."""
    return tuple(range(FIRST_SEED, FIRST_SEED + count))


__all__ = ["AMBIGUITIES", "EXPERIMENT", "Job", "default_seeds", "manifest", "plan"]
