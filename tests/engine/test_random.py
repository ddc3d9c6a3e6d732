"""Addressed random numbers: agreement of the forms, and statistics."""

import numpy as np
import pytest

from prosocial.envs.engine.random import (
    Stream,
    rand,
    rand_below,
    reset_key,
    step_key,
    uniform,
    uniform_array,
    world_seed,
    world_seeds,
)

KNOWN_BITS = [611377893, 598628564, 965880946, 85678227]
KNOWN_RESET = 6672041590422181545


def test_world_seeds_equal_the_scalar_form():
    seeds = world_seeds(7, 3, 5)
    assert seeds.dtype == np.uint64
    assert seeds.tolist() == [int(world_seed(7, index)) for index in range(3, 8)]


def test_known_answers_never_change():
    # Recorded once: a change here changes every trajectory that anybody has stored.
    key = step_key(world_seed(1, 2), 3)
    assert [int(rand(key, slot)) for slot in range(4)] == KNOWN_BITS
    assert int(reset_key(world_seed(1, 2), 3)) == KNOWN_RESET


def test_draws_below_n_are_uniform():
    keys = world_seeds(0, 0, 20000)
    draws = np.array([rand_below(key, 0, 7) for key in keys])
    counts = np.bincount(draws, minlength=7)
    assert counts.size == 7
    expected = 20000 / 7
    assert ((counts - expected) ** 2 / expected).sum() < 22.5  # chi-square, 6 degrees, p = .001


def test_uniform_is_inside_the_open_interval():
    draws = [uniform(key, 1) for key in world_seeds(5, 0, 1000)]
    assert min(draws) > 0
    assert max(draws) < 1


def test_uniform_array_does_not_depend_on_the_batch():
    seeds, steps = world_seeds(3, 0, 50), np.arange(50)
    whole = uniform_array(seeds, steps, Stream.POLICY, 4)
    part = uniform_array(seeds[20:30], steps[20:30], Stream.POLICY, 4)
    assert whole.shape == (50, 4)
    assert whole[20:30].tobytes() == part.tobytes()


@pytest.mark.parametrize("axis", ["worlds", "steps", "slots", "streams"])
def test_neighbouring_addresses_are_uncorrelated(axis):
    n = 100_000
    seeds, steps = world_seeds(11, 0, n), np.zeros(n, np.int64)
    if axis == "worlds":
        a = uniform_array(seeds, steps)[:, 0]
        a, b = a[:-1], a[1:]
    elif axis == "steps":
        a, b = uniform_array(seeds, steps)[:, 0], uniform_array(seeds, steps + 1)[:, 0]
    elif axis == "slots":
        a, b = uniform_array(seeds, steps, slots=2).T
    else:
        a = uniform_array(seeds, steps, Stream.POLICY)[:, 0]
        b = uniform_array(seeds, steps, Stream.CAREGIVER)[:, 0]
    assert abs(np.corrcoef(a, b)[0, 1]) < 4 / np.sqrt(n)
    assert abs(a.mean() - 0.5) < 4 * np.sqrt(1 / 12 / n)
