from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from prosocial.envs.engine import ConfigError
from prosocial.envs.social import Gifts

GOING_ON = np.array([False])


def begun(num_worlds=1, num_agents=3, **fields):
    gifts = Gifts(**fields)
    gifts.begin(num_worlds, num_agents)
    return gifts


def settle(gifts, rewards, giving, done=GOING_ON):
    return gifts.settle(np.array([rewards], np.float32), np.array([giving], bool), done)[0].tolist()


def test_zero_sum_gifts_by_hand():
    gifts = begun(amount=0.5)
    assert settle(gifts, [1, 0, -1], [1, 0, 0]) == [0.5, 0.25, -0.75]
    assert gifts.given.tolist() == [[0.5, 0, 0]]
    assert gifts.received.tolist() == [[0, 0.25, 0.25]]
    assert settle(gifts, [1, 0, -1], [1, 1, 0]) == [0.75, -0.25, -0.5]
    assert settle(gifts, [1, 0, -1], [1, 1, 1]) == [1, 0, -1]
    assert np.isinf(gifts.budgets).all()


def test_a_fixed_budget_runs_out_and_is_full_in_the_next_episode():
    gifts = begun(mode="fixed", amount=2, budget=5)
    for left in (3, 1):
        assert settle(gifts, [1, 0, 0], [1, 0, 0]) == [1, 1, 1]  # costs the giver no reward
        assert gifts.budgets.tolist() == [[left, 5, 5]]
    assert settle(gifts, [1, 0, 0], [1, 0, 0]) == [1, 0, 0]  # 1 is too little for a gift of 2
    assert not gifts.given.any()
    assert settle(gifts, [0, 0, 0], [1, 1, 0], np.array([True])) == [1, 0, 1]
    assert gifts.budgets.tolist() == [[5, 5, 5]]


def test_a_replenishable_budget_is_earned():
    gifts = begun(mode="replenishable", amount=1, budget=0)
    assert settle(gifts, [1, -1, 0], [1, 1, 1]) == [1, -1, 0]  # what is earned counts from now on
    assert gifts.budgets.tolist() == [[1, 0, 0]]
    assert settle(gifts, [0.5, 0, 0], [1, 1, 1]) == [0.5, 0.5, 0.5]
    assert gifts.budgets.tolist() == [[0.5, 0, 0]]  # being given something does not replenish


@pytest.mark.parametrize("mode", ["zero_sum", "fixed", "replenishable"])
def test_bytes_resuming_and_relabelling(mode):
    rng = np.random.default_rng(0)
    rewards = rng.integers(-1, 3, (40, 9, 4)).astype(np.float32)
    giving, done = rng.random((40, 9, 4)) < 0.4, rng.random((40, 9)) < 0.05

    def run(worlds=slice(None), order: Any = slice(None), stop=None):
        cut = rewards[:, worlds][:, :, order], giving[:, worlds][:, :, order], done[:, worlds]
        gifts = begun(*cut[0].shape[1:], mode=mode, budget=3)
        results = []
        for t, step in enumerate(zip(*cut, strict=True)):
            if t == stop:
                saved = gifts.state()
                gifts.settle(*step)
                gifts = begun(*cut[0].shape[1:], mode=mode, budget=3)
                gifts.restore(saved)
            results.append(gifts.settle(*step))
        return np.array(results)

    whole = run()
    assert whole.dtype == np.float32
    if mode == "zero_sum":
        np.testing.assert_allclose(whole.sum(2), rewards.sum(2), atol=1e-5)
    else:
        assert (whole >= rewards).all()
    assert run(slice(2, 3)).tobytes() == whole[:, 2:3].tobytes()
    assert run(stop=17).tobytes() == whole.tobytes()
    order = np.array([2, 0, 3, 1])
    np.testing.assert_allclose(run(order=order), whole[:, :, order], atol=1e-6)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Gifts(mode="free"), "mode is 'free'; expected one of zero_sum, fixed, replen"),
        (lambda: Gifts(amount=0), "amount is 0; expected a finite number > 0"),
        (lambda: Gifts(amount=-1), "amount is -1"),
        (lambda: Gifts(budget=float("inf")), "budget is inf"),
        (lambda: begun(num_agents=1), "at least two agents"),
        (lambda: settle(Gifts(), [1], [1]), "call begin"),
        (lambda: settle(begun(), [1, 2], [1, 1, 1]), r"rewards has shape \(1, 2\)"),
        (lambda: begun().restore({}), r"Gifts has \[\]; expected \['budgets'\]"),
    ],
)
def test_bad_input_is_named(make, message):
    with pytest.raises(ConfigError, match=message):
        make()
