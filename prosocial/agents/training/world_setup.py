"""Which worlds a phase is lived in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from prosocial.agents.caregivers.making import make_caregiver
from prosocial.agents.mind.batch import make_batch
from prosocial.agents.mind.config import MindConfig
from prosocial.agents.partners.population import Population
from prosocial.agents.partners.protocol import Partner
from prosocial.agents.partners.registry import make_partner
from prosocial.envs.engine.batch import Batch
from prosocial.envs.engine.errors import ConfigError
from prosocial.envs.engine.random import world_seeds
from prosocial.envs.engine.registry import build
from prosocial.envs.engine.world import World
from prosocial.envs.social.config import CaregiverConfig


@dataclass(frozen=True)
class WorldSetup:
    """Worlds with their caregiver, as plain values that travel between processes.

    Attributes:
        world: Registered name.
        config: Fields of the world's configuration that differ from its defaults.
        caregiver: Who gives social rewards.
        seed: Of the batch, in [0, 2**64).
        partners: By slot (index of an agent, as text), who acts there instead of a learner: the
            name of a partner, or a mapping with ``name`` and its options.
        mind: What the learners infer of the others; None for nothing.
    """

    world: str
    config: dict[str, Any] = field(default_factory=dict)
    caregiver: CaregiverConfig = field(default_factory=CaregiverConfig)
    seed: int = 0
    partners: dict[str, Any] = field(default_factory=dict)
    mind: MindConfig | None = None

    def build(self) -> World:
        """Returns the configured world."""
        return build(self.world, **self.config)

    def make_batch(self, num_worlds: int, first: int = 0) -> Batch:
        """Returns worlds ``first`` .. ``first + num_worlds - 1``; they are not reset yet."""
        world = self.build()
        caregiver = make_caregiver(self.caregiver, world)
        options = {"seed": self.seed, "first": first, "caregiver": caregiver}
        return make_batch(world, num_worlds, self.mind, **options)

    def learner_slots(self, num_agents: int) -> np.ndarray:
        """Returns the indices of the agents that learn, int64, ascending.

        Raises:
            ConfigError: A slot of a partner is no agent of the world, or nobody learns.
        """
        taken = [self._slot(text, num_agents) for text in self.partners]
        learners = np.setdiff1d(np.arange(num_agents), np.array(taken, np.int64))
        if not len(learners):
            raise ConfigError(f"partners take all {num_agents} slots; leave one to a learner.")
        return learners

    def make_partners(self, num_agents: int) -> Population | None:
        """Returns who acts beside the learners; None if nobody does.

        Raises:
            ConfigError: A name, option or slot is wrong.
        """
        if not self.partners:
            return None
        made: list[tuple[Any, Partner]] = []
        slots: dict[int, Partner] = {}
        for text, named in self.partners.items():
            partner = next((one for other, one in made if other == named), None)
            if partner is None:
                options = dict(named) if isinstance(named, Mapping) else {"name": named}
                partner = make_partner(**options)
                made.append((named, partner))
            slots[self._slot(text, num_agents)] = partner
        population = Population(slots)
        population.reset(self.seed)
        return population

    def _slot(self, text: str, num_agents: int) -> int:
        if not str(text).isdecimal() or int(text) >= num_agents:
            raise ConfigError(
                f"partners names slot {text!r}; expected an agent's index, 0 .. {num_agents - 1}."
            )
        return int(text)


def derived_seed(seed: int, *purposes: int) -> int:
    """Returns a seed in [0, 2**63) for one purpose: a pure function of a seed and integers >= 0."""
    for purpose in purposes:
        seed = int(world_seeds(seed, purpose, 1)[0])
    return seed >> 1
