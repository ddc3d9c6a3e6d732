"""Feedback is spread over the steps that it can be about; none of it is lost or made."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prosocial.envs.engine.errors import ConfigError
from prosocial.play.learning.config import LiveConfig
from prosocial.play.learning.credit import spread


def test_one_step_keeps_what_was_given():
    rewards = np.array([[1.0], [0.0], [-2.0]], np.float32)
    np.testing.assert_array_equal(spread(rewards, np.array([1, 2, 3]), 1), rewards)


def test_shares_by_hand():
    # Episodes of three and two steps, feedback spread over two: 6 = 3 + 3, 4 at its beginning = 4.
    rewards = np.array([[0.0], [0.0], [6.0], [4.0], [1.0]], np.float32)
    expected = np.array([[0.0], [3.0], [3.0], [4.5], [0.5]], np.float32)
    np.testing.assert_array_equal(spread(rewards, np.array([1, 2, 3, 1, 2]), 2), expected)


def test_what_belongs_to_steps_before_the_first_row_is_left_out():
    rewards = np.array([[4.0], [0.0]], np.float32)
    np.testing.assert_array_equal(spread(rewards, np.array([9, 10]), 4), [[1.0], [0.0]])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 7), min_size=1, max_size=6), st.integers(1, 9), st.integers(0, 99))
def test_every_episode_keeps_its_sum(lengths, over, seed):
    steps = np.concatenate([np.arange(1, length + 1) for length in lengths])
    rewards = np.random.default_rng(seed).integers(-3, 4, (len(steps), 2)).astype(np.float32)
    felt = spread(rewards, steps, over)
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    sums = [np.add.reduceat(array, starts) for array in (rewards, felt)]
    np.testing.assert_allclose(sums[1], sums[0], atol=1e-5)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"hand_over": -1}, "hand_over is -1; expected an integer >= 0"),
        ({"credit_steps": 0}, "credit_steps is 0; expected an integer >= 1"),
        ({"hand_over": 128}, "hand_over is 128; expected at most"),
    ],
)
def test_wrong_options_are_named(fields, message):
    with pytest.raises(ConfigError, match=message):
        LiveConfig(**fields)


def test_people_share_one_world():
    ppo = LiveConfig().ppo.replace(num_worlds=2)
    with pytest.raises(ConfigError, match="num_worlds 1"):
        LiveConfig(ppo=ppo)
