"""Values as hypotheses: what somebody would do whose reward weighs the features in this way.

Bayesian inverse reinforcement learning (Ramachandran & Amir 2007) over a finite set of weights: the
reward of an action is linear in its features, every set of weights is one hypothesis, and the
posterior over them follows from what is done as for goals.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from prosocial.envs.engine import ConfigError, World

from .hypotheses.base import RowHypotheses
from .inference.checks import checked_betas

IMPOSSIBLE = -1  # successor of an action that cannot be taken


def reward_weight_values(
    features: np.ndarray,
    weights: np.ndarray,
    successors: np.ndarray | None = None,
    *,
    discount: float = 0.95,
    beta: float | None = None,
    tolerance: float = 1e-6,
) -> np.ndarray:
    """Returns Q(s, a) = w · f(s, a) + discount V(s') for each set of weights, float32 (S, A, H).

    V is the best Q, or with ``beta`` the soft maximum (1 / beta) log sum exp(beta Q) of somebody
    who also chooses by softmax later on (Ziebart et al. 2008, "Maximum entropy inverse
    reinforcement learning").

    Args:
        features: f, numbers (S, A, F).
        weights: w of each hypothesis, numbers (H, F).
        successors: s', integers (S, A): a state, -1 where the action cannot be taken, or S where
            the episode ends. None: only the reward of the action itself counts.
        discount: In [0, 1), per step.
        beta: Rationality on the way; None: the best action is taken.
        tolerance: Largest error of the values, > 0.

    Raises:
        ConfigError: A shape is wrong, or a number is out of its range.
    """
    features, weights = np.asarray(features, np.float64), np.asarray(weights, np.float64)
    fits = features.ndim == 3 and weights.ndim == 2 and features.shape[2] == weights.shape[1]
    if not fits or not (np.isfinite(features).all() and np.isfinite(weights).all()):
        raise ConfigError(
            f"features has shape {features.shape} and weights {weights.shape}; expected finite "
            "numbers (states, actions, F) and (hypotheses, F)."
        )
    rewards = features @ weights.T  # (S, A, H)
    if successors is None:
        return rewards.astype(np.float32)
    after = _checked_successors(successors, rewards.shape[:2])
    if not 0 <= discount < 1 or not tolerance > 0:
        raise ConfigError(
            f"discount is {discount!r} and tolerance {tolerance!r}; expected a discount in [0, 1) "
            "and a tolerance > 0."
        )
    soft = None if beta is None else float(checked_betas(beta)[0])
    rewards = np.where((after == IMPOSSIBLE)[:, :, None], -np.inf, rewards)
    values = np.zeros((len(rewards) + 1, rewards.shape[2]))  # the last: after the end
    while True:
        found = rewards + discount * values[after]
        best = found.max(axis=1)
        if soft is not None:
            best += np.log(np.exp(soft * (found - best[:, None])).sum(axis=1)) / soft
        change = np.abs(best - values[:-1]).max(initial=0)
        values[:-1] = best
        if discount * change <= tolerance * (1 - discount):
            return (rewards + discount * values[after]).astype(np.float32)


class RewardWeights(RowHypotheses):
    """Hypotheses about what the agents value: each is a set of weights on features of actions.

    Args:
        world: The configured world.
        names: Names of the sets of weights, (H,).
        features: f, numbers (S, A, F); see ``reward_weight_values``.
        weights: Numbers (H, F).
        state_of: Returns the state of each agent, integers (B, T) in [0, S), -1 if it has none;
            called with the state records.
        successors: As for ``reward_weight_values``.
        discount: Likewise.
        beta: Likewise; how the targets themselves choose is up to the mind.

    Raises:
        ConfigError: A shape is wrong, or a number is out of its range.
    """

    def __init__(
        self,
        world: World,
        names: tuple[str, ...],
        features: np.ndarray,
        weights: np.ndarray,
        state_of: Callable[[np.ndarray], np.ndarray],
        successors: np.ndarray | None = None,
        *,
        discount: float = 0.95,
        beta: float | None = None,
    ) -> None:
        super().__init__(world, names)
        if len(weights) != len(names):
            raise ConfigError(f"There are {len(weights)} sets of weights for {len(names)} names.")
        self.weights = np.asarray(weights, np.float64)
        self.table = reward_weight_values(
            features, weights, successors, discount=discount, beta=beta
        )
        if self.table.shape[1] != self.num_actions:
            raise ConfigError(
                f"features has {self.table.shape[1]} actions; {world.name!r} has "
                f"{self.num_actions}."
            )
        self._state_of = state_of

    def rows(self, states: np.ndarray) -> np.ndarray:
        """Returns the state of each agent, int64 (B, T)."""
        return np.asarray(self._state_of(states), np.int64)


def _checked_successors(successors: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    after = np.asarray(successors)
    if after.shape != shape or after.dtype.kind not in "iu":
        raise ConfigError(
            f"successors has shape {after.shape} and dtype {after.dtype}; expected integers of "
            f"shape {shape}."
        )
    num_states = shape[0]
    if after.min(initial=0) < IMPOSSIBLE or after.max(initial=0) > num_states:
        raise ConfigError(
            f"successors holds {after.min()} .. {after.max()}; expected states in [0, {num_states})"
            f", -1 where an action cannot be taken, or {num_states} where the episode ends."
        )
    if (after == IMPOSSIBLE).all(axis=1).any():
        stuck = int((after == IMPOSSIBLE).all(axis=1).argmax())
        raise ConfigError(f"In state {stuck} no action can be taken; let one lead to the end.")
    return after
