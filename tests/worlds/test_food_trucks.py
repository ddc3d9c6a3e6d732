"""The rules of food_trucks, clause by clause, on small maps; sight, layouts, bytes, documents."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from prosocial.envs.engine import Batch, ConfigError, LayoutError, build
from prosocial.envs.worlds.food_trucks import (
    LAYOUTS,
    Action,
    Cell,
    EatAction,
    FoodTrucksConfig,
    rules,
)
from prosocial.envs.worlds.food_trucks.layouts import SYMBOLS, lines_of_sight, read_map
from prosocial.envs.worlds.food_trucks.staging import like, park, put

STAY, NORTH, SOUTH, WEST, EAST, EAT = EatAction
LETTERS = {0: " ", 1: ".", 2: "#", 3: "_", 4: "K", 5: "L", 6: "M", 7: "?"}


def start(text="wall", worlds=1, seed=0, **config):
    """Returns a batch, reset on a map; utilities are 50, 0 and 100 of K, L and M.

    Small maps are filled up with walls to 3 x 4 cells, so that the rules are compiled once.
    """
    if text not in LAYOUTS:
        rows = [row.ljust(4, "#") for row in text.split("\n")]
        text = "\n".join(rows + ["####"] * (3 - len(rows)))
    config = {"desires": "fixed", **config}
    batch = Batch(build("food_trucks", layout=text, **config), worlds, seed=seed)
    batch.reset()
    return batch


def act(batch, *actions):
    """Steps and returns the rewards, the last events by name and the picture."""
    rewards = []
    for action in actions:
        batch.step(np.array([[action]]))
        rewards.append(round(float(batch.rewards[0, 0]), 6))
    events = {name: int(batch.events[name][0, 0]) for name in batch.world.event_names}
    return rewards, {name: count for name, count in events.items() if count}, picture(batch)


def picture(batch):
    scene = batch.world.scene(batch.state[0])
    rows = [[LETTERS[code] for code in row] for row in scene.cells.tolist()]
    agent = scene.agents[0]
    rows[agent.row][agent.column] = "A"
    return [row for row in ("".join(row).rstrip("#") for row in rows) if row]


def seen(batch):
    """Returns the first two channels of what the agent sees, drawn."""
    view = batch.observations[0, 0]
    rows = np.vectorize(LETTERS.get)(view[:, :, 0])
    rows[view[:, :, 1] > 0] = "A"
    return ["".join(row) for row in rows]


def test_moves_go_in_the_four_directions_of_the_map():
    batch = start("...\n.A.\n..1", placements=("K",))
    assert act(batch, NORTH) == ([-1.0], {"move": 1}, [".A.", "...", "..K"])
    assert act(batch, WEST, SOUTH)[2] == ["...", "A..", "..K"]
    assert act(batch, EAST, STAY) == ([-1.0, -1.0], {"stay": 1}, ["...", ".A.", "..K"])


def test_walls_and_the_edge_stop_and_cost():
    batch = start("A#1\n...", placements=("K",))
    for action in (NORTH, WEST, EAST):
        assert act(batch, action) == ([-1.0], {"bump": 1}, ["A#K", "..."])


def test_entering_a_spot_with_a_truck_is_eating_there():
    batch = start("A1.2", placements=("LM",))
    rewards, events, _ = act(batch, EAST)
    assert rewards == [-1.0 + 0.0]
    assert events == {"move": 1, "eat": 1}
    assert batch.terminated[0]
    assert batch.after()["eaten"][0] == 1
    batch = start("1A.2", placements=("KM",))
    rewards, events, _ = act(batch, EAST, EAST)
    assert (rewards, events) == ([-1.0, 99.0], {"move": 1, "eat": 1, "best": 1})
    assert batch.after()["eaten"][0] == 2


def test_the_best_is_the_best_of_those_parked():
    batch = start("1A2", placements=("KL",))
    assert act(batch, WEST)[1] == {"move": 1, "eat": 1, "best": 1}  # M would be better, but is away


def test_an_empty_spot_feeds_nobody():
    batch = start("A12", placements=("-K",))
    assert act(batch, EAST) == ([-1.0], {"move": 1}, [".AK"])
    assert not batch.done[0]
    assert act(batch, EAST)[0] == [49.0]


def test_eating_can_be_an_action_of_its_own():
    batch = start("A1.", placements=("M",), eating="action", step_cost=2, stay_cost=0.5)
    assert batch.num_actions == 6
    assert act(batch, EAT) == ([-0.5], {}, ["AM."])  # nothing to eat here
    assert act(batch, EAST) == ([-2.0], {"move": 1}, [".A."])
    assert not batch.done[0]
    rewards, events, _ = act(batch, EAT)
    assert (rewards, events) == ([99.5], {"eat": 1, "best": 1})
    assert batch.terminated[0]


def test_episodes_without_a_meal_are_truncated():
    batch = start(max_steps=3)
    act(batch, STAY, STAY)
    assert not batch.done[0]
    act(batch, STAY)
    assert (batch.truncated[0], batch.terminated[0]) == (True, False)


def visible_from(text, row, column):
    """Draws which cells of a map are seen from one of them: o seen, x not."""
    cells = read_map(text).cells
    there = lines_of_sight(cells).reshape(*cells.shape, *cells.shape)[row, column]
    return ["".join("o" if cell else "x" for cell in line) for line in there]


def test_sight_is_a_straight_line_past_the_walls():
    room = """
        .....
        ..#..
        .....
        1...A
    """
    assert visible_from(room, 1, 0) == ["oooox", "oooxx", "oooox", "ooooo"]
    assert visible_from(room, 0, 0) == ["ooooo", "oooxx", "oooxx", "oooox"]
    assert visible_from(room, 3, 2) == ["ooxoo", "ooooo", "ooooo", "ooooo"]
    # Two walls that touch at a corner: the line through the corner itself is free.
    corner = """
        .#.
        #.1
        ..A
    """
    assert visible_from(corner, 0, 0) == ["oox", "oox", "xxo"]
    behind = """
        A#.#1
        .....
    """
    assert visible_from(behind, 0, 0) == ["ooxxx", "ooxxx"]


@pytest.mark.parametrize("layout", list(LAYOUTS))
def test_sight_is_mutual_and_from_walls_nothing_is_seen(layout):
    cells = read_map(LAYOUTS[layout]).cells
    sight = lines_of_sight(cells)
    free = cells.ravel() != Cell.WALL
    assert (sight[np.ix_(free, free)] == sight[np.ix_(free, free)].T).all()
    assert sight[free][:, free].diagonal().all()
    assert not sight[~free].any()


def test_on_the_default_map_spot_1_is_seen_north_of_the_wall_only():
    """As memo's demonstration states it: visible in rows 0 and 1."""
    cells = read_map(LAYOUTS["wall"]).cells
    there = lines_of_sight(cells)[9].reshape(cells.shape)
    assert there[:2].all()
    assert not there[2:][cells[2:] != Cell.WALL].any()


def test_what_is_out_of_sight_is_unknown():
    batch = start(placements=("MK",))
    hidden = ["??????????", "??????????", "?#########", "...A......", "K........."]
    assert seen(batch) == hidden
    act(batch, WEST, WEST, WEST)
    assert seen(batch) == ["..????????", ".?????????", ".#########", "A.........", "K........."]
    _, events, _ = act(batch, NORTH, NORTH)
    assert events == {"move": 1, "discover": 1}
    assert seen(batch)[:2] == [".........M", "A........."]
    assert seen(batch)[3:] == [".?????????", "K.????????"]
    assert act(batch, STAY)[1] == {"stay": 1}  # discovered once
    act(batch, SOUTH, SOUTH)
    assert seen(batch)[0] == "..????????"


def test_what_was_seen_can_be_remembered_and_the_map_known():
    batch = start(placements=("MK",), remember=True)
    act(batch, WEST, WEST, WEST, NORTH, NORTH, SOUTH, SOUTH)
    assert seen(batch)[:2] == [".........M", ".........."]
    known = start(placements=("MK",), known_map=True)
    assert seen(known) == [".........?", "..........", ".#########", "...A......", "K........."]
    # A truck moved unseen is remembered where it was; in sight it is seen.
    batch = start(remember=True)
    park(batch.world, batch.state, "LK")
    act(batch, WEST, WEST, WEST, NORTH, NORTH, SOUTH, SOUTH)
    park(batch.world, batch.state, "MK")
    act(batch, STAY)
    assert seen(batch)[0][-1] == "L"
    assert picture(batch)[0][-1] == "M"
    act(batch, NORTH, NORTH)
    assert seen(batch)[0][-1] == "M"


def test_a_view_is_centred_on_the_agent():
    batch = start(view=5)
    assert batch.world.observation_shape == (5, 5, 5)
    assert seen(batch) == ["?????", "#####", "..A..", ".....", "     "]
    act(batch, WEST, WEST)
    assert seen(batch)[3] == " K..."


def test_desires_are_drawn_private_and_told_to_the_agent_alone():
    batch = start(worlds=4000, desires="independent", seed=3)
    counts = np.unique(batch.state["utilities"], axis=0, return_counts=True)
    assert len(counts[0]) == 64
    assert counts[1].min() > 30
    assert set(np.unique(batch.state["utilities"])) == {-20, 0, 50, 100}
    told = batch.observations[:, 0, :, :, 2:]
    assert (told == told[:, :1, :1]).all()
    values = np.array([-20, 0, 50, 100])
    assert (values[told[:, 0, 0] - 1] == batch.state["utilities"]).all()
    silent = start(desires="independent", show_desires=False)
    assert not silent.observations[..., 2:].any()
    permuted = start(worlds=600, desires="permutation", utility_values=(1, 2, 3))
    orders = np.unique(permuted.state["utilities"], axis=0, return_counts=True)
    assert len(orders[0]) == 6
    assert orders[1].min() > 60
    assert start().state["utilities"].tolist() == [[50, 0, 100]]


def test_placements_and_starts_are_drawn_as_stated():
    batch = start(worlds=4000, placements=("LK", "MK", "-K"), placement_weights=(1, 2, 1))
    share = np.bincount(batch.state["placement"], minlength=3) / 4000
    assert share == pytest.approx([0.25, 0.5, 0.25], abs=0.03)
    several = start("A.A\n.1.", worlds=200, placements="all")
    assert len(np.unique(several.state["position"])) == 2
    assert sorted(np.unique(several.state["placement"])) == [0, 1, 2]
    expected = ("KL", "KM", "LK", "LM", "MK", "ML")
    assert FoodTrucksConfig(layout="small").possible() == expected


def test_staging_changes_one_thing_at_a_time():
    batch = start(desires="independent")
    put(batch.world, batch.state, (0, 8))
    assert picture(batch)[0][8] == "A"
    like(batch.world, batch.state, (0, 100, 50))
    park(batch.world, batch.state, "LK")
    assert batch.state["memory"].reshape(7, 12)[1, 10] == Cell.TRUCK_L
    rewards, events, _ = act(batch, EAST)
    assert (rewards, events) == ([99.0], {"move": 1, "eat": 1, "best": 1})
    with pytest.raises(ConfigError, match="placement is 'KK'; expected one of LK, MK"):
        park(batch.world, batch.state, "KK")
    for place in ((2, 5), (0, 10), (-1, 0), (5, 0)):
        with pytest.raises(ConfigError, match="expected row and column of a cell without a wall"):
            put(batch.world, batch.state, place)
    with pytest.raises(ConfigError, match="expected three of"):
        like(batch.world, batch.state, (1, 2, 3))
    with pytest.raises(ConfigError, match="expected a food_trucks"):
        park(build("caregiver_grid"), batch.state, "LK")


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"layout": "walls"}, "layout is 'walls'; expected one of wall, small"),
        ({"placements": ()}, "placements is "),
        ({"placements": "some"}, "placements is 'some'"),
        ({"placement_weights": (1, 0)}, "placement_weights is"),
        ({"placement_weights": (1, "a")}, "placement_weights is"),
        ({"desires": "drawn"}, "desires is 'drawn'; expected one of fixed, independent"),
        ({"utility_values": (1, 1)}, "different numbers in ascending order"),
        ({"utility_values": tuple(range(17))}, "1 to 16 different numbers"),
        ({"desires": "permutation"}, "three of them to permute"),
        ({"utilities": (1, 2)}, "a number for each of K, L, M"),
        ({"utilities": (1, 2, np.nan)}, "a number for each of K, L, M"),
        ({"step_cost": -1}, "step_cost is -1; expected a number >= 0"),
        ({"stay_cost": np.inf}, "stay_cost is inf"),
        ({"eating": "never"}, "eating is 'never'; expected one of arrive, action"),
        ({"max_steps": 0}, "max_steps is 0"),
        ({"view": 4}, "view is 4; expected an odd number"),
        ({"remember": 1}, "remember is 1; expected True or False"),
        ({"step_costs": 1}, "no option 'step_costs'. Did you mean 'step_cost'"),
    ],
)
def test_wrong_configurations_are_named(config, message):
    with pytest.raises(ConfigError, match=re.escape(message)):
        build("food_trucks", **config)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"layout": "A..\n..."}, "are numbered []; expected 1, 2, ... each once"),
        ({"layout": "A.1\n1.."}, "are numbered [1, 1]"),
        ({"layout": "A.1\n3.."}, "are numbered [1, 3]"),
        ({"layout": "A#1\n.##"}, "to the spots [1]; open one"),
        ({"layout": "1#2\n###"}, "nowhere to start"),
        ({"layout": "A.1\n.."}, "ragged"),
        ({"layout": "A.1\n..G"}, "Unknown symbol 'G'"),
        ({"layout": "A12\n.34"}, "The map has 4 spots and there are 3 trucks"),
        ({"placements": ("L",)}, "The placement 'L' does not suit a map of 2 spots"),
        ({"placements": ("LX",)}, "The placement 'LX'"),
        ({"placements": ("LL",)}, "The placement 'LL'"),
        ({"placements": ("--",)}, "The placement '--'"),
        ({"placements": ("LK", "LK")}, "A placement is given twice"),
        ({"placement_weights": (1, 1, 1)}, "There are 3 placement_weights for 2 placements"),
        ({"layout": "\n".join(["A" + "." * 59 + "1"] * 1 + ["." * 61] * 60)}, "at most 2500"),
    ],
)
def test_wrong_maps_and_placements_are_named(config, message):
    with pytest.raises(LayoutError, match=re.escape(message)):
        build("food_trucks", **config)


def test_golden_trajectory(replay):
    """A difference means that VERSION must go up.

    Recorded by ``record.main("food_trucks", num_worlds=6, steps=80)`` of tests/golden/record.py.
    """
    seen = replay(build("food_trucks"))
    for name in seen.events.dtype.names:
        assert seen.events[name].any(), name


README = Path(rules.__file__).with_name("README.md").read_text(encoding="utf-8")


def test_readme_and_docstring_state_the_defaults():
    defaults = FoodTrucksConfig()
    stated = dict(re.findall(r'`(\w+)` = "?([\w.]*\w)', README))
    assert len(stated) == 6
    for field, value in stated.items():
        assert value == str(getattr(defaults, field))
    documented = re.findall(r"^        (\w+): ", FoodTrucksConfig.__doc__ or "", re.MULTILINE)
    assert documented == list(FoodTrucksConfig.__dataclass_fields__)
    assert set(documented) <= set(re.findall(r"`(\w+)[`=]", README))
    assert "`utility_values` (−20, 0, 50, 100)" in README
    assert defaults.utility_values == (-20, 0, 50, 100)
    assert set(LAYOUTS) == set(re.findall(r'^\| `"(\w+)"`', README, re.MULTILINE))
    assert set(re.findall(r"`([#.A1])` ", README)) <= set(SYMBOLS)
    for action in (*Action, EatAction.EAT):
        assert f"{action.value} `{action.name}`" in README
    for cell in Cell:
        assert f"{cell.value} `{cell.name}`" in README
    world = build("food_trucks")
    assert f"uint8 {world.observation_shape}" in README
    section = README.split("## Events")[1]
    assert set(world.event_names) <= set(re.findall(r"`(\w+)`", section))


def test_every_observation_lies_below_the_stated_codes():
    for config in ({}, {"layout": "small", "utility_values": tuple(range(16)), "view": 9}):
        world = build("food_trucks", **config)
        batch = Batch(world, 64, seed=1)
        highest = int(batch.reset().max())
        for now in np.random.default_rng(0).integers(0, 5, (30, 64, 1)):
            highest = max(highest, int(batch.step(now)[0].max()))
        assert highest < world.observation_codes
