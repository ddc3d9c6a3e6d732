"""Reward transforms against their equations, worked out by hand, and the traps of other code."""

from __future__ import annotations

import json
import math
from itertools import pairwise
from typing import Any, cast

import numpy as np
import pytest

from prosocial.agents.training.schema import from_mapping, to_dict
from prosocial.envs.engine import ConfigError
from prosocial.envs.social import (
    Common,
    Individual,
    InequityAversion,
    Mean,
    Prosocial,
    RewardExchange,
    RewardTransform,
    SocialValueOrientation,
    TransformConfig,
    make_transform,
    transforms,
)

GOING_ON = np.array([False])
HARVEST = np.array([[4, 1, 0, 1]], np.float32)
PI = math.pi
ALL = [(name, {}) for name in transforms()] + [
    ("individual", {"scale_parity": True}),
    ("exchange", {"self_interest": 0.3}),
    ("svo", {"angle": 30.0}),
]


def apply(transform, rewards, done=None, active=None):
    """One step of a fresh transform."""
    rewards = np.asarray(rewards, np.float32)
    transform.begin(*rewards.shape)
    return transform(rewards, np.zeros(len(rewards), bool) if done is None else done, active)


def steps_of(num_steps, num_worlds, num_agents, seed=0):
    """Rewards of many steps, mostly 0, some negative, and ends of episodes."""
    rng = np.random.default_rng(seed)
    shape = num_steps, num_worlds, num_agents
    rewards = rng.integers(-1, 3, shape) * rng.random(shape) * (rng.random(shape) < 0.5)
    return rewards.astype(np.float32), rng.random(shape[:2]) < 0.1


def run(transform, rewards, done):
    transform.begin(*rewards.shape[1:])
    return np.array([transform(*step) for step in zip(rewards, done, strict=True)])


@pytest.mark.parametrize(
    ("transform", "expected"),
    [
        (Individual(), [4, 1, 0, 1]),
        (Individual(scale_parity=True), [16, 4, 0, 4]),
        (Common(), [6, 6, 6, 6]),
        (Mean(), [1.5, 1.5, 1.5, 1.5]),
        # n = 4, rho = 1/2: s = 1/(1 + 1.5) = .4, so .4 r_i + .2 of the others' sum
        (RewardExchange(), [1.6 + 0.2 * 2, 0.4 + 0.2 * 5, 0.2 * 6, 0.4 + 0.2 * 5]),
        (RewardExchange(self_interest=0.7), [3.0, 1.2, 0.6, 1.2]),
        (Prosocial(), [4 + 0.85 * 2, 1 + 0.85 * 5, 0.85 * 6, 1 + 0.85 * 5]),
        (Prosocial(eta=-0.5), [3, -1.5, -3, -1.5]),
    ],
)
def test_linear_mixing_by_hand(transform, expected):
    mixed = apply(transform, HARVEST)
    assert mixed.dtype == np.float32
    np.testing.assert_allclose(mixed, [expected], rtol=1e-6)


@pytest.mark.parametrize(
    ("n", "share"), [(2, 2 / 3), (4, 0.4), (5, 1 / 3), (6, 0.285714), (7, 0.25)]
)
def test_the_self_interest_of_socialjax(n, share):
    rewards = np.zeros((1, n), np.float32)
    rewards[0, 0] = 1
    exchanged = apply(RewardExchange(), rewards)[0]
    assert exchanged[0] == pytest.approx(share, rel=1e-5)
    np.testing.assert_allclose(exchanged[1:], (1 - share) / (n - 1), rtol=1e-5)


def test_identities():
    rewards, done = steps_of(30, 5, 4)
    same = run(Individual(), rewards, done)
    np.testing.assert_array_equal(same, rewards)
    assert same is not rewards
    for identity in (
        RewardExchange(rho=0),
        RewardExchange(self_interest=1),
        Prosocial(eta=0),
        InequityAversion(alpha=0, beta=0),
        SocialValueOrientation(weight=0),
    ):
        np.testing.assert_array_equal(run(identity, rewards, done), rewards)
    common = run(Common(), rewards, done)
    np.testing.assert_allclose(run(Prosocial(eta=1), rewards, done), common, rtol=1e-6)
    mean = run(Mean(), rewards, done)
    np.testing.assert_allclose(run(RewardExchange(rho=1), rewards, done), mean, atol=1e-6)


def test_exchange_conserves_the_sum():
    rewards, done = steps_of(50, 4, 7)
    for transform in (RewardExchange(), RewardExchange(self_interest=0)):
        exchanged = run(transform, rewards, done)
        np.testing.assert_allclose(exchanged.sum(2), rewards.sum(2), atol=1e-5)
        assert not np.allclose(exchanged, rewards)


def test_inequity_aversion_by_hand():
    transform = InequityAversion(alpha=2, beta=0.5, gamma=0.5, trace_decay=0.8)
    transform.begin(1, 3)
    # e = (1, 0, 0): the first is ahead of two by 1, each other is behind one by 1
    first = transform(np.array([[1, 0, 0]], np.float32), GOING_ON)
    np.testing.assert_allclose(first, [[1 - 0.5 / 2 * 2, -2 / 2, -2 / 2]], rtol=1e-6)
    # e = .4 (1, 0, 0) + (0, 1, 0) = (.4, 1, 0)
    second = transform(np.array([[0, 1, 0]], np.float32), GOING_ON)
    np.testing.assert_allclose(transform.traces, [[0.4, 1, 0]], rtol=1e-6)
    expected = [-0.6 - 0.25 * 0.4, 1 - 0.25 * (0.6 + 1), -(0.4 + 1)]
    np.testing.assert_allclose(second, [expected], rtol=1e-6)


def test_traces_are_reset_after_the_last_step_of_an_episode():
    transform = InequityAversion(alpha=1, beta=1, gamma=1, trace_decay=1)
    transform.begin(2, 2)
    rewards = np.array([[1, 0], [1, 0]], np.float32)
    transform(rewards, np.array([False, False]))
    last = transform(rewards, np.array([True, False]))
    np.testing.assert_array_equal(last, [[-1, -2], [-1, -2]])  # the last step still knows e = 2
    np.testing.assert_array_equal(transform.traces, [[0, 0], [2, 0]])
    fresh = transform(rewards, np.array([False, False]))
    np.testing.assert_array_equal(fresh, [[0, -1], [-2, -3]])


def test_being_ahead_costs_and_equality_changes_nothing():
    # Summing signed differences would add reward to whoever is ahead.
    ahead = apply(InequityAversion(alpha=0, beta=0.05), [[1, 0]])
    np.testing.assert_allclose(ahead, [[0.95, 0]])
    behind = apply(InequityAversion(alpha=5, beta=0), [[1, 0]])
    np.testing.assert_allclose(behind, [[1, -5]])
    # Comparing the reward with the number of the agent, or 0 with a constant, would give
    # -(alpha + beta)(n - 1) where nobody got anything.
    for value in (0, 1):
        alike = np.full((1, 4), value, np.float32)
        np.testing.assert_array_equal(apply(InequityAversion(alpha=5, beta=0.05), alike), alike)


def test_default_weights_of_inequity_aversion_are_those_of_the_paper():
    transform = InequityAversion()
    assert (transform.alpha, transform.beta) == (5, 0.05)
    assert (transform.gamma, transform.trace_decay) == (0.99, 0.975)


@pytest.mark.parametrize(
    ("angle", "rewards", "expected"),
    [
        (90, [2, 0, 0], [2 - 0.5 * PI / 2, 0, 0]),  # the others are at 90 degrees
        (0, [2, 0, 0], [2, -0.5 * PI / 2, -0.5 * PI / 2]),
        (45, [1, 1, 1], [1, 1, 1]),
        (45, [0, 1, 3], [-0.5 * PI / 4, 1 - 0.5 * (math.atan2(1.5, 1) - PI / 4), None]),
        (90, [0, 0, 0], [0, 0, 0]),  # no angle is defined: nothing is lost
        (0, [-1, 0, 0], [-1 - 0.5 * PI, None, None]),
        (90, [-1, -1, -1], [-1 - 0.5 * 0.75 * PI] * 3),  # 225 degrees apart, 135 the short way
    ],
)
def test_social_value_orientation_by_hand(angle, rewards, expected):
    given = apply(SocialValueOrientation(angle=angle), [rewards])[0]
    for one, hand in zip(given, expected, strict=True):
        assert hand is None or one == pytest.approx(hand, abs=1e-6)


@pytest.mark.parametrize(("name", "options"), ALL)
def test_nobody_is_favoured_by_number(name, options):
    rewards, done = steps_of(40, 3, 6)
    order = np.array([3, 0, 5, 1, 4, 2])
    straight = run(make_transform(name, **options), rewards, done)
    relabelled = run(make_transform(name, **options), rewards[:, :, order], done)
    np.testing.assert_allclose(relabelled, straight[:, :, order], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("name", "options"), ALL)
def test_bytes_depend_on_neither_batch_size_nor_layout_in_memory(name, options):
    rewards, done = steps_of(40, 23, 9)
    whole = run(make_transform(name, **options), rewards, done)
    assert whole.dtype == np.float32
    cuts = [0, 1, 3, 19, 23]
    for low, high in pairwise(cuts):
        part = run(make_transform(name, **options), rewards[:, low:high], done[:, low:high])
        assert part.tobytes() == whole[:, low:high].tobytes()
    strided = np.asfortranarray(rewards)
    assert run(make_transform(name, **options), strided, done).tobytes() == whole.tobytes()


@pytest.mark.parametrize(("name", "options"), ALL)
def test_a_saved_transform_goes_on_as_if_nothing_had_happened(name, options):
    rewards, done = steps_of(40, 3, 4)
    done[15:22] = False
    whole = run(make_transform(name, **options), rewards, done)
    first = make_transform(name, **options)
    run(first, rewards[:20], done[:20])
    saved = first.state()
    run(first, rewards[:5], done[:5])  # what was saved must not change with it
    second = make_transform(name, **options)
    second.begin(3, 4)
    second.restore(saved)
    rest = [second(*step) for step in zip(rewards[20:], done[20:], strict=True)]
    assert np.array(rest).tobytes() == whole[20:].tobytes()


@pytest.mark.parametrize(("name", "options"), ALL)
def test_someone_alone_and_those_who_do_not_take_part(name, options):
    alone = apply(make_transform(name, **options), [[3.0], [-1.0], [0.0]])
    np.testing.assert_array_equal(alone, [[3], [-1], [0]])
    active = np.array([[True, True, False, True]])
    three = apply(make_transform(name, **options), [[4, 1, 1]])[0]
    four = apply(make_transform(name, **options), [[4, 1, 9, 1]], active=active)[0]
    np.testing.assert_array_equal(four, [three[0], three[1], 9, three[2]])
    nobody = apply(make_transform(name, **options), [[4, 1]], active=np.array([[False, False]]))
    np.testing.assert_array_equal(nobody, [[4, 1]])


def test_transforms_by_name_and_as_configuration():
    assert transforms() == [
        "common", "exchange", "individual", "inequity_aversion", "mean", "prosocial", "svo",
    ]  # fmt: skip
    assert make_transform("exchange", rho=2.0) == RewardExchange(rho=2)
    config = TransformConfig("inequity_aversion", {"alpha": 1.0})
    assert config.make() == InequityAversion(alpha=1)
    assert config.make() is not config.make()
    assert TransformConfig().make() == Individual()
    assert isinstance(config.make(), RewardTransform)
    assert from_mapping(TransformConfig, json.loads(json.dumps(to_dict(config)))) == config


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: make_transform("exchnage"), "'exchnage'.*Did you mean 'exchange'"),
        (lambda: TransformConfig("mena"), "Did you mean 'mean'"),
        (lambda: make_transform("svo", angel=3), "no option 'angel'.*Did you mean 'angle'"),
        (lambda: make_transform("common", rho=3), "'common' has no options; 'rho'"),
        (lambda: TransformConfig("mean", cast(Any, [1])), "options is .*expected a mapping"),
        (lambda: RewardExchange(rho=-1), "RewardExchange.rho is -1; expected a finite number >= 0"),
        (lambda: RewardExchange(self_interest=1.1), r"self_interest is 1.1; .* in \[0, 1\]"),
        (lambda: Prosocial(eta=float("nan")), "eta is nan"),
        (lambda: Prosocial(eta=True), "eta is True"),
        (lambda: InequityAversion(gamma=1.5), "gamma is 1.5"),
        (lambda: InequityAversion(alpha=-1), "alpha is -1"),
        (lambda: SocialValueOrientation(angle=100), r"angle is 100; .* in \[0, 90\]"),
        (
            lambda: Individual(scale_parity=cast(Any, 2)),
            "scale_parity is 2; expected True or False",
        ),
        (lambda: Mean().begin(0, 2), "num_worlds is 0; expected an integer >= 1"),
        (lambda: Mean()(HARVEST, GOING_ON), "Mean does not know its batch: call begin"),
        (lambda: InequityAversion().traces, "call begin"),
        (lambda: apply(Mean(), HARVEST, done=np.zeros(2, bool)), r"done has shape \(2,\)"),
        (lambda: apply(Mean(), HARVEST, active=np.ones((1, 2))), r"active has shape \(1, 2\)"),
    ],
)
def test_bad_input_is_named(make, message):
    with pytest.raises(ConfigError, match=message):
        make()


def test_a_state_of_something_else_is_refused():
    transform = InequityAversion()
    transform.begin(2, 3)
    with pytest.raises(ConfigError, match=r"InequityAversion has \[\]; expected \['traces'\]"):
        transform.restore({})
    with pytest.raises(ConfigError, match=r"traces has shape \(2, 2\); expected \(2, 3\)"):
        transform.restore({"traces": np.zeros((2, 2))})
