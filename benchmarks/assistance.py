"""What inferring a goal is worth to a helper: success and steps saved in doors, by who helps.

Helpers: one that knows which box the human wants (oracle), one that infers it, two that do not
infer (one minimises the expected cost under its prior, one opens every door, the nearest first) and
none. The human is the same in all of them and draws the same random numbers, so steps saved are
differences within an episode. An episode that is cut off counts with all its steps.

    python benchmarks/assistance.py --quick
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from prosocial.agents.partners import Population, make_partner
from prosocial.agents.partners.doors import BETA
from prosocial.analysis.statistics import bootstrap_interval
from prosocial.envs.engine import Batch, build

HELPERS = {
    "oracle": "oracle_helper",
    "inferring": "bayesian_helper",
    "not inferring": "uninformed_helper",
    "every door": "door_opener",
    "none": "idle",
}
# Name of the task and the options of the world: with and without a human who can open doors.
TASKS = {
    "cross": {"layout": "cross"},
    "cross, locked": {"layout": "cross", "push_steps": 0},
    "six_rooms": {"layout": "six_rooms"},
    "six_rooms, locked": {"layout": "six_rooms", "push_steps": 0},
    "nested": {"layout": "nested"},
}


@dataclass(frozen=True)
class Outcome:
    """How the episodes of one helper went.

    Attributes:
        steps: Steps of each episode, int64 (seeds, episodes).
        success: Whether the human got its box, bool (seeds, episodes).
    """

    steps: np.ndarray
    success: np.ndarray


def play(helper: str, options: dict, seeds: Sequence[int], episodes: int, beta: float) -> Outcome:
    """Plays one episode in each world.

    Args:
        helper: A key of `HELPERS`.
        options: Of the world.
        seeds: One batch each; the same seeds give the same goals and the same human.
        episodes: Worlds of a batch.
        beta: Rationality of the human, which the helpers know.
    """
    world = build("doors", **options)
    given = {"beta": beta} if helper in ("oracle", "inferring", "not inferring") else {}
    population = Population(
        [make_partner("doors_human", beta=beta), make_partner(HELPERS[helper], **given)]
    )
    steps, success = [], []
    for seed in seeds:
        batch = Batch(world, episodes, seed=seed)
        batch.reset()
        population.reset(seed)
        taken, got = np.full(episodes, world.max_steps), np.zeros(episodes, np.bool_)
        running = np.ones(episodes, np.bool_)
        for step in range(1, world.max_steps + 1):
            batch.step(population.act(batch))
            ended = running & batch.done
            taken[ended], got[ended] = step, batch.terminated[ended]
            running &= ~batch.done
            if not running.any():
                break
        steps.append(taken)
        success.append(got)
    return Outcome(np.array(steps), np.array(success))


def table(options: dict, seeds: Sequence[int], episodes: int, beta: float) -> list[str]:
    """Returns the rows of the table of one task."""
    outcomes = {helper: play(helper, options, seeds, episodes, beta) for helper in HELPERS}
    alone, oracle = outcomes["none"].steps, outcomes["oracle"].steps
    whole = (alone - oracle).mean()
    rows = []
    for helper, outcome in outcomes.items():
        saved = (alone - outcome.steps).mean(axis=1)
        rows.append(
            f"| {helper} | {_shown(outcome.success.mean(axis=1), 3)} | "
            f"{_shown(outcome.steps.mean(axis=1), 2)} | {_shown(saved, 2)} | "
            f"{saved.mean() / whole:.0%} |"
        )
    return rows


def _shown(by_seed: np.ndarray, digits: int) -> str:
    rng = np.random.default_rng(0)
    interval = bootstrap_interval(by_seed, rng, statistic=np.mean)
    return f"{interval.estimate:.{digits}f} [{interval.low:.{digits}f}, {interval.high:.{digits}f}]"


def main() -> None:
    """Prints a table for each task."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("--seeds", type=int, help="20, or with --quick 5")
    parser.add_argument("--episodes", type=int, default=50, help="of each seed")
    parser.add_argument("--beta", type=float, default=BETA, help="rationality of the human")
    parser.add_argument("--quick", action="store_true", help="the first two tasks, few seeds")
    given = parser.parse_args()
    tasks = dict(list(TASKS.items())[:2]) if given.quick else TASKS
    seeds = range(given.seeds or (5 if given.quick else 20))
    print(f"{len(seeds)} seeds of {given.episodes} episodes, 95 % bootstrap intervals over seeds,")
    print(f"beta {given.beta:g}.")
    for name, options in tasks.items():
        print(f"\n{name}\n\n| helper | success | steps | steps saved | of the oracle's |")
        print("|---|---|---|---|---|")
        print("\n".join(table(options, seeds, given.episodes, given.beta)), flush=True)


if __name__ == "__main__":
    main()
