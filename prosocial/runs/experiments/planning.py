"""Planning without social reward: the best policy in caregiver_grid of who knows only its costs."""

from __future__ import annotations

import numpy as np

from prosocial.agents.internal_reward.audit import state_actions
from prosocial.envs.engine import Batch, World
from prosocial.envs.worlds.caregiver_grid import Action, Cell

DISCOUNT = 0.99
"""Discount of the learners (PPO's gamma)."""

_PRECISION = 1e-9


def forward_moves(world: World) -> dict[str, int]:
    """Counts the states of a fixed layout in which going forward is optimal without a caregiver.

    Value iteration on the environmental reward over every state (goal, position, heading), with
    transitions and rewards taken from the world itself, which is stepped once from every state
    with every action. An episode never ends (learners bootstrap at the time limit); after a goal
    the next state is any state with the same probability.

    Args:
        world: A built caregiver_grid without walls or lava that are drawn anew for every map.

    Returns:
        states, forward_better (states where FORWARD is better than any turn) and forward_tied
        (states where it is as good, not counting those whose goal is straight ahead, into which the
        step is free).

    Raises:
        ConfigError: If the world is another one or draws walls.
    """
    pairs = state_actions(world)
    actions = len(world.actions)
    blank = world.params[0]["blank"]
    batch = Batch(world, len(pairs))
    batch.reset()
    batch.state["cells"] = blank
    batch.state["cells"][np.arange(len(pairs)), pairs.goals] = Cell.GOAL
    batch.state["goal"], batch.state["position"] = pairs.goals, pairs.positions
    batch.state["heading"] = pairs.headings
    batch.step(pairs.actions)

    index = {}
    origin = zip(pairs.goals[::actions], pairs.positions[::actions], pairs.headings[::actions],
                 strict=True)  # fmt: skip
    for number, state in enumerate(origin):
        index[tuple(map(int, state))] = number
    reached = batch.events["goal"][:, 0].astype(bool)
    after = zip(batch.state["goal"], batch.state["position"], batch.state["heading"], strict=True)
    following = np.array(
        [-1 if goal else index[tuple(map(int, s))] for s, goal in zip(after, reached, strict=True)]
    )
    values = _action_values(batch.rewards[:, 0].astype(float), following, actions)
    turns = np.delete(values, int(Action.FORWARD), axis=1).max(axis=1)
    gain = values[:, int(Action.FORWARD)] - turns
    ahead = reached.reshape(-1, actions)[:, int(Action.FORWARD)]
    tied = (np.abs(gain) <= _PRECISION) & ~ahead
    return {
        "states": len(values),
        "forward_better": int((gain > _PRECISION).sum()),
        "forward_tied": int(tied.sum()),
    }


def _action_values(rewards: np.ndarray, following: np.ndarray, actions: int) -> np.ndarray:
    """Optimal action values (states, actions); a following state of -1 is a random one."""
    values = np.zeros(len(rewards) // actions)
    while True:
        onward = np.where(following < 0, values.mean(), values[following])
        table = (rewards + DISCOUNT * onward).reshape(-1, actions)
        change = np.abs(table.max(axis=1) - values).max()
        values = table.max(axis=1)
        if change < _PRECISION * (1.0 - DISCOUNT):
            return table
