"""How fast the worlds are: every registered world in batches, beside plain Python, in one run.

Prints agent-steps per second with observations written and random actions, for batches of 1, 16,
256 and 4096, on one thread and on all, and their ratio to a plain-Python Gymnasium environment with
the rules of caregiver_grid; then how long a first start compiles and a second one loads. Figures
are medians over repeats that take turns. One thread is timed by the CPU time of the process, so
that other users of the machine matter less; several threads by the clock.

    python benchmarks/worlds.py --quick
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from plain_caregiver_grid import PlainCaregiverGrid

import prosocial

BATCHES = (1, 16, 256, 4096)
_ACTION_POOL = 64  # action arrays drawn beforehand, so that drawing them is not timed


@dataclass
class Contender:
    """One way to step.

    Attributes:
        name: In the table.
        threads: Threads that it uses.
        batch: Worlds side by side.
        agents: Controlled agents in each world.
        run: Steps the given number of times.
        rates: Agent-steps per second of each repeat.
    """

    name: str
    threads: int
    batch: int
    agents: int
    run: Callable[[int], None]
    rates: list[float] = field(default_factory=list)

    def measure(self, seconds: float) -> None:
        """Adds one repeat that lasts about so many seconds."""
        clock = time.process_time if self.threads == 1 else time.perf_counter
        steps, taken = 1, 0.0
        while True:
            start = clock()
            self.run(steps)
            taken = clock() - start
            if taken >= seconds:
                break
            steps = int(steps * min(10.0, 1.2 * seconds / max(taken, 1e-6))) + 1
        self.rates.append(steps * self.batch * self.agents / taken)

    @property
    def rate(self) -> float:
        """Median of the repeats."""
        return statistics.median(self.rates)


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="shorter and fewer repeats")
    parser.add_argument("--repeats", type=int, help="repeats of each measurement (default 7)")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1, help="all, for example")
    parser.add_argument(
        "--worlds", nargs="+", choices=prosocial.worlds(), default=prosocial.worlds(),
        metavar="WORLD", help="default: all",
    )  # fmt: skip
    arguments = parser.parse_args()
    repeats = arguments.repeats or (3 if arguments.quick else 7)
    seconds = 0.05 if arguments.quick else 0.25

    plain = _plain()
    contenders = [plain]
    for name in arguments.worlds:
        for threads in dict.fromkeys((1, arguments.threads)):
            contenders += [_batch(name, size, threads) for size in BATCHES if size >= threads]
    for contender in contenders:
        contender.run(10)
    for _ in range(repeats):
        for contender in contenders:
            contender.measure(seconds)
    _print(contenders, plain)
    print("\nseconds from importing NumPy to the first step of a new process:\n")
    print(f"{'world':16} {'compiling':>10} {'cached':>8}")
    for name in arguments.worlds:
        cold, cached = _starts(name)
        print(f"{name:16} {cold:10.1f} {cached:8.2f}")


def _plain() -> Contender:
    env = PlainCaregiverGrid()
    env.reset(seed=0)
    actions = np.random.default_rng(0).integers(0, 3, 4096).tolist()

    def run(steps: int) -> None:
        for k in range(steps):
            if env.step(actions[k % len(actions)])[3]:
                env.reset()

    return Contender("plain Python", 1, 1, 1, run)


def _batch(name: str, size: int, threads: int) -> Contender:
    batch = prosocial.make_batch(name, size, threads=threads)
    batch.reset()
    shape = (_ACTION_POOL, size, batch.num_agents)
    actions = np.random.default_rng(0).integers(0, batch.num_actions, shape)

    def run(steps: int) -> None:
        for k in range(steps):
            batch.step(actions[k % _ACTION_POOL])

    return Contender(name, threads, size, batch.num_agents, run)


def _print(contenders: list[Contender], plain: Contender) -> None:
    print(f"{'world':16} {'threads':>7} {'batch':>6} {'agent-steps/s':>14} {'x plain':>9}")
    for one in contenders:
        ratio = one.rate / plain.rate
        print(f"{one.name:16} {one.threads:7} {one.batch:6} {one.rate:14,.0f} {ratio:9,.1f}")


_FIRST_STEP = """
import sys, time
start = time.perf_counter()
import numpy as np
import prosocial
batch = prosocial.make_batch(sys.argv[1], 16)
batch.reset()
batch.step(np.zeros((16, batch.num_agents), int))
print(time.perf_counter() - start)
"""


def _starts(name: str) -> tuple[float, float]:
    """Returns the seconds to the first step with an empty and with a filled compile cache."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "PROSOCIAL_CACHE_DIR": folder}
        command = [sys.executable, "-c", _FIRST_STEP, name]
        done = [
            subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
            for _ in range(2)
        ]
    return float(done[0].stdout), float(done[1].stdout)


if __name__ == "__main__":
    main()
