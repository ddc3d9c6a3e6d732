"""What a page tells of a world beside its README, read from the code."""

from __future__ import annotations

import dataclasses
import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import gymnasium

from prosocial.agents.mind.hypotheses import kinds
from prosocial.agents.mind.hypotheses.registry import _entries as hypotheses_entries
from prosocial.agents.partners import partner_entry, partners
from prosocial.agents.scenarios import get_scenario, scenarios
from prosocial.envs.api.registration import gymnasium_id, pettingzoo_id
from prosocial.envs.engine import ConfigError, World, build
from prosocial.envs.engine.config import Config
from prosocial.envs.engine.registry import entry
from prosocial.envs.social import get_norm, norms

Row = tuple[str, ...]
FEW = 16  # a world with more actions than these shows the first and the last
_ATTRIBUTE = re.compile(r"^    (\w+): ?(.*)$")
_RANGE = re.compile(
    r"from ``\w+`` \([^)]*\) to ``\w+``"
    r"|-?\d+(?:\.\d+)? to (?:-?\d+(?:\.\d+)?|[A-Z]\b|``\w+``(?: - \d+)?)"
    r"|\d+(?:, \d+)+ or \d+|above ``\w+``, at most \d+|[<>]=? ?-?\d+(?:\.\d+)?|in \[[^\]]*\]"
    r"|0 \(never\)\s+to ``\w+``"
)
_CHOICE = re.compile(r'"(\w+)"')
_EVENT = re.compile(r'\("(\w+)", "u1"\),\s*# (.*)')


@dataclasses.dataclass(frozen=True)
class Option:
    """A field of a world's configuration.

    Attributes:
        name: Of the field.
        type: As the dataclass annotates it.
        default: As code.
        values: The range or the choices that its documentation names; empty if it names none.
        meaning: Its documentation.
    """

    name: str
    type: str
    default: str
    values: str
    meaning: str


def world_folder(name: str) -> Path:
    """Returns the folder of a world's code, which holds its README."""
    return Path(sys.modules[entry(name).config_class.__module__].__file__ or "").parent


def attributes(documented: type) -> dict[str, str]:
    """Returns what a Google-style docstring says of each attribute, by name, in one line each."""
    _, _, section = (inspect.getdoc(documented) or "").partition("Attributes:\n")
    found: dict[str, str] = {}
    name = ""
    for line in section.splitlines():
        start = _ATTRIBUTE.match(line)
        if start:
            name, found[start[1]] = start[1], start[2]
        elif line.startswith("     ") and name:
            found[name] += f" {line.strip()}"
        elif line.strip():  # another section
            break
    return found


def options(config_class: type[Config]) -> list[Option]:
    """Returns the fields of a configuration.

    Raises:
        ConfigError: The docstring of the class says nothing of a field.
    """
    meanings = attributes(config_class)
    found = []
    for field in dataclasses.fields(config_class):
        if field.name not in meanings:
            raise ConfigError(
                f"{config_class.__name__}.{field.name} is not documented; add it to the section "
                "Attributes of the docstring."
            )
        meaning = meanings[field.name]
        default = (
            field.default_factory()
            if field.default is dataclasses.MISSING and callable(field.default_factory)
            else field.default
        )
        kind = str(field.type)
        found.append(Option(field.name, kind, repr(default), named_values(kind, meaning), meaning))
    return found


def named_values(kind: str, meaning: str) -> str:
    """Returns the range or the choices that the documentation of a field names, "" if none."""
    if kind.startswith("bool"):
        return "True, False"
    if kind.startswith("str"):
        return ", ".join(f'`"{choice}"`' for choice in dict.fromkeys(_CHOICE.findall(meaning)))
    found = _RANGE.search(meaning)
    return " ".join(found[0].replace("``", "").split()) if found else ""


def actions(world: World) -> list[Row]:
    """Returns number and name of each action."""
    rows = [(str(int(action)), f"`{action.name}`") for action in world.actions]
    return rows if len(rows) <= FEW else [*rows[:2], ("...", "..."), rows[-1]]


def events(world: World) -> list[Row]:
    """Returns name and meaning of each event, from the comments of its record.

    Raises:
        ConfigError: A field of the record has no comment.
    """
    source = Path(sys.modules[type(world.config).__module__].__file__ or "")
    meanings = dict(_EVENT.findall(source.read_text(encoding="utf-8")))
    silent = [name for name in world.event_names if name not in meanings]
    if silent:
        raise ConfigError(f"The events {silent} of {world.name} have no comment in {source.name}.")
    return [(f"`{name}`", meanings[name]) for name in world.event_names]


def fitting_norms(world: World) -> list[Row]:
    """Returns name, default amount and class of the norms that can be put on a world."""
    rows = []
    for name in norms():
        norm = get_norm(name)
        try:
            norm.check(world)
        except ConfigError:
            continue
        what = (inspect.getdoc(type(norm)) or "").partition("\n")[0]
        event = getattr(norm, "event", None)
        rows.append((f"`{name}`", f"{norm.amount:g}", f"each `{event}`" if event else what))
    return rows


def acting_partners(world: World) -> list[Row]:
    """Returns name and description of the partners that act in a world."""
    return [(f"`{name}`", partner_entry(name).description) for name in partners(world.name)]


def world_scenarios(world: World) -> list[Row]:
    """Returns name, slots and description of the scenarios of a world."""
    rows = []
    for name in scenarios(world.name):
        scenario = get_scenario(name)
        slots = ", ".join(_grouped(scenario.slots))
        rows.append((f"`{name}`", slots, scenario.description))
    return rows


def _grouped(slots: tuple[str, ...]) -> Iterator[str]:
    for slot in dict.fromkeys(slots):
        yield f"{slots.count(slot)} {slot}"


def minds(world: World) -> list[Row]:
    """Returns kind and description of what a mind can infer of others in a world."""
    return [
        (f"`{kind}`", hypotheses_entries[world.name][kind].description)
        for kind in kinds(world.name)
    ]


def glance(name: str) -> list[Row]:
    """Returns the first facts about a world with its default configuration."""
    world = build(name)
    agents = ", ".join(f"`{agent}`" for agent in world.agents)
    shape = " × ".join(map(str, world.observation_shape))
    rows: list[Row] = [
        ("Make it", f'`prosocial.make("{name}")`, `prosocial.make_batch("{name}", 64)`'),
        ("PettingZoo", f"`{pettingzoo_id(name, world.version)}`"),
    ]
    if gymnasium_id(name, world.version) in gymnasium.registry:
        rows.append(("Gymnasium", f"`{gymnasium_id(name, world.version)}`"))
    return [
        *rows,
        ("Agents", agents),
        ("Actions of an agent", str(world.num_actions)),
        ("Observation of an agent", f"uint8, {shape}, numbers below {world.observation_codes}"),
        ("Longest episode", f"{world.max_steps:,} steps"),
    ]
