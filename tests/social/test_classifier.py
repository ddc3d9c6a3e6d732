"""The classifier norm: what it learns from sanctions that were made up, and what it pays for."""

from __future__ import annotations

import math

import numpy as np
import pytest

from prosocial import make_batch
from prosocial.envs.engine import Batch, ConfigError, build
from prosocial.envs.social import (
    ClassifierNorm,
    EventNorm,
    FairShare,
    Restraint,
    SanctioningPeers,
    get_norm,
    make_caregiver,
)

EVENTS = np.dtype([(name, "u1") for name in ("ate", "sang", "zap", "hit", "zapped", "away")])
BEHAVIOURS = (EventNorm("ate", "ate", 1.0), EventNorm("sang", "sang", 1.0))
GOING_ON = np.array([False])


def step(norm, num_agents=4, done=GOING_ON, **columns):
    """One step of one world; columns are events by agent, the others 0."""
    events = np.zeros((1, num_agents), EVENTS)
    for name, values in columns.items():
        events[name][0] = values
    return norm.step(events, done)[0]


def begun(num_worlds=1, num_agents=4, **fields):
    norm = ClassifierNorm(**{"behaviours": BEHAVIOURS, **fields})
    norm.begin(num_worlds, num_agents)
    return norm


def society(seed, num_worlds, num_steps, disliked, num_agents=6):
    """Random eating and singing; now and then somebody hits one who did what is disliked.

    Yields the events of each step, who is hit being one whose last such act was the step before.
    """
    rng = np.random.default_rng(seed)
    last = np.zeros((num_worlds, num_agents), bool)
    for _ in range(num_steps):
        events = np.zeros((num_worlds, num_agents), EVENTS)
        events["ate"] = rng.random(last.shape) < 0.3
        events["sang"] = rng.random(last.shape) < 0.3
        for world in np.flatnonzero((rng.random(num_worlds) < 0.3) & last.any(1)):
            target = rng.choice(np.flatnonzero(last[world]))
            zapper = (target + 1 + rng.integers(num_agents - 1)) % num_agents
            events["zapped"][world, target] = events["hit"][world, zapper] = 1
        yield events
        last = events[disliked] == 1


def test_one_lesson_by_hand():
    norm = begun(memory=0.5, learning_rate=2.0)
    step(norm, ate=[1, 1, 0, 0], sang=[0, 0, 1, 0])
    reward = step(norm, zapped=[1, 0, 0, 0], hit=[0, 0, 0, 1])
    assert reward.tolist() == [0, 0, 0, 0]  # nothing was known yet
    # p = 1/2 for all. The first, who ate, was hit; the second ate too and the third sang: approved.
    np.testing.assert_allclose(norm.weights, [[2 * (0.5 - 0.5 / 2), 2 * (0 - 0.5 / 2)]])
    assert norm.state()["bias"].item() == pytest.approx(0)
    # Half of the recency is left: p = sigmoid(.5 * .5), sigmoid(-.5 * .5), and 1/2 of who hit.
    odds = 1 / (1 + math.exp(-0.25))
    np.testing.assert_allclose(norm.disapproval(), [[odds, odds, 1 - odds, 0.5]])


def test_sanctioning_in_line_with_the_group_is_rewarded_and_against_it_costs():
    norm = begun(amount=0.7)
    step(norm, ate=[1, 0, 0, 0], sang=[0, 1, 1, 0])
    step(norm, zapped=[1, 0, 0, 0], hit=[0, 0, 0, 1])
    step(norm, ate=[1, 1, 0, 0], sang=[0, 0, 1, 1])
    saved = norm.state()
    in_line = step(norm, zapped=[1, 0, 0, 0], hit=[0, 0, 1, 0])
    np.testing.assert_allclose(in_line, [0, 0, 0.7, 0])
    norm.restore(saved)
    against = step(norm, zapped=[0, 0, 1, 0], hit=[1, 0, 0, 0])
    np.testing.assert_allclose(against, [-0.7, 0, 0, 0])
    norm.restore(saved)
    double = step(norm, zapped=[1, 1, 0, 0], hit=[0, 0, 2, 0])
    np.testing.assert_allclose(double, [0, 0, 1.4, 0])
    norm.restore(saved)
    mixed = step(norm, zapped=[1, 0, 0, 1], hit=[0, 1, 1, 0])  # nobody can tell who hit whom
    np.testing.assert_allclose(mixed, [0, 0, 0, 0])
    norm.restore(saved)
    assert not step(norm, zap=[1, 1, 1, 1]).any()  # a miss is no sanction


@pytest.mark.parametrize(("disliked", "other"), [("ate", "sang"), ("sang", "ate")])
def test_it_learns_which_behaviour_is_sanctioned(disliked, other):
    norm = begun(16, 6)
    ledger = []
    for events in society(0, 16, 300, disliked):
        ledger.append(norm.step(events, np.zeros(16, bool)).sum())
    names = ["ate", "sang"]
    weights = norm.weights
    assert (weights[:, names.index(disliked)] > 0.5).all()
    assert (weights[:, names.index(disliked)] > weights[:, names.index(other)] + 0.5).all()
    assert sum(ledger[150:]) > 0.8 * 0.4 * sum(e["hit"].sum() for e in later(disliked))
    # The bandwagon: a newcomer who hits singers where eaters are hit loses by it.
    for agent_did, sign in ((disliked, 1), (other, -1)):
        saved = norm.state()
        events = np.zeros((16, 6), EVENTS)
        events[agent_did][:, 0] = 1
        norm.forget()
        norm.step(events, np.zeros(16, bool))
        events = np.zeros((16, 6), EVENTS)
        events["zapped"][:, 0] = events["hit"][:, 1] = 1
        gained = norm.step(events, np.zeros(16, bool))[:, 1]
        np.testing.assert_allclose(gained, sign * 0.4)
        norm.restore(saved)


def later(disliked):
    return list(society(0, 16, 300, disliked))[150:]


def test_those_away_and_those_who_hit_are_no_examples_of_approval():
    norm = begun()
    step(norm, sang=[0, 1, 1, 1])
    step(norm, zapped=[1, 0, 0, 0], hit=[0, 1, 0, 0], away=[0, 0, 1, 0])
    one = norm.weights[0, 1]
    norm = begun()
    step(norm, sang=[0, 0, 0, 1])
    step(norm, zapped=[1, 0, 0, 0], hit=[0, 1, 0, 0], away=[0, 0, 1, 0])
    assert norm.weights[0, 1] == one < 0


def test_deeds_are_forgotten_at_the_end_of_an_episode_and_lessons_are_not():
    norm = begun()
    step(norm, ate=[1, 0, 0, 0])
    step(norm, zapped=[1, 0, 0, 0], hit=[0, 1, 0, 0], done=np.array([True]))
    assert norm.weights[0, 0] > 0
    assert not norm.state()["recencies"].any()
    before = norm.weights
    step(norm, ate=[1, 1, 1, 1])
    np.testing.assert_array_equal(norm.weights, before)  # no sanction, no lesson


def test_bytes_depend_neither_on_the_batch_size_nor_on_a_restart():
    steps = list(society(3, 23, 60, "ate"))
    done = np.random.default_rng(1).random((60, 23)) < 0.05

    def run(worlds, restart=None):
        norm = begun(len(range(*worlds.indices(23))), 6)
        rewards = []
        for t, events in enumerate(steps):
            if t == restart:
                saved = norm.state()
                norm = begun(len(rewards[0]), 6)
                norm.restore(saved)
            rewards.append(norm.step(events[worlds], done[t, worlds]))
        assert rewards[0].dtype == np.float32
        return np.array(rewards), norm.weights

    rewards, weights = run(slice(None))
    assert rewards.any()
    for worlds in (slice(0, 1), slice(1, 3), slice(3, 20)):
        part = run(worlds)
        assert part[0].tobytes() == rewards[:, worlds].tobytes()
        assert part[1].tobytes() == weights[worlds].tobytes()
    assert run(slice(None), restart=31)[1].tobytes() == weights.tobytes()


def test_nobody_is_favoured_by_number():
    order = np.array([3, 1, 5, 0, 4, 2])
    straight, relabelled = begun(4, 6), begun(4, 6)
    for events in society(1, 4, 80, "ate"):
        one = straight.step(events, np.zeros(4, bool))
        two = relabelled.step(events[:, order], np.zeros(4, bool))
        np.testing.assert_array_equal(two, one[:, order])
    np.testing.assert_allclose(relabelled.weights, straight.weights)


def play(batch, steps, seed=0):
    """Random play with much zapping; returns rewards by norm and events of each step."""
    rng = np.random.default_rng(seed)
    told = []
    for _ in range(steps):
        actions = rng.integers(0, 9, (batch.num_worlds, batch.num_agents))
        batch.step(np.where(actions == 8, 7, actions))
        told.append((batch.social_rewards_by_norm.copy(), batch.events.copy()))
        assert batch.caregiver_present.all()
        np.testing.assert_array_equal(
            batch.social_rewards, batch.social_rewards_by_norm.sum(0, dtype=np.float32)
        )
    return told


def test_peers_sanction_and_learn_on_the_harvest():
    behaviours = (Restraint("overuse", 1.0, praise=0.0), EventNorm("zap", "zap", 1.0))
    peers = SanctioningPeers(classifier=ClassifierNorm(behaviours))
    batch = make_batch("commons_harvest", 8, seed=1, caregiver=peers)
    batch.reset()
    assert batch.norm_names == ("peer_sanction", "classifier_norm")
    told = play(batch, 200)
    by_hand = ClassifierNorm(behaviours)
    by_hand.begin(8, 7)
    for (sanction, learned), events in told:
        np.testing.assert_array_equal(sanction, -events["zapped"].astype(np.float32))
        np.testing.assert_array_equal(learned, by_hand.step(events, np.zeros(8, bool)))
        assert not learned[events["hit"] == 0].any()
    assert sum(events["zapped"].sum() for _, events in told) > 20
    assert any(by_norm[1].any() for by_norm, _ in told)
    assert peers.classifier is not None
    learned = peers.classifier.weights
    batch.reset()  # the next episode: what was learned is kept
    np.testing.assert_array_equal(peers.classifier.weights, learned)
    batch.reset(seed=1)
    assert not peers.classifier.weights.any()
    again = play(batch, 200)
    assert all(a[0].tobytes() == b[0].tobytes() for a, b in zip(again, told, strict=True))


def test_peers_without_a_classifier_only_blame():
    peers = SanctioningPeers(get_norm("peer_sanction", -2), classifier=None)
    batch = Batch(build("commons_harvest"), 4, caregiver=peers)
    batch.reset()
    told = play(batch, 60)
    assert batch.norm_names == ("peer_sanction",)
    assert all((by_norm[0] == -2.0 * events["zapped"]).all() for by_norm, events in told)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ClassifierNorm(()), "behaviours is empty"),
        (lambda: ClassifierNorm((FairShare(),)), r"\['fair_share'\], which read states"),
        (lambda: ClassifierNorm(memory=1.5), "memory is 1.5"),
        (lambda: ClassifierNorm(amount=-1), "amount is -1"),
        (lambda: ClassifierNorm(learning_rate=float("nan")), "learning_rate is nan"),
        (lambda: ClassifierNorm().disapproval(), "call begin"),
        (lambda: SanctioningPeers(FairShare()), "reads events alone"),
        (lambda: make_caregiver(SanctioningPeers(), build("fishery")), "no such event"),
        (
            lambda: ClassifierNorm().check(build("fishery")),
            r"'zapped' and 'hit', but world 'fishery' has no \['zapped', 'hit'\]",
        ),
        (lambda: begun().restore({}), r"expected \['bias', 'recencies', 'weights'\]"),
        (lambda: begun().step(np.zeros((2, 4), EVENTS), GOING_ON), r"events has shape \(2, 4\)"),
    ],
)
def test_bad_input_is_named(make, message):
    with pytest.raises(ConfigError, match=message):
        make()
