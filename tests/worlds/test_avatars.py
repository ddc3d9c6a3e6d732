"""The rules that worlds of avatars share, clause by clause, on small maps of commons_harvest."""

from itertools import permutations

import numpy as np
import pytest

from prosocial.envs.engine import Batch, build, world_seeds
from prosocial.envs.engine.random import step_key
from prosocial.envs.worlds.avatars import AbsoluteAction, Action, Cell, Seen
from prosocial.envs.worlds.avatars.codes import BODY
from prosocial.envs.worlds.avatars.rules import shuffle

NOOP, FORWARD, BACKWARD, STEP_LEFT, STEP_RIGHT, TURN_LEFT, TURN_RIGHT, ZAP = Action
NORTH, EAST, SOUTH, WEST = range(4)
HEADINGS = "^>v<"
SIZE = 8  # of a drawn map at most; behind it lie a room with the spawn cells and one with an apple
AGENTS = 3
SYMBOLS = {Cell.WALL: "#", Cell.FLOOR: ".", Cell.APPLE: "A", Cell.ZAP: "*"}


def start(text, order=(0, 1, 2), inner="", **config):
    """Returns a batch of one on a drawn map, in whose first step the agents act in this order.

    The arrows are agents 0, 1, ... in reading order; the others wait in the room below. Maps of one
    shape, with one number of agents, compile once.
    """
    rows = [row.strip() for row in text.strip().split("\n")]
    arrows = [(r, c, s) for r, row in enumerate(rows) for c, s in enumerate(row) if s in HEADINGS]
    for symbol in HEADINGS:
        rows = [row.replace(symbol, ".") for row in rows]
    wall = "#" * (SIZE + 2)
    room = [row.ljust(SIZE + 2, "#") for row in rows] + [wall] * (SIZE - len(rows))
    room += [wall, "#" + (inner + "PPPPP").ljust(SIZE, "#") + "#", wall, wall, "#aa#aa####", wall]
    options = {"num_agents": AGENTS, "regrowth": (0.0,), **config}
    seed = 0
    while first_order(seed, options["num_agents"]) != tuple(order):
        seed += 1
    batch = Batch(build("commons_harvest", layout="\n".join(room), **options), 1, seed=seed)
    batch.reset()
    for agent, (row, column, symbol) in enumerate(arrows):
        put(batch, agent, row, column, HEADINGS.index(symbol))
    return batch


def first_order(seed, num_agents):
    order = np.zeros(num_agents, np.uint8)
    with np.errstate(over="ignore"):
        shuffle(order, np.uint64(step_key(world_seeds(seed, 0, 1)[0], 0)))
    return tuple(order.tolist())


def put(batch, agent, row, column, heading):
    """Puts an agent on a cell of the drawn map."""
    state, params = batch.state[0], batch.world.params[0]
    old = state["position"][agent]
    state["cells"][old] = state["ground"][old]
    new = (row + params["margin"]) * params["width"] + column + params["margin"]
    state["position"][agent], state["heading"][agent] = new, heading
    state["cells"][new] = BODY + 4 * agent + heading


def act(batch, *actions):
    """Steps, the actions of the first agents given in each step; returns the picture."""
    for action in actions:
        given = np.atleast_1d(action)
        batch.step(np.pad(given, (0, batch.num_agents - given.size))[None])
    return picture(batch)


def picture(batch):
    """Returns the rows of the drawn map, arrows for the agents."""
    scene = batch.world.scene(batch.state[0])
    rows = [[SYMBOLS[Cell(code)] for code in row] for row in scene.cells]
    for agent in scene.agents:
        rows[agent.row][agent.column] = HEADINGS[agent.heading]
    drawn = ["".join(row).rstrip("#") + "#" for row in rows[1:SIZE]]
    return [row for row in drawn if row != "#"]


def events(batch, agent):
    """Returns the events of an agent that are not zero."""
    counts = {name: int(batch.events[name][0, agent]) for name in batch.world.event_names}
    return {name: count for name, count in counts.items() if count}


def seen(batch, agent):
    """Returns what an agent sees in its own cell."""
    return Seen(int(batch.observations[0, agent, 9, 5, 0]))


@pytest.mark.parametrize(
    ("action", "after"),
    [
        (FORWARD, ["#...#", "#..>#", "#...#"]),
        (BACKWARD, ["#...#", "#>..#", "#...#"]),
        (STEP_LEFT, ["#.>.#", "#...#", "#...#"]),
        (STEP_RIGHT, ["#...#", "#...#", "#.>.#"]),
        (TURN_LEFT, ["#...#", "#.^.#", "#...#"]),
        (TURN_RIGHT, ["#...#", "#.v.#", "#...#"]),
        (NOOP, ["#...#", "#.>.#", "#...#"]),
    ],
)
def test_moves_and_turns_are_relative_to_the_heading(action, after):
    """A map turned by quarters gives the same picture turned by quarters."""
    for quarter, arrow in enumerate(">v<^"):
        batch = start(f"#####\n#...#\n#.{arrow}.#\n#...#\n#####")
        found = [[HEADINGS[(HEADINGS.index(s) - quarter) % 4] if s in HEADINGS else s for s in row]
                 for row in act(batch, action)]  # fmt: skip
        inside = np.rot90(np.array([row[1:4] for row in found]), quarter)
        assert ["#" + "".join(row) + "#" for row in inside] == after
        assert events(batch, 0) == {}
        assert batch.rewards[0, 0] == 0


@pytest.mark.parametrize("arrow", HEADINGS)
@pytest.mark.parametrize(
    ("action", "row", "column"), [("NORTH", 1, 2), ("SOUTH", 3, 2), ("WEST", 2, 1), ("EAST", 2, 3)]
)
def test_absolute_moves_go_by_the_map_and_turn_nobody(arrow, action, row, column):
    batch = start(f"#####\n#...#\n#.{arrow}.#\n#...#\n#####", moves="absolute")
    assert batch.world.actions is AbsoluteAction
    rows = act(batch, AbsoluteAction[action])
    assert rows[row - 1][column] == arrow
    assert act(batch, AbsoluteAction.TURN_RIGHT) != rows


@pytest.mark.parametrize("ahead", ["#", "v"])
def test_walls_and_bodies_block(ahead):
    batch = start(f"####\n#>{ahead}#\n####")
    before = picture(batch)
    assert act(batch, FORWARD) == before
    assert events(batch, 0) == {"bump": 1}
    for harmless in (NOOP, TURN_LEFT, ZAP):
        act(batch, harmless)
        assert "bump" not in events(batch, 0)


@pytest.mark.parametrize("first", [0, 1])
def test_contest_whoever_acts_first_gets_the_cell(first):
    batch = start("#####\n#>.<#\n#####", order=(first, 1 - first, 2))
    assert act(batch, (FORWARD, FORWARD)) == [["#.><#"], ["#><.#"]][first]
    assert [events(batch, agent) for agent in (first, 1 - first)] == [{}, {"bump": 1}]


@pytest.mark.parametrize("first", [0, 1])
def test_following_enters_a_cell_left_before_but_not_one_left_after(first):
    batch = start("#####\n#>>.#\n#####", order=(first, 2, 1 - first))
    assert act(batch, (FORWARD, FORWARD)) == [["#>.>#"], ["#.>>#"]][first]
    assert events(batch, 0) == [{"bump": 1}, {}][first]


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_swaps_fail_for_both(order):
    batch = start("######\n#.><.#\n######", order=order)
    assert act(batch, (FORWARD, FORWARD)) == ["#.><.#"]
    assert events(batch, 0) == events(batch, 1) == {"bump": 1}


def test_everybody_shoots_from_where_the_moves_left_them():
    """All beams of a step come after all moves, and who is hit fires all the same."""
    for order in permutations(range(3)):
        batch = start("#########\n#.^....<#\n#########", order=order)
        put(batch, 0, 1, 2, EAST)
        act(batch, (ZAP, FORWARD))
        assert events(batch, 0) == {"zap": 1}  # the other is 4 cells away
        assert batch.state["away"][0].tolist() == [0, 0, 0]
        act(batch, (NOOP, NOOP), (NOOP, NOOP))
        act(batch, (ZAP, FORWARD))
        assert events(batch, 0) == {"zap": 1, "hit": 1}
        assert events(batch, 1) == {"zapped": 1}
        batch = start("#########\n#.>.<...#\n#########", order=order)
        assert act(batch, (ZAP, ZAP)) == ["#..*....#"]
        assert events(batch, 0) == events(batch, 1) == {"zap": 1, "hit": 1, "zapped": 1}


def test_a_beam_is_seen_for_one_step_and_hides_nothing():
    batch = start("######\n#>.A.#\n######", zap_radius=0)
    assert act(batch, ZAP) == ["#>***#"]
    assert batch.state["stock"][0] == 1
    assert (batch.observations[0, 0, 6:9, 5, 0] == Seen.ZAP).all()
    assert act(batch, NOOP) == ["#>.A.#"]
    assert act(batch, FORWARD, FORWARD) == ["#..>.#"]
    assert events(batch, 0) == {"ate": 1}


@pytest.mark.parametrize("cooldown", [0, 1, 2, 5])
def test_a_shot_every_cooldown_and_one_steps_at_most(cooldown):
    batch = start("####\n#>.#\n####", zap_cooldown=cooldown)
    fired, ready = [], []
    for _ in range(13):
        ready.append(seen(batch, 0) == Seen.SELF)
        act(batch, ZAP)
        fired.append("zap" in events(batch, 0))
    assert fired == [t % (cooldown + 1) == 0 for t in range(13)]
    assert ready == fired  # the agent sees whether it can fire


@pytest.mark.parametrize("frames", [1, 4])
def test_who_is_hit_misses_the_given_number_of_steps_and_returns(frames):
    batch = start("######\n#>.^.#\n######", away_steps=frames)
    act(batch, (ZAP, ZAP))
    assert events(batch, 1) == {"zap": 1, "zapped": 1}
    for left in range(frames, 0, -1):
        assert batch.state["away"][0].tolist() == [0, left, 0]
        assert not batch.observations[0, 1].any()
        assert picture(batch)[0].count("^") == 0
        assert batch.state["cooldown"][0, 1] == 2  # who is away does not cool down
        act(batch, (NOOP, FORWARD))
        assert events(batch, 1) == {"away": 1}
    assert batch.state["away"][0].tolist() == [0, 0, 0]
    assert seen(batch, 1) == Seen.SELF_COOLING
    assert batch.state["position"][0, 1] in batch.world.params["spawns"][0]
    act(batch, NOOP)
    assert "away" not in events(batch, 1)


def test_a_teleported_agent_is_on_a_spawn_cell_at_once():
    batch = start("######\n#>.^.#\n######", hit_effect="teleport")
    act(batch, ZAP)
    assert batch.state["away"][0].tolist() == [0, 0, 0]
    assert batch.state["position"][0, 1] in batch.world.params["spawns"][0]
    assert "^" not in picture(batch)[0]
    act(batch, (NOOP, NOOP))
    assert events(batch, 1) == {}


@pytest.mark.parametrize("on_miss", [False, True])
def test_fines_without_removal(on_miss):
    """Hughes et al. (2018) charge a hit only, the SSD repository every shot."""
    options = {"hit_effect": "stay", "hit_fine": 50, "zap_cost": 1, "zap_cost_on_miss": on_miss}
    batch = start("#####\n#>.<#\n#####", zap_cooldown=0, **options)
    act(batch, (ZAP, NOOP, NOOP))
    assert batch.rewards[0].tolist() == [-1, -50, 0]
    assert picture(batch)[0][1] == ">"
    act(batch, (ZAP, ZAP, NOOP))
    assert batch.rewards[0].tolist() == [-51, -51, 0]
    act(batch, (NOOP, NOOP, ZAP))
    assert batch.rewards[0].tolist() == [0, 0, -1 if on_miss else 0]
    assert batch.state["away"][0].tolist() == [0, 0, 0]


def test_two_beams_fine_twice():
    options = {"hit_effect": "stay", "hit_fine": 50, "zap_cost": 1}
    batch = start("#######\n#>.^.<#\n#######", **options)
    act(batch, (ZAP, NOOP, ZAP))
    assert batch.rewards[0].tolist() == [-1, -100, -1]
    assert events(batch, 1) == {"zapped": 2}


def test_who_finds_no_free_spawn_cell_waits():
    """The first agent has the inner cell to itself, so another body can be in its way."""
    batch = start("######\n#>.^.#\n######", inner="Q", away_steps=2)
    inner = int(batch.world.params["spawns"][0, 0])
    assert batch.world.params["num_inner"][0] == 1
    put(batch, 2, SIZE + 1, 1, NORTH)
    assert batch.state["position"][0, 2] == inner
    put(batch, 1, 1, 3, WEST)
    act(batch, (NOOP, ZAP))
    for left in (2, 1, 1, 1):
        assert batch.state["away"][0, 0] == left
        act(batch, NOOP)
    act(batch, (NOOP, NOOP, STEP_RIGHT))
    assert batch.state["away"][0].tolist() == [0, 0, 0]
    assert batch.state["position"][0, 0] == inner


def test_returning_is_uniform_over_free_spawn_cells_and_headings():
    world = start("######\n#>.^.#\n######").world
    batch = Batch(world, 6000, seed=1)
    batch.reset()
    where, counts = np.unique(batch.state["position"][:, 1], return_counts=True)
    assert where.size == 5
    assert (np.abs(counts - 1200) < 4.5 * np.sqrt(6000 * 0.2 * 0.8)).all()
    headings = np.bincount(batch.state["heading"][:, 1], minlength=4)
    assert (np.abs(headings - 1500) < 4.5 * np.sqrt(6000 * 0.25 * 0.75)).all()
    batch.step(np.zeros((6000, AGENTS), int))
    orders = np.unique(batch.state["order"], axis=0, return_counts=True)
    assert len(orders[0]) == 6
    assert (np.abs(orders[1] - 1000) < 4.5 * np.sqrt(6000 / 6 * 5 / 6)).all()


def test_orders_of_many_agents_are_permutations_with_uniform_places():
    places = np.zeros((25, 25))
    order = np.zeros(25, np.uint8)
    for k in range(20000):
        shuffle(order, np.uint64(k * 0x9E3779B97F4A7C15 % 2**64))
        places[np.arange(25), order] += 1
        assert k > 50 or sorted(order.tolist()) == list(range(25))
    assert (np.abs(places - 800) < 5 * np.sqrt(800)).all()
