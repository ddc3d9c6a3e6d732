"""Fitting the ISR while the caregiver is present: some updates after each batch of experience."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from .config import ISRConfig
from .data import ExperienceError, SocialExperience
from .fit import make_regression, run_draws
from .model import InternalReward
from .sampling import DRAWS, balanced_draws, generator, reward_classes, targets


@dataclass(frozen=True)
class ContinualUpdate:
    """What one call of ``ContinualISR.update`` did.

    Attributes:
        updates: Updates made by each network; 0 before the first rewarded transition.
        loss: Mean training error over them, on class-balanced batches; None without updates.
        fresh: Transitions that are new since the last call.
        fresh_mse: Mean squared error of the model on them before it was trained on them, so a test
            error; None if there are none.
    """

    updates: int
    loss: float | None
    fresh: int
    fresh_mse: float | None


class ContinualISR:
    """An internal reward that goes on learning, and can be interrupted and resumed bit for bit.

    Args:
        model: Where to begin: ``InternalReward.create(...)``, or one fitted before. It is trained
            in place.
        seed: Seed of the draws, >= 0.

    Attributes:
        model: The internal reward, always up to date.
    """

    def __init__(self, model: InternalReward, seed: int) -> None:
        self.model = model
        self._seed = seed
        self._iteration = 0
        self._seen = 0
        self._regressions = [make_regression(member, model.config) for member in model.members]

    @property
    def config(self) -> ISRConfig:
        """The options of the model."""
        return self.model.config

    def update(self, experience: SocialExperience) -> ContinualUpdate:
        """Makes ``updates_per_iteration`` updates of every network on the ``recent`` transitions.

        As long as none of these is rewarded, nothing is trained.

        Args:
            experience: All experience so far: what was there at the last call, and what was added
                since.

        Raises:
            ExperienceError: The experience is shorter than at the last call, or the weights
                diverged.
        """
        if len(experience) < self._seen:
            raise ExperienceError(
                f"The experience holds {len(experience)} transitions, but {self._seen} were "
                "there at the last update; continual fitting needs the same experience, grown."
            )
        config = self.config
        values = targets(config, experience)
        fresh_mse = self._fresh_error(experience, values)
        fresh, self._seen = len(experience) - self._seen, len(experience)
        first = 0 if config.recent is None else max(0, len(experience) - config.recent)
        classes = [c + first for c in reward_classes(values[first:], config.rewarded_above)]
        if not len(classes[1]) and not len(classes[2]):
            return ContinualUpdate(0, None, fresh, fresh_mse)
        updates = config.updates_per_iteration
        losses = []
        for member, regression in enumerate(self._regressions):
            source = generator(self._seed, member, DRAWS, self._iteration)
            draws = balanced_draws(classes, updates * config.batch_size, source)
            losses.append(run_draws(regression, experience, values, draws, 0, updates))
        self._iteration += 1
        loss = float(np.mean(losses, dtype=np.float64))
        if not np.isfinite(loss):
            raise ExperienceError(
                "The weights of the ISR diverged; lower learning_rate (it is "
                f"{config.learning_rate})."
            )
        return ContinualUpdate(updates, loss, fresh, fresh_mse)

    def state_tensors(self) -> dict[str, Tensor]:
        """Copies of weights, moments of Adam and counters; ready for safetensors."""
        tensors = {f"model.{name}": value for name, value in self.model.state_tensors().items()}
        tensors["iteration"] = torch.tensor(self._iteration)
        tensors["seen"] = torch.tensor(self._seen)
        for member, regression in enumerate(self._regressions):
            for name, value in regression.state_tensors().items():
                tensors[f"optimizer{member}.{name}"] = value
        return tensors

    @classmethod
    def load(cls, tensors: Mapping[str, Tensor], config: ISRConfig, seed: int) -> ContinualISR:
        """Makes it again from ``state_tensors``, its configuration and its seed.

        Updates go on as if they had never been interrupted.

        Raises:
            ExperienceError: The tensors are not those of such a configuration.
        """
        prefix = "model."
        weights = {n.removeprefix(prefix): t for n, t in tensors.items() if n.startswith(prefix)}
        continual = cls(InternalReward.load(weights, config), seed)
        try:
            continual._iteration = int(tensors["iteration"])
            continual._seen = int(tensors["seen"])
            for member, regression in enumerate(continual._regressions):
                held = f"optimizer{member}."
                regression.load(
                    {n.removeprefix(held): t for n, t in tensors.items() if n.startswith(held)}
                )
        except (KeyError, RuntimeError) as error:
            raise ExperienceError(f"These tensors are no continual ISR: {error}") from error
        return continual

    def _fresh_error(self, experience: SocialExperience, values: np.ndarray) -> float | None:
        new = slice(self._seen, len(experience))
        if new.start == new.stop:
            return None
        predictions = self.model.predict(experience.observations[new], experience.actions[new])
        return float(np.mean(np.square(predictions - values[new], dtype=np.float64)))
