"""The batch: same bytes however it is run, checked actions, saved states."""

import os
import subprocess
import sys

import numpy as np
import pytest

from prosocial.envs.engine import ActionError, Batch, ConfigError, ResetNeededError, build, worlds

STEPS = 70


# The kitchen draws nothing at all, rendezvous by default only after a capture.
RARELY_RANDOM = ("kitchen", "rendezvous")


def actions_of(index: int, world) -> np.ndarray:
    """Actions of world number ``index``: (STEPS, N)."""
    rng = np.random.default_rng(index)
    return rng.integers(0, world.num_actions, (STEPS, world.num_agents))


def trajectory(name, num_worlds, first=0, threads=1, seed=5, **config):
    """Returns one bytes object for each world: everything it wrote in STEPS steps."""
    world = build(name, **config)
    batch = Batch(world, num_worlds, seed=seed, threads=threads, first=first)
    actions = np.stack([actions_of(first + w, world) for w in range(num_worlds)], axis=1)
    parts = [batch.reset().copy()]
    for now in actions:
        observations, rewards, done = batch.step(now)
        parts += [observations.copy(), rewards.copy(), done.copy(), batch.events.copy()]
    batch.close()
    return [b"".join(part[w].tobytes() for part in parts) for w in range(num_worlds)]


@pytest.mark.parametrize("name", worlds())
@pytest.mark.parametrize(("first", "count"), [(0, 1), (5, 4), (7, 1)])
@pytest.mark.parametrize("threads", [1, 3])
def test_a_world_does_not_depend_on_its_batch_or_the_threads(name, first, count, threads):
    whole = trajectory(name, 12)
    assert trajectory(name, count, first, threads) == whole[first : first + count]


@pytest.mark.parametrize("name", worlds())
def test_worlds_and_seeds_differ(name):
    first, second = trajectory(name, 2)
    assert first != second
    if name not in RARELY_RANDOM:
        assert trajectory(name, 1, seed=6) != [first]


_DIGEST = """
import hashlib, sys
sys.path.insert(0, sys.argv[2])
import prosocial.envs.worlds
from test_batch import trajectory
print(hashlib.sha256(b"".join(trajectory(sys.argv[1], 3))).hexdigest())
"""


@pytest.mark.parametrize("name", worlds())
def test_plain_python_writes_the_same_bytes(name):
    digests = set()
    for disabled in ("0", "1"):
        command = [sys.executable, "-c", _DIGEST, name, os.path.dirname(__file__)]
        environment = {**os.environ, "NUMBA_DISABLE_JIT": disabled, "PYTHONWARNINGS": "error"}
        run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert run.returncode == 0, run.stderr
        digests.add(run.stdout)
    assert len(digests) == 1


@pytest.mark.parametrize("name", worlds())
def test_a_saved_state_continues_byte_for_byte(name):
    world = build(name)
    batch, other = Batch(world, 3, seed=1), Batch(world, 3, seed=99)
    batch.reset()
    actions = np.stack([actions_of(w, world) for w in range(3)], axis=1)
    for now in actions[:33]:
        batch.step(now)
    other.set_state(batch.get_state())
    assert other.observations.tobytes() == batch.observations.tobytes()
    for now in actions[33:]:
        batch.step(now)
        other.step(now)
        assert other.observations.tobytes() == batch.observations.tobytes()
    assert other.get_state().tobytes() == batch.get_state().tobytes()


def test_reset_without_a_seed_begins_the_next_episode_as_auto_reset_does():
    world = build("caregiver_grid", max_steps=7)
    automatic = Batch(world, 2, seed=4)
    manual = Batch(world, 2, seed=4, auto_reset=False)
    automatic.reset()
    manual.reset()
    for now in np.stack([actions_of(w, world) for w in range(2)], axis=1)[:21]:
        automatic.step(now)
        manual.step(now)
        assert automatic.rewards.tobytes() == manual.rewards.tobytes()
        if manual.done.all():
            assert automatic.final_observations.tobytes() == manual.observations.tobytes()
            assert automatic.final_states.tobytes() == manual.state.tobytes()
            assert automatic.after().tobytes() == manual.state.tobytes()
            manual.reset()
        assert automatic.observations.tobytes() == manual.observations.tobytes()


def test_episodes_end_by_truncation_after_max_steps():
    batch = Batch(build("caregiver_grid", max_steps=3), 2)
    batch.reset()
    ends = [batch.step(np.zeros((2, 1), int))[2].copy() for _ in range(6)]
    assert np.array(ends)[:, 0].tolist() == [False, False, True] * 2
    assert batch.truncated.all()
    assert not batch.terminated.any()


def test_out_receives_the_observations_in_place():
    world = build("caregiver_grid")
    batch, plain = Batch(world, 2, seed=1), Batch(world, 2, seed=1)
    batch.reset()
    plain.reset()
    buffer = np.zeros((4, 2, 1, *world.observation_shape), np.uint8)
    for t in range(4):
        action = np.full((2, 1), t % 3)
        batch.step(action, out=buffer[t])
        plain.step(action)
        assert buffer[t].tobytes() == plain.observations.tobytes()


def test_tracked_states_are_those_before_the_step():
    batch = Batch(build("caregiver_grid"), 2, track_states=True)
    batch.reset()
    before = batch.state.copy()
    batch.step(np.zeros((2, 1), int))
    assert batch.before is not None
    assert batch.before.tobytes() == before.tobytes()


@pytest.mark.parametrize(
    ("actions", "message"),
    [
        (np.zeros(2, int), r"shape \(2,\); expected \(2, 1\)"),
        (np.zeros((2, 1)), "dtype float64; expected integers"),
        (np.zeros((2, 1), bool), "dtype bool"),
        (np.array([[0], [3]]), r"actions\[1, 0\] is 3; expected one of: 0 TURN_LEFT"),
        (np.array([[-1], [0]]), r"actions\[0, 0\] is -1"),
        (np.full((2, 1), 2**63, np.uint64), "is 9223372036854775808"),
    ],
)
def test_wrong_actions_are_named_and_step_nothing(actions, message):
    batch = Batch(build("caregiver_grid"), 2)
    batch.reset()
    before = batch.get_state()
    with pytest.raises(ActionError, match=message):
        batch.step(actions)
    assert batch.get_state().tobytes() == before.tobytes()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"num_worlds": 0}, "num_worlds is 0; expected an integer >= 1"),
        ({"num_worlds": 1.5}, "num_worlds is 1.5"),
        ({"num_worlds": 1, "threads": 0}, "threads is 0"),
        ({"num_worlds": 1, "first": -1}, "first is -1"),
        ({"num_worlds": 1, "seed": -1}, "seed is -1"),
        ({"num_worlds": 1, "seed": 2**64}, "expected an integer in"),
    ],
)
def test_wrong_numbers_are_named(arguments, message):
    with pytest.raises(ConfigError, match=message):
        Batch(build("caregiver_grid"), **arguments)


def test_stepping_before_the_reset_or_after_the_end_is_refused():
    batch = Batch(build("caregiver_grid", max_steps=1), 1, auto_reset=False)
    action = np.zeros((1, 1), int)
    with pytest.raises(ResetNeededError, match="not reset yet"):
        batch.step(action)
    batch.reset()
    batch.step(action)
    with pytest.raises(ResetNeededError, match="has ended"):
        batch.step(action)


def test_a_state_of_another_batch_is_refused():
    batch = Batch(build("caregiver_grid"), 2)
    with pytest.raises(ConfigError, match="saved state has shape"):
        batch.set_state(np.zeros((3, 8), np.uint8))


def test_unknown_names_and_keys_suggest_the_nearest():
    with pytest.raises(ConfigError, match="Did you mean 'caregiver_grid'"):
        build("caregiver_gird")
    with pytest.raises(ConfigError, match="Did you mean 'num_walls'"):
        build("caregiver_grid", num_wall=3)
