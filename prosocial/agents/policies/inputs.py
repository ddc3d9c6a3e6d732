"""What a network sees: the observation of a world and, behind it, the features of a mind."""

from __future__ import annotations

import math

import numpy as np
from torch import Tensor

from prosocial.agents.mind.batch import LEVELS, MindBatch
from prosocial.envs.engine import Batch


def inputs(batch: Batch) -> np.ndarray:
    """Returns what networks see of a batch now, uint8 (B, N, ...); see ``join``."""
    features = batch.features if isinstance(batch, MindBatch) else None
    return join(batch.observations, features)


def join(observations: np.ndarray, features: np.ndarray | None) -> np.ndarray:
    """Returns observations as networks take them.

    Args:
        observations: uint8 (..., height, width, channels).
        features: Of a mind, uint8 (..., F); None without one.

    Returns:
        uint8: without a mind the observations, else (..., height * width * channels + F).
    """
    if features is None:
        return observations
    flat = observations.reshape(*features.shape[:-1], -1)
    return np.concatenate([flat, features], axis=-1)


def split(
    inputs: Tensor, observation_shape: tuple[int, ...], num_features: int
) -> tuple[Tensor, Tensor | None]:
    """Takes apart what ``join`` put together.

    Args:
        inputs: uint8 (n, ...).
        observation_shape: (height, width, channels).
        num_features: F.

    Returns:
        Observations, uint8 (n, height, width, channels); and features in [0, 1], float32 (n, F), or
        None without a mind.
    """
    if not num_features:
        return inputs, None
    size = math.prod(observation_shape)
    return inputs[:, :size].reshape(-1, *observation_shape), inputs[:, size:].float() / LEVELS
