"""What a mind is told about probabilities: rationality, priors and shares."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from prosocial.envs.engine import ConfigError

_SUM_TOLERANCE = 1e-5  # priors are often written with a few digits or kept in float32


def checked_betas(beta: Any) -> np.ndarray:
    """Returns the rationalities as float64 (K,).

    Args:
        beta: A number, or several different ones among which the right one is inferred.

    Raises:
        ConfigError: There is none, two are equal, or one is not positive and finite.
    """
    several = isinstance(beta, Iterable) and not isinstance(beta, str)
    given: list[Any] = list(beta) if several else [beta]
    for one in given:
        number = isinstance(one, int | float | np.number) and not isinstance(one, bool)
        if not (number and 0 < one < np.inf):
            raise ConfigError(
                f"beta is {beta!r}; expected a positive finite number, or several. Use a small one "
                "for targets that hardly care about values and a large one for those that always "
                "take the best action."
            )
    if not given or len(set(given)) != len(given):
        raise ConfigError(f"beta is {beta!r}; expected at least one number, all different.")
    return np.array(given, np.float64)


def checked_share(name: str, value: Any) -> float:
    """Returns a probability below one.

    Raises:
        ConfigError: The value is not a number in [0, 1).
    """
    number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    if not (number and 0 <= value < 1):
        raise ConfigError(f"{name} is {value!r}; expected a probability in [0, 1).")
    return float(value)


def checked_prior(prior: Any, targets: int, names: tuple[str, ...]) -> np.ndarray:
    """Returns a prior as float64 (T, H), every row summing to one.

    Args:
        prior: Probabilities (H,) or (T, H); None: all hypotheses alike.
        targets: T.
        names: Of the hypotheses, (H,); quoted in errors.

    Raises:
        ConfigError: The shape is wrong, a number is negative or not finite, or a row does not sum
            to one.
    """
    shape = (targets, len(names))
    if prior is None:
        return np.full(shape, 1 / len(names))
    order = f"the order is {', '.join(names)}"
    try:
        given = np.array(prior, np.float64)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"prior is {prior!r}; expected numbers; {order}.") from error
    if given.shape not in (shape, shape[1:]):
        raise ConfigError(
            f"prior has shape {given.shape}; expected {shape[1:]}, one probability for each "
            f"hypothesis, or {shape}, also for each target; {order}."
        )
    if not (np.isfinite(given).all() and (given >= 0).all()):
        raise ConfigError(f"prior is {given.tolist()}; expected finite numbers >= 0.")
    sums = given.sum(axis=-1, keepdims=True)
    if np.abs(sums - 1).max() > _SUM_TOLERANCE:
        worst = sums.flat[np.abs(sums - 1).argmax()]
        raise ConfigError(f"prior sums to {worst:.6g}; expected 1. Divide it by its sum.")
    return np.ascontiguousarray(np.broadcast_to(given / sums, shape))
