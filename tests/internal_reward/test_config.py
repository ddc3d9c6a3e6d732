import subprocess
import sys

import pytest

from prosocial.agents.internal_reward.config import ISRConfig
from prosocial.envs.engine import ConfigError


def test_the_defaults_are_the_paper_s():
    config = ISRConfig()
    assert (config.learning_rate, config.adam_eps, config.max_grad_norm) == (3e-4, 1e-5, 1.0)
    assert (config.batch_size, config.epochs, config.train_fraction) == (1, 1, 0.9)
    assert (config.scale, config.threshold, config.ensemble_size) == (0.4, 0.5, 1)
    assert config.accept_above == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("rule", "multiply"),
        ("conv_axis", "rows"),
        ("action_cells", "everywhere"),
        ("target", "both"),
        ("scale", 0.0),
        ("threshold", 1.5),
        ("rewarded_above", -0.1),
        ("train_fraction", 0.0),
        ("train_fraction", 1.1),
        ("batch_size", 0),
        ("batch_size", 2.5),
        ("epochs", 0),
        ("max_updates", -1),
        ("learning_rate", 0.0),
        ("learning_rate", float("nan")),
        ("adam_eps", -1e-5),
        ("max_grad_norm", 0.0),
        ("holdout_every", -1),
        ("ensemble_size", 0),
        ("lower_confidence", -1.0),
        ("updates_per_iteration", 0),
        ("recent", 0),
    ],
)
def test_a_value_out_of_range_is_named(field, value):
    with pytest.raises(ConfigError, match=rf"ISRConfig\.{field} is .*; expected"):
        ISRConfig(**{field: value})


def test_an_unknown_key_is_named_with_the_nearest():
    with pytest.raises(ConfigError, match=r"'batchsize'.*'batch_size'"):
        ISRConfig.from_mapping({"batchsize": 1})


def test_the_configuration_is_read_without_torch():
    code = "import sys, prosocial.agents.internal_reward.config; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
