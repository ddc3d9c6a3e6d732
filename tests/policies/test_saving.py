import json
import subprocess
import sys

import pytest
import torch

from prosocial.agents.policies import GridActorCritic, load_policy, save_policy
from prosocial.envs.engine.errors import ConfigError


@pytest.fixture
def policy() -> GridActorCritic:
    return GridActorCritic((9, 9, 7), 4, scale_observations=False, seed=5)


def test_a_saved_policy_comes_back_bit_for_bit(policy, tmp_path):
    save_policy(policy, tmp_path / "new" / "folder")
    loaded = load_policy(tmp_path / "new" / "folder")
    assert loaded.settings == policy.settings
    weights = loaded.state_dict()
    assert list(weights) == list(policy.state_dict())
    assert all(torch.equal(weights[n], w) for n, w in policy.state_dict().items())


def test_a_missing_file_is_named(policy, tmp_path):
    save_policy(policy, tmp_path)
    (tmp_path / "policy.safetensors").unlink()
    with pytest.raises(FileNotFoundError, match=r"policy\.safetensors is missing"):
        load_policy(tmp_path)


def test_damaged_tensors_are_refused(policy, tmp_path):
    save_policy(policy, tmp_path)
    path = tmp_path / "policy.safetensors"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ConfigError, match="cannot be read"):
        load_policy(tmp_path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"network": "transformer"}, "no network 'transformer'"),
        ({"num_actions": 5}, "size mismatch"),
        ({"wings": 2}, "wings"),
    ],
)
def test_settings_that_do_not_fit_are_refused(policy, tmp_path, change, message):
    save_policy(policy, tmp_path)
    path = tmp_path / "policy.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(ConfigError, match=message):
        load_policy(tmp_path)


def test_policies_need_no_ray():
    code = "import sys, prosocial.agents.policies; sys.exit('ray' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
