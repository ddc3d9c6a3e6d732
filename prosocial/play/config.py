"""Configuration of a session with people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Self

import yaml

import prosocial.envs.worlds  # noqa: F401  registers the worlds
from prosocial.agents.training.schema import from_mapping, to_dict
from prosocial.envs.engine import Config, ConfigError, World, build
from prosocial.envs.social import CaregiverConfig
from prosocial.play.learning.config import LiveConfig

AGENT, CAREGIVER = "agent", "caregiver"  # the two roles
MAX_PACE = 50.0  # steps per second; a screen shows no more
CAREGIVER_PACE = 2.0  # steps per second, if the caregiver's pace is not given
# Actions that do nothing, by name: what an agent does whose person did not choose in time.
DEFAULT_ACTIONS = ("NOOP", "STAY")


@dataclass(frozen=True)
class PlayConfig(Config):
    """Who plays what, at which pace, and what people are told first.

    Attributes:
        world: Name of a registered world.
        world_config: Options of the world that differ from its defaults.
        seat: "agent": people play agents; "caregiver": somebody gives praise and blame.
        slots: Numbers of the agents that people play, one person each. None: agent 0, and nobody
            beside a caregiver. With ``seat`` "caregiver" they sit there besides.
        partners: Who acts for other agents, by number of the agent, as text: the name of a partner,
            or a mapping with ``name`` and its options.
        run: Run folder of the trained policy that acts for all agents that are left; None: the
            world's usual partner (``others.DEFAULT_PARTNERS``).
        learning: Whether the agents that are left learn from what happens, feedback included;
            without ``run`` they begin from random weights.
        learner: How they learn.
        watches: Numbers of the agents that the person's praise and blame goes to. None: those that
            are left to the learner or policy; if there are none, those that people play, else all.
        pace: Steps per second, in [0, 50]; 0 waits until everybody has chosen. None: 0 for agents,
            2 beside a caregiver.
        seed: Of the worlds and of whoever acts in them, in [0, 2**63).
        episodes: Episodes until the session is over; None: until the last person leaves.
        caregiver: A scripted caregiver besides, whose norms are recorded each by itself; None for
            nobody.
        praise: Social reward of a praise, > 0.
        blame: Social reward of a blame, < 0.
        title: Heading of the page; "" for the name of the world.
        consent: What a person must agree to before taking part; None asks nothing.
        instructions: What is shown before the first step; None shows nothing.
        ask_participant: Whether a participant id is asked for.
        own_view: Whether people who play agents see no more than the agents' observations show: not
            what lies outside of their views, nor what the others do and get, nor who they are.
            Otherwise they see the whole map.
        output: Folder of the session; None: a new one below ``outputs/play``.

    Raises:
        ConfigError: A value is out of its range; the message names the field and the range.
    """

    world: str
    world_config: dict[str, Any] = field(default_factory=dict)
    seat: Literal["agent", "caregiver"] = "agent"
    slots: tuple[int, ...] | None = None
    partners: dict[str, Any] = field(default_factory=dict)
    run: str | None = None
    learning: bool = False
    learner: LiveConfig = field(default_factory=LiveConfig)
    watches: tuple[int, ...] | None = None
    pace: float | None = None
    seed: int = 0
    episodes: int | None = None
    caregiver: CaregiverConfig | None = None
    praise: float = 1.0
    blame: float = -1.0
    title: str = ""
    consent: str | None = None
    instructions: str | None = None
    ask_participant: bool = False
    own_view: bool = False
    output: str | None = None

    def __post_init__(self) -> None:
        """Checks every field by itself; ``check`` compares them with the world."""
        self.require_choice("seat", (AGENT, CAREGIVER))
        if self.slots is not None:
            fits = all(type(slot) is int and slot >= 0 for slot in self.slots)
            distinct = len(set(self.slots)) == len(self.slots)
            self.require("slots", fits and distinct, "different numbers of agents, from 0 on")
            someone = len(self.slots) > 0 or self.seat == CAREGIVER
            self.require("slots", someone, "at least one agent, or seat: caregiver")
        self.require_bool("learning")
        if self.watches is not None:
            fits = all(type(agent) is int and agent >= 0 for agent in self.watches)
            self.require("watches", fits and len(self.watches) > 0, "numbers of agents, from 0 on")
        if self.pace is not None:
            self.require_number("pace", 0, MAX_PACE)
        self.require_int("seed", 0, 2**63 - 1)
        if self.episodes is not None:
            self.require_int("episodes", 1)
        for name, sign in (("praise", 1), ("blame", -1)):
            self.require_number(name, -1e6, 1e6)
            right = getattr(self, name) * sign > 0
            self.require(name, right, "a number > 0" if sign > 0 else "a number < 0")
        for name in ("ask_participant", "own_view"):
            self.require_bool(name)

    @property
    def played(self) -> tuple[int, ...]:
        """Numbers of the agents that people play."""
        if self.slots is not None:
            return self.slots
        return () if self.seat == CAREGIVER else (0,)

    @property
    def steps_per_second(self) -> float:
        """The pace with its default filled in; 0 waits for the people."""
        if self.pace is not None:
            return self.pace
        # An agent that a person plays waits for that person, whoever watches.
        return 0.0 if self.played else CAREGIVER_PACE

    def build(self) -> World:
        """Returns the configured world after checking that the session fits it.

        Raises:
            ConfigError: The world or an option is unknown or invalid, an agent does not exist or
                has both a person and a partner, a caregiver has nobody to watch, or the pace does
                not wait where an agent has no action that does nothing.
        """
        world = build(self.world, **self.world_config)
        number = world.num_agents
        for name, agents in (("slots", self.played), ("watches", self.watches or ())):
            missing = [agent for agent in agents if agent >= number]
            if missing:
                raise ConfigError(
                    f"{name} holds agent {missing[0]}, but {world.name} has {number} agents; "
                    f"expected numbers from 0 to {number - 1}."
                )
        for slot in self.partners:
            if not str(slot).isdecimal() or int(slot) >= number:
                raise ConfigError(
                    f"partners names agent {slot!r}; expected a number from 0 to {number - 1}."
                )
            if int(slot) in self.played:
                raise ConfigError(
                    f"Agent {slot} has a person and a partner; leave one of them out."
                )
        check_pace(world, self.played, self.steps_per_second)
        return world

    def left(self, num_agents: int) -> tuple[int, ...]:
        """Returns the agents that neither a person nor a named partner has."""
        named = {int(slot) for slot in self.partners}
        return tuple(k for k in range(num_agents) if k not in named and k not in self.played)

    def watched(self, num_agents: int) -> tuple[int, ...]:
        """Returns the agents that the person's praise and blame goes to."""
        everyone = tuple(range(num_agents))
        return self.watches or self.left(num_agents) or self.played or everyone

    def to_dict(self) -> dict[str, Any]:
        """Returns plain numbers, strings, lists and mappings."""
        return to_dict(self)

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> Self:
        """Returns a configuration from plain values; missing fields keep their defaults.

        Raises:
            ConfigError: A key is unknown (the nearest known one is named) or a value is invalid.
        """
        return from_mapping(cls, values)

    def replace(self, **changes: Any) -> Self:
        """Returns a copy with some fields changed, validated again."""
        return self.from_mapping({**{name: getattr(self, name) for name in vars(self)}, **changes})


def read_study(path: Path | str) -> dict[str, Any]:
    """Returns the keys of a study's YAML file, to be given to ``PlayConfig.from_mapping``.

    Raises:
        ConfigError: The file is missing, or is no YAML mapping.
    """
    try:
        values = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"The study {path} cannot be read: {error.strerror}.") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not valid YAML: {error}") from error
    if not isinstance(values, dict):
        raise ConfigError(f"{path} holds no study; expected keys of PlayConfig with values.")
    return values


def default_action(world: World) -> int | None:
    """Returns the number of the action that does nothing; None where the world has none."""
    for name in DEFAULT_ACTIONS:
        if name in world.actions.__members__:
            return int(world.actions[name])
    return None


def check_pace(world: World, played: tuple[int, ...], pace: float) -> None:
    """Raises `ConfigError` if a pace would need an action that does nothing and there is none."""
    if pace > 0 and played and default_action(world) is None:
        raise ConfigError(
            f"A pace of {pace:g} steps per second does not wait for the people, and {world.name} "
            f"has no action that does nothing ({' or '.join(DEFAULT_ACTIONS)}) for those who are "
            "too slow. Set pace to 0."
        )
