"""Stated probabilities match frequencies where the model of the agents is right, and only there."""

import runpy
from pathlib import Path

import numpy as np
import pytest

from prosocial.agents.mind.calibration import calibration
from prosocial.agents.mind.follow import follow
from prosocial.agents.mind.mind import Mind
from prosocial.envs.engine import Batch, ConfigError, build

WALKERS = runpy.run_path(str(Path(__file__).parents[2] / "benchmarks" / "goal_walkers.py"))

BETA = 1.2
LIMIT = 0.02


def errors(posterior, goals):
    """Calibration errors of all probabilities and of the likeliest goals alone."""
    goals = np.broadcast_to(goals, posterior.shape[:-1])
    true = goals[..., None] == np.arange(posterior.shape[-1])
    best = posterior.argmax(axis=-1)
    every = calibration(posterior, true)
    likeliest = calibration(posterior.max(axis=-1), best == goals)
    return every.error, likeliest.error


@pytest.mark.parametrize("options", [{}, {"lapse": 0.15}])
def test_goals_of_rational_walkers_are_stated_as_often_as_they_are_true(options):
    room = WALKERS["make_room"](11, 8)
    prior = np.array([0.3, 0.2, 0.15, 0.1, 0.1, 0.05, 0.05, 0.05])
    walks = WALKERS["walk"](room, 20_000, 12, BETA, prior, **options)
    posterior = WALKERS["infer"](room, walks, BETA, prior, **options)
    assert max(errors(posterior, walks.goals)) < LIMIT
    assert posterior.max(axis=2)[-1].mean() > 0.6  # they did learn something
    # A mind that takes them for more rational than they are is overconfident.
    wrong = WALKERS["infer"](room, walks, 5 * BETA, prior, **options)
    assert errors(wrong, walks.goals)[1] > 2 * LIMIT
    # One that does not know how rational they are, but infers it, is not far off.
    unsure = WALKERS["infer"](room, walks, (0.3, BETA, 5.0), prior, **options)
    assert errors(unsure, walks.goals)[1] < errors(wrong, walks.goals)[1] / 2


def test_changing_goals_are_followed_with_the_right_confidence():
    room = WALKERS["make_room"](11, 8, seed=1)
    walks = WALKERS["walk"](room, 20_000, 25, BETA, switch=0.1)
    posterior = WALKERS["infer"](room, walks, BETA, switch=0.1)
    # The goals are those of the last step.
    assert max(errors(posterior[-1], walks.goals)) < LIMIT
    firm = WALKERS["infer"](room, walks, BETA)
    assert errors(firm[-1], walks.goals)[1] > 2 * LIMIT


def test_a_mind_beside_a_world_is_calibrated():
    """Learners of caregiver_grid walk to cells drawn from the prior; new maps bring new ones."""
    worlds, rng = 3000, np.random.default_rng(0)
    batch = Batch(build("caregiver_grid"), worlds, seed=0, track_states=True)
    batch.reset()
    mind = Mind(batch.world, "goals", beta=BETA)
    mind.reset(batch.state)
    aims = draw(mind, rng)
    stated, true = [], []
    for _ in range(10):
        values = mind.hypotheses.action_values(batch.state)[np.arange(worlds), 0, aims]
        noise = rng.gumbel(size=values.shape) / BETA  # the best of both is a softmax choice
        actions = (values + noise).argmax(axis=1)[:, None]
        batch.step(actions)
        follow(mind, batch, actions)
        anew = batch.events["goal"][:, 0] + batch.events["lava"][:, 0] > 0
        aims = np.where(anew | batch.done, draw(mind, rng), aims)
        stated.append(mind.posterior[:, 0, 0])
        true.append(aims)
    assert max(errors(np.array(stated), np.array(true))) < LIMIT
    assert np.array(stated).max(axis=2).mean() > 0.15  # 25 cells a priori


def draw(mind, rng):
    """Hypotheses drawn from the posterior of the first target, (B,)."""
    shares = mind.posterior[:, 0, 0].cumsum(axis=1)
    chosen = (shares < rng.random((len(shares), 1)) * shares[:, -1:]).sum(axis=1)
    return np.minimum(chosen, len(mind.names) - 1)


def test_the_error_by_hand():
    found = calibration(np.array([0.1, 0.1, 0.9, 0.7]), np.array([True, False, True, True]), 2)
    assert found.counts.tolist() == [2, 2]
    np.testing.assert_allclose(found.stated, [0.1, 0.8])
    np.testing.assert_allclose(found.frequency, [0.5, 1.0])
    assert found.error == pytest.approx((2 * 0.4 + 2 * 0.2) / 4)
    assert calibration(np.array([1.0, 0.0]), np.array([True, False])).error == 0


@pytest.mark.parametrize(
    ("stated", "happened", "message"),
    [
        (np.ones(2), np.ones(3, bool), "equal shapes"),
        (np.ones(2), np.ones(2), "bool"),
        (np.ones(0), np.ones(0, bool), "at least one"),
        (np.array([1.1]), np.ones(1, bool), "expected probabilities"),
        (np.array([np.nan]), np.ones(1, bool), "expected probabilities"),
    ],
)
def test_faults(stated, happened, message):
    with pytest.raises(ConfigError, match=message):
        calibration(stated, happened)
