"""How likely each hypothesis makes each action: a softmax of the values, for one or more betas."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from prosocial.envs.engine import ConfigError

from . import kernels


@dataclass(frozen=True)
class Likelihoods:
    """A table of action likelihoods, as the compiled updates take it.

    Attributes:
        relative: float32 (R, A, K, C), relative to the best beta and column of the same action.
        scales: float32 (R, A): the probability of an action is ``relative`` times it.
        logs: Log-probabilities, float64 (R, A, K, C); None unless asked for.
    """

    relative: np.ndarray
    scales: np.ndarray
    logs: np.ndarray | None

    def grown(self, more: Likelihoods) -> Likelihoods:
        """Returns these rows and some more; to be called once, for memory is shared."""
        logs = None
        if self.logs is not None and more.logs is not None:
            logs = appended(self.logs, more.logs)
        return Likelihoods(
            appended(self.relative, more.relative), appended(self.scales, more.scales), logs
        )


def appended(rows: np.ndarray, more: np.ndarray) -> np.ndarray:
    """Returns rows followed by more, with room behind them for as many again.

    Args:
        rows: An array that this returned is not copied while there is room behind it.
        more: Of the same shape but for the first axis.
    """
    number = len(rows) + len(more)
    store = rows.base
    if store is None or store.shape[1:] != rows.shape[1:] or len(store) < number:
        store = np.empty((2 * number, *rows.shape[1:]), rows.dtype)
        store[: len(rows)] = rows
    store[len(rows) : number] = more
    return store[:number]


def choice_likelihoods(
    values: np.ndarray, betas: np.ndarray, lapse: float = 0.0, logs: bool = False
) -> Likelihoods:
    """Returns P(a) = (1 - lapse) exp(beta Q(a)) / sum exp(beta Q) + lapse / A.

    The softmax-rational choice of inverse planning (Baker, Saxe & Tenenbaum 2009, "Action
    understanding as inverse planning", equation 3), mixed with a lapse, which is uniform over all A
    actions, impossible ones included.

    Args:
        values: Q, float32 (R, A, C); -inf: the action is impossible. A hypothesis all of whose
            actions are impossible gives every action probability 0, whatever the lapse.
        betas: Rationalities, float64 (K,), in units of 1 / reward.
        lapse: In [0, 1).
        logs: Whether to keep the logarithms as well.

    Raises:
        ConfigError: A value is NaN or +inf.
    """
    values = np.ascontiguousarray(values, np.float32)
    found = np.empty((*values.shape[:2], len(betas), values.shape[2]))
    bad = kernels.log_choice(values, betas, float(lapse), found)
    if bad >= 0:
        action, column = np.argwhere(~(values[bad] < np.inf))[0]
        raise ConfigError(
            f"Action {action} under hypothesis {column} is worth {values[bad, action, column]}; "
            "expected a finite value, or -inf for an action that is impossible."
        )
    return from_logs(found, logs)


def from_logs(found: np.ndarray, logs: bool = False) -> Likelihoods:
    """Returns the table of given log-probabilities, float64 (R, A, K, C).

    Args:
        found: The log-probabilities; -inf for 0.
        logs: Whether to keep them as well.
    """
    relative = np.empty(found.shape, np.float32)
    scales = np.empty(found.shape[:2], np.float32)
    kernels.relative_likelihoods(found, relative, scales)
    return Likelihoods(relative, scales, found if logs else None)
