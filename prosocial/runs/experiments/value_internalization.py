"""The runs behind the figures of Rong & Kleiman-Weiner (2024), and how they share work.

Every seed is socialized once in each training world; the conditions (none, ISR, oracle, frozen)
fork from the end of that run. A run that several figures need is planned once.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from prosocial.agents.internal_reward.config import ISRConfig
from prosocial.agents.training.config import PhaseConfig, TrainConfig
from prosocial.analysis.value_internalization.published import LAYOUTS, SEEDS
from prosocial.analysis.value_internalization.records import EXPERIMENT, Manifest, RunRecord
from prosocial.envs.engine.errors import ConfigError, nearest
from prosocial.runs.experiments import lives
from prosocial.runs.experiments.budgets import NUM_WORLDS, ROLLOUT_STEPS, Budget
from prosocial.runs.experiments.lives import Rule
from prosocial.runs.experiments.tasks import Fit, FitTask, LevelTask, Task, TrainTask

FIGURES = ("1b", "3a", "3b", "4a", "4b", "5", "6", "7")
"""Figures of the paper that can be reproduced, in its order."""

# Costs are in steps of training, for the estimate of the time left only. Measured on one core:
# sampling without learning takes about a fourteenth of the time of training, an update of the ISR
# about a sixth of a training step.
_SAMPLING_COST = 0.07
_UPDATE_COST = 0.17
_LEVELS_COST = 5000.0

LEVEL_EPISODES = 1000
"""Episodes that the level of a scripted policy is measured over."""

DEPARTURES = (
    f"PPO is RLlib's, fed by {NUM_WORLDS} worlds of {ROLLOUT_STEPS // NUM_WORLDS} steps each; the "
    f"paper's is Stable-Baselines3's, fed by one world of {ROLLOUT_STEPS} steps.",
    "The policy at the switch is that of the last step; figures 5 and 6 of the paper take the best "
    "checkpoint of phase 1.",
    "Maps on which no path leads to the goal are not drawn.",
    "Every seed and world draws its own maps of the helping grid, and none of the code's quirks "
    "(reward overwrite, taking from hands) is switched on.",
    "The ISR convolves over the grid, and its hold-out error takes no gradient step on what is "
    "held out.",
    "Frozen in figure 4a (the socialized policy acting without learning) is not in the paper; in "
    "figures 4b and 5 Frozen goes on training with its caregiver in the training world, as there.",
    "Figure 6 shows all seeds and an ISR fitted on the first 10k socialization steps; the paper "
    "shows one run whose ISR is undertrained in a way that is not documented.",
)
"""Where every preset departs from the paper; the budget adds its own."""


@dataclass(frozen=True)
class Job:
    """A planned run.

    Attributes:
        record: What it stands for.
        task: What a worker does.
        cost: Estimated work in steps of training.
    """

    record: RunRecord
    task: Task
    cost: float

    @property
    def name(self) -> str:
        """Unique name."""
        return self.record.name

    @property
    def needs(self) -> tuple[str, ...]:
        """Names of the jobs that must be finished before."""
        return (self.record.parent,) if self.record.parent is not None else ()


def plan(
    root: Path, figures: Sequence[str], seeds: Sequence[int], budget: Budget
) -> tuple[Job, ...]:
    """All runs that some figures need, parents before children.

    Args:
        root: Folder of the experiment; every run gets a folder of its own in it.
        figures: Names of figures.
        seeds: Seeds of the lives.
        budget: How much to train.

    Returns:
        The jobs.

    Raises:
        ConfigError: If a figure is unknown, or a seed is negative or given twice.
    """
    for figure in figures:
        if figure not in FIGURES:
            raise ConfigError(f"There is no figure {figure!r}. {nearest(figure, FIGURES)}")
    if not seeds or min(seeds) < 0 or len(set(seeds)) != len(seeds):
        raise ConfigError(
            f"seeds are {list(seeds)}; expected different numbers >= 0, at least one."
        )
    made = _Plan(root.resolve(), budget)
    for figure in FIGURES:
        if figure in figures:
            for seed in seeds:
                _PLANNERS[figure](made, seed)
    _levels(made, [f for f in FIGURES if f in figures and f in ("1b", "4a", "7")])
    return tuple(made.jobs.values())


def manifest(
    jobs: Sequence[Job],
    preset: str,
    figures: Sequence[str],
    seeds: Sequence[int],
    budget: Budget,
    command: Sequence[str],
) -> Manifest:
    """What the experiment's folder records about a plan.

    Args:
        jobs: The plan.
        preset: Name of the preset.
        figures: Figures asked for.
        seeds: Seeds asked for.
        budget: How much is trained.
        command: Command line that makes it all again.

    Returns:
        The manifest.
    """
    return Manifest(
        preset=preset,
        budget=dict(vars(budget)),
        claims=budget.claims,
        figures=tuple(f for f in FIGURES if f in figures),
        seeds=tuple(seeds),
        runs=tuple(job.record for job in jobs),
        command=shlex.join(command),
        departures=(*DEPARTURES, *budget.departures()),
    )


def default_seeds(count: int) -> tuple[int, ...]:
    """The first seeds of the paper, 1234 and following."""
    return tuple(range(SEEDS[0], SEEDS[0] + count))


@dataclass
class _Plan:
    root: Path
    budget: Budget
    jobs: dict[str, Job] = field(default_factory=dict)

    def add(self, job: Job) -> str:
        """Adds a job, or notes that one more figure uses it; returns its name."""
        known = self.jobs.get(job.name)
        if known is not None:
            figures = tuple(f for f in FIGURES if f in {*known.record.figures, *job.record.figures})
            job = replace(known, record=replace(known.record, figures=figures))
        self.jobs[job.name] = job
        return job.name

    def train(self, record: RunRecord, life: dict[str, Any], updates: float = 0.0) -> str:
        """Adds a life; `updates` is the number of updates of the ISR fitted in it."""
        parent = None if record.parent is None else str(self.root / record.parent)
        condition, _, _ = record.name.rpartition("/")
        config = TrainConfig(
            name=EXPERIMENT, condition=condition, seed=record.seed, parent=parent, **life
        )
        steps = sum(p.steps * (1.0 if p.learn else _SAMPLING_COST) for p in config.phases)
        task = TrainTask(self.root / record.name, config)
        return self.add(Job(record, task, steps + _UPDATE_COST * updates))

    def fork(
        self,
        figure: str,
        world: str,
        condition: str,
        seed: int,
        parent: str,
        phase: PhaseConfig,
        rule: Rule = "additive",
        evaluate: Sequence[str] = (),
    ) -> RunRecord:
        """Adds phase 2 of a single-learner life; returns its record."""
        record = _record(world, condition, seed, figure, parent)
        life = lives.grid_life(self.budget, world, (phase,), evaluate)
        if condition != "isr":
            self.train(record, life)
            return record
        record = replace(record, isr_steps=self.budget.socialization, rule=rule)
        self.train(record, life | {"isr": lives.grid_isr(self.budget, rule)}, self._updates(record))
        return record

    def _updates(self, record: RunRecord) -> float:
        return 0.9 * (record.isr_steps or 0) / self.budget.isr_batch


def _figure_1b(made: _Plan, seed: int) -> None:
    _forks_of_train3(made, seed, "1b", ("none",))


def _figure_3a(made: _Plan, seed: int) -> None:
    _fits_of_train3(made, seed, "3a")


def _figure_3b(made: _Plan, seed: int) -> None:
    _fits_of_train3(made, seed, "3b")


def _figure_4a(made: _Plan, seed: int) -> None:
    _forks_of_train3(made, seed, "4a", ("none", "isr", "oracle", "frozen"))


def _figure_4b(made: _Plan, seed: int) -> None:
    budget = made.budget
    parent = _socialized(made, "4b", "train1", seed)
    _frozen(made, "4b", parent, seed, budget.autonomy)
    for condition in ("isr", "oracle"):
        phase = lives.autonomy(condition, budget.autonomy, budget.goal_step_cost)
        made.fork("4b", "ood5", condition, seed, parent, phase, evaluate=("ood5",))


def _figure_5(made: _Plan, seed: int) -> None:
    budget = made.budget
    parent = _socialized(made, "5", "train1", seed)
    _frozen(made, "5", parent, seed, budget.layouts)
    for layout in LAYOUTS:
        for condition in ("isr", "oracle"):
            phase = lives.autonomy(condition, budget.layouts)
            made.fork("5", layout, condition, seed, parent, phase, "threshold", (layout,))


def _figure_6(made: _Plan, seed: int) -> None:
    budget = made.budget
    phase = lives.autonomy("isr", budget.layouts)
    parent = _socialized(made, "6", "train1", seed)
    made.fork("6", "x", "isr", seed, parent, phase, "threshold", ("x",))
    least = min(budget.hacking_steps)
    for steps in budget.hacking_steps:
        rules: tuple[Rule, ...] = ("threshold", "additive") if steps == least else ("threshold",)
        forgetful = _socialized_partly(made, seed, steps)
        for rule in rules:
            name = f"x/isr-{_thousands(steps)}-{rule}/seed-{seed}"
            record = RunRecord(
                name, "train", "x", "isr", seed, ("6",), forgetful, isr_steps=steps, rule=rule
            )
            life = lives.grid_life(budget, "x", (phase,), ("x",))
            updates = 0.9 * steps / budget.isr_batch
            made.train(record, life | {"isr": lives.grid_isr(budget, rule)}, updates)
    sizes = sorted({*budget.fit_steps, *budget.hacking_steps})
    fits = tuple(_fit(steps, lives.grid_isr(budget, "threshold")) for steps in sizes)
    _fit_job(made, "6", "train1", seed, parent, fits)


def _figure_7(made: _Plan, seed: int) -> None:
    budget = made.budget
    steps = budget.helping_socialization
    social = _record("helping", "social", seed, "7")
    parent = made.train(social, lives.helping_life(budget, (lives.socialization(steps),)))
    for condition in ("none", "isr", "oracle"):
        life = lives.helping_life(budget, (lives.autonomy(condition, budget.helping_autonomy),))
        record = _record("helping", condition, seed, "7", parent)
        if condition == "isr":
            record = replace(record, isr_steps=steps, rule="only")
            updates = budget.helping_isr_epochs * steps / budget.helping_isr_batch
            made.train(record, life, updates)
        else:
            made.train(record, life)


_PLANNERS: dict[str, Callable[[_Plan, int], None]] = {
    "1b": _figure_1b,
    "3a": _figure_3a,
    "3b": _figure_3b,
    "4a": _figure_4a,
    "4b": _figure_4b,
    "5": _figure_5,
    "6": _figure_6,
    "7": _figure_7,
}


def _forks_of_train3(made: _Plan, seed: int, figure: str, conditions: Sequence[str]) -> None:
    budget = made.budget
    parent = _socialized(made, figure, "train3", seed)
    for condition in conditions:
        phase = lives.autonomy(condition, budget.autonomy, budget.goal_step_cost)
        made.fork(figure, "train3", condition, seed, parent, phase)


def _fits_of_train3(made: _Plan, seed: int, figure: str) -> None:
    budget = made.budget
    parent = _socialized(made, figure, "train3", seed)
    options = ISRConfig(learning_rate=budget.fit_learning_rate, batch_size=budget.fit_batch)
    fits = tuple(_fit(steps, options) for steps in budget.fit_steps)
    watched = replace(options, batch_size=budget.curve_batch, holdout_every=100)
    longest = replace(_fit(budget.socialization, watched), curve=True)
    _fit_job(made, figure, "train3", seed, parent, (*fits, longest))


def _socialized(made: _Plan, figure: str, world: str, seed: int) -> str:
    """Phase 1 in a single-learner grid; returns the run's name."""
    phases = (lives.socialization(made.budget.socialization),)
    record = _record(world, "social", seed, figure)
    return made.train(record, lives.grid_life(made.budget, world, phases))


def _socialized_partly(made: _Plan, seed: int, steps: int) -> str:
    """Phase 1 in Train-1 of which only the first steps are remembered; returns the run's name."""
    phases = lives.socialization_remembered(steps, made.budget.socialization)
    name = f"train1/social-{_thousands(steps)}/seed-{seed}"
    record = RunRecord(name, "train", "train1", "social", seed, ("6",), isr_steps=steps)
    return made.train(record, lives.grid_life(made.budget, "train1", phases))


def _frozen(made: _Plan, figure: str, parent: str, seed: int, steps: int) -> None:
    """Goes on training with the caregiver in Train-1; the result is evaluated elsewhere."""
    name = f"train1/frozen-{_thousands(steps)}/seed-{seed}"
    record = RunRecord(name, "train", "train1", "frozen", seed, (figure,), parent)
    phase = PhaseConfig(name="more_socialization", steps=steps)
    made.train(record, lives.grid_life(made.budget, "train1", (phase,), lives.HELD_OUT))


def _record(
    world: str, condition: str, seed: int, figure: str, parent: str | None = None
) -> RunRecord:
    name = f"{world}/{condition}/seed-{seed}"
    return RunRecord(name, "train", world, condition, seed, (figure,), parent)


def _fit(steps: int, options: ISRConfig) -> Fit:
    # The experience comes in whole iterations; the paper rounds up to them too.
    return Fit(steps, -(-steps // ROLLOUT_STEPS) * ROLLOUT_STEPS, options)


def _fit_job(
    made: _Plan, figure: str, world: str, seed: int, parent: str, fits: tuple[Fit, ...]
) -> None:
    name = f"{world}/fits/seed-{seed}"
    record = RunRecord(name, "fits", world, "", seed, (figure,), parent)
    task = FitTask(made.root / name, made.root / parent, fits, LAYOUTS, seed)
    updates = sum(0.9 * fit.transitions / fit.config.batch_size for fit in fits)
    made.add(Job(record, task, _UPDATE_COST * updates))


def _levels(made: _Plan, figures: Sequence[str]) -> None:
    if figures:
        record = RunRecord("levels", "levels", "", "", SEEDS[0], tuple(figures))
        task = LevelTask(made.root / "levels", LEVEL_EPISODES, LAYOUTS, SEEDS[0])
        made.add(Job(record, task, _LEVELS_COST))


def _thousands(steps: int) -> str:
    return f"{steps / 1000:g}k"
