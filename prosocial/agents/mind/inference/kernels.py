"""Bayes' rule for all worlds, observers, targets and hypotheses, compiled.

One file whose compiled functions call none of another file: numba caches it on disk, and that cache
does not see changes elsewhere. Sizes: B worlds, O observers, T targets, K betas, H hypotheses, A
actions, R rows and C columns of a table. Functions that a loop calls would have the references to
their arrays counted, which costs more than the rest of an update: loops are written out.

Weights are joint over betas and hypotheses and sum to one over both. In float32 a hypothesis that
is possible never falls below ``FLOOR``, so that rounding cannot turn an unlikely one into an
impossible one; odds beyond 1 / ``FLOOR`` are not told apart. ``update_logs`` tells them apart.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit

# Its square is still a normal float32 (above 1.2e-38): products of weights and likelihoods never
# vanish, and a sum of zero means that nothing possible explains the action.
FLOOR = np.float32(1e-18)
_ZERO, _ONE = np.float32(0), np.float32(1)


def _compiled(function: Callable[..., Any]) -> Any:
    """Compiles a function, cached on disk where numba finds a folder that can be written.

    Sums may be reordered, so that they fill vector registers; NaN and infinity keep their meaning.
    """
    free = {"reassoc", "contract", "nsz"}
    try:
        return njit(cache=True, nogil=True, fastmath=free, error_model="numpy")(function)
    except RuntimeError:  # no such folder: compiled anew in each process
        return njit(nogil=True, fastmath=free, error_model="numpy")(function)


@_compiled
def bounds(numbers):
    """Returns the smallest and the largest of some int64 (R, C); (0, -1) if there are none."""
    if numbers.size == 0:
        return 0, -1
    low = high = numbers[0, 0]
    for r in range(numbers.shape[0]):
        for c in range(numbers.shape[1]):
            low, high = min(low, numbers[r, c]), max(high, numbers[r, c])
    return low, high


@_compiled
def begin(stated, available, where, weights, prior, surprises):
    """Gives the worlds in which an episode begins the prior over what is available there.

    Args:
        stated: float64 (T, H), each row summing to one.
        available: bool (B, T, H).
        where: bool (B,).
        weights: float32 (B, O, T, K, H), all betas alike; or their logarithms, float64.
        prior: float32 (B, T, H): 0 for what is not available or was 0, at least ``FLOOR``
            elsewhere. Where the stated one excludes all that is available, it is left as it was.
        surprises: int64 (B, O, T), counted up there.
    """
    _, num_observers, num_targets, num_betas, num_hypotheses = weights.shape
    logs = weights.itemsize == 8
    chances, shares = np.empty(num_hypotheses, np.float32), np.empty(num_hypotheses)
    for b in range(where.shape[0]):
        if not where[b]:
            continue
        for t in range(num_targets):
            total = 0.0
            for h in range(num_hypotheses):
                total += stated[t, h] if available[b, t, h] else 0.0
            whole = 1.0 / total if total > 0.0 else 1.0
            for h in range(num_hypotheses):
                there = available[b, t, h] or total == 0.0
                chance = np.float32(stated[t, h] * whole) if there else _ZERO
                chances[h] = max(chance, FLOOR) if chance > _ZERO else _ZERO
                shares[h] = chances[h] / num_betas
                if logs:
                    shares[h] = np.log(shares[h])
                prior[b, t, h] = chances[h]
            for o in range(num_observers):
                for k in range(num_betas):
                    for h in range(num_hypotheses):
                        weights[b, o, t, k, h] = shares[h]
                surprises[b, o, t] += 0 if total > 0.0 else 1


@_compiled
def log_choice(values, betas, lapse, out):
    """Writes log((1 - lapse) softmax(beta values) + lapse / A) over the actions.

    Args:
        values: float32 (R, A, C), -inf where an action is impossible. Where all are, the hypothesis
            explains nothing: -inf for all actions.
        betas: float64 (K,).
        lapse: float64 in [0, 1).
        out: float64 (R, A, K, C).

    Returns:
        The first row that holds NaN or +inf, from which on ``out`` is undefined; -1 if none does.
    """
    num_rows, num_actions, num_columns = values.shape
    for r in range(num_rows):
        for c in range(num_columns):
            top = -np.inf
            for a in range(num_actions):
                if not values[r, a, c] < np.inf:
                    return r
                top = max(top, np.float64(values[r, a, c]))
            for k in range(betas.shape[0]):
                if top == -np.inf:
                    for a in range(num_actions):
                        out[r, a, k, c] = -np.inf
                    continue
                total = 0.0
                for a in range(num_actions):
                    exponent = betas[k] * (values[r, a, c] - top)
                    out[r, a, k, c] = exponent
                    total += np.exp(exponent)
                for a in range(num_actions):
                    out[r, a, k, c] -= np.log(total)
                    if lapse > 0.0:
                        chance = (1.0 - lapse) * np.exp(out[r, a, k, c]) + lapse / num_actions
                        out[r, a, k, c] = np.log(chance)
    return -1


@_compiled
def relative_likelihoods(logs, out, scales):
    """Writes likelihoods relative to that of the best hypothesis, which is all that Bayes needs.

    Args:
        logs: Log-probabilities of actions, float64 (R, A, K, C).
        out: float32 (R, A, K, C): 1 for the best beta and column, at least ``FLOOR`` for those that
            are possible, 0 for the others.
        scales: float32 (R, A): the probability is ``out`` times it; 0 where nothing is possible.
    """
    for r in range(logs.shape[0]):
        for a in range(logs.shape[1]):
            top = -np.inf
            for k in range(logs.shape[2]):
                for c in range(logs.shape[3]):
                    top = max(top, logs[r, a, k, c])
            scales[r, a] = np.exp(top)
            for k in range(logs.shape[2]):
                for c in range(logs.shape[3]):
                    log = logs[r, a, k, c]
                    out[r, a, k, c] = max(np.exp(log - top), FLOOR) if log > -np.inf else 0.0


@_compiled
def update(weights, table, rows, actions, columns, prior, keep, visible, surprises):
    """Multiplies the weights by the likelihood of what the targets did, and normalises them.

    Args:
        weights: float32 (B, O, T, K, H), changed in place.
        table: Relative likelihoods, float32 (R, A, K, C).
        rows: int64 (B, T), rows of the table, < R; -1: not updated.
        actions: int64 (B, T), < A; -1: not updated.
        columns: int64 (B, H), columns of the table, < C, -1 for likelihood 0; None: 0 .. H - 1.
        prior: float32 (B, T, H), from which a target that switches draws; None: none switches.
        keep: float32, probability that a target keeps its hypothesis for this step.
        visible: bool (B, O, T), False: not updated; None: everyone sees everyone.
        surprises: int64 (B, O, T), counted up where nothing possible explains the action; the
            weights are left as they were.
    """
    num_worlds, num_observers, num_targets, num_betas, num_hypotheses = weights.shape
    products = np.empty((num_betas, num_hypotheses), np.float32)
    for b in range(num_worlds):
        for t in range(num_targets):
            r, a = rows[b, t], actions[b, t]
            if r < 0 or a < 0:
                continue
            for o in range(num_observers):
                if visible is not None:  # noqa: SIM102 - without masks the branch is not compiled
                    if not visible[b, o, t]:
                        continue
                total = _ZERO
                for k in range(num_betas):
                    moving = _ONE - keep
                    if prior is not None and num_betas > 1:
                        mass = _ZERO  # of this beta, which a target that switches keeps
                        for h in range(num_hypotheses):
                            mass += weights[b, o, t, k, h]
                        moving *= mass
                    for h in range(num_hypotheses):
                        weight = weights[b, o, t, k, h]
                        if prior is not None:
                            weight = keep * weight + moving * prior[b, t, h]
                        if columns is None:
                            product = weight * table[r, a, k, h]
                        else:
                            c = columns[b, h]
                            product = weight * table[r, a, k, c] if c >= 0 else _ZERO
                        products[k, h] = product
                        total += product
                if total == _ZERO:
                    surprises[b, o, t] += 1
                    continue
                scale = _ONE / total
                for k in range(num_betas):
                    for h in range(num_hypotheses):
                        product = products[k, h]
                        least = FLOOR if product > _ZERO else _ZERO
                        weights[b, o, t, k, h] = max(product * scale, least)


@_compiled
def update_logs(weights, table, rows, actions, columns, prior, keep, visible, surprises):
    """As ``update``, but weights and table are natural logarithms, float64, and nothing is floored.

    The weights need not sum to one before; their exponentials do after.
    """
    num_worlds, num_observers, num_targets, num_betas, num_hypotheses = weights.shape
    new = np.empty((num_betas, num_hypotheses))
    log_keep, rest = np.log(np.float64(keep)), 1.0 - np.float64(keep)
    for b in range(num_worlds):
        for t in range(num_targets):
            r, a = rows[b, t], actions[b, t]
            if r < 0 or a < 0:
                continue
            for o in range(num_observers):
                if visible is not None:  # noqa: SIM102 - without masks the branch is not compiled
                    if not visible[b, o, t]:
                        continue
                top = -np.inf
                for k in range(num_betas):
                    mass = 0.0
                    if prior is not None:
                        for h in range(num_hypotheses):
                            mass += np.exp(weights[b, o, t, k, h])
                    for h in range(num_hypotheses):
                        log = weights[b, o, t, k, h]
                        if prior is not None:
                            log = np.logaddexp(log + log_keep, np.log(rest * mass * prior[b, t, h]))
                        c = h if columns is None else columns[b, h]
                        new[k, h] = log + table[r, a, k, c] if c >= 0 else -np.inf
                        top = max(top, new[k, h])
                if top == -np.inf:
                    surprises[b, o, t] += 1
                    continue
                total = 0.0
                for k in range(num_betas):
                    for h in range(num_hypotheses):
                        total += np.exp(new[k, h] - top)
                shift = top + np.log(total)
                for k in range(num_betas):
                    for h in range(num_hypotheses):
                        weights[b, o, t, k, h] = new[k, h] - shift


@_compiled
def predict(weights, table, scales, rows, columns, prior, keep, out):
    """Writes what the targets are expected to do next: action probabilities.

    Args:
        weights: float32 (B, O, T, K, H).
        table: Relative likelihoods, float32 (R, A, K, C).
        scales: float32 (R, A), by which to multiply them.
        rows: int64 (B, T); -1: all actions alike.
        columns: As for ``update``.
        prior: As for ``update``.
        keep: As for ``update``.
        out: float32 (B, O, T, A), sums to one; all actions alike where no possible hypothesis
            speaks of any.
    """
    num_worlds, num_observers, num_targets, num_betas, num_hypotheses = weights.shape
    num_actions = out.shape[3]
    moved = np.empty((num_betas, num_hypotheses), np.float32)
    for b in range(num_worlds):
        for o in range(num_observers):
            for t in range(num_targets):
                r = rows[b, t]
                for k in range(num_betas):
                    mass = _ZERO
                    for h in range(num_hypotheses):
                        mass += weights[b, o, t, k, h]
                    for h in range(num_hypotheses):
                        moved[k, h] = weights[b, o, t, k, h]
                        if prior is not None:
                            moved[k, h] *= keep
                            moved[k, h] += (_ONE - keep) * mass * prior[b, t, h]
                whole = _ZERO
                for a in range(num_actions):
                    total = _ZERO
                    for k in range(num_betas):
                        for h in range(num_hypotheses):
                            c = h if columns is None else columns[b, h]
                            if r >= 0 and c >= 0:
                                total += moved[k, h] * table[r, a, k, c]
                    out[b, o, t, a] = total * scales[r, a] if r >= 0 else _ZERO
                    whole += out[b, o, t, a]
                for a in range(num_actions):
                    out[b, o, t, a] = out[b, o, t, a] / whole if whole > 0 else _ONE / num_actions
