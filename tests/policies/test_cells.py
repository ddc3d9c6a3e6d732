import numpy as np
import pytest
import torch
from torch.nn import functional

from prosocial.agents.policies import (
    CellActorCritic,
    build_policy,
    load_policy,
    restore_policy,
    save_policy,
)
from prosocial.envs.engine.errors import ConfigError

SHAPE, CODES = (11, 11, 2), 13


def observations(count: int = 5) -> torch.Tensor:
    codes = np.random.default_rng(0).integers(0, CODES, (count, *SHAPE), dtype=np.uint8)
    return torch.from_numpy(codes)


def make(seed: int = 0) -> CellActorCritic:
    return CellActorCritic(SHAPE, 8, observation_codes=CODES, seed=seed)


def test_the_first_layer_is_a_dense_layer_on_one_hot_codes():
    policy = make(3)
    seen = observations()
    one_hot = functional.one_hot(seen.long(), CODES).flatten(1).float()
    hidden = torch.relu(policy.hidden(torch.relu(one_hot @ policy.table + policy.bias)))
    logits, values = policy(seen)
    torch.testing.assert_close(logits, policy.actor(hidden))
    torch.testing.assert_close(values, policy.critic(hidden)[:, 0])
    assert logits.shape == (5, 8)
    assert values.shape == (5,)


def test_the_features_start_at_the_scale_of_the_other_layers():
    with torch.no_grad():
        policy = make(1)
        rows = observations(400).flatten(1) + policy.offsets
        features = functional.embedding_bag(rows, policy.table, mode="sum")
    assert 1.3 < features.std() < 1.5  # gain sqrt(2)


def test_the_seed_decides_the_weights_and_the_global_generator_is_left_alone():
    before = torch.get_rng_state()
    first, again, other = make(1), make(1), make(2)
    assert torch.equal(torch.get_rng_state(), before)
    assert all(map(torch.equal, first.parameters(), again.parameters()))
    assert not torch.equal(first.table, other.table)


def test_a_saved_policy_comes_back(tmp_path):
    policy = make(4)
    save_policy(policy, tmp_path)
    assert torch.equal(load_policy(tmp_path)(observations())[0], policy(observations())[0])
    again = restore_policy(policy.settings, policy.state_dict())
    assert torch.equal(again(observations())[1], policy(observations())[1])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"network": "cell_embeding"}, "Did you mean 'cell_embedding'"),
        ({"network": "cell_embedding", "observation_codes": 300}, "observation_codes=300"),
        ({"network": "cell_embedding", "observation_shape": [11, 11]}, "height, width, channels"),
        ({"network": "cell_embedding", "num_actions": 0}, "num_actions=0"),
        ({"network": "cell_embedding", "wings": 2}, "wings"),
    ],
)
def test_wrong_settings_are_refused(settings, message):
    with pytest.raises(ConfigError, match=message):
        build_policy({"observation_shape": [11, 11, 1], "num_actions": 8, **settings})


def test_settings_without_a_network_are_those_of_the_first_version():
    assert build_policy({"observation_shape": [9, 9, 4], "num_actions": 3}).settings == {
        "network": "grid_cnn",
        "observation_shape": [9, 9, 4],
        "num_actions": 3,
        "scale_observations": True,
    }


def test_weights_of_another_policy_are_refused():
    with pytest.raises(ConfigError, match="not of such a policy"):
        restore_policy(make().settings, {"table": torch.zeros(3)})
