"""The rules of rendezvous, clause by clause on small maps; symmetry, bytes, documents, faults."""

import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prosocial.envs.engine import Batch, ConfigError, LayoutError, build
from prosocial.envs.worlds.rendezvous import Action, Cell, RendezvousConfig, ring, rules
from prosocial.envs.worlds.rendezvous.layouts import RINGS, SYMBOLS

STAY, N, NE, E, SE, S, SW, W, NW = Action
ROOM = "#####\n#G.G#\n#.A.#\n#...#\n#####"


def start(text=ROOM, **config):
    """Returns a batch of one, reset on a map."""
    batch = Batch(build("rendezvous", layout=text, **config), 1, seed=3)
    batch.reset()
    return batch


def act(batch, *actions):
    """Steps once; returns rewards and the names of the events of each agent."""
    batch.step(np.array([actions]))
    counted = [
        {name: int(batch.events[name][0, k]) for name in batch.world.event_names}
        for k in range(batch.num_agents)
    ]
    return batch.rewards[0].tolist(), [{n for n, c in one.items() if c} for one in counted]


def picture(batch):
    """Returns the map, with how many agents stand on each cell without a goal."""
    scene = batch.world.scene(batch.state[0])
    symbols = {Cell.EMPTY: ".", Cell.WALL: "#", Cell.GOAL: "G"}
    rows = [[symbols[Cell(code)] for code in row] for row in scene.cells]
    for agent in scene.agents:
        if rows[agent.row][agent.column] != "G":
            before = rows[agent.row][agent.column]
            rows[agent.row][agent.column] = str(int(before) + 1) if before.isdigit() else "1"
    return ["".join(row) for row in rows]


def test_agents_share_cells_and_move_in_eight_directions():
    batch = start()
    assert picture(batch) == ["#####", "#G.G#", "#.3.#", "#...#", "#####"]
    assert act(batch, W, SE, STAY) == ([0, 0, 0], [set(), set(), {"stay"}])
    assert picture(batch) == ["#####", "#G.G#", "#11.#", "#..1#", "#####"]
    width = batch.world.params["width"][0]
    for action, (down, right) in zip(
        (N, NE, E, SE, S, SW, W, NW),
        ((-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1)),
        strict=True,
    ):
        batch = start()
        before = batch.state["position"][0, 0]
        act(batch, action, STAY, STAY)
        assert batch.state["position"][0, 0] - before == down * width + right


def test_walls_and_the_edge_of_an_open_map_stop():
    batch = start("#####\n#A.G#\n#####")
    assert act(batch, N, SW, E)[1] == [{"bump"}, {"bump"}, set()]
    assert act(start("A.G\n..."), W, N, E)[1] == [{"bump"}, {"bump"}, set()]


def test_one_alone_waits_and_gets_nothing():
    batch = start()
    assert act(batch, NW, NE, STAY) == ([0, 0, 0], [{"waited"}, {"waited"}, {"stay"}])
    assert picture(batch)[2] == "#.1.#"


def test_enough_at_once_pay_everybody_and_all_go_back():
    batch = start()
    rewards, events = act(batch, NW, NW, S)
    assert rewards == [1, 1, 1]
    assert events == [{"captured", "captures"}, {"captured", "captures"}, {"captures"}]
    assert picture(batch) == ["#####", "#G.G#", "#.3.#", "#...#", "#####"]
    assert batch.state["rounds"][0] == 1
    assert batch.state["captured"][0].tolist() == [1, 0]
    assert not batch.done[0]


def test_each_goal_pays_and_more_may_be_needed():
    batch = start(num_agents=4, reward=2.5)
    assert act(batch, NW, NE, NW, NE)[0] == [5.0] * 4
    assert batch.events["captures"][0, 0] == 2
    batch = start(needed=3)
    assert act(batch, NW, NW, S) == ([0, 0, 0], [{"waited"}, {"waited"}, set()])
    assert act(batch, STAY, STAY, N)[0] == [0, 0, 0]
    assert act(batch, STAY, STAY, NW)[0] == [1, 1, 1]


def test_a_goal_that_stays_pays_again():
    batch = start(after_capture="stay")
    for _ in range(3):
        rewards, _events = (
            act(batch, NW, NW, NW) if batch.state["t"][0] == 0 else act(batch, 0, 0, 0)
        )
        assert rewards == [1, 1, 1]
    assert batch.state["captured"][0].tolist() == [3, 0]


def test_a_goal_that_moves_comes_up_on_any_free_cell():
    world = build("rendezvous", layout=ROOM, after_capture="move")
    batch = Batch(world, 6000, seed=1)
    batch.reset()
    batch.step(np.tile([NW, NW, SW], (6000, 1)))
    cells, counts = np.unique(batch.state["goals"][:, 0], return_counts=True)
    # Nine cells, without the other goal, the two who captured it and the third agent: six.
    assert len(cells) == 6
    assert ((counts - 1000) ** 2 / 1000).sum() < 20.5  # chi-square, 5 degrees, p = .001
    assert (batch.state["position"] == batch.state["position"][0]).all()
    assert ((batch.state["cells"] == Cell.GOAL).sum(1) == 2).all()


def test_goals_wander_to_free_cells_at_their_rate():
    world = build("rendezvous", num_goals=1, distance=4, wander=0.3)
    batch = Batch(world, 8000, seed=1)
    batch.reset()
    before = batch.state["goals"][:, 0].copy()
    batch.step(np.zeros((8000, 3), int))
    moved = batch.state["goals"][:, 0] != before
    # The goal of the ring stands at the wall: five of the eight cells around it are free.
    assert abs(moved.mean() - 0.3 * 5 / 8) < 4 * (0.19 * 0.81 / 8000) ** 0.5
    assert len(np.unique(batch.state["goals"][moved, 0])) == 5
    still = Batch(build("rendezvous"), 4, seed=1)
    still.reset()
    still.step(np.zeros((4, 3), int))
    assert (still.state["goals"] == still.world.params["goals"]).all()


@pytest.mark.parametrize("num_goals", RINGS)
@pytest.mark.parametrize("distance", [1, 5])
def test_no_goal_of_the_ring_is_nearer(num_goals, distance):
    batch = start(ring(num_goals, distance))
    width = int(batch.world.params["width"][0])
    rows, columns = np.divmod(batch.state["goals"][0], width)
    row, column = divmod(int(batch.state["position"][0, 0]), width)
    far = np.maximum(abs(rows - row), abs(columns - column))
    assert far.tolist() == [distance] * num_goals
    same = build("rendezvous", num_goals=num_goals, distance=distance)
    assert same.params["goals"].tolist() == batch.world.params["goals"].tolist()


def test_starts_are_drawn_from_the_marked_cells():
    batch = Batch(build("rendezvous", layout="AG.A\n..A.", num_agents=2), 3000, seed=2)
    batch.reset()
    cells, counts = np.unique(batch.state["position"], return_counts=True)
    assert set(cells) == set(batch.world.params["starts"][0])
    assert ((counts - 2000) ** 2 / 2000).sum() < 13.8  # chi-square, 2 degrees, p = .001


def test_episodes_end_by_truncation():
    batch = start(max_steps=2)
    act(batch, 0, 0, 0)
    assert not batch.done[0]
    act(batch, N, 0, 0)
    assert batch.truncated[0]
    assert (batch.state["t"][0], batch.state["rounds"][0]) == (0, 0)


def test_observations_show_cells_and_how_many_others():
    batch = start(num_agents=4, view=3)
    act(batch, N, N, W, STAY)
    first, last = batch.observations[0, 0], batch.observations[0, 3]
    assert first[..., 0].tolist() == [[2, 2, 2], [3, 1, 3], [1, 1, 1]]
    assert first[..., 1].tolist() == [[0, 0, 0], [0, 1, 0], [1, 1, 0]]
    assert last[..., 0].tolist() == [[3, 1, 3], [1, 1, 1], [1, 1, 1]]
    assert last[..., 1].tolist() == [[0, 2, 0], [1, 0, 0], [0, 0, 0]]
    whole = Batch(build("rendezvous"), 1)
    shown = whole.reset()[0, 0]
    assert shown.shape == (21, 21, 2)
    assert (shown[..., 0] == Cell.GOAL).sum() == 4
    assert shown[10, 10, 1] == 2


# Few shapes of records, since each is compiled once.
CROWDED = {"num_agents": 5, "num_goals": 8, "distance": 2}


@pytest.mark.parametrize(
    "config",
    [
        {"distance": 1},
        {**CROWDED, "after_capture": "move", "wander": 0.5},
        {**CROWDED, "after_capture": "stay", "needed": 3},
    ],
)
@given(seed=st.integers(0, 2**32), random=st.randoms(use_true_random=False))
@settings(max_examples=10)
def test_invariants_and_relabelling_hold_under_any_actions(config, seed, random):
    world = build("rendezvous", **config)
    batches = [Batch(world, 1, seed=seed) for _ in range(2)]
    for batch in batches:
        batch.reset()
    order = random.sample(range(world.num_agents), world.num_agents)
    paid = 0
    for _ in range(40):
        actions = np.array([[random.randrange(9) for _ in range(world.num_agents)]])
        batches[0].step(actions)
        batches[1].step(actions[:, order])
        state, other = batches[0].state[0], batches[1].state[0]
        assert (other["position"] == state["position"][order]).all()
        assert (other["cells"] == state["cells"]).all()
        assert (batches[1].events[0] == batches[0].events[0][order]).all()
        assert (batches[1].observations[0] == batches[0].observations[0][order]).all()
        goals = np.flatnonzero(state["cells"] == Cell.GOAL)
        assert sorted(state["goals"]) == goals.tolist()
        assert np.isin(state["cells"][state["position"]], (Cell.EMPTY, Cell.GOAL)).all()
        paid += batches[0].rewards[0]
    assert (paid == state["captured"].sum()).all()


def test_golden_trajectory(replay):
    seen = replay(build("rendezvous", distance=2, num_goals=8, wander=0.2))
    assert seen.rewards.any()


PROGRAM = """
import hashlib, numpy as np, prosocial
from prosocial.envs.engine import Batch, build
config = {"num_goals": 8, "distance": 2, "after_capture": "move", "wander": 0.2}
batch = Batch(build("rendezvous", **config), 2, seed=5)
batch.reset()
digest = hashlib.sha256()
for actions in np.random.default_rng(0).integers(0, 9, (30, 2, 3)):
    batch.step(actions)
    digest.update(batch.state.tobytes() + batch.observations.tobytes())
print(digest.hexdigest())
"""


def test_plain_python_gives_the_same_bytes():
    digests = {
        subprocess.run(
            [sys.executable, "-c", PROGRAM], env={**os.environ, "NUMBA_DISABLE_JIT": off},
            capture_output=True, text=True, check=True,
        ).stdout
        for off in "01"
    }  # fmt: skip
    assert len(digests) == 1
    assert len(digests.pop().strip()) == len(hashlib.sha256().hexdigest())


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"num_agents": 1}, "num_agents is 1; expected an integer in \\[2, 6\\]"),
        ({"num_agents": 7}, "num_agents is 7"),
        ({"num_goals": 0}, "num_goals is 0"),
        ({"num_goals": -1}, "num_goals is -1"),
        ({"num_goals": 3}, "1, 2, 4 or 8 on the ring"),
        ({"needed": 1}, "needed is 1; expected an integer in \\[2, 3\\]"),
        ({"needed": 4}, "needed is 4"),
        ({"distance": 0}, "distance is 0"),
        ({"reward": 0.0}, "expected a number above 0"),
        ({"after_capture": "vanish"}, "one of restart, move, stay"),
        ({"wander": 1.5}, "wander is 1.5"),
        ({"max_steps": 0}, "max_steps is 0"),
        ({"view": 4}, "view is 4; expected an odd number"),
        ({"layout": "circle"}, 'expected "ring" or several lines'),
        ({"layout": 5}, "layout is 5"),
        ({"goals": 2}, "no option 'goals'. Did you mean 'num_goals'"),
        ({"layout": "GGGGGGGGG\n........A"}, "num_goals is 9"),
    ],
)
def test_wrong_values_name_the_field_and_the_range(config, message):
    with pytest.raises(ConfigError, match=message):
        build("rendezvous", **config)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"layout": "#A.\n..#"}, "The map has 0 goals"),
        ({"layout": "GA\n.G", "num_goals": 1}, "has 2 goals .* expected num_goals = 1"),
        ({"layout": "G.\n.."}, "no start cell"),
        ({"layout": "G#A\n###"}, "goal in row 1, column 1 .* cannot be reached"),
        ({"layout": "GA\n."}, "ragged"),
        ({"layout": "GA\n.X"}, "Unknown symbol 'X'"),
    ],
)
def test_impossible_maps_say_why(config, message):
    with pytest.raises(LayoutError, match=message):
        build("rendezvous", **config)


def test_readme_and_docstring_state_the_defaults():
    readme = Path(rules.__file__).with_name("README.md").read_text()
    defaults = RendezvousConfig()
    for field in ("num_agents", "distance", "needed", "reward", "wander", "max_steps"):
        stated = re.search(rf"`{field}` = ([\d.]+)", readme)
        assert stated, field
        assert float(stated[1]) == getattr(defaults, field)
    assert f'`after_capture` = "{defaults.after_capture}"' in readme
    documented = re.findall(r"^        (\w+): ", RendezvousConfig.__doc__ or "", re.MULTILINE)
    assert documented == list(RendezvousConfig.__dataclass_fields__)
    assert all(f"`{symbol}`" in readme for symbol in SYMBOLS)
