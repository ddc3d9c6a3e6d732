"""The runs of the experiment with minds in learners: a life with and one without, for each seed."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from prosocial.agents.mind.config import MindConfig
from prosocial.agents.training.config import (
    EvaluationConfig,
    PhaseConfig,
    PolicyConfig,
    PPOConfig,
    TrainConfig,
)
from prosocial.analysis.minds.manifest import CONDITIONS, EXPERIMENT, TASKS, Manifest, RunRecord
from prosocial.envs.engine.errors import ConfigError, nearest
from prosocial.envs.social.config import CaregiverConfig
from prosocial.runs.experiments.minds.budgets import Budget
from prosocial.runs.experiments.tasks import TrainTask

FIRST_SEED = 1234
_CELLS = PolicyConfig(network="cell_embedding")
_FAST = PPOConfig(
    learning_rate=1e-3,
    num_worlds=64,
    rollout_steps=4096,
    minibatch_size=256,
    num_epochs=4,
    entropy_coef=0.01,
)


@dataclass(frozen=True)
class Setting:
    """How a task is trained.

    Attributes:
        world: Registered name.
        config: Its options.
        mind: What the learners infer in the condition with a mind.
        ppo: Policy optimisation.
        policy: Policy network.
        caregiver: Who gives social rewards.
        partners: Who acts in the other slots.
    """

    world: str
    config: dict[str, Any]
    mind: MindConfig
    ppo: PPOConfig
    policy: PolicyConfig
    caregiver: CaregiverConfig
    partners: dict[str, Any]


_AWAY = CaregiverConfig(schedule="never")
SETTINGS = {
    # Somebody walks to a goal that the learner does not see, and the learner opens the doors. This
    # is the map on which scripted helpers gain most by inferring the goal.
    "doors": Setting(
        world="doors",
        config={"layout": "cross"},
        mind=MindConfig(kind="goals", beta=2.0),
        ppo=_FAST,
        policy=_CELLS,
        caregiver=_AWAY,
        partners={"0": "doors_human"},
    ),
    # The paper's learner in its helping grid: does the caregiver need the ball out of its way?
    "helping": Setting(
        world="helping_grid",
        config={},
        mind=MindConfig(kind="goals", beta=2.0),
        ppo=PPOConfig(),
        policy=PolicyConfig(scale_observations=False),
        caregiver=CaregiverConfig(norms={"help": 0.4}),
        partners={},
    ),
    # Beside a cook who delegates by inference; the caregiver praises every step of the recipe.
    "kitchen": Setting(
        world="kitchen",
        config={"layout": "full_divider", "recipes": "tomato"},
        mind=MindConfig(kind="subtasks", beta=1.3),
        ppo=_FAST,
        policy=_CELLS,
        caregiver=CaregiverConfig(norms={"cooking": 0.1}),
        partners={"1": "bayesian_delegation"},
    ),
}


@dataclass(frozen=True)
class Job:
    """A planned run.

    Attributes:
        record: What it stands for.
        task: What a worker does.
        cost: Estimated work in world steps.
        needs: Names of the jobs that must be finished before.
    """

    record: RunRecord
    task: TrainTask
    cost: float
    needs: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Unique name."""
        return self.record.name


def default_seeds(count: int) -> tuple[int, ...]:
    """Seeds 1234 and following."""
    return tuple(range(FIRST_SEED, FIRST_SEED + count))


def plan(root: Path, tasks: Sequence[str], seeds: Sequence[int], budget: Budget) -> list[Job]:
    """All runs.

    Args:
        root: Folder of the experiment; every run gets a folder of its own in it.
        tasks: Names of tasks, see `SETTINGS`.
        seeds: Seeds of the lives.
        budget: How much to train.

    Raises:
        ConfigError: A task is unknown, or a seed is negative or given twice.
    """
    for task in tasks:
        if task not in SETTINGS:
            raise ConfigError(f"There is no task {task!r} here. {nearest(task, SETTINGS)}")
    if not seeds or min(seeds) < 0 or len(set(seeds)) != len(seeds):
        raise ConfigError(f"seeds are {list(seeds)}; expected different numbers >= 0.")
    root = root.resolve()
    return [
        _job(root, task, condition, seed, budget)
        for task in TASKS
        if task in tasks
        for seed in seeds
        for condition in CONDITIONS
    ]


def manifest(jobs: Sequence[Job], preset: str, budget: Budget, command: Sequence[str]) -> Manifest:
    """What the experiment's folder records about a plan.

    Args:
        jobs: The plan.
        preset: Name of the preset.
        budget: How much is trained.
        command: Command line that makes it all again.
    """
    return Manifest(
        preset=preset,
        budget=asdict(budget),
        claims=budget.claims,
        runs=tuple(job.record for job in jobs),
        command=shlex.join(command),
    )


def life(task: str, condition: str, seed: int, steps: int) -> TrainConfig:
    """Returns the configuration of one life.

    Args:
        task: Name of a task.
        condition: "with" or "without" a mind; nothing else differs.
        seed: Of the life.
        steps: World steps.
    """
    setting = SETTINGS[task]
    return TrainConfig(
        name=EXPERIMENT,
        condition=f"{task}/{condition}",
        seed=seed,
        world=setting.world,
        world_config=dict(setting.config),
        ppo=setting.ppo,
        policy=setting.policy,
        caregiver=setting.caregiver,
        mind=setting.mind if condition == "with" else None,
        phases=(PhaseConfig("learning", steps, partners=dict(setting.partners)),),
        evaluation=EvaluationConfig(worlds={}),
    )


def _job(root: Path, task: str, condition: str, seed: int, budget: Budget) -> Job:
    record = RunRecord(f"{task}/{condition}/seed-{seed}", task, condition, seed)
    steps = budget.steps[task]
    config = life(task, condition, seed, steps)
    return Job(record, TrainTask(root / record.name, config), float(steps))
