"""What a session's learner lived through, as the run folder of a life of one phase."""

from __future__ import annotations

import dataclasses
import math
import shutil
from pathlib import Path
from typing import Any

import numpy as np

from prosocial.agents.training.config import TrainConfig
from prosocial.agents.training.internalization import Internalization
from prosocial.agents.training.life_course import Position
from prosocial.agents.training.ownership import refuse_foreign
from prosocial.agents.training.records import Recorder
from prosocial.agents.training.run_folder import RunFolder, RunFolderError, read_config
from prosocial.agents.training.trainer import Iteration, Trainer
from prosocial.envs.engine import World

# What of an ISR's judgement only a caregiver's norms can tell, and a person's approval does not.
_UNKNOWN = ("isr_false_positives", "isr_false_negatives", "isr_false_positive_reward")


class LiveRun:
    """Rows of a session's learner, until they are written.

    Args:
        world: The world of the session.
        slots: Numbers of the agents that learn.
        position: Where in its life the learner was when the session began.

    Attributes:
        updates: Updates that were added.
    """

    def __init__(self, world: World, slots: np.ndarray, position: Position) -> None:
        others = {str(k): "other" for k in range(world.num_agents) if k not in slots}
        self._recorder = Recorder(world, 1, others)
        self._begun = position
        self._steps = 0
        self.updates = 0
        self._metrics: list[dict[str, Any]] = []
        self._episodes: list[dict[str, Any]] = []

    @property
    def iteration(self) -> int:
        """Lifetime number of the next update."""
        return self._begun.iteration + self.updates

    def add(self, iteration: Iteration, seconds: float) -> None:
        """Adds an update to the tables.

        Args:
            iteration: What it learned from.
            seconds: How long it took.
        """
        measured, episodes = self._recorder.add(iteration)
        measured |= dict.fromkeys(_UNKNOWN, math.nan)
        phase = {"phase": "live", "phase_index": self._begun.earlier_phases}
        place = {**phase, "iteration": self.iteration}
        self._steps += iteration.rollout.world_steps
        steps = {"env_steps": self._begun.env_steps + self._steps, "phase_steps": self._steps}
        self._metrics.append({**place, **steps, **measured, "seconds": seconds})
        length = len(episodes["episode"])
        self._episodes.append({k: [v] * length for k, v in place.items()} | episodes)
        self.updates += 1

    def write(
        self,
        path: Path,
        config: TrainConfig,
        trainer: Trainer,
        internalization: Internalization,
        steps: int,
    ) -> None:
        """Writes the run folder: complete, or not at all.

        Args:
            path: The folder; one that a session's learner wrote before is replaced.
            config: Configuration of the run.
            trainer: Policy and optimiser.
            internalization: Experience and ISR.
            steps: World steps of the session.

        Raises:
            RunFolderError: The folder holds something else.
            DiskFullError: The disk is full.
        """
        refuse_foreign(path)
        if (path / "config.yaml").exists() and (old := read_config(path)).name != config.name:
            raise RunFolderError(
                f"{path} holds the run {old.name!r}, not that of a session. Choose another folder."
            )
        partial, replaced = (path.with_name(f"{path.name}.{kind}") for kind in ("new", "old"))
        for left in (partial, replaced):
            shutil.rmtree(left, ignore_errors=True)
        position = dataclasses.replace(
            self._begun, env_steps=self._begun.env_steps + steps, iteration=self.iteration
        )
        state = {"position": dataclasses.asdict(position), "policy": trainer.policy.settings}
        with RunFolder.open(partial, config) as folder:
            folder.restore()
            folder.append("metrics", self._metrics)
            for episodes in self._episodes:
                folder.append("episodes", episodes)
            experience = internalization.experience
            if len(experience):
                folder.add_experience(internalization.columns())
            tensors = trainer.state_tensors() | internalization.state_tensors()
            folder.save(position.env_steps, tensors, state)
            folder.finish()
        if path.exists():
            path.rename(replaced)
        partial.rename(path)
        shutil.rmtree(replaced, ignore_errors=True)
