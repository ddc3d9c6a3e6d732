"""The lives of the value-internalization experiment as training configurations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

from prosocial.agents.internal_reward.config import ISRConfig
from prosocial.agents.training.config import EvaluationConfig, PhaseConfig, PolicyConfig, PPOConfig
from prosocial.analysis.value_internalization.published import LAYOUTS
from prosocial.runs.experiments.budgets import NUM_WORLDS, ROLLOUT_STEPS, Budget

GRIDS: dict[str, dict[str, Any]] = {
    "train3": {"num_walls": 3},
    "train1": {"num_walls": 1},
    "ood5": {"num_walls": 5},
    **{layout: {"layout": layout} for layout in LAYOUTS},
}
"""Worlds of the single learner by the paper's names: overrides of caregiver_grid."""

HELD_OUT = ("ood5", *LAYOUTS)
"""Worlds in which no learner is socialized."""

Rule = Literal["additive", "threshold", "only"]


def grid_life(
    budget: Budget, world: str, phases: Sequence[PhaseConfig], evaluate: Sequence[str] = ()
) -> dict[str, Any]:
    """Fields of the configuration of a life in the single-learner grid.

    Args:
        budget: How much is evaluated.
        world: One of `GRIDS`.
        phases: Phases of the life.
        evaluate: Worlds, of `GRIDS`, that the policy is evaluated in after each phase.

    Returns:
        Keyword arguments of `TrainConfig`.
    """
    worlds = {name: {"layout": "random", **GRIDS[name]} for name in evaluate}
    return {
        "world": "caregiver_grid",
        "world_config": dict(GRIDS[world]),
        "ppo": PPOConfig(num_worlds=NUM_WORLDS, rollout_steps=ROLLOUT_STEPS),
        "phases": tuple(phases),
        "evaluation": EvaluationConfig(episodes=budget.evaluation_episodes, worlds=worlds),
    }


def helping_life(budget: Budget, phases: Sequence[PhaseConfig]) -> dict[str, Any]:
    """Fields of the configuration of a life in the helping grid.

    Args:
        budget: How the ISR is fitted and how much is evaluated.
        phases: Phases of the life.

    Returns:
        Keyword arguments of `TrainConfig`.
    """
    return {
        "world": "helping_grid",
        "ppo": PPOConfig(num_worlds=NUM_WORLDS, rollout_steps=ROLLOUT_STEPS),
        # The declared observation space is no image there, so the paper's library does not scale.
        "policy": PolicyConfig(scale_observations=False),
        "isr": ISRConfig(
            rule="only",
            train_fraction=1.0,
            batch_size=budget.helping_isr_batch,
            epochs=budget.helping_isr_epochs,
            learning_rate=budget.isr_learning_rate,
        ),
        "phases": tuple(phases),
        "evaluation": EvaluationConfig(episodes=budget.evaluation_episodes, worlds={"helping": {}}),
    }


def grid_isr(budget: Budget, rule: Rule) -> ISRConfig:
    """The internal reward of figures 1b, 4a, 4b, 5 and 6."""
    return ISRConfig(rule=rule, learning_rate=budget.isr_learning_rate, batch_size=budget.isr_batch)


def socialization(steps: int) -> PhaseConfig:
    """Phase 1: the caregiver is there, and what it rewards is remembered."""
    return PhaseConfig(name="socialization", steps=steps, collect=True)


def socialization_remembered(steps: int, total: int) -> tuple[PhaseConfig, ...]:
    """Phase 1 of which only the first steps are remembered: an ISR will know no more of it."""
    first = socialization(min(steps, total))
    if steps >= total:
        return (first,)
    return (first, PhaseConfig(name="socialization_not_remembered", steps=total - steps))


def autonomy(condition: str, steps: int, goal_step_cost: bool = False) -> PhaseConfig:
    """Phase 2 of a condition.

    Args:
        condition: "none" (no social reward), "isr" (the ISR supplies it), "oracle" (the caregiver
            stays) or "frozen" (no social reward and no learning).
        steps: Length of the phase.
        goal_step_cost: Charge the ISR condition for the step into the goal, as the authors did.

    Returns:
        The phase.
    """
    phase = PhaseConfig(name="autonomy", steps=steps, caregiver={"schedule": "never"})
    if condition == "oracle":
        return replace(phase, caregiver={})
    if condition == "frozen":
        return replace(phase, learn=False)
    if condition == "isr":
        cost = {"goal_step_cost": True} if goal_step_cost else {}
        return replace(phase, internal_reward=True, fit_isr="offline", world=cost)
    return phase
