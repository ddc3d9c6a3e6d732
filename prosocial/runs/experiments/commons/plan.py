"""The runs of the commons experiment and how they share work.

Every seed is socialized once in each world; the conditions none, isr and caregiver fork from the
end of that run. Selfish learners never meet a caregiver. At the end all meet the transfer tests.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from prosocial.agents.internal_reward.config import Rule
from prosocial.agents.training.config import PhaseConfig, TrainConfig
from prosocial.analysis.commons.bounds import apple_sites, regrowth_bound
from prosocial.analysis.commons.manifest import (
    EXPERIMENT,
    FORKS,
    TRANSFERRED,
    Manifest,
    RunRecord,
)
from prosocial.envs.engine.errors import ConfigError, nearest
from prosocial.envs.worlds.commons_harvest.layouts import LAYOUTS
from prosocial.envs.worlds.commons_harvest.presets import preset_values
from prosocial.runs.experiments.commons import lives
from prosocial.runs.experiments.commons.budgets import WORLDS, Budget
from prosocial.runs.experiments.commons.lives import COMMONS
from prosocial.runs.experiments.commons.transfer import TESTS, TransferTask
from prosocial.runs.experiments.tasks import TrainTask

FIRST_SEED = 1234
_RULES: dict[str, Rule] = {"isr_additive": "additive"}

# Costs in agent steps, for the estimate of the time left only: a month of the fishery is as much
# work as that of a spatial world, and playing takes a tenth of the time of training.
_AGENTS = {"harvest": 7, "clean_up": 7, "fishery": 5}
_PLAYING_COST = 0.1

DEPARTURES = (
    "All learners of a world share one policy, one value function and one ISR, and each sees with "
    "its own eyes and earns its own reward.",
    "Restraint is blame of 2 for an apple with fewer than 3 live neighbours (no praise); in "
    "clean-up a cleaned cell is praised with 0.4; in the fishery a demand above the sustainable "
    "threshold is blamed with twice what the excess is worth.",
    'The ISR enters by the rule "gated": predictions below half the size of a social reward count '
    'as 0. The condition "isr_additive" has the rule of Rong & Kleiman-Weiner (2024).',
    "Episodes of the spatial worlds last exactly 1,000 steps; Melting Pot's end at random later.",
    "Transfer tests sample actions and train nothing.",
)


@dataclass(frozen=True)
class Job:
    """A planned run.

    Attributes:
        record: What it stands for.
        task: What a worker does.
        cost: Estimated work in agent steps.
        needs: Names of the jobs that must be finished before.
    """

    record: RunRecord
    task: TrainTask | TransferTask
    cost: float
    needs: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Unique name."""
        return self.record.name


def plan(
    root: Path, worlds: Sequence[str], seeds: Sequence[int] | None, budget: Budget
) -> list[Job]:
    """All runs, parents before children.

    Args:
        root: Folder of the experiment; every run gets a folder of its own in it.
        worlds: Names of worlds.
        seeds: Seeds of the lives; None for as many as the budget says.
        budget: How much to train.

    Raises:
        ConfigError: A world is unknown, or a seed is negative or given twice.
    """
    for world in worlds:
        if world not in WORLDS:
            raise ConfigError(f"There is no world {world!r} here. {nearest(world, WORLDS)}")
    if seeds is not None and (not seeds or min(seeds) < 0 or len(set(seeds)) != len(seeds)):
        raise ConfigError(
            f"seeds are {list(seeds)}; expected different numbers >= 0, at least one."
        )
    root = root.resolve()
    return [
        job
        for world in WORLDS
        if world in worlds
        for seed in (default_seeds(budget.seeds_of(world)) if seeds is None else seeds)
        for job in _lives_of(root, world, seed, budget)
    ]


def manifest(
    jobs: Sequence[Job],
    preset: str,
    worlds: Sequence[str],
    budget: Budget,
    command: Sequence[str],
) -> Manifest:
    """What the experiment's folder records about a plan.

    Args:
        jobs: The plan.
        preset: Name of the preset.
        worlds: Worlds asked for.
        budget: How much is trained.
        command: Command line that makes it all again.
    """
    return Manifest(
        preset=preset,
        budget=asdict(budget),
        claims=budget.claims,
        worlds=tuple(world for world in WORLDS if world in worlds),
        seeds=tuple(sorted({job.record.seed for job in jobs})),
        runs=tuple(job.record for job in jobs),
        command=shlex.join(command),
        departures=DEPARTURES,
        bounds=_bounds() if "harvest" in worlds else {},
        # What the threshold of the first month allows the group: half of the stock.
        first_yield=50.0,
    )


def default_seeds(count: int) -> tuple[int, ...]:
    """Seeds 1234 and following."""
    return tuple(range(FIRST_SEED, FIRST_SEED + count))


def _lives_of(root: Path, world: str, seed: int, budget: Budget) -> list[Job]:
    steps = budget.steps

    def train(condition: str, phases: tuple[PhaseConfig, ...], parent: str | None = None) -> Job:
        record = RunRecord(
            f"{world}/{condition}/seed-{seed}", "train", world, condition, seed, parent
        )
        config = TrainConfig(
            name=EXPERIMENT,
            condition=f"{world}/{condition}",
            seed=seed,
            parent=str(root / parent) if parent else None,
            **lives.life(budget, world, phases, _RULES.get(condition, "gated")),
        )
        cost = float(_AGENTS[world] * steps * len(phases))
        needs = (parent,) if parent else ()
        return Job(record, TrainTask(root / record.name, config), cost, needs)

    social = train("social", (lives.socialization(steps),))
    forks = [train(c, (lives.autonomy(c, steps),), social.name) for c in FORKS]
    selfish = train(
        "selfish", (lives.without_socialization(steps), lives.autonomy("selfish", steps))
    )
    ended = [job for job in (*forks, selfish) if job.record.condition in TRANSFERRED]
    return [social, *forks, selfish, _transfer(root, world, seed, budget, ended)]


def _transfer(root: Path, world: str, seed: int, budget: Budget, ended: Sequence[Job]) -> Job:
    record = RunRecord(f"{world}/transfer/seed-{seed}", "transfer", world, "", seed)
    runs = {job.record.condition: root / job.name for job in ended}
    task = TransferTask(root / record.name, runs, world, budget, seed)
    length = budget.episode_steps if COMMONS[world].fixed_length else 12
    played = len(runs) * len(TESTS[world]) * budget.transfer_episodes * length
    cost = _PLAYING_COST * _AGENTS[world] * played
    return Job(record, task, cost, tuple(job.name for job in ended))


def _bounds() -> dict[str, tuple[float, float]]:
    """Apples at the start and largest regrowth per step, by world and by test on another map."""
    layouts = {"harvest": "open", "harvest/closed": "closed", "harvest/partnership": "partnership"}
    found = {}
    for key, layout in layouts.items():
        sites = apple_sites(LAYOUTS[layout])
        table = preset_values("meltingpot", layout)["regrowth"]
        found[key] = (float(len(sites)), regrowth_bound(sites, table))
    return found
