"""The rules of doors, clause by clause, on small maps."""

import numpy as np
import pytest

from prosocial.envs.engine import Batch, LayoutError, build
from prosocial.envs.worlds.doors import Action, Cell

STAY, NORTH, SOUTH, WEST, EAST = Action
HUMAN, HELPER = 0, 1
ROOM = """
    #######
    #1+H+2#
    ###A###
    #######
"""
OPEN_ROOM = """
    #######
    #1..2.#
    #.#H#.#
    #3.A.4#
    #######
"""


def start(text=ROOM, goal=1, **config):
    """Returns a batch of one in which the human wants a box (a number from 1)."""
    batch = Batch(build("doors", layout=text, **config), 1)
    batch.reset()
    batch.state["goal"] = goal - 1
    return batch


def act(batch, *actions):
    """Steps with pairs (human, helper); returns the picture afterwards."""
    for pair in actions:
        batch.step(np.array([pair]))
    return picture(batch)


def picture(batch, after=False):
    """Returns the map: H and A bodies (X both in one cell), + and ' doors, G the box wanted."""
    scene = batch.world.scene((batch.after() if after else batch.state)[0])
    symbols = {
        Cell.EMPTY: ".", Cell.WALL: "#", Cell.DOOR: "+", Cell.OPEN_DOOR: "'", Cell.BOX: "b",
        Cell.GOAL: "G",
    }  # fmt: skip
    rows = [[symbols[Cell(code)] for code in row] for row in scene.cells]
    human, helper = [(a.row, a.column) for a in scene.agents]
    rows[human[0]][human[1]] = "H"
    rows[helper[0]][helper[1]] = "X" if helper == human else "A"
    return ["".join(row) for row in rows]


def drawn(text):
    return [row.strip() for row in text.strip().split("\n")]


def events(batch, agent):
    return {name for name in batch.world.event_names if batch.events[name][0, agent]}


def test_both_start_where_the_map_says_with_all_doors_closed():
    assert picture(start()) == drawn("""
        #######
        #G+H+b#
        ###A###
        #######
    """)


def test_agents_move_in_four_directions_and_walls_stop_them():
    batch = start(OPEN_ROOM, goal=4)
    assert act(batch, (NORTH, WEST)) == drawn("""
        #######
        #b.Hb.#
        #.#.#.#
        #bA..G#
        #######
    """)
    assert events(batch, HUMAN) == events(batch, HELPER) == {"move"}
    assert act(batch, (EAST, NORTH), (SOUTH, SOUTH)) == drawn("""
        #######
        #b..H.#
        #.#.#.#
        #bA..G#
        #######
    """)
    assert events(batch, HUMAN) == events(batch, HELPER) == {"bump"}
    act(batch, (STAY, WEST))
    assert events(batch, HUMAN) == {"stay"}
    assert events(batch, HELPER) == {"move"}  # onto a box


def test_agents_share_cells_and_pass_through_each_other():
    batch = start(OPEN_ROOM, goal=4)
    assert act(batch, (SOUTH, NORTH)) == drawn("""
        #######
        #b..b.#
        #.#A#.#
        #b.H.G#
        #######
    """)
    assert act(batch, (STAY, SOUTH))[3] == "#b.X.G#"


def test_the_helper_opens_a_door_in_one_step_and_it_stays_open():
    batch = start()
    act(batch, (STAY, NORTH))
    assert act(batch, (STAY, WEST)) == drawn("""
        #######
        #G'X+b#
        ###.###
        #######
    """)
    assert events(batch, HELPER) == {"push", "opened"}
    assert act(batch, (WEST, EAST))[1] == "#GHA'b#"
    assert events(batch, HUMAN) == {"move"}
    assert act(batch, (EAST, EAST))[1] == "#G'HAb#"


def test_a_door_that_opens_in_a_step_is_entered_in_the_next():
    batch = start()
    act(batch, (STAY, NORTH))
    assert act(batch, (WEST, WEST))[1] == "#G'X+b#"
    assert events(batch, HUMAN) == {"push"}
    assert act(batch, (WEST, STAY))[1] == "#GHA+b#"


def test_the_human_opens_a_door_by_pushes_in_a_row():
    batch = start(push_steps=3)
    assert act(batch, (WEST, STAY), (WEST, STAY))[1] == "#G+H+b#"
    assert batch.state["effort"][0] == 2
    assert act(batch, (WEST, STAY))[1] == "#G'H+b#"
    assert events(batch, HUMAN) == {"push", "opened"}
    assert (batch.state["effort"][0], batch.state["pushed"][0]) == (0, -1)
    assert act(batch, (WEST, STAY))[1] == "#GH.+b#"


@pytest.mark.parametrize("other", [STAY, NORTH, EAST], ids=["stay", "bump", "another_door"])
def test_whatever_else_the_human_does_begins_the_count_anew(other):
    batch = start(push_steps=3)
    act(batch, (WEST, STAY), (WEST, STAY), (other, STAY), (WEST, STAY), (WEST, STAY))
    assert picture(batch)[1] == "#G+H+b#"
    assert batch.state["effort"][0] == 2
    assert act(batch, (WEST, STAY))[1] == "#G'H+b#"


def test_moving_away_begins_the_count_anew():
    batch = start(push_steps=2)
    act(batch, (WEST, STAY), (SOUTH, STAY), (NORTH, STAY), (WEST, STAY))
    assert picture(batch)[1] == "#G+H+b#"
    assert act(batch, (WEST, STAY))[1] == "#G'H+b#"


def test_the_count_ends_when_the_helper_opens_the_door():
    batch = start(push_steps=4)
    act(batch, (WEST, NORTH), (WEST, WEST))
    assert (batch.state["effort"][0], batch.state["pushed"][0]) == (0, -1)
    assert not batch.observations[0, :, :, :, 5].any()


def test_the_count_goes_on_when_the_helper_opens_another_door():
    batch = start(push_steps=4)
    act(batch, (WEST, NORTH), (WEST, EAST))
    assert picture(batch)[1] == "#G+X'b#"
    assert batch.state["effort"][0] == 2


def test_if_both_open_a_door_it_counts_for_the_human():
    batch = start(push_steps=1)
    act(batch, (STAY, NORTH), (WEST, WEST))
    assert events(batch, HUMAN) == {"push", "opened"}
    assert events(batch, HELPER) == {"push"}


def test_a_human_who_cannot_open_doors_needs_the_helper():
    batch = start(push_steps=0)
    act(batch, *[(WEST, STAY)] * 20)
    assert picture(batch)[1] == "#G+H+b#"
    assert events(batch, HUMAN) == {"push"}
    assert not batch.observations[0, :, :, :, 5].any()
    act(batch, (WEST, NORTH), (WEST, WEST), (WEST, WEST))
    assert picture(batch)[1] == "#GX.+b#"


def test_the_episode_ends_at_the_box_that_is_wanted():
    batch = start(push_steps=1, goal=2, step_cost=0.25, goal_reward=2.0)
    act(batch, (WEST, STAY), (WEST, STAY), (WEST, STAY))
    assert picture(batch)[1] == "#H'.+G#"  # the wrong box
    assert not batch.done[0]
    assert batch.rewards.tolist() == [[-0.25, -0.25]]
    act(batch, (EAST, STAY), (EAST, STAY), (EAST, STAY), (EAST, STAY))
    assert not batch.done[0]
    act(batch, (EAST, STAY))
    assert (batch.terminated[0], batch.truncated[0]) == (True, False)
    assert batch.rewards.tolist() == [[1.75, 1.75]]
    assert events(batch, HUMAN) == {"move", "goal"}
    assert events(batch, HELPER) == {"stay", "goal"}
    assert picture(batch, after=True)[1] == "#b'.'H#"


def test_the_helper_at_the_box_ends_nothing():
    batch = start()
    act(batch, (STAY, NORTH), (STAY, WEST), (STAY, WEST), (STAY, WEST))
    assert picture(batch)[1] == "#A'H+b#"
    assert not batch.done[0]


def test_the_time_limit_cuts_the_episode_off():
    batch = start(max_steps=3)
    act(batch, (STAY, STAY), (STAY, STAY))
    assert not batch.done[0]
    act(batch, (STAY, STAY))
    assert (batch.terminated[0], batch.truncated[0]) == (False, True)


def test_the_box_in_the_last_step_is_no_time_limit():
    batch = start(push_steps=1, max_steps=3)
    act(batch, (WEST, STAY), (WEST, STAY), (WEST, STAY))
    assert (batch.terminated[0], batch.truncated[0]) == (True, False)


def test_observations_show_the_map_and_the_goal_to_the_human_alone():
    batch = start(push_steps=3, goal=2)
    act(batch, (EAST, NORTH), (EAST, WEST))
    human, helper = batch.observations[0]
    assert human[:, :, 0].tolist() == [
        [2, 2, 2, 2, 2, 2, 2], [2, 7, 5, 1, 4, 7, 2], [2, 2, 2, 1, 2, 2, 2], [2, 2, 2, 2, 2, 2, 2]
    ]  # fmt: skip
    assert np.argwhere(human[:, :, 1]).tolist() == [[1, 1], [1, 5]]
    assert human[1, [1, 5], 1].tolist() == [1, 2]
    for channel, places in ((2, [[1, 3]]), (3, [[1, 3]]), (4, [[1, 5]]), (5, [[1, 4]])):
        assert np.argwhere(human[:, :, channel]).tolist() == places
    assert human[1, 4, 5] == 2
    assert not helper[:, :, 4].any()
    assert (helper[:, :, [0, 1, 5]] == human[:, :, [0, 1, 5]]).all()
    act(batch, (EAST, SOUTH))
    human, helper = batch.observations[0]
    assert np.argwhere(helper[:, :, 2]).tolist() == np.argwhere(human[:, :, 3]).tolist() == [[2, 3]]
    assert np.argwhere(helper[:, :, 3]).tolist() == np.argwhere(human[:, :, 2]).tolist() == [[1, 3]]


def test_the_goal_can_be_revealed():
    batch = start(reveal_goal=True, goal=2)
    act(batch, (STAY, STAY))
    human, helper = batch.observations[0]
    assert np.argwhere(helper[:, :, 4]).tolist() == np.argwhere(human[:, :, 4]).tolist() == [[1, 5]]


def test_the_helper_cannot_tell_the_goals_apart():
    seen = []
    for goal in (1, 2):
        batch = start(goal=goal)
        act(batch, (STAY, NORTH), (WEST, WEST))
        seen.append(batch.observations[0, HELPER].copy())
    assert (seen[0] == seen[1]).all()


def test_goals_and_starts_are_uniform():
    text = "#######\n#1H.H2#\n#A#3#A#\n#A...A#\n#######"
    batch = Batch(build("doors", layout=text), 4000)
    batch.reset()
    for values, kinds in ((batch.state["goal"], 3), *((batch.state["position"][:, k], n) for k, n in
                                                      ((HUMAN, 2), (HELPER, 4)))):  # fmt: skip
        shares = np.unique(values, return_counts=True)[1] / 4000
        assert len(shares) == kinds
        assert np.allclose(shares, 1 / kinds, atol=4 * np.sqrt(0.25 / 4000))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("#####\n#1H2#\n#####", "no start 'A' of the helper"),
        ("#####\n#1A2#\n#####", "no start 'H' of the human"),
        ("####\n#HA#\n####", "has the boxes none; expected 2 to 8"),
        ("#####\n#1HA#\n#####", "has the boxes 1; expected"),
        ("######\n#1HA3#\n######", "has the boxes 1, 3; expected"),
        ("######\n#1HA1#\n#2...#\n######", "has the boxes 1, 1, 2; expected"),
        ("######\n#1HA2.\n######", "border of the map has a gap"),
        ("######\n#1HA#2#\n######", "ragged"),
        ("#######\n#1HA#2#\n#######", "Walls part box 2"),
        ("#######\n#1H2#A#\n#######", "Walls part the starts"),
        ("######\n#1HAx#\n######", "Unknown symbol 'x'"),
        ("#" * 15 + "\n#1HA+++++++++2#\n" + "#" * 15, "has 9 doors; expected at most 8"),
    ],
)
def test_maps_that_cannot_be_played_are_refused(text, message):
    with pytest.raises(LayoutError, match=message):
        build("doors", layout=text)
