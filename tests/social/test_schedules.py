from __future__ import annotations

import numpy as np
import pytest

from prosocial import make_batch
from prosocial.envs.engine import ConfigError, world_seeds
from prosocial.envs.social import Always, Intermittent, Never, Until

SEEDS = world_seeds(3, 0, 5)
STEPS = np.array([0, 1, 4, 5, 1000])
EPISODES = np.array([0, 0, 1, 1, 50])


def test_fixed_schedules():
    for schedule, expected in (
        (Always(), [True] * 5),
        (Never(), [False] * 5),
        (Until(5), [True, True, True, False, False]),
        (Intermittent(0.0), [False] * 5),
        (Intermittent(1.0, "episode"), [True] * 5),
    ):
        present = schedule.present(SEEDS, STEPS, EPISODES)
        assert present.dtype == np.bool_
        assert present.tolist() == expected


def test_until_covers_the_first_steps_of_a_life():
    batch = make_batch(
        "caregiver_grid", 3, caregiver={"schedule": "until", "until_step": 25}, max_steps=10
    )
    batch.reset()
    presence = []
    for _ in range(40):
        batch.step(np.zeros((3, 1), int))
        presence.append(batch.caregiver_present.copy())
    assert np.array_equal(presence, np.repeat([True, False], [25, 15])[:, None] & np.ones(3, bool))


@pytest.mark.parametrize("probability", [0.1, 0.5, 0.9])
def test_intermittent_per_step_has_the_probability_and_no_memory(probability):
    worlds, steps = 500, 200
    seeds = world_seeds(0, 0, worlds)
    schedule = Intermittent(probability)
    present = np.array(
        [schedule.present(seeds, np.full(worlds, t), np.zeros(worlds, int)) for t in range(steps)]
    )
    error = np.sqrt(probability * (1 - probability) / present.size)
    assert abs(present.mean() - probability) < 4 * error
    pairs = present[1:] & present[:-1]  # of neighbouring steps
    assert abs(pairs.mean() - probability**2) < 4 * np.sqrt(3) * error
    pairs = present[:, 1:] & present[:, :-1]  # of neighbouring worlds
    assert abs(pairs.mean() - probability**2) < 4 * np.sqrt(3) * error


def test_intermittent_per_episode_holds_for_the_episode():
    caregiver = {"schedule": "intermittent", "probability": 0.3, "intermittent_per": "episode"}
    batch = make_batch("caregiver_grid", 400, caregiver=caregiver, max_steps=5)
    batch.reset()
    presence = []
    for _ in range(100):
        batch.step(np.zeros((400, 1), int))
        presence.append(batch.caregiver_present.copy())
    episodes = np.array(presence).reshape(20, 5, 400)
    assert (episodes == episodes[:, :1]).all()
    drawn = episodes[:, 0]
    assert abs(drawn.mean() - 0.3) < 4 * np.sqrt(0.21 / drawn.size)
    both = (drawn[1:] & drawn[:-1]).mean()
    assert abs(both - 0.09) < 4 * np.sqrt(3 * 0.21 / drawn.size)


def test_steps_and_episodes_of_one_number_are_drawn_apart():
    seeds, zeros = world_seeds(0, 0, 1000), np.zeros(1000, int)
    by_step = Intermittent(0.5).present(seeds, zeros, zeros)
    by_episode = Intermittent(0.5, "episode").present(seeds, zeros, zeros)
    assert 400 < np.count_nonzero(by_step == by_episode) < 600


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Until(0), "step is 0; expected at least 1"),
        (lambda: Until(-3), "step is -3"),
        (lambda: Intermittent(1.01), r"probability is 1.01; expected a number in \[0, 1\]"),
        (lambda: Intermittent(float("nan")), "probability is nan"),
        (lambda: Intermittent(0.5, "day"), "'day'; expected 'step' or 'episode'"),
    ],
)
def test_bad_schedules(make, message):
    with pytest.raises(ConfigError, match=message):
        make()
