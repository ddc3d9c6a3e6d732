"""Plays teams of cooks in one kitchen, and measures their episodes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from prosocial.agents.mind.delegation.needs import Needs
from prosocial.agents.partners import Partner, Population, make_partner
from prosocial.analysis.delegation.measures import shuffles
from prosocial.analysis.experiments import is_finished
from prosocial.envs.engine import Batch, World, build, world_seeds

EPISODES = "episodes.parquet"


@dataclass(frozen=True)
class CookTask:
    """Plays all teams of one cell with all seeds.

    Writes ``episodes.parquet``: one row per team and seed, see `play`.

    Attributes:
        folder: Where the table goes.
        kitchen: Name of the layout.
        recipe: Name of the recipes.
        teams: Names of partners, one for each agent.
        seeds: Seeds.
        max_steps: Steps of an episode.
    """

    folder: Path
    kitchen: str
    recipe: str
    teams: tuple[tuple[str, ...], ...]
    seeds: tuple[int, ...]
    max_steps: int

    def run(self) -> None:
        """Plays everything; it takes seconds, so an interrupted task begins anew."""
        parts = []
        for team in self.teams:
            world = build(
                "kitchen",
                layout=self.kitchen,
                recipes=self.recipe,
                num_agents=len(team),
                max_steps=self.max_steps,
            )
            parts.append(play(world, team, self.seeds))
        self.folder.mkdir(parents=True, exist_ok=True)
        temporary = self.folder / f".{EPISODES}.tmp"
        pl.concat(parts).write_parquet(temporary)
        temporary.replace(self.folder / EPISODES)
        status = self.folder / ".status.json.tmp"
        status.write_text(json.dumps({"state": "finished"}) + "\n", encoding="utf-8")
        status.replace(self.folder / "status.json")

    def progress(self) -> float:
        """0 until it is finished, then 1."""
        return float(is_finished(self.folder))


def populate(team: Sequence[str]) -> Partner:
    """Returns a partner for each agent, each with a memory and random numbers of its own."""
    return Population([make_partner(name) for name in team])


def play(world: World, team: Sequence[str], seeds: Sequence[int]) -> pl.DataFrame:
    """Plays one episode for each seed.

    Args:
        world: A configured kitchen.
        team: Names of partners, one for each agent.
        seeds: Seeds; each episode depends on its own alone.

    Returns:
        One row per seed: agents (N), team (names with commas), seed; time_steps (the number of the
        step that delivered the last dish, ``max_steps`` without), completion (largest share of
        the sub-tasks that was done), shuffles (mean over the agents, see `measures.shuffles`),
        collisions (blocked walks of all agents) and progress (completion after each step, until
        the end).
    """
    batch = Batch(world, len(seeds))  # who has ended goes on, unseen
    batch.reset()
    batch.state["seed"] = [int(world_seeds(seed, 0, 1)[0]) for seed in seeds]
    cooks, needs = populate(team), Needs(world)
    cooks.reset(0)
    length = np.zeros(len(seeds), np.int64)
    collisions = np.zeros(len(seeds), np.int64)
    held, actions, done = [batch.state["held"].copy()], [], [np.zeros(len(seeds))]
    playing = np.ones(len(seeds), np.bool_)
    while playing.any():
        chosen = cooks.act(batch)
        batch.step(chosen)
        after = batch.after()
        left = needs.look(after)[2]
        share = np.where(left < 0, 0.0, 1.0 - left / needs.total)
        done.append(np.where(playing, np.maximum(share, done[-1]), done[-1]))
        collisions += playing * batch.events["collide"].sum(1).astype(np.int64)
        length += playing
        actions.append(chosen)
        held.append(after["held"].copy())
        playing &= ~batch.done
    hands, moves, share = np.array(held), np.array(actions), np.array(done)
    rows = []
    for k, seed in enumerate(seeds):
        end = int(length[k])
        rows.append(
            {
                "agents": len(team),
                "team": ",".join(team),
                "seed": int(seed),
                "time_steps": end,
                "completion": float(share[end, k]),
                "shuffles": float(shuffles(hands[: end + 1, k], moves[:end, k]).mean()),
                "collisions": int(collisions[k]),
                "progress": share[1 : end + 1, k].tolist(),
            }
        )
    return pl.DataFrame(rows)
