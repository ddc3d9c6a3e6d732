"""What a worker process does for one run: train a life, fit internal rewards, measure levels.

Each task is a frozen dataclass of plain values, so that it can be sent to a worker, with `run`,
which does the work (or what is left of it), and `progress`, which reads from the disk how far it
is. A finished task leaves a ``status.json`` with the state "finished" in its folder.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from prosocial.agents.internal_reward.config import ISRConfig
from prosocial.agents.training.config import TrainConfig
from prosocial.analysis.experiments import is_finished
from prosocial.envs.engine.errors import ConfigError
from prosocial.runs.experiments import planning

if TYPE_CHECKING:
    from prosocial.agents.internal_reward.data import SocialExperience
    from prosocial.envs.engine import Batch

_LEVEL_WORLDS = 100


@dataclass(frozen=True)
class TrainTask:
    """Trains one life.

    Attributes:
        folder: Its run folder.
        config: The life.
    """

    folder: Path
    config: TrainConfig

    def run(self) -> None:
        """Trains from the last checkpoint, or from the parent's end, or from nothing."""
        from prosocial.agents.training.life_course import LifeCourse

        LifeCourse(self.config, self.folder).run()

    def progress(self) -> float:
        """Share of the steps that are behind the last checkpoint, in [0, 1]."""
        parent = self.config.parent
        before = _status(Path(parent)).get("step", 0) if parent is not None else 0
        taken = _status(self.folder).get("step", before) - before
        return min(1.0, taken / sum(phase.steps for phase in self.config.phases))


@dataclass(frozen=True)
class Fit:
    """One fit of an internal reward.

    Attributes:
        steps: Name of the fit in the tables: socialization steps that were asked for.
        transitions: First transitions of the parent's experience that it is fitted on.
        config: Options of the fit.
        curve: Whether its learning curve is kept.
    """

    steps: int
    transitions: int
    config: ISRConfig
    curve: bool = False


@dataclass(frozen=True)
class FitTask:
    """Fits internal rewards on growing parts of a run's social experience and audits each.

    Writes ``fits.parquet``, ``curves.parquet`` and ``audits.parquet``.

    Attributes:
        folder: Where the tables go.
        parent: Run folder with the experience.
        fits: The fits.
        layouts: Layouts of caregiver_grid on which each fit is audited over all state-actions.
        seed: Seed of the fits.
    """

    folder: Path
    parent: Path
    fits: tuple[Fit, ...]
    layouts: tuple[str, ...]
    seed: int

    def run(self) -> None:
        """Makes all fits; they take seconds, so that an interrupted task begins anew."""
        import torch

        from prosocial.agents.internal_reward.audit import audit
        from prosocial.agents.internal_reward.fit import fit
        from prosocial.envs.engine import registry

        torch.set_num_threads(1)  # as in training: sums depend on it in the last bits
        experience = read_social_experience(self.parent)
        worlds = {name: registry.build("caregiver_grid", layout=name) for name in self.layouts}
        rows: list[dict[str, Any]] = []
        audits: list[dict[str, Any]] = []
        curves: list[pl.DataFrame] = []
        for wanted in self.fits:
            part = _first(experience, wanted.transitions)
            result = fit(wanted.config, part, self.seed)
            if wanted.curve:
                curves.append(_curve(wanted.steps, result))
                continue
            rows.append(
                {
                    "steps": wanted.steps,
                    "samples": result.train_size,
                    "rewarded": result.train_rewarded,
                    "holdout_mse": result.holdout_mse,
                }
            )
            for name, world in worlds.items():
                table = dataclasses.asdict(audit(result.model, world))
                audits.append({"steps": wanted.steps, "layout": name, **table})
        self.folder.mkdir(parents=True, exist_ok=True)
        _write(self.folder / "fits.parquet", pl.DataFrame(rows))
        _write(self.folder / "audits.parquet", pl.DataFrame(audits))
        if curves:
            _write(self.folder / "curves.parquet", pl.concat(curves))
        _finish(self.folder)

    def progress(self) -> float:
        """0 until it is finished, then 1."""
        return float(is_finished(self.folder))


@dataclass(frozen=True)
class LevelTask:
    """Measures what scripted policies reach, and plans without social reward.

    Writes ``levels.parquet`` and ``plans.parquet``.

    Attributes:
        folder: Where the tables go.
        episodes: Episodes of each policy.
        layouts: Layouts of caregiver_grid that are planned on.
        seed: Seed of the episodes.
    """

    folder: Path
    episodes: int
    layouts: tuple[str, ...]
    seed: int

    def run(self) -> None:
        """Measures everything; it takes seconds."""
        import prosocial
        from prosocial.agents.partners import RandomPartner, ScriptedHelper
        from prosocial.envs.engine import registry
        from prosocial.envs.worlds.helping_grid.codes import Action

        def make() -> Batch:
            return prosocial.make_batch("helping_grid", _LEVEL_WORLDS, seed=self.seed)

        def idle(batch: Batch) -> np.ndarray:
            return np.full((batch.num_worlds, batch.num_agents), int(Action.STAY))

        policies = {"idle": idle, "random": RandomPartner(self.seed).act}
        policies["scripted_helper"] = ScriptedHelper().act
        levels = [
            {"world": "helping", "policy": name, "episodes": self.episodes, "goals": goals}
            for name, act in policies.items()
            for goals in [_goals_per_episode(make(), act, self.episodes)]
        ]
        plans = [
            {
                "layout": name,
                **planning.forward_moves(registry.build("caregiver_grid", layout=name)),
            }
            for name in self.layouts
        ]
        self.folder.mkdir(parents=True, exist_ok=True)
        _write(self.folder / "levels.parquet", pl.DataFrame(levels))
        _write(self.folder / "plans.parquet", pl.DataFrame(plans))
        _finish(self.folder)

    def progress(self) -> float:
        """0 until it is finished, then 1."""
        return float(is_finished(self.folder))


Task = TrainTask | FitTask | LevelTask


def _goals_per_episode(batch: Batch, act: Any, episodes: int) -> float:
    """Caregiver goals per episode; every world plays the same number of whole episodes."""
    rounds = -(-episodes // batch.num_worlds)
    batch.reset()
    goals = 0.0
    for _ in range(rounds * batch.world.max_steps):
        batch.step(act(batch))
        goals += float(batch.events["caregiver_goal"].sum(dtype=np.int64))
    return goals / (rounds * batch.num_worlds)


def read_social_experience(parent: Path) -> SocialExperience:
    """Everything that a run kept as social experience, in the order of time.

    Raises:
        ConfigError: It kept none.
    """
    from prosocial.agents.internal_reward.data import SocialExperience
    from prosocial.agents.training.run_folder import (
        read_checkpoint,
        read_config,
        read_experience,
    )
    from prosocial.envs.engine import registry

    chunks: Iterator[dict[str, np.ndarray]] = read_experience(parent, read_checkpoint(parent))
    config = read_config(parent)
    names = registry.build(config.world, **config.world_config).event_names
    experience: SocialExperience | None = None
    for chunk in chunks:
        if experience is None:
            shape, bodies = chunk["observations"].shape[1:], chunk["actions"].shape[-1]
            experience = SocialExperience(shape, bodies, names)
        experience.append(
            chunk["observations"],
            chunk["actions"],
            chunk["social_rewards"],
            env_rewards=chunk["env_rewards"],
            events=chunk.get("events"),
        )
    if experience is None:
        raise ConfigError(f"{parent} holds no social experience; its phases must collect it.")
    return experience


def _first(experience: SocialExperience, count: int) -> SocialExperience:
    from prosocial.agents.internal_reward.data import SocialExperience

    part = SocialExperience(experience.observation_shape, experience.num_bodies)
    part.append(
        experience.observations[:count],
        experience.actions[:count],
        experience.social_rewards[:count],
        env_rewards=experience.env_rewards[:count],
    )
    return part


def _curve(steps: int, result: Any) -> pl.DataFrame:
    """Learning curve of the first network: train_loss at every update, holdout_loss at some."""
    losses = pl.DataFrame(
        {"update": np.arange(len(result.curve[0])), "train_loss": result.curve[0].astype(float)}
    )
    marks = pl.DataFrame(
        {"update": result.holdout_updates - 1, "holdout_loss": result.holdout_curve[0]}
    )
    joined = losses.join(marks, on="update", how="left")
    return joined.select(pl.lit(steps, pl.Int64).alias("steps"), pl.all())


def _write(path: Path, frame: pl.DataFrame) -> None:
    temporary = path.with_name(f".{path.name}.tmp")
    frame.write_parquet(temporary)
    temporary.replace(path)


def _finish(folder: Path) -> None:
    temporary = folder / ".status.json.tmp"
    temporary.write_text(json.dumps({"state": "finished"}) + "\n", encoding="utf-8")
    temporary.replace(folder / "status.json")


def _status(folder: Path) -> dict[str, Any]:
    try:
        value = json.loads((folder / "status.json").read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return {}
    return value if isinstance(value, dict) else {}
