"""What the tests of all worlds share: replaying recordings, and running without the compiler."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from prosocial.envs.engine import Batch, World

GOLDEN = Path(__file__).parent.parent / "golden"


class Replay(NamedTuple):
    """What happened in a recording: events (T, B, N), rewards (T, B, N) and truncated (T, B)."""

    events: np.ndarray
    rewards: np.ndarray
    truncated: np.ndarray


@pytest.fixture
def replay() -> Callable[[World], Replay]:
    """Replays the golden trajectory of a world and asserts that every byte is as recorded.

    A difference means that VERSION must go up; tests/golden/record.py makes recordings.
    """

    def replayed(world: World) -> Replay:
        golden = np.load(GOLDEN / f"{world.name}.npz")
        batch = Batch(world, golden["actions"].shape[1], seed=int(golden["seed"]))
        assert batch.world.version == golden["version"]
        assert batch.reset().tobytes() == golden["observations"][0].tobytes()
        steps = []
        for t, now in enumerate(golden["actions"]):
            batch.step(now)
            assert batch.observations.tobytes() == golden["observations"][t + 1].tobytes()
            assert batch.rewards.tobytes() == golden["rewards"][t].tobytes()
            assert batch.events.tobytes() == golden["events"][t].tobytes()
            steps.append((batch.events.copy(), batch.rewards.copy(), batch.truncated.copy()))
        return Replay(*map(np.stack, zip(*steps, strict=True)))

    return replayed


@pytest.fixture
def in_plain_python() -> Callable[[str, str], list[str]]:
    """Runs code without the compiler and returns the words that it printed.

    Its arguments are the path of a test module, known to the code as ``t``, and the code.
    """

    def run(module: str, code: str) -> list[str]:
        path = Path(module)
        command = f"import sys; sys.path.insert(0, sys.argv[1]); import {path.stem} as t\n{code}"
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", command, str(path.parent)],
            env={**os.environ, "NUMBA_DISABLE_JIT": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.split()

    return run
