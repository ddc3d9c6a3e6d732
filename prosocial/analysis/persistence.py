"""Persistence: how much of a socialized behaviour is left after the caregiver has gone.

For a behaviour ``B`` (for example goals per episode) measured at time ``t`` after the withdrawal of
social reward, *retention* is

    rho(t) = (B(t) - B_asocial) / (B_social - B_asocial)

with ``B_social`` the level at the end of socialization and ``B_asocial`` the level of a learner
that never had a caregiver. 1 is full persistence, 0 is complete unlearning; above 1 the behaviour
went on improving, below 0 it fell under the asocial level. Half-life and area after withdrawal
condense the curve to one number each.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import integrate


def retention(behaviour: ArrayLike, social: float, asocial: float = 0.0) -> NDArray[np.float64]:
    """Share of the socialized behaviour that is left.

    Args:
        behaviour: ``B(t)``, any shape, in any unit.
        social: ``B_social``, the level at withdrawal, same unit.
        asocial: ``B_asocial``, the level without any socialization, same unit.

    Returns:
        ``rho(t)``, same shape, dimensionless. All NaN when social equals asocial: socialization
        changed nothing, so there is nothing that could persist.
    """
    values = np.asarray(behaviour, dtype=np.float64)
    gained = social - asocial
    if gained == 0.0:
        return np.full(values.shape, np.nan)
    return (values - asocial) / gained


def half_life(
    times: ArrayLike, retained: ArrayLike, level: float = 0.5, sustained: int = 3
) -> float:
    """Time after withdrawal until retention falls below ``level`` and stays there.

    A crossing counts when it opens a row of ``sustained`` points below the level, so that one noisy
    point does not end a behaviour's life. The moment is interpolated linearly between the points
    on either side; retention at time 0 is 1 by definition and stands before the first point.

    Args:
        times: Times after withdrawal, shape ``(T,)``, increasing, all positive; any unit.
        retained: ``rho`` at those times, shape ``(T,)``.
        level: Retention that counts as lost, in (0, 1).
        sustained: Number of consecutive points below the level that make a crossing, at least 1.

    Returns:
        The time in the unit of ``times``; infinity when no sustained crossing is seen in the
        record, NaN when retention holds a NaN.

    Raises:
        ValueError: If the arrays are empty or of unlike shapes, times do not increase from above
            zero, or level or sustained is out of range.
    """
    moments, values = _curve(times, retained)
    if not 0.0 < level < 1.0 or sustained < 1:
        raise ValueError(
            f"level is {level} and sustained {sustained}; expected 0 < level < 1, sustained >= 1."
        )
    if np.isnan(values).any():
        return math.nan
    moments, values = np.concatenate([[0.0], moments]), np.concatenate([[1.0], values])
    below = values < level
    for index in np.flatnonzero(below & ~np.roll(below, 1)):
        if below[index : index + sustained].sum() == sustained:
            before, after = values[index - 1], values[index]
            share = (before - level) / (before - after)
            return float(moments[index - 1] + share * (moments[index] - moments[index - 1]))
    return math.inf


def area_after_withdrawal(
    times: ArrayLike, retained: ArrayLike, horizon: float | None = None
) -> float:
    """Mean retention between withdrawal and a horizon.

    Formula: ``(1 / horizon) * integral of rho(t) dt`` from 0 to the horizon by the trapezoid rule,
    with ``rho(0) = 1``. Dividing by the horizon makes it dimensionless and comparable between runs
    of one horizon: 1 is behaviour fully kept, 0 is behaviour lost at once.

    Args:
        times: Times after withdrawal, shape ``(T,)``, increasing, all positive; any unit.
        retained: ``rho`` at those times, shape ``(T,)``.
        horizon: End of the integral, above 0 and at most the last time; None is the last time.

    Returns:
        The area, dimensionless; NaN when retention holds a NaN.

    Raises:
        ValueError: As `half_life`, or if the horizon lies outside of the record.
    """
    moments, values = _curve(times, retained)
    end = float(moments[-1]) if horizon is None else horizon
    if not 0.0 < end <= moments[-1]:
        raise ValueError(
            f"horizon is {end}; expected above 0 and at most {moments[-1]}, the last recorded time."
        )
    moments, values = np.concatenate([[0.0], moments]), np.concatenate([[1.0], values])
    inside = moments < end
    grid = np.concatenate([moments[inside], [end]])
    return float(integrate.trapezoid(np.interp(grid, moments, values), grid) / end)


def _curve(times: ArrayLike, retained: ArrayLike) -> tuple[NDArray, NDArray]:
    moments = np.asarray(times, dtype=np.float64)
    values = np.asarray(retained, dtype=np.float64)
    if moments.ndim != 1 or moments.shape != values.shape or moments.size == 0:
        raise ValueError(
            f"times have shape {moments.shape} and retention {values.shape}; "
            "expected two equal shapes (T,) with T >= 1."
        )
    if not (moments[0] > 0.0 and (np.diff(moments) > 0.0).all()):
        raise ValueError("times after withdrawal must be positive and increasing.")
    return moments, values
