"""What a partner is: whoever acts in a world without learning."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np

from prosocial.envs.engine import Batch, ConfigError


@runtime_checkable
class Partner(Protocol):
    """Acts for all controlled agents of every world of a batch.

    A partner sees the batch as it is before a step: its state records and its observations, and
    the events of the step before. One that remembers is to be asked once a step; where ``t`` is 0
    an episode begins, and it forgets what was before in that world.
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


@runtime_checkable
class SelectivePartner(Partner, Protocol):
    """A partner that can act for some of the agents alone, which saves the time for the others."""

    def act_for(self, batch: Batch, agents: Sequence[int]) -> np.ndarray:
        """Returns the next actions of some agents, int64 (B, len(agents)).

        Args:
            batch: The worlds.
            agents: Numbers of the agents, the same ones throughout an episode.
        """
        ...


@runtime_checkable
class RememberingPartner(Partner, Protocol):
    """A partner whose memory can be saved, so that a run can be resumed with the same actions."""

    def state(self) -> dict[str, np.ndarray]:
        """Returns copies of the arrays that restore the memory; empty before the first act."""
        ...

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Takes over what ``state`` returned, after ``reset`` with the same seed."""
        ...


def act_for(partner: Partner, batch: Batch, agents: Sequence[int]) -> np.ndarray:
    """Returns the partner's actions for some of the agents, int64 (B, len(agents))."""
    if isinstance(partner, SelectivePartner):
        return partner.act_for(batch, agents)
    return partner.act(batch)[:, list(agents)]


def check_world(partner: object, batch: Batch, *names: str) -> None:
    """Raises `ConfigError` unless the batch is of a world that the partner is made for."""
    if batch.world.name not in names:
        known = " or ".join(map(repr, names))
        raise ConfigError(
            f"{type(partner).__name__} acts in world {known}, but the batch is of "
            f"{batch.world.name!r}; use a partner made for that world, or RandomPartner."
        )
