"""The kitchen as a whole: invariants, symmetry, bytes, the recorded trajectory, documents."""

import hashlib
import re
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import prosocial
from prosocial.envs.engine import Batch, build
from prosocial.envs.render import frame, text
from prosocial.envs.social import get_norm
from prosocial.envs.worlds.kitchen import Cell, KitchenConfig, rules
from prosocial.envs.worlds.kitchen.items import FRESH_MASK, PLATE, item_code
from prosocial.envs.worlds.kitchen.layouts import LAYOUTS, STARTS, STATIONS, THINGS

OFFSETS = np.array([0, -9, 9, -1, 1])
LEVEL = {"layout": "partial_divider", "recipes": "salad", "num_agents": 3}
SOUP = {
    "layout": "-----to\nP1.2.3l\n/.....p\n*.....-\n--p----",
    "recipes": [{"name": "soup", "ingredients": ["tomato", "lettuce"], "kind": "soup"}],
    "num_agents": 3,
    "cook_time": 2,
}


def shake(batch, rng, share=0.3):
    """Puts cooks beside the cells that matter now and then, so that random play gets somewhere."""
    state = batch.state[0]
    floor = np.flatnonzero(state["ground"] == Cell.FLOOR)
    if rng.random() < share:
        state["position"] = rng.choice(floor, batch.num_agents, replace=False)


def parts(state):
    """Returns how often each part is there: plates, then each ingredient, fresh or chopped."""
    codes = np.concatenate([state["items"], state["held"]]).astype(int)
    counts = [int((codes & PLATE).sum())]
    for k in range(len(state["served"]) - 1):
        counts.append(int(((codes >> (1 + 2 * k)) & 1).sum() + ((codes >> (2 + 2 * k)) & 1).sum()))
    return np.array(counts) + state["served"]


def fresh_parts(state):
    """Returns the fresh ingredients as a mask."""
    codes = np.concatenate([state["items"], state["held"]])
    return int(np.bitwise_or.reduce(codes)) & FRESH_MASK


@given(seed=st.integers(0, 2**32 - 1), config=st.sampled_from([LEVEL, SOUP]))
@settings(max_examples=20, deadline=None)
def test_nothing_is_lost_and_nobody_stands_on_anybody(seed, config):
    rng = np.random.default_rng(seed)
    batch = Batch(build("kitchen", **config), 1)
    batch.reset()
    first = parts(batch.state[0])
    assert first[:3].tolist() == [2, 1, 1]
    for _ in range(150):
        shake(batch, rng)
        before = fresh_parts(batch.state[0])
        batch.step(rng.integers(0, 5, (1, batch.num_agents)))
        state = batch.after()[0]
        assert (parts(state) == first).all()
        assert len(set(state["position"].tolist())) == batch.num_agents
        assert (state["ground"][state["position"]] == Cell.FLOOR).all()
        held_or_solid = np.isin(state["ground"], (Cell.COUNTER, Cell.BOARD, Cell.POT))
        assert not state["items"][~held_or_solid].any()
        assert not state["target"].any()
        assert fresh_parts(state) & ~before == 0  # nothing chopped becomes whole again
        assert (batch.events["finish"][0] == batch.terminated[0]).all()


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=20, deadline=None)
def test_relabelling_agents_relabels_the_outcome(seed):
    """Unless two face one solid cell, when the order of the agents decides."""
    rng = np.random.default_rng(seed)
    batch, twin = (Batch(build("kitchen", **LEVEL), 1, auto_reset=False) for _ in range(2))
    batch.reset()
    twin.reset()
    order = list(permutations(range(3)))[rng.integers(6)]
    for _ in range(60):
        shake(batch, rng)
        twin.state[:] = batch.state
        for field in ("position", "held"):
            twin.state[field][0] = batch.state[field][0, order]
        back = np.array([0, *(1 + order.index(k) for k in range(3))], np.uint8)
        twin.state["put_by"][0] = back[batch.state["put_by"][0]]
        actions = rng.integers(0, 5, 3)
        faced = batch.state["position"][0] + OFFSETS[actions]
        solid = faced[batch.state["ground"][0, faced] != Cell.FLOOR]
        if len(set(solid.tolist())) < len(solid):
            continue
        batch.step(actions[None])
        twin.step(actions[None, list(order)])
        for field in ("items", "delivered", "served", "t"):
            assert np.array_equal(batch.after()[field], twin.after()[field])
        for field in ("position", "held"):
            assert np.array_equal(batch.after()[field][0, order], twin.after()[field][0])
        assert np.array_equal(batch.events[0, order], twin.events[0])
        if batch.done[0]:
            return


def test_the_three_kitchens_are_those_of_the_source():
    """Coordinates (x, y) from the upper left, as the released levels give them."""
    for name in LAYOUTS:
        recipes, kitchen = KitchenConfig(layout=name, num_agents=4).read()
        ground, lying = kitchen.ground.T, kitchen.items.T
        assert [recipe.name for recipe in recipes] == ["tomato"]
        assert ground.shape == (7, 7)
        assert [(x, y) for y, x in kitchen.starts] == [(2, 1), (4, 1), (4, 4), (2, 4)]
        assert np.argwhere(ground == Cell.BOARD).tolist() == [[0, 1], [0, 2]]
        assert np.argwhere(ground == Cell.DELIVERY).tolist() == [[0, 3]]
        assert np.argwhere(lying == PLATE).tolist() == [[5, 6], [6, 5]]
        assert np.argwhere(lying == item_code("fresh tomato")).tolist() == [[5, 0]]
        assert np.argwhere(lying == item_code("fresh lettuce")).tolist() == [[6, 1]]
        assert (lying != 0).sum() == 4
        divider = [y for y in range(1, 6) if ground[3, y] == Cell.COUNTER]
        assert divider == {"open": [], "part": [1, 2, 3, 4], "full": [1, 2, 3, 4, 5]}[name[:4]]
        inner = np.delete(ground[1:-1, 1:-1], 2, axis=0)
        assert (inner == Cell.FLOOR).all()


def test_pots_cost_the_other_kitchens_nothing_but_an_idle_loop():
    world = build("kitchen")
    assert world.params["num_pots"] == world.params["num_soups"] == 0
    assert world.observation_codes == 6
    assert build("kitchen", cook_time=150).state_dtype == world.state_dtype


def test_pictures_and_text_tell_everything_apart():
    batch = Batch(build("kitchen", **SOUP), 1)
    batch.reset()
    state, pictures, texts = batch.state[0], [], []
    names = ["nothing", "plate", "fresh tomato", "chopped tomato", "chopped lettuce", "fresh onion"]
    names += ["chopped tomato + plate", "chopped tomato + chopped lettuce", "soup: chopped tomato"]
    for held in (False, True):
        for name in names:
            state["items"][:9] = state["held"] = 0
            cell = 10 if not held else None
            state["items"][10] = item_code(name) if not held else 0
            state["held"][0] = item_code(name) if held else 0
            assert cell is None or state["ground"][cell] == Cell.COUNTER
            pictures.append(frame(batch.world.scene(state)).tobytes())
            texts.append(text(batch.world.scene(state)))
    assert len(set(pictures)) == len(set(texts)) == 2 * len(names) - 1  # nothing is nothing
    assert "chopped tomato row 0, column 0" in texts[3]
    assert texts[3].splitlines()[0] == "T----to"
    assert "agent_0 1 row 1, column 1, carries a fresh tomato" in texts[11]


def test_the_state_for_central_critics_shows_items():
    env = prosocial.make("kitchen")
    env.reset(seed=0)
    state = env.state()
    assert state.shape == (7, 7, 4 + 3)
    assert state[0, 5].tolist() == [Cell.COUNTER, 0, 0, 0, 0, 1, 0]
    assert state[5, 6].tolist() == [Cell.COUNTER, 0, 0, 0, 1, 0, 0]
    assert state[1, 4, 1] == 2


@pytest.mark.parametrize(("norm", "event"), [("hand_over", "given"), ("cooking", "chop")])
def test_norms_praise_events(norm, event):
    batch = Batch(build("kitchen", **LEVEL), 2)
    batch.reset()
    get_norm(norm).check(batch.world)
    batch.events[event][1, 2] = 2
    scores = get_norm(norm).score(batch.events, None, None)
    assert np.allclose(scores, [[0, 0, 0], [0, 0, 0.2]])


VARIANTS = (LEVEL, SOUP, {"recipes": "tomato_lettuce"})


def digest(config, num_worlds=2, first=2, threads=1):
    """Returns a hash of all that a batch wrote for worlds 2 and 3 of the seed."""
    batch = Batch(build("kitchen", **config), num_worlds, seed=5, first=first, threads=threads)
    batch.reset()
    rng = np.random.default_rng(6)
    chosen = slice(2 - first, 4 - first)
    found = hashlib.sha256(batch.observations[chosen].tobytes())
    for _ in range(105):
        actions = rng.integers(0, 5, (8, batch.num_agents))
        batch.step(actions[first : first + num_worlds])
        for array in (batch.state, batch.observations, batch.rewards, batch.events, batch.done):
            found.update(np.ascontiguousarray(array[chosen]).tobytes())
    return found.hexdigest()


@pytest.mark.parametrize("config", VARIANTS, ids=["salad", "soup", "two dishes"])
def test_a_world_depends_neither_on_its_batch_nor_on_threads(config):
    alone = digest(config)
    assert digest(config, num_worlds=8, first=0) == alone
    assert digest(config, num_worlds=7, first=1, threads=3) == alone


def test_plain_python_gives_the_same_bytes(in_plain_python):
    printed = in_plain_python(__file__, "for config in t.VARIANTS: print(t.digest(config))")
    assert printed == [digest(config) for config in VARIANTS]


def test_golden_trajectory(replay):
    """A difference means that VERSION must go up.

    Recorded by ``record.main("kitchen", "layout='partial_divider'", "recipes='salad'",
    "num_agents=3", seed=64, num_worlds=4, steps=110)`` of tests/golden/record.py.
    """
    seen = replay(build("kitchen", **LEVEL))
    for name in ("move", "collide", "pick_up", "put_down", "chop", "merge", "given"):
        assert seen.events[name].any(), name


def test_readme_and_docstring_state_the_defaults():
    readme = Path(rules.__file__).with_name("README.md").read_text()
    defaults = KitchenConfig()
    for field in ("num_agents", "reward", "max_steps", "cook_time"):
        stated = re.search(rf"`{field}` = ([\d.]+)", readme)
        assert stated, field
        assert float(stated[1]) == getattr(defaults, field)
    documented = re.findall(r"^        (\w+): ", KitchenConfig.__doc__ or "", re.MULTILINE)
    assert documented == list(KitchenConfig.__dataclass_fields__)
    assert all(f"`{name}`" in readme for name in LAYOUTS)
    world = build("kitchen")
    section = readme.split("## Events")[1].split("##")[0]
    assert set(world.event_names) <= set(re.findall(r"`(\w+)`", section))
    for action in world.actions:
        assert f"{action.value} `{action.name}`" in readme
    assert f"uint8 {world.observation_shape}" in readme
    section = readme.split("## Maps of your own")[1].split("##")[0]
    assert set(re.findall(r"`(\S)`", section)) >= {*STATIONS, *THINGS, STARTS[0], STARTS[-1]}
