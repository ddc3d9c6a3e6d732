"""Stepping allocates nothing that stays: the process does not grow over ten million agent-steps."""

from pathlib import Path

import numpy as np
import pytest

from prosocial.envs.engine import Batch, build, worlds

STATM = Path("/proc/self/statm")  # Linux: the second number is the resident memory in pages
AGENT_STEPS = 10_000_000
BATCH = 256


def resident() -> int:
    """Returns the resident memory of this process in bytes."""
    return int(STATM.read_text().split()[1]) * 4096


@pytest.mark.skipif(not STATM.exists(), reason="needs /proc/self/statm")
@pytest.mark.parametrize("name", worlds())
def test_memory_does_not_grow_over_ten_million_agent_steps(name):
    batch = Batch(build(name), BATCH)
    batch.reset()
    shape = (8, BATCH, batch.num_agents)
    actions = np.random.default_rng(0).integers(0, batch.num_actions, shape)
    for now in actions:
        batch.step(now)
    before = resident()
    for k in range(AGENT_STEPS // (BATCH * batch.num_agents)):
        batch.step(actions[k % 8])
    # One byte that stayed from each agent-step would be 10 MB.
    assert resident() - before < 3_000_000
