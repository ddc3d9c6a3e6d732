"""The partners of fishery, pasture and pollution: what they demand, and what becomes of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from prosocial import make_batch
from prosocial.agents.partners import Partner, Population, make_partner, partners
from prosocial.envs.engine import ConfigError

WORLDS = ("fishery", "pasture", "pollution")
OPTIONS = {
    "fixed_demand": {"amount": 7},
    "fraction_demand": {"share": 0.25},
    "sustainable_demand": {},
    "greedy_demand": {},
    "conditional_cooperator": {},
}


def start(num_worlds=1, world="fishery", first=0, **config):
    batch = make_batch(world, num_worlds, seed=2, first=first, **config)
    batch.reset()
    return batch


def play(batch, partner):
    """Plays one episode of world 0; returns the demands of its agents, round by round."""
    partner.reset(0)
    taken = []
    while not batch.done[0]:
        taken.append(partner.act(batch))
        batch.step(taken[-1])
    return np.array(taken)[:, 0].tolist()


@pytest.mark.parametrize("world", WORLDS)
@pytest.mark.parametrize("name", OPTIONS)
def test_each_is_a_partner_in_the_three_worlds(name, world):
    assert name in partners(world)
    assert name not in partners("clean_up")
    partner = make_partner(name, **OPTIONS[name])
    assert isinstance(partner, Partner)
    batch = start(3, world)
    actions = partner.act(batch)
    assert actions.shape == (3, 5)
    assert actions.dtype == np.int64
    batch.step(actions)  # they are valid


@pytest.mark.parametrize(("stock", "expected"), [(100, [7, 25, 10, 100]), (37, [7, 9, 3, 37])])
def test_what_the_simple_ones_demand_of_a_stock(stock, expected):
    batch = start(2, initial_stock=stock)
    for (name, options), units in zip(OPTIONS.items(), expected, strict=False):
        actions = make_partner(name, **options).act(batch)
        assert (actions == units).all(), name


def test_they_read_the_stock_of_each_world():
    batch = start(2)
    batch.step([[10] * 5, [11] * 5])  # 100 and 90 are there next
    for name, expected in (
        ("sustainable_demand", [10, 9]),
        ("greedy_demand", [100, 90]),
        ("fraction_demand", [25, 22]),
    ):
        actions = make_partner(name, **OPTIONS[name]).act(batch)
        assert actions.tolist() == [[units] * 5 for units in expected], name


def test_no_demand_is_above_what_the_world_allows():
    batch = start(capacity=20)
    assert (make_partner("fixed_demand", amount=21).act(batch) == 20).all()
    assert (make_partner("fixed_demand", amount=0).act(batch) == 0).all()
    for share, units in ((0, 0), (1, 20)):
        assert (make_partner("fraction_demand", share=share).act(batch) == units).all()


@pytest.mark.parametrize(
    ("name", "options", "months", "gain"),
    [
        ("fixed_demand", {"amount": 10}, 12, 600),
        ("fixed_demand", {"amount": 11}, 4, 195),
        ("fraction_demand", {"share": 0.1}, 12, 600),
        ("sustainable_demand", {}, 12, 600),
        ("greedy_demand", {}, 1, 100),
        ("conditional_cooperator", {}, 12, 600),
    ],
)
def test_a_group_of_one_kind(name, options, months, gain):
    batch = start()
    batch.auto_reset = False
    assert len(play(batch, make_partner(name, **options))) == months
    assert batch.state["total"].sum() == gain


def test_the_threshold_is_of_those_who_take_part():
    batch = start(newcomer_round=2, max_rounds=4)
    taken = play(batch, make_partner("sustainable_demand"))
    # 52 are left of 100 with four at 12, which grows back to 100; the newcomer's share is 10.
    assert [demands[0] for demands in taken] == [12, 12, 10, 10]


def test_the_conditional_one_cooperates_until_another_takes_more():
    partner, batch = make_partner("conditional_cooperator"), start(2)
    for _ in range(3):
        assert (partner.act(batch) == 10).all()
        batch.step(np.full((2, 5), 10))
    # In world 1 agent 3 takes 11 of 100; it sees no other above the line, the rest see it.
    batch.step([[10] * 5, [10, 10, 10, 11, 10]])
    assert partner.act(batch).tolist() == [[10] * 5, [98, 98, 98, 9, 98]]
    # With two above the line each of them sees another.
    batch = start()
    batch.step([[10, 11, 10, 11, 10]])
    assert partner.act(batch).tolist() == [[96] * 5]
    # After a round in which nobody did, it cooperates again.
    batch.step([[9] * 5])
    assert partner.act(batch).tolist() == [[10] * 5]


def test_the_conditional_one_forgives_in_a_new_episode():
    partner, batch = make_partner("conditional_cooperator"), start()
    batch.step([[10, 11, 10, 10, 10]])
    assert (partner.act(batch) == 98).sum() == 4
    batch.step([[98] * 5])
    assert batch.done[0]
    assert (partner.act(batch) == 10).all()


def test_what_was_only_demanded_provokes_nobody():
    # f is 99, 49 each: agent 1 asks for more than that, but the lots leave it with less.
    partner = make_partner("conditional_cooperator")
    batch = start(num_agents=2, growth=250, allocation="proportional", collapse_below=0)
    batch.step([[100, 50]])
    assert batch.events["over_demand"].tolist() == [[1, 1]]
    assert batch.events["over"].tolist() == [[1, 0]]
    batch.state["stock"], batch.state["threshold"] = 100, 49
    assert partner.act(batch).tolist() == [[49, 100]]


def test_one_greedy_newcomer_undoes_a_village():
    members = {k: make_partner("sustainable_demand") for k in range(4)}
    config: dict[str, Any] = {"newcomer_round": 3, "max_rounds": 15}
    batch = start(1000, **config)
    village = Population({**members, 4: make_partner("greedy_demand")})
    lengths = np.zeros(1000, int)
    for month in range(1, 6):
        batch.step(village.act(batch))
        lengths[batch.done & (lengths == 0)] = month
    assert (lengths == 4).all()
    peaceful = Population({**members, 4: make_partner("sustainable_demand")})
    assert len(play(start(**config), peaceful)) == 15


@pytest.mark.parametrize("name", OPTIONS)
def test_actions_do_not_depend_on_the_batch(name):
    def taken(num_worlds, first=0):
        batch = start(num_worlds, first=first)
        actions, partner = [], make_partner(name, **OPTIONS[name])
        rng = np.random.default_rng(3)
        for _ in range(10):
            actions.append(partner.act(batch))
            batch.step(rng.integers(0, 25, (6, 5))[first : first + num_worlds])
        return np.array(actions)

    np.testing.assert_array_equal(taken(6)[:, 2:4], taken(2, first=2))


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("fixed_demand", {"amount": -1}, "amount=-1; expected an integer >= 0"),
        ("fixed_demand", {}, "missing a required argument: 'amount'"),
        ("fixed_demand", {"amount": 2.5}, "amount=2.5; expected an integer"),
        ("fraction_demand", {"share": 1.5}, r"share=1.5; expected a number in \[0, 1\]"),
        ("fraction_demand", {"share": -0.1}, "share=-0.1"),
        ("fraction_demand", {"share": float("nan")}, "share=nan"),
        ("greedy_demand", {"amount": 3}, "has no option 'amount'"),
    ],
)
def test_wrong_options(name, options, message):
    with pytest.raises(ConfigError, match=message):
        make_partner(name, **options)


@pytest.mark.parametrize("name", OPTIONS)
def test_another_world_is_refused(name):
    batch = make_batch("caregiver_grid", 1, seed=0)
    batch.reset()
    with pytest.raises(ConfigError, match="acts in world 'fishery' or 'pasture' or 'pollution'"):
        make_partner(name, **OPTIONS[name]).act(batch)


def test_a_share_that_gives_a_whole_number_is_not_rounded_down_below_it():
    assert (make_partner("fraction_demand", share=0.29).act(start()) == 29).all()
