"""Whether stated probabilities match frequencies."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from prosocial.envs.engine import ConfigError


class Calibration(NamedTuple):
    """Statements by their stated probability, in bins of equal width over [0, 1].

    Attributes:
        counts: Statements in each bin, int64 (bins,).
        stated: Their mean stated probability, float64 (bins,); 0 where there are none.
        frequency: The share of them that was true, float64 (bins,); 0 where there are none.
    """

    counts: np.ndarray
    stated: np.ndarray
    frequency: np.ndarray

    @property
    def error(self) -> float:
        """Expected calibration error: mean over all statements of |stated - frequency| by bin."""
        gaps = np.abs(self.stated - self.frequency)
        return float((self.counts * gaps).sum() / self.counts.sum())


def calibration(stated: np.ndarray, happened: np.ndarray, bins: int = 20) -> Calibration:
    """Sorts statements by their stated probability and counts how many were true.

    The measure of Guo, Pleiss, Sun & Weinberger (2017), "On calibration of modern neural networks",
    equation 3. For a posterior, either all its probabilities are statements, or that of the
    likeliest hypothesis alone.

    Args:
        stated: Probabilities, of any shape.
        happened: Whether each statement was true, bool of the same shape.
        bins: Number of bins, >= 1.

    Raises:
        ConfigError: The shapes differ, nothing was stated, or a number is no probability.
    """
    p, true = np.asarray(stated, np.float64).ravel(), np.asarray(happened)
    if true.dtype != np.bool_ or true.shape != np.shape(stated) or not p.size or bins < 1:
        raise ConfigError(
            f"stated has shape {np.shape(stated)}, happened {true.shape} and dtype {true.dtype}, "
            f"bins is {bins!r}; expected equal shapes, at least one statement, bool, bins >= 1."
        )
    tolerance = 1e-6  # probabilities in float32 may exceed 1 by as much
    if not (p.min() >= -tolerance and p.max() <= 1 + tolerance):
        raise ConfigError(f"stated holds {p.min()} .. {p.max()}; expected probabilities.")
    place = np.clip((p * bins).astype(np.int64), 0, bins - 1)
    counts = np.bincount(place, minlength=bins)
    whole = np.maximum(counts, 1)
    return Calibration(
        counts,
        np.bincount(place, weights=p, minlength=bins) / whole,
        np.bincount(place, weights=true.ravel(), minlength=bins) / whole,
    )
