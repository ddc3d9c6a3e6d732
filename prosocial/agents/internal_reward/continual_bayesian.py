"""Inferring a caregiver's values while it is present, batch by batch; and which kind of model."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from .bayesian import BayesianReward, events_of
from .config import ISRConfig
from .continual import ContinualISR, ContinualUpdate
from .data import ExperienceError, SocialExperience
from .model import InternalReward
from .posterior import Evidence
from .sampling import targets


class ContinualBayes:
    """A Bayesian internal reward that goes on learning; resumed it gives the same bits.

    Attributes:
        model: The internal reward, always up to date.
    """

    def __init__(self, model: BayesianReward) -> None:
        self.model = model
        self._seen = 0

    def update(self, experience: SocialExperience) -> ContinualUpdate:
        """Takes in what was added to the experience since the last call.

        With ``config.recent`` only the newest transitions count, and all of them are read again.

        Args:
            experience: All experience so far.

        Raises:
            ExperienceError: The experience is shorter than at the last call, or has no events.
        """
        if len(experience) < self._seen:
            raise ExperienceError(
                f"The experience holds {len(experience)} transitions, but {self._seen} were "
                "there at the last update; continual inference needs the same experience, grown."
            )
        values = targets(self.model.config, experience)
        events = events_of(experience, self.model)
        fresh = slice(self._seen, len(experience))
        error = None
        if fresh.start < fresh.stop:
            misses = self.model.predict(events[fresh], events[fresh], events[fresh]) - values[fresh]
            error = float(np.mean(np.square(misses, dtype=np.float64)))
        recent = self.model.config.recent
        if recent is not None:
            self.model.evidence = Evidence(len(self.model.event_names))
            fresh = slice(max(0, len(experience) - recent), len(experience))
        self.model.add(events[fresh], values[fresh])
        new, self._seen = len(experience) - self._seen, len(experience)
        return ContinualUpdate(updates=0, loss=None, fresh=new, fresh_mse=error)

    def state_tensors(self) -> dict[str, Tensor]:
        """Copies of the statistics and of how much was seen; ready for safetensors."""
        return {**self.model.state_tensors(), "seen": torch.tensor(self._seen)}

    @classmethod
    def load(cls, tensors: Mapping[str, Tensor], config: ISRConfig) -> ContinualBayes:
        """Makes it again from ``state_tensors`` and its configuration.

        Raises:
            ExperienceError: The tensors are not those of such a configuration.
        """
        continual = cls(BayesianReward.load(tensors, config))
        if "seen" not in tensors:
            raise ExperienceError("These tensors are no continual internal reward: 'seen' lacks.")
        continual._seen = int(tensors["seen"])
        return continual


def untrained(config: ISRConfig, experience: SocialExperience, seed: int) -> InternalReward:
    """Returns an internal reward that has learned nothing yet, of the kind that is configured.

    Args:
        config: Its options.
        experience: Whose observations and events it is to judge.
        seed: Of the initial weights, >= 0.
    """
    if config.model == "bayesian":
        return BayesianReward(config, experience.event_names)
    shape, bodies = experience.observation_shape, experience.num_bodies
    return InternalReward.create(config, shape, bodies, seed)


def loaded(tensors: Mapping[str, Tensor], config: ISRConfig) -> InternalReward:
    """Makes an internal reward of the configured kind again from its ``state_tensors``.

    Raises:
        ExperienceError: The tensors are not those of such a configuration.
    """
    kind = BayesianReward if config.model == "bayesian" else InternalReward
    return kind.load(tensors, config)


def continued(model: InternalReward, seed: int) -> ContinualISR | ContinualBayes:
    """Returns what goes on fitting a model.

    Args:
        model: Of either kind.
        seed: Of the draws, >= 0; inference draws nothing.
    """
    if isinstance(model, BayesianReward):
        return ContinualBayes(model)
    return ContinualISR(model, seed)


def resumed(
    tensors: Mapping[str, Tensor], config: ISRConfig, seed: int
) -> ContinualISR | ContinualBayes:
    """Makes it again from its ``state_tensors``; the fitting goes on as if never interrupted.

    Raises:
        ExperienceError: The tensors are not those of such a configuration.
    """
    if config.model == "bayesian":
        return ContinualBayes.load(tensors, config)
    return ContinualISR.load(tensors, config, seed)
