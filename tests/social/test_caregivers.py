from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from prosocial import make_batch
from prosocial.agents.partners import RandomPartner, ScriptedHelper, ShortestPathOracle
from prosocial.envs.engine import Batch, ConfigError, build
from prosocial.envs.social import Caregiver, EventNorm, Intermittent, Never, Until

GOAL = EventNorm("goal", "goal", 0.4)
BUMP = EventNorm("bump", "bump", -0.1)


def live(caregiver, *, worlds=256, steps=60, seed=2, first=0, threads=1, partner=None):
    """Runs a batch and returns goals, bumps, feedback by norm, its sum and presence by step."""
    batch = Batch(
        build("caregiver_grid"),
        worlds,
        seed=seed,
        first=first,
        threads=threads,
        caregiver=caregiver,
    )
    batch.reset()
    partner = partner or RandomPartner(1)
    partner.reset(1)
    rows = []
    for _ in range(steps):
        batch.step(partner.act(batch))
        row = (
            batch.events["goal"],
            batch.events["bump"],
            np.moveaxis(batch.social_rewards_by_norm, 0, -1),
            batch.social_rewards,
            batch.caregiver_present,
        )
        rows.append([array.copy() for array in row])
    batch.close()
    return [np.array(column) for column in zip(*rows, strict=True)]


def test_the_caregiver_of_the_paper_is_exact():
    goals, _, by_norm, total, present = live(Caregiver((GOAL,)), partner=ShortestPathOracle())
    assert goals.sum() > 1000
    np.testing.assert_array_equal(total, goals * np.float32(0.4))
    np.testing.assert_array_equal(by_norm[..., 0], total)
    assert present.all()


def test_helping_is_praised_when_the_caregiver_reaches_its_goal():
    batch = make_batch("helping_grid", 50, caregiver="default")
    batch.reset()
    helper, total = ScriptedHelper(), 0
    for _ in range(100):
        batch.step(helper.act(batch))
        np.testing.assert_array_equal(
            batch.social_rewards, batch.events["caregiver_goal"] * np.float32(0.4)
        )
        total += batch.social_rewards.sum()
    assert total > 50


def test_each_norm_is_recorded_by_itself():
    goals, bumps, by_norm, total, _ = live(Caregiver((GOAL, BUMP)))
    assert goals.any()
    assert bumps.any()
    np.testing.assert_array_equal(by_norm[..., 0], goals * np.float32(0.4))
    np.testing.assert_array_equal(by_norm[..., 1], bumps * np.float32(-0.1))
    np.testing.assert_array_equal(total, by_norm[..., 0] + by_norm[..., 1])


def test_praise_and_blame_can_be_switched_off():
    _, _, by_norm, total, _ = live(Caregiver((GOAL, BUMP), blame=False))
    assert (by_norm[..., 1] == 0).all()
    assert (total > 0).any()
    _, _, by_norm, total, _ = live(Caregiver((GOAL, BUMP), praise=False))
    assert (by_norm[..., 0] == 0).all()
    assert (total < 0).any()


def test_an_absent_caregiver_gives_nothing_and_is_recorded_as_absent():
    noisy = Caregiver((GOAL, BUMP), false_alarm=0.5, noise_sd=1.0)
    _, _, by_norm, total, present = live(replace(noisy, schedule=Never()))
    assert not present.any()
    assert not by_norm.any()
    assert not total.any()
    for schedule in (Until(30), Intermittent(0.4), Intermittent(0.4, "episode")):
        _, _, by_norm, total, present = live(replace(noisy, schedule=schedule))
        assert present.any()
        assert not present.all()
        assert not by_norm[~present].any()
        assert not total[~present].any()
        assert total[present].any()


def test_those_who_are_not_watched_get_exactly_nothing():
    noisy = Caregiver((EventNorm("ate", "ate", 1.0), BUMP), false_alarm=0.2, noise_sd=0.5)

    def feedback(caregiver, first=0, num_worlds=6):
        world = build("commons_harvest")
        batch = Batch(world, num_worlds, seed=4, first=first, caregiver=caregiver)
        batch.reset()
        given = []
        for t in range(30):
            batch.step(np.full((num_worlds, 7), 1 + t % 4))
            given.append(batch.social_rewards_by_norm.copy())
            np.testing.assert_array_equal(batch.social_rewards, given[-1][0] + given[-1][1])
            assert batch.caregiver_present.all()  # presence is a fact about the world
        return np.array(given)

    everybody = feedback(noisy)
    some = feedback(replace(noisy, watches=(3, 1)))
    np.testing.assert_array_equal(some[..., [1, 3]], everybody[..., [1, 3]])
    assert not some[..., [0, 2, 4, 5, 6]].any()
    assert everybody.any(axis=(0, 1, 2)).all()
    np.testing.assert_array_equal(feedback(replace(noisy, watches=tuple(range(7)))), everybody)
    alone = feedback(replace(noisy, watches=(3, 1)), first=2, num_worlds=1)
    np.testing.assert_array_equal(alone, some[:, :, 2:3])


def test_who_is_watched():
    assert Caregiver((GOAL,)).watched(3).tolist() == [True] * 3
    watched = Caregiver((GOAL,), watches=(2, 0)).watched(4)
    assert watched.dtype == np.bool_
    assert watched.tolist() == [True, False, True, False]


def test_presence_ignores_noise_and_norms():
    plain = live(Caregiver((GOAL,), Intermittent(0.4)))[-1]
    noisy = live(Caregiver((GOAL, BUMP), Intermittent(0.4), miss=0.3, noise_sd=0.1))[-1]
    np.testing.assert_array_equal(plain, noisy)


def near(observed, probability, n):
    """Whether a frequency lies within four standard errors of its probability."""
    return abs(observed - probability) < 4 * np.sqrt(probability * (1 - probability) / n)


def test_misses_have_their_probability():
    oracle = ShortestPathOracle()
    goals, _, _, total, _ = live(Caregiver((GOAL,), miss=0.2), partner=oracle, worlds=1000)
    occurred = goals == 1
    assert set(np.unique(total[occurred])) == {np.float32(0), np.float32(0.4)}
    assert near((total[occurred] == 0).mean(), 0.2, occurred.sum())
    assert not total[~occurred].any()


def test_false_alarms_have_their_probability_and_amount():
    goals, bumps, by_norm, _, _ = live(Caregiver((GOAL, BUMP), false_alarm=0.05), worlds=1000)
    for k, (occurred, amount) in enumerate(((goals == 1, 0.4), (bumps == 1, -0.1))):
        scores = by_norm[..., k]
        assert (scores[occurred] == np.float32(amount)).all()
        assert set(np.unique(scores[~occurred])) == {np.float32(0), np.float32(amount)}
        assert near((scores[~occurred] != 0).mean(), 0.05, (~occurred).sum())
    alarms = (by_norm[..., 0] != 0) & (by_norm[..., 1] != 0) & (goals == 0) & (bumps == 0)
    quiet = (goals == 0) & (bumps == 0)
    assert near(alarms[quiet].mean(), 0.05**2, quiet.sum())  # independent between norms


def test_noise_is_normal_and_only_on_feedback():
    goals, _, _, total, _ = live(
        Caregiver((GOAL,), noise_sd=0.1), partner=ShortestPathOracle(), worlds=1000
    )
    assert not total[goals == 0].any()
    noise = (total[goals == 1].astype(np.float64) - 0.4) / 0.1
    n = noise.size
    assert n > 5000
    assert abs(noise.mean()) < 4 / np.sqrt(n)
    assert abs(noise.var() - 1) < 4 * np.sqrt(2 / n)
    assert abs((noise**4).mean() - 3) < 4 * np.sqrt(96 / n)  # of a normal variate, var x^4 = 96
    assert near((np.abs(noise) > 1.96).mean(), 0.05, n)


def test_noise_does_not_turn_praise_into_blame_unless_it_may():
    loud, oracle = Caregiver((GOAL,), noise_sd=1.0), ShortestPathOracle()
    total = live(loud, partner=oracle)[3]
    assert (total < 0).any()
    praised = live(replace(loud, blame=False), partner=oracle)[3]
    np.testing.assert_array_equal(praised, np.maximum(total, 0))


@pytest.mark.parametrize("schedule", [Intermittent(0.5), Intermittent(0.5, "episode"), Until(33)])
def test_bytes_depend_on_neither_batch_size_nor_first_nor_threads(schedule):
    caregiver = Caregiver((GOAL, BUMP), schedule, miss=0.2, false_alarm=0.1, noise_sd=0.3)
    whole = live(caregiver, worlds=23)
    pieces = [live(caregiver, worlds=n, first=f) for f, n in ((0, 1), (1, 2), (3, 16), (19, 4))]
    threaded = live(caregiver, worlds=23, threads=2)
    for column, parts, other in zip(whole, zip(*pieces, strict=True), threaded, strict=True):
        assert column.tobytes() == np.concatenate(parts, axis=1).tobytes() == other.tobytes()


def test_a_seed_is_repeated_and_another_differs():
    caregiver = Caregiver((GOAL,), false_alarm=0.1, noise_sd=0.3)
    total = live(caregiver)[3]
    assert total.tobytes() == live(caregiver)[3].tobytes()
    assert total.tobytes() != live(caregiver, seed=3)[3].tobytes()


def test_a_norm_that_does_not_fit_the_world_is_refused_at_reset():
    batch = Batch(build("caregiver_grid"), 2, caregiver=Caregiver((EventNorm("n", "gaol", 1),)))
    with pytest.raises(ConfigError, match="Did you mean 'goal'"):
        batch.reset()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Caregiver(()), "at least one norm"),
        (lambda: Caregiver((GOAL, EventNorm("goal", "bump", 1))), "different names"),
        (lambda: Caregiver((GOAL,), miss=1.2), r"miss is 1.2; expected a number in \[0, 1\]"),
        (lambda: Caregiver((GOAL,), false_alarm=-0.1), "false_alarm is -0.1"),
        (lambda: Caregiver((GOAL,), noise_sd=-1), "noise_sd is -1; expected a finite number >= 0"),
        (lambda: Caregiver((GOAL,), noise_sd=float("inf")), "noise_sd is inf"),
        (lambda: Caregiver((GOAL,), miss=float("nan")), "miss is nan"),
    ],
)
def test_bad_caregivers(make, message):
    with pytest.raises(ConfigError, match=message):
        make()
