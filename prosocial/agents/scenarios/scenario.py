"""Scenarios as data: a world, who has which slot, and which slots are focal."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from prosocial.agents.partners import Partner, Population, make_partner, partner_entry
from prosocial.envs.engine import ConfigError, World, build, entry, nearest

FOCAL = "focal"
_GROUP = re.compile(r"(\d+) (\w+)")
_KEYS = {"config", "slots", "tags", "description"}


@dataclass(frozen=True)
class Scenario:
    """Focal agents among background partners in a world (Melting Pot's evaluation protocol).

    Attributes:
        name: Such as "commons_harvest_open_0".
        world: Name of a registered world.
        config: Options of the world besides the number of agents.
        slots: For each agent "focal" or the name of a partner.
        tags: What the scenario is about; "resident": most agents are focal, "visitor": few are.
        description: One line.
    """

    name: str
    world: str
    config: Mapping[str, Any]
    slots: tuple[str, ...]
    tags: tuple[str, ...]
    description: str

    def __post_init__(self) -> None:
        if FOCAL not in self.slots:
            raise ConfigError(f"Scenario {self.name} has no focal agent: {self.slots}.")
        for partner in self.background.values():
            entry = partner_entry(partner)
            if entry.worlds and self.world not in entry.worlds:
                raise ConfigError(
                    f"Scenario {self.name}: partner {partner!r} acts in "
                    f"{' and '.join(entry.worlds)}, not in {self.world!r}."
                )

    @property
    def num_agents(self) -> int:
        """Number of agents, N."""
        return len(self.slots)

    @property
    def focal(self) -> tuple[int, ...]:
        """Numbers of the focal agents."""
        return tuple(k for k, slot in enumerate(self.slots) if slot == FOCAL)

    @property
    def background(self) -> dict[int, str]:
        """Names of the partners by number of the agent."""
        return {k: slot for k, slot in enumerate(self.slots) if slot != FOCAL}

    def build(self, **overrides: Any) -> World:
        """Returns the configured world.

        Args:
            **overrides: Options of the world that replace those of the scenario, such as
                ``max_steps``; the number of agents is fixed.

        Raises:
            ConfigError: An option is unknown or invalid, or changes the number of agents.
        """
        if "num_agents" in overrides:
            raise ConfigError(f"Scenario {self.name} has {self.num_agents} agents; that is fixed.")
        options = {**self.config, **overrides}
        if "num_agents" in entry(self.world).config_class.__dataclass_fields__:
            options["num_agents"] = self.num_agents
        world = build(self.world, **options)
        if world.num_agents != self.num_agents:
            raise ConfigError(
                f"Scenario {self.name} has {self.num_agents} slots, but {self.world} has the "
                f"agents {', '.join(world.agents)}."
            )
        return world

    def populate(self, focal: Partner) -> Population:
        """Returns who acts: ``focal`` for all focal agents, one partner object for each name."""
        named = {name: make_partner(name) for name in self.background.values()}
        return Population({k: named.get(slot, focal) for k, slot in enumerate(self.slots)})


def scenarios(world: str | None = None) -> list[str]:
    """Returns the names of the shipped scenarios in the order of their files.

    Args:
        world: Only those of this world; None for all.
    """
    return [s.name for s in _shipped().values() if world is None or s.world == world]


def get_scenario(name: str) -> Scenario:
    """Returns a shipped scenario.

    Raises:
        ConfigError: No scenario has that name; the nearest one is named.
    """
    shipped = _shipped()
    if name not in shipped:
        raise ConfigError(f"There is no scenario named {name!r}. {nearest(name, shipped)}")
    return shipped[name]


def read_scenarios(text: str) -> list[Scenario]:
    """Returns the scenarios of a YAML file.

    The file has the keys ``world`` and ``scenarios``, a mapping from name to ``slots`` (such as
    "5 focal, 2 greedy_harvester", in the order of the agents), ``tags``, ``description`` and, where
    the world is not to have its defaults, ``config``.

    Raises:
        ConfigError: A key is missing or unknown, or a slot cannot be read.
    """
    content = yaml.safe_load(text)
    if not isinstance(content, dict) or set(content) != {"world", "scenarios"}:
        raise ConfigError("A file of scenarios has the keys 'world' and 'scenarios', no others.")
    found = []
    for name, fields in content["scenarios"].items():
        if not isinstance(fields, dict) or not {"slots", "description"} <= set(fields) <= _KEYS:
            raise ConfigError(
                f"Scenario {name} is {fields!r}; expected 'slots' and 'description', and perhaps "
                "'tags' and 'config'."
            )
        found.append(
            Scenario(
                name=name,
                world=content["world"],
                config=dict(fields.get("config", {})),
                slots=_slots(name, str(fields["slots"])),
                tags=tuple(fields.get("tags", ())),
                description=fields["description"],
            )
        )
    return found


def _slots(name: str, text: str) -> tuple[str, ...]:
    """Returns the slots of "5 focal, 2 greedy_harvester"."""
    slots: list[str] = []
    for group in text.split(","):
        found = _GROUP.fullmatch(group.strip())
        if found is None or int(found[1]) < 1:
            raise ConfigError(
                f"Scenario {name}: cannot read {group.strip()!r} in the slots {text!r}; expected "
                "groups such as '5 focal, 2 greedy_harvester'."
            )
        slots += [found[2]] * int(found[1])
    return tuple(slots)


@cache
def _shipped() -> dict[str, Scenario]:
    folder = files(__package__ or "prosocial.agents.scenarios")
    paths = sorted((p for p in folder.iterdir() if p.name.endswith(".yaml")), key=lambda p: p.name)
    read = [s for path in paths for s in read_scenarios(path.read_text(encoding="utf-8"))]
    found = {s.name: s for s in read}
    if len(found) < len(read):
        raise ConfigError("Two shipped scenarios have the same name.")
    return found
