"""The partners by name."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from prosocial.envs.engine import ConfigError, nearest

from .bayesian import BayesianReciprocator
from .caregiver_grid import ShortestPathOracle
from .commons import (
    Alternator,
    ConditionalCleaner,
    CorrigibleReciprocator,
    Harvester,
    SanctioningAlternator,
    Unconditional,
)
from .commons.cleaners import FAST_BLOCK, NICE_STEPS
from .delegation import Cook
from .doors import BayesianHelper, DoorOpener, DoorsHuman, OracleHelper, UninformedHelper
from .govsim import WORLDS as _GOVSIM
from .govsim import (
    ConditionalCooperator,
    FixedDemand,
    FractionDemand,
    GreedyDemand,
    SustainableDemand,
)
from .helping_grid import ScriptedHelper
from .idle import IdlePartner
from .protocol import Partner
from .random import RandomPartner
from .rendezvous import ImaginedWe, IndividualPlanner, SharedRewardPlanner


@dataclass(frozen=True)
class PartnerEntry:
    """A registered partner.

    Attributes:
        factory: Makes it; its keyword arguments are the options.
        worlds: Names of the worlds that it acts in; empty for every world.
        description: What it does, in one line.
        options: Options that differ from the factory's defaults.
    """

    factory: Callable[..., Partner]
    worlds: tuple[str, ...]
    description: str
    options: dict[str, Any] = field(default_factory=dict)


def _policy(run: str | Path, greedy: bool = True, seed: int = 0) -> Partner:
    from .policy import PolicyPartner  # torch is imported for those alone who ask for a policy

    return PolicyPartner.load(run, greedy=greedy, seed=seed)


_HARVEST, _CLEAN_UP = ("commons_harvest",), ("clean_up",)
_BOTH = _HARVEST + _CLEAN_UP
_entries: dict[str, PartnerEntry] = {}


def register_partner(
    name: str,
    factory: Callable[..., Partner],
    worlds: tuple[str, ...],
    description: str,
    **options: Any,
) -> None:
    """Registers a partner under a name.

    Raises:
        ConfigError: The name is taken by another partner.
    """
    entry = PartnerEntry(factory, worlds, description, options)
    if _entries.get(name, entry) != entry:
        raise ConfigError(f"A partner named {name!r} is already registered; choose another name.")
    _entries[name] = entry


def partners(world: str | None = None) -> list[str]:
    """Returns the names of the partners in alphabetical order.

    Args:
        world: Only those that act in this world; None for all.
    """
    fitting = (n for n, e in _entries.items() if world is None or not e.worlds or world in e.worlds)
    return sorted(fitting)


def partner_entry(name: str) -> PartnerEntry:
    """Returns the entry of a registered partner.

    Raises:
        ConfigError: No partner has that name; the nearest one is named.
    """
    if name not in _entries:
        raise ConfigError(f"There is no partner named {name!r}. {nearest(str(name), _entries)}")
    return _entries[name]


def make_partner(name: str, **options: Any) -> Partner:
    """Returns a partner.

    Args:
        name: A registered name, see ``partners()``.
        **options: Arguments of the partner's class that differ from the defaults of the name;
            "policy" needs ``run``, the run folder.

    Raises:
        ConfigError: The name or an option is unknown, one is missing, or a value is invalid.
    """
    entry = partner_entry(name)
    signature = inspect.signature(entry.factory)
    for option in options:
        if option not in signature.parameters:
            known = signature.parameters
            hint = nearest(option, known) if known else "It has none."
            raise ConfigError(f"Partner {name!r} has no option {option!r}. {hint}")
    given = {**entry.options, **options}
    try:
        signature.bind(**given)
    except TypeError as error:
        raise ConfigError(f"Partner {name!r}: {error}.") from error
    return entry.factory(**given)


def _register_all() -> None:
    add = register_partner
    add("random", RandomPartner, (), "every action with the same probability")
    add("idle", IdlePartner, (), "always action 0")
    add("policy", _policy, (), "a trained policy; run: its run folder")
    add("shortest_path", ShortestPathOracle, ("caregiver_grid",), "a shortest path to the goal")
    add("scripted_helper", ScriptedHelper, ("helping_grid",), "clears the caregiver's way")
    where = ("rendezvous",)
    add("imagined_we", ImaginedWe, where, "infers what all of them intend, and does its part")
    add("individual_planner", IndividualPlanner, where, "the goal that is nearest to itself")
    add(
        "shared_reward_planner", SharedRewardPlanner, where,
        "plans for all without inferring an intention",
    )  # fmt: skip
    add("fixed_demand", FixedDemand, _GOVSIM, "the same demand every round; amount: units")
    add("fraction_demand", FractionDemand, _GOVSIM, "a share of the stock; share: in [0, 1]")
    add("sustainable_demand", SustainableDemand, _GOVSIM, "what all can take for ever")
    add("greedy_demand", GreedyDemand, _GOVSIM, "the whole stock")
    add(
        "conditional_cooperator", ConditionalCooperator, _GOVSIM,
        "what all can take for ever, until another takes more",
    )  # fmt: skip
    add(
        "bayesian_reciprocator", BayesianReciprocator, _HARVEST + _GOVSIM,
        "restrained until it infers that most others are greedy, then greedy",
    )  # fmt: skip
    add(
        "bayesian_punisher", BayesianReciprocator, _HARVEST,
        "restrained; zaps the greedy once it infers that most others are", response="punish",
    )  # fmt: skip
    add("doors_human", DoorsHuman, ("doors",), "walks to the box it wants; beta: rationality")
    add("bayesian_helper", BayesianHelper, ("doors",), "infers which box is wanted, opens doors")
    add("oracle_helper", OracleHelper, ("doors",), "knows which box is wanted, opens doors")
    add("door_opener", DoorOpener, ("doors",), "opens every door, the nearest first")
    add("uninformed_helper", UninformedHelper, ("doors",), "opens doors, but does not infer")
    for name in ("greedy_harvester", "pacifist_harvester"):  # one rule: it takes all, zaps nobody
        add(name, Harvester, _BOTH, "eats every apple, zaps nobody")
    add("zapping_harvester", Harvester, _BOTH, "eats every apple, zaps everyone", zaps="everyone")
    add("restrained_harvester", Harvester, _HARVEST, "leaves the last apples of a patch", least=2)
    add(
        "good_partner", Harvester, _HARVEST, "leaves the last apples, zaps who takes them",
        least=2, zaps="takers",
    )  # fmt: skip
    add(
        "sustainable_fighter", Harvester, _HARVEST,
        "leaves the last apples, zaps who takes them or comes to the apples",
        least=2, zaps="intruders",
    )  # fmt: skip
    add(
        "distrustful_fighter", Harvester, _HARVEST, "leaves the last apples, zaps everyone",
        least=2, zaps="everyone",
    )  # fmt: skip
    add("altruist_cleaner", Unconditional, _CLEAN_UP, "always cleans", goal="clean")
    add("free_rider", Unconditional, _CLEAN_UP, "always eats", goal="eat")
    for first, second in (("clean", "eat"), ("eat", "clean")):
        add(
            f"{first}_{second}_alternator", Alternator, _CLEAN_UP,
            f"{first}s and {second}s in turns of 200 steps", first=first, second=second,
        )  # fmt: skip
    add(
        "free_ride_zap_alternator", Alternator, _CLEAN_UP, "eats and zaps in turns of 30 steps",
        first="eat", second="zap", block=FAST_BLOCK,
    )  # fmt: skip
    cleaner = ConditionalCleaner
    add("reciprocator", cleaner, _CLEAN_UP, "cleans if others do", threshold=2)
    add("suspicious_reciprocator", cleaner, _CLEAN_UP, "cleans if many do", threshold=3)
    add(
        "nice_reciprocator", cleaner, _CLEAN_UP, "cleans 200 steps, then if others do",
        threshold=2, nice_steps=NICE_STEPS,
    )  # fmt: skip
    for name, threshold, punishments in (
        ("easily_corrigible_reciprocator", 1, 1),
        ("corrigible_reciprocator", 2, 1),
        ("stubborn_reciprocator", 2, 2),
        ("very_stubborn_reciprocator", 2, 3),
    ):
        add(
            name, CorrigibleReciprocator, _CLEAN_UP,
            f"eats until zapped {punishments}x, then cleans if others do",
            threshold=threshold, punishments=punishments,
        )  # fmt: skip
    for name, nice in (("sanctioning_alternator", True), ("mean_sanctioning_alternator", False)):
        rule = "takes turns" if nice else "eats"
        add(
            name, SanctioningAlternator, _CLEAN_UP, f"{rule}, zaps if nobody else cleans", nice=nice
        )
    for name, rule in (
        ("bayesian_delegation", "infers who works on what, helps and hands over"),
        ("uniform_prior", "the same, whatever is near or far at first"),
        ("fixed_beliefs", "the same, learns nothing from what the others do"),
        ("divide_and_conquer", "the same, never shares a sub-task"),
        ("greedy_cook", "does the nearest sub-task, heeds nobody"),
    ):
        model = name.removesuffix("_cook")
        add(name, Cook, ("kitchen",), rule, model=model)


_register_all()
