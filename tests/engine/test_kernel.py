"""The compiled loops: cached on disk, compiled anew when a rule changes."""

import os
import subprocess
import sys

_RUN = """
import sys
import numpy as np
sys.path.insert(0, sys.argv[1])
import tiny
from prosocial.envs.engine import Batch
batch = Batch(tiny.WORLD, 1)
batch.reset()
batch.step(np.zeros((1, 1), int))
print(int(batch.rewards[0, 0]), sum(batch._kernel.advance.stats.cache_misses.values()))
"""

_WORLD = """
import sys
from enum import IntEnum
import numpy as np
from numba import njit
from prosocial.envs.engine import HEADER, Scene, World, Config
from tiny_reward import reward

class Action(IntEnum):
    STAY = 0

@njit
def reset(world, params, key):
    pass

@njit
def step(world, params, key, actions, rewards, events):
    rewards[0] = reward()
    return 0

@njit
def observe(world, params, agent, out):
    out[0] = 0

WORLD = World("tiny", 0, Config(), sys.modules[__name__], np.dtype(HEADER),
    np.zeros(1, [("unused", "u1")]), np.dtype([("nothing", "u1")]), ("agent",), Action, (1,), 9,
    lambda state: Scene(np.zeros((1, 1), np.uint8), Action, ()))
"""


def run(folder, cache):
    command = [sys.executable, "-c", _RUN, str(folder)]
    environment = {**os.environ, "PROSOCIAL_CACHE_DIR": str(cache)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_a_second_start_loads_and_a_changed_import_compiles_anew(tmp_path):
    folder, cache = tmp_path / "code", tmp_path / "cache"
    folder.mkdir()
    (folder / "tiny.py").write_text(_WORLD)
    helper = "from numba import njit\n@njit\ndef reward():\n    return {}\n"
    (folder / "tiny_reward.py").write_text(helper.format(3))
    assert run(folder, cache) == ["3", "1"]
    assert run(folder, cache) == ["3", "0"]
    # The rules import this file; numba's own cache would not notice the change.
    (folder / "tiny_reward.py").write_text(helper.format(44))
    assert run(folder, cache) == ["44", "1"]


def test_a_field_that_numpy_would_hide_is_refused(tmp_path):
    (tmp_path / "tiny.py").write_text(_WORLD.replace('"unused"', '"base"'))
    (tmp_path / "tiny_reward.py").write_text("def reward():\n    return 0\n")
    command = [sys.executable, "-c", _RUN, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "Rename the fields ['base']" in done.stderr


_TWO_LAYOUTS = """
import sys
import numpy as np
from prosocial.envs.engine import Batch, build
import prosocial.envs.worlds
for size in sys.argv[1:]:
    batch = Batch(build("caregiver_grid", size=int(size)), 8)
    batch.reset()
    for _ in range(50):
        batch.step(np.full((8, 1), 2))
    print(size, int(batch.state["cells"].sum()), int(batch.observations.sum()))
"""


def test_cached_and_fresh_layouts_of_a_record_do_not_get_mixed_up(tmp_path):
    def lines(*sizes):
        command = [sys.executable, "-c", _TWO_LAYOUTS, *sizes]
        environment = {**os.environ, "PROSOCIAL_CACHE_DIR": str(tmp_path)}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()

    # Each process compiles what the one before has not cached, in another order.
    alone = lines("7")
    five, six = lines("5", "6")
    assert lines("6", "7", "9", "5")[0] == six
    again = lines("9", "7", "6", "5")
    assert (again[1], again[2], again[3]) == (alone[0], six, five)
