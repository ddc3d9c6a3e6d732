"""A partner that does nothing."""

from __future__ import annotations

import numpy as np

from prosocial.envs.engine import Batch


class IdlePartner:
    """Always takes action 0: it stands still in the commons and demands nothing of a fishery.

    In caregiver_grid action 0 is a turn to the left.
    """

    def reset(self, seed: int) -> None:
        """Does nothing: there is no memory."""

    def act(self, batch: Batch) -> np.ndarray:
        """Returns zeros, int64 (B, N)."""
        return np.zeros((batch.num_worlds, batch.num_agents), np.int64)
