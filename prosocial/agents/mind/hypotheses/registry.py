"""The hypotheses by world and kind."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from prosocial.agents.mind.protocol import Hypotheses
from prosocial.envs.engine import ConfigError, World, nearest

_HERE = "prosocial.agents.mind.hypotheses"


@dataclass(frozen=True)
class HypothesesEntry:
    """A registered kind of hypotheses about the bodies of a world.

    Attributes:
        world: Name of the world.
        kind: What they are about, such as "goals".
        factory: Makes them; called with the configured `World` and the options as keyword
            arguments. A string "module:name" is imported when it is first asked for.
        description: What they are, in one line.
    """

    world: str
    kind: str
    factory: Callable[..., Hypotheses] | str
    description: str

    def load(self) -> Callable[..., Hypotheses]:
        """Returns the factory, imported if need be."""
        if not isinstance(self.factory, str):
            return self.factory
        module, _, name = self.factory.partition(":")
        return getattr(importlib.import_module(module), name)


_entries: dict[str, dict[str, HypothesesEntry]] = {}


def register_hypotheses(
    world_name: str, kind: str, factory: Callable[..., Hypotheses] | str, description: str
) -> None:
    """Registers hypotheses; the first kind of a world is its default.

    Args:
        world_name: Name of the world, such as "caregiver_grid".
        kind: What the hypotheses are about, such as "goals".
        factory: ``factory(world, **options)`` returns the hypotheses for a configured world, or
            where to find it, "module:name".
        description: What they are, in one line.

    Raises:
        ConfigError: The world has other hypotheses of that kind.
    """
    entry = HypothesesEntry(world_name, kind, factory, description)
    known = _entries.setdefault(world_name, {})
    if known.get(kind, entry) != entry:
        raise ConfigError(
            f"World {world_name!r} already has hypotheses of kind {kind!r}; choose another kind."
        )
    known[kind] = entry


def worlds_with_minds() -> list[str]:
    """Returns the names of the worlds that have hypotheses, in alphabetical order."""
    return sorted(_entries)


def kinds(world_name: str) -> list[str]:
    """Returns the kinds of hypotheses of a world, the default first; empty if it has none."""
    return list(_entries.get(world_name, {}))


def hypotheses(world: World, kind: str | None = None, **options: Any) -> Hypotheses:
    """Returns hypotheses about the bodies of a configured world.

    Args:
        world: The configured world.
        kind: One of ``kinds(world.name)``; None for the first of them.
        **options: Arguments of the kind's factory.

    Raises:
        ConfigError: The world has no hypotheses, the kind or an option is unknown, an option is
            missing, or a value is invalid.
    """
    known = _entries.get(world.name)
    if not known:
        raise ConfigError(
            f"World {world.name!r} has no hypotheses, so no mind can be read there. Worlds with "
            f"hypotheses: {', '.join(worlds_with_minds()) or 'none'}. Give your own as "
            "Mind(world, hypotheses=...) or register them with register_hypotheses()."
        )
    if kind is None:
        kind = next(iter(known))
    if kind not in known:
        raise ConfigError(
            f"World {world.name!r} has no hypotheses of kind {kind!r}. {nearest(str(kind), known)}"
        )
    factory = known[kind].load()
    what = f"Hypotheses {kind!r} of {world.name!r}"
    signature = inspect.signature(factory)
    takes_any = any(p.kind is p.VAR_KEYWORD for p in signature.parameters.values())
    names = list(signature.parameters)[1:]
    for option in options:
        if option not in names and not takes_any:
            hint = nearest(option, names) if names else "They have none."
            raise ConfigError(f"{what} have no option {option!r}. {hint}")
    try:
        signature.bind(world, **options)
    except TypeError as error:
        raise ConfigError(f"{what}: {error}.") from error
    return factory(world, **options)


def _register_all() -> None:
    """Registers what this package has: a line each, the default kind of a world first.

    Modules are named, not imported, so that asking about one world imports that one alone.
    """
    add, here = register_hypotheses, _HERE
    add("caregiver_grid", "goals", f"{here}.caregiver_grid:Destinations", "where it walks to")
    add(
        "caregiver_grid", "values", f"{here}.caregiver_grid:Values", "what it wants, how rationally"
    )
    add("helping_grid", "goals", f"{here}.helping_grid:Purposes", "what each body is up to")
    add("commons_harvest", "norms", f"{here}.commons_harvest:HarvestNorms", "how it harvests")
    add("commons_harvest", "goals", f"{here}.commons_harvest:Patches", "which patch it heads for")
    add("clean_up", "norms", f"{here}.clean_up:CleaningNorms", "whether it cleans or eats")
    add("food_trucks", "beliefs_desires", f"{here}.food_trucks:BeliefsDesires", "likes and beliefs")
    add("doors", "goals", f"{here}.doors:Boxes", "which box the human wants")
    for world in ("fishery", "pasture", "pollution"):
        add(world, "norms", f"{here}.govsim:DemandNorms", "how much it demands")
    add("kitchen", "subtasks", f"{here}.kitchen:SubTasks", "which sub-task it works on")
    add(
        "rendezvous",
        "intentions",
        f"{here}.rendezvous:Intentions",
        "which goal it goes to, or none",
    )


_register_all()
