"""The lives of the commons experiment as training configurations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from prosocial.agents.internal_reward.config import ISRConfig, Rule
from prosocial.agents.training.config import EvaluationConfig, PhaseConfig, PolicyConfig, PPOConfig
from prosocial.envs.social.config import CaregiverConfig
from prosocial.runs.experiments.commons.budgets import Budget

AWAY = {"schedule": "never"}
# For worlds of 1,000 steps with seven agents: 32 worlds x 128 steps make 28,672 samples.
_SPATIAL_PPO = {"num_worlds": 32, "rollout_steps": 4096, "minibatch_size": 2048}
# For episodes of 12 months with five agents: 128 worlds x 12 months make 7,680 samples. Nothing is
# discounted: an episode is short, and its last month counts as much as its first.
_FISHERY_PPO = {"num_worlds": 128, "rollout_steps": 1536, "minibatch_size": 1536, "gamma": 1.0}


@dataclass(frozen=True)
class Commons:
    """One world of the experiment.

    Attributes:
        world: Registered name.
        config: Its options.
        norms: What its caregiver approves of, see `CaregiverConfig`.
        scale: Size of a social reward, which the gate of the ISR is measured in.
        ppo: Options of the policy's optimisation.
        keep_unrewarded: Share of the steps without social reward that the ISR remembers.
        fixed_length: Whether the length of an episode is the budget's and not drawn.
    """

    world: str
    config: dict[str, Any]
    norms: dict[str, Any]
    scale: float
    ppo: dict[str, Any]
    keep_unrewarded: float
    fixed_length: bool = True

    def options(self, budget: Budget) -> dict[str, Any]:
        """Returns the options of the world under a budget."""
        steps = budget.episode_steps
        length = {"min_steps": steps, "max_steps": steps, "end_probability": 0.0}
        return {**self.config, **(length if self.fixed_length else {})}


COMMONS = {
    "harvest": Commons(
        world="commons_harvest",
        config={"layout": "open"},
        norms={"restraint": {"amount": -2.0, "k": 3, "praise": 0.0}},
        scale=2.0,
        ppo=_SPATIAL_PPO,
        keep_unrewarded=0.1,
    ),
    "clean_up": Commons(
        world="clean_up",
        config={},
        norms={"cleaning": 0.4},
        scale=0.4,
        ppo=_SPATIAL_PPO,
        keep_unrewarded=0.1,
    ),
    "fishery": Commons(
        world="fishery",
        config={"reward_per_unit": 0.1},  # rewards of about 1, which suits the value network
        norms={"universalization": {"amount": -0.2, "graded": True}},
        scale=0.2,
        ppo=_FISHERY_PPO,
        keep_unrewarded=1.0,
        fixed_length=False,
    ),
}
"""The three worlds by name: in harvest and fishery the caregiver blames, in clean-up it praises."""


def life(
    budget: Budget, name: str, phases: tuple[PhaseConfig, ...], rule: Rule = "gated"
) -> dict[str, Any]:
    """Fields of the configuration of a life.

    Args:
        budget: How long the ISR is fitted.
        name: One of `COMMONS`.
        phases: Phases of the life.
        rule: How the ISR's predictions enter the utility.

    Returns:
        Keyword arguments of `TrainConfig`.
    """
    commons = COMMONS[name]
    return {
        "world": commons.world,
        "world_config": commons.options(budget),
        "ppo": PPOConfig(learning_rate=1e-3, num_epochs=3, entropy_coef=0.01, **commons.ppo),
        "policy": PolicyConfig(network="cell_embedding"),
        "caregiver": CaregiverConfig(norms=dict(commons.norms)),
        "isr": ISRConfig(
            network="cell_embedding",
            rule=rule,
            scale=commons.scale,
            batch_size=256,
            epochs=budget.isr_epochs,
            learning_rate=1e-3,
            keep_unrewarded=commons.keep_unrewarded,
        ),
        "evaluation": EvaluationConfig(worlds={}),
        "phases": phases,
    }


def socialization(steps: int) -> PhaseConfig:
    """Phase 1: the caregiver is there, and what it says is remembered."""
    return PhaseConfig("socialization", steps, collect=True)


def without_socialization(steps: int) -> PhaseConfig:
    """Phase 1 of the selfish learners: nobody says anything."""
    return PhaseConfig("socialization_without", steps, caregiver=AWAY)


def autonomy(condition: str, steps: int) -> PhaseConfig:
    """Phase 2 of a condition.

    Args:
        condition: "none" or "selfish" (no social reward), "isr" or "isr_additive" (the ISR supplies
            it) or "caregiver" (the caregiver stays).
        steps: Length of the phase.
    """
    if condition == "caregiver":
        return PhaseConfig("autonomy", steps)
    if condition in ("isr", "isr_additive"):
        return PhaseConfig(
            "autonomy", steps, caregiver=AWAY, internal_reward=True, fit_isr="offline"
        )
    return PhaseConfig("autonomy", steps, caregiver=AWAY)
