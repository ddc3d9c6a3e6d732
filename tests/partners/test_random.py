from __future__ import annotations

import numpy as np
import pytest

from prosocial import make_batch
from prosocial.agents.partners import Partner, RandomPartner


def play(worlds, first=0, seed=0, partner_seed=0, steps=50):
    batch = make_batch("caregiver_grid", worlds, seed=seed, first=first)
    batch.reset()
    partner = RandomPartner()
    partner.reset(partner_seed)
    taken = []
    for _ in range(steps):
        taken.append(partner.act(batch))
        batch.step(taken[-1])
    return np.array(taken)


def test_it_is_a_partner():
    assert isinstance(RandomPartner(), Partner)


def test_actions_are_uniform_and_independent():
    taken = play(2000)
    assert taken.shape == (50, 2000, 1)
    assert taken.dtype == np.int64
    share = np.bincount(taken.ravel(), minlength=3) / taken.size
    error = np.sqrt(2 / 9 / taken.size)
    np.testing.assert_allclose(share, 1 / 3, atol=4 * error)
    for repeated in (taken[1:] == taken[:-1], taken[:, 1:] == taken[:, :-1]):
        assert abs(repeated.mean() - 1 / 3) < 4 * error


def test_actions_of_a_world_do_not_depend_on_the_batch():
    whole = play(9)
    np.testing.assert_array_equal(whole[:, 4:7], play(3, first=4))


@pytest.mark.parametrize("other", [{"seed": 1}, {"partner_seed": 1}])
def test_both_seeds_matter(other):
    same = (play(200) == play(200, **other)).mean()
    assert abs(same - 1 / 3) < 0.02


def test_equal_seeds_of_world_and_partner_do_not_cancel():
    first, second = play(1, seed=5, partner_seed=5), play(1, seed=6, partner_seed=6)
    assert not np.array_equal(first, second)
