"""Rows of the tables of a run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from prosocial.envs.engine.world import World
from prosocial.envs.social.norms_commons import restraint_violations

from .episodes import EpisodeSums, goal_event
from .losses import STATISTICS
from .rollout import Rollout
from .trainer import Iteration

_STOCK = ("stock_mean", "stock_final")
_COMMONS_SUMS = ("reward_steps", "reward_time", *_STOCK)
RETURNS = ("env_return", "social_return", "internal_return", "utility_return")


class Recorder:
    """Turns iterations into rows of ``metrics`` and ``episodes``.

    Args:
        world: Whose events are recorded.
        num_worlds: B.
        partners: By slot, who acts there instead of a learner.
    """

    def __init__(
        self, world: World, num_worlds: int, partners: Mapping[str, Any] | None = None
    ) -> None:
        self._events = world.event_names
        self._goal = goal_event(world)
        self._num_agents = world.num_agents
        self._commons = "stock" in (world.state_dtype.names or ())
        self._partners = [
            _partner_name((partners or {}).get(str(slot), "learner"))
            for slot in range(world.num_agents)
        ]
        commons = _COMMONS_SUMS if self._commons else ()
        self._apples = "ate_neighbours" in self._events
        commons += ("violations",) if self._apples else ()
        names = (*RETURNS, *self._events, *commons)
        self.sums = EpisodeSums(names, num_worlds, world.num_agents)

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
        if self._commons:
            quantities |= _commons(rollout)
        if self._apples:
            quantities["violations"] = restraint_violations(rollout.events)
        episodes = self.sums.add(quantities, rollout.done)
        if self._commons:
            episodes["stock_mean"] /= episodes["length"]
            episodes["partner"] = np.tile(
                self._partners, len(episodes["episode"]) // self._num_agents
            )
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
            **{name: _mean(episodes[name]) for name in _STOCK if self._commons},
            "isr_false_positives": int(false_positives.sum()),
            "isr_false_negatives": int(terms.false_negatives.sum()),
            "isr_false_positive_reward": float(terms.internal[false_positives].sum(dtype=float)),
            **_losses(iteration),
        }
        return row, episodes


def _commons(rollout: Rollout) -> dict[str, np.ndarray]:
    """Returns what the outcomes of a commons need, by name, each (T, B, N)."""
    shape = rollout.env_rewards.shape
    collecting = rollout.env_rewards > 0
    stock = np.broadcast_to(rollout.stock[:, :, None], shape)
    return {
        "reward_steps": collecting,
        "reward_time": collecting * rollout.time[:, :, None],
        "stock_mean": stock,
        "stock_final": stock * rollout.done[:, :, None],
    }


def _partner_name(named: Any) -> str:
    return str(named["name"]) if isinstance(named, Mapping) else str(named)


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if len(values) else float("nan")


def _losses(iteration: Iteration) -> dict[str, float]:
    return {name: iteration.losses.get(name, float("nan")) for name in STATISTICS}
