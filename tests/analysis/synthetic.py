"""Writes an experiment folder as `prosocial reproduce` leaves it, without training anything.

Curves and scores have the published shapes and levels, so that the checks hold; `Story` bends them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from prosocial.analysis.value_internalization import published
from prosocial.analysis.value_internalization.records import RunRecord, write_manifest
from prosocial.runs.experiments.budgets import ROLLOUT_STEPS, Budget
from prosocial.runs.experiments.tasks import FitTask, TrainTask
from prosocial.runs.experiments.value_internalization import FIGURES, Job, manifest, plan

SOCIAL_GOALS = {"train3": 2.6, "train1": 3.0, "x": 1.6, "helping": 4.0}
EPISODE_STEPS = {"helping": 100}
PARENT_STEPS = {"helping": 241_664}


@dataclass(frozen=True)
class Story:
    """What the made-up learners do.

    Attributes:
        none_half_life: Steps in which None loses half of its behaviour.
        isr_end: Goals of the ISR at the end, over the socialized level.
        oracle_end: The same of the oracle.
        isr_bonus: Added to the ISR's published returns in held-out worlds.
        hacked_fall: Share of its goals that an ISR of 10k steps loses on layout x.
        false_positives: Of an ISR of 40k steps and more on every layout.
        error_bump: Factor on the error of the ISR fitted on 30k steps.
        random_help: Caregiver goals beside a random learner.
        forward_better: States in which planning moves forward.
    """

    none_half_life: float = 20_000.0
    isr_end: float = 1.05
    oracle_end: float = 1.08
    isr_bonus: float = 0.0
    hacked_fall: float = 0.6
    false_positives: int = 0
    error_bump: float = 1.0
    random_help: float = 0.3
    forward_better: int = 0


def write_experiment(
    root: Path,
    figures: tuple[str, ...] = FIGURES,
    seeds: tuple[int, ...] = published.SEEDS,
    budget: Budget | None = None,
    story: Story | None = None,
    unfinished: tuple[str, ...] = (),
) -> Path:
    """Writes the tables of all runs of a plan; returns the folder."""
    budget, story = budget or Budget(), story or Story()
    jobs = plan(root, figures, seeds, budget)
    write_manifest(
        root, manifest(jobs, "paper", figures, seeds, budget, ["prosocial", "reproduce"])
    )
    for number, job in enumerate(jobs):
        write_job(job, number, story, "running" if job.name in unfinished else "finished")
    return root


def write_job(job: Job, number: int, story: Story, state: str = "finished") -> None:
    """Writes the tables of one run; `number` seeds its noise."""
    folder = job.task.folder
    folder.mkdir(parents=True)
    rng = np.random.default_rng(number)
    if isinstance(job.task, TrainTask):
        _write_life(folder, job, job.task, story, rng)
    elif isinstance(job.task, FitTask):
        _write_fits(folder, job.task, story, rng)
    else:
        _write_levels(folder, story)
    (folder / "status.json").write_text(json.dumps({"state": state}))


def _write_life(folder: Path, job: Job, task: TrainTask, story: Story, rng) -> None:
    record = job.record
    per_episode = EPISODE_STEPS.get(record.setting, 20)
    episodes = ROLLOUT_STEPS // per_episode
    env_steps = 0 if record.parent is None else PARENT_STEPS.get(record.setting, 120_832)
    rows = []
    for index, phase in enumerate(task.config.phases):
        for k in range(-(-phase.steps // ROLLOUT_STEPS)):
            env_steps += ROLLOUT_STEPS
            steps = (k + 1) * ROLLOUT_STEPS
            goals, utility = _goals(record, env_steps, steps, story)
            noisy = max(0.0, goals + rng.normal(0.0, 0.4 / np.sqrt(episodes)))
            rows.append(
                {
                    "phase": phase.name,
                    "phase_index": index + (record.parent is not None),
                    "iteration": env_steps // ROLLOUT_STEPS - 1,
                    "env_steps": env_steps,
                    "phase_steps": steps,
                    "episodes": episodes,
                    "goals_per_episode": noisy,
                    "env_return": -0.14 * goals - 0.01,
                    "social_return": 0.4 * goals if record.condition == "social" else 0.0,
                    "internal_return": 0.4 * goals if record.condition == "isr" else 0.0,
                    "utility_return": utility + rng.normal(0.0, 0.01),
                }
            )
    pl.DataFrame(rows).write_parquet(folder / "metrics.parquet")
    worlds = task.config.evaluation.worlds
    tables = [_evaluation(record, world, env_steps, story, rng) for world in worlds]
    if tables:
        pl.concat(tables).write_parquet(folder / "evaluations.parquet")


def _goals(record: RunRecord, env_steps: int, steps: int, story: Story) -> tuple[float, float]:
    """Goals per episode and return with ISR at a moment."""
    level = SOCIAL_GOALS.get(record.setting, 2.5)
    if record.condition == "social":
        return level * (1.0 - np.exp(-env_steps / 25_000)), 0.0
    if record.condition == "none":
        return level * 0.5 ** (steps / story.none_half_life), 0.0
    if record.condition == "frozen":
        return level, 0.0
    if record.condition == "oracle":
        return level * (1.0 + (story.oracle_end - 1.0) * min(1.0, steps / 50_000)), 0.0
    if record.setting == "x" and (record.isr_steps or 0) < 20_000:
        left = 1.0 - story.hacked_fall * min(1.0, steps / 80_000)
        return level * left, 0.1 + 0.3 * steps / 240_000
    goals = level * (1.0 + (story.isr_end - 1.0) * min(1.0, steps / 50_000))
    return goals, 0.25 * goals


def _evaluation(record: RunRecord, world: str, env_steps: int, story: Story, rng) -> pl.DataFrame:
    known = {"ood5": published.RETURNS_4B, **published.RETURNS_5}.get(world, {})
    score = known.get(record.condition)
    mean, sd = (score.mean, score.sd) if score else (0.0, 0.1)
    mean += story.isr_bonus if record.condition == "isr" else 0.0
    returns = rng.normal(mean + rng.normal(0.0, 0.1 * sd), 0.05, size=100)
    return pl.DataFrame(
        {
            "phase": "autonomy",
            "phase_index": 1,
            "env_steps": env_steps,
            "world": world,
            "episode": np.arange(100),
            "env_return": returns - 1.0,
            "social_return": np.ones(100),
            "return": returns,
            "goals": 2.0 + returns,
        }
    )


def _write_fits(folder: Path, task: FitTask, story: Story, rng) -> None:
    known = {row.steps: row.mean for row in published.ERRORS_3B}
    fits, audits, curves = [], [], []
    for fit in task.fits:
        if fit.curve:
            updates = np.arange(10_875)
            holdout = np.where((updates + 1) % 100 == 0, 0.08 * np.exp(-updates / 900), np.nan)
            curves.append(
                pl.DataFrame(
                    {
                        "steps": fit.steps,
                        "update": updates,
                        "train_loss": 0.08 * np.exp(-updates / 800) * rng.exponential(size=10_875),
                        "holdout_loss": pl.Series(holdout).fill_nan(None),
                    }
                )
            )
            continue
        error = known.get(fit.steps, 1e-4) * rng.lognormal(0.0, 0.2)
        error *= story.error_bump if fit.steps == 30_000 else 1.0
        samples = int(0.9 * fit.transitions)
        fits.append({"steps": fit.steps, "samples": samples, "rewarded": 50, "holdout_mse": error})
        for layout in task.layouts:
            wrong = story.false_positives if fit.steps >= 40_000 else 500_000 // fit.steps
            audits.append(
                {
                    "steps": fit.steps,
                    "layout": layout,
                    "true_positives": 40,
                    "false_positives": wrong,
                    "false_negatives": wrong // 10,
                    "true_negatives": 4500,
                    "largest_unapproved": 0.1,
                }
            )
    pl.DataFrame(fits).write_parquet(folder / "fits.parquet")
    pl.DataFrame(audits).write_parquet(folder / "audits.parquet")
    if curves:
        pl.concat(curves).write_parquet(folder / "curves.parquet")


def _write_levels(folder: Path, story: Story) -> None:
    goals = {"idle": 0.0, "random": story.random_help, "scripted_helper": 5.2}
    levels = [
        {"world": "helping", "policy": name, "episodes": 1000, "goals": level}
        for name, level in goals.items()
    ]
    plans = [
        {"layout": name, "states": 1520, "forward_better": story.forward_better, "forward_tied": 0}
        for name in published.LAYOUTS
    ]
    pl.DataFrame(levels).write_parquet(folder / "levels.parquet")
    pl.DataFrame(plans).write_parquet(folder / "plans.parquet")
