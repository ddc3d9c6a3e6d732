"""The runs of the delegation experiment: kitchens, recipes, teams and seeds."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path

import prosocial
from prosocial.analysis.delegation.manifest import EXPERIMENT, Manifest, RunRecord
from prosocial.analysis.delegation.published import CELLS, KITCHENS, MODELS, RECIPES
from prosocial.envs.engine.errors import ConfigError, nearest
from prosocial.runs.experiments.delegation.budgets import Budget
from prosocial.runs.experiments.delegation.playing import CookTask

FIRST_SEED = 1234
PLAYS = ("self2", "self3", "adhoc")
"""Self-play with two and with three agents, and all ordered pairs of different models."""

_BLOCK = 5  # seeds of a run: so many are lost at most when the command is interrupted
_AGENT_COST = {2: 2.0, 3: 5.0}  # relative work of a team, for the estimate of the time left

DEPARTURES = (
    "The likelihood of an allocation is the product over its sub-tasks, as in the paper; the "
    "released code adds them up.",
    "Costs of sub-tasks are exact; the released code plans anew by bounded real-time dynamic "
    "programming, and its tables mix up agents.",
    "A sub-task is useful only while it lies on a shortest way to the dishes, and allocations "
    "whose sub-tasks need the same thing are left out; in the released code both stay.",
    "Ties between allocations are broken at random, the same way until the prior is taken anew or "
    "nobody does anything.",
    "Who has no sub-task keeps out of the others' way (the greedy cook, who heeds nobody, acts at "
    "random as in the released code), and of two in each other's way the one gives way who loses "
    "less; where a walk was blocked each waits with probability one half.",
    "The greedy cook's values count other cooks as obstacles for eight steps.",
)


@dataclass(frozen=True)
class Job:
    """A planned run.

    Attributes:
        record: What it stands for.
        task: What a worker does.
        cost: Estimated work.
    """

    record: RunRecord
    task: CookTask
    cost: float
    needs: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Unique name."""
        return self.record.name


def plan(
    root: Path,
    plays: Sequence[str],
    kitchens: Sequence[str],
    recipes: Sequence[str],
    models: Sequence[str],
    seeds: Sequence[int],
    budget: Budget,
) -> list[Job]:
    """All runs: one for each cell, kind of play and block of seeds.

    Args:
        root: Folder of the experiment; every run gets a folder of its own in it.
        plays: Of `PLAYS`.
        kitchens: Names of layouts.
        recipes: Names of recipes.
        models: Names of partners.
        seeds: Seeds of the episodes.
        budget: How much to play.

    Raises:
        ConfigError: A name is unknown, or a seed is negative or given twice.
    """
    known = (plays, PLAYS), (kitchens, KITCHENS), (recipes, RECIPES), (models, MODELS)
    for given, names in known:
        for name in given:
            if name not in names:
                raise ConfigError(f"There is no {name!r} here. {nearest(name, names)}")
    if not seeds or min(seeds) < 0 or len(set(seeds)) != len(seeds):
        raise ConfigError(
            f"seeds are {list(seeds)}; expected different numbers >= 0, at least one."
        )
    root = root.resolve()
    blocks = [tuple(seeds[k : k + _BLOCK]) for k in range(0, len(seeds), _BLOCK)]
    jobs = []
    for (kitchen, recipe), play in product(CELLS, PLAYS):
        if kitchen not in kitchens or recipe not in recipes or play not in plays:
            continue
        teams = _teams(play, models)
        for block in blocks if teams else ():
            name = f"{kitchen}/{recipe}/{play}/{_label(models)}seeds-{'-'.join(map(str, block))}"
            record = RunRecord(name, kitchen, recipe, tuple(map(",".join, teams)), block)
            task = CookTask(root / name, kitchen, recipe, teams, block, budget.max_steps)
            cost = len(block) * sum(_AGENT_COST[len(team)] for team in teams)
            jobs.append(Job(record, task, cost))
    return jobs


def manifest(jobs: Sequence[Job], preset: str, budget: Budget, command: Sequence[str]) -> Manifest:
    """What the experiment's folder records about a plan.

    Args:
        jobs: The plan.
        preset: Name of the preset.
        budget: How much is played.
        command: Command line that makes it all again.
    """
    return Manifest(
        preset=preset,
        budget=asdict(budget),
        claims=budget.claims,
        seeds=tuple(sorted({seed for job in jobs for seed in job.record.seeds})),
        runs=tuple(job.record for job in jobs),
        command=shlex.join(command),
        departures=DEPARTURES,
        software=f"{EXPERIMENT} by prosocial {prosocial.__version__}",
    )


def default_seeds(count: int) -> tuple[int, ...]:
    """Seeds 1234 and following."""
    return tuple(range(FIRST_SEED, FIRST_SEED + count))


def _teams(play: str, models: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """Returns the teams of a kind of play."""
    if play == "adhoc":
        return tuple((one, two) for one, two in product(models, models) if one != two)
    return tuple((model,) * int(play.removeprefix("self")) for model in models)


def _label(models: Sequence[str]) -> str:
    """Returns what tells runs of some models from those of all."""
    return "" if tuple(models) == MODELS else f"{'+'.join(models)}/"
