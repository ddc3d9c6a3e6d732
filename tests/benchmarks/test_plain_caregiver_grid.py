"""The plain environment that the engine is compared to has the same rules, step for step."""

import runpy
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

import prosocial

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


def plain_env():
    return runpy.run_path(str(BENCHMARKS / "plain_caregiver_grid.py"))["PlainCaregiverGrid"]()


def copy_map(env, batch):
    scene = batch.world.scene(batch.state[0])
    learner = scene.agents[0]
    env.grid = scene.cells.tolist()
    env.position, env.heading = (learner.row, learner.column), learner.heading


def test_it_equals_the_engine_step_for_step():
    env, batch = plain_env(), prosocial.make_batch("caregiver_grid", 1, seed=3)
    env.reset(seed=0)
    batch.reset()
    copy_map(env, batch)
    goals = 0
    for action in np.random.default_rng(0).choice(3, 2000, p=[0.2, 0.2, 0.6]):
        observation, reward, _, truncated, info = env.step(action)
        batch.step(np.array([[action]]))
        assert reward == pytest.approx(float(batch.rewards[0, 0]))
        assert truncated == batch.done[0]
        assert all(info[name] == batch.events[name][0, 0] for name in info)
        goals += info["goal"]
        if info["goal"] or truncated:
            if truncated:
                env.reset()
            copy_map(env, batch)
            observation = env.observe()
        assert observation.tobytes() == batch.observations.tobytes()
    assert goals > 10


def test_it_is_a_proper_gymnasium_environment():
    check_env(plain_env(), skip_render_check=True)


@pytest.mark.slow
def test_the_benchmark_runs():
    program = [sys.executable, str(BENCHMARKS / "worlds.py"), "--quick", "--repeats", "1"]
    command = [*program, "--worlds", "caregiver_grid", "clean_up"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "caregiver_grid" in done.stdout
    assert "clean_up" in done.stdout
    assert "kitchen" not in done.stdout
    assert "compiling" in done.stdout
