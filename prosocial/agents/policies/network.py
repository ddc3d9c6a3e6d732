"""The actor-critic network of the grid worlds.

Rong & Kleiman-Weiner (2024), authors' released code: a convolutional feature network shared by
actor and critic, then the separate heads that Stable-Baselines3 2.0 gives to a custom extractor.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn

from prosocial.envs.engine.errors import ConfigError

from .inputs import split

CHANNELS = (16, 32, 64)  # of the three 2x2 convolutions
FEATURES = 128  # width of the shared feature vector
HIDDEN = 64  # width of the two tanh layers of each head
# Gains of the orthogonal initialisation (Stable-Baselines3 2.0, ActorCriticPolicy._build).
BODY_GAIN, ACTOR_GAIN, CRITIC_GAIN = math.sqrt(2), 0.01, 1.0


class GridActorCritic(nn.Module):
    """Actor and critic on an egocentric grid of small integers.

    Args:
        observation_shape: (height, width, channels) of one observation, height and width >= 4.
        num_actions: Number of discrete actions, >= 1.
        scale_observations: Whether to divide the observations by 255, as Stable-Baselines3 does
            with images (the paper's single-learner grid) and not with others (its helping grid).
        num_features: Features of a mind that follow the grid in the input, F >= 0; they join the
            shared feature vector.
        seed: Of the initial weights; no global random state is read or changed.

    Raises:
        ConfigError: A shape or number is out of its range.
    """

    def __init__(
        self,
        observation_shape: tuple[int, ...],
        num_actions: int,
        *,
        scale_observations: bool = True,
        num_features: int = 0,
        seed: int = 0,
    ) -> None:
        super().__init__()
        if len(observation_shape) != 3 or min(observation_shape[:2]) <= len(CHANNELS):
            raise ConfigError(
                f"GridActorCritic got observations of shape {tuple(observation_shape)}; expected "
                f"(height, width, channels) with height and width above {len(CHANNELS)}."
            )
        if num_actions < 1:
            raise ConfigError(f"GridActorCritic got num_actions={num_actions}; expected >= 1.")
        self.observation_shape = tuple(observation_shape)
        self.num_actions = num_actions
        self.scale_observations = scale_observations
        self.num_features = num_features
        height, width, channels = observation_shape
        layers: list[nn.Module] = []
        for previous, following in zip((channels, *CHANNELS), CHANNELS, strict=False):
            layers += [_empty(nn.Conv2d, previous, following, kernel_size=2), nn.ReLU()]
        flat = CHANNELS[-1] * (height - len(CHANNELS)) * (width - len(CHANNELS))
        layers += [nn.Flatten(), _empty(nn.Linear, flat, FEATURES), nn.ReLU()]
        self.features = nn.Sequential(*layers)
        self.actor = _head(FEATURES + num_features, num_actions)
        self.critic = _head(FEATURES + num_features, 1)
        self._initialise(seed)

    @property
    def settings(self) -> dict[str, Any]:
        """The arguments, without the seed, that rebuild this network; plain JSON values."""
        settings = {
            "network": "grid_cnn",
            "observation_shape": list(self.observation_shape),
            "num_actions": self.num_actions,
            "scale_observations": self.scale_observations,
        }
        return settings | ({"num_features": self.num_features} if self.num_features else {})

    def forward(self, observations: Tensor) -> tuple[Tensor, Tensor]:
        """Returns action logits (n, num_actions) and values (n,), float32.

        Args:
            observations: uint8 (n, height, width, channels), on any device; with features of a mind
                one row each, (n, height * width * channels + F), see ``inputs.join``.
        """
        device = next(self.actor.parameters()).device
        observations, inferred = split(observations, self.observation_shape, self.num_features)
        grid = observations.permute(0, 3, 1, 2)
        grid = grid.to(device, torch.float32, memory_format=torch.contiguous_format)
        if self.scale_observations:
            grid = grid / 255
        features = self.features(grid)
        if inferred is not None:
            features = torch.cat([features, inferred.to(device)], 1)
        return self.actor(features), self.critic(features).squeeze(-1)

    @torch.no_grad()
    def _initialise(self, seed: int) -> None:
        generator = torch.Generator().manual_seed(seed)
        last = {self.actor[-1]: ACTOR_GAIN, self.critic[-1]: CRITIC_GAIN}
        for module in self.modules():
            if isinstance(module, nn.Linear | nn.Conv2d):
                gain = last.get(module, BODY_GAIN)
                nn.init.orthogonal_(module.weight, gain, generator=generator)
                module.bias.zero_()  # pyright: ignore[reportOptionalMemberAccess]  (all have one)


def _head(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        _empty(nn.Linear, inputs, HIDDEN),
        nn.Tanh(),
        _empty(nn.Linear, HIDDEN, HIDDEN),
        nn.Tanh(),
        _empty(nn.Linear, HIDDEN, outputs),
    )


def _empty(layer: type[nn.Module], *sizes: int, **options: int) -> nn.Module:
    # A layer's own initialisation would draw from torch's global generator.
    return nn.utils.skip_init(layer, *sizes, **options)
