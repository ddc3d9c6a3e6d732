import numpy as np
import pytest
import torch

from prosocial.agents.internal_reward.config import ISRConfig
from prosocial.agents.internal_reward.data import ExperienceError, SocialExperience
from prosocial.agents.internal_reward.fit import fit
from prosocial.agents.internal_reward.sampling import (
    DRAWS,
    balanced_draws,
    generator,
    reward_classes,
)

# As many updates as transitions, each of four of them.
LONGER = ISRConfig(batch_size=4, epochs=4, learning_rate=1e-3)


def weights(result):
    return torch.cat([p.detach().flatten() for m in result.model.members for p in m.parameters()])


def test_a_separable_reward_is_learned(make_experience):
    experience = make_experience(3000, blame=True)
    result = fit(LONGER, experience, seed=0)
    assert result.curve.shape == (1, 2700)
    assert (result.train_size, result.train_rewarded) == (
        2700, np.count_nonzero(experience.social_rewards[:2700])
    )  # fmt: skip
    assert result.holdout_rewarded == np.count_nonzero(experience.social_rewards[2700:])
    assert result.holdout_mse is not None
    assert result.holdout_mse < 1e-3
    predictions = result.model.predict(experience.observations, experience.actions)
    np.testing.assert_allclose(predictions, experience.social_rewards, atol=0.1)
    assert result.curve[0, -500:].mean() < 0.05 * result.curve[0, :100].mean()


def test_the_released_target_clips_blame_and_costs(make_experience):
    experience = make_experience(3000, blame=True)
    model = fit(LONGER.replace(target="received"), experience, seed=0).model
    blamed = experience.social_rewards < 0
    predictions = model.predict(experience.observations, experience.actions)
    assert abs(predictions[blamed].mean()) < 0.05
    assert predictions[experience.social_rewards > 0].mean() == pytest.approx(0.4, abs=0.05)


@pytest.mark.parametrize(
    ("options", "updates"),
    [
        ({}, 360),
        ({"train_fraction": 1.0}, 400),
        ({"batch_size": 10}, 36),
        ({"batch_size": 7, "epochs": 2}, 104),
        ({"max_updates": 5}, 5),
        ({"max_updates": 0}, 0),
        ({"ensemble_size": 2, "max_updates": 9}, 9),
    ],
)
def test_the_number_of_updates(make_experience, options, updates):
    config = ISRConfig(**options)
    result = fit(config, make_experience(400), seed=0)
    assert result.curve.shape == (config.ensemble_size, updates)
    assert (result.holdout_mse is None) == (config.train_fraction == 1.0)


def test_the_same_seed_gives_the_same_bits(make_experience):
    experience = make_experience(300)
    config = ISRConfig(ensemble_size=2, holdout_every=100)
    before = torch.get_rng_state()
    first, again = fit(config, experience, seed=5), fit(config, experience, seed=5)
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(weights(first), weights(again))
    np.testing.assert_array_equal(first.curve, again.curve)
    assert first.holdout_mse == again.holdout_mse
    assert not torch.equal(weights(first), weights(fit(config, experience, seed=6)))
    # The members differ in initial weights and in draws.
    assert not np.array_equal(first.curve[0], first.curve[1])
    # Looking at the hold-out changes nothing, nor does the size of the ensemble.
    alone = fit(ISRConfig(), experience, seed=5)
    np.testing.assert_array_equal(alone.curve[0], first.curve[0])


def test_the_holdout_trains_nothing(make_experience):
    experience, other = make_experience(300), make_experience(300)
    other.social_rewards[270:] = 9.0
    config = ISRConfig(holdout_every=50)
    assert torch.equal(weights(fit(config, experience, 0)), weights(fit(config, other, 0)))
    other.social_rewards[0] += 1
    other.social_rewards[1:270] = 0
    assert not torch.equal(weights(fit(config, experience, 0)), weights(fit(config, other, 0)))


def test_holdout_errors_by_hand(make_experience):
    experience = make_experience(400, blame=True)
    result = fit(ISRConfig(max_updates=20, holdout_every=10), experience, seed=0)
    assert result.holdout_updates.tolist() == [10, 20]
    assert result.holdout_curve.shape == (1, 2)
    values = experience.social_rewards[360:]
    predictions = result.model.predict(experience.observations[360:], experience.actions[360:])
    squares = np.square(predictions.astype(np.float64) - values)
    assert result.holdout_mse == pytest.approx(squares.mean(), rel=1e-5)
    balanced = (
        squares[values == 0].mean() / 2
        + (squares[values > 0].mean() + squares[values < 0].mean()) / 4
    )
    assert result.holdout_curve[0, 1] == pytest.approx(balanced, rel=1e-5)


def test_predicting_nothing_costs_half_the_mean_squared_reward(make_experience):
    """The scale of the published curve (figure 3a) starts at 0.08 = 0.4² / 2."""
    values = make_experience(3000).social_rewards
    draws = balanced_draws(reward_classes(values, 0.0), 20_000, generator(0, 0, DRAWS))
    assert np.square(values[draws.numpy()]).mean() == pytest.approx(0.08, rel=0.05)


def test_progress_is_reported(make_experience):
    calls = []
    config = ISRConfig(ensemble_size=2, max_updates=2500, epochs=30)
    fit(config, make_experience(120), 0, lambda done, total: calls.append((done, total)))
    assert calls == [(2000, 5000), (2500, 5000), (4500, 5000), (5000, 5000)]


def test_a_fit_without_reward_is_refused(make_experience):
    experience = make_experience(200)
    experience.social_rewards[:180] = 0
    with pytest.raises(ExperienceError, match="None of the 180 transitions"):
        fit(ISRConfig(), experience, seed=0)
    with pytest.raises(ExperienceError, match="None of the 0 transitions"):
        fit(ISRConfig(), SocialExperience((5, 5, 3)), seed=0)


def test_divergence_is_reported(make_experience):
    with pytest.raises(ExperienceError, match=r"diverged.*learning_rate"):
        fit(ISRConfig(learning_rate=1e30), make_experience(200), seed=0)
