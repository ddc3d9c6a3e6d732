"""Counter-based random numbers: a pure function of (seed, world index, step, slot).

There is no generator state. A draw is addressed, so it depends neither on the batch size, nor on
the number of threads, nor on the order of evaluation, and any step can be replayed alone. The
mixing function is the finaliser of SplitMix64 (Steele, Lea & Flood 2014, "Fast splittable
pseudorandom number generators", Figure 16).

The scalar functions are compiled by numba and called from the rules of a world; ``uniform_array``
is their vectorised twin for users of whole batches (caregivers, policies, partners).
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numba import njit

_SHIFT_30, _SHIFT_27, _SHIFT_31, _SHIFT_32 = (np.uint64(k) for k in (30, 27, 31, 32))
_MULTIPLIER_1 = np.uint64(0xBF58476D1CE4E5B9)
_MULTIPLIER_2 = np.uint64(0x94D049BB133111EB)
# Odd constants with well spread bits; the first is the golden-ratio increment of SplitMix64.
_STEP_INCREMENT = np.uint64(0x9E3779B97F4A7C15)
_SLOT_INCREMENT = np.uint64(0xD1B54A32D192ED03)
_STREAM_INCREMENT = np.uint64(0x8CB92BA72F3D8DD7)
_RESET_MARK = np.uint64(0x5851F42D4C957F2D)


class Stream(IntEnum):
    """Separate families of random numbers of one world, so that no user disturbs another."""

    WORLD = 0
    CAREGIVER = 1
    POLICY = 2


@njit
def mix64(z):
    """Returns 64 well mixed bits of a uint64 (or of each element of a uint64 array)."""
    z = (z ^ (z >> _SHIFT_30)) * _MULTIPLIER_1
    z = (z ^ (z >> _SHIFT_27)) * _MULTIPLIER_2
    return z ^ (z >> _SHIFT_31)


@njit
def world_seed(seed, index):
    """Returns the uint64 seed of world number ``index`` (from 0) under the user's ``seed``."""
    return mix64(mix64(np.uint64(seed)) + (np.uint64(index) + np.uint64(1)) * _STEP_INCREMENT)


@njit
def step_key(seed, step):
    """Returns the uint64 key of a step: ``seed`` uint64 of the world, ``step`` of its life."""
    return mix64(seed + np.uint64(step) * _STEP_INCREMENT)


@njit
def reset_key(seed, episode):
    """Returns the uint64 key of the reset that begins an episode (numbered from 0)."""
    return mix64(mix64(seed ^ _RESET_MARK) + np.uint64(episode) * _STEP_INCREMENT)


@njit
def rand(key, slot):
    """Returns 32 random bits (uint32) of the slot (int >= 0) under a key."""
    return np.uint32(mix64(key + np.uint64(slot + 1) * _SLOT_INCREMENT) >> _SHIFT_32)


@njit
def rand_below(key, slot, n):
    """Returns an int64 in [0, n), uniform up to a bias of n / 2**32."""
    return np.int64((np.uint64(rand(key, slot)) * np.uint64(n)) >> _SHIFT_32)


@njit
def uniform(key, slot):
    """Returns a float64 in the open interval (0, 1)."""
    return (np.float64(rand(key, slot)) + 0.5) / 4294967296.0


def world_seeds(seed: int, first: int, count: int) -> np.ndarray:
    """Returns the seeds of worlds ``first`` .. ``first + count - 1``: uint64 of shape (count,).

    Args:
        seed: The user's seed, an int in [0, 2**64).
        first: Index of the first world, >= 0.
        count: Number of worlds, >= 0.
    """
    indices = np.arange(first, first + count, dtype=np.uint64)
    base = _mix64_array(np.array([seed], dtype=np.uint64))
    return _mix64_array(base + (indices + np.uint64(1)) * _STEP_INCREMENT)


def uniform_array(
    seeds: np.ndarray, steps: np.ndarray, stream: int = Stream.POLICY, slots: int = 1
) -> np.ndarray:
    """Returns random numbers for a whole batch, each addressed by its world and step.

    Args:
        seeds: World seeds, uint64 of shape (B,), such as ``batch.state["seed"]``.
        steps: Lifetime steps, integers >= 0 of shape (B,), such as ``batch.state["step"]``.
        stream: One of ``Stream``; different streams are independent.
        slots: How many numbers each world gets, >= 1.

    Returns:
        float64 of shape (B, slots) in the open interval (0, 1).
    """
    seeds = np.asarray(seeds, dtype=np.uint64)
    steps = np.asarray(steps).astype(np.uint64)
    # Arrays of at least one dimension wrap around silently, as the compiled scalars do.
    mark = np.array([stream], dtype=np.uint64) * _STREAM_INCREMENT
    keys = _mix64_array(_mix64_array(seeds ^ mark) + steps * _STEP_INCREMENT)
    addresses = np.arange(1, slots + 1, dtype=np.uint64) * _SLOT_INCREMENT
    bits = _mix64_array(keys[:, None] + addresses) >> _SHIFT_32
    return (bits.astype(np.float64) + 0.5) / 4294967296.0


def _mix64_array(z: np.ndarray) -> np.ndarray:
    z = (z ^ (z >> _SHIFT_30)) * _MULTIPLIER_1
    z = (z ^ (z >> _SHIFT_27)) * _MULTIPLIER_2
    return z ^ (z >> _SHIFT_31)
