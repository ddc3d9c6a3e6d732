"""What was internalized, tried on every state and action of a layout.

A fixed layout of caregiver_grid has a few thousand pairs of state and action, so whether an
internal reward can be exploited there is decided by enumeration, before any policy is trained on
it: a pair that nobody approves of and that the ISR rewards is what a learner can be drawn to
("reward hacking on the ISR", Rong & Kleiman-Weiner 2024, figure 6). Observations and true rewards
come from the world and the caregiver themselves, stepped once from records edited to each state.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from prosocial.envs.engine import Batch, ConfigError, World
from prosocial.envs.social import Caregiver, make_caregiver
from prosocial.envs.worlds.caregiver_grid import Cell

from .model import InternalReward


@dataclass(frozen=True)
class Audit:
    """Confusion table of an internal reward against what a caregiver approves of.

    A pair counts as accepted if the prediction is above ``ISRConfig.accept_above`` (0.2 by
    default).

    Attributes:
        true_positives: Approved pairs that are accepted.
        false_positives: Pairs nobody approves of that are accepted.
        false_negatives: Approved pairs that are not accepted.
        true_negatives: Pairs nobody approves of that are not accepted.
        largest_unapproved: Largest prediction on a pair that nobody approves of; -inf without one.
        smallest_approved: Smallest prediction on an approved pair; inf without one.
        false_positive_share: Part of all accepted reward (sum of the accepted predictions) that
            lies on pairs nobody approves of, in [0, 1]; 0 if nothing is accepted. What the
            "threshold" rule pays in error.
        leaked_share: The same for all positive predictions, accepted or not, in [0, 1]. What the
            "additive" rule pays in error: it pays small positive predictions too, every step.
    """

    true_positives: int
    false_positives: int
    false_negatives: int
    true_negatives: int
    largest_unapproved: float
    smallest_approved: float
    false_positive_share: float
    leaked_share: float


@dataclass(frozen=True)
class StateActions:
    """Every pair of state and action of a layout.

    Attributes:
        observations: uint8 (n, height, width, features).
        actions: int64 (n, 1).
        social_rewards: What the caregiver gives for the step, float32 (n,).
        goals: Flat cell of the goal, int64 (n,), as in the record of the world.
        positions: Flat cell of the learner, int64 (n,).
        headings: Heading of the learner, int64 (n,).
        events: What happens in the step, structured uint8 (n,).
    """

    observations: np.ndarray
    actions: np.ndarray
    social_rewards: np.ndarray
    goals: np.ndarray
    positions: np.ndarray
    headings: np.ndarray
    events: np.ndarray

    def __len__(self) -> int:
        return len(self.actions)


def tabulate(predictions: np.ndarray, approved: np.ndarray, accept_above: float) -> Audit:
    """Confusion table of predictions, over an enumeration or over the steps of a rollout.

    Over a rollout each pair counts as often as the learner chose it, so that
    ``false_positive_share`` is the share of the internal reward it really earned in error.

    Args:
        predictions: r̂, float (...).
        approved: Whether the caregiver approves (would approve, if it is absent), bool (...).
        accept_above: Prediction above which a pair is accepted, see ``ISRConfig.accept_above``.

    Raises:
        ConfigError: The shapes differ, or ``approved`` is not bool.
    """
    predictions, approved = np.asarray(predictions), np.asarray(approved)
    if predictions.shape != approved.shape or approved.dtype != bool:
        raise ConfigError(
            f"predictions are {predictions.shape} and approved is {approved.dtype} "
            f"{approved.shape}; expected bool of the same shape."
        )
    predictions = predictions.astype(np.float64)
    # Compared in single precision, like the threshold rule.
    accepted = predictions.astype(np.float32) > np.float32(accept_above)
    return Audit(
        true_positives=int((accepted & approved).sum()),
        false_positives=int((accepted & ~approved).sum()),
        false_negatives=int((~accepted & approved).sum()),
        true_negatives=int((~accepted & ~approved).sum()),
        largest_unapproved=float(predictions[~approved].max(initial=-np.inf)),
        smallest_approved=float(predictions[approved].min(initial=np.inf)),
        false_positive_share=_share(np.where(accepted, predictions, 0.0), approved),
        leaked_share=_share(np.maximum(predictions, 0.0), approved),
    )


def state_actions(world: World, caregiver: Caregiver | str = "default") -> StateActions:
    """Enumerates a fixed layout of caregiver_grid.

    The states are every cell the goal may be on × every other free cell × four headings: 25 · 24 ·
    4 in the empty 7×7 room, hence 7,200 pairs with three actions.

    Args:
        world: A built caregiver_grid without walls or lava that are drawn anew for every map.
        caregiver: Whose approval is the truth, see ``prosocial.envs.social.make_caregiver``;
            "default" approves of reaching the goal.

    Raises:
        ConfigError: The world is another one, or its layout is not fixed.
    """
    params = world.params[0]
    if world.name != "caregiver_grid":
        raise ConfigError(f"The world is {world.name!r}; only caregiver_grid can be enumerated.")
    if params["num_walls"] or params["num_lava"]:
        raise ConfigError(
            f"The world draws {params['num_walls']} walls and {params['num_lava']} lava cells for "
            "every map; expected a fixed layout (a named one, an ASCII map, or num_walls=0 and "
            "num_lava=0)."
        )
    blank = params["blank"]
    free = np.flatnonzero(blank == Cell.EMPTY)
    goals = params["goal_cells"][: params["num_goal_cells"]].astype(np.int64)
    grid = np.meshgrid(goals, free, np.arange(4), np.arange(len(world.actions)), indexing="ij")
    goal, position, heading, action = (
        axis.ravel()[grid[0].ravel() != grid[1].ravel()] for axis in grid
    )

    batch = Batch(world, len(goal), caregiver=make_caregiver(caregiver, world))
    batch.reset()
    batch.state["cells"] = blank
    batch.state["cells"][np.arange(len(goal)), goal] = Cell.GOAL
    batch.state["goal"], batch.state["position"] = goal, position
    batch.state["heading"] = heading
    batch.set_state(batch.get_state())  # observes the edited records
    observations = batch.observations[:, 0].copy()
    batch.step(action[:, None])
    return StateActions(
        observations,
        action[:, None],
        batch.social_rewards[:, 0].copy(),
        goal,
        position,
        heading,
        batch.events[:, 0].copy(),
    )


def audit(model: InternalReward, world: World, caregiver: Caregiver | str = "default") -> Audit:
    """Confusion table of an internal reward over every state and action of a layout.

    Args:
        model: The internal reward.
        world: A caregiver_grid with a fixed layout.
        caregiver: Whose approval is the truth.

    Raises:
        ConfigError: The world cannot be enumerated.
        ExperienceError: The model takes other observations than the world gives.
    """
    pairs = state_actions(world, caregiver)
    predictions = model.predict(pairs.observations, pairs.actions, pairs.events)
    return tabulate(predictions, pairs.social_rewards > 0, model.config.accept_above)


def _share(paid: np.ndarray, approved: np.ndarray) -> float:
    total = paid.sum()
    return float(paid[~approved].sum() / total) if total > 0 else 0.0
