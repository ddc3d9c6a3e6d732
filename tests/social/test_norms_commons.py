"""The norms of the commons: by hand on made-up events, then on the worlds themselves."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from prosocial.envs.engine import Batch, ConfigError, build
from prosocial.envs.social import (
    Caregiver,
    CleanShare,
    FairShare,
    Norm,
    Restraint,
    Universalization,
    get_norm,
    make_caregiver,
    norms,
)

NAMES = (
    "restraint", "cleaning", "clean_share", "no_zapping", "fair_share", "universalization",
    "peer_sanction",
)  # fmt: skip
FISHERY = ("demand", "obtained", "over", "over_demand", "rationed", "collapse")


def happened(num_agents, names=(), **columns):
    """Events of one world; columns by name, the others 0."""
    names = [*dict.fromkeys([*names, *columns])]
    events = np.zeros((1, num_agents), [(name, "u1") for name in names])
    for name, values in columns.items():
        events[name][0] = values
    return events


def rounds(stock, threshold, active, total):
    """State of one world of the fishery before a round."""
    n = len(active)
    dtype = [("stock", "i4"), ("threshold", "i4"), ("active", "u1", (n,)), ("total", "i4", (n,))]
    states = np.zeros(1, dtype)
    states["stock"], states["threshold"] = stock, threshold
    states["active"][0], states["total"][0] = active, total
    return states


def scores(norm, events, before=None):
    given = norm.score(events, before, before)
    assert given.dtype == np.float32
    assert given.shape == events.shape
    return given[0].tolist()


def test_they_are_registered_and_fit_their_worlds():
    assert set(NAMES) <= set(norms())
    for name in NAMES:
        assert isinstance(get_norm(name), Norm)
        assert get_norm(name).name == name
    for world, fitting in (
        ("commons_harvest", set(NAMES) - {"cleaning", "clean_share"}),
        ("clean_up", set(NAMES) - {"restraint", "universalization"}),
        ("fishery", {"restraint", "fair_share", "universalization"}),
    ):
        for name in NAMES:
            if name in fitting:
                get_norm(name).check(build(world))
            else:
                with pytest.raises(ConfigError, match=f"Norm '{name}'.*'{world}'"):
                    get_norm(name).check(build(world))


def test_restraint_blames_the_sparse_apple_and_praises_passing_it_by():
    norm = Restraint(amount=-1.5, k=2, praise=0.25)
    events = happened(
        7,
        ate=[1, 1, 1, 0, 0, 0, 0],
        ate_neighbours=[0, 1, 2, 0, 0, 0, 0],
        spared=[0, 0, 0, 0, 1, 2, 3],  # 1 + the fewest neighbours: 0, 1, 2
    )
    assert scores(norm, events) == [-1.5, -1.5, 0, 0, 0.25, 0.25, 0]
    assert scores(dataclasses.replace(norm, k=0), events) == [0] * 7
    assert scores(norm.scaled(-4), events) == [-4, -4, 0, 0, 0.25, 0.25, 0]


def test_by_default_a_violation_does_not_pay():
    events = happened(1, ate=[1], ate_neighbours=[2], spared=[0])
    assert scores(get_norm("restraint"), events) == [-2]  # of the apple's +1
    assert scores(get_norm("restraint", k=2), events) == [0]
    assert 1000 * get_norm("restraint").praise < 30  # type: ignore[attr-defined]


def test_restraint_in_the_fishery_blames_the_round_or_the_unit():
    events = happened(3, FISHERY, demand=[10, 11, 15], over_demand=[0, 1, 1])
    before = rounds(100, 10, [1, 1, 1], [0, 0, 0])
    assert scores(Restraint(amount=-2), events) == [0, -2, -2]
    assert scores(Restraint(amount=-2, graded=True), events, before) == [0, -2, -10]
    with pytest.raises(ConfigError, match="restraint score states"):
        Restraint(graded=True).score(events, None, None)


def test_universalization_asks_what_is_left_if_everybody_takes_one():
    events = happened(4, ate=[1, 1, 1, 0], ate_neighbours=[2, 3, 4, 0])
    # Of m neighbours the three others would leave m - 3; one must remain.
    assert scores(Universalization(graded=False), events) == [-2, -2, 0, 0]
    assert scores(Universalization(graded=False, keep=0), events) == [-2, 0, 0, 0]
    assert scores(Universalization(graded=False, amount=-1, keep=2), events) == [-1, -1, -1, 0]


def test_universalization_in_the_fishery_is_the_sustainable_share():
    demand = np.arange(0, 16)
    over = demand * 5 > 100 // 2  # everybody takes it, and the doubled rest is less than the stock
    events = happened(16, FISHERY, demand=demand, over_demand=over)
    before = rounds(100, 10, [1] * 16, [0] * 16)
    expected = np.where(over, -2.0 * (demand - 10), 0)
    assert scores(Universalization(), events, before) == expected.tolist()
    assert scores(Universalization(graded=False), events) == np.where(over, -2.0, 0).tolist()


def test_fair_share_blames_taking_more_while_above_the_mean():
    before = np.zeros(1, [("harvest", "i4", (4,))])
    before["harvest"] = [[5, 3, 2, 2]]  # mean 3
    events = happened(4, ate=[1, 1, 1, 0])
    assert scores(FairShare(), events, before) == [-2, 0, 0, 0]
    assert scores(FairShare(tolerance=2), events, before) == [0, 0, 0, 0]
    assert scores(FairShare(tolerance=1.5, amount=-1), events, before) == [-1, 0, 0, 0]
    assert scores(FairShare(), happened(4, ate=[0] * 4), before) == [0, 0, 0, 0]
    before["harvest"] = 0
    assert scores(FairShare(), events, before) == [0, 0, 0, 0]  # the first apple is free


def test_fair_share_of_units_leaves_the_newcomer_out_of_the_mean():
    events = happened(3, FISHERY, demand=[9, 9, 0], obtained=[7, 6, 0])
    before = rounds(100, 10, [1, 1, 0], [12, 10, 0])
    assert scores(FairShare(), events, before) == [-14, 0, 0]  # mean of the two: 11
    before = rounds(100, 10, [1, 1, 1], [12, 10, 0])
    assert scores(FairShare(), events, before) == [-14, -12, 0]


def test_clean_share_is_own_count_against_the_equal_share():
    norm = CleanShare(amount=0.5)
    steps = [[2, 0, 0, 2], [0, 0, 1, 3], [0, 0, 0, 0]]
    given = [scores(norm, happened(4, cleaned=step)) for step in steps]
    assert given[0] == [0.5, -0.5, -0.5, 0.5]
    assert given[2] == [0, 0, 0, 0]
    own, share = np.sum(steps, 0), np.sum(steps) / 4
    np.testing.assert_allclose(np.sum(given, 0), 0.5 * (own - share))


def test_the_norms_of_single_events():
    events = happened(2, cleaned=[3, 0], zap=[1, 0], hit=[2, 0], zapped=[0, 1])
    assert scores(get_norm("cleaning"), events) == pytest.approx([1.2, 0])
    assert scores(get_norm("no_zapping"), events) == [-1, 0]
    assert scores(get_norm("no_zapping", -0.5, event="hit"), events) == [-1, 0]
    assert scores(get_norm("peer_sanction", -3), events) == [0, -3]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: get_norm("restraint", kk=1), "'restraint' has no option 'kk'.*Did you mean 'k'"),
        (lambda: get_norm("cleaning", k=1), "'cleaning' has no option 'k'. Known: amount, event"),
        (lambda: get_norm("restraint", k=-1), "'restraint': k is -1; expected an integer >= 0"),
        (lambda: get_norm("restraint", k=1.5), "k is 1.5"),
        (lambda: get_norm("restraint", praise="a lot"), "praise is 'a lot'; expected a finite"),
        (lambda: get_norm("restraint", graded=1), "graded is 1; expected True or False"),
        (lambda: get_norm("universalization", keep=True), "keep is True"),
        (lambda: get_norm("fair_share", tolerance=-1), "tolerance is -1; .* number >= 0"),
        (lambda: get_norm("no_zapping", event=3), "event is 3; expected the name"),
        (
            lambda: get_norm("no_zapping", event="zapp").check(build("commons_harvest")),
            "Did you mean 'zap'",
        ),
        (
            lambda: make_caregiver("restraint", build("caregiver_grid")),
            "'restraint' needs the events ate and ate_neighbours and spared, or demand and "
            "over_demand, but world 'caregiver_grid' has goal",
        ),
    ],
)
def test_bad_options_and_worlds_are_named(make, message):
    with pytest.raises(ConfigError, match=message):
        make()


def test_a_world_without_the_harvest_of_each_agent_is_refused():
    world = build("commons_harvest")
    bare = np.dtype([field for field in world.state_dtype.descr if field[0] != "harvest"])
    with pytest.raises(ConfigError, match="'fair_share' reads 'harvest'"):
        get_norm("fair_share").check(dataclasses.replace(world, state_dtype=bare))


@pytest.mark.parametrize(
    ("world", "default"),
    [
        ("commons_harvest", "restraint"),
        ("clean_up", "cleaning"),
        ("fishery", "universalization"),
        ("pasture", "universalization"),
        ("pollution", "universalization"),
    ],
)
def test_the_default_norms_of_the_worlds(world, default):
    caregiver = make_caregiver("default", build(world))
    assert caregiver == Caregiver((get_norm(default),))


def live(world, caregiver, steps=300, num_worlds=8, num_actions=7, **config):
    """Random play without zapping; yields the batch after each step."""
    built = build(world, **config)
    batch = Batch(
        built, num_worlds, seed=5, caregiver=make_caregiver(caregiver, built), track_states=True
    )
    batch.reset()
    rng = np.random.default_rng(0)
    for _ in range(steps):
        batch.step(rng.integers(0, num_actions, (num_worlds, batch.num_agents)))
        yield batch


def test_restraint_and_universalization_on_the_harvest():
    caregiver = {"norms": {"restraint": {"k": 3, "praise": 0.5}, "universalization": -1}}
    rewards, blamed, allowed, praised = 0.0, 0, 0, 0
    for batch in live("commons_harvest", caregiver):
        ate, live_around = batch.events["ate"], batch.events["ate_neighbours"]
        before = batch.before
        assert before is not None
        grown = before["stock"] - ate.sum(1)
        assert (batch.after()["stock"] >= grown).all()
        blame, universal = batch.social_rewards_by_norm
        np.testing.assert_array_equal(blame < 0, (ate == 1) & (live_around < 3))
        np.testing.assert_array_equal(universal < 0, (ate == 1) & (live_around < 7))
        rewards += batch.rewards.sum()
        blamed += (blame == -2).sum()
        allowed += ((ate == 1) & (blame == 0)).sum()
        praised += (blame == 0.5).sum()
    assert rewards > 100
    assert min(blamed, allowed, praised) > 20


def test_fair_share_on_the_harvest_reads_the_episode():
    blamed = 0
    for batch in live("commons_harvest", "fair_share"):
        assert batch.before is not None
        harvest = batch.before["harvest"]
        above = harvest > harvest.mean(1, keepdims=True) + 1e-9
        expected = np.where((batch.events["ate"] == 1) & above, np.float32(-2), 0)
        np.testing.assert_array_equal(batch.social_rewards, expected)
        blamed += (expected < 0).sum()
    assert blamed > 20


def test_cleaning_and_peers_in_clean_up():
    caregiver = {"norms": {"cleaning": 0.4, "clean_share": 0.4, "peer_sanction": -1}}
    cleaned = zapped = 0
    for batch in live("clean_up", caregiver, num_actions=9):
        events = batch.events
        by_cell, share, sanction = batch.social_rewards_by_norm
        np.testing.assert_array_equal(by_cell, events["cleaned"] * np.float32(0.4))
        np.testing.assert_allclose(share.sum(1), 0, atol=1e-5)
        np.testing.assert_array_equal(sanction, -events["zapped"].astype(np.float32))
        cleaned += events["cleaned"].sum()
        zapped += events["zapped"].sum()
    assert cleaned > 0
    assert zapped > 0


def test_universalization_in_the_real_fishery():
    blamed = 0
    for batch in live("fishery", "default", steps=60, num_actions=21):
        before, demand = batch.before, batch.events["demand"].astype(int)
        assert before is not None
        number = before["active"].sum(1, dtype=int)[:, None]
        survives = demand * number <= before["stock"][:, None] // 2
        np.testing.assert_array_equal(batch.social_rewards == 0, survives)
        excess = demand - before["threshold"][:, None]
        np.testing.assert_array_equal(batch.social_rewards[~survives], -2.0 * excess[~survives])
        blamed += (~survives).sum()
    assert blamed > 20
