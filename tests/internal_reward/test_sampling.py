import numpy as np
import pytest
import torch

from prosocial.agents.internal_reward.config import ISRConfig
from prosocial.agents.internal_reward.data import ExperienceError
from prosocial.agents.internal_reward.sampling import (
    balanced_draws,
    class_weights,
    generator,
    reward_classes,
    split,
    targets,
)

DRAWS = 40_000


def numpy_state():
    state = np.random.get_state(legacy=False)  # noqa: NPY002 - to see that it stays untouched
    return state["state"]["key"].tobytes(), state["state"]["pos"]


def frequencies(values, count=DRAWS, seed=0):
    classes = reward_classes(np.array(values, np.float32), 0.0)
    draws = balanced_draws(classes, count, torch.Generator().manual_seed(seed))
    return np.bincount(draws.numpy(), minlength=len(values)) / count


def test_rewarded_samples_have_half_of_the_draws():
    values = [0.0] * 96 + [0.4] * 4
    drawn = frequencies(values)
    deviation = np.sqrt(0.25 / DRAWS)
    assert abs(drawn[96:].sum() - 0.5) < 4 * deviation
    # Evenly within each class.
    np.testing.assert_allclose(drawn[96:], 1 / 8, atol=5 * np.sqrt(0.11 / DRAWS))
    np.testing.assert_allclose(drawn[:96], 1 / 192, atol=5 * np.sqrt(0.0052 / DRAWS))


def test_praise_and_blame_share_the_rewarded_half():
    drawn = frequencies([0.0] * 50 + [0.4] * 40 + [-0.1] * 10)
    deviation = 4 * np.sqrt(0.25 / DRAWS)
    assert abs(drawn[:50].sum() - 0.5) < deviation
    assert abs(drawn[50:90].sum() - 0.25) < deviation
    assert abs(drawn[90:].sum() - 0.25) < deviation


@pytest.mark.parametrize(
    ("values", "weights"),
    [
        ([0, 0, 1], [0.5, 0.5, 0]),
        ([0, -1, -1], [0.5, 0, 0.5]),
        ([0, 1, -1], [0.5, 0.25, 0.25]),
        ([1, -1], [0, 0.5, 0.5]),
        ([1, 1], [0, 1, 0]),
    ],
)
def test_an_empty_class_leaves_its_weight_to_the_others(values, weights):
    classes = reward_classes(np.array(values, np.float32), 0.0)
    np.testing.assert_allclose(class_weights(classes), weights)
    draws = balanced_draws(classes, 1000, torch.Generator().manual_seed(0)).numpy()
    assert set(draws) == set(range(len(values)))


def test_noise_below_the_bound_counts_as_unrewarded():
    values = np.array([0.05, -0.05, 0.4, -0.3, 0.1], np.float32)
    unrewarded, praised, blamed = reward_classes(values, 0.1)
    assert (unrewarded.tolist(), praised.tolist(), blamed.tolist()) == ([0, 1, 4], [2], [3])


def test_without_a_rewarded_sample_there_is_nothing_to_learn():
    classes = reward_classes(np.zeros(30, np.float32), 0.0)
    with pytest.raises(ExperienceError, match=r"None of the 30 transitions .* is rewarded"):
        class_weights(classes)


def test_streams_are_addressed_and_leave_the_global_generators_alone():
    before, numpy_before = torch.get_rng_state(), numpy_state()
    numbers = {
        torch.rand(1, generator=generator(*address)).item()
        for address in [(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1), (0, 0, 1, 1), (0, 0, 1, 2)]
    }
    assert len(numbers) == 6
    assert torch.rand(1, generator=generator(0, 1, 0)).item() in numbers
    assert torch.equal(torch.get_rng_state(), before)
    assert numpy_state() == numpy_before


def test_the_first_part_trains():
    assert split(ISRConfig(), 120_832) == 108_748  # the published size of figure 3b
    assert split(ISRConfig(train_fraction=1.0), 77) == 77


def test_targets(make_experience):
    experience = make_experience(blame=True)
    np.testing.assert_array_equal(targets(ISRConfig(), experience), experience.social_rewards)
    received = targets(ISRConfig(target="received"), experience)
    expected = np.maximum(experience.social_rewards + experience.env_rewards, 0)
    np.testing.assert_array_equal(received, expected)
    assert received.min() == 0
    assert received.max() == np.float32(0.4)


def test_the_received_reward_needs_the_environment_s(make_experience):
    experience = make_experience()
    experience.append(experience.observations[:2], experience.actions[:2], np.zeros(2, np.float32))
    with pytest.raises(ExperienceError, match="needs environmental rewards"):
        targets(ISRConfig(target="received"), experience)
