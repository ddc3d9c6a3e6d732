"""The ISR of worlds whose observations are codes of cells, and its fitting."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from .config import ISRConfig
from .data import ExperienceError, checked_actions, checked_observations

WIDTHS = (128, 32)  # units of the two hidden layers
MAX_ACTIONS = 128  # actions are stored as int8
_CHUNK = 65_536  # inputs predicted at once


class CellISRNetwork(nn.Module):
    """r̂(s, a) from cell codes: a table over (place, code), one over actions, two hidden layers.

    A first hidden unit adds up the rows of the codes seen and of the actions taken, as a dense
    layer on one-hot inputs would. Codes are names here, where the convolutions of ``ISRNetwork``
    take them for quantities, as the paper's do.

    Args:
        observation_shape: (height, width, features) of one observation, uint8.
        num_bodies: K, the number of bodies whose action enters the input.
        config: ``observation_codes`` bounds the codes; None stands for 256.
        generator: Source of the initial weights; the global one is neither used nor moved.
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
        self.observation_shape = observation_shape
        self.num_bodies = num_bodies
        self.codes = (config or ISRConfig()).observation_codes or 256
        places = math.prod(observation_shape)
        first, second = WIDTHS
        self.offsets: Tensor
        self.body_offsets: Tensor
        self.register_buffer("offsets", torch.arange(places) * self.codes, persistent=False)
        bodies = places * self.codes + torch.arange(num_bodies) * MAX_ACTIONS
        self.register_buffer("body_offsets", bodies, persistent=False)
        self.table = nn.Parameter(
            torch.empty(places * self.codes + num_bodies * MAX_ACTIONS, first)
        )
        self.bias = nn.Parameter(torch.zeros(first))
        self.hidden = nn.Linear(first, second, device="meta").to_empty(device="cpu")
        self.output = nn.Linear(second, 1, device="meta").to_empty(device="cpu")
        self._initialize(generator, places)

    def forward(self, observations: Tensor, actions: Tensor) -> Tensor:
        """Predicted social reward, float32 (n,).

        Args:
            observations: uint8 (n, height, width, features).
            actions: Integer (n, K).
        """
        rows = [observations.flatten(1) + self.offsets, actions + self.body_offsets]
        sums = functional.embedding_bag(torch.cat(rows, 1), self.table, mode="sum")
        hidden = torch.relu(self.hidden(torch.relu(sums + self.bias)))
        return self.output(hidden).squeeze(1)

    def predict(self, observations: np.ndarray, actions: np.ndarray) -> np.ndarray:
        """Predicted social reward of each pair of observation and action.

        Args:
            observations: uint8 (n, height, width, features), all below ``codes``.
            actions: Integer (n, K), or (n,) if K is 1.

        Returns:
            float32 (n,). A prediction does not depend on the others in the call, but for rounding.

        Raises:
            ExperienceError: A shape, dtype or code does not fit.
        """
        count = len(observations)
        observations = checked_observations(observations, (count, *self.observation_shape))
        actions = checked_actions(actions, (count,), self.num_bodies)
        if count and int(observations.max()) >= self.codes:
            raise ExperienceError(
                f"The observations hold the code {observations.max()}; this ISR knows codes below "
                f"{self.codes}. Use it in worlds with the codes that it was fitted on."
            )
        predictions = np.empty(count, np.float32)
        with torch.no_grad():
            for start in range(0, count, _CHUNK):
                rows = slice(start, start + _CHUNK)
                seen = torch.from_numpy(np.ascontiguousarray(observations[rows]))
                taken = torch.from_numpy(np.ascontiguousarray(actions[rows]))
                predictions[rows] = self(seen, taken).numpy()
        return predictions

    @torch.no_grad()
    def _initialize(self, generator: torch.Generator, places: int) -> None:
        # One row per place and body is added up. A tenth of the scale that would keep the size of a
        # unit input: places that say nothing then add little noise to what a few samples teach.
        deviation = 0.1 * math.sqrt(2 / (places + self.num_bodies))
        self.table.normal_(0.0, deviation, generator=generator)
        for layer in (self.hidden, self.output):
            nn.init.orthogonal_(layer.weight, gain=math.sqrt(2), generator=generator)
            layer.bias.zero_()


class CellRegression:
    """Adam on the mean squared error of a ``CellISRNetwork``; it changes the network in place.

    Args:
        network: The network.
        config: Batch size, learning rate, epsilon and norm of gradients.
    """

    def __init__(self, network: CellISRNetwork, config: ISRConfig) -> None:
        self.network = network
        self.config = config
        self._optimizer = torch.optim.Adam(
            network.parameters(), lr=config.learning_rate, eps=config.adam_eps, fused=True
        )

    def run(self, observations: Tensor, actions: Tensor, targets: Tensor) -> Tensor:
        """Makes one update per consecutive ``batch_size`` samples.

        Args:
            observations: uint8 (updates · batch_size, height, width, features).
            actions: Integer (updates · batch_size, K).
            targets: float32 (updates · batch_size,).

        Returns:
            Mean squared error of each update before it, float32 (updates,).
        """
        batch = self.config.batch_size
        parameters = list(self.network.parameters())
        losses = []
        for start in range(0, len(targets), batch):
            rows = slice(start, start + batch)
            self._optimizer.zero_grad(set_to_none=True)
            predictions = self.network(observations[rows], actions[rows])
            loss = functional.mse_loss(predictions, targets[rows])
            loss.backward()
            nn.utils.clip_grad_norm_(parameters, self.config.max_grad_norm)
            self._optimizer.step()
            losses.append(loss.detach())
        return torch.stack(losses) if losses else torch.empty(0)

    def state_tensors(self) -> dict[str, Tensor]:
        """Copies of Adam's moments and counts of updates by parameter; empty before the first."""
        return {
            f"{name}.{moment}": value.clone()
            for name, parameter in self.network.named_parameters()
            for moment, value in self._optimizer.state[parameter].items()
        }

    def load(self, tensors: dict[str, Tensor]) -> None:
        """Takes over what ``state_tensors`` returned; the weights are the network's own."""
        parameters = dict(self.network.named_parameters())
        for name, value in tensors.items():
            parameter, _, moment = name.rpartition(".")
            self._optimizer.state[parameters[parameter]][moment] = value.clone()
