"""helping_grid as a whole: the caregiver's plan, reference levels, invariants, bytes, documents."""

import hashlib
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prosocial.envs.engine import Batch, ConfigError, build
from prosocial.envs.worlds.helping_grid import Cell, FullAction, HelpingGridConfig, rules
from prosocial.envs.worlds.helping_grid.layouts import NUM_WALLS, SYMBOLS

STAY, LEFT, RIGHT, FORWARD, PICKUP, DROP = FullAction
LEARNER, CAREGIVER = 0, 1
OFFSETS = ((-1, 0), (0, 1), (1, 0), (0, -1))  # rows and columns north, east, south, west


def ahead(cell, heading):
    return cell[0] + OFFSETS[heading][0], cell[1] + OFFSETS[heading][1]


def shortest(cells, source, goal):
    """Returns the length of a shortest path over cells that are not walls, by relaxation."""
    distance = np.full(cells.shape, 10**6)
    distance[goal] = 0
    for _ in range(cells.size):
        near = np.pad(distance, 1, constant_values=10**6)
        near = np.min([near[:-2, 1:-1], near[2:, 1:-1], near[1:-1, :-2], near[1:-1, 2:]], axis=0)
        distance = np.where(cells == Cell.WALL, 10**6, np.minimum(distance, near + 1))
    return int(distance[source])


def depth_first(cells, source, goal, path=()):
    """Returns the first simple path, trying north, south, west, east; None if there is none."""
    if source == goal:
        return [source]
    for heading in (0, 2, 3, 1):
        other = ahead(source, heading)
        if other not in path and cells[other] != Cell.WALL:
            rest = depth_first(cells, other, goal, (*path, source))
            if rest is not None:
                return [source, *rest]
    return None


def decisions(count, **config):
    """Yields cells, caregiver, goal and the caregiver's action on maps with rings, in any pose."""
    batch = Batch(build("helping_grid", num_walls=6, **config), count, seed=8)
    batch.reset()
    rng = np.random.default_rng(9)
    for cells, position in zip(batch.state["cells"], batch.state["position"], strict=True):
        cells[position[CAREGIVER]] = Cell.EMPTY
        position[CAREGIVER] = rng.choice(np.flatnonzero(cells == Cell.EMPTY))
        cells[position[CAREGIVER]] = Cell.AGENT
    scenes = [batch.world.scene(state) for state in batch.state]
    batch.step(np.full((count, 1), STAY))
    for scene, state in zip(scenes, batch.state, strict=True):
        caregiver = scene.agents[CAREGIVER]
        goal = tuple(int(k) for k in np.argwhere(scene.cells == Cell.GOAL)[0])
        action = FullAction(int(state["actions"][CAREGIVER]))
        assert caregiver.heading is not None
        yield scene.cells, (caregiver.row, caregiver.column), caregiver.heading, goal, action


def test_the_caregiver_follows_a_shortest_path_and_turns_the_shorter_way():
    moves, choices = set(), 0
    for cells, here, heading, goal, action in decisions(300):
        length = shortest(cells, here, goal)
        onwards = [h for h in range(4) if shortest(cells, ahead(here, h), goal) == length - 1]
        turn = (onwards[0] - heading) % 4
        assert action == (FORWARD, RIGHT, RIGHT, LEFT)[turn]
        moves.add(turn)
        choices += len(onwards) > 1
    assert moves == {0, 1, 2, 3}
    assert choices > 10


def test_the_depth_first_caregiver_follows_the_first_path_and_turns_by_index():
    turns, longer = set(), 0
    for cells, here, heading, goal, action in decisions(300, caregiver_path="depth_first"):
        path = depth_first(cells, here, goal) or []
        wanted = next(h for h in range(4) if ahead(here, h) == path[1])
        # MiniGrid counts headings from east; ours from north.
        difference = (wanted - 1) % 4 - (heading - 1) % 4
        assert action == (FORWARD if difference == 0 else RIGHT if difference > 0 else LEFT)
        turns.add(difference)
        longer += len(path) - 1 > shortest(cells, here, goal)
    assert turns == {-3, -2, -1, 0, 1, 2, 3}
    assert longer > 10  # otherwise the two searches could not be told apart


def play(worlds, **config):
    """Returns goals and pickups per episode of idle (False) and random (True) learners."""
    levels = {}
    for random in (False, True):
        batch = Batch(build("helping_grid", **config), worlds, seed=5)
        batch.reset()
        rng = np.random.default_rng(6)
        counts = np.zeros((2, worlds))
        for _ in range(100):
            actions = rng.integers(0, 5, (worlds, 1)) if random else np.zeros((worlds, 1), int)
            batch.step(actions)
            counts += batch.events["caregiver_goal"][:, 0], batch.events["pickup"][:, 0]
        assert batch.done.all()
        levels[random] = counts
    return levels


@pytest.mark.parametrize("path", ["shortest", "depth_first"])
def test_idle_and_random_learners_reach_the_reference_levels(path):
    levels = play(4000, caregiver_path=path)
    assert not levels[False].any()
    # An independent re-implementation gave 0.3 goals and 0.44 pickups; 400 episodes are assumed.
    for ours, theirs in zip(levels[True], (0.3, 0.44), strict=True):
        error = ours.std() * np.sqrt(1 / 4000 + 1 / 400)
        assert abs(ours.mean() - theirs) < 3 * error


@given(
    seed=st.integers(0, 2**64 - 1),
    config=st.fixed_dictionaries({
        "scripted_caregiver": st.booleans(),
        "pickup_from_hands": st.booleans(),
        "reward_overwrite": st.booleans(),
        "caregiver_path": st.sampled_from(["shortest", "depth_first"]),
        "action_set": st.sampled_from(["emitted", "declared", "full"]),
        "map_seed": st.sampled_from([None, 0, 2**64 - 1]),
    }),
    rng=st.integers(0, 2**32 - 1).map(np.random.default_rng),
)  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_invariants_hold_under_any_actions(seed, config, rng):
    batch = Batch(build("helping_grid", **config), 2, seed=seed)
    batch.reset()
    for _ in range(130):
        maps = batch.state["maps"].copy()
        batch.step(rng.integers(0, batch.num_actions, (2, batch.num_agents)))
        state, events = batch.state, batch.events
        balls = (state["cells"] == Cell.BALL).sum(axis=1)
        assert (balls + (state["carrying"] == Cell.BALL).sum(axis=1) == 1).all()
        assert ((state["cells"] == Cell.GOAL).sum(axis=1) == 1).all()
        assert ((state["cells"] == Cell.WALL).sum(axis=1) == 24 + 8).all()
        assert ((state["cells"] == Cell.AGENT).sum(axis=1) == 2).all()
        assert (state["position"][:, 0] != state["position"][:, 1]).all()
        rows = np.arange(2)[:, None]
        assert (state["cells"][rows, state["position"]] == Cell.AGENT).all()
        assert (state["heading"] < 4).all()
        scored = events["caregiver_goal"][:, LEARNER]
        assert (events["helped"][:, LEARNER] <= scored).all()
        assert (events["bump"] <= events["forward"]).all()
        assert np.array_equal(state["maps"] - maps, np.where(batch.done, 1 - maps, scored))
        cost = np.float32(-0.009) * events["forward"][:, LEARNER]
        assert np.array_equal(batch.rewards[:, LEARNER], cost)


VARIANTS = (
    {},
    {"scripted_caregiver": False, "action_set": "full", "pickup_from_hands": True},
    {"caregiver_path": "depth_first", "map_seed": 1234, "reward_overwrite": True},
)


def digest(config, num_worlds=3, first=0, threads=1, steps=110):
    """Returns a hash of all that a batch wrote for worlds 2 and 3 of the seed."""
    batch = Batch(
        build("helping_grid", **config), num_worlds, seed=11, first=first, threads=threads
    )
    batch.reset()
    rng = np.random.default_rng(12)
    chosen = slice(2 - first, 4 - first)
    found = hashlib.sha256(batch.observations[chosen].tobytes())
    for _ in range(steps):
        # Taking the ball and keeping to dead ends now and then lets the caregiver through.
        actions = rng.integers(0, batch.num_actions, (8, batch.num_agents))
        batch.step(actions[first : first + num_worlds])
        for array in (batch.state, batch.observations, batch.rewards, batch.events, batch.done):
            found.update(np.ascontiguousarray(array[chosen]).tobytes())
    return found.hexdigest()


@pytest.mark.parametrize("config", VARIANTS, ids=["clean", "controlled", "quirks"])
def test_a_world_depends_neither_on_its_batch_nor_on_threads(config):
    alone = digest(config, num_worlds=2, first=2)
    assert digest(config, num_worlds=8) == alone
    assert digest(config, num_worlds=7, first=1, threads=3) == alone


def test_plain_python_gives_the_same_bytes(in_plain_python):
    printed = in_plain_python(__file__, "for config in t.VARIANTS: print(t.digest(config, 2, 2))")
    assert printed == [digest(config, 2, 2) for config in VARIANTS]


def test_golden_trajectory(replay):
    """A difference means that VERSION must go up.

    Recorded by ``record.main("helping_grid", seed=2035, num_worlds=4, steps=110)`` of
    tests/golden/record.py.
    """
    seen = replay(build("helping_grid"))
    assert seen.events["helped"].any()  # the recording contains a new map


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"layout": "maze"}, "layout is 'maze'; expected \"random\", an ASCII map"),
        ({"layout": []}, r"layout is \(\)"),
        ({"layout": 3}, "layout is 3"),
        ({"size": 12}, r"size is 12; expected an integer in \[5, 9\]"),
        ({"size": [7]}, r"size is \[7\]"),
        ({"num_walls": 9}, r"num_walls is 9; expected an integer in \[6, 8\]"),
        ({"size": 9}, r"num_walls is 8; expected an integer in \[13, 18\]"),
        ({"step_cost": -0.1}, "step_cost is -0.1"),
        ({"goal_reward": float("inf")}, "goal_reward is inf"),
        ({"max_steps": 0}, "max_steps is 0"),
        ({"time_limit": "ended"}, "expected one of terminated, truncated"),
        ({"scripted_caregiver": 1}, "scripted_caregiver is 1; expected True or False"),
        ({"caregiver_path": "best"}, "expected one of shortest, depth_first"),
        ({"action_set": "all"}, "expected one of emitted, declared, full"),
        ({"reward_overwrite": None}, "reward_overwrite is None"),
        ({"pickup_from_hands": "yes"}, "pickup_from_hands is 'yes'"),
        ({"map_seed": -1}, "map_seed is -1"),
        ({"map_seed": 2**64}, "map_seed is 18446744073709551616"),
        ({"view": 4}, "view is 4; expected an odd number"),
        ({"num_wals": 8}, "no option 'num_wals'. Did you mean 'num_walls'"),
    ],
)
def test_wrong_values_name_the_field_and_the_range(config, message):
    with pytest.raises(ConfigError, match=message):
        build("helping_grid", **config)


def test_readme_and_docstring_state_the_defaults():
    readme = Path(rules.__file__).with_name("README.md").read_text()
    defaults = HelpingGridConfig()
    for field in ("size", "num_walls", "step_cost", "goal_reward", "max_steps"):
        stated = re.search(rf"`{field}` = ([\d.]+)", readme)
        assert stated, field
        assert float(stated[1]) == getattr(defaults, field)
    for field, clean in re.findall(r'^\| `(\w+)` \| `?"?(\w+)', readme, re.MULTILINE):
        assert str(getattr(defaults, field)) == clean
    documented = re.findall(r"^        (\w+): ", HelpingGridConfig.__doc__ or "", re.MULTILINE)
    assert documented == list(HelpingGridConfig.__dataclass_fields__)
    for size, (fewest, most) in NUM_WALLS.items():
        walls = f"{fewest}" if fewest == most else f"{fewest} to {most}"
        assert re.search(rf"\b{size} with {walls}\b", readme), size
    assert set(re.findall(r"`(\S)`\s\w", readme)) >= set(SYMBOLS)
    world = build("helping_grid")
    section = readme.split("## Events")[1].split("##")[0]
    assert set(world.event_names) <= set(re.findall(r"`(\w+)`", section))
    for action in world.actions:
        assert f"{action.value} `{action.name}`" in readme
    assert f"uint8 {world.observation_shape}" in readme
