"""Which worlds a phase is lived in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from prosocial.envs.engine.batch import Batch
from prosocial.envs.engine.random import world_seeds
from prosocial.envs.engine.registry import build
from prosocial.envs.engine.world import World
from prosocial.envs.social.config import CaregiverConfig, make_caregiver


@dataclass(frozen=True)
class WorldSetup:
    """Worlds with their caregiver, as plain values that travel between processes.

    Attributes:
        world: Registered name.
        config: Fields of the world's configuration that differ from its defaults.
        caregiver: Who gives social rewards.
        seed: Of the batch, in [0, 2**64).
    """

    world: str
    config: dict[str, Any] = field(default_factory=dict)
    caregiver: CaregiverConfig = field(default_factory=CaregiverConfig)
    seed: int = 0

    def build(self) -> World:
        """Returns the configured world."""
        return build(self.world, **self.config)

    def make_batch(self, num_worlds: int, first: int = 0) -> Batch:
        """Returns worlds ``first`` .. ``first + num_worlds - 1``; they are not reset yet."""
        world = self.build()
        caregiver = make_caregiver(self.caregiver, world)
        return Batch(world, num_worlds, seed=self.seed, first=first, caregiver=caregiver)


def derived_seed(seed: int, *purposes: int) -> int:
    """Returns a seed in [0, 2**63) for one purpose: a pure function of a seed and integers >= 0."""
    for purpose in purposes:
        seed = int(world_seeds(seed, purpose, 1)[0])
    return seed >> 1
