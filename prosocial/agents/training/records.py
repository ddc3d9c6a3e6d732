"""Rows of the tables of a run."""

from __future__ import annotations

from typing import Any

import numpy as np

from prosocial.envs.engine.world import World

from .episodes import EpisodeSums, goal_event
from .losses import STATISTICS
from .trainer import Iteration

RETURNS = ("env_return", "social_return", "internal_return", "utility_return")


class Recorder:
    """Turns iterations into rows of ``metrics`` and ``episodes``.

    Args:
        world: Whose events are recorded.
        num_worlds: B.
    """

    def __init__(self, world: World, num_worlds: int) -> None:
        self._events = world.event_names
        self._goal = goal_event(world)
        self._num_agents = world.num_agents
        self.sums = EpisodeSums((*RETURNS, *self._events), num_worlds, world.num_agents)

    def add(self, iteration: Iteration) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """Adds an iteration.

        Returns:
            The columns of the metrics row that come from the worlds and the update, and the columns
            of the rows of ``episodes``. Returns and events of the metrics are means over the
            episodes that ended in the iteration, summed over agents; NaN if none ended.
        """
        rollout, terms = iteration.rollout, iteration.utility
        quantities = {
            "env_return": rollout.env_rewards,
            "social_return": rollout.social_rewards,
            "internal_return": terms.internal,
            "utility_return": terms.total,
            **{name: rollout.events[name] for name in self._events},
        }
        episodes = self.sums.add(quantities, rollout.done)
        count = len(episodes["episode"]) // self._num_agents
        means = {
            name: float(episodes[name].sum() / count) if count else float("nan")
            for name in (*RETURNS, *self._events)
        }
        false_positives = terms.false_positives
        row = {
            "episodes": count,
            "goals_per_episode": means[self._goal] if self._goal else float("nan"),
            **{name: means[name] for name in RETURNS},
            **{f"event_{name}_per_episode": means[name] for name in self._events},
            "isr_false_positives": int(false_positives.sum()),
            "isr_false_negatives": int(terms.false_negatives.sum()),
            "isr_false_positive_reward": float(terms.internal[false_positives].sum(dtype=float)),
            **_losses(iteration),
        }
        return row, episodes


def _losses(iteration: Iteration) -> dict[str, float]:
    return {name: iteration.losses.get(name, float("nan")) for name in STATISTICS}
