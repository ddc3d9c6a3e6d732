"""The rules of caregiver_grid, clause by clause, on small maps; its layouts and configuration."""

import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prosocial.envs.engine import Batch, ConfigError, LayoutError, build
from prosocial.envs.engine.grid import UNREACHABLE, distances
from prosocial.envs.worlds.caregiver_grid import (
    LAYOUTS,
    Action,
    CaregiverGridConfig,
    Cell,
    rules,
)

LEFT, RIGHT, FORWARD = Action


def start(text, **config):
    """Returns a batch of one, reset on a map; no cell is drawn if start and goal are single."""
    batch = Batch(build("caregiver_grid", layout=text, **config), 1)
    batch.reset()
    return batch


def act(batch, *actions):
    """Steps and returns the rewards, the last events by name and the picture."""
    rewards = []
    for action in actions:
        batch.step(np.array([[action]]))
        rewards.append(round(float(batch.rewards[0, 0]), 6))
    events = {name: int(batch.events[name][0, 0]) for name in batch.world.event_names}
    return rewards, {name for name, count in events.items() if count}, picture(batch)


def picture(batch):
    scene = batch.world.scene(batch.state[0])
    symbols = {Cell.EMPTY: ".", Cell.WALL: "#", Cell.GOAL: "G", Cell.LAVA: "~"}
    rows = [[symbols[Cell(code)] for code in row] for row in scene.cells]
    learner = scene.agents[0]
    rows[learner.row][learner.column] = "^>v<"[learner.heading]
    return ["".join(row) for row in rows]


def test_forward_moves_and_costs():
    batch = start("#####\n#>.G#\n#####")
    assert act(batch, FORWARD) == ([-0.045], {"forward"}, ["#####", "#.>G#", "#####"])


def test_turning_is_free_and_goes_round():
    batch = start("####\n#>G#\n####")
    assert act(batch, LEFT)[2][1] == "#^G#"
    assert act(batch, LEFT, LEFT, LEFT)[2][1] == "#>G#"
    rewards, events, now = act(batch, RIGHT)
    assert (rewards, events, now[1]) == ([0.0], set(), "#vG#")


def test_walls_and_the_edge_of_an_open_map_stop_and_still_cost():
    assert act(start("####\n#<G#\n####"), FORWARD) == (
        [-0.045],
        {"forward", "bump"},
        ["####", "#<G#", "####"],
    )
    assert act(start("<G\n.."), FORWARD) == ([-0.045], {"forward", "bump"}, ["<G", ".."])


def test_entering_the_goal_is_free_counts_and_draws_a_new_map():
    batch = start("#####\n#>G.#\n#####")
    assert act(batch, FORWARD) == ([0.0], {"forward", "goal"}, ["#####", "#>G.#", "#####"])
    assert batch.state["t"][0] == 1
    assert not batch.done[0]
    random = Batch(build("caregiver_grid", layout="plus"), 64)
    random.reset()
    before = random.state["goal"].copy()
    reached = np.zeros(64, bool)
    for _ in range(20):
        random.step(np.full((64, 1), FORWARD))
        goal = random.events["goal"][:, 0] > 0
        reached |= goal & (random.state["goal"] != before)
        before = random.state["goal"].copy()
    assert reached.any()


def test_the_goal_step_can_be_charged():
    assert act(start("####\n#>G#\n####", goal_step_cost=True), FORWARD)[0] == [-0.045]


def test_lava_draws_a_new_map_and_costs_the_step():
    batch = start("#####\n#>~G#\n#...#\n#####")
    rewards, events, now = act(batch, RIGHT, LEFT, FORWARD)
    assert (rewards[-1], events, now[1]) == (-0.045, {"forward", "lava"}, "#>~G#")
    drawn = Batch(build("caregiver_grid", num_lava=3), 50, seed=2)
    drawn.reset()
    assert ((drawn.state["cells"] == Cell.LAVA).sum(1) == 3).all()


def test_costs_and_lengths_are_configuration():
    batch = start("#####\n#>.G#\n#####", step_cost=0.5, max_steps=2)
    assert act(batch, FORWARD)[0] == [-0.5]
    assert act(batch, LEFT)[0] == [0.0]
    assert batch.truncated[0]


def test_observation_is_egocentric_with_the_stated_channels():
    batch = start("#######\n#.....#\n#..G..#\n#.....#\n#.>...#\n#.....#\n#######")
    view = batch.observations[0, 0]
    assert view.shape == (9, 9, 4)
    assert view[4, 4].tolist() == [Cell.AGENT, 0, 1, 0]
    # The goal lies two rows up and one column right: looking east, one ahead and two to the left.
    assert view[3, 2].tolist() == [Cell.GOAL, 1, 0, 1]
    assert view[:, :, 3].sum() == 1
    assert view[0, 4].tolist() == [Cell.WALL, 5, 0, 0]  # the border four cells ahead
    assert view[4, 1].tolist() == [Cell.EMPTY, 0, 0, 0]  # three to the left: row 1
    assert view[8, 4].tolist() == [Cell.OUTSIDE, 0, 0, 0]  # four behind lies beyond the border
    act(batch, RIGHT)
    assert batch.observations[0, 0, 4, 4].tolist() == [Cell.AGENT, 0, 2, 0]
    # Looking south the goal lies two behind and one to the left.
    assert batch.observations[0, 0, 6, 3, 0] == Cell.GOAL


@pytest.mark.parametrize("turns", range(4))
def test_the_view_shows_the_whole_room_under_every_heading(turns):
    batch = start("#######\n#A....#\n#.....#\n#.....#\n#.....#\n#....G#\n#######")
    act(batch, *[RIGHT] * turns)
    view = batch.observations[0, 0, :, :, 0]
    assert (view == Cell.EMPTY).sum() == 23
    assert (view == Cell.GOAL).sum() == 1


@pytest.mark.parametrize(("name", "walls"), [
    ("plus", {(3, 2), (2, 3), (3, 3), (4, 3), (3, 4)}),
    ("x", {(2, 2), (2, 4), (3, 3), (4, 2), (4, 4)}),
    ("u", {(2, 2), (2, 3), (3, 4), (4, 3), (4, 2)}),
    ("t", {(2, 2), (3, 2), (4, 2), (3, 3), (3, 4)}),
    ("four_rooms", {(3, 1), (1, 3), (3, 3), (5, 3), (3, 5)}),
])  # fmt: skip
def test_hand_made_layouts_have_the_published_walls(name, walls):
    batch = Batch(build("caregiver_grid", layout=name), 1)
    batch.reset()
    cells = batch.world.scene(batch.state[0]).cells
    inside = {(x, y) for x in range(1, 6) for y in range(1, 6) if cells[y, x] == Cell.WALL}
    assert inside == walls
    assert cells.shape == (7, 7)


def test_placements_are_uniform():
    batch = Batch(build("caregiver_grid", num_walls=1, allow_unreachable=True), 20000)
    batch.reset()
    width = int(batch.world.params["width"][0])
    for field in ("position", "goal"):
        cells, counts = np.unique(batch.state[field], return_counts=True)
        assert len(cells) == 25
        assert ((counts - 800) ** 2 / 800).sum() < 51.2  # chi-square, 24 degrees, p = .001
        rows, columns = cells // width, cells % width
        assert (rows.min(), rows.max(), columns.min(), columns.max()) == (5, 9, 5, 9)
    assert ((np.bincount(batch.state["heading"]) - 5000) ** 2 / 5000).sum() < 16.3
    assert (batch.state["position"] != batch.state["goal"]).all()
    assert ((batch.state["cells"] == Cell.WALL).sum(1) == 24 + 1).all()


@pytest.mark.parametrize("allow", [False, True])
def test_unreachable_goals_occur_only_when_allowed(allow):
    batch = Batch(build("caregiver_grid", num_walls=8, allow_unreachable=allow), 2000)
    batch.reset()
    width = batch.world.params["width"][0]
    distance = np.zeros(batch.state["cells"][0].size, int)
    queue = np.zeros_like(distance)
    cut_off = 0
    for state in batch.state:
        distances(state["cells"], width, state["goal"], rules.BLOCKING, distance, queue)
        cut_off += distance[state["position"]] == UNREACHABLE
    assert (cut_off > 0) == allow


def test_halves_put_the_goal_on_their_side():
    for region, rows in (("upper", {1, 2}), ("lower", {4, 5})):
        batch = Batch(build("caregiver_grid", goal_region=region), 500)
        batch.reset()
        cells = [batch.world.scene(state).cells for state in batch.state]
        assert {int(np.argwhere(c == Cell.GOAL)[0][0]) for c in cells} == rows


@given(st.integers(0, 2**63), st.lists(st.sampled_from(list(Action)), min_size=1, max_size=60))
@settings(max_examples=60, deadline=None)
def test_invariants_hold_under_any_actions(seed, actions):
    batch = Batch(build("caregiver_grid", num_lava=2), 1, seed=seed)
    batch.reset()
    for action in actions:
        batch.step(np.array([[action]]))
        state, event = batch.state[0], batch.events[0, 0]
        cells = state["cells"]
        assert (cells == Cell.GOAL).sum() == 1
        assert cells[state["goal"]] == Cell.GOAL
        assert (cells == Cell.WALL).sum() == 24 + 3
        assert (cells == Cell.LAVA).sum() == 2
        assert cells[state["position"]] == Cell.EMPTY
        assert event["forward"] == (action == FORWARD)
        assert int(event["goal"]) + int(event["bump"]) + int(event["lava"]) <= int(event["forward"])
        cost = np.float32(-0.045) if event["forward"] and not event["goal"] else 0
        assert batch.rewards[0, 0] == cost


def test_golden_trajectory(replay):
    """Recorded by tests/golden/record.py; a difference means that VERSION must go up."""
    replay(build("caregiver_grid"))


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"layout": "plsu"}, "layout is 'plsu'; expected one of random, plus"),
        ({"size": 3}, r"size is 3; expected an integer in \[4, 100\]"),
        ({"num_walls": -1}, "num_walls is -1"),
        ({"num_walls": 2.0}, "num_walls is 2.0"),
        ({"step_cost": -0.1}, "step_cost is -0.1"),
        ({"step_cost": float("nan")}, "step_cost is nan"),
        ({"max_steps": 0}, "max_steps is 0"),
        ({"view": 4}, "view is 4; expected an odd number"),
        ({"goal_region": "left"}, "expected one of anywhere, upper, lower"),
        ({"allow_unreachable": 1}, "allow_unreachable is 1; expected True or False"),
        ({"goal_step_cost": None}, "goal_step_cost is None"),
    ],
)
def test_wrong_values_name_the_field_and_the_range(config, message):
    with pytest.raises(ConfigError, match=message):
        build("caregiver_grid", **config)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"layout": "###\n###"}, "0 free cells"),
        ({"layout": "###\n#.#\n###"}, "1 free cells"),
        ({"layout": "###\n#..#\n###"}, "ragged"),
        ({"layout": "####\n#.X#\n####"}, "Unknown symbol 'X'"),
        ({"layout": "#####\n#.#.#\n#####"}, "No goal of the map can be reached"),
        ({"layout": "#####\n#><.#\n#####"}, "several starts"),
        ({"num_walls": 24}, "room for 24 walls.* is 25"),
        ({"layout": "####\n#..#\n####", "goal_region": "upper"}, "No cell of the map can hold"),
    ],
)
def test_impossible_layouts_say_why(config, message):
    with pytest.raises(LayoutError, match=message):
        build("caregiver_grid", **config)


def test_readme_and_docstring_state_the_defaults():
    readme = Path(rules.__file__).with_name("README.md").read_text()
    defaults = CaregiverGridConfig()
    for field in ("num_walls", "step_cost", "max_steps"):
        stated = re.search(rf"`{field}` = ([\d.]+)", readme)
        assert stated
        assert float(stated[1]) == getattr(defaults, field)
    documented = re.findall(r"^        (\w+): ", CaregiverGridConfig.__doc__ or "", re.MULTILINE)
    assert documented == list(CaregiverGridConfig.__dataclass_fields__)
    assert set(LAYOUTS) == set(re.findall(r'`"(\w+)"`', readme)) - {"random"}
