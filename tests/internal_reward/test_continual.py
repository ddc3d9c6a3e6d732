import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from prosocial.agents.internal_reward.config import ISRConfig
from prosocial.agents.internal_reward.continual import ContinualISR
from prosocial.agents.internal_reward.data import ExperienceError, SocialExperience
from prosocial.agents.internal_reward.model import InternalReward

CONFIG = ISRConfig(batch_size=4, learning_rate=1e-3, updates_per_iteration=300)


def start(config=CONFIG, seed=0):
    return ContinualISR(InternalReward.create(config, (5, 5, 3), 1, seed), seed)


def stream(experience, pieces):
    """Yields one growing experience after each of so many pieces."""
    grown = SocialExperience(experience.observation_shape, experience.num_bodies)
    for part in np.array_split(np.arange(len(experience)), pieces):
        grown.append(
            experience.observations[part],
            experience.actions[part],
            experience.social_rewards[part],
        )
        yield grown


def test_it_learns_while_the_experience_grows(make_experience):
    isr = start()
    reports = [isr.update(grown) for grown in stream(make_experience(1000), 10)]
    assert [r.updates for r in reports] == [300] * 10
    assert [r.fresh for r in reports] == [100] * 10
    first, last = reports[0], reports[-1]
    assert first.fresh_mse is not None
    assert last.fresh_mse is not None
    assert last.loss is not None
    assert first.fresh_mse > 0.01  # an untrained network's
    assert last.fresh_mse < 1e-3
    assert last.loss < 1e-3


def test_nothing_is_learned_before_the_first_reward(make_experience):
    experience = make_experience(100)
    rewards = experience.social_rewards.copy()
    experience.social_rewards[:] = 0
    isr = start()
    before = isr.state_tensors()
    report = isr.update(experience)
    assert (report.updates, report.loss, report.fresh) == (0, None, 100)
    assert isr.update(experience).fresh_mse is None
    after = isr.state_tensors()
    assert all(torch.equal(before[n], after[n]) for n in before if n.startswith("model."))
    experience.social_rewards[:] = rewards
    assert isr.update(experience).updates == 300


def test_every_iteration_draws_anew(make_experience):
    isr = start(CONFIG.replace(learning_rate=1e-12, updates_per_iteration=20))
    experience = make_experience(400)
    first, second = isr.update(experience).loss, isr.update(experience).loss
    assert first is not None
    # The weights hardly move, so the same draws would give the same loss.
    assert second != pytest.approx(first, rel=1e-4)


def test_old_experience_can_be_left_behind(make_experience):
    early, late = make_experience(300, seed=1), make_experience(300, seed=2)
    early.social_rewards[:] *= -1  # what was blamed before is praised now
    both = SocialExperience((5, 5, 3))
    for part in (early, late):
        both.append(part.observations, part.actions, part.social_rewards)
    config = CONFIG.replace(recent=300, updates_per_iteration=2000)
    isr = start(config)
    isr.update(both)
    predictions = isr.model.predict(late.observations, late.actions)
    np.testing.assert_allclose(predictions, late.social_rewards, atol=0.1)
    alone = start(config)
    alone.update(late)
    np.testing.assert_array_equal(alone.model.predict(late.observations, late.actions), predictions)


def test_resumed_it_continues_bit_for_bit(make_experience, tmp_path):
    config = CONFIG.replace(ensemble_size=2, updates_per_iteration=50)
    isr, reports = start(config), []
    for iteration, grown in enumerate(stream(make_experience(400), 4)):
        if iteration == 2:
            save_file(isr.state_tensors(), tmp_path / "isr.safetensors")
        reports.append(isr.update(grown))
    resumed = ContinualISR.load(load_file(tmp_path / "isr.safetensors"), config, seed=0)
    again = [
        resumed.update(grown)
        for iteration, grown in enumerate(stream(make_experience(400), 4))
        if iteration >= 2
    ]
    assert again == reports[2:]
    expected, got = isr.state_tensors(), resumed.state_tensors()
    assert expected.keys() == got.keys()
    assert all(torch.equal(expected[name], got[name]) for name in expected)


def test_the_global_generator_is_left_alone(make_experience):
    before = torch.get_rng_state()
    start().update(make_experience(50))
    assert torch.equal(torch.get_rng_state(), before)


def test_bad_input_is_refused(make_experience):
    isr = start()
    isr.update(make_experience(50))
    with pytest.raises(ExperienceError, match="holds 40 transitions, but 50"):
        isr.update(make_experience(40))
    tensors = isr.state_tensors()
    del tensors["optimizer0.second_moment"]
    with pytest.raises(ExperienceError, match="no continual ISR"):
        ContinualISR.load(tensors, CONFIG, seed=0)
    with pytest.raises(ExperienceError, match="no internal reward"):
        ContinualISR.load({}, CONFIG, seed=0)
