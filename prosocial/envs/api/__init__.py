"""Thin adapters: PettingZoo ``ParallelEnv``, Gymnasium ``Env`` and ``VectorEnv``."""

from .gymnasium import WorldEnv, WorldVectorEnv
from .parallel import WorldParallelEnv
from .registration import gymnasium_id, pettingzoo_id, register_all
from .rewards import Gifting, TransformedRewards

__all__ = [
    "Gifting",
    "TransformedRewards",
    "WorldEnv",
    "WorldParallelEnv",
    "WorldVectorEnv",
    "gymnasium_id",
    "pettingzoo_id",
    "register_all",
]
