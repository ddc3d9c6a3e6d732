"""The lives of the teaching experiment as training configurations."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from prosocial.agents.internal_reward.config import ISRConfig
from prosocial.agents.training.config import EvaluationConfig, PhaseConfig, PPOConfig
from prosocial.analysis.teaching.manifest import FAMILIAR, HELD_OUT
from prosocial.runs.experiments.budgets import NUM_WORLDS, ROLLOUT_STEPS
from prosocial.runs.experiments.lives import GRIDS
from prosocial.runs.experiments.teaching.budgets import Budget

AWAY = {"schedule": "never", "teaching": None}
BLIND_EVENTS = ("forward", "bump", "lava")
"""What the blind Bayesian learner can tell apart: not that it entered the goal."""

INTERNALIZERS = ("regression", "bayesian")
"""Learners with an internal reward."""


def isr(learner: str, budget: Budget) -> ISRConfig:
    """The internal reward of a learner; that of figure 4a of the paper if it is a regression.

    Args:
        learner: "social" or "none" (none is fitted), "regression", "bayesian" or "bayesian_blind".
        budget: Batch and number of its updates.
    """
    fitted = ISRConfig(batch_size=budget.isr_batch, updates_per_iteration=budget.continual_updates)
    if learner == "bayesian":
        return replace(fitted, model="bayesian")
    if learner == "bayesian_blind":
        return replace(fitted, model="bayesian", events=BLIND_EVENTS)
    return fitted


def life(
    budget: Budget, learner: str, phases: tuple[PhaseConfig, ...], world: str = "train3"
) -> dict[str, Any]:
    """Fields of the configuration of a life in the single-learner grid.

    Args:
        budget: How much is fitted and evaluated.
        learner: Which kind of learner.
        phases: Phases of the life.
        world: One of `GRIDS`.

    Returns:
        Keyword arguments of `TrainConfig`.
    """
    evaluated = {name: {"layout": "random", **GRIDS[name]} for name in (FAMILIAR, *HELD_OUT)}
    return {
        "world": "caregiver_grid",
        "world_config": dict(GRIDS[world]),
        "ppo": PPOConfig(num_worlds=NUM_WORLDS, rollout_steps=ROLLOUT_STEPS),
        "isr": isr(learner, budget),
        "phases": phases,
        "evaluation": EvaluationConfig(episodes=budget.evaluation_episodes, worlds=evaluated),
    }


def socialization(steps: int, learner: str, caregiver: dict[str, Any]) -> PhaseConfig:
    """Phase 1. Where the caregiver looks away, what has been internalized so far counts.

    Args:
        steps: Length of the phase.
        learner: Which kind of learner; "social" never needs an internal reward, since its caregiver
            never looks away.
        caregiver: What differs from the constant caregiver.
    """
    phase = PhaseConfig("socialization", steps, caregiver=caregiver, collect=True)
    if learner in INTERNALIZERS:
        return replace(phase, fit_isr="continual", internal_reward=True)
    return phase


def autonomy(steps: int, learner: str) -> PhaseConfig:
    """Phase 2: the caregiver has gone; an internal reward is fitted to all that was experienced."""
    phase = PhaseConfig("autonomy", steps, caregiver=dict(AWAY))
    if learner == "none":
        return phase
    return replace(phase, internal_reward=True, fit_isr="offline")
