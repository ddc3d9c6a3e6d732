"""What joint inference of beliefs and desires costs: planning once, then a step of filtering.

Prints the time to plan for 64 desires x 11 first beliefs on the default map of food_trucks, and the
time of one observed step in one world and for each of many worlds, in CPU time of one thread
(medians). Published for plain NumPy: 0.04 to 0.15 s and 5 to 15 microseconds.

    python benchmarks/food_trucks.py
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import numpy as np

from prosocial.agents.mind.hypotheses.food_trucks import BeliefsDesires
from prosocial.agents.mind.mind import Mind
from prosocial.envs.engine import Batch, build
from prosocial.envs.worlds.food_trucks import Action


def median_time(action: Callable[[], object], repeats: int) -> float:
    """Returns the median CPU time of an action in seconds, after one warming up."""
    action()
    times = []
    for _ in range(repeats):
        begin = time.process_time()
        action()
        times.append(time.process_time() - begin)
    return statistics.median(times)


def observing(worlds: int) -> float:
    """Returns the seconds that one step takes in each of some worlds."""
    world = build("food_trucks")
    batch = Batch(world, worlds, seed=0, track_states=True)
    batch.reset()
    mind = Mind(world, "beliefs_desires")
    mind.reset(batch.state)
    actions = np.full((worlds, 1), Action.WEST)
    batch.step(actions)
    before, after = batch.before, batch.after()
    assert before is not None  # states are tracked
    return median_time(lambda: mind.observe(before, actions, after), 200) / worlds


def main() -> None:
    """Measures and prints."""
    world = build("food_trucks")
    names = BeliefsDesires(world).names
    planning = median_time(lambda: BeliefsDesires(world), 9)
    print(f"planning for {len(names)} hypotheses: {1e3 * planning:.0f} ms")
    for worlds in (1, 1024):
        print(f"a step, {worlds} worlds: {1e6 * observing(worlds):.2f} us for each")


if __name__ == "__main__":
    main()
