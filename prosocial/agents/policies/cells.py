"""The actor-critic of worlds whose observations are codes of cells."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from prosocial.envs.engine.errors import ConfigError

from .inputs import split
from .network import ACTOR_GAIN, BODY_GAIN, CRITIC_GAIN

HIDDEN = 128  # width of the two shared layers


class CellActorCritic(nn.Module):
    """Actor and critic on observations of cell codes, such as those of commons_harvest.

    The first layer is a table with one row for each pair of place and code; a pass adds up the rows
    of the codes seen. That is a dense layer on one-hot codes at a tenth of its cost, and it treats
    codes as names, not as quantities. A second hidden layer is shared by the two heads.

    Args:
        observation_shape: (height, width, channels) of one observation.
        num_actions: Number of discrete actions, >= 1.
        observation_codes: All numbers of an observation lie below it, 2 .. 256.
        num_features: Features of a mind that follow the grid in the input, F >= 0; they enter the
            first layer.
        seed: Of the initial weights; no global random state is read or changed.

    Raises:
        ConfigError: A shape or number is out of its range.
    """

    def __init__(
        self,
        observation_shape: tuple[int, ...],
        num_actions: int,
        *,
        observation_codes: int = 256,
        num_features: int = 0,
        seed: int = 0,
    ) -> None:
        super().__init__()
        if len(observation_shape) != 3 or min(observation_shape) < 1:
            raise ConfigError(
                f"CellActorCritic got observations of shape {tuple(observation_shape)}; expected "
                "(height, width, channels), all >= 1."
            )
        if num_actions < 1:
            raise ConfigError(f"CellActorCritic got num_actions={num_actions}; expected >= 1.")
        if not 2 <= observation_codes <= 256:
            raise ConfigError(
                f"CellActorCritic got observation_codes={observation_codes}; expected 2 .. 256."
            )
        self.observation_shape = tuple(observation_shape)
        self.num_actions = num_actions
        self.observation_codes = observation_codes
        self.num_features = num_features
        height, width, channels = observation_shape
        places = height * width * channels
        self.offsets: Tensor
        self.register_buffer("offsets", torch.arange(places) * observation_codes, persistent=False)
        self.table = nn.Parameter(torch.empty(places * observation_codes, HIDDEN))
        self.bias = nn.Parameter(torch.zeros(HIDDEN))
        self.inferred = _empty(num_features, HIDDEN) if num_features else None
        self.hidden = _empty(HIDDEN, HIDDEN)
        self.actor = _empty(HIDDEN, num_actions)
        self.critic = _empty(HIDDEN, 1)
        self._initialise(seed)

    @property
    def settings(self) -> dict[str, Any]:
        """The arguments, without the seed, that rebuild this network; plain JSON values."""
        settings = {
            "network": "cell_embedding",
            "observation_shape": list(self.observation_shape),
            "num_actions": self.num_actions,
            "observation_codes": self.observation_codes,
        }
        return settings | ({"num_features": self.num_features} if self.num_features else {})

    def forward(self, observations: Tensor) -> tuple[Tensor, Tensor]:
        """Returns action logits (n, num_actions) and values (n,), float32.

        Args:
            observations: uint8 (n, height, width, channels), on any device; with features of a mind
                one row each, (n, height * width * channels + F), see ``inputs.join``.
        """
        observations, inferred = split(observations, self.observation_shape, self.num_features)
        rows = observations.to(self.offsets.device).flatten(1) + self.offsets
        features = functional.embedding_bag(rows, self.table, mode="sum") + self.bias
        if self.inferred is not None and inferred is not None:
            features = features + self.inferred(inferred.to(self.offsets.device))
        features = torch.relu(features)
        features = torch.relu(self.hidden(features))
        return self.actor(features), self.critic(features).squeeze(-1)

    @torch.no_grad()
    def _initialise(self, seed: int) -> None:
        generator = torch.Generator().manual_seed(seed)
        # Each pass adds up one row per place, so rows of variance gain^2 / places keep the scale.
        deviation = BODY_GAIN / len(self.offsets) ** 0.5
        self.table.normal_(0.0, deviation, generator=generator)
        layers = {self.hidden: BODY_GAIN, self.actor: ACTOR_GAIN, self.critic: CRITIC_GAIN}
        if self.inferred is not None:
            layers[self.inferred] = BODY_GAIN
        for layer, gain in layers.items():
            nn.init.orthogonal_(layer.weight, gain, generator=generator)
            layer.bias.zero_()


def _empty(inputs: int, outputs: int) -> nn.Linear:
    # A layer's own initialisation would draw from torch's global generator.
    return nn.Linear(inputs, outputs, device="meta").to_empty(device="cpu")
