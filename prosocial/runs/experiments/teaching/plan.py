"""The runs of the teaching experiment and how they share work.

With the constant caregiver, who never looks away, all learners live the same socialization: it is
lived once a seed, and every learner continues it. Teaching caregivers react to each learner, so
that every one has a life of its own; the random controls wait for the teaching caregiver whose
presence they are yoked to.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from prosocial.agents.training.config import PhaseConfig, TrainConfig
from prosocial.analysis.teaching.manifest import EXPERIMENT, HACKERS, LEARNERS, Manifest, RunRecord
from prosocial.envs.engine.errors import ConfigError
from prosocial.runs.experiments.tasks import TrainTask
from prosocial.runs.experiments.teaching import lives
from prosocial.runs.experiments.teaching.budgets import Budget
from prosocial.runs.experiments.teaching.tasks import MISS, NOISE_SD, ValuesTask, YokedTask

FIRST_SEED = 1234
# Costs in steps of training, for the estimate of the time left only: a fit of networks is some
# hundred updates, each a sixth of a step; see `ValuesTask`.
_VALUES_COST = 60_000.0

DEPARTURES = (
    "Teaching caregivers infer from behaviour alone; they see neither weights nor predictions of "
    "the learner.",
    "A caregiver that looks away is absent (P = 0): the step is no social experience, and in "
    "socialization a learner with an internal reward gets that instead.",
    "The Bayesian learner knows the world's events (entering the goal is one of them); the "
    "regression sees observations and actions only. The blind one lacks the event of the goal.",
    f"Noisy feedback of the fits misses {MISS:.0%} of goals, praises 1 % of other steps and has "
    f"noise of {NOISE_SD:g}; lives are lived with reliable caregivers.",
    "Thresholds of the acceptance checks were fixed before the first run of these seeds; the "
    "teaching caregiver's tolerance and doubt, and the bound of check T1, were chosen on seed 1, "
    "which is none of these seeds.",
)


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
    task: TrainTask | YokedTask | ValuesTask
    cost: float
    needs: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Unique name."""
        return self.record.name


def plan(root: Path, seeds: Sequence[int], budget: Budget) -> list[Job]:
    """All runs, parents before children.

    Args:
        root: Folder of the experiment; every run gets a folder of its own in it.
        seeds: Seeds of the lives.
        budget: How much to train.

    Raises:
        ConfigError: A seed is negative or given twice.
    """
    if not seeds or min(seeds) < 0 or len(set(seeds)) != len(seeds):
        raise ConfigError(
            f"seeds are {list(seeds)}; expected different numbers >= 0, at least one."
        )
    return [job for seed in seeds for job in _Seed(root.resolve(), seed, budget).jobs()]


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
        seeds=tuple(sorted({job.record.seed for job in jobs})),
        runs=tuple(job.record for job in jobs),
        command=shlex.join(command),
        departures=DEPARTURES,
    )


def default_seeds(count: int) -> tuple[int, ...]:
    """Seeds 1234 and following."""
    return tuple(range(FIRST_SEED, FIRST_SEED + count))


@dataclass(frozen=True)
class _Seed:
    """The runs of one seed."""

    root: Path
    seed: int
    budget: Budget

    def jobs(self) -> list[Job]:
        budget = self.budget
        both = budget.socialization, budget.autonomy
        social = self._life(
            "constant", "social", (lives.socialization(both[0], "social", {}),), (both[0],)
        )
        jobs = [social]
        jobs += [
            self._life("constant", learner, (lives.autonomy(both[1], learner),), both[1:], social)
            for learner in LEARNERS
        ]
        taught = [
            self._life("teaching", learner, self._phases(learner, {"teaching": {}}), both)
            for learner in LEARNERS
        ]
        jobs += taught
        jobs += [self._yoked(job, both) for job in taught]
        jobs += [self._hacker(learner, social) for learner in HACKERS]
        return [*jobs, self._values(social, jobs)]

    def _phases(self, learner: str, caregiver: dict[str, Any]) -> tuple[PhaseConfig, ...]:
        budget = self.budget
        first = lives.socialization(budget.socialization, learner, caregiver)
        return first, lives.autonomy(budget.autonomy, learner)

    def _life(
        self,
        caregiver: str,
        learner: str,
        phases: tuple[PhaseConfig, ...],
        steps: Sequence[int],
        parent: Job | None = None,
        world: str = "train3",
    ) -> Job:
        needed = parent.name if parent else None
        name = f"{caregiver}/{learner}/seed-{self.seed}"
        record = RunRecord(name, "train", caregiver, learner, self.seed, needed)
        config = TrainConfig(
            name=EXPERIMENT,
            condition=f"{caregiver}/{learner}",
            seed=self.seed,
            parent=str(self.root / needed) if needed else None,
            **lives.life(self.budget, learner, phases, world),
        )
        task = TrainTask(self.root / name, config)
        return Job(record, task, float(sum(steps)), (needed,) if needed else ())

    def _yoked(self, source: Job, steps: Sequence[int]) -> Job:
        learner = source.record.learner
        job = self._life("random", learner, self._phases(learner, {}), steps)
        assert isinstance(job.task, TrainTask)  # every life is trained
        task = YokedTask(job.task.folder, job.task.config, self.root / source.name)
        return replace(job, task=task, needs=(source.name,))

    def _hacker(self, learner: str, social: Job) -> Job:
        budget = self.budget
        phase = lives.autonomy(budget.hacking, learner)
        job = self._life("hacking", learner, (phase,), (budget.hacking,), social, "x")
        assert isinstance(job.task, TrainTask)
        # What comes after the first steps is held out, so that the internal reward never sees it.
        known = min(1.0, budget.few / budget.socialization)
        config = job.task.config
        config = replace(config, isr=replace(config.isr, train_fraction=known))
        return replace(job, task=TrainTask(job.task.folder, config))

    def _values(self, social: Job, jobs: Sequence[Job]) -> Job:
        kept = [job for job in jobs if job.record.learner not in ("social", "none")]
        record = RunRecord(f"values/seed-{self.seed}", "values", "", "", self.seed)
        lived = {(job.record.caregiver, job.record.learner): self.root / job.name for job in kept}
        task = ValuesTask(
            self.root / record.name, self.root / social.name, lived, self.budget, self.seed
        )
        return Job(record, task, _VALUES_COST, (social.name, *(job.name for job in kept)))
