"""The rules of helping_grid, clause by clause, on small maps."""

import numpy as np
import pytest

from prosocial.envs.engine import Batch, build, world_seeds
from prosocial.envs.engine.random import rand_below, step_key
from prosocial.envs.worlds.helping_grid import Cell, DeclaredAction, FullAction, HelpingGridConfig
from prosocial.envs.worlds.helping_grid.codes import ORDER_SLOT

STAY, LEFT, RIGHT, FORWARD, PICKUP, DROP = FullAction
NORTH, EAST, SOUTH, WEST = range(4)
LEARNER, CAREGIVER = 0, 1

CORRIDOR = """
    #######
    #C.B.G#
    ###L.##
    #######
"""


def filled(text):
    """Returns the map filled up with walls to 7 x 7 cells: one shape compiles once."""
    rows = [row.strip().ljust(7, "#") for row in text.strip().split("\n")]
    return "\n".join(rows + ["#######"] * (7 - len(rows)))


def start(text, headings=(NORTH, NORTH), first=LEARNER, **config):
    """Returns a batch of one on a map, both looking somewhere, ``first`` acting first in step 0."""
    seed = 0
    while order_of_first_step(seed) != first:
        seed += 1
    batch = Batch(build("helping_grid", layout=filled(text), **config), 1, seed=seed)
    batch.reset()
    batch.state["heading"][0] = headings
    return batch


def order_of_first_step(seed):
    with np.errstate(over="ignore"):
        key = step_key(world_seeds(seed, 0, 1)[0], 0)
        return rand_below(np.uint64(key), ORDER_SLOT, 2)


def act(batch, *actions):
    """Steps, one action (or one pair) a step; returns the learner's last events and the picture."""
    for action in actions:
        batch.step(np.reshape(action, (1, batch.num_agents)))
    return events(batch), picture(batch)


def events(batch, agent=LEARNER):
    return {name for name in batch.world.event_names if batch.events[name][0, agent]}


def picture(batch):
    scene = batch.world.scene(batch.state[0])
    symbols = {Cell.EMPTY: ".", Cell.WALL: "#", Cell.GOAL: "G", Cell.BALL: "B"}
    rows = [[symbols[Cell(code)] for code in row] for row in scene.cells]
    for agent in scene.agents:
        symbol = agent.name[0]
        rows[agent.row][agent.column] = symbol.upper() if agent.carrying else symbol
    return ["".join(row) for row in rows if set(row) != {"#"}]


def test_staying_and_turning_are_free():
    batch = start(CORRIDOR)
    assert act(batch, STAY) == ({"stay"}, ["#c.B.G#", "###l.##"])
    for action, heading in ((LEFT, WEST), (LEFT, SOUTH), (RIGHT, WEST), (RIGHT, NORTH)):
        assert act(batch, action)[0] == set()
        assert batch.state["heading"][0, LEARNER] == heading
        assert batch.rewards[0, 0] == 0


def test_forward_moves_and_costs():
    batch = start(CORRIDOR, (EAST, WEST))
    assert act(batch, FORWARD) == ({"forward"}, ["#c.B.G#", "###.l##"])
    assert batch.rewards[0, 0] == np.float32(-0.009)
    batch = start(CORRIDOR, (EAST, WEST), step_cost=0.5)
    act(batch, FORWARD)
    assert batch.rewards[0, 0] == np.float32(-0.5)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("#####\n#.L##\n#CBG#\n#####", "a wall"),
        ("#####\n#.LB#\n##CG#\n#####", "the ball"),
        ("#####\n#.LG#\n##CB#\n#####", "the goal, which is the caregiver's only"),
        ("#####\n#.LC#\n##BG#\n#####", "the caregiver"),
    ],
)
def test_what_blocks_the_learner(text, what):
    # The caregiver has its back to where it wants to go, so that it only turns.
    batch = start(text, (EAST, NORTH))
    before = picture(batch)
    assert act(batch, FORWARD) == ({"forward", "bump"}, before), what
    assert batch.rewards[0, 0] == np.float32(-0.009)


def test_pickup_takes_the_ball_ahead_once():
    batch = start(CORRIDOR, (NORTH, WEST))
    assert act(batch, PICKUP) == ({"pickup"}, ["#c...G#", "###L.##"])
    assert batch.rewards[0, 0] == 0
    assert batch.state["carrying"][0].tolist() == [Cell.BALL, 0]
    assert act(batch, PICKUP)[0] == set()  # nothing there any more


def test_pickup_needs_the_ball_ahead_and_empty_hands():
    batch = start(CORRIDOR, (EAST, NORTH))
    assert act(batch, PICKUP) == (set(), ["#c.B.G#", "###l.##"])
    batch = start(CORRIDOR, (NORTH, NORTH))
    batch.state["carrying"][0, LEARNER] = Cell.BALL
    assert act(batch, PICKUP) == (set(), ["#c.B.G#", "###L.##"])


def test_the_caregiver_pushes_in_vain_until_the_ball_is_gone_and_then_scores():
    batch = start(CORRIDOR, (NORTH, EAST))
    assert act(batch, STAY)[1][0] == "#.cB.G#"
    assert act(batch, STAY, STAY, STAY)[1][0] == "#.cB.G#"
    assert batch.state["actions"][0].tolist() == [STAY, FORWARD]
    act(batch, PICKUP)
    while picture(batch)[0] != "#...cG#":
        assert "caregiver_goal" not in act(batch, STAY)[0]
    steps = batch.state["t"][0]
    assert act(batch, STAY) == (
        {"stay", "caregiver_goal", "helped"},
        ["#c.B.G#", "###l.##"],  # a new map, with empty hands
    )
    assert batch.state["carrying"][0].tolist() == [0, 0]
    assert batch.state["maps"][0] == 2
    assert batch.state["t"][0] == steps + 1  # the episode goes on
    assert not batch.done[0]


def test_a_goal_that_the_learner_did_not_help_with_is_not_credited():
    batch = start("######\n#BLCG#\n#..###\n######", (WEST, EAST))
    assert act(batch, STAY)[0] == {"stay", "caregiver_goal"}
    # The flag is of one map: it does not outlive the redraw.
    batch = start("######\n#BLCG#\n#..###\n######", (WEST, NORTH))
    assert act(batch, PICKUP)[0] == {"pickup"}
    assert act(batch, STAY)[0] == {"stay", "caregiver_goal", "helped"}
    batch.state["heading"][0] = (NORTH, EAST)
    assert act(batch, STAY)[0] == {"stay", "caregiver_goal"}


def test_a_new_map_is_another_map():
    batch = Batch(build("helping_grid"), 64, seed=1)
    batch.reset()
    cells = batch.state["cells"]
    cells[cells == Cell.BALL] = Cell.EMPTY  # the learner's dead end is out of the way
    walls = cells == Cell.WALL
    scored, other = np.zeros(64, bool), np.zeros(64, bool)
    for _ in range(60):
        batch.step(np.full((64, 1), STAY))
        now = (batch.events["caregiver_goal"][:, 0] > 0) & ~scored
        other[now] = ((cells == Cell.WALL) != walls).any(axis=1)[now]
        assert ((cells[now] == Cell.BALL).sum(axis=1) == 1).all()
        scored |= now
    assert scored.all()
    assert other.mean() > 0.95  # of the 1,072 wall patterns


CONTEST = """
    #####
    #L.C#
    #B#.#
    ##G.#
    #####
"""


@pytest.mark.parametrize("first", [LEARNER, CAREGIVER])
def test_whoever_acts_first_gets_the_contested_cell(first):
    batch = start(CONTEST, (EAST, WEST), first, scripted_caregiver=False)
    act(batch, (FORWARD, FORWARD))
    assert picture(batch)[0] == ("#.lc###" if first == LEARNER else "#lc.###")
    assert events(batch, first) == {"forward"}
    assert events(batch, 1 - first) == {"forward", "bump"}


@pytest.mark.parametrize("first", [LEARNER, CAREGIVER])
def test_following_works_behind_who_acts_first_and_swapping_never(first):
    batch = start("######\n#LC.B#\n#...G#\n######", (EAST, EAST), first, scripted_caregiver=False)
    act(batch, (FORWARD, FORWARD))
    assert picture(batch)[0] == ("#l.cB##" if first == LEARNER else "#.lcB##")
    batch = start("######\n#LC.B#\n#...G#\n######", (EAST, WEST), first, scripted_caregiver=False)
    act(batch, (FORWARD, FORWARD))
    assert picture(batch)[0] == "#lc.B##"
    assert "bump" in events(batch, LEARNER) & events(batch, CAREGIVER)


def test_both_orders_occur_equally_often():
    batch = Batch(
        build("helping_grid", layout=filled(CONTEST), scripted_caregiver=False), 4000, seed=5
    )
    batch.reset()
    batch.state["heading"] = (EAST, WEST)
    batch.step(np.full((4000, 2), FORWARD))
    learner_first = int((batch.events["bump"][:, CAREGIVER] == 1).sum())
    assert abs(learner_first - 2000) < 4 * np.sqrt(1000)


def test_who_acts_after_a_redraw_acts_on_the_new_map():
    text = "#######\n#..L..#\n#.....#\n#BCG###\n#######"
    for first in (LEARNER, CAREGIVER):
        batch = start(text, (EAST, EAST), first)
        origin = batch.state["position"][0, LEARNER]
        assert "caregiver_goal" in act(batch, FORWARD)[0]
        moved = batch.state["position"][0, LEARNER] != origin
        # From its start the learner can go west, south and east, but not north.
        turned_away = batch.state["heading"][0, LEARNER] == NORTH
        assert moved == (first == CAREGIVER and not turned_away)


@pytest.mark.parametrize("first", [LEARNER, CAREGIVER])
@pytest.mark.parametrize("overwrite", [False, True])
def test_reward_overwrite_wipes_out_help_of_the_same_step(first, overwrite):
    text = "#######\n#B.L..#\n#.....#\n#.CG###\n#######"
    for action in (FORWARD, STAY, LEFT):
        batch = start(text, (EAST, EAST), first, reward_overwrite=overwrite)
        batch.state["cleared"] = 1
        happened, _ = act(batch, action)
        assert "caregiver_goal" in happened
        wiped = overwrite and first == CAREGIVER and action == FORWARD
        assert ("helped" in happened) == (not wiped)


@pytest.mark.parametrize("allowed", [False, True])
def test_pickup_from_hands(allowed):
    text = "######\n#BCL.#\n##G###\n######"
    config = {"scripted_caregiver": False, "pickup_from_hands": allowed}
    batch = start(text, (WEST, WEST), **config)
    act(batch, (STAY, PICKUP))
    assert batch.state["carrying"][0].tolist() == [0, Cell.BALL]
    happened, _ = act(batch, (PICKUP, STAY))
    assert batch.state["carrying"][0].tolist() == ([Cell.BALL, 0] if allowed else [0, Cell.BALL])
    assert happened == ({"pickup"} if allowed else set())
    # From empty hands nothing is taken.
    batch = start(text, (WEST, WEST), **config)
    assert act(batch, (PICKUP, STAY))[0] == set()


def test_drop_puts_the_ball_on_an_empty_cell():
    batch = start(CORRIDOR, (NORTH, WEST), action_set="full")
    assert act(batch, PICKUP, RIGHT, DROP) == (
        {"drop"},
        ["#.c..G#", "###lB##"],
    )
    assert batch.state["carrying"][0].tolist() == [0, 0]
    assert act(batch, DROP)[0] == set()  # empty hands
    batch = start(CORRIDOR, (WEST, WEST), action_set="full")
    batch.state["carrying"][0, LEARNER] = Cell.BALL
    assert act(batch, DROP)[0] == set()  # a wall ahead
    assert batch.state["carrying"][0].tolist() == [Cell.BALL, 0]


def test_action_sets():
    assert [a.name for a in build("helping_grid").actions] == [
        "STAY", "LEFT", "RIGHT", "FORWARD", "PICKUP",
    ]  # fmt: skip
    batch = start(CORRIDOR, action_set="declared")
    assert batch.world.actions is DeclaredAction
    for action in DeclaredAction:
        batch.step([[action]])
        assert FullAction(int(batch.state["actions"][0, LEARNER])).name == action.name
        assert batch.state["actions"][0, CAREGIVER] in list(FullAction)
    assert start(CORRIDOR, action_set="full").num_actions == 6


@pytest.mark.parametrize(("limit", "ended"), [("terminated", True), ("truncated", False)])
def test_an_episode_has_max_steps_and_ends_as_configured(limit, ended):
    batch = Batch(build("helping_grid", time_limit=limit), 3, seed=2)
    batch.reset()
    rng = np.random.default_rng(0)
    for t in range(1, 101):
        batch.step(rng.integers(0, 5, (3, 1)))
        assert batch.done.all() == (t == 100)
    assert batch.terminated.all() == ended
    assert batch.truncated.all() == (not ended)
    assert batch.state["t"].tolist() == [0, 0, 0]
    assert HelpingGridConfig().time_limit == "terminated"


def test_the_actions_of_the_last_step_outlive_an_automatic_reset():
    batch = start(CORRIDOR, (NORTH, EAST), max_steps=1)
    act(batch, PICKUP)
    assert batch.done[0]
    assert batch.state["actions"][0].tolist() == [PICKUP, FORWARD]
    batch.reset(3)
    assert batch.state["actions"][0].tolist() == [0, 0]


def test_a_controlled_caregiver_pays_and_is_rewarded():
    text = "######\n#B..L#\n#CG..#\n######"
    batch = start(text, (NORTH, EAST), scripted_caregiver=False)
    assert batch.world.agents == ("learner", "caregiver")
    act(batch, (STAY, FORWARD))
    assert batch.rewards[0].tolist() == [0, np.float32(0.4) - np.float32(0.009)]
    assert events(batch, LEARNER) == {"stay", "caregiver_goal"}
    assert events(batch, CAREGIVER) == {"forward", "caregiver_goal"}
    batch = start(text, (NORTH, SOUTH), scripted_caregiver=False, goal_reward=2.0)
    act(batch, (STAY, FORWARD))
    assert batch.rewards[0].tolist() == [0, np.float32(-0.009)]
    batch.state["heading"][0, CAREGIVER] = EAST
    act(batch, (STAY, FORWARD))
    assert batch.rewards[0, CAREGIVER] == np.float32(2.0) - np.float32(0.009)


def test_a_controlled_caregiver_that_acts_like_the_script_lives_the_same_life():
    scripted = Batch(build("helping_grid"), 16, seed=9)
    free = Batch(build("helping_grid", scripted_caregiver=False), 16, seed=9)
    scripted.reset()
    free.reset()
    rng = np.random.default_rng(1)
    for _ in range(250):
        scripted.step(rng.integers(0, 5, (16, 1)))
        free.step(scripted.state["actions"])
        assert free.state.tobytes() == scripted.state.tobytes()
        assert np.array_equal(free.observations[:, :1], scripted.observations)
        assert np.array_equal(free.events[:, :1], scripted.events)
        assert np.array_equal(free.rewards[:, :1], scripted.rewards)


def test_observation_is_egocentric_with_the_stated_channels():
    text = "#######\n#.....#\n#..G..#\n#.B...#\n#.L..C#\n#.....#\n#######"
    batch = start(text, (EAST, SOUTH), scripted_caregiver=False)
    batch.step([[STAY, LEFT]])  # the caregiver looks east
    learner, caregiver = batch.observations[0]
    assert learner.shape == (9, 9, 7)
    assert learner[4, 4].tolist() == [Cell.AGENT, 0, 0, 0, EAST, 0, 0]
    assert learner[1, 4].tolist() == [Cell.AGENT, 1, 0, 0, EAST, 0, 0]  # three ahead
    assert learner[4, 3].tolist() == [Cell.BALL, 2, 0, 0, 0, 0, 0]  # to its left
    assert learner[3, 2].tolist() == [Cell.GOAL, 1, 0, 0, 0, 0, 1]  # one ahead, two left
    assert learner[0, 4].tolist() == [Cell.WALL, 5, 0, 0, 0, 0, 0]  # the border
    assert learner[5, 4].tolist() == [Cell.EMPTY, 0, 0, 0, 0, 0, 0]
    assert learner[8, 4].tolist() == [Cell.OUTSIDE, 0, 0, 0, 0, 0, 0]
    assert learner[..., 6].sum() == 1
    assert caregiver[4, 4].tolist() == [Cell.AGENT, 1, 0, 0, EAST, 0, 0]
    assert caregiver[7, 4].tolist() == [Cell.AGENT, 0, 0, 0, EAST, 0, 0]  # three behind
    batch.step([[LEFT, STAY]])
    batch.step([[PICKUP, STAY]])
    learner, caregiver = batch.observations[0]
    assert learner[4, 4].tolist() == [Cell.AGENT, 0, Cell.BALL, 2, NORTH, 0, 0]
    assert learner[4, 7].tolist() == [Cell.AGENT, 1, 0, 0, EAST, 0, 0]  # now to its right
    assert caregiver[7, 4].tolist() == [Cell.AGENT, 0, Cell.BALL, 2, NORTH, 0, 0]
    assert not (learner[..., 0] == Cell.BALL).any()


@pytest.mark.slow  # another shape of the view compiles anew
def test_a_smaller_view_is_the_middle_of_the_whole_one():
    whole = Batch(build("helping_grid"), 8, seed=3)
    small = Batch(build("helping_grid", view=3), 8, seed=3)
    whole.reset()
    small.reset()
    rng = np.random.default_rng(2)
    for _ in range(120):
        actions = rng.integers(0, 5, (8, 1))
        whole.step(actions)
        small.step(actions)
        assert np.array_equal(whole.observations[:, :, 3:6, 3:6], small.observations)
