"""Planning under partial observability: beliefs as points, values of every belief in every place.

An agent knows where it is and what each action does there, but not which of W possible worlds it
is in. Its belief is a distribution over them. What it perceives depends on the place and the world.
Beliefs are either exact (the points are closed under Bayes' rule, as they are when percepts are
certain) or interpolated between the points of a regular grid in such a way that the mean of the
belief is kept. An interpolation that does not keep the mean makes certain agents doubt again at
every step; they then wait for the world to change, and inference from what they do goes wrong.

Sources: Baker, Saxe & Tenenbaum (2011, 2017): policies over belief and place on a discretised
belief space, softmax in action values. Freudenthal interpolation: Lovejoy (1991), "Computationally
feasible bounds for partially observed Markov decision processes", Operations Research 39(1).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from prosocial.envs.engine import ConfigError

from .planning.compiling import compiled

TOLERANCE = 1e-9  # how much a value may still change when planning ends, in units of reward


@dataclass(frozen=True)
class BeliefSpace:
    """Points of belief, and where each percept leads from each of them.

    V is the number of kinds of places that differ in what can be perceived there ("views").

    Attributes:
        points: P(world), float64 (P, W); rows sum to 1.
        likelihood: P(percept | view, world), float64 (V, W, O).
        chance: P(percept | view, belief), float64 (V, P, O).
        following: Points that share the next belief, int64 (V, P, O, K).
        weights: Their shares, float64 (V, P, O, K); they sum to 1. A percept of probability 0
            leaves the belief as it was: Bayes' rule says nothing of it.
    """

    points: np.ndarray
    likelihood: np.ndarray
    chance: np.ndarray
    following: np.ndarray
    weights: np.ndarray

    def index(self, beliefs: ArrayLike) -> np.ndarray:
        """Returns the numbers of beliefs among the points: int64 (...,) of float (..., W).

        Raises:
            ConfigError: A belief is none of the points.
        """
        wanted = np.asarray(beliefs, np.float64)
        far = np.abs(wanted[..., None, :] - self.points).max(axis=-1)
        if (far.min(axis=-1) > 1e-9).any():
            raise ConfigError("A belief is none of the points of this space; build it with them.")
        return far.argmin(axis=-1)

    def spread(self, mass: np.ndarray, view: int, percept: int) -> np.ndarray:
        """Moves probability over the points to the points that follow a percept.

        Args:
            mass: float64 (..., P).
            view: What can be perceived there.
            percept: What was perceived.

        Returns:
            float64 (..., P), of the same sum.
        """
        matrix = np.zeros((len(self.points), len(self.points)))
        rows = np.arange(len(self.points))[:, None]
        np.add.at(matrix, (rows, self.following[view, :, percept]), self.weights[view, :, percept])
        return mass @ matrix


@dataclass(frozen=True)
class BeliefProblem:
    """What an agent can do in L places with A actions, in W worlds, under G desires.

    Attributes:
        moves: The next place, int64 (L, A).
        costs: Of the actions, float64 (A,).
        rewards: float64 (G, L, A, W), costs left out.
        ends: Whether the action ends everything there, bool (L, A, W). What is perceived in the
            next place must tell whether it did.
        views: The view of each place, int64 (L,).
    """

    moves: np.ndarray
    costs: np.ndarray
    rewards: np.ndarray
    ends: np.ndarray
    views: np.ndarray


def posterior_belief(belief: np.ndarray, likelihood: np.ndarray) -> np.ndarray:
    """Returns the belief after a percept by Bayes' rule, or the same if it was impossible.

    Args:
        belief: float64 (..., W).
        likelihood: Of the percept under each world, float64 (W,).
    """
    joint = belief * likelihood
    total = joint.sum(axis=-1, keepdims=True)
    return np.where(total > 0, joint / np.where(total > 0, total, 1.0), belief)


def exact_beliefs(initial: ArrayLike, likelihood: ArrayLike, limit: int = 20_000) -> BeliefSpace:
    """Returns the space of all beliefs that can follow from some initial ones, exactly.

    Args:
        initial: float (P0, W), each row a distribution over the worlds. They come first.
        likelihood: P(percept | view, world), float (V, W, O).
        limit: Most points allowed.

    Raises:
        ConfigError: A row is no distribution, the shapes disagree, or the beliefs that can follow
            are more than the limit, as with noisy percepts: then use ``grid_beliefs``.
    """
    first, likelihood = _distributions(initial, "initial"), _likelihoods(likelihood)
    if first.shape[1] != likelihood.shape[1]:
        raise ConfigError(
            f"initial is about {first.shape[1]} worlds and likelihood about "
            f"{likelihood.shape[1]}; expected the same."
        )
    numbers = {_key(row): k for k, row in reversed(list(enumerate(first)))}
    points, following = list(first), []
    for point in points:  # which grows on the way
        leads = []
        for view, percept in np.ndindex(likelihood.shape[0], likelihood.shape[2]):
            new = posterior_belief(point, likelihood[view, :, percept])
            if _key(new) not in numbers:
                numbers[_key(new)] = len(points)
                points.append(new)
            leads.append(numbers[_key(new)])
        following.append(leads)
        if len(points) > limit:
            raise ConfigError(
                f"More than {limit} beliefs can follow from the initial ones; use grid_beliefs, "
                "which interpolates."
            )
    views, _, percepts = likelihood.shape
    leads = np.array(following, np.int64).reshape(len(points), views, percepts).swapaxes(0, 1)
    weights = np.ones((*leads.shape, 1))
    return _space(np.array(points), likelihood, leads[..., None], weights)


def grid_beliefs(likelihood: ArrayLike, resolution: int) -> BeliefSpace:
    """Returns a regular grid of beliefs in steps of 1 / resolution, with interpolated updates.

    Args:
        likelihood: P(percept | view, world), float (V, W, O).
        resolution: Steps from 0 to 1, >= 1.

    Raises:
        ConfigError: The likelihoods are no distributions over percepts, or the resolution is < 1.
    """
    likelihood = _likelihoods(likelihood)
    points = simplex_grid(likelihood.shape[1], resolution)
    numbers = {_key(row): k for k, row in enumerate(points)}
    views, worlds, percepts = likelihood.shape
    following = np.zeros((views, len(points), percepts, worlds), np.int64)
    weights = np.zeros(following.shape)
    for view, percept in np.ndindex(views, percepts):
        updated = posterior_belief(points, likelihood[view, :, percept])
        corners, shares = interpolate(updated, resolution)
        found = [[numbers.get(_key(c), 0) for c in corner] for corner in corners]
        following[view, :, percept], weights[view, :, percept] = found, shares
    return _space(points, likelihood, following, weights)


def simplex_grid(num_worlds: int, resolution: int) -> np.ndarray:
    """Returns every belief whose probabilities are multiples of 1 / resolution.

    Returns:
        float64 (P, num_worlds), the first world's probability rising from row to row; with two
        worlds resolution + 1 rows.

    Raises:
        ConfigError: There is no world, or the resolution is below 1.
    """
    if num_worlds < 1 or resolution < 1:
        raise ConfigError(
            f"A grid of {num_worlds} worlds with resolution {resolution}; expected both >= 1."
        )
    rows = [()]
    for _ in range(num_worlds - 1):
        rows = [(*row, k) for row in rows for k in range(resolution - sum(row) + 1)]
    counts = np.array([(*row, resolution - sum(row)) for row in rows], np.float64)
    return counts / resolution


def interpolate(beliefs: np.ndarray, resolution: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns grid points and shares whose mean is the belief (Freudenthal triangulation).

    Args:
        beliefs: float64 (P, W).
        resolution: Of the grid, >= 1.

    Returns:
        Corners, float64 (P, W, W), of which those of share 0 may lie outside the simplex; shares,
        float64 (P, W), which sum to 1. ``(shares[..., None] * corners).sum(1)`` is the belief.
    """
    count, worlds = beliefs.shape
    # In cumulative coordinates the simplices are those between a corner of a cube and its opposite.
    tails = np.flip(np.cumsum(np.flip(beliefs, 1), 1), 1) * resolution  # (P, W), the first is n
    tails = np.where(np.abs(tails - np.rint(tails)) < 1e-9, np.rint(tails), tails)
    base = np.floor(tails)
    rest = tails - base
    order = np.argsort(-rest, axis=1, kind="stable")
    sorted_rest = np.take_along_axis(rest, order, 1)
    corners, shares = np.zeros((count, worlds, worlds)), np.zeros((count, worlds))
    corner = base.copy()
    for k in range(worlds):
        nearer = np.ones(count) if k == 0 else sorted_rest[:, k - 1]
        shares[:, k] = nearer - sorted_rest[:, k]
        ends = np.concatenate([corner, np.zeros((count, 1))], axis=1)
        corners[:, k] = (ends[:, :-1] - ends[:, 1:]) / resolution
        corner[np.arange(count), order[:, k]] += 1
    return corners, shares


def belief_values(
    space: BeliefSpace,
    problem: BeliefProblem,
    *,
    discount: float = 0.99,
    beta: float | None = None,
    max_sweeps: int = 100_000,
) -> np.ndarray:
    """Returns the value of every action in every place under every belief and desire.

    Args:
        space: The beliefs.
        problem: The places, actions and desires.
        discount: In (0, 1].
        beta: None: the agent plans to act optimally; a number > 0: it plans with its own policy, a
            softmax with that rationality.
        max_sweeps: Most sweeps over all values.

    Returns:
        float64 (G, L, P, A), in units of reward.

    Raises:
        ConfigError: A value is out of its range, the ends are not told by what is perceived, or the
            values do not converge, as without discount when nothing is worth ending for.
    """
    if not 0 < discount <= 1:
        raise ConfigError(f"discount is {discount!r}; expected a number in (0, 1].")
    if beta is not None and not (np.isfinite(beta) and beta > 0):
        raise ConfigError(f"beta is {beta!r}; expected a finite number > 0, or None.")
    rewards = np.einsum("glaw,pw->glpa", problem.rewards, space.points) - problem.costs
    rewards = np.ascontiguousarray(rewards)
    goes_on = _goes_on(space, problem)
    values = np.zeros(rewards.shape[:3])
    softness = 0.0 if beta is None else float(beta)
    out = np.empty_like(rewards)
    sweeps = _iterate(
        rewards, problem.moves.astype(np.int64), goes_on,
        problem.views.astype(np.int64), space.chance, space.following, space.weights, discount,
        softness, TOLERANCE, max_sweeps, values, out,
    )  # fmt: skip
    if sweeps > max_sweeps:
        raise ConfigError(
            f"The values still change after {max_sweeps} sweeps; use a discount below 1 or costs "
            "above 0."
        )
    return out


def _goes_on(space: BeliefSpace, problem: BeliefProblem) -> np.ndarray:
    """Returns whether anything follows an action after which a percept comes, uint8 (L, A, O)."""
    likelihood = space.likelihood[problem.views[problem.moves]]  # (L, A, W, O)
    possible = likelihood > 0
    ended = (possible & problem.ends[..., None]).any(axis=2)
    open_ = (possible & ~problem.ends[..., None]).any(axis=2)
    if (ended & open_).any():
        place, action, _ = np.argwhere(ended & open_)[0]
        raise ConfigError(
            f"Action {action} in place {place} ends in some worlds only, and what is perceived "
            "next does not tell in which; let the percept there differ."
        )
    return np.asarray(open_, np.uint8)


@compiled
def _soft_value(values, beta):
    """Returns the best of some values, or with beta > 0 their mean under a softmax."""
    best = values[0]
    for value in values:
        best = max(best, value)
    if beta == 0.0:
        return best
    total, norm = 0.0, 0.0
    for value in values:
        share = np.exp(beta * (value - best))
        total += share * value
        norm += share
    return total / norm


@compiled
def _iterate(
    rewards, moves, goes_on, views, chance, following, weights, discount, beta, tolerance,
    max_sweeps, values, out,
):  # fmt: skip
    """Sweeps over the values of each desire, using the newest ones, until none changes any more.

    Returns:
        The most sweeps that a desire took; above ``max_sweeps`` if they did not suffice.
    """
    desires, places, points, actions = rewards.shape
    percepts, branches = following.shape[2], following.shape[3]
    most = 0
    for g in range(desires):
        change, sweep = np.inf, 0
        while change >= tolerance and sweep <= max_sweeps:
            change = 0.0
            sweep += 1
            for place in range(places):
                for p in range(points):
                    for a in range(actions):
                        target = moves[place, a]
                        view = views[target]
                        ahead = 0.0
                        for o in range(percepts):
                            if goes_on[place, a, o] and chance[view, p, o] > 0.0:
                                mean = 0.0
                                for k in range(branches):
                                    point = following[view, p, o, k]
                                    mean += weights[view, p, o, k] * values[g, target, point]
                                ahead += chance[view, p, o] * mean
                        out[g, place, p, a] = rewards[g, place, p, a] + discount * ahead
                    value = _soft_value(out[g, place, p], beta)
                    change = max(change, abs(value - values[g, place, p]))
                    values[g, place, p] = value
        most = max(most, sweep)
    return most


def _space(
    points: np.ndarray, likelihood: np.ndarray, following: np.ndarray, weights: np.ndarray
) -> BeliefSpace:
    chance = np.einsum("vwo,pw->vpo", likelihood, points)
    return BeliefSpace(points, likelihood, np.ascontiguousarray(chance), following.copy(), weights)


def _key(belief: np.ndarray) -> bytes:
    return (np.rint(belief * 1e9) + 0.0).tobytes()  # + 0.0: no minus zero


def _distributions(given: ArrayLike, what: str) -> np.ndarray:
    values = np.asarray(given, np.float64)
    if values.ndim != 2 or not len(values) or not np.isfinite(values).all() or (values < 0).any():
        raise ConfigError(f"{what} must be a table of probabilities, one row for each belief.")
    if not np.allclose(values.sum(axis=1), 1, atol=1e-9):
        raise ConfigError(f"The rows of {what} sum to {values.sum(axis=1)}; expected 1 each.")
    return values


def _likelihoods(given: ArrayLike) -> np.ndarray:
    values = np.asarray(given, np.float64)
    if values.ndim != 3:
        raise ConfigError(
            f"likelihood has shape {values.shape}; expected (views, worlds, percepts)."
        )
    _distributions(values.reshape(-1, values.shape[2]), "likelihood")
    return values
