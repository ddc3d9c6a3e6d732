"""Partners for clean_up, by the rules of Melting Pot's puppets.

The rules: Agapiou et al. (2022), "Melting Pot 2.0", and its released code
(``utils/puppeteers/clean_up.py``). There a rule chooses the goal of a trained network; here the
goals are to clean, to eat and to zap, and a planner pursues them. Signal s_t: the number of others
who cleaned in the last step, ``state["others_cleaned"]``.
"""

from __future__ import annotations

import numpy as np

from prosocial.envs.engine import Batch, ConfigError

from .player import CLEAN, HARVEST, HUNT, CommonsPlayer

# Constants of the puppets (released code).
BLOCK, FAST_BLOCK = 200, 30  # steps of a turn
WINDOW = 5  # steps over which a conditional cleaner sums s_t
RECIPROCATION = 75  # steps that it goes on cleaning
NICE_STEPS = 200  # steps that a nice one cleans first
TIMEOUT = 50  # frames of one time-out of clean_up
SANCTION_WINDOW, SANCTION_THRESHOLD, SANCTION_STEPS = 50, 2, 100
_AIMS = {"clean": CLEAN, "eat": HARVEST, "zap": HUNT}


class CleanUpPlayer(CommonsPlayer):
    """Base of the partners for clean_up: pursues one of the goals "clean", "eat" and "zap"."""

    worlds = ("clean_up",)

    def __init__(self, seed: int = 0) -> None:
        super().__init__(0, seed)


class Unconditional(CleanUpPlayer):
    """Always has the same goal: "clean" makes an altruist, "eat" a free rider.

    Args:
        goal: "clean", "eat" or "zap".
        seed: Of the partner's random numbers.

    Raises:
        ConfigError: There is no such goal.
    """

    def __init__(self, goal: str, seed: int = 0) -> None:
        self._aim = _aim(goal)
        super().__init__(seed)

    def _aims(self, batch: Batch) -> np.ndarray:
        return np.full((batch.num_worlds, batch.num_agents), self._aim)


class Alternator(CleanUpPlayer):
    """Changes between two goals in blocks of fixed length.

    Args:
        first: Goal of the first, third, ... block.
        second: Goal of the other blocks.
        block: Steps of a block, >= 1.
        seed: Of the partner's random numbers.

    Raises:
        ConfigError: There is no such goal, or a block has no step.
    """

    def __init__(self, first: str, second: str, block: int = BLOCK, seed: int = 0) -> None:
        _require_positive("Alternator", block=block)
        self._goals, self._block = np.array([_aim(first), _aim(second)]), block
        super().__init__(seed)

    def _aims(self, batch: Batch) -> np.ndarray:
        aims = self._goals[batch.state["t"] // self._block % 2]
        return np.repeat(aims[:, None], batch.num_agents, axis=1)


class ConditionalCleaner(CleanUpPlayer):
    """Cleans as long as others do: when the last 5 signals sum to the threshold, for 75 steps.

    Args:
        threshold: Sum of signals that makes it clean, >= 1: 2 is low, 3 is suspicious.
        nice_steps: Steps that it cleans first, whatever the others do, >= 0 (nice: 200).
        seed: Of the partner's random numbers.

    Raises:
        ConfigError: A number is out of its range.
    """

    _memory_dtype = np.dtype([("clean_until", "i4"), ("recent", "i4", (WINDOW,))])

    def __init__(self, threshold: int = 2, nice_steps: int = 0, seed: int = 0) -> None:
        _require_positive("ConditionalCleaner", threshold=threshold)
        if nice_steps < 0:
            raise ConfigError(f"ConditionalCleaner got nice_steps={nice_steps}; expected >= 0.")
        self._threshold, self._nice_steps = threshold, nice_steps
        super().__init__(seed)

    def _fresh(self) -> tuple:
        return self._nice_steps, 0

    def _aims(self, batch: Batch) -> np.ndarray:
        listening = np.ones((batch.num_worlds, batch.num_agents), np.bool_)
        return self._reciprocate(batch, listening)

    def _reciprocate(self, batch: Batch, listening: np.ndarray) -> np.ndarray:
        """Takes in the signal where it listens; returns what it is after."""
        now = batch.state["t"][:, None]
        recent, until = self._memory["recent"], self._memory["clean_until"]
        _push(recent, batch.state["others_cleaned"], listening)
        moved = listening & (recent.sum(-1) >= self._threshold)
        until[:] = np.where(moved, np.maximum(until, now + RECIPROCATION), until)
        return np.where(now < until, CLEAN, HARVEST)


class CorrigibleReciprocator(ConditionalCleaner):
    """Eats until it has been punished enough; from then on it is a conditional cleaner.

    It is corrected when it has spent 50 frames times ``punishments`` in time-out. Every later
    frame in time-out makes it clean for 75 steps as well. It takes in no signal while it is in
    time-out or not corrected yet.

    Args:
        threshold: As for ``ConditionalCleaner``.
        punishments: Time-outs of 50 frames that it takes, >= 1.
        seed: Of the partner's random numbers.

    Raises:
        ConfigError: A number is out of its range.
    """

    _memory_dtype = np.dtype([*ConditionalCleaner._memory_dtype.descr, ("served", "i4")])

    def __init__(self, threshold: int = 2, punishments: int = 1, seed: int = 0) -> None:
        _require_positive("CorrigibleReciprocator", punishments=punishments)
        self._sentence = TIMEOUT * punishments
        super().__init__(threshold, 0, seed)

    def _fresh(self) -> tuple:
        return 0, 0, 0

    def _aims(self, batch: Batch) -> np.ndarray:
        away, now = batch.state["away"] > 0, batch.state["t"][:, None]
        served, until = self._memory["served"], self._memory["clean_until"]
        served += away
        corrected = served >= self._sentence
        until[:] = np.where(away & corrected, now + RECIPROCATION, until)
        return self._reciprocate(batch, corrected & ~away)


class SanctioningAlternator(CleanUpPlayer):
    """Zaps for 100 steps whenever others cleaned in fewer than 2 of the last 50 steps.

    The window is full of ones when an episode begins. Otherwise the nice variant cleans and eats
    in turns of 200 steps, cleaning first, and the mean one always eats: so in the released code;
    its documentation would have the mean one take turns as well, eating first.

    Args:
        nice: Whether it takes turns at cleaning.
        seed: Of the partner's random numbers.
    """

    _memory_dtype = np.dtype([("zap_until", "i4"), ("recent", "u1", (SANCTION_WINDOW,))])

    def __init__(self, nice: bool = True, seed: int = 0) -> None:
        self._nice = nice
        super().__init__(seed)

    def _fresh(self) -> tuple:
        return 0, 1

    def _aims(self, batch: Batch) -> np.ndarray:
        now, signal = batch.state["t"][:, None], batch.state["others_cleaned"] > 0
        recent, until = self._memory["recent"], self._memory["zap_until"]
        _push(recent, signal, np.ones_like(signal))
        angry = recent.sum(-1) < SANCTION_THRESHOLD
        until[:] = np.where(angry, now + SANCTION_STEPS, until)
        cleaning = self._nice & (now // BLOCK % 2 == 0)
        return np.where(now < until, HUNT, np.where(cleaning, CLEAN, HARVEST))


def _push(window: np.ndarray, values: np.ndarray, where: np.ndarray) -> None:
    """Moves windows (B, N, length) on by one value (B, N), where told to (bool (B, N))."""
    moved = np.concatenate([window[..., 1:], values[..., None].astype(window.dtype)], axis=-1)
    window[where] = moved[where]


def _aim(goal: str) -> int:
    if goal not in _AIMS:
        raise ConfigError(f"There is no goal {goal!r}; expected one of {', '.join(_AIMS)}.")
    return _AIMS[goal]


def _require_positive(name: str, **values: int) -> None:
    for field, value in values.items():
        if value < 1:
            raise ConfigError(f"{name} got {field}={value}; expected >= 1.")
