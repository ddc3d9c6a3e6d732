"""Rational Speech Acts: speakers who choose signals for a listener, listeners who invert them.

A game has M meanings and S signals. All arrays are float64 (..., M, S) with any leading axes of
games side by side: a speaker's rows and a listener's columns sum to one (or to zero where nothing
is possible). Level 0 is the literal listener,

    L_0(m | s) ∝ true(m, s) · P(m),

and level k inverts a speaker who speaks to level k − 1 (Frank & Goodman 2012, Science 336:998),

    L_k(m | s) ∝ S_k(s | m) · P(m),
    S_k(s | m) ∝ true(m, s) · exp(β · V(L_{k−1}(m | s)) − cost(s)).

The value V is "information", log L (the classic model: S ∝ L ** β), or "probability", L itself, as
in Frank & Goodman's reference games.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from prosocial.envs.engine import ConfigError

VALUES = ("information", "probability")


@dataclass(frozen=True)
class Pragmatics:
    """A listener of some level, and the speaker who speaks to it (one level above).

    Attributes:
        listener: P(meaning | signal), float64 (..., M, S); columns sum to one, those of signals
            that nobody would ever send are the literal listener's.
        speaker: P(signal | meaning) against that listener, float64 (..., M, S); rows sum to one,
            those of meanings for which no signal is true to zero.
    """

    listener: np.ndarray
    speaker: np.ndarray


def check_rationality(name: str, value: float) -> float:
    """Returns a rationality (inverse temperature), which must be finite and above 0.

    Raises:
        ConfigError: It is not.
    """
    number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    if not number or not np.isfinite(value) or value <= 0:
        raise ConfigError(
            f"{name} is {value!r}; expected a finite number above 0. Near 0 all choices are as "
            "likely; for the best choice alone use a large number such as 100."
        )
    return float(value)


def check_depth(depth: int) -> int:
    """Returns a recursion depth, an integer >= 0.

    Raises:
        ConfigError: It is none.
    """
    if isinstance(depth, bool) or not isinstance(depth, int | np.integer) or depth < 0:
        raise ConfigError(
            f"depth is {depth!r}; expected an integer >= 0, the number of times that the listener "
            "imagines a speaker (0: the literal listener)."
        )
    return int(depth)


def literal_listener(true: ArrayLike, prior: ArrayLike | None = None) -> np.ndarray:
    """Returns L_0, float64 (..., M, S).

    Args:
        true: Whether a signal is true of a meaning, bool (..., M, S).
        prior: P(m), float (..., M), each row summing to one; None for a uniform one.

    Raises:
        ConfigError: A signal is true of nothing (of no meaning that the prior allows), a prior does
            not sum to one, or shapes do not fit.
    """
    meanings = np.asarray(true)
    if meanings.ndim < 2 or meanings.dtype != bool or 0 in meanings.shape:
        raise ConfigError(
            f"true has shape {meanings.shape} and dtype {meanings.dtype}; expected bool "
            "(..., meanings, signals) with at least one of each."
        )
    weights = meanings * check_prior(prior, meanings.shape[:-1])[..., None]
    empty = np.argwhere(weights.sum(-2) <= 0)
    if len(empty):
        raise ConfigError(
            f"Signal {empty[0][-1]} has an empty meaning: it is true of nothing that can be the "
            "case. Leave it out, or make it true of at least one meaning with a prior above 0."
        )
    return normalised(weights, -2)


def check_prior(prior: ArrayLike | None, shape: tuple[int, ...]) -> np.ndarray:
    """Returns a prior over the last axis of ``shape``, float64; uniform for None.

    Raises:
        ConfigError: It has another shape, is negative or does not sum to one.
    """
    if prior is None:
        return np.full(shape, 1.0 / shape[-1])
    found = np.asarray(prior, float)
    if found.shape[-1:] != shape[-1:] or found.ndim > len(shape):
        raise ConfigError(f"The prior has shape {found.shape}; expected {shape} or {shape[-1:]}.")
    if not (found >= 0).all() or not np.allclose(found.sum(-1), 1.0, rtol=0, atol=1e-9):
        raise ConfigError(
            f"The prior {found.tolist() if found.size < 20 else ''} must be >= 0 and sum to one; "
            "divide it by its sum."
        )
    return np.broadcast_to(found, shape)


def speaker(
    listener: np.ndarray,
    true: ArrayLike,
    beta: float = 1.0,
    value: str = "information",
    costs: ArrayLike = 0.0,
) -> np.ndarray:
    """Returns S(s | m) against a listener, float64 (..., M, S); true signals only.

    Args:
        listener: P(m | s), float64 (..., M, S).
        true: Whether a signal is true of a meaning, bool (..., M, S).
        beta: Rationality, finite and above 0.
        value: "information" (log L) or "probability" (L), see the module.
        costs: Of the signals, float (..., S) in the exponent, >= 0.

    Raises:
        ConfigError: A number or the name of the value is invalid.
    """
    beta = check_rationality("beta", beta)
    if value not in VALUES:
        raise ConfigError(f"value is {value!r}; expected one of {', '.join(VALUES)}.")
    price = np.atleast_1d(np.asarray(costs, float))
    if not (np.isfinite(price).all() and (price >= 0).all()):
        raise ConfigError(f"Signals cost {price.tolist()}; expected finite numbers >= 0.")
    with np.errstate(divide="ignore"):
        worth = np.log(listener) if value == "information" else listener
    return softmax(beta * worth - price[..., None, :], np.asarray(true, bool))


def pragmatics(
    true: ArrayLike,
    depth: int,
    beta: float = 1.0,
    value: str = "information",
    prior: ArrayLike | None = None,
    costs: ArrayLike = 0.0,
) -> Pragmatics:
    """Returns the listener of a level and the speaker who speaks to it.

    Args:
        true: Whether a signal is true of a meaning, bool (..., M, S).
        depth: Level of the listener, >= 0.
        beta: Rationality of the speakers, finite and above 0.
        value: "information" or "probability".
        prior: P(m), float (..., M) or (M,); None for a uniform one.
        costs: Of the signals, float (..., S) or a number, >= 0.

    Raises:
        ConfigError: A value is out of its range, or a signal has an empty meaning.
    """
    depth = check_depth(depth)
    literal = heard = literal_listener(true, prior)
    weights = check_prior(prior, literal.shape[:-1])[..., None]
    spoken = speaker(heard, true, beta, value, costs)
    for _ in range(depth):
        heard = normalised(spoken * weights, -2, otherwise=literal)
        spoken = speaker(heard, true, beta, value, costs)
    return Pragmatics(heard, spoken)


def softmax(values: np.ndarray, allowed: np.ndarray | None = None) -> np.ndarray:
    """Returns exp(values) over its sum along the last axis; zero where not allowed.

    Args:
        values: Float (..., K); -inf for what is impossible.
        allowed: Bool (..., K); rows without any are zero throughout.
    """
    masked = values if allowed is None else np.where(allowed, values, -np.inf)
    top = masked.max(-1, keepdims=True)
    weights = np.exp(masked - np.where(np.isfinite(top), top, 0.0))
    return normalised(weights, -1)


def normalised(weights: np.ndarray, axis: int, otherwise: np.ndarray | float = 0.0) -> np.ndarray:
    """Returns weights divided by their sum along an axis; ``otherwise`` where the sum is zero."""
    total = weights.sum(axis, keepdims=True)
    safe = np.where(total > 0, total, 1.0)
    return np.where(total > 0, weights / safe, otherwise)
