"""Softmax-rational walkers in rooms with walls, whose goals minds are to read."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from prosocial.agents.mind.inference import kernels
from prosocial.agents.mind.inference.likelihoods import choice_likelihoods
from prosocial.agents.mind.planning.distances import goal_table, grid_successors

MOVES = ("stay", "north", "south", "west", "east")


@dataclass(frozen=True)
class Room:
    """A square room with walls.

    Attributes:
        successors: The cell that each move leads to, int32 (S, A).
        goals: Cells of the goals, int64 (G,).
        values: What each move is worth to who walks to each goal, in steps, float32 (S, A, G).
        starts: The cells from which all goals can be reached, int64.
    """

    successors: np.ndarray
    goals: np.ndarray
    values: np.ndarray
    starts: np.ndarray


def make_room(size: int, num_goals: int | None, walls: float = 0.1, seed: int = 0) -> Room:
    """Returns a room with a border, random walls and random goals.

    Args:
        size: Side, with the border.
        num_goals: G; None: every cell of the square is a goal (and there are no inner walls).
        walls: Share of the inner cells that are walls.
        seed: Of the room.
    """
    rng = np.random.default_rng(seed)
    while True:
        blocked = np.ones((size, size), np.uint8)
        blocked[1:-1, 1:-1] = rng.random((size - 2, size - 2)) < (walls if num_goals else 0)
        offsets = (0, -size, size, -1, 1)
        successors = grid_successors(blocked.ravel(), size, np.array([0, 1]), offsets)
        free = np.flatnonzero(blocked.ravel() == 0)
        if num_goals is None:
            goals = np.arange(size * size)
            return Room(successors, goals, goal_table(successors, goals), free)
        goals = rng.choice(free, num_goals, replace=False)
        values = goal_table(successors, goals)
        starts = free[np.isfinite(values[free, 0]).all(axis=1)]
        if len(starts) > len(free) / 2 and np.isin(goals, starts).all():
            return Room(successors, goals, values, starts)


@dataclass(frozen=True)
class Walks:
    """What walkers did.

    Attributes:
        goals: The goal of each, as an index into the goals of the room, int64 (walkers,).
        cells: Where they were before each step, int64 (steps, walkers).
        actions: What they did, int64 (steps, walkers).
    """

    goals: np.ndarray
    cells: np.ndarray
    actions: np.ndarray


def walk(
    room: Room,
    walkers: int,
    steps: int,
    beta: float,
    prior: np.ndarray | None = None,
    switch: float = 0.0,
    lapse: float = 0.0,
    seed: int = 0,
) -> Walks:
    """Lets walkers with goals drawn from the prior act by softmax.

    Args:
        room: Where.
        walkers: How many, each alone in its room.
        steps: How long.
        beta: Their rationality, in 1 / steps.
        prior: Probabilities of the goals (G,); None: all alike.
        switch: Probability of drawing a new goal before a step.
        lapse: Probability of a random move.
        seed: Of the walks.
    """
    rng = np.random.default_rng(seed)
    table = choice_likelihoods(room.values, np.array([beta]), lapse)
    policy = (table.relative * table.scales[:, :, None, None])[:, :, 0].cumsum(axis=1)
    choices = len(room.goals)
    goals = rng.choice(choices, walkers, p=prior)
    cell = rng.choice(room.starts, walkers)
    cells, actions = np.empty((2, steps, walkers), np.int64)
    for step in range(steps):
        anew = rng.random(walkers) < switch
        goals = np.where(anew, rng.choice(choices, walkers, p=prior), goals)
        draws = rng.random((walkers, 1))
        chosen = (policy[cell, :, goals] < draws).sum(axis=1)
        cells[step], actions[step] = cell, np.minimum(chosen, len(MOVES) - 1)
        cell = room.successors[cell, actions[step]]
    return Walks(goals, cells, actions)


def infer(
    room: Room,
    walks: Walks,
    beta: float | tuple[float, ...],
    prior: np.ndarray | None = None,
    switch: float = 0.0,
    lapse: float = 0.0,
) -> np.ndarray:
    """Returns the posterior over the goals after each step, float32 (steps, walkers, G)."""
    betas = np.atleast_1d(np.asarray(beta, np.float64))
    table = choice_likelihoods(room.values, betas, lapse).relative
    steps, walkers = walks.cells.shape
    choices = len(room.goals)
    start = np.full(choices, 1 / choices) if prior is None else prior
    drawn = np.ascontiguousarray(np.broadcast_to(start, (walkers, 1, choices)), np.float32)
    weights = np.repeat(drawn[:, None, :, None], len(betas), axis=3) / np.float32(len(betas))
    surprises = np.zeros((walkers, 1, 1), np.int64)
    out = np.empty((steps, walkers, choices), np.float32)
    for step in range(steps):
        kernels.update(
            weights, table, walks.cells[step][:, None], walks.actions[step][:, None], None,
            drawn if switch else None, np.float32(1 - switch), None, surprises,
        )  # fmt: skip
        out[step] = weights[:, 0, 0].sum(axis=1)
    return out
