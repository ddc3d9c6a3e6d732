"""The network of the ISR: a scalar from an observation and an action."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor, nn

from .config import ActionCells, ConvAxis, ISRConfig
from .data import ExperienceError, checked_actions, checked_observations
from .encoding import encode, plane_shape

FILTERS = (16, 32)  # of the two convolutions, each 2×2 with stride 1 and no padding
HIDDEN = 32  # units of each of the two hidden layers
_CHUNK = 4096  # inputs predicted at once: bounds memory, about 90 MB


class ISRNetwork(nn.Module):
    """r̂(s, a): two convolutions and three linear layers, ReLU between them, one linear output.

    The architecture is that of the released code of Rong & Kleiman-Weiner (2024): 16 and 32 filters
    of 2×2, then 32, 32 and 1 units. Linear layers start orthogonal with gain √2 and zero biases,
    convolutions with torch's default. The features are flattened position by position (the order
    does not matter: the first linear layer is dense and starts orthogonal).

    Args:
        observation_shape: (height, width, features) of one observation, uint8.
        num_bodies: K, the number of bodies whose action enters the input.
        config: Options of the input, ``conv_axis`` and ``action_cells``; defaults if None.
        generator: Source of the initial weights; the global one is neither used nor moved.

    Raises:
        ExperienceError: The observation is too small for two 2×2 convolutions, or has no central
            cell to write the action at.
    """

    def __init__(
        self,
        observation_shape: tuple[int, int, int],
        num_bodies: int,
        config: ISRConfig | None = None,
        *,
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        config = config or ISRConfig()
        self.observation_shape = observation_shape
        self.num_bodies = num_bodies
        self.conv_axis: ConvAxis = config.conv_axis
        self.action_cells: ActionCells = config.action_cells
        channels, height, width = plane_shape(observation_shape, num_bodies, self.conv_axis)
        if min(height, width) < 3:
            raise ExperienceError(
                f"Observations of shape {observation_shape} give planes of {height}×{width}; "
                "two 2×2 convolutions need at least 3×3."
            )
        own = self.action_cells == "own" or (self.action_cells == "auto" and num_bodies == 1)
        if own and not (observation_shape[0] % 2 and observation_shape[1] % 2):
            raise ExperienceError(
                f"Observations of shape {observation_shape} have no central cell for the "
                "learner's action; use odd height and width, or action_cells='agents'."
            )
        self.plane_shape = (channels, height, width)
        self.num_features = FILTERS[1] * (height - 2) * (width - 2)
        # Made without storage first: a normal constructor would draw from the global generator.
        self.conv1 = nn.Conv2d(channels, FILTERS[0], 2, device="meta")
        self.conv2 = nn.Conv2d(FILTERS[0], FILTERS[1], 2, device="meta")
        self.hidden1 = nn.Linear(self.num_features, HIDDEN, device="meta")
        self.hidden2 = nn.Linear(HIDDEN, HIDDEN, device="meta")
        self.output = nn.Linear(HIDDEN, 1, device="meta")
        self.to_empty(device="cpu")
        self._initialize(generator)

    def forward(self, planes: Tensor) -> Tensor:
        """Predicted social reward, float32 (n,), of float32 planes (n, channels, height, width)."""
        features = torch.relu(self.conv2(torch.relu(self.conv1(planes))))
        features = features.permute(0, 2, 3, 1).flatten(1)
        hidden = torch.relu(self.hidden2(torch.relu(self.hidden1(features))))
        return self.output(hidden).squeeze(1)

    def planes(self, observations: Tensor, actions: Tensor) -> Tensor:
        """The input of ``forward`` as uint8 (n, channels, height, width), see ``encode``."""
        return encode(observations, actions, self.conv_axis, self.action_cells)

    def predict(self, observations: np.ndarray, actions: np.ndarray) -> np.ndarray:
        """Predicted social reward of each pair of observation and action.

        Args:
            observations: uint8 (n, height, width, features).
            actions: Integer (n, K), or (n,) if K is 1.

        Returns:
            float32 (n,). A prediction does not depend on the others in the call, but for rounding.

        Raises:
            ExperienceError: A shape or dtype does not fit.
        """
        count = len(observations)
        observations = checked_observations(observations, (count, *self.observation_shape))
        actions = checked_actions(actions, (count,), self.num_bodies)
        predictions = np.empty(count, np.float32)
        with torch.no_grad():
            for start in range(0, count, _CHUNK):
                rows = slice(start, start + _CHUNK)
                planes = self.planes(
                    torch.from_numpy(np.ascontiguousarray(observations[rows])),
                    torch.from_numpy(np.ascontiguousarray(actions[rows])),
                )
                predictions[rows] = self(planes.float()).numpy()
        return predictions

    def _initialize(self, generator: torch.Generator) -> None:
        for layer in (self.conv1, self.conv2):  # as nn.Conv2d does by default
            nn.init.kaiming_uniform_(layer.weight, a=math.sqrt(5), generator=generator)
            bound = 1 / math.sqrt(layer.weight[0].numel())
            nn.init.uniform_(layer.get_parameter("bias"), -bound, bound, generator=generator)
        for layer in (self.hidden1, self.hidden2, self.output):
            nn.init.orthogonal_(layer.weight, gain=math.sqrt(2), generator=generator)
            nn.init.zeros_(layer.bias)
