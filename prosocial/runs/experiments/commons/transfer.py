"""Finished learners in worlds and among partners that they were not trained with."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from prosocial.agents.scenarios.scenario import FOCAL, Scenario
from prosocial.analysis.experiments import is_finished
from prosocial.runs.experiments.commons.budgets import Budget
from prosocial.runs.experiments.commons.lives import COMMONS


@dataclass(frozen=True)
class Test:
    """A transfer test.

    Attributes:
        learners: Number of learners.
        newcomer: Name of a partner in one more slot, the last; None for none.
        config: Options of the world that differ from those of the training.
    """

    __test__ = False  # not a test of pytest's

    learners: int
    newcomer: str | None = None
    config: dict[str, Any] = field(default_factory=dict)

    def scenario(self, name: str, world: str, budget: Budget) -> Scenario:
        """Returns the test as a scenario of one of `COMMONS`."""
        commons = COMMONS[world]
        return Scenario(
            name=f"{world}_{name}",
            world=commons.world,
            config={**commons.options(budget), **self.config},
            slots=(FOCAL,) * self.learners + ((self.newcomer,) if self.newcomer else ()),
            tags=("transfer",),
            description=f"learners of {commons.world} in test {name}",
        )


TESTS: dict[str, dict[str, Test]] = {
    "harvest": {
        "same": Test(7),
        "closed": Test(7, config={"layout": "closed"}),
        "partnership": Test(7, config={"layout": "partnership"}),
        "agents_4": Test(4),
        "agents_10": Test(10),
        "greedy_newcomer": Test(6, "greedy_harvester"),
    },
    "clean_up": {
        "same": Test(7),
        "agents_4": Test(4),
        "agents_10": Test(10),
        "greedy_newcomer": Test(6, "free_rider"),
    },
    "fishery": {
        "same": Test(5),
        "agents_3": Test(3),
        "agents_8": Test(8),
        # GovSim's perturbation: four villagers, and a fifth who comes after 3 of 15 months.
        "greedy_newcomer": Test(4, "greedy_demand", {"newcomer_round": 3, "max_rounds": 15}),
    },
}
"""Transfer tests by world. In Melting Pot's preset "closed" and "partnership" also have slower
regrowth from few neighbours and longer time-outs than "open"."""


@dataclass(frozen=True)
class TransferTask:
    """Plays the finished learners of all conditions of a seed in every transfer test.

    Writes ``episodes.parquet``: one row per condition, test, episode and agent.

    Attributes:
        folder: Where the table goes.
        runs: Run folder by condition.
        world: One of `COMMONS`.
        budget: Length and number of the episodes.
        seed: Of worlds and partners.
    """

    folder: Path
    runs: dict[str, Path]
    world: str
    budget: Budget
    seed: int

    def run(self) -> None:
        """Plays everything; it takes about a minute, so an interrupted task begins anew."""
        import torch

        from prosocial.agents.partners.policy import PolicyPartner
        from prosocial.agents.scenarios import evaluate_scenario

        torch.set_num_threads(1)
        parts = []
        for condition, run in self.runs.items():
            learners = PolicyPartner.load(run, greedy=False)
            for name, test in TESTS[self.world].items():
                rows = evaluate_scenario(
                    test.scenario(name, self.world, self.budget),
                    learners,
                    episodes=self.budget.transfer_episodes,
                    seed=self.seed,
                    num_worlds=self.budget.transfer_episodes,
                )
                labels = {"condition": condition, "test": name}
                count = len(rows["episode"])
                columns = {k: np.full(count, v) for k, v in labels.items()} | rows
                parts.append(pl.DataFrame({k: columns[k] for k in columns if k != "scenario"}))
        self.folder.mkdir(parents=True, exist_ok=True)
        _replace(self.folder / "episodes.parquet", pl.concat(parts, how="diagonal_relaxed"))
        status = self.folder / ".status.json.tmp"
        status.write_text(json.dumps({"state": "finished"}) + "\n", encoding="utf-8")
        status.replace(self.folder / "status.json")

    def progress(self) -> float:
        """0 until it is finished, then 1."""
        return float(is_finished(self.folder))


def _replace(path: Path, frame: pl.DataFrame) -> None:
    temporary = path.with_name(f".{path.name}.tmp")
    frame.write_parquet(temporary)
    temporary.replace(path)
