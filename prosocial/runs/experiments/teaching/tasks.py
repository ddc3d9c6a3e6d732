"""What a worker process does for the runs of the teaching experiment that are no plain lives."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from prosocial.agents.internal_reward.config import ISRConfig
from prosocial.agents.training.config import TrainConfig
from prosocial.analysis.experiments import is_finished
from prosocial.analysis.teaching.manifest import LAYOUTS
from prosocial.runs.experiments.tasks import TrainTask
from prosocial.runs.experiments.teaching.budgets import Budget
from prosocial.runs.experiments.teaching.lives import isr

if TYPE_CHECKING:
    from prosocial.agents.internal_reward.data import SocialExperience
    from prosocial.agents.internal_reward.model import InternalReward

AMOUNT = 0.4
"""Social reward of one feedback (the norm ``reach_goal``)."""

MISS, FALSE_ALARM, NOISE_SD = 0.2, 0.01, 0.2
"""What the noisy feedback of the fits suffers from, as in `Caregiver`."""


@dataclass(frozen=True)
class YokedTask:
    """Trains the control of a teaching caregiver: present as often, but at random.

    In every step it is present with the share of goals that the teaching caregiver of the same seed
    and learner praised in its socialization, so that learners who do the same earn the same.

    Attributes:
        folder: Its run folder.
        config: The life; the presence of the first phase is filled in.
        source: Finished run folder of the teaching caregiver.
    """

    folder: Path
    config: TrainConfig
    source: Path

    def run(self) -> None:
        """Trains from the last checkpoint, or from nothing."""
        TrainTask(self.folder, self.yoked()).run()

    def yoked(self) -> TrainConfig:
        """Returns the life with the presence of the teaching caregiver."""
        first, *others = self.config.phases
        share = round(praised_share(self.source), 4)
        caregiver = {"schedule": "intermittent", "probability": share}
        first = dataclasses.replace(first, caregiver=caregiver)
        return dataclasses.replace(self.config, phases=(first, *others))

    def progress(self) -> float:
        """Share of the steps that are behind the last checkpoint, in [0, 1]."""
        return TrainTask(self.folder, self.config).progress()


def praised_share(run: Path) -> float:
    """Share of the goals in the first phase of a run for which the learner was praised."""
    from prosocial.agents.training.run_folder import read_table

    table = read_table(run, "episodes").filter(pl.col("phase_index") == 0)
    goals = float(table["goal"].sum())
    return float(table["social_return"].sum()) / (AMOUNT * goals) if goals else 1.0


@dataclass(frozen=True)
class ValuesTask:
    """Fits internal rewards to growing amounts of feedback, and audits those of finished lives.

    Writes ``fits.parquet`` and ``audits.parquet``.

    Attributes:
        folder: Where the tables go.
        social: Finished socialization with the constant caregiver; its experience is fitted.
        lives: Finished run folder by (caregiver, learner), those with an internal reward.
        budget: Amounts of feedback and number of updates.
        seed: Of fits and of the noise.
    """

    folder: Path
    social: Path
    lives: dict[tuple[str, str], Path]
    budget: Budget
    seed: int

    def run(self) -> None:
        """Makes all fits and audits; it takes about a minute, so it begins anew if interrupted."""
        import torch

        torch.set_num_threads(1)
        audits = [
            {"caregiver": caregiver, "learner": learner, **row}
            for (caregiver, learner), path in self.lives.items()
            for row in _audits(_internal_reward(path))
        ]
        self.folder.mkdir(parents=True, exist_ok=True)
        _write(self.folder / "fits.parquet", pl.DataFrame(self._fits()))
        _write(self.folder / "audits.parquet", pl.DataFrame(audits))
        status = self.folder / ".status.json.tmp"
        status.write_text(json.dumps({"state": "finished"}) + "\n", encoding="utf-8")
        status.replace(self.folder / "status.json")

    def progress(self) -> float:
        """0 until it is finished, then 1."""
        return float(is_finished(self.folder))

    def _fits(self) -> list[dict[str, Any]]:
        from prosocial.agents.internal_reward.fit import fit
        from prosocial.runs.experiments.tasks import read_social_experience

        experience = read_social_experience(self.social)
        true = experience.social_rewards
        given = {"clean": true, "noisy": noisy(true, self.seed)}
        rows = []
        for feedback, rewards in given.items():
            told = np.flatnonzero(rewards)
            for count in self.budget.feedbacks:
                if count > len(told):
                    break
                transitions = int(told[count - 1]) + 1
                part = _first(experience, rewards, transitions)
                for learner in ("regression", "bayesian", "bayesian_blind"):
                    model = fit(self._config(learner), part, self.seed).model
                    rows.append(
                        {
                            "learner": learner,
                            "feedback": feedback,
                            "feedbacks": count,
                            "transitions": transitions,
                            **_holdout(model, experience),
                            **_summed(_audits(model)),
                        }
                    )
        return rows

    def _config(self, learner: str) -> ISRConfig:
        """All transitions train, and networks get the same number of updates whatever they know."""
        return dataclasses.replace(
            isr(learner, self.budget),
            train_fraction=1.0,
            epochs=1_000_000,
            max_updates=self.budget.fit_updates,
        )


def noisy(rewards: np.ndarray, seed: int) -> np.ndarray:
    """Feedback as an unreliable caregiver would have given it to the same steps.

    Args:
        rewards: Reliable feedback, float32 (n,).
        seed: Of the noise.
    """
    rng = np.random.default_rng([seed, 1])
    chance, normal = rng.random(len(rewards)), rng.standard_normal(len(rewards))
    seen = np.where(rewards != 0, np.where(chance < MISS, 0, rewards), 0)
    imagined = np.where((rewards == 0) & (chance < FALSE_ALARM), AMOUNT, 0)
    said = seen + imagined
    return np.where(said != 0, said + NOISE_SD * normal, 0).astype(np.float32)


def _first(experience: SocialExperience, rewards: np.ndarray, count: int) -> SocialExperience:
    from prosocial.agents.internal_reward.data import SocialExperience

    part = SocialExperience(
        experience.observation_shape, experience.num_bodies, experience.event_names
    )
    part.append(
        experience.observations[:count],
        experience.actions[:count],
        rewards[:count],
        events=experience.events[:count],
    )
    return part


def _holdout(model: InternalReward, experience: SocialExperience) -> dict[str, float]:
    """Errors on the last tenth of the socialization, against what the caregiver really values."""
    from prosocial.agents.internal_reward.data import as_records

    last = slice(len(experience) - max(1, len(experience) // 10), None)
    events = as_records(experience.events[last], experience.event_names)
    predicted = model.predict(experience.observations[last], experience.actions[last], events)
    true = experience.social_rewards[last]
    squares = np.square(predicted - true, dtype=np.float64)
    classes = [squares[part] for part in (true != 0, true == 0) if part.any()]
    return {
        "holdout_mse": float(squares.mean()),
        "balanced_mse": float(np.mean([part.mean() for part in classes])),
    }


def _audits(model: InternalReward) -> list[dict[str, Any]]:
    from prosocial.agents.internal_reward.audit import audit
    from prosocial.envs.engine import registry

    worlds = {name: registry.build("caregiver_grid", layout=name) for name in LAYOUTS}
    return [{"layout": n, **dataclasses.asdict(audit(model, w))} for n, w in worlds.items()]


def _summed(audits: list[dict[str, Any]]) -> dict[str, float]:
    """The audits of all layouts as one: counts are added up, shares averaged."""
    approved = sum(row["true_positives"] + row["false_negatives"] for row in audits)
    others = sum(row["true_negatives"] + row["false_positives"] for row in audits)
    misses = sum(row["false_negatives"] for row in audits)
    alarms = sum(row["false_positives"] for row in audits)
    return {
        "false_positives": alarms,
        "false_negatives": misses,
        "false_positive_rate": alarms / others,
        "false_negative_rate": misses / approved,
        "leaked_share": float(np.mean([row["leaked_share"] for row in audits])),
    }


def _internal_reward(run: Path) -> InternalReward:
    """The internal reward that a finished life ended with."""
    from prosocial.agents.internal_reward.continual_bayesian import loaded
    from prosocial.agents.training.internalization import below
    from prosocial.agents.training.run_folder import read_checkpoint, read_config

    return loaded(below("isr/", read_checkpoint(run).tensors), read_config(run).isr)


def _write(path: Path, frame: pl.DataFrame) -> None:
    temporary = path.with_name(f".{path.name}.tmp")
    frame.write_parquet(temporary)
    temporary.replace(path)
