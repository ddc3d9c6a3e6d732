"""How humans act in an assistance game: softly or optimally, with or without the robot in mind."""

from __future__ import annotations

import numpy as np

from prosocial.envs.engine import ConfigError

from .game import AssistanceGame

_TIE = 1e-12  # values this close, relative to their size, are equally good


def check_beta(beta: float | None) -> None:
    """Checks a rationality.

    Raises:
        ConfigError: It is neither None nor a finite number > 0.
    """
    number = isinstance(beta, int | float) and not isinstance(beta, bool)
    if beta is not None and not (number and np.isfinite(beta) and beta > 0):
        raise ConfigError(
            f"beta is {beta!r}; expected a finite number > 0, or None for an optimal human."
        )


def choice(values: np.ndarray, beta: float | None) -> np.ndarray:
    """Returns the probabilities of actions of given values.

    Args:
        values: float64 (..., A); -inf for an action that is not there.
        beta: Of the softmax; None: all best actions alike.
    """
    best = values.max(axis=-1, keepdims=True)
    if beta is None:
        share = (values >= best - _TIE * np.maximum(1, np.abs(best))).astype(np.float64)
    else:
        share = np.exp(beta * (values - best))
    return share / share.sum(axis=-1, keepdims=True)


def literal_human(game: AssistanceGame, beta: float | None = None) -> np.ndarray:
    """Returns the policy of a human who acts as if the robot knew the human's type.

    The demonstration by an expert: what it does is best if nobody need be told. (Demonstration by
    expert against best response in Hadfield-Menell et al. 2016, section 4.)

    Args:
        game: The game.
        beta: Softmax rationality > 0; None: optimal, ties broken evenly.

    Returns:
        P(human action | step, type, state, robot action), float64 (horizon, H, S, R, A).

    Raises:
        ConfigError: beta is out of its range.
    """
    check_beta(beta)
    assert game.human_can is not None  # the game sets both
    assert game.robot_can is not None
    num_types, num_states, _, _ = game.reward.shape
    ahead = np.zeros((num_types, num_states))
    policies = []
    for _ in range(game.horizon):
        follow = np.einsum("sarn,hn->hsar", game.transition, ahead)
        values = (game.reward + game.discount * follow).swapaxes(2, 3)  # (H, S, R, A)
        policy = choice(np.where(game.human_can, values, -np.inf), beta)
        policies.append(policy)
        expected = (policy * values).sum(axis=3)
        ahead = np.where(game.robot_can, expected, -np.inf).max(axis=2)
    return np.array(policies[::-1])


def check_policy(game: AssistanceGame, policy: np.ndarray) -> np.ndarray:
    """Returns a human's policy as float64 (horizon, H, S, R, A).

    Args:
        game: The game.
        policy: The same, or without the first axis: alike in every step.

    Raises:
        ConfigError: The shape is wrong, probabilities do not sum to one, or an action has
            probability that the human does not have.
    """
    num_types, num_states, num_human, num_robot = game.reward.shape
    shape = (game.horizon, num_types, num_states, num_robot, num_human)
    policy = np.asarray(policy, np.float64)
    if policy.shape not in (shape, shape[1:]):
        raise ConfigError(
            f"The human's policy has shape {policy.shape}; expected (horizon, types, states, robot "
            f"actions, human actions) = {shape}, or {shape[1:]} for every step."
        )
    policy = np.broadcast_to(policy, shape)
    if not (policy >= 0).all() or not np.allclose(policy.sum(axis=-1), 1, atol=1e-9):
        raise ConfigError("The human's policy has rows that do not sum to one; normalise them.")
    if (policy * ~np.asarray(game.human_can) > 0).any():
        raise ConfigError("The human's policy takes actions that human_can rules out.")
    return policy
