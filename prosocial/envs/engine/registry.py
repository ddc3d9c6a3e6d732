"""The registered worlds by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .config import Config
from .errors import ConfigError, nearest
from .world import World


@dataclass(frozen=True)
class Entry:
    """A registered world: its configuration class and the function that builds it."""

    config_class: type[Config]
    build: Callable[[Any], World]


_entries: dict[str, Entry] = {}


def register(name: str, config_class: type[Config], build: Callable[[Any], World]) -> None:
    """Registers a world under a name.

    Raises:
        ConfigError: The name is taken by another world.
    """
    entry = Entry(config_class, build)
    if _entries.get(name, entry) != entry:
        raise ConfigError(f"A world named {name!r} is already registered; choose another name.")
    _entries[name] = entry


def worlds() -> list[str]:
    """Returns the names of the registered worlds in alphabetical order."""
    return sorted(_entries)


def entry(name: str) -> Entry:
    """Returns the entry of a registered world.

    Raises:
        ConfigError: No world has that name; the nearest one is named.
    """
    if name not in _entries:
        raise ConfigError(f"There is no world named {name!r}. {nearest(name, _entries)}")
    return _entries[name]


def build(name: str, **config: Any) -> World:
    """Returns a configured world.

    Args:
        name: A registered name.
        **config: Fields of the world's configuration that differ from the defaults.

    Raises:
        ConfigError: The name or a key is unknown, or a value is invalid.
    """
    found = entry(name)
    return found.build(found.config_class.from_mapping(config))
