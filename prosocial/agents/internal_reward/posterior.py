"""Which events somebody values, and how much: an exact posterior over linear rewards.

Feedback is taken as evidence about the values behind it. A hypothesis says which of K events the
caregiver values (a subset S) and with what amounts w; what it then says of a transition with event
counts x is

    R_s = sum over k in S of w_k x_k + noise,    noise ~ Normal(0, sigma^2).

Prior ("spike and slab", Mitchell & Beauchamp 1988; George & McCulloch 1993): each event is valued
with probability ``inclusion``, independently, and then w_k ~ Normal(0, slab_sd^2), so that sign and
amount are inferred alike; sigma is one of a few given sizes, equally likely. Given S and sigma the
posterior of w is normal in closed form, so that all 2^K subsets and all sizes of noise are
enumerated exactly, in log space. Everything that the data say is in their counts and second
moments (``Evidence``), whose size does not grow.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

MAX_EVENTS = 10
"""Most events that are enumerated over: 1,024 subsets."""


@dataclass
class Evidence:
    """Sufficient statistics of feedback.

    Attributes:
        size: K, number of events.
        count: Transitions seen.
        gram: Sums of x x', float64 (K, K).
        moment: Sums of x R_s, float64 (K,).
        square: Sum of R_s^2.
    """

    size: int
    count: int = 0
    gram: np.ndarray = field(default_factory=lambda: np.zeros((0, 0)))
    moment: np.ndarray = field(default_factory=lambda: np.zeros(0))
    square: float = 0.0

    def __post_init__(self) -> None:
        """Begins with nothing seen unless statistics are given."""
        if not self.count:
            self.gram, self.moment = np.zeros((self.size, self.size)), np.zeros(self.size)

    def add(self, counts: np.ndarray, rewards: np.ndarray) -> None:
        """Adds transitions.

        Args:
            counts: Event counts x, (n, K), finite.
            rewards: Feedback R_s, (n,), finite.
        """
        counts = np.asarray(counts, np.float64)
        rewards = np.asarray(rewards, np.float64)
        self.count += len(rewards)
        self.gram += counts.T @ counts
        self.moment += counts.T @ rewards
        self.square += float(rewards @ rewards)


@dataclass(frozen=True)
class Posterior:
    """What is believed of a caregiver's values.

    Attributes:
        mean: Posterior mean of the amount of each event (0 where it is not valued), float64 (K,).
        covariance: Of the amounts, float64 (K, K).
        valued: Probability that each event is valued at all, float64 (K,).
        noise: Probability of each size of noise, float64 (sizes,).
        subsets: Probability of each subset, float64 (2^K,); bit k of its number: event k is in it.
    """

    mean: np.ndarray
    covariance: np.ndarray
    valued: np.ndarray
    noise: np.ndarray
    subsets: np.ndarray


def infer(
    evidence: Evidence, *, inclusion: float, slab_sd: float, noise_sd: tuple[float, ...]
) -> Posterior:
    """Returns the exact posterior.

    Args:
        evidence: Feedback so far; none gives the prior.
        inclusion: Prior probability that an event is valued, in (0, 1).
        slab_sd: Standard deviation of an amount before any feedback, > 0, in units of reward.
        noise_sd: Sizes of noise to choose from, > 0, in units of reward; equally likely before.
    """
    size = evidence.size
    chosen = _subsets(size)
    number = chosen.sum(1)
    prior = number * np.log(inclusion) + (size - number) * np.log1p(-inclusion)
    logs, means, covariances = [], [], []
    for sd in noise_sd:
        log_likelihood, mean, covariance = _given_noise(evidence, chosen, slab_sd, sd)
        logs.append(prior + log_likelihood)
        means.append(mean)
        covariances.append(covariance)
    log = np.stack(logs)  # (sizes, subsets)
    weights = np.exp(log - log.max())
    weights /= weights.sum()
    mean = np.einsum("ns,nsk->k", weights, np.stack(means))
    centred = np.stack(means) - mean
    covariance = np.einsum("ns,nskl->kl", weights, np.stack(covariances))
    covariance += np.einsum("ns,nsk,nsl->kl", weights, centred, centred)
    subsets = weights.sum(0)
    return Posterior(mean, covariance, subsets @ chosen, weights.sum(1), subsets)


def _given_noise(
    evidence: Evidence, chosen: np.ndarray, slab_sd: float, noise_sd: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Log marginal likelihood (S,), mean (S, K) and covariance (S, K, K) of every subset.

    An event outside of a subset keeps its prior precision and is masked out of the data, so that
    all subsets have matrices of one size; its factor of the determinant is 1.
    """
    size, variance = evidence.size, noise_sd**2
    masks = chosen[:, :, None] * chosen[:, None, :]
    precision = masks * evidence.gram / variance + np.eye(size) / slab_sd**2
    linear = chosen * evidence.moment / variance
    mean = np.linalg.solve(precision, linear[:, :, None])[:, :, 0]
    _, log_determinant = np.linalg.slogdet(precision * slab_sd**2)
    misfit = evidence.square / variance - (linear * mean).sum(1)
    log_likelihood = -0.5 * (
        evidence.count * np.log(2 * np.pi * variance) + log_determinant + misfit
    )
    return log_likelihood, mean, masks * np.linalg.inv(precision)


@lru_cache(maxsize=MAX_EVENTS + 1)
def _subsets(size: int) -> np.ndarray:
    """All subsets of K events as rows of 0 and 1, float64 (2^K, K)."""
    return (np.arange(2**size)[:, None] >> np.arange(size) & 1).astype(np.float64)
