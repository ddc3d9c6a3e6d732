"""How fast cooks by Bayesian Delegation decide, beside the released code of "Too many cooks".

Prints agent-steps per second of pairs and teams of Bayesian Delegation cooks (everything: costs of
all sub-tasks, posteriors, plans and the step of the world), and how long the update of a posterior
over all allocations takes. CPU time of one thread, medians over repeats. The released code was
timed on two cores of another machine (gym-cooking with Python 3.11, drawing switched off): 2 to 11
seconds for a step of two cooks in the levels with a tomato, so 0.18 to 1 agent-steps per second.

    python benchmarks/delegation.py --quick
"""

from __future__ import annotations

import argparse
import statistics
import time

import numpy as np

from prosocial.agents.mind.delegation import beliefs
from prosocial.agents.partners import make_partner
from prosocial.agents.partners.delegation import Cook
from prosocial.envs.engine import Batch, build

RELEASED_STEP = (2.0, 11.0)  # seconds for a step of two agents
LEAST = 1_000  # agent-steps per second that a pair is to reach
MOST_MICROSECONDS = 100.0  # for the update of one agent's posterior, three agents, salad
CELLS = (
    ("full_divider", "tomato", 2),
    ("open_divider", "tomato", 2),
    ("partial_divider", "tomato_lettuce", 2),
    ("open_divider", "salad", 2),
    ("open_divider", "salad", 3),
)


def agent_steps(layout: str, recipe: str, agents: int, worlds: int, steps: int) -> float:
    """Returns agent-steps per second of CPU time; episodes follow one another."""
    batch = Batch(build("kitchen", layout=layout, recipes=recipe, num_agents=agents), worlds)
    batch.reset()
    cook = make_partner("bayesian_delegation")
    cook.act(batch)
    began = time.process_time()
    for _ in range(steps):
        batch.step(cook.act(batch))
    return steps * worlds * agents / (time.process_time() - began)


def update_microseconds(repeats: int) -> float:
    """Returns the time of one agent's update over the allocations of three agents and salad."""
    batch = Batch(build("kitchen", layout="open_divider", recipes="salad", num_agents=3), 1)
    batch.reset()
    cook = Cook()
    for _ in range(3):
        batch.step(cook.act(batch))
    mind = cook.mind(batch, (0, 1, 2))
    groups, sizes = mind._groups[0], mind._sizes
    likelihoods = np.log(np.linspace(0.1, 0.9, len(sizes)))
    belief = np.full(len(groups), -np.log(len(groups)))
    beliefs.update(groups, sizes, likelihoods, beliefs.PRODUCT, belief)
    began = time.process_time()
    for _ in range(repeats):
        beliefs.update(groups, sizes, likelihoods, beliefs.PRODUCT, belief)
    return (time.process_time() - began) / repeats * 1e6


def main() -> None:
    """Prints the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer repeats")
    repeats, steps = (3, 60) if parser.parse_args().quick else (7, 300)
    slow, fast = (2 / seconds for seconds in RELEASED_STEP[::-1])
    print("Agent-steps per second, one core, and how many times the released code (2 agents):\n")
    for layout, recipe, agents in CELLS:
        for worlds in (1, 16):
            found = [agent_steps(layout, recipe, agents, worlds, steps) for _ in range(repeats)]
            rate = statistics.median(found)
            ratio = f"{rate / fast:,.0f} to {rate / slow:,.0f} x" if agents == 2 else ""
            verdict = "" if agents != 2 else "held" if rate >= LEAST else "MISSED"
            print(
                f"  {layout:16} {recipe:15} {agents} agents, {worlds:2} worlds: {rate:8,.0f} "
                f"{verdict:7} {ratio}"
            )
    micro = statistics.median(update_microseconds(100) for _ in range(repeats))
    verdict = "held" if micro <= MOST_MICROSECONDS else "MISSED"
    print(
        f"\nUpdate of one posterior (3 agents, salad, all allocations): {micro:.1f} us "
        f"(at most {MOST_MICROSECONDS:g}): {verdict}"
    )


if __name__ == "__main__":
    main()
