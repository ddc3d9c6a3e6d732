"""Writes the folder of `commons-internalization` without training anything; `Story` bends it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from prosocial.analysis.commons.manifest import (
    CONDITIONS,
    FORKS,
    Manifest,
    RunRecord,
    write_manifest,
)

WORLDS, EPISODES, ITERATIONS = 4, 10, 20
AGENTS = {"harvest": 7, "clean_up": 7, "fishery": 5}
LENGTH = {"harvest": 1000, "clean_up": 1000, "fishery": 12}
PHASE = {world: WORLDS * EPISODES * length for world, length in LENGTH.items()}
SOCIAL = {"harvest": 420.0, "clean_up": 300.0, "fishery": 600.0}
SELFISH = {"harvest": 70.0, "clean_up": 20.0, "fishery": 110.0}
TESTS = ("same", "closed", "partnership", "agents_4", "agents_10", "greedy_newcomer")


@dataclass(frozen=True)
class Story:
    """What the made-up learners do.

    Attributes:
        none_half_life: Share of the phase in which None loses half of what was added.
        isr_end: Retention of the ISR at the end.
        caregiver_end: Retention with the caregiver kept.
        social: Factor on the socialized level.
        isr_transfer: Share of the caregiver's advantage that the ISR keeps in transfer tests.
        newcomer: Share of its return that the ISR keeps beside a greedy newcomer.
        zapping: Steps that a selfish agent is timed out in an episode.
    """

    none_half_life: float = 0.15
    isr_end: float = 0.95
    caregiver_end: float = 1.0
    social: float = 1.0
    isr_transfer: float = 0.9
    newcomer: float = 0.7
    zapping: int = 100


def write_commons(
    root: Path,
    worlds: tuple[str, ...] = ("harvest", "clean_up", "fishery"),
    seeds: tuple[int, ...] = (1, 2, 3),
    story: Story | None = None,
    claims: bool = True,
    unfinished: tuple[str, ...] = (),
) -> Path:
    """Writes manifest and tables of all runs; returns the folder."""
    story = story or Story()
    runs = []
    for world in worlds:
        for seed in seeds:
            social = f"{world}/social/seed-{seed}"
            for condition in CONDITIONS:
                parent = social if condition in FORKS else None
                name = f"{world}/{condition}/seed-{seed}"
                runs.append(RunRecord(name, "train", world, condition, seed, parent))
            runs.append(RunRecord(f"{world}/transfer/seed-{seed}", "transfer", world, "", seed))
    write_manifest(root, manifest(runs, worlds, seeds, claims))
    for number, run in enumerate(runs):
        folder = root / run.name
        folder.mkdir(parents=True)
        rng = np.random.default_rng(number)
        if run.kind == "train":
            _write_life(folder, run, story, rng)
        else:
            _write_transfer(folder, run, story, rng)
        state = "running" if run.name in unfinished else "finished"
        (folder / "status.json").write_text(json.dumps({"state": state}))
        start = {"version": "1.2.3", "git_commit": "abc", "machine": "mine"}
        (folder / "provenance.json").write_text(json.dumps({"starts": [start]}))
    return root


def manifest(runs, worlds, seeds, claims=True) -> Manifest:
    return Manifest(
        preset="quick",
        budget={"steps": dict(PHASE)},
        claims=claims,
        worlds=tuple(worlds),
        seeds=tuple(seeds),
        runs=tuple(runs),
        command="prosocial reproduce commons-internalization --output /mine",
        departures=("Seeds are few.",),
        bounds={"harvest": (64.0, 0.91)},
    )


def level_of(world: str, condition: str, phase: int, share: float, story: Story) -> float:
    """Collective return at a moment, ``share`` of the phase."""
    low, high = SELFISH[world], SOCIAL[world] * story.social
    if condition == "selfish":
        return low
    if condition == "social":
        return low + (high - low) * min(1.0, 2.0 * share)
    if condition == "none":
        return low + (high - low) * 0.5 ** (share / story.none_half_life)
    end = story.isr_end if condition == "isr" else story.caregiver_end
    return low + (high - low) * (1.0 + (end - 1.0) * share)


def _write_life(folder: Path, run: RunRecord, story: Story, rng) -> None:
    names = ["socialization_without", "autonomy"] if run.condition == "selfish" else ["autonomy"]
    names = ["socialization"] if run.condition == "social" else names
    first = 0 if run.condition in ("social", "selfish") else 1
    metrics, episodes, length = [], [], PHASE[run.world]
    ability = rng.normal(1.0, 0.03)
    for phase, name in enumerate(names, start=first):
        place = {"phase": name, "phase_index": phase}
        for number in range(1, ITERATIONS + 1):
            steps = number * length // ITERATIONS
            metrics.append({**place, "iteration": phase * ITERATIONS + number,
                            "env_steps": phase * length + steps, "phase_steps": steps})  # fmt: skip
        for world in range(WORLDS):
            episode, time = 0, 0
            while True:
                share = (time + 0.5 * LENGTH[run.world]) * WORLDS / length
                level = level_of(run.world, run.condition, phase, share, story)
                total = level * ability * rng.normal(1.0, 0.02)
                zapping = story.zapping if run.condition == "selfish" else 0
                rows = _episode(run.world, total, AGENTS[run.world], zapping, rng)
                time += rows[0]["length"]
                if time * WORLDS > length:
                    break  # the phase is over before the episode
                key = {"world_index": world, "episode": episode}
                episodes += [{**place, **key, **row} for row in rows]
                episode += 1
    pl.DataFrame(metrics).write_parquet(folder / "metrics.parquet")
    pl.DataFrame(episodes).sample(fraction=1.0, shuffle=True, seed=1).write_parquet(
        folder / "episodes.parquet"
    )


def _write_transfer(folder: Path, run: RunRecord, story: Story, rng) -> None:
    rows = []
    for condition in ("none", "isr", "caregiver", "selfish"):
        for test in TESTS:
            agents = int(test.removeprefix("agents_")) if "_" in test and test[-1].isdigit() else 0
            agents = agents or AGENTS[run.world]
            low, high = SELFISH[run.world], SOCIAL[run.world] * story.social
            share = {"none": 0.1, "isr": story.isr_transfer, "caregiver": 1.0, "selfish": 0.0}
            total = low + (high - low) * share[condition]
            newcomer = test == "greedy_newcomer"
            if newcomer:
                total *= story.newcomer if condition == "isr" else 0.3
            for episode in range(3):
                made = _episode(run.world, total * rng.normal(1.0, 0.02), agents, 0, rng)
                for agent, row in enumerate(made):
                    partner = "greedy" if newcomer and agent == agents - 1 else "learner"
                    key = {"condition": condition, "test": test, "world_index": 0}
                    rows.append({**key, "episode": episode, **row, "partner": partner})
    pl.DataFrame(rows).write_parquet(folder / "episodes.parquet")


def _episode(world: str, total: float, agents: int, zapping: int, rng) -> list[dict]:
    """Rows of one episode whose agents together earn about ``total``."""
    parts = np.maximum(0.0, rng.normal(total / agents, 0.05 * total / agents, agents)).round()
    full = SOCIAL[world]
    length = LENGTH[world] if world != "fishery" else max(1, min(12, round(12 * total / full)))
    late = 0.5 * length * min(1.0, total / full)
    rows = []
    for agent, part in enumerate(parts):
        row = {
            "agent": agent, "length": length, "env_return": part, "social_return": 0.0,
            "reward_steps": part, "reward_time": part * late, "partner": "learner",
            "stock_mean": 64.0 * total / full, "stock_final": 60.0 * total / full,
        }  # fmt: skip
        if world == "fishery":
            row |= {"obtained": part, "over": 0 if total > 0.8 * full else length}
        else:
            neighbours = 3.0 if total > 0.8 * full else 0.5
            row |= {
                "ate": part, "ate_neighbours": part * neighbours, "away": zapping,
                "violations": 0.0 if neighbours > 1.0 else part,
            }  # fmt: skip
        if world == "clean_up":
            row |= {"cleaned": 0.5 * part}
        rows.append(row)
    return rows
