"""Generalization: what a learner's values are worth in worlds that it was not socialized in.

Two things can transfer to a new world. The *frozen* policy transfers habits; the internal reward
transfers values, from which behaviour is learned anew. The ceiling is the *oracle*, a learner whose
caregiver comes along. The generalization ratio says how much of the distance between habit and
ceiling was covered:

    G = (X - frozen) / (oracle - frozen)

for the score ``X`` of the learner in question, e.g. mean true return over evaluation episodes.
"""

from __future__ import annotations

import math


def generalization_ratio(
    value: float, frozen: float, oracle: float, minimum_gap: float = 0.0
) -> float:
    """Share of the gap between policy transfer and the oracle that was closed.

    Args:
        value: Score of the learner in the new world, any unit.
        frozen: Score of the frozen policy there, same unit.
        oracle: Score of a learner with a caregiver there, same unit.
        minimum_gap: Smallest ``oracle - frozen`` for which the ratio means anything, same unit;
            of the order of the standard error of the scores. Not negative.

    Returns:
        The ratio, dimensionless: 0 is no better than habit, 1 is as good as the oracle; below 0 is
        worse than habit, above 1 better than the oracle. NaN when the oracle does not exceed the
        frozen policy by more than the minimum gap (the habit already transfers, so there is
        nothing to recover), or when any score is NaN.

    Raises:
        ValueError: If minimum_gap is negative.
    """
    if minimum_gap < 0.0:
        raise ValueError(f"minimum_gap is {minimum_gap}; expected 0 or more.")
    gap = oracle - frozen
    if not gap > minimum_gap:
        return math.nan
    return (value - frozen) / gap


def transfer_gap(value_transfer: float, policy_transfer: float) -> float:
    """Difference between value transfer and policy transfer: ``isr - frozen``.

    Args:
        value_transfer: Score of the learner that re-learned from its internal reward.
        policy_transfer: Score of the frozen policy, same unit.

    Returns:
        The difference in the same unit; positive when values transfer better than habits.
    """
    return value_transfer - policy_transfer
