"""How fast and how well calibrated minds are: compiled inference beside NumPy, and beside a world.

Prints (1) million agent posteriors per second, each over all goals, of the compiled update and of
the same update in vectorised NumPy, which gives the same numbers; targets may change their goal in
every step. (2) What it costs that every agent of a world infers every other, measured as the
additional time of a step, in units of a step without minds and without records. (3) The expected
calibration error. Figures are medians over repeats that take turns, in CPU time of one thread.

    python benchmarks/minds.py --quick
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import plain_minds
from goal_walkers import infer, make_room, walk

from prosocial.agents.mind.calibration import calibration
from prosocial.agents.mind.follow import follow
from prosocial.agents.mind.inference import kernels
from prosocial.agents.mind.inference.likelihoods import choice_likelihoods
from prosocial.agents.mind.mind import Mind
from prosocial.envs.engine import Batch, build

TARGETS = 7
SIZES = (  # worlds, goals (None: every cell), side of the room
    (16, 8, 11),
    (1024, 8, 11),
    (1024, 64, 11),
    (1024, 8, 25),
    (1024, 64, 25),
    (256, None, 11),
    (256, None, 17),
    (256, None, 25),
)
WORLDS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("commons_harvest", "goals", {}),
    ("commons_harvest", "goals", {"sight": "view"}),
    ("commons_harvest", "norms", {}),
    ("commons_harvest", "norms", {"sight": "view"}),
    ("clean_up", "norms", {}),
    ("clean_up", "norms", {"sight": "view"}),
    ("fishery", "norms", {}),
    ("fishery", "norms", {"sight": "view"}),
    ("rendezvous", "intentions", {}),
    ("doors", "goals", {}),
    ("kitchen", "subtasks", {}),
)
SWITCH, BETA = 0.05, 1.2
_STEPS = 64  # of walks and actions drawn beforehand, so that drawing them is not timed


@dataclass
class Contender:
    """One way to do something.

    Attributes:
        run: Does it the given number of times.
        times: Seconds of CPU time it took once, by repeat.
    """

    run: Callable[[int], Any]
    times: list[float] = field(default_factory=list)

    def measure(self, seconds: float) -> None:
        """Adds one repeat that lasts about so many seconds."""
        steps, taken = 1, 0.0
        while True:
            start = time.process_time()
            self.run(steps)
            taken = time.process_time() - start
            if taken >= seconds:
                break
            steps = int(steps * min(10.0, 1.2 * seconds / max(taken, 1e-6))) + 1
        self.times.append(taken / steps)

    @property
    def time(self) -> float:
        """Median of the repeats."""
        return statistics.median(self.times)


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="shorter and fewer repeats")
    parser.add_argument("--repeats", type=int, help="repeats of each measurement (default 7)")
    arguments = parser.parse_args()
    repeats = arguments.repeats or (3 if arguments.quick else 7)
    seconds = 0.05 if arguments.quick else 0.25

    print("million agent posteriors a second, 7 agents, goals may change\n")
    print(
        f"{'room':>6} {'worlds':>7} {'goals':>6} {'compiled':>9} {'NumPy':>7} {'ratio':>6} differ"
    )
    for size in SIZES:
        print(_inference(*size, repeats, seconds), flush=True)
    print("\n256 worlds, random actions: cost of minds and records / cost of stepping\n")
    print(f"{'':34} {'us / world-step':>15} {'records':>8} {'minds':>6}")
    for case in WORLDS:
        print(_beside_a_world(*case, repeats, seconds), flush=True)
    print("\nexpected calibration error, 8 goals on 11 x 11, 12 steps, 20 bins\n")
    for line in _calibration(20_000 if arguments.quick else 100_000):
        print(line, flush=True)


def _inference(worlds: int, goals: int | None, side: int, repeats: int, seconds: float) -> str:
    room = make_room(side, goals)
    walks = walk(room, worlds * TARGETS, _STEPS, BETA, switch=SWITCH)
    table = choice_likelihoods(room.values, np.array([BETA])).relative
    choices = len(room.goals)
    prior = np.full((worlds, TARGETS, choices), 1 / choices, np.float32)
    cells = walks.cells.reshape(_STEPS, worlds, TARGETS)
    actions = walks.actions.reshape(_STEPS, worlds, TARGETS)
    keep, surprises = np.float32(1 - SWITCH), np.zeros((worlds, 1, TARGETS), np.int64)
    compiled_weights = prior[:, None, :, None].copy()
    plain_weights = compiled_weights.copy()

    def compiled(steps: int) -> None:
        for k in range(steps):
            now = k % _STEPS
            kernels.update(
                compiled_weights, table, cells[now], actions[now], None, prior, keep, None,
                surprises,
            )  # fmt: skip

    def plain(steps: int) -> None:
        nonlocal plain_weights
        for k in range(steps):
            now = k % _STEPS
            plain_weights, _ = plain_minds.update(
                plain_weights, table, cells[now], actions[now], None, prior, float(keep)
            )

    compiled(_STEPS)
    plain(_STEPS)
    difference = np.abs(compiled_weights - plain_weights).max()
    contenders = Contender(compiled), Contender(plain)
    for _ in range(repeats):
        for one in contenders:
            one.measure(seconds)
    rates = [worlds * TARGETS / one.time / 1e6 for one in contenders]
    return (
        f"{side:3}x{side:<3}{worlds:7} {choices:6} {rates[0]:9.1f} {rates[1]:7.1f} "
        f"{rates[0] / rates[1]:6.1f} {difference:.0e}"
    )


def _beside_a_world(
    name: str, kind: str, options: dict[str, Any], repeats: int, seconds: float
) -> str:
    world = build(name)
    mind = Mind(world, kind, **options)
    contenders = [
        Contender(_stepping(world, tracked, watching))
        for tracked, watching in ((False, None), (True, None), (True, mind))
    ]
    for one in contenders:
        one.run(10)
    for _ in range(repeats):
        for one in contenders:
            one.measure(seconds)
    base, records, minds = (one.time for one in contenders)
    title = " ".join((name, kind, *options.values()))
    return f"{title:34} {base / 256 * 1e6:15.2f} {records / base - 1:8.2f} {minds / base - 1:6.2f}"


def _stepping(world: Any, tracked: bool, mind: Mind | None) -> Callable[[int], None]:
    batch = Batch(world, 256, track_states=tracked)
    batch.reset()
    if mind is not None:
        mind.reset(batch.state)
    shape = (_STEPS, 256, batch.num_agents)
    actions = np.random.default_rng(0).integers(0, batch.num_actions, shape)

    def run(steps: int) -> None:
        for k in range(steps):
            chosen = actions[k % _STEPS]
            batch.step(chosen)
            if mind is not None:
                follow(mind, batch, chosen)

    return run


def _calibration(walkers: int) -> list[str]:
    room = make_room(11, 8)
    several = (BETA / 4, BETA / 2, BETA, 2 * BETA, 4 * BETA)
    lines = [f"{'':34} {'all goals':>9} {'likeliest':>10}"]
    for name, true, taken in (
        ("the true beta", (BETA,), BETA),
        ("one of five betas, to be inferred", several, several),
        ("beta taken for four times as high", (BETA,), 4 * BETA),
    ):
        stated, goals = [], []
        for beta in true:
            walks = walk(room, walkers // len(true), 12, beta)
            stated.append(infer(room, walks, taken).reshape(-1, 8))
            goals.append(np.tile(walks.goals, 12))
        posterior, goal = np.concatenate(stated), np.concatenate(goals)
        every = calibration(posterior, goal[:, None] == np.arange(8))
        best = calibration(posterior.max(axis=1), posterior.argmax(axis=1) == goal)
        lines.append(f"{name:34} {every.error:9.4f} {best.error:10.4f}")
    return lines


if __name__ == "__main__":
    main()
