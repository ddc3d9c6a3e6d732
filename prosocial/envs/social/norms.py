"""Norms: what a caregiver approves or disapproves of.

A norm turns one transition of every world into a social reward per agent. Norms know no schedule,
no noise and no learner: who voices them, and when, is the caregiver's business.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, Self, runtime_checkable

import numpy as np

from prosocial.envs.engine import ConfigError, World, nearest

Measure = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]


@runtime_checkable
class Norm(Protocol):
    """What is approved (positive score) or disapproved (negative score) in a transition.

    Attributes:
        name: Under which the score is recorded; unique within a caregiver.
        amount: Social reward for one occurrence. A caregiver who sees an occurrence where there was
            none (a false alarm) gives this much.
        needs_states: Whether `score` reads the states, which the batch must then keep.
    """

    @property
    def name(self) -> str: ...  # noqa: D102 (documented on the class)

    @property
    def amount(self) -> float: ...  # noqa: D102

    @property
    def needs_states(self) -> bool: ...  # noqa: D102

    def check(self, world: World) -> None:
        """Raises `ConfigError` if the norm cannot be applied to this world."""
        ...

    def scaled(self, amount: float) -> Norm:
        """Returns the same norm with another amount."""
        ...

    def score(
        self, events: np.ndarray, before: np.ndarray | None, after: np.ndarray | None
    ) -> np.ndarray:
        """Scores one transition of every world.

        Args:
            events: (B, N) structured uint8, what happened to or by each agent.
            before: (B,) state records before the step; None unless `needs_states`.
            after: (B,) state records after the step, before any automatic reset; None unless
                `needs_states`.

        Returns:
            (B, N) float32.
        """
        ...


class NamedNorm:
    """What the norms of this package share: frozen dataclasses with a name and an amount.

    Attributes:
        OPTIONS: Fields besides the amount that a configuration may set.
    """

    OPTIONS: ClassVar[tuple[str, ...]] = ()

    name: str
    amount: float

    def __post_init__(self) -> None:
        if not self.name or not isinstance(self.name, str):
            raise ConfigError(f"A norm is named {self.name!r}; expected a string, not empty.")
        if isinstance(self.amount, bool) or not isinstance(self.amount, int | float):
            raise ConfigError(
                f"Norm {self.name!r}: the amount is {self.amount!r}; expected a number."
            )
        if not math.isfinite(self.amount):
            raise ConfigError(
                f"Norm {self.name!r}: the amount is {self.amount}; expected it finite."
            )

    def scaled(self, amount: float) -> Self:
        """Returns the same norm with another amount."""
        return dataclasses.replace(self, amount=amount)  # type: ignore[type-var]


@dataclass(frozen=True)
class EventNorm(NamedNorm):
    """Praise (`amount` > 0) or blame (`amount` < 0) for each occurrence of an event.

    Attributes:
        name: Under which the score is recorded.
        event: Name of a field of the world's events; the agent credited with it gets the score.
        amount: Social reward for one occurrence, finite.
    """

    OPTIONS: ClassVar[tuple[str, ...]] = ("event",)

    name: str
    event: str
    amount: float

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.event, str):
            raise ConfigError(
                f"Norm {self.name!r}: the event is {self.event!r}; expected the name of one."
            )

    @property
    def needs_states(self) -> bool:
        """False: events are enough."""
        return False

    def check(self, world: World) -> None:
        """Raises `ConfigError` if the world has no such event."""
        if self.event not in world.event_names:
            raise ConfigError(
                f"Norm {self.name!r} scores event {self.event!r}, but world {world.name!r} has no "
                f"such event. {nearest(self.event, world.event_names)}"
            )

    def score(
        self, events: np.ndarray, before: np.ndarray | None, after: np.ndarray | None
    ) -> np.ndarray:
        """Returns `amount` times the number of occurrences, (B, N) float32."""
        return events[self.event] * np.float32(self.amount)


@dataclass(frozen=True)
class StateNorm(NamedNorm):
    """A norm that events cannot express: it scores the change of state.

    Attributes:
        name: Under which the score is recorded.
        measure: `measure(events (B, N), before (B,), after (B,))` returns how much of the approved
            thing each agent did, (B, N) numbers.
        amount: Social reward for one unit of the measure, finite.
    """

    name: str
    measure: Measure
    amount: float

    @property
    def needs_states(self) -> bool:
        """True: the batch must be made with `track_states=True`."""
        return True

    def check(self, world: World) -> None:
        """Accepts every world: only `measure` knows which fields it reads."""

    def score(
        self, events: np.ndarray, before: np.ndarray | None, after: np.ndarray | None
    ) -> np.ndarray:
        """Returns `amount` times the measure, (B, N) float32.

        Raises:
            ConfigError: The states are missing, or the measure has not the shape of the events.
        """
        if before is None or after is None:
            raise states_missing((self.name,))
        measured = np.asarray(self.measure(events, before, after), np.float32)
        if measured.shape != events.shape:
            raise ConfigError(
                f"Norm {self.name!r}: the measure has shape {measured.shape}; expected one number "
                f"per world and agent, {events.shape}."
            )
        return measured * np.float32(self.amount)


@dataclass(frozen=True)
class Combination(NamedNorm):
    """Several norms voiced and recorded as one: `amount` times the sum of their scores.

    Attributes:
        name: Under which the sum is recorded.
        norms: The parts; their own amounts are their relative weights.
        amount: What a part of weight 1 is worth, finite.
    """

    name: str
    norms: tuple[Norm, ...]
    amount: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.norms:
            raise ConfigError(f"Norm {self.name!r}: a combination needs at least one norm.")

    @property
    def needs_states(self) -> bool:
        """Whether any part needs the states."""
        return any(norm.needs_states for norm in self.norms)

    def check(self, world: World) -> None:
        """Raises `ConfigError` if any part cannot be applied to this world."""
        for norm in self.norms:
            norm.check(world)

    def score(
        self, events: np.ndarray, before: np.ndarray | None, after: np.ndarray | None
    ) -> np.ndarray:
        """Returns `amount` times the sum of the parts' scores, (B, N) float32."""
        total = np.zeros(events.shape, np.float32)
        for norm in self.norms:
            total += norm.score(events, before, after)
        return total * np.float32(self.amount)


def states_missing(names: tuple[str, ...]) -> ConfigError:
    """Returns the error for norms that need states which the batch does not keep."""
    return ConfigError(
        f"Norms {', '.join(names)} score states, but the batch does not keep the states before "
        "each step. Make the batch with track_states=True."
    )


_NORMS: dict[str, Norm] = {}


def register_norm(norm: Norm) -> Norm:
    """Makes a norm known by its name, so that configurations can refer to it.

    Raises:
        ConfigError: The name is taken.
    """
    if norm.name in _NORMS:
        raise ConfigError(f"A norm named {norm.name!r} is already registered; choose another name.")
    _NORMS[norm.name] = norm
    return norm


def norms() -> list[str]:
    """Returns the names of all registered norms, sorted."""
    return sorted(_NORMS)


def get_norm(name: str, amount: float | None = None, **options: Any) -> Norm:
    """Returns the registered norm of that name, with another amount and options if given.

    Args:
        name: One of `norms()`.
        amount: Social reward for one occurrence; None: the norm's default.
        **options: Further fields of the norm, those in its `OPTIONS`.

    Raises:
        ConfigError: No norm has that name, the norm has no such option (the message names the
            nearest one), or a value is out of its range.
    """
    if name not in _NORMS:
        raise ConfigError(f"There is no norm named {name!r}. {nearest(name, _NORMS)}")
    norm = _NORMS[name]
    known = getattr(norm, "OPTIONS", ())
    for option in options:
        if option not in known:
            raise ConfigError(
                f"Norm {name!r} has no option {option!r}. {nearest(option, ('amount', *known))}"
            )
    if options:
        norm = dataclasses.replace(norm, **options)  # pyright: ignore[reportArgumentType, reportType]
    return norm if amount is None else norm.scaled(amount)


# +0.4 = 2/5 each time the learner enters the goal cell, never negative
# (Rong & Kleiman-Weiner 2024, feedback rule of the single-learner grid, authors' released code).
REACH_GOAL = register_norm(EventNorm("reach_goal", "goal", 0.4))

# +0.4 to the learner each time the other agent, whose way it cleared, enters its goal
# (Rong & Kleiman-Weiner 2024, figure 7: the caregiver's reward is shared with the learner).
HELP = register_norm(EventNorm("help", "helped", 0.4))

# +0.4 to the agent of food_trucks for eating at a truck that none of those parked beats; the amount
# is that of the goals above, the norm is ours.
EAT_THE_BEST = register_norm(EventNorm("eat_the_best", "best", 0.4))

# +0.1 to a cook for each step of a recipe: an ingredient chopped, two items put together, a dish
# delivered (the sub-tasks of Wu et al. 2021); the norm and its amount are ours.
COOKING = register_norm(
    Combination(
        "cooking",
        (
            EventNorm("chopped", "chop", 1.0),
            EventNorm("merged", "merge", 1.0),
            EventNorm("delivered", "deliver", 1.0),
        ),
        0.1,
    )
)

# +0.1 to a cook whose item another cook takes up: helping where one cannot go oneself. Passing an
# item to and fro counts each time, a loophole to be found by learners; the norm and its amount are
# ours.
HAND_OVER = register_norm(EventNorm("hand_over", "given", 0.1))

# +0.4 to each who takes part when a goal of rendezvous is captured; the amount is that of `help`.
JOIN_IN = register_norm(EventNorm("join_in", "captured", 0.4))
