"""The partners of commons_harvest: each rule on a small map."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from situations import EAST, NORTH, SOUTH, WEST, act, arrange, make_scene, places

from prosocial import make_batch
from prosocial.agents.partners import Partner, make_partner, partners
from prosocial.agents.partners.commons import Harvester
from prosocial.envs.engine import ConfigError

WORLD = "commons_harvest"
ROOM = """
    #######
    #PPPPP#
    #.....#
    #..A..#
    #.....#
    #######
"""
BARREN = {"regrowth": (0.0,), "max_steps": 10**6, "min_steps": 10**6}


@pytest.mark.parametrize("moves", ["relative", "absolute"])
@pytest.mark.parametrize("heading", [NORTH, EAST, SOUTH, WEST])
def test_it_takes_a_shortest_way_to_the_nearest_apple(moves, heading):
    maze = """
        #########
        #P#...#A#
        #.#.#.#.#
        #...#...#
        ####.####
        ###A.####
        #########
    """
    batch = make_scene(WORLD, maze, (1, 1, heading), moves=moves, **BARREN)
    partner, steps = make_partner("greedy_harvester"), 0
    while batch.state["stock"][0] > 1:
        batch.step(partner.act(batch))
        steps += 1
        assert not batch.events["bump"].any()
        assert steps < 20
    # Two steps south, two east, two north, two east, two south, and on to (1, 7): 14 steps.
    assert steps == 14
    assert places(batch)[0] == (1, 7)
    assert batch.state["stock"][0] == 1  # the apple behind the wall was nearer as the crow flies


def test_greedy_takes_all_and_restrained_leaves_the_last_ones():
    patch = """
        #########
        #P......#
        #..AAA..#
        #..AAA..#
        #.......#
        #########
    """
    left = {}
    for least in (0, 1, 2, 3, 6):
        batch = make_scene(WORLD, patch, (1, 1, EAST), **BARREN)
        partner = Harvester(least)
        for _ in range(60):
            batch.step(partner.act(batch))
            ate = batch.events["ate"][0, 0]
            assert not ate or batch.events["ate_neighbours"][0, 0] >= least
        left[least] = int(batch.state["stock"][0])
    # Any two of the six apples are within distance 2, save those of opposite corners.
    assert left[0] == 0
    assert left[1] == 1
    assert left[6] == 6
    assert left[1] <= left[2] <= left[3] <= left[6]
    assert left[2] >= 2
    assert left[3] >= 3


def test_a_spared_apple_is_no_way():
    corridor = """
        ############
        #PA....AAA.#
        ############
    """
    batch = make_scene(WORLD, corridor, (1, 1, EAST), **BARREN)
    restrained = Harvester(1)
    for _ in range(30):
        batch.step(restrained.act(batch))
    assert batch.state["harvest"][0, 0] == 0
    assert places(batch)[0] == (1, 1)
    greedy = make_partner("greedy_harvester")
    for _ in range(9):
        batch.step(greedy.act(batch))
    assert batch.state["harvest"][0, 0] == 4


def test_with_nothing_to_eat_it_waits_where_apples_grow():
    fallow = """
        ##########
        #P.......#
        #.....aa.#
        #.....aa.#
        ##########
    """
    batch = make_scene(WORLD, fallow, (1, 1, EAST), **BARREN)
    partner, seen = make_partner("greedy_harvester"), set()
    for step in range(60):
        batch.step(partner.act(batch))
        if step >= 8:
            seen.add(places(batch)[0])
    assert all(column >= 4 for _, column in seen)
    assert len(seen) > 3  # it walks about, so that it blocks nobody for ever


@pytest.mark.parametrize(
    ("victim", "action"),
    [
        ((2, 5), "ZAP"),  # three ahead
        ((1, 4), "ZAP"),  # beside the beam's axis
        ((2, 1), "TURN_RIGHT"),  # behind: as near to the right as to the left
        ((3, 2), "ZAP"),  # level with the shooter, in the ray beside it
        ((4, 2), "TURN_RIGHT"),
    ],
)
def test_the_zapper_aims(victim, action):
    batch = make_scene(WORLD, ROOM, (2, 2, EAST), (*victim, NORTH), **BARREN)
    assert act(make_partner("zapping_harvester"), batch) == action
    assert act(make_partner("pacifist_harvester"), batch) not in ("ZAP", "TURN_RIGHT", "TURN_LEFT")


def test_it_turns_left_if_that_is_nearer():
    batch = make_scene(WORLD, ROOM, (3, 3, EAST), (1, 3, NORTH), **BARREN)
    assert act(make_partner("zapping_harvester"), batch) == "TURN_LEFT"


def test_it_does_not_shoot_through_walls_at_the_absent_or_while_cooling():
    walled = """
        #######
        #P.#P.#
        #.....#
        #..A..#
        #######
    """
    zapper = make_partner("zapping_harvester")
    batch = make_scene(WORLD, walled, (1, 2, EAST), (1, 4, WEST), **BARREN)
    assert act(zapper, batch) not in ("ZAP", "TURN_RIGHT", "TURN_LEFT")
    arrange(batch, (2, 2, EAST), (2, 4, WEST))
    assert act(zapper, batch) == "ZAP"
    batch.state["cooldown"] = 2
    assert act(zapper, batch) not in ("ZAP", "TURN_RIGHT", "TURN_LEFT")
    batch.state["cooldown"], batch.state["away"][0, 1] = 0, 3
    assert act(zapper, batch) not in ("ZAP", "TURN_RIGHT", "TURN_LEFT")


def test_who_is_away_does_nothing():
    batch = make_scene(WORLD, ROOM, (2, 2, EAST), (2, 4, NORTH), **BARREN)
    batch.state["away"][0, 0] = 3
    assert act(make_partner("zapping_harvester"), batch) == "NOOP"


ORCHARD = """
    ##########
    #PPP.....#
    #.......A#
    #AA.AA...#
    ##########
"""


def test_the_good_partner_zaps_who_took_the_last_apple_and_then_forgives():
    # Agent 0 is the good partner; 1 stands before the lonely apple, 2 out of the way.
    batch = make_scene(WORLD, ORCHARD, (2, 5, EAST), (2, 7, EAST), (1, 1, NORTH), **BARREN)
    partner = make_partner("good_partner")
    assert act(partner, batch) not in ("ZAP", "TURN_RIGHT", "TURN_LEFT")
    batch.step([[0, 1, 0]])
    assert batch.events["ate_neighbours"][0, 1] == 0
    assert act(partner, batch) == "ZAP"
    batch.step([[7, 0, 0]])
    assert batch.events["zapped"][0, 1] == 1
    arrange(batch, (2, 5, EAST), (2, 7, EAST), (1, 1, NORTH))
    assert act(partner, batch) not in ("ZAP", "TURN_RIGHT", "TURN_LEFT")


def test_it_does_not_mind_who_leaves_enough_nor_for_ever():
    two = """
        ########
        #P...P.#
        #....AA#
        #....AA#
        ########
    """
    bodies = (2, 3, EAST), (1, 5, SOUTH)
    batch = make_scene(WORLD, two, *bodies, **BARREN)
    mild, strict = make_partner("good_partner", grudge=3), make_partner("good_partner", least=4)
    for partner in (mild, strict):
        partner.act(batch)
    batch.step([[0, 1, 0]])
    assert batch.events["ate_neighbours"][0, 1] == 3
    arrange(batch, *bodies)
    assert act(mild, batch) != "ZAP"
    assert act(strict, batch) in ("ZAP", "TURN_LEFT")
    short = make_partner("good_partner", least=4, grudge=2)
    guilty = []
    for _ in range(4):
        guilty.append(act(short, batch) in ("ZAP", "TURN_LEFT"))
        batch.step([[0, 0, 0]])
        arrange(batch, *bodies)
    assert guilty == [True, True, False, False]


def test_no_shot_that_would_hit_an_innocent_too():
    batch = make_scene(WORLD, ORCHARD, (2, 5, EAST), (2, 7, EAST), (1, 6, NORTH), **BARREN)
    partner = make_partner("good_partner")
    partner.act(batch)
    batch.step([[0, 1, 0]])  # agent 1 takes the lonely apple; agent 2 stands in a side ray
    assert act(partner, batch) not in ("ZAP", "TURN_RIGHT", "TURN_LEFT")
    arrange(batch, (2, 5, EAST), (2, 8, EAST), (1, 1, NORTH))
    partner.reset(0)
    assert act(partner, batch) == "ZAP"


def test_the_fighter_zaps_who_comes_to_the_apples():
    fighter, good = make_partner("sustainable_fighter"), make_partner("good_partner")
    batch = make_scene(WORLD, ORCHARD, (2, 5, EAST), (2, 7, EAST), **BARREN)
    assert act(fighter, batch) not in ("ZAP", "TURN_RIGHT", "TURN_LEFT")
    arrange(batch, (2, 5, EAST), (2, 8, EAST))  # on the apple's place
    assert act(fighter, batch) == "ZAP"
    assert act(good, batch) != "ZAP"
    assert act(make_partner("distrustful_fighter"), batch) == "ZAP"


def play(name, num_worlds, first=0, partner_seed=0, steps=60, **options):
    batch = make_batch(WORLD, num_worlds, seed=5, first=first, max_steps=25, min_steps=25)
    batch.reset()
    partner = make_partner(name, **options)
    partner.reset(partner_seed)
    taken = []
    for _ in range(steps):
        taken.append(partner.act(batch))
        batch.step(taken[-1])
    return np.array(taken)


HARVESTERS = sorted(set(partners(WORLD)) - {"policy", "pacifist_harvester"})


@pytest.mark.parametrize("name", HARVESTERS)
def test_actions_depend_neither_on_the_batch_nor_on_chance(name):
    whole = play(name, 5)
    np.testing.assert_array_equal(whole[:, 2:4], play(name, 2, first=2))
    assert isinstance(make_partner(name), Partner)


def test_the_partner_seed_breaks_ties():
    assert not np.array_equal(play("greedy_harvester", 2), play("greedy_harvester", 2, 0, 1))


def test_they_differ():
    taken = {name: play(name, 3, least=3) for name in HARVESTERS if "arve" in name}
    taken |= {name: play(name, 3) for name in HARVESTERS if name not in taken}
    names = list(taken)
    for k, one in enumerate(names):
        for other in names[k + 1 :]:
            assert not np.array_equal(taken[one], taken[other]) or {one, other} in (
                {"greedy_harvester", "restrained_harvester"},
                {"bayesian_punisher", "bayesian_reciprocator"},  # nobody provokes them here
            )


@pytest.mark.parametrize("name", ["good_partner", "sustainable_fighter"])
def test_some_agents_alone_and_a_resumed_memory(name):
    batch = make_batch(WORLD, 3, seed=5)
    batch.reset()
    made: list[Any] = [make_partner(name) for _ in range(3)]
    whole, some, resumed = made
    for step in range(60):
        actions = whole.act(batch)
        np.testing.assert_array_equal(some.act_for(batch, [5, 1]), actions[:, [5, 1]])
        if step > 30:
            np.testing.assert_array_equal(resumed.act(batch), actions)
        if step == 30:
            resumed.restore(whole.state())
        batch.step(actions)
    assert batch.events["zap"].shape == (3, 7)


def levels(name, num_worlds=4, steps=1000, **options):
    """Returns the apples eaten in each world in 1000 steps of the open map, (B,)."""
    batch = make_batch(WORLD, num_worlds, seed=9, max_steps=steps + 1, min_steps=steps + 1)
    batch.reset()
    partner = make_partner(name, **options)
    for _ in range(steps):
        batch.step(partner.act(batch))
    return batch.state["harvest"].sum(1)


def test_levels_of_greed_and_restraint():
    greedy = levels("greedy_harvester")
    # 64 apples at the start, and what grows while they are eaten (9.1 per agent if nothing did).
    assert 60 < greedy.mean() < 85
    three = levels("restrained_harvester", least=3)
    assert three.mean() > 5 * greedy.mean()
    assert three.max() <= 974  # upper bound: 64 + 0.91 apples a step
    two = levels("restrained_harvester", least=2)
    assert greedy.mean() < two.mean() < three.mean()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"least": -1}, "least >= 0"),
        ({"grudge": 0}, "grudge >= 1"),
        ({"zaps": "taker"}, "Did you mean 'takers'"),
    ],
)
def test_wrong_options(options, message):
    with pytest.raises(ConfigError, match=message):
        make_partner("greedy_harvester", **options)


def test_other_worlds_are_refused():
    batch = make_batch("caregiver_grid", 1)
    with pytest.raises(ConfigError, match=r"acts in world 'commons_harvest' or 'clean_up'"):
        make_partner("greedy_harvester").act(batch)
    with pytest.raises(ConfigError, match=r"acts in world 'commons_harvest', but.*'clean_up'"):
        make_partner("restrained_harvester").act(make_batch("clean_up", 1))


def test_what_happened_before_an_episode_is_forgotten():
    batch = make_scene(WORLD, ORCHARD, (2, 5, EAST), (2, 7, EAST), **BARREN)
    partner = make_partner("good_partner")
    partner.act(batch)
    batch.step([[0, 1, 0]])  # agent 1 takes the lonely apple
    arrange(batch, (2, 5, EAST), (2, 7, EAST))
    assert act(partner, batch) == "ZAP"
    batch.state["t"] = 0  # now that was the last step of the episode before
    assert act(partner, batch) != "ZAP"
    batch.state["t"] = 5
    assert batch.events["ate"][0, 1] == 1
    assert act(partner, batch) == "ZAP"
