"""What is optimal with and without social reward, by planning on every state of a layout."""

from __future__ import annotations

import numpy as np
import pytest

from prosocial import make_batch
from prosocial.envs.worlds.caregiver_grid.rules import Action, Cell

HORIZON = 20  # steps of an episode


@pytest.fixture(scope="module", params=["x", "u", "four_rooms"])
def transitions(request):
    """R_e (S, A), goal reached (S, A) and next state (S, A) from every goal, cell and heading."""
    config = {"layout": request.param, "max_steps": 10**6}
    probe = make_batch("caregiver_grid", 1, **config)
    probe.reset()
    empty = probe.state[0].copy()
    empty["cells"][empty["goal"]] = Cell.EMPTY
    free = np.flatnonzero(empty["cells"] == Cell.EMPTY).tolist()
    states = [(g, c, h) for g in free for c in free if c != g for h in range(4)]
    numbers = {state: number for number, state in enumerate(states)}

    batch = make_batch("caregiver_grid", len(states), **config)
    batch.reset()
    reward, reached = np.zeros((2, len(states), len(Action)))
    following = np.zeros((len(states), len(Action)), int)
    record = batch.state
    for action in Action:
        record[:] = empty
        record["goal"], record["position"], record["heading"] = np.transpose(states)
        record["cells"][np.arange(len(states)), record["goal"]] = Cell.GOAL
        batch.step(np.full((len(states), 1), action))
        reward[:, action] = batch.rewards[:, 0]
        reached[:, action] = batch.events["goal"][:, 0]
        after = zip(
            *(record[name].tolist() for name in ("goal", "position", "heading")), strict=True
        )
        following[:, action] = [numbers[goal, cell, heading] for goal, cell, heading in after]
    return reward, reached == 1, following


def plan(transitions, social):
    """Returns the values of the actions by backward induction, (HORIZON, S, A), last step first."""
    reward, goal, following = transitions
    values, value = [], np.zeros(len(reward))
    for _ in range(HORIZON):
        # After a goal the map is drawn anew: every state is equally likely.
        after = np.where(goal, value.mean(), value[following])
        values.append(reward + social * goal + after)
        value = values[-1].max(axis=1)
    return np.array(values)


def test_without_social_reward_never_moving_forward_is_optimal(transitions):
    values = plan(transitions, social=0.0)
    turns, forward = values[..., : Action.FORWARD], values[..., Action.FORWARD]
    assert (turns == 0).all()  # turning for ever loses nothing, and nothing can be gained
    paid = ~transitions[1][:, Action.FORWARD]
    np.testing.assert_allclose(forward[:, paid], -0.045, rtol=1e-6)
    assert (forward[:, ~paid] == 0).all()  # the free step into the goal gains nothing either


def test_with_social_reward_it_is_not(transitions):
    values = plan(transitions, social=0.4)
    best = values[-1].argmax(axis=1)
    assert (best == Action.FORWARD).mean() > 0.25
    assert (values[-1].max(axis=1) > 0).all()
    goal = transitions[1][:, Action.FORWARD]
    assert (best[goal] == Action.FORWARD).all()
