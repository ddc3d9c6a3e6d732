"""Gradient descent on the squared error of one ISR network, fast for batches of one sample.

The network is so small that autograd, module calls and optimiser bookkeeping cost several times the
arithmetic. Here the convolutions are matrix products over 2×2 windows, the backward pass is written
out, and every parameter lies in one vector, so that clipping and Adam are one call each. A test
holds the gradients and the updates to those of autograd and ``torch.optim.Adam``.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.optim.adam import adam

from .config import ISRConfig
from .network import FILTERS, HIDDEN, ISRNetwork

BETA1, BETA2 = 0.9, 0.999  # torch's defaults, also the released code's
_CHUNK = 2048  # samples whose windows are laid out at once: about 10 MB
_threshold_backward = torch.ops.aten.threshold_backward  # the backward pass of ReLU


class Regression:
    """Adam on the mean squared error of a network; it changes the network in place.

    Args:
        network: The network.
        config: Batch size, learning rate, epsilon and norm of gradients.
    """

    def __init__(self, network: ISRNetwork, config: ISRConfig) -> None:
        self.network = network
        self.config = config
        self._values = torch.empty(sum(p.numel() for p in network.parameters()))
        self._gradient = torch.zeros_like(self._values)
        self._first_moment = torch.zeros_like(self._values)
        self._second_moment = torch.zeros_like(self._values)
        self._step = torch.zeros(())
        self._parameters = list(network.parameters())
        self._weights = _split(self._values, self._parameters)
        self._gradients = _split(self._gradient, self._parameters)
        self._allocate(config.batch_size)

    @torch.no_grad()
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
        views = [_shaped(w, p) for w, p in zip(self._weights, self._parameters, strict=True)]
        for view, parameter in zip(views, self._parameters, strict=True):
            view.copy_(parameter)
        losses = []
        per_chunk = max(1, _CHUNK // batch) * batch
        for start in range(0, len(targets), per_chunk):
            rows = slice(start, start + per_chunk)
            windows = self._input_windows(observations[rows], actions[rows])
            wanted = targets[rows].view(-1, batch, 1)
            residuals = torch.empty_like(wanted)
            for inputs, target, residual in zip(windows, wanted, residuals, strict=True):
                self._differentiate(inputs, target, residual)
                self._descend()
            losses.append(residuals.square().mean((1, 2)))
        for view, parameter in zip(views, self._parameters, strict=True):
            parameter.copy_(view)
        return torch.cat(losses) if losses else torch.empty(0)

    def state_tensors(self) -> dict[str, Tensor]:
        """Copies of Adam's moments, float32 (parameters,), and its count of updates, float32 ()."""
        return {
            "first_moment": self._first_moment.clone(),
            "second_moment": self._second_moment.clone(),
            "step": self._step.clone(),
        }

    def load(self, tensors: dict[str, Tensor]) -> None:
        """Takes over what ``state_tensors`` returned; the weights are the network's own."""
        self._first_moment.copy_(tensors["first_moment"])
        self._second_moment.copy_(tensors["second_moment"])
        self._step.copy_(tensors["step"])

    def _allocate(self, batch: int) -> None:
        """Makes the activations and their gradients once, with the views that each update needs.

        Names: ``first``, ``second`` the outputs of the convolutions (rows = batch · positions,
        columns = filters), ``windows`` the 2×2 windows of ``first``; ``d_x`` the gradient with
        respect to x.
        """
        _, height, width = self.network.plane_shape
        few, many = FILTERS
        grid, inner = (batch, height - 1, width - 1, few), (batch, height - 2, width - 2)
        self._first = torch.empty(grid).view(-1, few)
        self._d_first = torch.empty(grid).view(-1, few)
        self._windows = torch.empty(*inner, 2, 2, few)
        self._d_windows = torch.empty(*inner, few * 4)
        self._second = torch.empty(*inner, many).view(-1, many)
        self._hidden1, self._hidden2 = torch.empty(batch, HIDDEN), torch.empty(batch, HIDDEN)
        self._prediction = torch.empty(batch, 1)
        self._first_windows = _windows(self._first.view(grid))
        self._features = self._second.view(batch, -1)
        corners = self._d_windows.view(*inner, 2, 2, few)
        self._overlaps = [
            (
                self._d_first.view(grid)[:, i : i + inner[1], j : j + inner[2]],
                corners[:, :, :, i, j],
            )
            for i in range(2)
            for j in range(2)
        ]

    def _input_windows(self, observations: Tensor, actions: Tensor) -> Tensor:
        """The 2×2 windows of the inputs, float32 (updates, batch · positions, channels · 4)."""
        planes = self.network.planes(observations, actions)
        windows = _windows(planes.permute(0, 2, 3, 1)).float()
        rows = self.config.batch_size * windows.shape[1] * windows.shape[2]
        return windows.reshape(-1, rows, 4 * windows.shape[5])

    def _differentiate(self, inputs: Tensor, target: Tensor, residual: Tensor) -> None:
        """Writes ``prediction − target`` to ``residual``, and the gradient of its mean square."""
        w1, b1, w2, b2, w3, b3, w4, b4, w5, b5 = self._weights
        gw1, gb1, gw2, gb2, gw3, gb3, gw4, gb4, gw5, gb5 = self._gradients
        first, second, features = self._first, self._second, self._features
        hidden1, hidden2 = self._hidden1, self._hidden2
        windows = self._windows.view(len(second), -1)

        torch.addmm(b1, inputs, w1, out=first).relu_()
        self._windows.copy_(self._first_windows)
        torch.addmm(b2, windows, w2, out=second).relu_()
        torch.addmm(b3, features, w3, out=hidden1).relu_()
        torch.addmm(b4, hidden1, w4, out=hidden2).relu_()
        torch.addmm(b5, hidden2, w5, out=self._prediction)
        torch.sub(self._prediction, target, out=residual)

        d_output = residual * (2 / len(residual))
        torch.mm(hidden2.t(), d_output, out=gw5)
        torch.sum(d_output, 0, out=gb5)
        d_hidden2 = _threshold_backward(torch.mm(d_output, w5.t()), hidden2, 0)
        torch.mm(hidden1.t(), d_hidden2, out=gw4)
        torch.sum(d_hidden2, 0, out=gb4)
        d_hidden1 = _threshold_backward(torch.mm(d_hidden2, w4.t()), hidden1, 0)
        torch.mm(features.t(), d_hidden1, out=gw3)
        torch.sum(d_hidden1, 0, out=gb3)
        d_second = _threshold_backward(torch.mm(d_hidden1, w3.t()).view_as(second), second, 0)
        torch.mm(windows.t(), d_second, out=gw2)
        torch.sum(d_second, 0, out=gb2)
        torch.mm(d_second, w2.t(), out=self._d_windows.view(len(second), -1))
        self._d_first.zero_()
        for part, corner in self._overlaps:
            part.add_(corner)
        d_first = _threshold_backward(self._d_first, first, 0)
        torch.mm(inputs.t(), d_first, out=gw1)
        torch.sum(d_first, 0, out=gb1)

    def _descend(self) -> None:
        """Clips the gradient by its norm, as ``clip_grad_norm_`` does, and makes a step of Adam."""
        norm = float(torch.linalg.vector_norm(self._gradient))
        limit = self.config.max_grad_norm
        if norm + 1e-6 > limit:
            self._gradient.mul_(limit / (norm + 1e-6))
        adam(
            [self._values],
            [self._gradient],
            [self._first_moment],
            [self._second_moment],
            [],
            [self._step],
            fused=True,
            amsgrad=False,
            beta1=BETA1,
            beta2=BETA2,
            lr=self.config.learning_rate,
            weight_decay=0.0,
            eps=self.config.adam_eps,
            maximize=False,
        )


def _windows(maps: Tensor) -> Tensor:
    """The 2×2 windows of maps (n, h, w, c): a view (n, h − 1, w − 1, 2, 2, c)."""
    return maps.unfold(1, 2, 1).unfold(2, 2, 1).permute(0, 1, 2, 4, 5, 3)


def _split(vector: Tensor, parameters: list[nn.Parameter]) -> list[Tensor]:
    """Views of a vector, one per parameter: weights (inputs, outputs), biases (outputs,)."""
    parts = vector.split([p.numel() for p in parameters])
    return [v.view(-1, len(p)) if p.ndim > 1 else v for v, p in zip(parts, parameters, strict=True)]


def _shaped(part: Tensor, parameter: nn.Parameter) -> Tensor:
    """A view of what ``_split`` returned, in the shape of its parameter."""
    if parameter.ndim == 4:
        outputs, inputs, height, width = parameter.shape
        return part.view(height, width, inputs, outputs).permute(3, 2, 0, 1)
    return part.t() if parameter.ndim == 2 else part
