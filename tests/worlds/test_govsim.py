"""The rules of fishery, pasture and pollution, clause by clause, by playing the world."""

import numpy as np
import pytest

from prosocial.analysis import outcomes
from prosocial.envs.engine import ActionError, Batch, build
from prosocial.envs.worlds.govsim import STORIES, rules

SUSTAINABLE = "the threshold"


def start(num_worlds=1, story="fishery", seed=3, **config):
    """Returns a batch that keeps an ended world as it is."""
    batch = Batch(build(story, **config), num_worlds, seed=seed, auto_reset=False)
    batch.reset()
    return batch


def demand(batch, *demands):
    """Plays one round with the same demands in every world; one number is for all agents."""
    batch.step(np.broadcast_to(demands, (batch.num_worlds, batch.num_agents)))
    return batch


def play(batch, demands):
    """Plays world 0 to its end; returns catches (m, N), stock before and after harvests (m,)."""
    catches, before, after = [], [], []
    while not batch.done[0]:
        before.append(int(batch.state["stock"][0]))
        given = batch.state["threshold"][0] if demands is SUSTAINABLE else demands
        demand(batch, *np.atleast_1d(given))
        catches.append(batch.events["obtained"][0].tolist())
        after.append(int(batch.state["left"][0]))
    return np.array(catches), np.array(before), np.array(after)


@pytest.mark.parametrize("story", STORIES)
@pytest.mark.parametrize(
    ("demands", "months", "gain", "efficiency", "equality", "over", "last"),
    [
        (20, 1, 20, 1 / 6, 1.0, 1.0, 0),
        (10, 12, 120, 1.0, 1.0, 0.0, 50),
        (9, 12, 108, 0.9, 1.0, 0.0, 55),
        (11, 4, 39, 0.325, None, None, 0),  # the lots of the fourth month decide the rest
        (0, 12, 0, 0.0, np.nan, 0.0, 100),
        ((14, 9, 9, 9, 9), 12, 120, 1.0, 0.92, 0.2, 50),
        (SUSTAINABLE, 12, 120, 1.0, 1.0, 0.0, 50),
    ],
)
def test_equal_demands_give_the_known_outcomes(
    story, demands, months, gain, efficiency, equality, over, last
):
    batch = start(story=story)
    catches, before, after = play(batch, demands)
    gains = outcomes.total_gain(catches)
    assert len(catches) == outcomes.survival_months(after) == months
    assert after[-1] == batch.state["stock"][0] == last
    assert gains.mean() == gain
    assert np.array_equal(batch.state["total"][0], gains)
    assert outcomes.harvest_efficiency(gains) == pytest.approx(efficiency)
    assert batch.terminated[0] == (months < 12)
    assert batch.truncated[0] == (months == 12)
    if equality is not None:
        assert outcomes.equality(gains) == pytest.approx(equality, nan_ok=True)
        assert outcomes.over_usage(catches, before) == pytest.approx(over)


def test_the_stock_of_demands_of_eleven_month_by_month():
    _, before, after = play(start(), 11)
    assert before.tolist() == [100, 90, 70, 30]
    assert after.tolist() == [45, 35, 15, 0]


@pytest.mark.parametrize(
    ("stock", "group"), [(100, 50), (99, 49), (51, 25), (50, 25), (11, 5), (10, 5), (5, 2)]
)
def test_threshold_spot_checks(stock, group):
    # Until a newcomer joins, the first of two agents is the whole group.
    batch = start(num_agents=2, newcomer_round=1, initial_stock=stock)
    assert batch.state["threshold"][0] == group == outcomes.sustainable_yield(stock)
    assert start(initial_stock=stock).state["threshold"][0] == group // 5


@pytest.mark.parametrize("growth", [1, 1.1, 1.4, 1.5, 2.0, 2.5, 3, 250])
def test_the_threshold_is_the_most_that_grows_back(growth):
    hundredths = round(100 * growth)  # whole numbers: nothing is lost to binary fractions
    for stock in range(101):
        lasting = [x for x in range(stock + 1) if hundredths * (stock - x) // 100 >= stock]
        assert rules.threshold(stock, 1, float(growth)) == max(lasting)
        assert rules.threshold(stock, 3, float(growth)) == max(lasting) // 3
        assert outcomes.sustainable_yield(stock, growth) == max(lasting)
        assert rules.regrow(stock, 250, float(growth)) == min(250, hundredths * stock // 100)


def test_five_left_go_on_and_four_are_a_collapse():
    batch = demand(start(), 19)
    assert (batch.state["left"][0], batch.state["stock"][0]) == (5, 10)
    assert not batch.done[0]
    assert not batch.events["collapse"].any()
    # Four would have grown to eight, above the line: the test comes before regrowth.
    batch = demand(start(), 20, 19, 19, 19, 19)
    assert (batch.state["left"][0], batch.state["stock"][0]) == (4, 4)
    assert batch.terminated[0]
    assert not batch.truncated[0]
    assert batch.events["collapse"].all()
    assert batch.rewards[0].tolist() == [20, 19, 19, 19, 19]  # the last catch still pays


def test_another_line_of_collapse_and_none():
    assert not demand(start(collapse_below=50), 10).done[0]
    assert demand(start(collapse_below=51), 10).terminated[0]
    batch = start(collapse_below=0, max_rounds=3)
    for _ in range(2):
        assert not demand(batch, 100).done[0]  # an empty stock stays empty
    assert demand(batch, 100).truncated[0]
    assert batch.state["total"].sum() == 100


def test_the_last_round_is_cut_off_without_regrowth_but_a_collapse_in_it_is_a_collapse():
    batch = demand(start(max_rounds=1), 10)
    assert batch.truncated[0]
    assert not batch.terminated[0]
    assert (batch.state["stock"][0], batch.state["t"][0]) == (50, 1)
    assert batch.observations[0, 0, 0, :3, 0].tolist() == [50, 1, 5]
    assert demand(start(max_rounds=1), 20).terminated[0]


def test_regrowth_doubles_up_to_the_capacity():
    assert demand(start(), 11).state["stock"][0] == 90
    assert demand(start(), 9).state["stock"][0] == 100
    assert demand(start(initial_stock=30), 0).state["stock"][0] == 60
    # 90 are left; 1.4 * 90 is 125.99999999999999 in floating point.
    assert demand(start(growth=1.4, capacity=200, initial_stock=95), 1).state["stock"][0] == 126


def test_reward_is_of_the_round_and_by_the_unit():
    batch = start(reward_per_unit=0.5)
    for given in ((14, 9, 9, 9, 9), (0, 1, 2, 3, 4)):
        assert demand(batch, *given).rewards[0].tolist() == [units / 2 for units in given]
    assert batch.state["total"][0].tolist() == [14, 10, 11, 12, 13]


def test_demands_within_the_stock_are_met_to_the_last_unit():
    batch = demand(start(), 96, 1, 1, 1, 1)
    assert batch.state["catch"][0].tolist() == [96, 1, 1, 1, 1]
    assert not batch.events["rationed"].any()


def test_proportional_shares_are_rounded_by_largest_remainder():
    config = {"allocation": "proportional", "initial_stock": 10}
    # Shares 5.71 2.29 1.14 0.57 0.29: whole parts 5 2 1 0 0, remainders .71 .29 .14 .57 .29.
    batch = demand(start(**config), 20, 8, 4, 2, 1)
    assert batch.state["catch"][0].tolist() == [6, 2, 1, 1, 0]
    # The demands count as they are, above the stock as well: 10 * 100 / 250 = 4, 10 * 50 / 250 = 2.
    batch = demand(start(**config), 50, 100, 0, 50, 50)
    assert batch.state["catch"][0].tolist() == [2, 4, 0, 2, 2]
    # Ties go by lot: 10 / 4 = 2.5 each, so two of four get 3, the fifth nothing.
    batch = demand(start(600, **config), 25, 25, 0, 25, 25)
    catch = batch.state["catch"]
    assert (np.sort(catch, axis=1) == [0, 2, 2, 3, 3]).all()
    assert np.abs((catch == 3).mean(axis=0) - [0.5, 0.5, 0, 0.5, 0.5]).max() < 4 * 0.5 / 600**0.5


def test_events_tell_what_was_asked_obtained_and_exceeded():
    batch = demand(start(), 10, 11, 0, 30, 49)
    told = {name: batch.events[name][0].tolist() for name in batch.world.event_names}
    assert told == {
        "demand": [10, 11, 0, 30, 49],
        "obtained": [10, 11, 0, 30, 49],
        "over": [0, 1, 0, 1, 1],
        "over_demand": [0, 1, 0, 1, 1],
        "rationed": [0] * 5,
        "collapse": [1] * 5,
    }
    # f is 99 here, 49 each; agent 1 wanted too much but did not get it.
    batch = demand(start(allocation="proportional", num_agents=2, growth=250), 100, 50)
    told = {name: batch.events[name][0].tolist() for name in batch.world.event_names}
    assert told["obtained"] == [67, 33]
    assert told["over"] == batch.state["over"][0].tolist() == [1, 0]
    assert told["over_demand"] == told["rationed"] == [1, 1]


def test_events_and_flags_are_of_the_threshold_before_the_harvest():
    batch = demand(start(), 11)  # 90 are there next, 9 each
    assert demand(batch, 9, 10, 9, 9, 9).events["over"][0].tolist() == [0, 1, 0, 0, 0]
    assert batch.state["threshold"][0] == 8  # of 88


def test_the_newcomer_joins_after_its_rounds():
    batch = start(newcomer_round=3, max_rounds=15, catches="each")
    for _ in range(3):
        assert batch.state["active"][0].tolist() == [1, 1, 1, 1, 0]
        assert batch.state["threshold"][0] == 12  # 50 for four
        assert not batch.observations[0, 4].any()
        demand(batch, 12, 12, 13, 13, 100)  # what it demands counts for nothing
        assert batch.state["catch"][0].tolist() == [12, 12, 13, 13, 0]
        assert batch.events["demand"][0].tolist() == [12, 12, 13, 13, 0]
        assert batch.events["over"][0].tolist() == [0, 0, 1, 1, 0]
        assert not batch.events["rationed"].any()
        assert batch.rewards[0, 4] == 0
    assert batch.state["active"].all()
    assert batch.state["threshold"][0] == 10  # 50 for five: GovSim goes on dividing by four
    assert batch.observations[0, 4, 0, :, 0].tolist() == [100, 3, 10, 0, 12, 12, 13, 13]
    for played in range(4, 16):
        assert not batch.done[0]
        assert demand(batch, 10).state["t"][0] == played
    assert batch.truncated[0]
    assert batch.state["total"][0, 4] == 120


def test_a_collapse_before_the_newcomer_is_told_to_it_too():
    batch = demand(start(newcomer_round=3), 25)
    assert batch.terminated[0]
    assert batch.events["collapse"].all()


def test_a_new_episode_starts_anew():
    batch = Batch(build("fishery", newcomer_round=2), 1, seed=1)
    batch.reset()
    for _ in range(2):
        demand(batch, 13)
    assert batch.state["active"].all()
    demand(batch, 100)
    assert batch.done[0]
    state = batch.state[0]
    assert (state["stock"], state["left"], state["threshold"], state["t"]) == (100, 100, 12, 0)
    assert state["active"].tolist() == [1, 1, 1, 1, 0]
    for field in ("demand", "catch", "total", "over"):
        assert not state[field].any(), field
    assert batch.final_observations[0, 0, 0, :2, 0].tolist() == [0, 3]


@pytest.mark.parametrize(
    ("catches", "seen"),
    [
        ("none", [[], [], []]),
        # The mean of 4 and 9 is 6.5, rounded up; of 3 and 9 it is 6; of 3 and 4 it is 3.5.
        ("summary", [[7, 9], [6, 9], [4, 4]]),
        ("each", [[4, 9], [9, 3], [3, 4]]),
    ],
)
def test_observations_hold_the_numbers_that_an_agent_may_know(catches, seen):
    batch = start(num_agents=3, catches=catches)
    width = 4 + len(seen[0])
    assert batch.observations.shape == (1, 3, 1, width, 1)
    assert batch.observations[0, :, 0, :, 0].tolist() == [[100, 0, 16] + [0] * (width - 3)] * 3
    demand(batch, 3, 4, 9)  # 84 are left
    demand(batch, 3, 4, 9)
    expected = [[100, 2, 16, own, *others] for own, others in zip((3, 4, 9), seen, strict=True)]
    assert batch.observations[0, :, 0, :, 0].tolist() == expected
    demand(batch, 12, 14, 34)  # 40 are left, 80 there next, 13 for each of three
    assert batch.observations[0, 2, 0, :4, 0].tolist() == [80, 3, 13, 34]


def test_the_mean_of_the_others_is_over_those_who_harvested():
    batch = start(num_agents=3, newcomer_round=1)
    demand(batch, 10, 20, 0)
    # The newcomer is there now, but was not in the round whose catches are seen.
    assert batch.observations[0, :, 0, 3:, 0].tolist() == [[10, 20, 20], [20, 10, 10], [0, 15, 20]]
    demand(batch, 10, 20, 0)
    assert batch.observations[0, :, 0, 3:, 0].tolist() == [[10, 10, 20], [20, 5, 10], [0, 15, 20]]


def test_the_largest_numbers_fit_into_a_byte():
    batch = start(capacity=250, num_agents=2, max_rounds=255, growth=1)
    demand(batch, 250, 0)
    assert batch.world.observation_codes == 256
    assert batch.events["obtained"][0].tolist() == [250, 0]
    assert batch.observations[0, 1, 0, :, 0].tolist() == [0, 1, 0, 0, 250, 250]


def test_sixty_four_agents():
    batch = demand(start(num_agents=64, capacity=250, catches="each"), 250)
    assert batch.observations.shape == (1, 64, 1, 67, 1)
    assert batch.events["demand"].tolist() == [[250] * 64]
    assert batch.state["catch"].sum() == 250


@pytest.mark.parametrize(
    ("actions", "message"),
    [
        ([[0, 0, 0, 101, 0]], r"actions\[0, 3\] is 101; expected an integer in \[0, 101\)"),
        ([[-1, 0, 0, 0, 0]], r"actions\[0, 0\] is -1"),
        ([[0, 0, 0, 0]], r"shape \(1, 4\); expected \(1, 5\)"),
        ([[0.5, 0, 0, 0, 0]], "dtype float64; expected integers"),
    ],
)
def test_impossible_demands_are_refused_and_change_nothing(actions, message):
    batch = start()
    before = batch.state.tobytes()
    with pytest.raises(ActionError, match=message):
        batch.step(actions)
    assert batch.state.tobytes() == before
