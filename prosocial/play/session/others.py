"""Who acts for the agents that no person plays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from prosocial.agents.partners import Partner, Population, make_partner, partner_entry, partners
from prosocial.agents.training.world_setup import derived_seed
from prosocial.envs.engine import Batch, ConfigError, World
from prosocial.play.config import PlayConfig

from .transitions import Learner

# Who acts beside a person where nobody else is named: partners who know the world, else random.
DEFAULT_PARTNERS: dict[str, str | tuple[str, ...]] = {
    "commons_harvest": "restrained_harvester",
    "clean_up": "reciprocator",
    "doors": ("doors_human", "bayesian_helper"),  # by number of the agent
    "kitchen": "greedy_cook",
    "fishery": "sustainable_demand",
    "pasture": "sustainable_demand",
    "pollution": "sustainable_demand",
    "rendezvous": "imagined_we",
}
_LEARNER = "learner"


class Others:
    """Acts for all agents without a person: partners, a trained policy, or a learner.

    Args:
        config: The session.
        world: Its world.
        learner: Acts for the agents that are left; None: as the configuration says.

    Attributes:
        labels: Who acts for each of them, by number of the agent: the name of a partner, "policy"
            or "learner".
        learner: Who learns; None if nobody does.
    """

    def __init__(self, config: PlayConfig, world: World, learner: Learner | None = None) -> None:
        named = {int(slot): named for slot, named in config.partners.items()}
        left = list(config.left(world.num_agents))
        if left and learner is None and config.learning:
            # torch and ray are imported for those alone who want to learn
            from prosocial.play.learning.learners import make_learner

            learner = make_learner(config, world, tuple(left))
        self.learner = learner if left else None
        if self.learner is None:
            named |= {slot: _default(config, slot) for slot in left}
        self._left = left if self.learner is not None else []
        self.labels = {slot: _options(given)["name"] for slot, given in named.items()}
        self.labels |= dict.fromkeys(self._left, _LEARNER)
        self._population = _populate(named, world)
        self._named = sorted(named)
        if self._population is not None:
            self._population.reset(derived_seed(config.seed, 1))

    def act(self, batch: Batch) -> np.ndarray:
        """Returns the next actions of all agents, int64 (N,); -1 for those with a person.

        It is to be asked once a step: partners with a memory look at the worlds then.
        """
        actions = np.full(batch.num_agents, -1, np.int64)
        if self._population is not None:
            actions[self._named] = self._population.act_for(batch, self._named)[0]
        if self.learner is not None:
            actions[self._left] = self.learner.act(batch)[0, self._left]
        return actions


def _default(config: PlayConfig, slot: int) -> Any:
    if config.run is not None:
        return {"name": "policy", "run": config.run, "greedy": False}
    usual = DEFAULT_PARTNERS.get(config.world, "random")
    return usual if isinstance(usual, str) else usual[slot]


def _populate(named: Mapping[int, Any], world: World) -> Population | None:
    """Returns the partners by agent; those who are named alike are one object, asked once."""
    if not named:
        return None
    made: list[tuple[Any, Partner]] = []
    slots: dict[int, Partner] = {}
    for slot, given in named.items():
        partner = next((one for other, one in made if other == given), None)
        if partner is None:
            partner = _made_for(world, **_options(given))
            made.append((given, partner))
        slots[slot] = partner
    return Population(slots)


def _made_for(world: World, **options: Any) -> Partner:
    """Returns a partner after checking that it can act in the world, before anybody waits for it.

    Raises:
        ConfigError: It is made for another world, or its name or an option is wrong.
    """
    name = options["name"]
    worlds = partner_entry(name).worlds
    if worlds and world.name not in worlds:
        raise ConfigError(
            f"Partner {name!r} acts in {' and '.join(worlds)}, not in {world.name!r}. "
            f"There: {', '.join(partners(world.name))}."
        )
    partner = make_partner(**options)
    policy = getattr(partner, "policy", None)
    if policy is not None:
        wanted = tuple(policy.observation_shape), policy.num_actions
        if wanted != (world.observation_shape, world.num_actions):
            raise ConfigError(
                f"The policy of {options['run']} sees {wanted[0]} and has {wanted[1]} actions; "
                f"{world.name} as configured shows {world.observation_shape} and has "
                f"{world.num_actions}. Give the session the world_config of its training."
            )
    return partner


def _options(given: Any) -> dict[str, Any]:
    """Returns name and options of a partner as it was configured."""
    options = dict(given) if isinstance(given, Mapping) else {"name": given}
    if not isinstance(options.get("name"), str):
        raise ConfigError(
            f"A partner is {given!r}; expected the name of one, or a mapping with name and options."
        )
    return options
