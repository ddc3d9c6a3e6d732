import numpy as np
import pytest

from prosocial.agents.internal_reward.config import ISRConfig
from prosocial.agents.internal_reward.ensemble import lower_confidence
from prosocial.agents.internal_reward.model import InternalReward
from prosocial.agents.internal_reward.reward import combine
from prosocial.envs.engine import ConfigError

COSTS = np.array([-0.045, -0.045, 0.0, -0.045], np.float32)
PREDICTIONS = np.array([0.41, 0.19, 0.3, -0.02], np.float32)


@pytest.mark.parametrize(
    ("rule", "utility", "internal"),
    [
        ("additive", [0.365, 0.145, 0.3, -0.065], [0.41, 0.19, 0.3, -0.02]),
        ("threshold", [0.41, -0.045, 0.3, -0.045], [0.455, 0.0, 0.3, 0.0]),
        ("only", [0.41, 0.19, 0.3, -0.02], [0.455, 0.235, 0.3, 0.025]),
        ("gated", [0.365, -0.045, 0.3, -0.045], [0.41, 0.0, 0.3, 0.0]),
    ],
)
def test_the_rules_by_hand(rule, utility, internal):
    got = combine(rule, COSTS, PREDICTIONS)
    for values, expected in zip(got, (utility, internal), strict=True):
        assert values.dtype == np.float32
        np.testing.assert_allclose(values, expected, atol=1e-6)
    # U = R_e + P R_s + (1 - P) R_i at P = 0
    np.testing.assert_allclose(got[0], COSTS + got[1], atol=1e-6)


def test_the_threshold_is_measured_in_the_scale_and_not_reached_by_equality():
    costs = np.full((1, 3), -0.01, np.float32)
    predictions = np.array([[0.2, np.nextafter(np.float32(0.2), np.float32(1)), 0.5]], np.float32)
    utility, _ = combine("threshold", costs, predictions)
    np.testing.assert_array_equal(utility[0] == costs[0], [True, False, False])
    utility, _ = combine("threshold", costs, predictions, scale=1.0, threshold=0.5)
    np.testing.assert_array_equal(utility[0] == costs[0], [True, True, True])


def test_the_gated_rule_takes_blame_as_it_takes_praise():
    harvest = np.array([1, 1, 1, 0, 0], np.float32)
    predictions = np.array([-1.9, -1.1, -0.9, 0.9, 1.1], np.float32)
    utility, internal = combine("gated", harvest, predictions, scale=2.0)
    np.testing.assert_allclose(internal, [-1.9, -1.1, 0, 0, 1.1])
    np.testing.assert_allclose(utility, [-0.9, -0.1, 1, 0, 1.1], atol=1e-6)


def test_the_model_combines_by_its_configuration():
    config = ISRConfig(rule="threshold", scale=1.0, threshold=0.35)
    model = InternalReward.create(config, (5, 5, 3), 1, seed=0)
    utility, internal = model.combine(COSTS, PREDICTIONS)
    np.testing.assert_allclose(utility, [0.41, -0.045, 0.0, -0.045])
    np.testing.assert_allclose(internal, [0.455, 0, 0, 0], atol=1e-6)


def test_bad_arguments_are_named():
    with pytest.raises(ConfigError, match="'sum'"):
        combine("sum", COSTS, PREDICTIONS)  # pyright: ignore[reportArgumentType]
    with pytest.raises(ConfigError, match="differ"):
        combine("only", COSTS, PREDICTIONS[:2])
    with pytest.raises(ConfigError, match="scale is 0"):
        combine("only", COSTS, PREDICTIONS, scale=0)


def test_lower_confidence_by_hand():
    # Means 0.4 and 0.1; deviations 0 and sqrt(0.03).
    predictions = np.array([[0.4, 0.0], [0.4, 0.0], [0.4, 0.0], [0.4, 0.4]], np.float32)
    np.testing.assert_allclose(lower_confidence(predictions, 0.0), [0.4, 0.1], atol=1e-7)
    lowered = lower_confidence(predictions, 2.0)
    np.testing.assert_allclose(lowered, [0.4, 0.1 - 2 * np.sqrt(0.03)], atol=1e-6)
    assert lowered.dtype == np.float32
    np.testing.assert_array_equal(lower_confidence(predictions[:1], 5.0), predictions[0])
