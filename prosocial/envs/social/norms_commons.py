"""Norms of the commons: restraint, cleaning, peace, fair shares, universalization.

They read the events of ``commons_harvest`` and ``clean_up`` (an apple eaten is worth +1) and of
``fishery``, ``pasture`` and ``pollution`` (a unit obtained is worth +1, a demand is for many).
``amount`` is the social reward of one occurrence, as everywhere; what blames has a negative one.

The default blame is `BLAME` = -2 for an apple or unit: the apple's +1 and the blame make -1, so
that the violation does not pay by itself, and resisting costs as much as eating would bring.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from prosocial.envs.engine import ConfigError, World

from .norms import EventNorm, NamedNorm, register_norm, states_missing

BLAME = -2.0  # per apple or unit of +1
# Per waste cell, as the other approvals of this package. Contracts for Clean Up in the literature
# pay up to 0.2 (Christoffersen, Haupt & Hadfield-Menell 2023).
CLEANED = 0.4
APPLE_EVENTS = ("ate", "ate_neighbours")
DEMAND_EVENTS = ("demand", "over_demand")


@dataclass(frozen=True)
class Restraint(NamedNorm):
    """Leave what the stock regrows from.

    With apples: blame for each apple eaten that had fewer than `k` live neighbours just before, and
    praise for passing one by: making a move and eating nothing while such an apple was within one
    move. With demands: blame for demanding more than the round's sustainable threshold.

    Attributes:
        name: Under which the score is recorded.
        amount: Social reward for one such apple, or for one round of demanding too much (one unit
            too much if `graded`).
        k: Live neighbours that an apple must have to be eaten, >= 0. 3 is the least number with
            which the emptied cell, keeping its neighbours, regrows at the full rate in the tables
            of Hughes et al. (2018), Melting Pot and SocialJax.
        praise: Social reward for one step of passing such an apple by; apples only. Small, because
            an agent can stay beside an apple and be praised in every step: at 0.02 that is worth 20
            apples in 1000 steps, far below a sustained harvest.
        graded: With demands, blame each unit above the threshold instead of the round; reads the
            states.
    """

    OPTIONS: ClassVar[tuple[str, ...]] = ("k", "praise", "graded")

    name: str = "restraint"
    amount: float = BLAME
    k: int = 3
    praise: float = 0.02
    graded: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        _require_count(self, "k", self.k)
        _require_finite(self, "praise", self.praise)
        _require_bool(self, "graded", self.graded)

    @property
    def needs_states(self) -> bool:
        """Whether units above the threshold are counted, which the states hold."""
        return self.graded

    def check(self, world: World) -> None:
        """Raises `ConfigError` if the world tells neither of apples nor of demands."""
        _require_events(self, world, (*APPLE_EVENTS, "spared"), DEMAND_EVENTS)

    def score(
        self, events: np.ndarray, before: np.ndarray | None, after: np.ndarray | None
    ) -> np.ndarray:
        """Returns blame and praise, (B, N) float32."""
        if "demand" in _names(events):
            return np.float32(self.amount) * _overuse(self, events, before, self.graded)
        sparse = events["ate"] * (events["ate_neighbours"] < self.k)
        # spared is 1 + the fewest live neighbours of an apple at hand, 0 if there was none.
        spared = (events["spared"] > 0) & (events["spared"] <= self.k)
        return np.float32(self.amount) * sparse + np.float32(self.praise) * spared


def restraint_violations(events: np.ndarray) -> np.ndarray:
    """Returns whether each agent ate an apple that `Restraint` by default blames, bool (B, N).

    Args:
        events: Events of a world with apples, structured uint8 (..., N).
    """
    return (events["ate"] > 0) & (events["ate_neighbours"] < Restraint.k)


@dataclass(frozen=True)
class Universalization(NamedNorm):
    """Would the stock survive if everybody did this?

    With apples: somebody eats an apple from a neighbourhood with m other live apples. If each of
    the other N - 1 agents took one from it too, m - (N - 1) would be left. Blame for each apple
    eaten where that is less than `keep`, that is where m < N - 1 + keep.

    With demands: blame for a demand d with which, if all n active agents demanded it, the stock
    would not grow back: n d > floor(h/2) for a stock h that doubles, which is d above the round's
    threshold (the universalization of Piatti et al. 2024).

    Attributes:
        name: Under which the score is recorded.
        amount: Social reward for one such apple, or for one unit demanded above the threshold (one
            round if not `graded`).
        keep: Live apples that must be left, >= 0; with none nothing regrows there.
        graded: With demands, blame each unit above the threshold, so that no demand pays; False
            blames the round. Reads the states.
    """

    OPTIONS: ClassVar[tuple[str, ...]] = ("keep", "graded")

    name: str = "universalization"
    amount: float = BLAME
    keep: int = 1
    graded: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        _require_count(self, "keep", self.keep)
        _require_bool(self, "graded", self.graded)

    @property
    def needs_states(self) -> bool:
        """Whether units above the threshold are counted, which the states hold."""
        return self.graded

    def check(self, world: World) -> None:
        """Raises `ConfigError` if the world tells neither of apples nor of demands."""
        _require_events(self, world, APPLE_EVENTS, DEMAND_EVENTS)

    def score(
        self, events: np.ndarray, before: np.ndarray | None, after: np.ndarray | None
    ) -> np.ndarray:
        """Returns the blame, (B, N) float32."""
        if "demand" in _names(events):
            return np.float32(self.amount) * _overuse(self, events, before, self.graded)
        needed = events.shape[1] - 1 + self.keep
        return np.float32(self.amount) * (events["ate"] * (events["ate_neighbours"] < needed))


@dataclass(frozen=True)
class FairShare(NamedNorm):
    """Do not take more while you have more than the others.

    Blame for each apple or unit that an agent takes in a step before which its harvest of this
    episode was above the group's mean by more than `tolerance`. With demands, the mean is over the
    agents that took part.

    Attributes:
        name: Under which the score is recorded.
        amount: Social reward for one such apple or unit.
        tolerance: Apples or units above the mean that are still fair, >= 0.
    """

    OPTIONS: ClassVar[tuple[str, ...]] = ("tolerance",)

    name: str = "fair_share"
    amount: float = BLAME
    tolerance: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        _require_finite(self, "tolerance", self.tolerance, low=0)

    @property
    def needs_states(self) -> bool:
        """True: the harvest of the episode is in the states."""
        return True

    def check(self, world: World) -> None:
        """Raises `ConfigError` if the world does not keep a harvest per agent."""
        _require_events(self, world, ("ate",), ("obtained",))
        _require_states(self, world, "harvest" if "ate" in world.event_names else "total")

    def score(
        self, events: np.ndarray, before: np.ndarray | None, after: np.ndarray | None
    ) -> np.ndarray:
        """Returns the blame, (B, N) float32."""
        if before is None:
            raise states_missing((self.name,))
        by_unit = "obtained" in _names(events)
        harvest = before["total" if by_unit else "harvest"]
        # Whole numbers, so that sum and comparison are exact in any order.
        active = before["active"] > 0 if by_unit else np.ones(harvest.shape, bool)
        number = np.maximum(np.count_nonzero(active, axis=1, keepdims=True), 1)
        total = (harvest * active).sum(axis=1, keepdims=True, dtype=np.int64)
        above = harvest * number > total + self.tolerance * number
        return np.float32(self.amount) * (events["obtained" if by_unit else "ate"] * above)


@dataclass(frozen=True)
class CleanShare(NamedNorm):
    """Clean as much as the others do: own cleaned cells against the group's equal share.

    In each step an agent gets `amount` for each waste cell that it cleaned above the group's mean
    of that step, and loses as much for each below. Over an episode this adds up to `amount` times
    (own count - equal share); over the group to 0.

    Attributes:
        name: Under which the score is recorded.
        amount: Social reward for one waste cell above the equal share.
    """

    name: str = "clean_share"
    amount: float = CLEANED

    @property
    def needs_states(self) -> bool:
        """False: events are enough."""
        return False

    def check(self, world: World) -> None:
        """Raises `ConfigError` if nobody cleans in this world."""
        _require_events(self, world, ("cleaned",))

    def score(
        self, events: np.ndarray, before: np.ndarray | None, after: np.ndarray | None
    ) -> np.ndarray:
        """Returns praise and blame, (B, N) float32."""
        cleaned, number = events["cleaned"].astype(np.int64), events.shape[1]
        above = cleaned * number - cleaned.sum(axis=1, keepdims=True)  # whole numbers are exact
        return np.float32(self.amount) * (above / number).astype(np.float32)


def _names(events: np.ndarray) -> tuple[str, ...]:
    return events.dtype.names or ()


def _overuse(
    norm: NamedNorm, events: np.ndarray, before: np.ndarray | None, graded: bool
) -> np.ndarray:
    """Returns units demanded above the threshold, or whether there were any; (B, N) integers."""
    if not graded:
        return events["over_demand"]
    if before is None:
        raise states_missing((norm.name,))
    demand = events["demand"].astype(np.int32)
    return np.maximum(demand - before["threshold"][:, None], 0).astype(np.float32)


def _require_events(norm: NamedNorm, world: World, *forms: tuple[str, ...]) -> None:
    if not any(set(form) <= set(world.event_names) for form in forms):
        needed = ", or ".join(" and ".join(form) for form in forms)
        raise ConfigError(
            f"Norm {norm.name!r} needs the events {needed}, but world {world.name!r} has "
            f"{', '.join(world.event_names)}."
        )


def _require_states(norm: NamedNorm, world: World, name: str) -> None:
    if name not in (world.state_dtype.names or ()):
        raise ConfigError(
            f"Norm {norm.name!r} reads {name!r} of each agent from the states, but the state of "
            f"world {world.name!r} has no such field."
        )


def _require_count(norm: NamedNorm, name: str, value: object) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ConfigError(f"Norm {norm.name!r}: {name} is {value!r}; expected an integer >= 0.")


def _require_finite(norm: NamedNorm, name: str, value: object, low: float | None = None) -> None:
    number = isinstance(value, int | float) and not isinstance(value, bool) and np.isfinite(value)
    if not number or (low is not None and value < low):  # pyright: ignore[reportOperatorIssue]
        bound = "" if low is None else f" >= {low:g}"
        raise ConfigError(
            f"Norm {norm.name!r}: {name} is {value!r}; expected a finite number{bound}."
        )


def _require_bool(norm: NamedNorm, name: str, value: object) -> None:
    if not isinstance(value, bool):
        raise ConfigError(f"Norm {norm.name!r}: {name} is {value!r}; expected True or False.")


RESTRAINT = register_norm(Restraint())
UNIVERSALIZATION = register_norm(Universalization())
FAIR_SHARE = register_norm(FairShare())
CLEAN_SHARE = register_norm(CleanShare())

# Praise for each waste cell that an agent removes, whatever the others do.
CLEANING = register_norm(EventNorm("cleaning", "cleaned", CLEANED))

# -1 for each beam fired, hit or miss, as firing costs in the released code of the sequential social
# dilemmas (Vinitsky et al. 2019); with the option event="hit" for each agent hit.
NO_ZAPPING = register_norm(EventNorm("no_zapping", "zap", -1.0))

# Peers who sanction: being hit is blame, -1 to the target, voiced by whoever fired.
PEER_SANCTION = register_norm(EventNorm("peer_sanction", "zapped", -1.0))
