"""Trained policies as partners."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
import torch

from prosocial import make_batch
from prosocial.agents.partners import make_partner
from prosocial.agents.partners.policy import PolicyPartner, read_policy
from prosocial.agents.policies import act, build_policy, save_policy
from prosocial.agents.training import checkpoint
from prosocial.envs.engine import ConfigError

SETTINGS = {"network": "grid_cnn", "observation_shape": [11, 11, 1], "num_actions": 8}


def new_policy(seed, **settings):
    policy: Any = build_policy({**SETTINGS, **settings}, seed)
    with torch.no_grad():  # the last layer of a new policy is so small that all actions are alike
        policy.actor[-1].weight.mul_(300)
    return policy


def write_run(folder, *policies):
    """Writes checkpoints as training does: one for each policy, the last one the newest."""
    for step, policy in enumerate(policies):
        tensors = {f"policy/{name}": t for name, t in policy.state_dict().items()}
        checkpoint.save(folder / "checkpoints", step, tensors, {"policy": policy.settings})
    return folder


@pytest.fixture(scope="module")
def batch():
    made = make_batch("commons_harvest", 5, seed=2)
    made.reset()
    return made


def test_it_acts_as_the_newest_policy_of_the_run(tmp_path, batch):
    policies = new_policy(1), new_policy(2)
    partner: Any = make_partner("policy", run=write_run(tmp_path, *policies))
    for name, tensor in policies[1].state_dict().items():
        assert torch.equal(partner.policy.state_dict()[name], tensor)
    actions = partner.act(batch)
    assert actions.dtype == np.int64
    np.testing.assert_array_equal(actions, act(policies[1], batch, greedy=True))
    assert len(np.unique(actions)) > 1
    assert not np.array_equal(actions, act(policies[0], batch, greedy=True))


def test_one_checkpoint_and_a_saved_policy(tmp_path, batch):
    run = write_run(tmp_path / "run", new_policy(1), new_policy(2))
    earlier = checkpoint.paths(run / "checkpoints")[0]
    expected = act(new_policy(1), batch, greedy=True)
    np.testing.assert_array_equal(PolicyPartner.load(earlier).act(batch), expected)
    save_policy(new_policy(1), tmp_path / "saved")
    np.testing.assert_array_equal(PolicyPartner.load(tmp_path / "saved").act(batch), expected)


def test_a_damaged_checkpoint_is_passed_over(tmp_path, batch):
    run = write_run(tmp_path, new_policy(1), new_policy(2))
    newest = checkpoint.paths(run / "checkpoints")[-1] / "tensors.safetensors"
    newest.write_bytes(newest.read_bytes()[:-4] + b"oops")
    expected = act(new_policy(1), batch, greedy=True)
    np.testing.assert_array_equal(PolicyPartner.load(run).act(batch), expected)
    for path in checkpoint.paths(run / "checkpoints"):
        (path / "CHECKSUM").unlink()
    with pytest.raises(ConfigError, match=r"holds no policy: step-0000000001: .*CHECKSUM"):
        read_policy(run)


def test_samples_follow_seed_and_world_alone():
    def play(num_worlds, first, seed=0, greedy=False):
        made = make_batch("commons_harvest", num_worlds, seed=2, first=first)
        made.reset()
        partner = PolicyPartner(new_policy(1), greedy=greedy)
        partner.reset(seed)
        taken = []
        for _ in range(30):
            taken.append(partner.act(made))
            made.step(taken[-1])
        return np.array(taken)

    for greedy in (False, True):
        whole = play(12, 0, greedy=greedy)
        np.testing.assert_array_equal(whole[:, 10:], play(2, 10, greedy=greedy))
    assert not np.array_equal(play(2, 0), play(2, 0, seed=1))


@pytest.mark.parametrize("greedy", [True, False])
def test_some_agents_alone(batch, greedy):
    partner = PolicyPartner(new_policy(1), greedy=greedy)
    whole = partner.act(batch)
    np.testing.assert_array_equal(partner.act_for(batch, [6, 0]), whole[:, [6, 0]])


def test_another_world_is_refused(batch):
    partner = PolicyPartner(new_policy(1, num_actions=9))
    with pytest.raises(ConfigError, match=r"sees \(11, 11, 1\) and has 9 actions; commons_harvest"):
        partner.act(batch)


def test_ray_is_not_imported(tmp_path):
    run = write_run(tmp_path, new_policy(1))
    code = (
        "import sys; from prosocial.agents.partners import make_partner\n"
        "assert 'torch' not in sys.modules\n"
        f"make_partner('policy', run={str(run)!r})\n"
        "assert 'ray' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
