"""The rules of the kitchen, clause by clause, on a small map."""

import numpy as np
import pytest

from prosocial.envs.engine import Batch, build
from prosocial.envs.worlds.kitchen import Action, rules
from prosocial.envs.worlds.kitchen.items import item_code, item_name

STAY, NORTH, SOUTH, WEST, EAST = Action
MAP = """
    ---P---
    /1..2.-
    -.....*
    -.4.3.-
    -tlpp--
"""
WIDTH = 9  # with the ring of outside cells
TOMATO, LETTUCE = item_code("chopped tomato"), item_code("chopped lettuce")
PLATE = item_code("plate")
SOUP = [{"name": "soup", "ingredients": ["tomato", "lettuce"], "kind": "soup"}]


def start(*places, held=(), lying=(), **config):
    """Returns a batch of one whose agents stand at (row, column) and hold and see these items."""
    batch = Batch(build("kitchen", layout=MAP, num_agents=len(places), **config), 1)
    batch.reset()
    state = batch.state[0]
    state["position"] = [flat(place) for place in places]
    for agent, name in enumerate(held):
        state["held"][agent] = item_code(name)
    for place, name in dict(lying).items():
        state["items"][flat(place)] = item_code(name)
    return batch


def flat(place):
    return (place[0] + 1) * WIDTH + place[1] + 1


def act(batch, *actions):
    """Steps once for each tuple of actions; returns the positions."""
    for action in actions:
        batch.step(np.reshape(action, (1, batch.num_agents)))
    return [(p // WIDTH - 1, p % WIDTH - 1) for p in batch.after()["position"][0].tolist()]


def held(batch):
    return [item_name(code) for code in batch.after()["held"][0]]


def lying(batch, place):
    return item_name(batch.after()["items"][0][flat(place)])


def events(batch, agent=0):
    return {name for name in batch.world.event_names if batch.events[name][0, agent]}


def test_actions_move_by_the_compass_and_staying_stays():
    batch = start((2, 3), (1, 5))
    assert act(batch, (NORTH, STAY)) == [(1, 3), (1, 5)]
    assert events(batch) == {"move"}
    assert act(batch, (SOUTH, STAY), (SOUTH, STAY)) == [(3, 3), (1, 5)]
    assert act(batch, (WEST, STAY)) == [(3, 2), (1, 5)]
    assert act(batch, (EAST, STAY)) == [(3, 3), (1, 5)]
    assert act(batch, (STAY, STAY)) == [(3, 3), (1, 5)]
    assert events(batch) == set()


def test_facing_a_solid_cell_with_nothing_to_do_changes_nothing():
    batch = start((1, 1), (2, 5))
    before = batch.state.copy()
    assert act(batch, (NORTH, EAST)) == [(1, 1), (2, 5)]  # an empty counter, the delivery
    before["t"] += 1
    before["step"] += 1
    assert batch.state.tobytes() == before.tobytes()
    assert events(batch) == events(batch, 1) == set()


def test_two_who_want_one_cell_are_both_blocked():
    batch = start((2, 2), (2, 4))
    assert act(batch, (EAST, WEST)) == [(2, 2), (2, 4)]
    assert events(batch) == events(batch, 1) == {"collide"}


def test_who_stays_keeps_its_place_and_only_the_other_is_blocked():
    batch = start((2, 2), (2, 3))
    assert act(batch, (EAST, STAY)) == [(2, 2), (2, 3)]
    assert (events(batch), events(batch, 1)) == ({"collide"}, set())


def test_who_interacts_keeps_its_place_and_still_interacts():
    batch = start((2, 1), (3, 1))
    assert act(batch, (SOUTH, SOUTH)) == [(2, 1), (3, 1)]
    assert (events(batch), events(batch, 1)) == ({"collide"}, {"pick_up"})
    assert held(batch) == ["nothing", "fresh tomato"]


def test_changing_places_is_blocked_and_following_is_not():
    batch = start((2, 2), (2, 3))
    assert act(batch, (EAST, WEST)) == [(2, 2), (2, 3)]
    assert events(batch) == events(batch, 1) == {"collide"}
    assert act(batch, (EAST, EAST)) == [(2, 3), (2, 4)]


def test_nobody_enters_the_cell_of_one_who_is_blocked():
    # 0 follows 1 follows 2, who wants the cell that 3 wants as well.
    batch = start((2, 1), (2, 2), (2, 3), (2, 5))
    places = [(2, 1), (2, 2), (2, 3), (2, 5)]
    assert act(batch, (EAST, EAST, EAST, WEST)) == places
    assert all(events(batch, agent) == {"collide"} for agent in range(4))


def test_four_in_a_ring_turn_together():
    batch = start((1, 1), (1, 2), (2, 2), (2, 1))
    assert act(batch, (EAST, SOUTH, WEST, NORTH)) == [(1, 2), (2, 2), (2, 1), (1, 1)]


def test_picking_up_and_putting_down():
    batch = start((3, 1), (1, 5))
    act(batch, (SOUTH, STAY))
    assert (held(batch)[0], lying(batch, (4, 1))) == ("fresh tomato", "nothing")
    assert events(batch) == {"pick_up"}
    act(batch, (WEST, STAY))
    assert (held(batch)[0], lying(batch, (3, 0))) == ("nothing", "fresh tomato")
    assert events(batch) == {"put_down"}


def test_a_fresh_ingredient_is_chopped_on_an_empty_board_and_stays_in_the_hands():
    batch = start((1, 1), (1, 5), held=["fresh tomato"])
    act(batch, (WEST, STAY))
    assert (held(batch)[0], lying(batch, (1, 0))) == ("chopped tomato", "nothing")
    assert events(batch) == {"chop"}
    act(batch, (WEST, STAY))  # chopped once: the board is a counter like any other
    assert (held(batch)[0], lying(batch, (1, 0))) == ("nothing", "chopped tomato")


def test_nothing_is_chopped_on_a_board_that_is_not_empty():
    batch = start((1, 1), (1, 5), held=["fresh tomato"], lying={(1, 0): "plate"})
    act(batch, (WEST, STAY))
    assert (held(batch)[0], lying(batch, (1, 0))) == ("fresh tomato", "plate")


@pytest.mark.parametrize(
    ("hand", "counter", "merged"),
    [
        ("plate", "chopped tomato", "chopped tomato + plate"),
        ("chopped tomato", "plate", "chopped tomato + plate"),
        ("chopped tomato", "chopped lettuce", "chopped tomato + chopped lettuce"),
        ("chopped lettuce + plate", "chopped tomato", "chopped tomato + chopped lettuce + plate"),
        ("plate", "plate", None),  # one plate at most
        ("chopped tomato + plate", "chopped lettuce + plate", None),
        ("plate", "fresh tomato", None),  # everything must be chopped
        ("fresh lettuce", "chopped tomato", None),
    ],
)
def test_merging_ends_in_the_hands(hand, counter, merged):
    batch = start((2, 1), (1, 5), held=[hand], lying={(2, 0): counter})
    act(batch, (WEST, STAY))
    assert held(batch)[0] == (merged or hand)
    assert lying(batch, (2, 0)) == ("nothing" if merged else counter)
    assert events(batch) == ({"merge"} if merged else set())


def test_delivering_the_dish_ends_the_episode_and_rewards_everybody():
    batch = start((2, 5), (1, 1), held=["chopped tomato + plate"])
    act(batch, (EAST, STAY))
    assert batch.terminated[0]
    assert batch.rewards.tolist() == [[1, 1]]
    assert events(batch) == {"deliver", "finish"}
    assert events(batch, 1) == {"finish"}
    assert batch.after()["delivered"].tolist() == [[1]]
    assert batch.after()["served"][0, :2].tolist() == [1, 1]


@pytest.mark.parametrize("name", ["fresh tomato", "plate", "chopped tomato"])
def test_the_delivery_takes_only_what_is_merged_and_chopped(name):
    batch = start((2, 5), (1, 1), held=[name])
    act(batch, (EAST, STAY))
    assert held(batch)[0] == name
    assert events(batch) == set()


def test_what_nobody_ordered_is_wasted():
    batch = start((2, 5), (1, 1), held=["chopped lettuce + plate"])
    act(batch, (EAST, STAY))
    assert (held(batch)[0], lying(batch, (2, 6))) == ("nothing", "nothing")
    assert events(batch) == {"waste"}
    assert not batch.done[0]


def test_all_dishes_are_to_be_delivered_and_each_counts_once():
    batch = start((2, 5), (1, 1), held=["chopped tomato + plate"], recipes="tomato_lettuce")
    act(batch, (EAST, STAY))
    assert events(batch) == {"deliver"}
    assert not batch.done[0]
    batch.state["held"][0, 0] = TOMATO | PLATE
    act(batch, (EAST, STAY))
    assert events(batch) == {"waste"}
    batch.state["held"][0, 0] = LETTUCE | PLATE
    act(batch, (EAST, STAY))
    assert batch.terminated[0]
    assert batch.after()["delivered"].tolist() == [[2, 1]]


def test_interactions_follow_the_order_of_agents():
    for giver, taker in ((0, 1), (1, 0)):
        places = {giver: (1, 1), taker: (3, 1)}
        names = {giver: "plate", taker: "nothing"}
        batch = crossing([places[0], places[1]], [names[0], names[1]])
        act_cross(batch, {giver: SOUTH, taker: NORTH})
        in_one_step = giver == 0
        assert (batch.state["held"][0, taker] == PLATE) == in_one_step
        assert batch.events["given"][0, giver] == in_one_step
        act_cross(batch, {giver: STAY, taker: NORTH})
        assert (batch.state["held"][0, taker] == PLATE) or in_one_step


def crossing(places, names):
    """Returns a kitchen with a counter at row 2 between two rooms."""
    layout = "-/*-\n-1.-\n----\n-.2-\n-tp-"
    batch = Batch(build("kitchen", layout=layout, num_agents=2), 1)
    batch.reset()
    batch.state["position"][0] = [(row + 1) * 6 + column + 1 for row, column in places]
    batch.state["held"][0] = [item_code(name) for name in names]
    return batch


def act_cross(batch, actions):
    batch.step([[actions[0], actions[1]]])


def test_taking_what_one_put_down_oneself_is_no_gift():
    batch = start((2, 1), (1, 5), held=["plate"])
    act(batch, (WEST, STAY), (WEST, STAY))
    assert events(batch) == {"pick_up"}


def test_the_episode_is_cut_off_after_max_steps():
    batch = start((2, 1), (1, 5))
    for step in range(1, 101):
        act(batch, (STAY, STAY))
        assert batch.truncated[0] == (step == 100)
    assert not batch.terminated[0]
    assert not batch.rewards.any()


def valid(batch, agent=0):
    out = np.zeros(5, bool)
    state, params = batch._state[0], batch._params
    rules.valid_actions(state, params, agent, out)
    return {Action(k) for k in np.flatnonzero(out)}


@pytest.mark.parametrize(
    ("place", "hand", "expected"),
    [
        ((2, 3), "nothing", {STAY, NORTH, SOUTH, WEST}),  # the other stands in the east
        ((1, 1), "nothing", {STAY, SOUTH, EAST}),  # nothing to take from counter and board
        ((1, 1), "fresh tomato", {STAY, SOUTH, EAST, NORTH, WEST}),  # put down, chop
        ((3, 1), "nothing", {STAY, NORTH, EAST, SOUTH}),  # take the tomato
        ((3, 1), "plate", {STAY, NORTH, EAST, WEST}),  # no merging with a fresh tomato
        ((3, 3), "chopped tomato", {STAY, NORTH, WEST, EAST, SOUTH}),  # merge with the plate
        ((3, 3), "plate", {STAY, NORTH, WEST, EAST}),
        ((2, 5), "nothing", {STAY, NORTH, SOUTH, EAST}),  # the delivery always; other in the west
        ((1, 3), "chopped tomato", {STAY, SOUTH, WEST, EAST}),  # nobody wants soup
    ],
)
def test_valid_actions(place, hand, expected):
    batch = start(place, (2, 4), held=[hand])
    assert valid(batch) == expected


def test_a_soup_is_filled_cooked_plated_and_delivered():
    hands = ["chopped tomato", "chopped lettuce"]
    batch = start((1, 3), (1, 5), held=hands, recipes=SOUP, cook_time=3)
    assert NORTH in valid(batch)
    act(batch, (NORTH, STAY))
    assert (held(batch)[0], lying(batch, (0, 3))) == ("nothing", "chopped tomato")
    assert events(batch) == {"put_down"}
    assert NORTH not in valid(batch)  # nothing is taken out of a pot by hand
    batch.state["held"][0, 0] = TOMATO
    act(batch, (NORTH, STAY))  # the tomato is in there already
    assert held(batch)[0] == "chopped tomato"
    batch.state["held"][0, 0] = LETTUCE
    act(batch, (NORTH, STAY))
    assert events(batch) == {"put_down", "cook"}
    batch.state["held"][0, 0] = PLATE
    for _ in range(2):  # in the third step after the last ingredient
        act(batch, (NORTH, STAY))
        assert held(batch)[0] == "plate"
    act(batch, (NORTH, STAY))
    assert held(batch)[0] == "soup: chopped tomato + chopped lettuce + plate"
    assert lying(batch, (0, 3)) == "nothing"
    batch.state["position"][0, 0] = flat((2, 5))
    act(batch, (EAST, STAY))
    assert batch.terminated[0]


@pytest.mark.parametrize("name", ["fresh tomato", "plate", "chopped tomato + plate"])
def test_a_pot_takes_chopped_ingredients_only(name):
    batch = start((1, 3), (1, 5), held=[name], recipes=SOUP, cook_time=3)
    act(batch, (NORTH, STAY))
    assert (held(batch)[0], lying(batch, (0, 3))) == (name, "nothing")


def test_observations_show_the_kitchen_from_each_agents_side():
    batch = start((2, 3), (1, 5), held=["chopped tomato + plate"])
    act(batch, (STAY, STAY))
    seen = batch.observations[0]
    assert seen.shape == (2, 5, 7, 6)
    assert seen[0, 2, 3].tolist() == [1, 1, 0, 1, 2, 0]  # floor, myself, plate, chopped tomato
    assert seen[1, 2, 3].tolist() == [1, 2, 0, 1, 2, 0]  # the next agent
    assert seen[0, 1, 5, :2].tolist() == [1, 2]
    assert seen[0, 4, 1].tolist() == [2, 0, 0, 0, 1, 0]  # a fresh tomato on a counter
    assert seen[0, 4, 3].tolist() == [2, 0, 0, 1, 0, 0]  # a plate
    assert (seen[0][:, :, [0, 2, 3, 4, 5]] == seen[1][:, :, [0, 2, 3, 4, 5]]).all()
    assert seen.max() < batch.world.observation_codes


def test_the_status_channel_shows_deliveries_and_cooking():
    batch = start((2, 5), (1, 1), held=["chopped lettuce + plate"], recipes="tomato_lettuce")
    act(batch, (EAST, STAY))
    assert batch.observations[0, 0, 2, 6, 2] == 0b10
    hands = ["chopped tomato + chopped lettuce"]
    batch = start((1, 3), (1, 5), held=hands, recipes=SOUP, cook_time=9)
    act(batch, (NORTH, STAY))
    assert batch.observations[0, 0, 0, 3].tolist() == [5, 0, 8, 0, 2, 2]
    act(batch, *[(STAY, STAY)] * 8)
    assert batch.observations[0, 0, 0, 3].tolist() == [5, 0, 0, 0, 3, 3]
