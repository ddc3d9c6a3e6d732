"""The updates of minds in vectorised NumPy: what the compiled ones are compared to, in numbers too.

Sizes as there: B worlds, O observers, T targets, K betas, H hypotheses, A actions, R rows and C
columns of a table.
"""

from __future__ import annotations

import numpy as np


def choice_probabilities(values: np.ndarray, betas: np.ndarray, lapse: float = 0.0) -> np.ndarray:
    """Returns action probabilities by softmax with lapses, float64 (R, A, K, C).

    Args:
        values: (R, A, C), -inf where an action is impossible; all of them: probabilities 0.
        betas: (K,).
        lapse: In [0, 1).
    """
    values = np.asarray(values, np.float64)
    top = values.max(axis=1, keepdims=True)
    relative = values - np.where(np.isfinite(top), top, 0)
    weights = np.exp(betas[:, None] * relative[:, :, None, :])
    total = weights.sum(axis=1, keepdims=True)
    chances = (1 - lapse) * weights / np.where(total > 0, total, 1) + lapse / values.shape[1]
    return np.where(total > 0, chances, 0)


def update(
    weights: np.ndarray,
    table: np.ndarray,
    rows: np.ndarray,
    actions: np.ndarray,
    columns: np.ndarray | None = None,
    prior: np.ndarray | None = None,
    keep: float = 1.0,
    visible: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Returns the new weights (B, O, T, K, H) and where the evidence was impossible, (B, O, T).

    Args:
        weights: Joint posterior over betas and hypotheses (B, O, T, K, H).
        table: Likelihoods, up to a factor for each row and action, (R, A, K, C).
        rows: int64 (B, T); -1: not updated.
        actions: int64 (B, T); -1: not updated.
        columns: int64 (B, H), -1 for likelihood 0; None: 0 .. H - 1.
        prior: (B, T, H), from which a target that switches draws; None: none switches.
        keep: Probability that a target keeps its hypothesis.
        visible: bool (B, O, T); None: everyone sees everyone.
    """
    likelihoods = table[rows, actions]  # (B, T, K, C); -1 takes the last, which is undone below
    if columns is not None:
        found = np.take_along_axis(likelihoods, np.maximum(columns, 0)[:, None, None, :], axis=3)
        likelihoods = np.where((columns >= 0)[:, None, None, :], found, 0)
    moved = weights
    if prior is not None:
        mass = weights.sum(axis=4, keepdims=True) if weights.shape[3] > 1 else 1
        moved = keep * weights + (1 - keep) * mass * prior[:, None, :, None, :]
    product = moved * likelihoods[:, None]
    total = product.sum(axis=(3, 4), keepdims=True)
    known = (rows >= 0) & (actions >= 0)
    if visible is None and known.all() and total.all():  # no copy where there is nothing to undo
        product /= total
        return product, np.zeros(weights.shape[:3], np.bool_)
    seen = np.broadcast_to(known[:, None], weights.shape[:3])
    seen = seen if visible is None else seen & visible
    impossible = seen & (total[..., 0, 0] == 0)
    learnt = (seen & ~impossible)[..., None, None]
    return np.where(learnt, product / np.where(total > 0, total, 1), weights), impossible
