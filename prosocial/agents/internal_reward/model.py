"""The internal reward as training uses it: predict, combine, save and load."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

import numpy as np
import torch
from torch import Tensor

from .cells import CellISRNetwork
from .config import ISRConfig
from .data import ExperienceError
from .ensemble import lower_confidence
from .network import ISRNetwork
from .reward import combine
from .sampling import INITIAL, generator

Member = ISRNetwork | CellISRNetwork
_NETWORKS: dict[str, type[Member]] = {"grid_cnn": ISRNetwork, "cell_embedding": CellISRNetwork}


class InternalReward:
    """An ensemble of ISR networks (often of one) with the rules by which it is used.

    Attributes:
        config: Its options.
        members: The networks, ``config.ensemble_size`` of them.
    """

    def __init__(self, config: ISRConfig, members: list[Member]) -> None:
        self.config = config
        self.members = members

    @classmethod
    def create(
        cls, config: ISRConfig, observation_shape: tuple[int, ...], num_bodies: int, seed: int
    ) -> Self:
        """An untrained internal reward.

        Args:
            config: Its options.
            observation_shape: (height, width, features) of one observation.
            num_bodies: K, the number of bodies whose action enters.
            seed: Seed of the initial weights, >= 0.

        Raises:
            ExperienceError: The network cannot take such observations.
        """
        height, width, features = observation_shape
        shape = (int(height), int(width), int(features))
        network = _NETWORKS[config.network]
        members = [
            network(shape, num_bodies, config, generator=generator(seed, member, INITIAL))
            for member in range(config.ensemble_size)
        ]
        return cls(config, members)

    @property
    def observation_shape(self) -> tuple[int, int, int]:
        """(height, width, features) of one observation."""
        return self.members[0].observation_shape

    @property
    def num_bodies(self) -> int:
        """K, the number of bodies whose action enters."""
        return self.members[0].num_bodies

    def predict(
        self, observations: np.ndarray, actions: np.ndarray, events: np.ndarray | None = None
    ) -> np.ndarray:
        """r̂(s, a), lowered by the lower-confidence rule if there are several networks.

        Args:
            observations: uint8 (n, height, width, features), before the action.
            actions: Integer (n, K), or (n,) if K is 1.
            events: Of the transitions, structured uint8 (n,); networks do not look at them, models
                of other kinds do (see ``bayesian``).

        Returns:
            float32 (n,). A prediction does not depend on the others in the call, but for rounding.

        Raises:
            ExperienceError: A shape or dtype does not fit.
        """
        predictions = [member.predict(observations, actions) for member in self.members]
        if len(predictions) == 1:
            return predictions[0]
        return lower_confidence(np.stack(predictions), self.config.lower_confidence)

    def combine(
        self, env_rewards: np.ndarray, predictions: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Utility and internal reward by the configured rule, see ``reward.combine``.

        Args:
            env_rewards: R_e of transitions without a caregiver, float (...).
            predictions: r̂ of the same transitions, float (...).

        Returns:
            ``(U, R_i)``, both float32 (...).

        Raises:
            ConfigError: The shapes differ.
        """
        config = self.config
        return combine(
            config.rule, env_rewards, predictions, scale=config.scale, threshold=config.threshold
        )

    def state_tensors(self) -> dict[str, Tensor]:
        """Copies of all weights, with the shape of the input; ready for safetensors."""
        tensors = {
            "observation_shape": torch.tensor(self.observation_shape),
            "num_bodies": torch.tensor(self.num_bodies),
        }
        for number, member in enumerate(self.members):
            for name, value in member.state_dict().items():
                tensors[f"member{number}.{name}"] = value.detach().clone()
        return tensors

    @classmethod
    def load(cls, tensors: Mapping[str, Tensor], config: ISRConfig) -> Self:
        """Makes an internal reward again from ``state_tensors`` and its configuration.

        Raises:
            ExperienceError: The tensors are not those of such a configuration.
        """
        try:
            shape = tuple(int(size) for size in tensors["observation_shape"])
            model = cls.create(config, shape, int(tensors["num_bodies"]), seed=0)
            expected = model.state_tensors().keys()
            given = {n for n in tensors if n.startswith("member")} | {
                "observation_shape",
                "num_bodies",
            }
            if given != expected:
                raise ValueError(f"names that do not match: {sorted(given ^ expected)[:4]}")
            for number, member in enumerate(model.members):
                prefix = f"member{number}."
                member.load_state_dict({n: tensors[prefix + n] for n in member.state_dict()})
        except (KeyError, ValueError, RuntimeError) as error:
            raise ExperienceError(
                f"These tensors are no internal reward with this configuration (ensemble_size "
                f"{config.ensemble_size}, network {config.network!r}, conv_axis "
                f"{config.conv_axis!r}): {error}"
            ) from error
        return model
