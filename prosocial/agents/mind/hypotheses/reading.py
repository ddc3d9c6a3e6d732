"""Compiled readers of small things in records: who acted, and the rows of fishery and doors.

One file that imports nothing compiled from elsewhere but the compiler; see ``commons_kernel``.
Sizes: B worlds, N agents.
"""

from __future__ import annotations

import numpy as np

from prosocial.agents.mind.planning.compiling import compiled


@compiled
def mask_actions(actions, counts, present, out):
    """Writes the actions of those who took part, -1 for the others.

    Args:
        actions: integers (B, N).
        counts: integers (B, N) of who is away, or of who takes part.
        present: Whether a number other than 0 says that an agent takes part.
        out: int64 (B, N).
    """
    for world in range(out.shape[0]):
        for agent in range(out.shape[1]):
            takes_part = (counts[world, agent] != 0) == present
            out[world, agent] = actions[world, agent] if takes_part else -1


@compiled
def demand_rows(t, stock, over, active, out):
    """Writes 4 * stock + 2 * (all take part) + (another took too much); -1 for newcomers.

    Args:
        t: integers (B,).
        stock: integers (B,).
        over: integers (B, N): who took too much in the last round; of no meaning in the first.
        active: integers (B, N): 0 for newcomers who do not take part yet.
        out: int64 (B, N).
    """
    num_agents = out.shape[1]
    for world in range(out.shape[0]):
        total, complete = np.int64(0), 1
        for agent in range(num_agents):
            total += np.int64(over[world, agent]) if t[world] > 0 else 0
            complete = complete if active[world, agent] != 0 else 0
        number = 4 * np.int64(stock[world]) + 2 * complete
        for agent in range(num_agents):
            own = np.int64(over[world, agent]) if t[world] > 0 else 0
            provoked = 1 if total - own > 0 else 0
            out[world, agent] = number + provoked if active[world, agent] > 0 else -1


@compiled
def door_rows(at, pushed, effort, is_open, node_of, way_of, num_nodes, free, pushes, out):
    """Writes (open doors) * num_nodes + node of the human; see ``doors.HumanGraph``.

    Args:
        at: integers (B,): where the human is.
        pushed: integers (B,): the door that it pushes, or -1.
        effort: integers (B,): how often it has pushed it.
        is_open: integers (B, D).
        node_of: int32 (n,).
        way_of: int32 (n, D).
        num_nodes: Nodes under one mask.
        free: Nodes that are cells.
        pushes: Pushes after which a door opens.
        out: int64 (B,).
    """
    for world in range(out.shape[0]):
        mask = np.int64(0)
        for door in range(is_open.shape[1]):
            mask |= np.int64(1 if is_open[world, door] else 0) << door
        node = np.int64(node_of[at[world]])
        if pushed[world] >= 0 and pushes > 1:
            way = np.int64(way_of[at[world], pushed[world]])
            node = free + way * (pushes - 1) + np.int64(effort[world]) - 1
        out[world] = mask * num_nodes + node
