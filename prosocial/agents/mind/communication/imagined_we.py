"""The Imagined We for communication: a signal means what makes sense for us to say.

Stacy, Li, Zhao, Yun, Zhao, Kleiman-Weiner & Gao (CogSci 2021, arXiv 2106.02164). Signaler and
receiver are taken to be one agent ("we") with one utility, U = reward − cost_S − cost_R, whose plan
is common ground. Of the paper we have the structure of the model, not the numbers of its figures;
what is left open there is settled as follows.

* Who signals hands over: it waits, and the receiver does its part of the joint plan for the mind
  that it understands, π(a_R | wait, m) ∝ exp(α · U(wait, a_R; m)).
* Without a signal the receiver acts on the prior, π(a_R) ∝ exp(α · Σ_m P(m) · max_{a_S} U), and the
  signaler, who knows m, does what is best then: doing it oneself and doing nothing are among that.
* Level 0 of the listener, P_0(m | σ) ∝ 1[m ∈ ⟦σ⟧] · P(m), keeps the minds alone for which being
  understood is worth more than silence (cooperative logic); if none is left, all of ⟦σ⟧.
* A game with several readings (meanings of the same signals): each counts by exp(β · what the pair
  would gain if both used it), since "we" would have agreed on the better one.
* Level k: EU(σ | m) = Σ P_{k−1}(a_R | σ) · U(wait, a_R; m) − c(σ), S_k(σ | m) ∝ exp(β · EU) over
  true signals and silence, P_k(m | σ) ∝ S_k(σ | m) · P(m).
* A model of depth k is a receiver of level k and a signaler who speaks to it (level k + 1), so
  that the signaler expects what happens.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .rsa import check_depth, check_rationality, normalised, softmax
from .tasks import WAIT, SignallingTasks

ALPHA = BETA = 8.0  # rationality of plans and of signalers per unit of reward: ours, nearly optimal
_ABOVE = 1e-9  # by how much more being understood must be worth than silence


@dataclass(frozen=True)
class Conversation:
    """What signaler and receiver do in T tasks.

    Attributes:
        belief: What the receiver takes a signal to mean, P(m | σ), float64 (T, M, S).
        receiver: What it does upon a signal, P(a_R | σ), float64 (T, S, a_R).
        unasked: What it does without one, float64 (T, a_R).
        signaler: P(silence), P(σ) by mind, float64 (T, M, 1 + S); rows sum to one.
        alone: What the signaler does when it is silent, int64 (T, M).
    """

    belief: np.ndarray
    receiver: np.ndarray
    unasked: np.ndarray
    signaler: np.ndarray
    alone: np.ndarray


@dataclass(frozen=True)
class Outcome:
    """What came of it, each float64 (T,), expected over minds, signals and actions.

    Attributes:
        utility: Joint utility, reward − cost_S − cost_R − cost of the signal.
        accuracy: Probability that a signal is understood as the true mind; NaN without signals.
        signalled: Probability that a signal is sent.
    """

    utility: np.ndarray
    accuracy: np.ndarray
    signalled: np.ndarray


def imagined_we(
    tasks: SignallingTasks, depth: int, *, alpha: float = ALPHA, beta: float = BETA
) -> Conversation:
    """Returns the conversation of an Imagined We.

    Args:
        tasks: The tasks.
        depth: Level of the receiver, >= 0.
        alpha: Rationality of the joint plan, finite and above 0, per unit of reward.
        beta: Rationality of the signaler, likewise.

    Raises:
        ConfigError: A number is out of its range.
    """
    joint = tasks.joint_utility()
    return converse(tasks, joint, joint, depth, alpha=alpha, beta=beta)


def converse(
    tasks: SignallingTasks,
    signaler_utility: np.ndarray,
    receiver_utility: np.ndarray,
    depth: int,
    *,
    alpha: float = ALPHA,
    beta: float = BETA,
) -> Conversation:
    """Returns the conversation of a signaler and a receiver with utilities of their own.

    With the joint utility for both it is the Imagined We; with different ones, the same reasoning
    of two who each mind their own costs.

    Args:
        tasks: The tasks.
        signaler_utility: Float64 (T, M, a_S, a_R).
        receiver_utility: Float64 (T, M, a_S, a_R).
        depth: Level of the receiver, >= 0.
        alpha: Rationality of the receiver's actions, finite and above 0.
        beta: Rationality of the signaler, likewise.

    Raises:
        ConfigError: A number is out of its range.
    """
    depth = check_depth(depth)
    alpha, beta = check_rationality("alpha", alpha), check_rationality("beta", beta)
    plan = softmax(alpha * receiver_utility[:, :, WAIT])
    unasked = _unasked(signaler_utility, receiver_utility, tasks.prior, alpha)
    by_action = np.einsum("tr,tmsr->tms", unasked, signaler_utility)
    alone, silence = by_action.argmax(-1), by_action.max(-1)

    def worth(belief: np.ndarray) -> np.ndarray:
        """Returns EU(σ | m), (T, M, S)."""
        does = np.einsum("tms,tmr->tsr", belief, plan)
        value = np.einsum("tsr,tmr->tms", does, signaler_utility[:, :, WAIT])
        return value - tasks.signal_costs[:, None]

    belief = _level_0(tasks, plan, signaler_utility, silence, beta, worth)
    true: np.ndarray = np.any(tasks.meanings, axis=1)
    allowed = np.concatenate([np.ones_like(true[..., :1]), true], -1)
    signaler = np.empty(allowed.shape)
    for level in range(depth + 1):
        options = np.concatenate([silence[..., None], worth(belief)], -1)
        signaler = softmax(beta * options, allowed)
        if level < depth:
            heard = signaler[..., 1:] * tasks.prior[..., None]
            belief = normalised(heard, 1, otherwise=belief)
    return Conversation(belief, np.einsum("tms,tmr->tsr", belief, plan), unasked, signaler, alone)


def outcome(tasks: SignallingTasks, found: Conversation) -> Outcome:
    """Returns what comes of a conversation, judged by the joint utility."""
    joint, prior = tasks.joint_utility(), tasks.prior
    own = np.take_along_axis(joint, found.alone[:, :, None, None], 2)[:, :, 0]
    silent = np.einsum("tr,tmr->tm", found.unasked, own)
    asked = np.einsum("tsr,tmr->tms", found.receiver, joint[:, :, WAIT])
    by_option = np.concatenate([silent[..., None], asked - tasks.signal_costs[:, None]], -1)
    sent = prior[..., None] * found.signaler[..., 1:]
    signalled = sent.sum((1, 2))
    understood = (sent * found.belief).sum((1, 2))
    return Outcome(
        utility=(prior * (found.signaler * by_option).sum(-1)).sum(-1),
        accuracy=np.divide(
            understood, signalled, out=np.full(len(prior), np.nan), where=signalled > 0
        ),
        signalled=signalled,
    )


def _unasked(
    signaler_utility: np.ndarray, receiver_utility: np.ndarray, prior: np.ndarray, alpha: float
) -> np.ndarray:
    """Returns what the receiver does on its prior alone, (T, a_R).

    It expects the signaler, who knows the mind, to do what is best for itself beside that.
    """
    beside = signaler_utility.argmax(2)[:, :, None]
    value = np.take_along_axis(receiver_utility, beside, 2)[:, :, 0]
    return softmax(alpha * np.einsum("tm,tmr->tr", prior, value))


def _level_0(
    tasks: SignallingTasks,
    plan: np.ndarray,
    signaler_utility: np.ndarray,
    silence: np.ndarray,
    beta: float,
    worth: Callable[[np.ndarray], np.ndarray],
) -> np.ndarray:
    """Returns P_0(m | σ), (T, M, S): the literal meaning, restricted by cooperative logic."""
    understood = np.einsum("tmr,tmr->tm", plan, signaler_utility[:, :, WAIT])
    gain = understood[..., None] - tasks.signal_costs[:, None] - silence[..., None]
    sensible = np.greater(gain, _ABOVE)[:, None]
    weights = tasks.meanings * tasks.prior[:, None, :, None]
    kept = weights * sensible
    kept = np.where(kept.any(2, keepdims=True), kept, weights)
    readings = kept.shape[1]
    if readings == 1:
        return normalised(kept[:, 0], 1)
    values = np.empty((len(kept), readings))
    for k in range(readings):
        expected = np.where(tasks.meanings[:, k], worth(normalised(kept[:, k], 1)), -np.inf)
        values[:, k] = (tasks.prior * np.maximum(expected.max(-1), silence)).sum(-1)
    agreed = softmax(beta * values)
    return normalised(np.einsum("tl,tlms->tms", agreed, kept), 1)
