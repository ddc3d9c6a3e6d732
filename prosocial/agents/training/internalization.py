"""The learner's memory of social rewards and the internal reward made of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import torch

from prosocial.agents.internal_reward.bayesian import BayesianReward
from prosocial.agents.internal_reward.config import ISRConfig
from prosocial.agents.internal_reward.continual import ContinualISR
from prosocial.agents.internal_reward.continual_bayesian import (
    ContinualBayes,
    continued,
    loaded,
    resumed,
    untrained,
)
from prosocial.agents.internal_reward.data import SocialExperience
from prosocial.agents.internal_reward.fit import fit
from prosocial.agents.internal_reward.model import InternalReward
from prosocial.envs.engine.world import World

from .config import PhaseConfig
from .rollout import Rollout, num_bodies

_MEMORY = 6  # purpose of the draws of what is remembered
_COLUMNS = ("observations", "actions", "social_rewards", "env_rewards")


class Internalization:
    """Collects social experience and fits the internal reward to it.

    Attributes:
        model: The internal reward, None before the first fit.
        experience: Everything lived through under a caregiver, ancestors' lives included.
    """

    def __init__(self, config: ISRConfig, world: World, seed: int = 0) -> None:
        self.model: InternalReward | None = None
        self.experience = SocialExperience(
            world.observation_shape, num_bodies(world), world.event_names
        )
        if config.observation_codes is None:
            config = config.replace(observation_codes=world.observation_codes)
        self._config = config
        self._continual: ContinualISR | ContinualBayes | None = None
        self._saved = 0
        self._seed = seed

    def begin_phase(self, phase: PhaseConfig, seed: int) -> str | None:
        """Fits or prepares the internal reward as the phase asks; returns a line for the log.

        Args:
            phase: The phase that begins.
            seed: Of initial weights and draws, >= 0.

        Raises:
            ExperienceError: There is nothing to fit to.
        """
        self._continual = None
        if phase.fit_isr == "offline":
            result = fit(self._config, self.experience, seed)
            self.model = result.model
            message = (
                f"fitted the ISR to {result.train_size} transitions, {result.train_rewarded} of "
                f"them rewarded; mean squared error on held-out ones: {result.holdout_mse}"
            )
            if isinstance(result.model, BayesianReward):
                message += f"; {result.model.summary()}"
            return message
        if phase.fit_isr == "continual":
            model = self.model or untrained(self._config, self.experience, seed)
            self._continual = continued(model, seed)
            self.model = self._continual.model
        return None

    def collect(self, rollout: Rollout, iteration: int, agents: np.ndarray | None = None) -> None:
        """Keeps the steps at which the caregiver was present, and goes on fitting if asked to.

        Args:
            rollout: What was experienced.
            iteration: Lifetime number of the iteration; addresses which unrewarded steps are kept.
            agents: Indices of the learners that the caregiver watches; None for all agents.
        """
        agents = np.arange(rollout.env_rewards.shape[2]) if agents is None else agents
        present = np.broadcast_to(rollout.present[:, :, None], rollout.env_rewards.shape)
        kept = (
            present[:, :, agents]
            & self._remembered(rollout.social_rewards, iteration)[:, :, agents]
        )
        self.experience.append(
            rollout.observations[:, :, agents],
            rollout.body_actions[:, :, agents],
            rollout.social_rewards[:, :, agents],
            env_rewards=rollout.env_rewards[:, :, agents],
            present=kept,
            events=rollout.events[:, :, agents],
        )
        if self._continual is not None:
            self._continual.update(self.experience)

    def _remembered(self, social_rewards: np.ndarray, iteration: int) -> np.ndarray:
        """Returns which steps are remembered, bool of the shape of the social rewards."""
        share = self._config.keep_unrewarded
        if share == 1.0:
            return np.ones(social_rewards.shape, bool)
        draws = np.random.default_rng([_MEMORY, self._seed, iteration]).random(social_rewards.shape)
        return (np.abs(social_rewards) > self._config.rewarded_above) | (draws < share)

    def receive(self, columns: Mapping[str, np.ndarray]) -> None:
        """Adds experience from outside this life, which ``unsaved`` returns as if lived here.

        Args:
            columns: As ``recorded.join_experience`` returns them.
        """
        kept = self._remembered(columns["social_rewards"], iteration=0)
        rows = [columns[name][kept] for name in _COLUMNS]
        self.experience.append(*rows[:3], env_rewards=rows[3], events=columns["events"][kept])

    def recall(self, chunks: Iterable[Mapping[str, np.ndarray]]) -> None:
        """Adds experience from chunks that ``unsaved`` returned."""
        for chunk in chunks:
            rows = [chunk[name] for name in _COLUMNS]
            # Experience of version 0.1 has no events.
            events = chunk.get("events")
            self.experience.append(*rows[:3], env_rewards=rows[3], events=events)
        self._saved = len(self.experience)

    def unsaved(self) -> dict[str, np.ndarray] | None:
        """Returns the experience since the last call as columns; None if there is none."""
        first, self._saved = self._saved, len(self.experience)
        if first == self._saved:
            return None
        return self.columns(first)

    def columns(self, first: int = 0) -> dict[str, np.ndarray]:
        """Returns copies of the experience from transition ``first`` on, by name."""
        names = (*_COLUMNS, "events") if self.experience.told_events else _COLUMNS
        return {name: getattr(self.experience, name)[first:].copy() for name in names}

    def state_tensors(self) -> dict[str, Any]:
        """Returns the internal reward: "isr/...", "continual_isr/..." while it is being fitted."""
        if self._continual is not None:
            tensors, prefix = self._continual.state_tensors(), "continual_isr"
        elif self.model is not None:
            tensors, prefix = self.model.state_tensors(), "isr"
        else:
            return {}
        return {f"{prefix}/{name}": value for name, value in tensors.items()}

    def load(self, tensors: Mapping[str, np.ndarray], seed: int) -> None:
        """Takes over what ``state_tensors`` returned.

        Args:
            tensors: May contain others.
            seed: That ``begin_phase`` of the present phase had.
        """
        continual = below("continual_isr/", tensors)
        fitted = below("isr/", tensors)
        if continual:
            self._continual = resumed(continual, self._config, seed)
            self.model = self._continual.model
        elif fitted:
            self.model = loaded(fitted, self._config)


def below(prefix: str, tensors: Mapping[str, np.ndarray]) -> dict[str, torch.Tensor]:
    """Returns copies of the tensors whose names begin with a prefix, without it."""
    return {
        name.removeprefix(prefix): torch.from_numpy(np.array(value))
        for name, value in tensors.items()
        if name.startswith(prefix)
    }
