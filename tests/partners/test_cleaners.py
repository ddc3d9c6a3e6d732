"""The partners of clean_up: when they clean, eat and zap, by hand-made signals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from situations import EAST, NORTH, SOUTH, WEST, act, arrange, make_scene, places

from prosocial import make_batch
from prosocial.agents.partners import Partner, make_partner, partners
from prosocial.agents.partners.commons.cleaners import Alternator, Unconditional
from prosocial.envs.engine import ConfigError

WORLD = "clean_up"
# Agent 0 stands in the middle and looks south at the waste: it cleans on the spot, walks backwards
# to the apple, or zaps the other one beside it: so its action tells what it is after.
CROSSING = """
    #####
    #.A.#
    #PP.#
    #~W~#
    #####
"""
TELLS = {"CLEAN": "clean", "BACKWARD": "eat", "ZAP": "zap"}
STILL: dict[str, Any] = {"apple_probability": 0.0, "dirt_probability": 0.0}


@pytest.fixture
def crossing():
    return make_scene(WORLD, CROSSING, (2, 2, SOUTH), (2, 1, NORTH), **STILL)


def goals(batch, partner, signals, away=()):
    """Returns what agent 0 is after at each step, given s_t and the steps that it is timed out."""
    found = []
    for t, signal in enumerate(signals):
        batch.state["t"], batch.state["others_cleaned"] = t, signal
        batch.state["away"] = 0
        batch.state["away"][0, 0] = t in away
        action = act(partner, batch)
        found.append("away" if t in away else TELLS[action])
        assert t not in away or action == "NOOP"
    return found


def runs(values):
    """Returns [("eat", 3), ("clean", 2)] for eat eat eat clean clean."""
    found = []
    for value in values:
        if found and found[-1][0] == value:
            found[-1] = (value, found[-1][1] + 1)
        else:
            found.append((value, 1))
    return found


def signal(length, **steps):
    """Returns ``length`` zeros but for the given steps: signal(9, t3=1)."""
    values = np.zeros(length, int)
    for step, value in steps.items():
        values[int(step[1:])] = value
    return values


def test_altruist_and_free_rider_never_change(crossing):
    noise = np.arange(300) % 4
    assert runs(goals(crossing, make_partner("altruist_cleaner"), noise)) == [("clean", 300)]
    assert runs(goals(crossing, make_partner("free_rider"), noise)) == [("eat", 300)]
    assert runs(goals(crossing, Unconditional("zap"), noise)) == [("zap", 300)]


def test_alternators_take_turns(crossing):
    nothing = signal(601)
    expected = [("clean", 200), ("eat", 200), ("clean", 200), ("eat", 1)]
    assert runs(goals(crossing, make_partner("clean_eat_alternator"), nothing)) == expected
    expected = [("eat", 200), ("clean", 200), ("eat", 200), ("clean", 1)]
    assert runs(goals(crossing, make_partner("eat_clean_alternator"), nothing)) == expected
    quick = goals(crossing, make_partner("free_ride_zap_alternator"), signal(100))
    assert runs(quick) == [("eat", 30), ("zap", 30), ("eat", 30), ("zap", 10)]


def test_the_conditional_cleaner_sums_five_signals(crossing):
    def played(threshold, values):
        return runs(goals(crossing, make_partner("reciprocator", threshold=threshold), values))

    assert played(2, signal(200, t10=1, t15=1)) == [("eat", 200)]  # never two within five steps
    # At t = 14 the last five are 1 0 0 0 1; it cleans until 14 + 75.
    assert played(2, signal(200, t10=1, t14=1)) == [("eat", 14), ("clean", 75), ("eat", 111)]
    # One signal of 2 counts at t = 20 .. 24: it cleans until 24 + 75.
    assert played(2, signal(200, t20=2)) == [("eat", 20), ("clean", 79), ("eat", 101)]
    assert played(3, signal(200, t20=2)) == [("eat", 200)]
    assert played(3, signal(200, t20=3)) == [("eat", 20), ("clean", 79), ("eat", 101)]
    assert played(3, np.ones(60, int)) == [("eat", 2), ("clean", 58)]


def test_the_thresholds_by_name(crossing):
    two, three = signal(30, t5=2), signal(30, t5=3)
    for name, values, moved in (
        ("reciprocator", two, True),
        ("suspicious_reciprocator", two, False),
        ("suspicious_reciprocator", three, True),
    ):
        assert ("clean" in goals(crossing, make_partner(name), values)) == moved


def test_the_nice_one_cleans_first(crossing):
    partner = make_partner("nice_reciprocator")
    assert runs(goals(crossing, partner, signal(300))) == [("clean", 200), ("eat", 100)]
    expected = [("clean", 150 + 4 + 75), ("eat", 300 - 229)]  # the signal at 150 lasts to 154
    assert runs(goals(crossing, partner, signal(300, t150=2))) == expected


def test_the_corrigible_one_eats_until_punished_enough(crossing):
    always = np.full(300, 2)
    for name, frames in (
        ("corrigible_reciprocator", 50),
        ("stubborn_reciprocator", 100),
        ("very_stubborn_reciprocator", 150),
    ):
        partner = make_partner(name)
        assert runs(goals(crossing, partner, always)) == [("eat", 300)]
        short = set(range(10, 10 + frames - 1))
        found = goals(crossing, partner, always, away=short)
        assert set(found) == {"eat", "away"}
        # Two sentences add up; the last frame is at step 200.
        long = set(range(10, 10 + frames - 1)) | {200}
        found = runs(goals(crossing, partner, always, away=long))
        assert found[-2:] == [("away", 1), ("clean", 99)]


def test_once_corrected_it_is_a_conditional_cleaner(crossing):
    partner, away = make_partner("corrigible_reciprocator"), set(range(50))
    # The last frame, t = 49, makes it clean until 49 + 75 whatever the others do.
    found = runs(goals(crossing, partner, signal(200), away))
    assert found == [("away", 50), ("clean", 74), ("eat", 76)]
    # Signals before the correction and in time-out are not taken in.
    found = runs(goals(crossing, partner, signal(200, t48=9, t150=1), away))
    assert found == [("away", 50), ("clean", 74), ("eat", 76)]
    found = runs(goals(crossing, partner, signal(300, t150=2), away))
    assert found == [("away", 50), ("clean", 74), ("eat", 26), ("clean", 79), ("eat", 71)]
    # The easily corrected one is moved by a single cleaner.
    easy = make_partner("easily_corrigible_reciprocator")
    found = runs(goals(crossing, easy, signal(300, t150=1), away))
    assert found == [("away", 50), ("clean", 74), ("eat", 26), ("clean", 79), ("eat", 71)]
    # Another zap makes it clean again, until 75 steps after its last frame.
    found = runs(goals(crossing, partner, signal(300, t151=2), away | {150, 151}))
    assert found[2:] == [("eat", 26), ("away", 2), ("clean", 74), ("eat", 74)]


def test_the_sanctioner_zaps_when_nobody_cleans(crossing):
    nice, mean = make_partner("sanctioning_alternator"), make_partner("mean_sanctioning_alternator")
    # The window begins with 50 ones: after 49 zeros, at t = 48, its sum is 1.
    assert runs(goals(crossing, nice, signal(100))) == [("clean", 48), ("zap", 52)]
    assert runs(goals(crossing, mean, signal(100))) == [("eat", 48), ("zap", 52)]
    # Two cleaned steps in every fifty are enough, and it takes turns; the mean one never cleans.
    busy = (np.arange(500) % 25 == 0).astype(int) * 3
    assert runs(goals(crossing, nice, busy)) == [("clean", 200), ("eat", 200), ("clean", 100)]
    assert runs(goals(crossing, mean, busy)) == [("eat", 500)]
    # Angry at t = 48 and 49: it zaps until 49 + 100; turns are counted from the start.
    calmed = np.ones(300, int)
    calmed[:49] = 0
    found = runs(goals(crossing, nice, calmed))
    assert found == [("clean", 48), ("zap", 101), ("clean", 51), ("eat", 100)]


def test_an_episode_begins_anew(crossing):
    for name in sorted(set(partners(WORLD)) - {"policy", "random", "idle"}):
        partner, restarted = make_partner(name), make_partner(name)
        goals(crossing, partner, np.full(70, 3), away=set(range(60)))
        assert goals(crossing, partner, signal(120)) == goals(crossing, restarted, signal(120))


def test_cleaning_on_foot():
    river = """
        ###########
        #P........#
        #.........#
        #....~~~W.#
        #....~~~~.#
        ###########
    """
    batch = make_scene(WORLD, river, (1, 1, NORTH), **STILL)
    partner, taken = make_partner("altruist_cleaner"), []
    while batch.state["waste"][0]:
        taken.append(act(partner, batch))
        batch.step(partner.act(batch))
        assert len(taken) < 12
    assert taken[-1] == "CLEAN"
    assert "TURN_RIGHT" in taken
    for _ in range(3):  # nothing is left to clean
        assert act(partner, batch) not in ("CLEAN", "TURN_LEFT", "TURN_RIGHT")
        batch.step(partner.act(batch))


def test_it_waits_for_its_beam_and_does_not_clean_through_walls(crossing):
    partner = make_partner("altruist_cleaner")
    crossing.state["clean_cooldown"] = 1
    assert act(partner, crossing) == "NOOP"
    crossing.state["clean_cooldown"] = 0
    assert act(partner, crossing) == "CLEAN"
    walled = """
        #####
        #P..#
        ##.##
        #W~.#
        #####
    """
    batch = make_scene(WORLD, walled, (1, 1, SOUTH), **STILL)
    assert act(partner, batch) == "STEP_LEFT"  # south, east is to its left


def test_where_nobody_enters_the_water_it_cleans_from_the_bank():
    bank = """
        #######
        #P....#
        #~~~~~#
        #~~~W~#
        #######
    """
    batch = make_scene(WORLD, bank, (1, 1, NORTH), enter_water=False, **STILL)
    partner = make_partner("altruist_cleaner")
    for _ in range(12):
        batch.step(partner.act(batch))
    assert batch.state["waste"][0] == 0
    assert places(batch)[0][0] == 1


def test_the_hunter_goes_after_somebody():
    hall = """
        ############
        #P........P#
        #..........#
        ############
    """
    batch = make_scene(WORLD, hall, (1, 1, EAST), (1, 10, EAST), **STILL)
    hunter = Alternator("zap", "eat")
    assert act(hunter, batch) == "FORWARD"
    arrange(batch, (1, 7, WEST), (1, 10, EAST))
    assert act(hunter, batch) in ("TURN_LEFT", "TURN_RIGHT")
    arrange(batch, (1, 7, EAST), (1, 10, EAST))
    assert act(hunter, batch) == "ZAP"


def play(name, num_worlds, first=0, steps=80):
    batch = make_batch(WORLD, num_worlds, seed=3, first=first, max_steps=50, min_steps=50)
    batch.reset()
    partner = make_partner(name)
    taken = []
    for _ in range(steps):
        taken.append(partner.act(batch))
        batch.step(taken[-1])
    return np.array(taken)


@pytest.mark.parametrize("name", sorted(set(partners(WORLD)) - {"policy"}))
def test_actions_do_not_depend_on_the_batch(name):
    np.testing.assert_array_equal(play(name, 4)[:, 1:3], play(name, 2, first=1))
    assert isinstance(make_partner(name), Partner)


def test_altruists_make_apples_grow():
    batch = make_batch(WORLD, 2, seed=1, max_steps=600, min_steps=600)
    batch.reset()
    partner = make_partner("clean_eat_alternator")
    for _ in range(399):
        batch.step(partner.act(batch))
    assert batch.state["harvest"].sum(1).min() > 100
    batch.reset(1)
    rider = make_partner("free_rider")
    for _ in range(399):
        batch.step(rider.act(batch))
    assert batch.state["harvest"].sum() == 0


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("reciprocator", {"threshold": 0}, "threshold=0; expected >= 1"),
        ("reciprocator", {"nice_steps": -1}, "nice_steps=-1; expected >= 0"),
        ("corrigible_reciprocator", {"punishments": 0}, "punishments=0"),
        ("clean_eat_alternator", {"block": 0}, "block=0"),
        ("clean_eat_alternator", {"first": "sleep"}, "no goal 'sleep'; expected one of clean"),
    ],
)
def test_wrong_options(name, options, message):
    with pytest.raises(ConfigError, match=message):
        make_partner(name, **options)


def test_heading_matters_for_relative_moves_only(crossing):
    rider = make_partner("free_rider")
    for heading, move in ((NORTH, "FORWARD"), (EAST, "STEP_LEFT"), (WEST, "STEP_RIGHT")):
        arrange(crossing, (2, 2, heading), (2, 1, NORTH))
        assert act(rider, crossing) == move
