"""Writes the folder of a teaching experiment whose numbers are known beforehand."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import polars as pl

from prosocial.analysis.teaching.manifest import (
    CAREGIVERS,
    EXPERIMENT,
    FAMILIAR,
    HACKERS,
    HELD_OUT,
    LAYOUTS,
    LEARNERS,
    Manifest,
    RunRecord,
    write_manifest,
)

STEPS = 2048
SOCIAL, ALONE = 40, 20  # iterations of the phases
EPISODES = 100  # per iteration
AMOUNT = 0.4


@dataclass
class Story:
    """What happens in the lives.

    Attributes:
        praised: Share of the goals praised by the teaching caregiver and its control.
        goals: Goals per episode at the end of the socialization, by caregiver.
        kept: Share of them that is left at the end of the autonomy, by learner.
        needed: Feedbacks from which on audits are clean, by learner.
        noisy_error: Error after noisy feedback, by learner.
        fall: Share of the goals on layout x that the regression loses.
        leak: Internal reward per episode without goals, by learner on layout x.
    """

    praised: float = 0.4
    goals: dict[str, float] = field(
        default_factory=lambda: {"constant": 2.5, "teaching": 2.5, "random": 2.0}
    )
    kept: dict[str, float] = field(
        default_factory=lambda: {"none": 0.1, "regression": 1.0, "bayesian": 1.04}
    )
    needed: dict[str, int] = field(
        default_factory=lambda: {"regression": 100, "bayesian": 2, "bayesian_blind": 10**9}
    )
    noisy_error: dict[str, float] = field(
        default_factory=lambda: {"regression": 0.05, "bayesian": 0.01, "bayesian_blind": 0.08}
    )
    fall: float = 0.5
    leak: dict[str, float] = field(
        default_factory=lambda: {"regression": 0.5, "bayesian": 0.0, "bayesian_blind": 0.1}
    )


def write_teaching(
    folder: Path,
    story: Story | None = None,
    seeds: tuple[int, ...] = (1, 2, 3),
    claims: bool = True,
    unfinished: tuple[str, ...] = (),
) -> Path:
    """Writes the experiment; returns its folder."""
    story = story or Story()
    runs = []
    for seed in seeds:
        rng = np.random.default_rng(seed)
        runs.append(_life(folder, story, rng, "constant", "social", seed))
        for caregiver in CAREGIVERS:
            runs += [_life(folder, story, rng, caregiver, learner, seed) for learner in LEARNERS]
        runs += [_life(folder, story, rng, "hacking", learner, seed) for learner in HACKERS]
        runs.append(_values(folder, story, seed))
    for name in unfinished:
        (folder / name / "status.json").write_text('{"state": "running"}')
    manifest = Manifest(
        preset="test",
        budget={"socialization": SOCIAL * STEPS, "autonomy": ALONE * STEPS, "few": 10_240},
        claims=claims,
        seeds=seeds,
        runs=tuple(runs),
        command="prosocial reproduce teaching-minds --output /somewhere/else",
        departures=("a remark",),
    )
    write_manifest(folder, manifest)
    return folder


def _life(
    folder: Path, story: Story, rng: np.random.Generator, caregiver: str, learner: str, seed: int
) -> RunRecord:
    continues = caregiver in ("constant", "hacking") and learner != "social"
    parent = f"constant/social/seed-{seed}" if continues else None
    name = f"{caregiver}/{learner}/seed-{seed}"
    level = story.goals.get(caregiver, 2.0)
    rows = [] if continues else _phase(story, rng, "socialization", caregiver, learner, level)
    if learner != "social":
        rows += _phase(story, rng, "autonomy", caregiver, learner, level)
    for place, row in enumerate(rows):
        row["env_steps"] = (place + 1 + (SOCIAL if continues else 0)) * STEPS
    _write(folder / name, "metrics", rows)
    kept = story.kept.get(learner, 1.0)
    _write(
        folder / name,
        "evaluations",
        [
            {"phase": phase, "world": world, "goals": 2.0, "return": kept * 0.5 + 0.01 * seed}
            for phase in ("socialization", "autonomy")
            for world in (FAMILIAR, *HELD_OUT)
        ],
    )
    return RunRecord(name, "train", caregiver, learner, seed, parent)


def _phase(
    story: Story, rng: np.random.Generator, phase: str, caregiver: str, learner: str, level: float
) -> list[dict]:
    social = phase == "socialization"
    count = SOCIAL if social else ALONE
    ramp = np.minimum(1, np.arange(1, count + 1) / (0.6 * count))
    goals = level * ramp if social else level * (1 + (story.kept.get(learner, 1.0) - 1) * ramp)
    leak = 0.0
    if caregiver == "hacking":
        fall = story.fall if learner == "regression" else 0.0
        goals = 2.0 * (1 - fall * ramp) * (0.3 if learner == "bayesian_blind" else 1.0)
        leak = story.leak[learner] * ramp
    goals = goals * (1 + 0.01 * rng.standard_normal())
    share = 1.0 if caregiver == "constant" else np.where(ramp < 1, 1.0, story.praised)
    praise = AMOUNT * goals * share if social else np.zeros(count)
    internal = np.zeros(count) if social or learner == "none" else AMOUNT * goals + leak
    columns = {
        "goals_per_episode": goals,
        "social_return": praise,
        "internal_return": internal,
        "utility_return": praise + internal - 0.2,
    }
    zeros = ("isr_false_positives", "isr_false_negatives", "isr_false_positive_reward")
    fixed = {"phase": phase, "phase_index": 0 if social else 1, "episodes": EPISODES}
    fixed |= dict.fromkeys(zeros, 0) | {"env_return": -0.2}
    return [
        {**fixed, "phase_steps": (k + 1) * STEPS, **{n: float(c[k]) for n, c in columns.items()}}
        for k in range(count)
    ]


def _values(folder: Path, story: Story, seed: int) -> RunRecord:
    name = f"values/seed-{seed}"
    fits = [
        {
            "learner": learner,
            "feedback": feedback,
            "feedbacks": count,
            "transitions": 50 * count,
            "holdout_mse": 0.01,
            "balanced_mse": story.noisy_error[learner] if feedback == "noisy" else 0.1 / count,
            "false_positives": 0,
            "false_negatives": 0 if count >= story.needed[learner] else 3,
            "false_positive_rate": 0.0,
            "false_negative_rate": 0.0 if count >= story.needed[learner] else 0.1,
            "leaked_share": 0.0,
        }
        for learner in HACKERS
        for feedback in ("clean", "noisy")
        for count in (1, 2, 10, 100, 1000)
    ]
    pairs = [(c, n) for c in CAREGIVERS for n in LEARNERS if n != "none"]
    pairs += [("hacking", n) for n in HACKERS]
    counts = {"true_positives": 40, "false_positives": 2, "false_negatives": 1}
    audits = [
        {"caregiver": caregiver, "learner": learner, "layout": layout, **counts,
         "true_negatives": 4000, "largest_unapproved": 0.1, "smallest_approved": 0.3,
         "false_positive_share": 0.0, "leaked_share": 0.2}
        for caregiver, learner in pairs
        for layout in LAYOUTS
    ]  # fmt: skip
    _write(folder / name, "fits", fits)
    _write(folder / name, "audits", audits)
    return RunRecord(name, "values", "", "", seed)


def _write(folder: Path, table: str, rows: list[dict]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    pl.DataFrame(rows).write_parquet(folder / f"{table}.parquet")
    (folder / "status.json").write_text(json.dumps({"state": "finished"}))


__all__ = ["EXPERIMENT", "Story", "write_teaching"]
