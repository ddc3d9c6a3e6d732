"""Which transitions an update sees: random numbers, targets, the hold-out, balanced draws."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from .config import ISRConfig
from .data import ExperienceError, SocialExperience

INITIAL, DRAWS = 0, 1  # uses of random numbers, each with a stream of its own


def generator(seed: int, member: int, use: int, index: int = 0) -> torch.Generator:
    """A source of random numbers that depends on its address alone, not on earlier draws.

    Args:
        seed: Seed of the fit, >= 0.
        member: Number of the network in the ensemble.
        use: INITIAL for weights, DRAWS for samples.
        index: Number of the iteration in continual fitting.
    """
    words = np.random.SeedSequence(seed, spawn_key=(member, use, index)).generate_state(
        1, np.uint64
    )
    return torch.Generator().manual_seed(int(words[0]))


def targets(config: ISRConfig, experience: SocialExperience) -> np.ndarray:
    """What the ISR is regressed on, float32 (n,): see ``ISRConfig.target``.

    Raises:
        ExperienceError: The target is "received" and environmental rewards are missing.
    """
    if config.target == "social":
        return experience.social_rewards
    received = experience.env_rewards + experience.social_rewards
    if np.isnan(received).any():
        raise ExperienceError(
            "The target 'received' needs environmental rewards with every transition: "
            "give env_rewards to SocialExperience.append, or use the target 'social'."
        )
    return np.maximum(received, np.float32(0))


def split(config: ISRConfig, count: int) -> int:
    """Number of first transitions that train: 108,748 of 120,832, as in figure 3b."""
    return int(count * config.train_fraction)


def reward_classes(values: np.ndarray, rewarded_above: float) -> list[np.ndarray]:
    """Splits samples into unrewarded, praised and blamed.

    Args:
        values: Targets, float32 (n,).
        rewarded_above: Size above which a target counts as rewarded.

    Returns:
        Three index arrays, int64: ``|target| <= rewarded_above``, above it, and below its negative;
        any may be empty.
    """
    praised, blamed = values > rewarded_above, values < -rewarded_above
    return [np.flatnonzero(~(praised | blamed)), np.flatnonzero(praised), np.flatnonzero(blamed)]


def class_weights(classes: list[np.ndarray]) -> np.ndarray:
    """Total probability of each class of ``reward_classes``, float64 (3,).

    Rewarded samples have half of the total as in the paper, unrewarded ones the other half. Praise
    and blame share the rewarded half equally, so that rare blame is not lost among praise; a class
    without samples leaves its part to the others.

    Raises:
        ExperienceError: No sample is rewarded.
    """
    filled = np.array([len(members) > 0 for members in classes])
    if not filled[1:].any():
        raise ExperienceError(
            f"None of the {len(classes[0])} transitions to learn from is rewarded, so there is no "
            "social reward to internalize: socialize for longer, check that the caregiver is "
            "present, or lower rewarded_above."
        )
    weights = np.where(filled, [0.5, 0.5 / filled[1:].sum(), 0.5 / filled[1:].sum()], 0.0)
    return weights / weights.sum()


def balanced_draws(classes: list[np.ndarray], count: int, source: torch.Generator) -> Tensor:
    """Draws ``count`` samples with replacement, each class with its weight and its samples evenly.

    Returns:
        Indices of samples, int64 (count,).
    """
    bounds = torch.from_numpy(np.cumsum(class_weights(classes)[:-1]))
    chosen = torch.bucketize(
        torch.rand(count, dtype=torch.float64, generator=source), bounds, right=True
    )
    place = torch.rand(count, dtype=torch.float64, generator=source)
    draws = torch.empty(count, dtype=torch.int64)
    for number, members in enumerate(classes):
        mine = chosen == number
        if len(members):
            draws[mine] = torch.from_numpy(members)[(place[mine] * len(members)).long()]
    return draws
