"""What somebody does when nothing is assumed of why: action frequencies with a Dirichlet prior."""

from __future__ import annotations

import numpy as np

from prosocial.envs.engine import ConfigError


class ActionFrequencies:
    """Infers fixed action probabilities, drawn from a symmetric Dirichlet, by counting.

    The posterior predictive is (n_a + alpha) / (sum n + A alpha) exactly: the Bayes-optimal
    prediction for the random agents of Rabinowitz et al. (2018), "Machine Theory of Mind", section
    3.1. With two actions the prior is Beta(alpha, alpha). A baseline for minds that plan.

    Attributes:
        counts: How often each target did what, in each context, int64 (B, T, S, A).

    Args:
        num_worlds: B >= 1.
        num_targets: T >= 1.
        num_actions: A >= 2.
        alpha: Of the Dirichlet, > 0 and finite; small values expect few different actions.
        num_contexts: S >= 1 situations, each with frequencies of its own, such as cells.

    Raises:
        ConfigError: A number is out of its range.
    """

    def __init__(
        self,
        num_worlds: int,
        num_targets: int,
        num_actions: int,
        alpha: float = 1.0,
        num_contexts: int = 1,
    ) -> None:
        shape = (num_worlds, num_targets, num_contexts, num_actions)
        if min(shape) < 1 or num_actions < 2:
            raise ConfigError(
                f"worlds, targets, contexts and actions are {shape}; expected at least 1, 1, 1, 2."
            )
        if not 0 < alpha < np.inf:
            raise ConfigError(f"alpha is {alpha!r}; expected a positive finite number.")
        self.counts = np.zeros(shape, np.int64)
        self._alpha = float(alpha)

    def reset(self, where: np.ndarray | None = None) -> None:
        """Forgets the counts of some worlds, bool (B,); None: of all."""
        self.counts[slice(None) if where is None else where] = 0

    def observe(self, actions: np.ndarray, contexts: np.ndarray | None = None) -> None:
        """Counts what the targets did.

        Args:
            actions: Integers (B, T) in [0, A), or -1 where unknown.
            contexts: Integers (B, T) in [0, S); None: the first.

        Raises:
            ConfigError: A shape is wrong, or a number is out of its range.
        """
        num_contexts, num_actions = self.counts.shape[2:]
        actions = self._checked("actions", actions, -1, num_actions)
        places = np.zeros_like(actions) if contexts is None else contexts
        places = self._checked("contexts", places, 0, num_contexts)
        worlds, targets = np.nonzero(actions >= 0)
        self.counts[worlds, targets, places[worlds, targets], actions[worlds, targets]] += 1

    def predictive(self, contexts: np.ndarray | None = None) -> np.ndarray:
        """Returns the probabilities of the next actions, float64 (B, T, A).

        Args:
            contexts: Integers (B, T) in [0, S); None: the first.

        Raises:
            ConfigError: The shape is wrong, or a number is out of its range.
        """
        num_contexts, num_actions = self.counts.shape[2:]
        places = np.zeros(self.counts.shape[:2], np.int64) if contexts is None else contexts
        places = self._checked("contexts", places, 0, num_contexts)
        counts = np.take_along_axis(self.counts, places[:, :, None, None], axis=2)[:, :, 0]
        total = counts.sum(axis=2, keepdims=True) + num_actions * self._alpha
        return (counts + self._alpha) / total

    def _checked(self, name: str, numbers: np.ndarray, low: int, high: int) -> np.ndarray:
        given = np.asarray(numbers)
        fits = given.shape == self.counts.shape[:2] and given.dtype.kind in "iu"
        if not fits or given.min() < low or given.max() >= high:
            raise ConfigError(
                f"{name} has shape {given.shape} and dtype {given.dtype}; expected integers in "
                f"[{low}, {high}) of shape {self.counts.shape[:2]}."
            )
        return given.astype(np.int64)
