"""doors as a whole: invariants, bytes, documents."""

import hashlib
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prosocial.envs.engine import Batch, ConfigError, build
from prosocial.envs.worlds.doors import DoorsConfig, rules
from prosocial.envs.worlds.doors.layouts import LAYOUTS

HUMAN, HELPER = 0, 1


@given(
    seed=st.integers(0, 2**64 - 1),
    layout=st.sampled_from(sorted(LAYOUTS)),
    push_steps=st.sampled_from([0, 1, 2, 20]),
    rng=st.integers(0, 2**32 - 1).map(np.random.default_rng),
)
@settings(max_examples=30, deadline=None)
def test_invariants_hold_under_any_actions(seed, layout, push_steps, rng):
    world = build("doors", layout=layout, push_steps=push_steps)
    batch, params = Batch(world, 3, seed=seed, track_states=True), world.params[0]
    batch.reset()
    for _ in range(60):
        batch.step(rng.integers(0, 5, (3, 2)))
        before, after = batch.before, batch.after()
        assert before is not None
        at = after["position"]
        assert (params["cells"][at] != 2).all()
        doors = params["door_at"][at]
        worlds = np.arange(3)[:, None]
        assert (before["is_open"][worlds, np.maximum(doors, 0)] | (doors < 0)).all()
        assert (after["is_open"] >= before["is_open"]).all()
        new = (after["is_open"] > before["is_open"]).sum(axis=1)
        assert (batch.events["opened"].sum(axis=1) == new).all()
        kinds = [batch.events[name] for name in ("move", "push", "bump", "stay")]
        assert (np.sum(kinds, axis=0) == 1).all()
        at_goal = at[:, HUMAN] == params["boxes"][after["goal"]]
        assert (batch.terminated == at_goal).all()
        assert (batch.events["goal"] == at_goal[:, None]).all()
        assert np.allclose(batch.rewards, (at_goal - 0.02)[:, None])
        assert ((after["effort"] > 0) == (after["pushed"] >= 0)).all()
        assert (after["effort"] < max(push_steps, 1)).all()


VARIANTS = ({}, {"layout": "nested", "push_steps": 1, "reveal_goal": True, "max_steps": 9})


def digest(config, num_worlds=3, first=0, threads=1, steps=90):
    """Returns a hash of all that a batch wrote for worlds 2 and 3 of the seed."""
    batch = Batch(build("doors", **config), num_worlds, seed=11, first=first, threads=threads)
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


@pytest.mark.parametrize("config", VARIANTS, ids=["default", "nested"])
def test_a_world_depends_neither_on_its_batch_nor_on_threads(config):
    alone = digest(config, num_worlds=2, first=2)
    assert digest(config, num_worlds=8) == alone
    assert digest(config, num_worlds=7, first=1, threads=3) == alone


def test_plain_python_gives_the_same_bytes(in_plain_python):
    printed = in_plain_python(__file__, "for config in t.VARIANTS: print(t.digest(config, 2, 2))")
    assert printed == [digest(config, 2, 2) for config in VARIANTS]


def test_golden_trajectory(replay):
    """A difference means that VERSION must go up.

    Recorded by ``record.main("doors", seed=2031, num_worlds=8, steps=120)`` of
    tests/golden/record.py.
    """
    seen = replay(build("doors"))
    assert seen.events["goal"].any()  # the recording contains a goal


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"layout": "maze"}, "layout is 'maze'; expected one of six_rooms, cross"),
        ({"layout": 3}, "layout is 3"),
        ({"push_steps": -1}, r"push_steps is -1; expected an integer in \[0, 20\]"),
        ({"push_steps": 21}, "push_steps is 21"),
        ({"goal_reward": -1}, "goal_reward is -1"),
        ({"step_cost": float("nan")}, "step_cost is nan"),
        ({"max_steps": 0}, "max_steps is 0"),
        ({"reveal_goal": 1}, "reveal_goal is 1; expected True or False"),
        ({"push_step": 8}, "no option 'push_step'. Did you mean 'push_steps'"),
    ],
)
def test_wrong_values_name_the_field_and_the_range(config, message):
    with pytest.raises(ConfigError, match=message):
        build("doors", **config)


def test_readme_and_docstring_state_the_defaults():
    readme = Path(rules.__file__).with_name("README.md").read_text()
    defaults = DoorsConfig()
    for field in ("push_steps", "goal_reward", "step_cost", "max_steps"):
        stated = re.search(rf"`{field}` = ([\d.]+)", readme)
        assert stated, field
        assert float(stated[1]) == getattr(defaults, field)
    documented = re.findall(r"^        (\w+): ", DoorsConfig.__doc__ or "", re.MULTILINE)
    assert documented == list(DoorsConfig.__dataclass_fields__)
    maps = readme.split("## Maps")[1].split("##")[0]
    assert re.findall(r"^\| `(\w+)` \|", maps, re.MULTILINE) == list(LAYOUTS)
    world = build("doors")
    section = readme.split("## Events")[1].split("##")[0]
    assert set(world.event_names) <= set(re.findall(r"`(\w+)`", section))
    for action in world.actions:
        assert f"{action.value} `{action.name}`" in readme
    assert f"uint8 {world.observation_shape}" in readme
