"""clean_up as a whole: invariants, fairness, presets, bytes, documents, bad configurations."""

import hashlib
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prosocial.envs.engine import TRUNCATED, Batch, ConfigError
from prosocial.envs.worlds.avatars import Cell
from prosocial.envs.worlds.avatars.codes import BODY
from prosocial.envs.worlds.clean_up import AbsoluteAction, Action, CleanUpConfig, build, rules
from prosocial.envs.worlds.clean_up.layouts import LAYOUTS, SYMBOLS
from prosocial.envs.worlds.clean_up.presets import PRESETS

# Growth and inflow from the first step on; 30 steps an episode.
LIVELY = {
    "depletion": 1.0,
    "dirt_delay": 5,
    "min_steps": 20,
    "max_steps": 30,
    "end_interval": 5,
    "end_probability": 0.2,
}


def overlaid(state):
    """Returns the cells of worlds as they must be: the ground with everybody on it."""
    cells = state["ground"].copy()
    for agent in range(state["position"].shape[1]):
        here = np.flatnonzero(state["away"][:, agent] == 0)
        code = BODY + 4 * agent + state["heading"][here, agent]
        cells[here, state["position"][here, agent]] = code
    return cells


def check_lists(batch):
    """Checks that counters and lists of sites agree with the ground."""
    params = batch.world.params[0]
    for state in batch.state:
        ground = state["ground"]
        bare = params["sites"][ground[params["sites"]] == Cell.FLOOR]
        assert sorted(state["empty_sites"][: bare.size]) == sorted(bare)
        assert state["stock"] == params["num_sites"] - bare.size == (ground == Cell.APPLE).sum()
        clean = params["dirt_sites"][ground[params["dirt_sites"]] == Cell.WATER]
        assert sorted(state["clean_sites"][: clean.size]) == sorted(clean)
        assert state["waste"] == params["num_dirt"] - clean.size == (ground == Cell.WASTE).sum()


@given(
    seed=st.integers(0, 2**64 - 1),
    preset=st.sampled_from(["meltingpot", "ssd", "socialjax"]),
    config=st.fixed_dictionaries({
        "dirt_probability": st.sampled_from([0.0, 0.5, 1.0]),
        "apple_probability": st.sampled_from([0.0, 0.05, 1.0]),
        "identities": st.booleans(),
        "grow_under_bodies": st.booleans(),
        "enter_water": st.booleans(),
        "hit_effect": st.sampled_from(["stay", "remove", "teleport"]),
        "away_steps": st.sampled_from([1, 4]),
    }),
    rng=st.integers(0, 2**32 - 1).map(np.random.default_rng),
)  # fmt: skip
@settings(max_examples=40, deadline=None)
def test_invariants_hold_under_any_actions(seed, preset, config, rng):
    batch = Batch(build(CleanUpConfig(preset=preset, **LIVELY, **config)), 2, seed=seed)
    batch.reset()
    blocked = {Cell.WALL} if config["enter_water"] else {Cell.WALL, Cell.WATER, Cell.WASTE}
    for _ in range(45):
        waste = batch.state["waste"].astype(int)
        stock = batch.state["stock"].astype(int)
        batch.step(rng.integers(0, 9, (2, batch.num_agents)))
        after, events = batch.after(), batch.events
        new = after["waste"] - waste + events["cleaned"].sum(axis=1)  # conservation of waste
        assert ((new == 0) | (new == 1)).all()
        assert (new <= (config["dirt_probability"] > 0)).all()
        assert (after["stock"] >= stock - events["ate"].sum(axis=1)).all()
        assert (events["cleaned"] <= 4 * events["clean"]).all()
        assert (events["hit"] <= 4 * events["zap"]).all()
        present = after["away"] == 0
        beams = np.isin(after["cells"], (Cell.ZAP, Cell.CLEAN))
        assert np.array_equal(
            np.where(beams, 0, after["cells"]), np.where(beams, 0, overlaid(after))
        )
        for world in range(2):
            cells = after["position"][world, present[world]]
            assert np.unique(cells).size == cells.size  # nobody shares a cell
            assert not blocked & set(after["ground"][world, cells])
        cost = 0 if preset != "ssd" else 50.0 * events["zapped"] + events["zap"]
        last = batch.done[:, None] & (preset == "socialjax")
        assert np.array_equal(batch.rewards, np.where(last, 0, events["ate"] - np.float32(cost)))
        assert (batch.observations[..., 0] < batch.world.observation_codes).all()
        check_lists(batch)


def test_an_episode_starts_anew():
    batch = Batch(build(CleanUpConfig(**LIVELY)), 4, seed=3)
    batch.reset()
    rng = np.random.default_rng(4)
    for _ in range(15):
        batch.step(rng.integers(0, 9, (4, 7)))
    batch.state["harvest"] = 3
    assert batch.state["stock"].all()
    assert batch.state["clean_cooldown"].any()
    batch.reset()
    state, params = batch.state, batch.world.params[0]
    assert (state["ground"] == params["blank"]).all()
    assert (state["waste"] == 79).all()
    for field in ("stock", "harvest", "clean_cooldown", "others_cleaned", "cooldown", "away", "t"):
        assert not state[field].any(), field
    check_lists(batch)


def test_no_agent_has_an_advantage():
    """What agents eat and clean in the long run does not depend on their index."""
    batch = Batch(build(CleanUpConfig(depletion=1.0)), 300, seed=6)
    batch.reset()
    rng = np.random.default_rng(7)
    totals = {name: np.zeros((300, 7)) for name in ("ate", "cleaned", "zapped", "bump")}
    for _ in range(250):
        batch.step(rng.integers(0, 9, (300, 7)))
        for name, total in totals.items():
            total += batch.events[name]
    for name, total in totals.items():
        assert total.sum() > 500, name
        share = total - total.mean(axis=1, keepdims=True)
        deviation = share.mean(axis=0) / (share.std(axis=0) / np.sqrt(300))
        assert np.abs(deviation).max() < 4, name


def test_an_episode_ends_by_chance_at_multiples_of_a_hundred():
    batch = Batch(build(CleanUpConfig(apple_probability=0.0)), 300, seed=8)
    batch.reset()
    batch.state["t"] = 998
    noop, lengths = np.zeros((300, 7), int), []
    for step in range(999, 1401):
        batch.step(noop)
        if batch.done.any():
            assert np.array_equal(batch.done, batch.truncated)
            lengths.append((step, int(batch.done.sum())))
            batch.state["t"][batch.done] = -5000  # out of the count
    assert [step for step, _ in lengths] == [1000, 1100, 1200, 1300, 1400]
    left = 300
    for _, ended in lengths:
        assert abs(ended - 0.2 * left) < 4 * np.sqrt(left * 0.16)
        left -= ended
    batch.state["t"] = 4999
    batch.step(noop)
    assert batch.done.all()
    assert TRUNCATED == 2


@pytest.mark.parametrize("preset", PRESETS)
def test_a_built_configuration_is_concrete(preset):
    config = CleanUpConfig(preset=preset)
    assert None not in vars(config).values()
    assert config.replace() == config
    assert build(config).actions is (AbsoluteAction if preset == "socialjax" else Action)
    changed = CleanUpConfig(preset=preset, num_agents=3, dirt_probability=0.25)
    assert (changed.num_agents, changed.dirt_probability) == (3, 0.25)
    assert changed.clean_shape == config.clean_shape


VARIANTS = (
    {**LIVELY},
    {**LIVELY, "preset": "ssd", "depletion": 1.0, "identities": True},
    {**LIVELY, "preset": "socialjax", "depletion": 1.0, "show_others_cleaned": False},
)


def digest(config, num_worlds=3, first=0, threads=1, steps=40):
    """Returns a hash of all that a batch wrote for worlds 2 and 3 of the seed."""
    batch = Batch(build(CleanUpConfig(**config)), num_worlds, seed=11, first=first, threads=threads)
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


@pytest.mark.parametrize("config", VARIANTS, ids=["meltingpot", "ssd", "socialjax"])
def test_a_world_depends_neither_on_its_batch_nor_on_threads(config):
    alone = digest(config, num_worlds=2, first=2)
    assert digest(config, num_worlds=8) == alone
    assert digest(config, num_worlds=7, first=1, threads=3) == alone


def test_plain_python_gives_the_same_bytes(in_plain_python):
    printed = in_plain_python(__file__, "for config in t.VARIANTS: print(t.digest(config, 2, 2))")
    assert printed == [digest(config, 2, 2) for config in VARIANTS]


def test_golden_trajectory(replay):
    """A difference means that VERSION must go up.

    Recorded by ``record.main("clean_up", "depletion=1.0", "dirt_delay=20", seed=2040)`` of
    tests/golden/record.py.
    """
    seen = replay(build(CleanUpConfig(depletion=1.0, dirt_delay=20)))
    for name in ("ate", "cleaned", "zapped", "away", "bump"):
        assert seen.events[name].any(), name


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"preset": "perolat"}, "expected one of meltingpot, hughes, ssd, socialjax"),
        ({"preset": None}, "preset is None"),
        ({"layout": "open"}, "layout is 'open'; expected one of meltingpot, ssd, socialjax, or"),
        ({"layout": 3}, "layout is 3"),
        ({"num_agents": 0}, r"num_agents is 0; expected an integer in \[1, 60\]"),
        ({"dirt_probability": 1.5}, r"dirt_probability is 1.5; expected a number in \[0, 1\]"),
        ({"dirt_probability": -0.1}, "dirt_probability is -0.1"),
        ({"apple_probability": 2}, "apple_probability is 2"),
        ({"apple_probability": float("nan")}, "apple_probability is nan"),
        ({"dirt_limit": -1}, "dirt_limit is -1"),
        ({"restoration": -0.5}, "restoration is -0.5"),
        ({"depletion": 1.1}, "depletion is 1.1"),
        ({"depletion": 0.3, "restoration": 0.3}, "depletion is 0.3; expected a number above"),
        ({"dirt_delay": -1}, "dirt_delay is -1"),
        ({"dirt_draws": "cell"}, "expected one of step, site"),
        ({"pollution_of": "river"}, "expected one of sites, water"),
        ({"clean_shape": "cone"}, "expected one of meltingpot, parallel, socialjax"),
        ({"clean_length": 0}, "clean_length is 0"),
        ({"clean_radius": 4}, "clean_radius is 4; expected at most clean_length = 3"),
        ({"clean_cooldown": 256}, "clean_cooldown is 256"),
        ({"clean_through_waste": 1}, "clean_through_waste is 1; expected True or False"),
        ({"clean_through_bodies": "no"}, "clean_through_bodies is 'no'"),
        ({"grow_under_bodies": 0}, "grow_under_bodies is 0"),
        ({"enter_water": "yes"}, "enter_water is 'yes'"),
        ({"show_others_cleaned": None}, "show_others_cleaned is None"),
        ({"end_probability": 1.2}, "end_probability is 1.2"),
        ({"cleaning_cooldown": 2}, "no option 'cleaning_cooldown'. Did you mean 'clean_cooldown'"),
    ],
)
def test_wrong_values_name_the_field_and_the_range(config, message):
    with pytest.raises(ConfigError, match=message):
        CleanUpConfig.from_mapping(config)


def stated(value):
    """Returns a value as the README's table of presets writes it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, int | float) else value


def test_readme_and_docstring_state_the_defaults():
    readme = Path(rules.__file__).with_name("README.md").read_text()
    table = readme.split("## Presets")[1].split("\n\n")[1].strip().split("\n")
    lines = [[cell.strip(" `") for cell in line.strip("|").split("|")] for line in table]
    assert lines[0][1:] == list(PRESETS)
    assert {line[0] for line in lines[2:]} == set(PRESETS["meltingpot"])
    for number, preset in enumerate(PRESETS, 1):
        config = CleanUpConfig(preset=preset)
        for line in lines[2:]:
            assert stated(getattr(config, line[0])) == line[number], (preset, line[0])
    for field in ("apple_reward", "clean_cooldown"):
        assert f"`{field}` = {getattr(CleanUpConfig(), field):g}" in readme
    documented = re.findall(r"^        (\w+): ", CleanUpConfig.__doc__ or "", re.MULTILINE)
    assert documented == list(CleanUpConfig.__dataclass_fields__)
    assert set(re.findall(r"`(\S)`\s\w", readme)) >= set(SYMBOLS)
    for name in LAYOUTS:
        assert f"| `{name}` |" in readme
    world = build(CleanUpConfig())
    section = readme.split("## Events")[1].split("##")[0]
    assert set(world.event_names) <= set(re.findall(r"`(\w+)`", section))
    for action in Action:
        assert f"{action.value} `{action.name}`" in readme
    for action in list(AbsoluteAction)[1:5]:
        assert f"`{action.name}`" in readme
    assert f"uint8 {world.observation_shape}" in readme
