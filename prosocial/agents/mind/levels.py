"""Level-k reasoning: who thinks about whom how deeply, in games given as arrays of payoffs.

A player of level 0 acts by a given policy, one of level k responds to others of level k - 1
(Stahl & Wilson 1995; Camerer, Ho & Chong 2004), here with a soft response. Payoffs may depend on a
hypothesis that some players know and others do not: those who do not know it act on their belief,
and an observer of level k infers it from what actors of level k - 1 do.

The joint action values of a world in one state are such a game: Q[h, a_1, ..., a_n].
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from prosocial.envs.engine import ConfigError

from .planning.values import checked_beta, softmax

CHOICES = ("softmax", "ratio")


@dataclass(frozen=True)
class StageGame:
    """A game of n players, played once.

    Attributes:
        payoffs: For each player what it gets, (A_1, ..., A_n), or (H, A_1, ..., A_n) under each of
            H hypotheses; -inf for what is impossible. One array may serve all who share its reward.
        beliefs: For each player its belief about the hypotheses, (H,), or None if it knows the
            true one; None for players who all know it.
        base: For each player a weight >= 0 on its actions, (A_i,), by which its response is
            multiplied: its habits, or how salient they are; None for 1 each.
        choice: How it responds to the expected payoffs U: "softmax", base exp(beta U), or "ratio",
            base U**beta (Luce 1959), for which U must be >= 0.
        beta: Rationality, > 0 and finite.
    """

    payoffs: Sequence[np.ndarray]
    beliefs: Sequence[ArrayLike | None] | None = None
    base: Sequence[ArrayLike | None] | None = None
    choice: str = "softmax"
    beta: float = 1.0

    def __post_init__(self) -> None:
        """Checks and completes the fields.

        Raises:
            ConfigError: Shapes do not fit, a belief is no distribution, or beta is out of range.
        """
        checked_beta(self.beta)
        if self.choice not in CHOICES:
            raise ConfigError(f"choice is {self.choice!r}; expected one of {', '.join(CHOICES)}.")
        n = len(self.payoffs)
        arrays = [np.asarray(payoff, np.float64) for payoff in self.payoffs]
        if n == 0 or arrays[0].ndim not in (n, n + 1) or arrays[0].size == 0:
            raise ConfigError(
                "payoffs needs an array for each of n players, of n axes, or of n + 1 with the "
                f"hypotheses first; got shapes {[array.shape for array in arrays]}."
            )
        if any(array.shape != arrays[0].shape for array in arrays):
            raise ConfigError(f"The payoffs differ in shape: {[array.shape for array in arrays]}.")
        if any(np.isnan(array).any() or (array == np.inf).any() for array in arrays):
            raise ConfigError("A payoff is nan or inf; expected numbers, or -inf if impossible.")
        if self.choice == "ratio" and any((array < 0).any() for array in arrays):
            raise ConfigError('A payoff is negative; choice "ratio" needs payoffs >= 0.')
        if arrays[0].ndim == n:
            arrays = [array[None] for array in arrays]
        object.__setattr__(self, "payoffs", tuple(arrays))
        shape = arrays[0].shape
        beliefs = self._each("beliefs", self.beliefs, [shape[0]] * n)
        for belief in beliefs:
            if belief is not None:
                checked_distribution("beliefs", belief)
        object.__setattr__(self, "beliefs", beliefs)
        object.__setattr__(self, "base", self._each("base", self.base, shape[1:]))

    def _each(self, field: str, given: Sequence | None, sizes: Sequence[int]) -> tuple:
        """Returns an array or None for each player."""
        values = [None] * len(sizes) if given is None else list(given)
        arrays = [None if value is None else np.asarray(value, np.float64) for value in values]
        fits = len(arrays) == len(sizes)
        for array, size in zip(arrays, sizes, strict=False):
            fits = fits and (array is None or (array.shape == (size,) and (array >= 0).all()))
        if not fits:
            raise ConfigError(
                f"{field} does not fit; expected for each player None or numbers >= 0, as many as "
                f"{list(sizes)}."
            )
        return tuple(arrays)

    @property
    def num_hypotheses(self) -> int:
        """H, 1 in a game without hypotheses."""
        return self.payoffs[0].shape[0]

    def expected(self, player: int, policies: Sequence[np.ndarray]) -> np.ndarray:
        """Returns the player's expected payoff of each action, float64 (H, A_i).

        Args:
            player: Its number.
            policies: Of all players, (H, A_j) each; its own is not used.
        """
        payoff = self.payoffs[player]
        axes = "abcdefgijklmnop"[: len(self.payoffs)]
        others = [k for k in range(len(self.payoffs)) if k != player]
        formula = ",".join([f"h{axes}", *(f"h{axes[k]}" for k in others)]) + f"->h{axes[player]}"
        chances = [policies[k] for k in others]
        values = np.einsum(formula, np.where(payoff == -np.inf, 0.0, payoff), *chances)
        impossible = np.einsum(formula, (payoff == -np.inf).astype(float), *chances) > 0
        belief = self.beliefs[player]  # pyright: ignore[reportOptionalSubscript]
        if belief is not None:
            belief = np.asarray(belief)
            values = np.broadcast_to(belief @ values, values.shape)
            lost = (impossible & (belief > 0)[:, None]).any(axis=0)
            impossible = np.broadcast_to(lost, values.shape)
        return np.where(impossible, -np.inf, values)

    def respond(self, player: int, policies: Sequence[np.ndarray]) -> np.ndarray:
        """Returns the player's soft response to policies of the others, float64 (H, A_i).

        Where no action has a positive weight, all probabilities are 0.
        """
        expected = self.expected(player, policies)
        with np.errstate(divide="ignore"):
            if self.choice == "ratio":
                expected = np.log(expected)
            base = self.base[player]  # pyright: ignore[reportOptionalSubscript]
            habit = 0.0 if base is None else np.log(base) / self.beta
        return softmax(expected + habit, self.beta)


def level_policies(
    game: StageGame, level: int, start: Sequence[ArrayLike] | None = None
) -> list[list[np.ndarray]]:
    """Returns the policies of all players at the levels 0 .. level.

    Args:
        game: The game.
        level: The highest level, >= 0.
        start: Policies of level 0, (A_i,) or (H, A_i) each; None for uniform ones.

    Returns:
        For each level, for each player float64 (H, A_i), of which the rows sum to one.

    Raises:
        ConfigError: The level is negative, or a policy of level 0 is no distribution.
    """
    if isinstance(level, bool) or not isinstance(level, int) or level < 0:
        raise ConfigError(f"level is {level!r}; expected an integer >= 0.")
    shape = game.payoffs[0].shape
    if start is None:
        start = [np.full(size, 1.0 / size) for size in shape[1:]]
    if len(start) != len(shape) - 1:
        raise ConfigError(f"start has {len(start)} policies; expected {len(shape) - 1}.")
    first = []
    for policy, size in zip(start, shape[1:], strict=True):
        array = np.asarray(policy, np.float64)
        if array.shape not in ((size,), (shape[0], size)):
            raise ConfigError(f"A policy of level 0 has shape {array.shape}; expected ({size},).")
        checked_distribution("start", array)
        first.append(np.broadcast_to(array, (shape[0], size)))
    levels = [first]
    for _ in range(level):
        levels.append([game.respond(player, levels[-1]) for player in range(len(shape) - 1)])
    return levels


def infer(
    game: StageGame,
    level: int,
    player: int,
    actions: Sequence[int] | np.ndarray,
    prior: np.ndarray | None = None,
    start: Sequence[ArrayLike] | None = None,
) -> np.ndarray:
    """Returns what an observer of a level believes about the hypotheses: float64 (H,).

    It takes the player for one of the level below, who knows the true hypothesis.

    Args:
        game: The game; played anew for every action seen.
        level: Of the observer, >= 1.
        player: Number of the player that is observed.
        actions: What it did, (T,).
        prior: (H,), summing to one; None for uniform.
        start: Policies of level 0, see `level_policies`.

    Raises:
        ConfigError: The level is below 1, or the prior is no distribution.
    """
    if isinstance(level, bool) or not isinstance(level, int) or level < 1:
        raise ConfigError(f"level is {level!r}; an observer has level 1 or above.")
    policy = level_policies(game, level - 1, start)[-1][player]
    return invert(np.repeat(policy[None], len(actions), axis=0), actions, prior)


def invert(
    policies: np.ndarray, actions: Sequence[int] | np.ndarray, prior: np.ndarray | None = None
) -> np.ndarray:
    """Returns the posterior over hypotheses after actions of an actor with known policies.

    Args:
        policies: Action probabilities under each hypothesis at each step, (T, H, A), such as
            ``softmax(Q[s_t], beta)`` for values Q[s, h, a] of a grid.
        actions: What it did, (T,).
        prior: (H,), summing to one; None for uniform.

    Returns:
        float64 (H,). Actions that no hypothesis with any probability left can explain change
        nothing.

    Raises:
        ConfigError: Shapes do not fit, an action does not exist, or the prior is no distribution.
    """
    table = np.asarray(policies, np.float64)
    seen = np.asarray(actions, np.int64)
    if table.ndim != 3 or seen.shape != table.shape[:1]:
        raise ConfigError(
            f"policies has shape {table.shape} and actions {seen.shape}; expected (T, H, A) and "
            "(T,)."
        )
    if seen.size and not (seen.min() >= 0 and seen.max() < table.shape[2]):
        raise ConfigError(f"actions is {seen.tolist()}; expected [0, {table.shape[2]}).")
    num = table.shape[1]
    belief = np.full(num, 1.0 / num) if prior is None else np.asarray(prior, np.float64)
    if belief.shape != (num,):
        raise ConfigError(f"prior has shape {belief.shape}; expected ({num},).")
    checked_distribution("prior", belief)
    with np.errstate(divide="ignore"):
        weights, likelihoods = np.log(belief), np.log(table)
    for step, action in enumerate(seen):
        new = weights + likelihoods[step, :, action]
        if new.max() > -np.inf:
            weights = new - new.max()
    return softmax(weights)


def checked_distribution(name: str, values: np.ndarray) -> None:
    """Raises a ConfigError unless numbers are >= 0 and sum to one along the last axis."""
    if not (np.isfinite(values).all() and (values >= 0).all()) or not np.allclose(
        values.sum(axis=-1), 1, rtol=0, atol=1e-6
    ):
        raise ConfigError(f"{name} is {values.tolist()}; expected numbers >= 0 that sum to one.")
