"""A partner that acts at random."""

from __future__ import annotations

import numpy as np

from prosocial.envs.engine import Batch, Stream, uniform_array, world_seeds


class RandomPartner:
    """Takes every action with the same probability, in any world.

    What it does in a world depends on its own seed, the world's seed and the world's step only.
    """

    def __init__(self, seed: int = 0) -> None:
        """Starts with a seed, an int in [0, 2**64)."""
        self.reset(seed)

    def reset(self, seed: int) -> None:
        """Starts anew with another seed, an int in [0, 2**64)."""
        self._seed = world_seeds(seed, 0, 1)

    def act(self, batch: Batch) -> np.ndarray:
        """Returns uniformly random actions, int64 (B, N)."""
        seeds = batch.state["seed"] + self._seed
        uniforms = uniform_array(seeds, batch.state["step"], Stream.POLICY, batch.num_agents)
        return (uniforms * batch.num_actions).astype(np.int64)
