import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from prosocial.agents.internal_reward.config import ISRConfig
from prosocial.agents.internal_reward.data import ExperienceError
from prosocial.agents.internal_reward.fit import fit
from prosocial.agents.internal_reward.model import InternalReward


@pytest.mark.parametrize("axis", ["channels", "authors"])
def test_what_was_saved_predicts_the_same_bits(make_experience, tmp_path, axis):
    experience = make_experience(200)
    config = ISRConfig(ensemble_size=2, conv_axis=axis)
    model = fit(config, experience, seed=0).model
    save_file(model.state_tensors(), tmp_path / "isr.safetensors")
    before = torch.get_rng_state()
    loaded = InternalReward.load(load_file(tmp_path / "isr.safetensors"), config)
    assert torch.equal(torch.get_rng_state(), before)
    assert (loaded.observation_shape, loaded.num_bodies) == ((5, 5, 3), 1)
    pairs = experience.observations, experience.actions
    np.testing.assert_array_equal(loaded.predict(*pairs), model.predict(*pairs))


def test_state_tensors_are_copies(make_experience):
    model = InternalReward.create(ISRConfig(), (5, 5, 3), 1, seed=0)
    model.state_tensors()["member0.output.weight"].zero_()
    assert model.members[0].output.weight.any()


def test_several_networks_predict_the_lower_confidence_bound(make_experience):
    experience = make_experience(50)
    config = ISRConfig(ensemble_size=3, lower_confidence=1.5)
    model = InternalReward.create(config, (5, 5, 3), 1, seed=0)
    pairs = experience.observations, experience.actions
    each = np.stack([member.predict(*pairs) for member in model.members]).astype(np.float64)
    np.testing.assert_allclose(model.predict(*pairs), each.mean(0) - 1.5 * each.std(0), atol=1e-6)
    assert each.std(0).min() > 0


def test_disagreement_lowers_what_was_never_seen(make_experience):
    experience = make_experience(1500)
    config = ISRConfig(ensemble_size=4, lower_confidence=1.0)
    model = fit(config, experience, seed=0).model
    strange = np.random.default_rng(0).integers(0, 11, (200, 5, 5, 3), dtype=np.uint8)
    actions = np.full((200, 1), 2)
    each = np.stack([member.predict(strange, actions) for member in model.members])
    seen = np.stack([m.predict(experience.observations, experience.actions) for m in model.members])
    assert each.std(0).mean() > 5 * seen.std(0).mean()
    assert (model.predict(strange, actions) < each.mean(0)).all()


def test_tensors_of_something_else_are_refused():
    config = ISRConfig()
    tensors = InternalReward.create(config, (9, 9, 4), 1, seed=0).state_tensors()
    with pytest.raises(ExperienceError, match="ensemble_size 2"):
        InternalReward.load(tensors, config.replace(ensemble_size=2))
    with pytest.raises(ExperienceError, match="conv_axis 'authors'"):
        InternalReward.load(tensors, config.replace(conv_axis="authors"))
    pair = InternalReward.create(config.replace(ensemble_size=2), (9, 9, 4), 1, seed=0)
    with pytest.raises(ExperienceError, match="ensemble_size 1"):
        InternalReward.load(pair.state_tensors(), config)
    with pytest.raises(ExperienceError, match="observation_shape"):
        InternalReward.load({}, config)
