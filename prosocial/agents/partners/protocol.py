"""What a partner is: whoever acts in a world without learning."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import numpy as np

from prosocial.envs.engine import Batch, ConfigError


@runtime_checkable
class Partner(Protocol):
    """Acts for all controlled agents of every world of a batch.

    A partner sees the batch as it is before a step: its state records and its observations.
    """

    def reset(self, seed: int) -> None:
        """Forgets everything and starts anew.

        Args:
            seed: Of the partner's own random numbers, an int in [0, 2**64).
        """
        ...

    def act(self, batch: Batch) -> np.ndarray:
        """Returns the next actions, int64 (B, N), valid for `batch.step`."""
        ...


def check_world(partner: object, batch: Batch, name: str) -> None:
    """Raises `ConfigError` unless the batch is of the world that the partner is made for."""
    if batch.world.name != name:
        raise ConfigError(
            f"{type(partner).__name__} acts in world {name!r}, but the batch is of "
            f"{batch.world.name!r}; use a partner made for that world, or RandomPartner."
        )
