"""Configuration of caregivers, and the one function that makes a caregiver for a world."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, overload

from prosocial.envs.engine import Config, ConfigError, World, nearest

from .caregivers import Caregiver, check_watches
from .classifier import SanctioningPeers
from .norms import Norm, get_norm, norms
from .schedules import Always, Intermittent, Never, Schedule, Until

# What a caregiver approves of who is given no norms.
DEFAULT_NORMS = {
    "caregiver_grid": "reach_goal",
    "helping_grid": "help",
    "commons_harvest": "restraint",
    "clean_up": "cleaning",
    "doors": "reach_goal",
    "kitchen": "cooking",
    "food_trucks": "eat_the_best",
    "fishery": "universalization",
    "pasture": "universalization",
    "pollution": "universalization",
    "rendezvous": "join_in",
}

SCHEDULES = ("always", "never", "until", "intermittent")


@dataclass(frozen=True)
class CaregiverConfig(Config):
    """A caregiver as plain values, for configuration files.

    Attributes:
        norms: What is approved of, by name of a registered norm: the amount of social reward per
            occurrence, or a mapping of ``amount`` and the norm's options such as
            ``{"amount": -2.0, "k": 3}``, in which what is left out keeps the norm's default. Empty
            for the default norm of the world.
        schedule: "always", "never", "until" (needs `until_step`) or "intermittent" (needs
            `probability`).
        until_step: With "until": number of steps of each world's life with the caregiver, >= 1.
        probability: With "intermittent": of being present, in [0, 1].
        intermittent_per: With "intermittent": "step" or "episode", how long one draw holds.
        praise: Whether positive scores are voiced.
        blame: Whether negative scores are voiced.
        miss: Probability of missing an occurrence, in [0, 1].
        false_alarm: Probability of feedback without an occurrence, in [0, 1].
        noise_sd: Standard deviation of normal noise on feedback given, >= 0.
        watches: Numbers of the agents that get feedback, each from 0 to N - 1; None for all.
        teaching: Makes a caregiver that infers what the learner has understood and looks away
            there: a mapping of options, which may be empty (see
            `prosocial.agents.caregivers.teaching`, which makes it; `make` cannot). None for one
            that holds no mind.

    Raises:
        ConfigError: A value is out of its range; the message names the field and the range.
    """

    norms: dict[str, Any] = field(default_factory=dict)
    schedule: str = "always"
    until_step: int = 1
    probability: float = 1.0
    intermittent_per: str = "step"
    praise: bool = True
    blame: bool = True
    miss: float = 0.0
    false_alarm: float = 0.0
    noise_sd: float = 0.0
    watches: tuple[int, ...] | None = None
    teaching: dict[str, Any] | None = None

    def __post_init__(self) -> None:
        self.require_choice("schedule", SCHEDULES)
        self.require_int("until_step", 1)
        self.require_choice("intermittent_per", ("step", "episode"))
        self.require_bool("praise")
        self.require_bool("blame")
        for name in ("probability", "miss", "false_alarm"):
            self.require_number(name, 0, 1)
        self.require_number("noise_sd", 0)
        self.require("norms", isinstance(self.norms, Mapping), "a mapping from norm to amount")
        for name, given in self.norms.items():
            _named_norm(name, given)
        if isinstance(self.watches, list):  # as it comes from a file
            object.__setattr__(self, "watches", tuple(self.watches))
        check_watches(self.watches)
        mapping = self.teaching is None or isinstance(self.teaching, Mapping)
        self.require("teaching", mapping, "a mapping of options, or None for no mind")

    def make(self, world: World) -> Caregiver:
        """Returns the caregiver for a world.

        Raises:
            ConfigError: A norm does not fit the world, or none is given and the world has no
                default; or the caregiver holds a mind, which this package does not know.
        """
        if self.teaching is not None:
            raise ConfigError(
                "A caregiver with teaching holds a mind: make it with make_caregiver of "
                "prosocial.agents.caregivers.making, and give that to make_batch or Batch."
            )
        named = [_named_norm(name, given) for name, given in self.norms.items()]
        caregiver = Caregiver(
            norms=tuple(named or [get_norm(_default_norm(world))]),
            schedule=self._make_schedule(),
            praise=self.praise,
            blame=self.blame,
            miss=self.miss,
            false_alarm=self.false_alarm,
            noise_sd=self.noise_sd,
            watches=self.watches,
        )
        caregiver.check(world)
        return caregiver

    def _make_schedule(self) -> Schedule:
        if self.schedule == "always":
            return Always()
        if self.schedule == "never":
            return Never()
        if self.schedule == "until":
            return Until(self.until_step)
        return Intermittent(self.probability, self.intermittent_per)


@overload
def make_caregiver(caregiver: SanctioningPeers, world: World) -> SanctioningPeers: ...


@overload
def make_caregiver(
    caregiver: CaregiverConfig | Caregiver | Mapping[str, Any] | str | None, world: World
) -> Caregiver | None: ...


def make_caregiver(
    caregiver: SanctioningPeers | CaregiverConfig | Caregiver | Mapping[str, Any] | str | None,
    world: World,
) -> SanctioningPeers | Caregiver | None:
    """Returns the caregiver that a user asked for, ready for a world.

    Args:
        caregiver: None for no caregiver; "default" for the world's default norm, always present;
            the name of a registered norm; the fields of a `CaregiverConfig` as a mapping; a
            `CaregiverConfig`; or a caregiver or sanctioning peers made by hand.
        world: The world whose events it judges.

    Raises:
        ConfigError: A name or key is unknown, a value is out of range, or a norm does not fit the
            world.
    """
    if caregiver is None:
        return None
    if isinstance(caregiver, str):
        if caregiver != "default" and caregiver not in norms():
            raise ConfigError(
                f"There is no caregiver or norm named {caregiver!r}. "
                f"{nearest(caregiver, ['default', *norms()])}"
            )
        amounts = {} if caregiver == "default" else {caregiver: get_norm(caregiver).amount}
        caregiver = CaregiverConfig(norms=amounts)
    elif isinstance(caregiver, Mapping):
        caregiver = CaregiverConfig.from_mapping(caregiver)
    if isinstance(caregiver, CaregiverConfig):
        return caregiver.make(world)
    if not isinstance(caregiver, Caregiver | SanctioningPeers):
        raise ConfigError(
            f"The caregiver is of type {type(caregiver).__name__}; expected a CaregiverConfig, a "
            "mapping of its fields, the name of a norm, 'default', a Caregiver, SanctioningPeers "
            "or None."
        )
    caregiver.check(world)
    return caregiver


def _named_norm(name: str, given: Any) -> Norm:
    """Returns a registered norm with its amount, or with the amount and options of a mapping."""
    if isinstance(given, int | float) and not isinstance(given, bool):
        return get_norm(name, given)
    if not isinstance(given, Mapping):
        raise ConfigError(
            f"Norm {name!r}: the amount is {given!r}; expected a number, or a mapping of amount "
            "and options."
        )
    options = {str(key): value for key, value in given.items()}
    return get_norm(name, options.pop("amount", None), **options)


def _default_norm(world: World) -> str:
    if world.name not in DEFAULT_NORMS:
        raise ConfigError(
            f"World {world.name!r} has no default norm. Name one, for example "
            f"norms={{'{norms()[0]}': 0.4}}. Known norms: {', '.join(norms())}."
        )
    return DEFAULT_NORMS[world.name]
