"""From observations and actions to the planes that the ISR network reads."""

from __future__ import annotations

import torch
from torch import Tensor

from .config import ActionCells, ConvAxis

AGENT_TYPE = 10  # first feature of a cell that holds an agent: MiniGrid's object code for "agent"


def plane_shape(
    observation_shape: tuple[int, int, int], num_bodies: int, conv_axis: ConvAxis
) -> tuple[int, int, int]:
    """Shape (channels, height, width) of the planes of one input, as a convolution sees them."""
    height, width, features = observation_shape
    if conv_axis == "authors":
        return height, width, features + num_bodies
    return features + num_bodies, height, width


def encode(
    observations: Tensor, actions: Tensor, conv_axis: ConvAxis, action_cells: ActionCells
) -> Tensor:
    """Adds one channel per body whose action matters, with its action index where the body is.

    Codes and indices enter as they are, unscaled; an index is 0 at all other cells, so action 0
    leaves its channel empty.

    Args:
        observations: uint8 (n, height, width, features); the first feature is the type of the
            cell's object.
        actions: Integer (n, K), one column per body.
        conv_axis: Which axis becomes the channels, see ``ISRConfig``.
        action_cells: Where the indices are written, see ``ISRConfig``.

    Returns:
        uint8 (n, channels, height, width), the axes named as in ``plane_shape``; a view that is not
        contiguous.
    """
    count, height, width, _ = observations.shape
    bodies = actions.shape[1]
    indices = actions.to(torch.uint8)[:, None, None, :]
    if action_cells == "agents" or (action_cells == "auto" and bodies > 1):
        channels = (observations[..., :1] == AGENT_TYPE) * indices
    else:
        channels = torch.zeros(count, height, width, bodies, dtype=torch.uint8)
        row, column = height // 2, width // 2
        channels[:, row : row + 1, column : column + 1] = indices
    grid = torch.cat([observations, channels], dim=3)
    return grid if conv_axis == "authors" else grid.permute(0, 3, 1, 2)
