"""The GovSim worlds as a whole: lots, invariants, bytes, pictures, documents, bad input."""

import hashlib
import re
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prosocial.envs.engine import Batch, ConfigError, build
from prosocial.envs.worlds.govsim import STORIES, GovSimConfig, rules

WORLDS = 4000


def drawn(demands, num_worlds=WORLDS, steps=1, seed=5, **config):
    """Returns what agents obtain of the same demands round by round, (steps, B, N)."""
    batch = Batch(build("fishery", **config), num_worlds, seed=seed)
    batch.reset()
    catches = []
    for _ in range(steps):
        batch.step(np.broadcast_to(demands, (num_worlds, batch.num_agents)))
        catches.append(batch.events["obtained"].astype(int))
    return np.array(catches)


def test_equal_rationed_demands_are_a_multinomial_lot():
    """With demands that are never met, each of the 100 units goes to one of five at random."""
    (catch,) = drawn(100)
    assert (catch.sum(axis=1) == 100).all()
    error = np.sqrt(100 * 0.2 * 0.8 / WORLDS)
    assert np.abs(catch.mean(axis=0) - 20).max() < 4.5 * error
    covariance = np.cov(catch.T)
    expected = 100 * (np.eye(5) / 5 - 1 / 25)  # 16 on the diagonal, -4 beside it
    assert np.abs(covariance - expected).max() < 5 * 16 * np.sqrt(2 / WORLDS)


def test_each_unit_goes_to_an_agent_with_unmet_demand_whatever_it_still_wants():
    # Of two units, an agent that wants 1 gets one unless both go to the other, who wants 3: in
    # 3 of 4 cases. It would be 1 of 2 if each unit wanted had the same chance.
    (catch,) = drawn((1, 3), num_agents=2, initial_stock=2, collapse_below=0)
    assert set(catch[:, 0]) == {0, 1}
    assert abs(catch[:, 0].mean() - 0.75) < 4.5 * np.sqrt(0.75 * 0.25 / WORLDS)
    # Of three units, who wants 1 beside demands of 1 and 9 gets none if they go to the others:
    # first to the modest one and then twice to the third, or first to the third, then to either.
    (catch,) = drawn((1, 1, 9), num_agents=3, initial_stock=3, collapse_below=0)
    none = 1 / 3 * (1 / 2 * 1 / 2) + 1 / 3 * (1 / 3 * 1 / 2 + 1 / 3 * 2 / 3)
    assert np.abs((catch[:, :2] == 0).mean(axis=0) - none).max() < 4.5 * np.sqrt(0.25 / WORLDS)


@pytest.mark.parametrize("allocation", ["stochastic", "proportional"])
def test_no_agent_has_an_advantage(allocation):
    """Whose demand it is makes no difference: permuted demands give permuted catches."""
    demands, rng = np.array([90, 61, 34, 17, 5]), np.random.default_rng(2)
    (plain,) = drawn(demands, allocation=allocation)
    for seed in range(4):
        order = rng.permutation(5)
        (catch,) = drawn(demands[order], allocation=allocation, seed=seed)
        error = np.hypot(catch.std(axis=0), plain[:, order].std(axis=0)) / np.sqrt(WORLDS)
        assert (np.abs((catch - plain[:, order]).mean(axis=0)) <= 4.5 * error).all()


def test_lots_are_drawn_anew_in_every_world_round_and_seed():
    catch = drawn(100, steps=2)[:, :, 0]  # every round is an episode
    other = drawn(100, seed=6)[0, :, 0]
    for one, two in ((catch[0], catch[1]), (catch[0], other), (catch[0, 1:], catch[0, :-1])):
        assert abs(np.corrcoef(one, two)[0, 1]) < 4.5 / np.sqrt(WORLDS)


@given(
    seed=st.integers(0, 2**64 - 1),
    num_agents=st.sampled_from([2, 5]),
    config=st.fixed_dictionaries({
        "capacity": st.sampled_from([1, 20, 100, 250]),
        "growth": st.sampled_from([1, 1.15, 1.4, 2.0, 3.7]),
        "collapse_below": st.sampled_from([0, 1]),
        "max_rounds": st.sampled_from([2, 7]),
        "allocation": st.sampled_from(["stochastic", "proportional"]),
        "newcomer_round": st.sampled_from([None, 1]),
        "catches": st.sampled_from(["each", "summary", "none"]),
        "reward_per_unit": st.sampled_from([0, 0.25, 1.0]),
    }),
    rng=st.integers(0, 2**32 - 1).map(np.random.default_rng),
)  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_invariants_hold_under_any_demands(seed, num_agents, config, rng):
    batch = Batch(build("pasture", num_agents=num_agents, **config), 4, seed=seed)
    batch.reset()
    growth, most = Fraction(str(config["growth"])), config["capacity"]
    for _ in range(15):
        before = batch.state.copy()
        actions = rng.integers(0, 1 + rng.integers(1, most + 1), (4, num_agents))
        batch.step(actions)
        after, events = batch.after(), batch.events
        asked = actions * before["active"]
        obtained = events["obtained"].astype(int)
        total = asked.sum(axis=1)
        # Conservation: as much as is asked for and there, and nobody gets more than it asked.
        assert np.array_equal(obtained.sum(axis=1), np.minimum(total, before["stock"]))
        assert (obtained <= asked).all()
        left = before["stock"] - obtained.sum(axis=1)
        assert np.array_equal(after["left"], left)
        grown = np.array([min(most, growth * int(units) // 1) for units in left])
        assert np.array_equal(after["stock"], np.where(batch.done, left, grown))
        assert np.array_equal(batch.terminated, left < config["collapse_below"])
        last = before["t"] + 1 == config["max_rounds"]
        assert np.array_equal(batch.truncated, last & ~batch.terminated)
        assert np.array_equal(after["total"], before["total"] + obtained)
        line = before["threshold"][:, None]
        assert np.array_equal(events["demand"], asked)
        assert np.array_equal(events["over"], obtained > line)
        assert np.array_equal(events["over_demand"], asked > line)
        assert np.array_equal(events["rationed"], obtained < asked)
        assert np.array_equal(
            events["collapse"], np.repeat(batch.terminated, num_agents).reshape(4, -1)
        )
        assert np.array_equal(batch.rewards, obtained * np.float32(config["reward_per_unit"]))
        assert (batch.observations < batch.world.observation_codes).all()
        present = num_agents - (batch.state["t"] < (config["newcomer_round"] or 0))
        assert np.array_equal(batch.state["active"].sum(axis=1), present)
        seen = batch.observations[:, 0, 0, :4, 0]
        mine = [batch.state[name] for name in ("stock", "t", "threshold")]
        assert np.array_equal(seen, np.stack([*mine, batch.state["catch"][:, 0]], axis=1))


VARIANTS = {
    "fishery": {"num_agents": 2, "growth": 4.0, "max_rounds": 3},
    "pasture": {
        "num_agents": 3,
        "growth": 6.0,
        "newcomer_round": 1,
        "max_rounds": 2,
        "allocation": "proportional",
        "catches": "each",
    },
    "pollution": {
        "num_agents": 2,
        "capacity": 250,
        "growth": 2.5,
        "max_rounds": 3,
        "catches": "none",
        "reward_per_unit": 0.5,
    },
}


def digest(story, num_worlds=3, first=0, threads=1, steps=40):
    """Returns a hash of all that a batch wrote for worlds 2 and 3 of the seed."""
    world = build(story, **VARIANTS[story])
    batch = Batch(world, num_worlds, seed=11, first=first, threads=threads)
    batch.reset()
    rng = np.random.default_rng(12)
    chosen = slice(2 - first, 4 - first)
    found = hashlib.sha256(batch.observations[chosen].tobytes())
    for _ in range(steps):
        actions = rng.integers(0, batch.num_actions, (8, batch.num_agents))
        batch.step(actions[first : first + num_worlds])
        for array in (batch.state, batch.observations, batch.rewards, batch.events, batch.done):
            found.update(np.ascontiguousarray(array[chosen]).tobytes())
    return found.hexdigest()


@pytest.mark.parametrize("story", VARIANTS)
def test_a_world_depends_neither_on_its_batch_nor_on_threads(story):
    alone = digest(story, num_worlds=2, first=2)
    assert digest(story, num_worlds=8) == alone
    assert digest(story, num_worlds=7, first=1, threads=3) == alone


def test_plain_python_gives_the_same_bytes(in_plain_python):
    printed = in_plain_python(__file__, "for story in t.VARIANTS: print(t.digest(story, 2, 2))")
    assert printed == [digest(story, 2, 2) for story in VARIANTS]


@pytest.mark.parametrize("story", STORIES)
def test_golden_trajectory(story, replay):
    """A difference means that VERSION must go up.

    Recorded by ``record.main(story, *options, seed=2041)`` of tests/golden/record.py, the options
    being those of ``VARIANTS`` as ``"key=value"``.
    """
    seen = replay(build(story, **VARIANTS[story]))
    names = seen.events.dtype.names
    assert all(seen.events[name].any() for name in names)  # the recording contains everything
    assert seen.truncated.any()


def test_the_three_stories_are_one_set_of_rules():
    written = []
    for story in STORIES:
        batch = Batch(build(story), 3, seed=4)
        batch.reset()
        rng = np.random.default_rng(5)
        for _ in range(20):
            batch.step(rng.integers(0, 30, (3, 5)))
        written.append((batch.state.tobytes(), batch.observations.tobytes()))
    assert written[0] == written[1] == written[2]


@pytest.mark.parametrize("story", STORIES)
@pytest.mark.parametrize(("capacity", "shape"), [(100, (10, 12)), (7, (3, 6)), (1, (1, 7))])
def test_a_picture_shows_the_stock_and_who_takes_part(story, capacity, shape):
    config = {"capacity": capacity, "collapse_below": 0, "newcomer_round": 1}
    batch = Batch(build(story, **config), 1, seed=1)
    batch.reset()
    for stock, present in ((capacity, 4), (min(capacity, 2 * (capacity - 1)), 5)):
        scene = batch.world.scene(batch.state[0])
        assert scene.legend is STORIES[story]
        outside, used, full = (scene.legend(code) for code in range(3))
        assert outside.name == "OUTSIDE"
        assert (scene.cells == full).sum() == stock == batch.state["stock"][0]
        assert (scene.cells == used).sum() == capacity - stock
        assert [agent.name for agent in scene.agents] == [f"agent_{k}" for k in range(present)]
        assert scene.cells.shape == shape
        places = {(agent.row, agent.column) for agent in scene.agents}
        assert len(places) == present
        assert all(scene.cells[place] == outside for place in places)
        batch.step([[1, 0, 0, 0, 0]])


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"num_agents": 1}, r"num_agents is 1; expected an integer in \[2, 64\]"),
        ({"num_agents": 65}, "num_agents is 65"),
        ({"num_agents": 5.0}, "num_agents is 5.0"),
        ({"capacity": 0}, r"capacity is 0; expected an integer in \[1, 250\]"),
        ({"capacity": 251}, "capacity is 251"),
        ({"capacity": 4}, r"collapse_below is 5; expected an integer in \[0, 4\]"),
        ({"collapse_below": -1}, "collapse_below is -1"),
        ({"collapse_below": 101}, r"collapse_below is 101; expected an integer in \[0, 100\]"),
        ({"initial_stock": 4}, r"initial_stock is 4; expected an integer in \[5, 100\]"),
        ({"initial_stock": 101}, "initial_stock is 101"),
        ({"initial_stock": 0, "collapse_below": 0}, r"initial_stock is 0; .* \[1, 100\]"),
        ({"growth": 0.9}, r"growth is 0.9; expected a number in \[1, 250\]"),
        ({"growth": 251}, "growth is 251"),
        ({"growth": float("nan")}, "growth is nan"),
        ({"max_rounds": 0}, r"max_rounds is 0; expected an integer in \[1, 255\]"),
        ({"max_rounds": 256}, "max_rounds is 256"),
        ({"allocation": "random"}, "expected one of stochastic, proportional"),
        ({"allocation": None}, "allocation is None"),
        ({"newcomer_round": 0}, r"newcomer_round is 0; expected an integer in \[1, 11\]"),
        ({"newcomer_round": 12}, "newcomer_round is 12"),
        ({"newcomer_round": 1, "max_rounds": 1}, "is 1; expected None with a single round"),
        ({"newcomer_round": True}, "newcomer_round is True"),
        ({"catches": "all"}, "expected one of each, summary, none"),
        ({"catches": None}, "catches is None"),
        ({"reward_per_unit": -1}, "reward_per_unit is -1; expected a number >= 0"),
        ({"reward_per_unit": float("inf")}, "reward_per_unit is inf"),
        ({"num_agent": 5}, "no option 'num_agent'. Did you mean 'num_agents'"),
    ],
)
def test_wrong_values_name_the_field_and_the_range(config, message):
    with pytest.raises(ConfigError, match=message):
        build("pollution", **config)


def test_readme_and_docstring_state_the_defaults():
    readme = Path(rules.__file__).with_name("README.md").read_text()
    defaults = GovSimConfig()
    stated = re.findall(r'`(\w+)` = "?(\w+)', readme)
    fields = {"newcomer_round", "initial_stock", "catches"}  # stated in words
    assert {name for name, _ in stated} == set(GovSimConfig.__dataclass_fields__) - fields
    for name, value in stated:
        default = getattr(defaults, name)
        assert value == (f"{default:g}" if isinstance(default, int | float) else default)
    assert fields <= set(re.findall(r"`(\w+)", readme))
    documented = re.findall(r"^        (\w+): ", GovSimConfig.__doc__ or "", re.MULTILINE)
    assert documented == list(GovSimConfig.__dataclass_fields__)
    world = build("fishery")
    section = readme.split("## Events")[1].split("##")[0]
    known = {*world.event_names, *(world.state_dtype.names or ())[3:]}
    assert set(re.findall(r"`(\w+)`", section)) == known
    for action in list(world.actions)[:2]:
        assert f"{action.value} `{action.name}`" in readme
    assert f"uint8 {world.observation_shape}" in readme
    assert all(f"{story}" in readme.split("\n")[0] for story in STORIES)
