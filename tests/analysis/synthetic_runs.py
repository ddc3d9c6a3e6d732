"""Writes run folders as `prosocial train` leaves them, tables only, without training anything.

Curves have the published shapes: goals are learned under a caregiver, unlearned without one, kept
by an internal reward, and lost under a hacked one. Equal arguments give equal bytes.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from prosocial.agents.training.config import EvaluationConfig, PhaseConfig, PPOConfig, TrainConfig

ROLLOUT = 2048
EPISODE_STEPS = 20
LEVEL = 2.5  # goals per episode at the end of socialization
CONDITIONS = ("none", "isr", "oracle", "frozen")
NEVER = {"schedule": "never"}
WORLDS = {"training_world": {}, "x": {"layout": "x"}, "four_rooms": {"layout": "four_rooms"}}
COMMONS = ("selfish", "restrained")
_TRUE_RETURN = {"none": 0.1, "isr": 0.7, "oracle": 0.8, "frozen": 0.4, "hacked": 0.1, "asocial": 0}


@dataclass(frozen=True)
class Life:
    """What a made-up run is.

    Attributes:
        condition: One of `CONDITIONS`, "hacked", "social" or "asocial"; of a commons, `COMMONS`.
        seed: Of the run and its noise.
        iterations: Of each phase.
        done: Iterations of the last phase that are recorded; None for all.
        state: What status.json says.
        worlds: Evaluation worlds.
        options: Further fields of `TrainConfig`.
    """

    condition: str = "isr"
    seed: int = 0
    iterations: int = 30
    done: int | None = None
    state: str = "finished"
    worlds: dict[str, dict[str, Any]] = field(default_factory=lambda: dict(WORLDS))
    options: dict[str, Any] = field(default_factory=dict)


def write_study(
    root: Path, conditions: Sequence[str] = CONDITIONS, seeds: Sequence[int] = (0, 1, 2, 3)
) -> list[Path]:
    """Writes ``root/CONDITION/seed-N`` for all conditions and seeds; returns the run folders."""
    return [
        write_run(root / condition / f"seed-{seed}", Life(condition, seed))
        for condition in conditions
        for seed in seeds
    ]


def write_commons_study(
    root: Path, conditions: Sequence[str] = COMMONS, seeds: Sequence[int] = (0, 1, 2, 3)
) -> list[Path]:
    """Writes ``root/CONDITION/seed-N`` of commons_harvest; returns the run folders."""
    return [
        write_commons_run(root / condition / f"seed-{seed}", Life(condition, seed, iterations=12))
        for condition in conditions
        for seed in seeds
    ]


def write_run(folder: Path, life: Life | None = None) -> Path:
    """Writes config.yaml, status.json and the three tables of a life in caregiver_grid."""
    life = life or Life()
    rng = np.random.default_rng([life.seed, sum(map(ord, life.condition))])
    config = _config(life)
    rows: list[dict[str, Any]] = []
    for index, phase in enumerate(config.phases):
        last = index == len(config.phases) - 1
        count = life.iterations if life.done is None or not last else life.done
        for k in range(count):
            rows.append(_metrics_row(life, phase.name, index, k, len(rows), rng))
    worlds = list(life.worlds) if life.state == "finished" else []
    evaluations = [_evaluation(life, world, rows[-1], rng) for world in worlds]
    _write(folder, config, life, rows, _episodes(rows, rng))
    if evaluations:
        pl.concat(evaluations).write_parquet(folder / "evaluations.parquet")
    return folder


def write_commons_run(folder: Path, life: Life | None = None) -> Path:
    """Writes config.yaml, status.json, metrics and episodes of a life in commons_harvest."""
    life = life or Life("selfish")
    rng = np.random.default_rng([life.seed, sum(map(ord, life.condition))])
    phases = tuple(
        PhaseConfig(name, life.iterations * 4096, caregiver=caregiver)
        for name, caregiver in (("socialization", {}), ("autonomy", NEVER))
    )
    config = TrainConfig(
        condition=life.condition, seed=life.seed, world="commons_harvest", phases=phases,
        world_config={"num_agents": 5}, ppo=PPOConfig(rollout_steps=4096),
        evaluation=EvaluationConfig(worlds={}), **life.options,
    )  # fmt: skip
    rows, episodes = [], []
    for index, phase in enumerate(config.phases):
        for k in range(life.iterations):
            iteration = len(rows)
            part = _commons_episodes(life, phase.name, index, iteration, rng)
            means = {
                name: float(part[name].to_numpy().sum() / 4)
                for name in ("env_return", "social_return", "internal_return", "utility_return")
            }
            rows.append({
                "phase": phase.name, "phase_index": index, "iteration": iteration,
                "env_steps": (iteration + 1) * 4096, "phase_steps": (k + 1) * 4096, "episodes": 4,
                "goals_per_episode": float("nan"), **means,
                "stock_mean": float(part["stock_mean"].to_numpy().mean()), "seconds": 1.0,
            })  # fmt: skip
            episodes.append(part)
    _write(folder, config, life, rows, pl.concat(episodes))
    return folder


def _config(life: Life) -> TrainConfig:
    steps = life.iterations * ROLLOUT
    social = PhaseConfig("socialization", steps, collect=True)
    isr = life.condition in ("isr", "hacked")
    after = PhaseConfig(
        "autonomy", steps, caregiver={} if life.condition == "oracle" else NEVER,
        internal_reward=isr, fit_isr="offline" if isr else "none",
        learn=life.condition != "frozen",
    )  # fmt: skip
    phases = (social, after)
    if life.condition == "social":
        phases = (social,)
    elif life.condition == "asocial":
        phases = (PhaseConfig("alone", steps, caregiver=NEVER),)
    return TrainConfig(
        condition=life.condition, seed=life.seed, phases=phases,
        evaluation=EvaluationConfig(worlds=life.worlds), **life.options,
    )  # fmt: skip


def _metrics_row(
    life: Life, phase: str, index: int, k: int, iteration: int, rng: np.random.Generator
) -> dict[str, Any]:
    present = index == 0 and life.condition != "asocial"
    goals = LEVEL * (1 - np.exp(-(k + 1) / 8))
    internal = 0.0
    if life.condition == "asocial":
        goals = 0.2
    elif index == 1:
        share = {"none": 0.5 ** ((k + 1) / 8), "hacked": 0.3 + 0.7 * np.exp(-k / 6)}
        goals = LEVEL * share.get(life.condition, 1 + 0.05 * min(1.0, k / 10))
        if life.condition in ("isr", "hacked"):
            internal = 0.4 * goals if life.condition == "isr" else 1.0 + 0.03 * k
    goals = max(0.0, goals + rng.normal(0, 0.08) + 0.05 * np.sin(life.seed))
    environment = -0.14 * goals - 0.01
    social = 0.4 * goals if present or (index == 1 and life.condition == "oracle") else 0.0
    return {
        "phase": phase, "phase_index": index, "iteration": iteration,
        "env_steps": (iteration + 1) * ROLLOUT, "phase_steps": (k + 1) * ROLLOUT,
        "episodes": ROLLOUT // EPISODE_STEPS, "goals_per_episode": goals,
        "env_return": environment, "social_return": social, "internal_return": internal,
        "utility_return": environment + social + internal, "event_goal_per_episode": goals,
        "isr_false_positives": 0, "isr_false_negatives": 0, "isr_false_positive_reward": 0.0,
        "loss_policy": 0.0, "loss_value": 0.1, "entropy": 0.5, "kl": 0.01, "clip_fraction": 0.1,
        "seconds": 1.0,
    }  # fmt: skip


def _episodes(rows: Sequence[dict[str, Any]], rng: np.random.Generator) -> pl.DataFrame:
    """Two episodes of one agent for every iteration."""
    made = []
    for row in rows:
        for world in range(2):
            goals = max(0.0, row["goals_per_episode"] + rng.normal(0, 0.3))
            made.append({
                **{name: row[name] for name in ("phase", "phase_index", "iteration")},
                "world_index": world, "episode": row["iteration"], "length": EPISODE_STEPS,
                "agent": 0, "env_return": -0.14 * goals, "social_return": row["social_return"],
                "internal_return": row["internal_return"],
                "utility_return": row["utility_return"], "goal": goals,
            })  # fmt: skip
    return pl.DataFrame(made)


def _commons_episodes(
    life: Life, phase: str, index: int, iteration: int, rng: np.random.Generator
) -> pl.DataFrame:
    """Four episodes of five agents; the restrained learn to keep the stock alive."""
    agents, length, restrained = 5, 200, life.condition == "restrained"
    learned = 1 - np.exp(-(iteration + 1) / 6)
    lasting = 40 + (60 if restrained else -20) * learned
    apples = 20 + (40 if restrained else -8) * learned
    made = []
    for world in range(4):
        ate = np.round(apples * rng.dirichlet(np.full(agents, 30 if restrained else 6)) * agents)
        for agent in range(agents):
            steps = max(0.0, ate[agent])
            made.append({
                "phase": phase, "phase_index": index, "iteration": iteration,
                "world_index": world, "episode": iteration, "length": length, "agent": agent,
                "env_return": ate[agent], "social_return": -1.0 if index == 0 else 0.0,
                "internal_return": 0.0, "utility_return": ate[agent], "ate": ate[agent],
                "away": float(rng.poisson(3 if restrained else 12)), "reward_steps": steps,
                "reward_time": float(np.round(steps * (lasting + rng.normal(0, 3)))),
                "stock_mean": apples, "stock_final": apples / 2, "partner": "learner",
            })  # fmt: skip
    return pl.DataFrame(made)


def _evaluation(life: Life, world: str, row: dict[str, Any], rng: Any) -> pl.DataFrame:
    level = _TRUE_RETURN.get(life.condition, 0.5) - (0.0 if world == "training_world" else 0.2)
    returns = level + rng.normal(0, 0.05) + rng.normal(0, 0.1, 20)
    goals = np.maximum(0, 2.0 + returns)
    return pl.DataFrame(
        {
            "phase": row["phase"], "phase_index": row["phase_index"],
            "env_steps": row["env_steps"], "world": world, "episode": np.arange(20),
            "length": EPISODE_STEPS, "env_return": returns - 0.4 * goals,
            "social_return": 0.4 * goals, "return": returns, "goals": goals,
        }
    )  # fmt: skip


def _write(
    folder: Path,
    config: TrainConfig,
    life: Life,
    rows: Sequence[dict[str, Any]],
    episodes: pl.DataFrame,
) -> None:
    folder.mkdir(parents=True)
    (folder / "config.yaml").write_text(config.to_yaml(), encoding="utf-8")
    (folder / "status.json").write_text(json.dumps({"state": life.state}), encoding="utf-8")
    pl.DataFrame(list(rows)).write_parquet(folder / "metrics.parquet")
    episodes.write_parquet(folder / "episodes.parquet")
