"""Recordings that several tests look at."""

from __future__ import annotations

import numpy as np
import pytest

import prosocial  # noqa: F401  registers the worlds
from prosocial.agents.mind.mind import Mind
from prosocial.agents.recording import Recorder, Recording
from prosocial.envs.engine import Batch, build
from prosocial.envs.social import make_caregiver


def played(name: str = "caregiver_grid", steps: int = 50, mind: bool = True) -> Recording:
    """Random actions in two worlds with a caregiver, an internal reward and a mind."""
    world = build(name)
    batch = Batch(world, 2, seed=7, caregiver=make_caregiver("default", world))
    recorder = Recorder(
        "random", {"seed": 7}, mind=Mind(world, observers="shared") if mind else None
    )
    rng = np.random.default_rng(1)
    batch.reset()
    recorder.begin(batch)
    for _ in range(steps):
        batch.step(rng.integers(0, world.num_actions, (2, world.num_agents)))
        recorder.step(batch, rng.normal(size=(2, world.num_agents)))
    return recorder.recording()


@pytest.fixture(scope="session")
def recording() -> Recording:
    """Six episodes of caregiver_grid: four of 20 steps, two cut off after 10."""
    return played()
