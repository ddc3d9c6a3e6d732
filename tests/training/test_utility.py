import dataclasses

import numpy as np
import pytest
import torch

from prosocial.agents.internal_reward.config import ISRConfig, Rule
from prosocial.agents.internal_reward.model import InternalReward
from prosocial.agents.training.rollout import collect
from prosocial.agents.training.utility import utility
from prosocial.agents.training.world_setup import WorldSetup

PREDICTIONS = np.array([0.0, 0.1, 0.3, 0.5], np.float32)  # by world


def network(observations):
    return torch.zeros(len(observations), 3), torch.zeros(len(observations))


class Foreseen(InternalReward):
    """Predicts by where a step stands in its call, which lists steps before worlds."""

    def __init__(self, rule: Rule, worlds: list[int]):
        super().__init__(ISRConfig(rule=rule), [])
        self.worlds = worlds

    def predict(self, observations, actions, events=None):
        assert len(observations) == len(actions)
        return np.tile(PREDICTIONS[self.worlds], len(observations) // len(self.worlds))


@pytest.fixture
def rollout():
    """Worlds 0, 1, 3 without caregiver, world 2 with; approvals in worlds 1 and 3 in step 0."""
    batch = WorldSetup("caregiver_grid").make_batch(4)
    batch.reset()
    rollout = collect(network, batch, 2)
    shape = rollout.env_rewards.shape
    present = np.zeros((2, 4), bool)
    present[:, 2] = True
    approvals = np.zeros(shape, np.float32)
    approvals[0, [1, 3]] = 0.4
    social = np.zeros(shape, np.float32)
    social[:, 2] = 0.4
    return dataclasses.replace(
        rollout,
        env_rewards=np.full(shape, -0.045, np.float32),
        social_rewards=social,
        approvals=approvals,
        present=present,
    )


def test_without_internalization_only_the_caregiver_counts(rollout):
    terms = utility(rollout, None)
    np.testing.assert_allclose(terms.total[0, :, 0], [-0.045, -0.045, 0.355, -0.045], rtol=1e-6)
    assert not terms.internal.any()
    assert not terms.false_positives.any()
    assert not terms.false_negatives.any()


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("additive", [-0.045, 0.055, 0.355, 0.455]),
        ("threshold", [-0.045, -0.045, 0.355, 0.5]),
        ("only", [0.0, 0.1, 0.355, 0.5]),
    ],
)
def test_the_internal_reward_counts_where_the_caregiver_is_absent(rollout, rule, expected):
    terms = utility(rollout, Foreseen(rule, [0, 1, 3]))
    for t in range(2):
        np.testing.assert_allclose(terms.total[t, :, 0], expected, atol=1e-6)
    env, social = rollout.env_rewards, rollout.social_rewards
    np.testing.assert_allclose(terms.total, env + social + terms.internal, atol=1e-6)
    assert not terms.internal[:, 2].any()


def test_errors_of_the_internal_reward_are_counted_where_it_is_used(rollout):
    terms = utility(rollout, Foreseen("additive", [0, 1, 3]))
    assert np.argwhere(terms.false_positives).tolist() == [[1, 3, 0]]
    assert np.argwhere(terms.false_negatives).tolist() == [[0, 1, 0]]


def test_blame_that_is_felt_or_missed_counts_as_an_error_like_praise(rollout):
    approvals = np.zeros_like(rollout.approvals)
    approvals[0, [1, 3]] = -0.4
    blamed = dataclasses.replace(rollout, approvals=approvals)
    terms = utility(blamed, Foreseen("gated", [0, 1, 3]))
    # World 3 foresees praise (+0.5): wrong where nothing happens, and wrong where blame is due.
    assert np.argwhere(terms.false_positives).tolist() == [[0, 3, 0], [1, 3, 0]]
    assert np.argwhere(terms.false_negatives).tolist() == [[0, 1, 0], [0, 3, 0]]


def test_a_reward_transform_takes_the_place_of_the_material_reward(rollout):
    class Doubled:
        def __call__(self, rewards, done, active=None):
            return 2 * rewards

    plain, doubled = utility(rollout, None), utility(rollout, None, Doubled())  # pyright: ignore[reportArgumentType]
    np.testing.assert_allclose(doubled.total, plain.total + rollout.env_rewards)
