"""Compiled searches over (cell, heading) for bodies that turn left, turn right and go forward.

One file that imports nothing compiled from elsewhere: numba caches it on disk, and that cache does
not see changes in imported files. A node is 4 * cell + heading; headings are 0 north, 1 east,
2 south, 3 west. Sizes: B worlds, n cells of the padded grid, G goals, S = 4 n nodes.
"""

from __future__ import annotations

import numpy as np

from prosocial.agents.mind.planning.compiling import compiled

LEFT, RIGHT, FORWARD = 0, 1, 2  # the actions in the order of the values below
FAR = np.int32(1_000_000)  # steps to where no path leads


@compiled
def turned(node, action):
    """Returns the node after a turn: LEFT or RIGHT."""
    return (node & ~3) | ((node + (3 if action == 0 else 1)) & 3)


@compiled
def steps_from(cells, start, offsets, enterable, passable, steps, queue):
    """Writes the least number of actions from a node to every cell, int32 (n,); ``FAR`` for none.

    Args:
        cells: uint8 (n,): codes of the padded grid, all border cells blocking.
        start: The node to start from.
        offsets: int32 (4,): what to add to a cell to go ahead under each heading.
        enterable: uint8 (256,): 1 for the codes that can be entered.
        passable: uint8 (256,): 1 for those of them where the walk can go on.
        steps: int32 (n,), written.
        queue: int32 (2, 4 n): scratch.
    """
    steps[:] = FAR
    depth = queue[1]
    depth[:] = -1
    depth[start], queue[0, 0] = 0, start
    head, tail = 0, 1
    steps[start >> 2] = 0
    while head < tail:
        node = np.int64(queue[0, head])
        head += 1
        for action in range(3):
            if action == 2:
                cell = (node >> 2) + offsets[node & 3]
                if not enterable[cells[cell]]:
                    continue
                steps[cell] = min(steps[cell], depth[node] + 1)
                if not passable[cells[cell]]:
                    continue
                neighbour = 4 * cell + (node & 3)
            else:
                neighbour = turned(node, action)
            if depth[neighbour] < 0:
                depth[neighbour] = depth[node] + 1
                queue[0, tail] = neighbour
                tail += 1


@compiled
def values_of_cells(cells, position, heading, offsets, enterable, passable, goals, out):
    """Writes minus the actions needed to reach each goal cell, beginning with each action.

    Args:
        cells: uint8 (B, n).
        position: int64 (B,): flat cells.
        heading: int64 (B,).
        offsets: int32 (4,).
        enterable: uint8 (256,), see ``steps_from``.
        passable: uint8 (256,), see ``steps_from``.
        goals: int32 (G,): flat cells.
        out: float32 (B, G, 3): -(1 + steps from where the action leads); -inf where no path leads.
            Who is blocked stays where it is.
    """
    num_cells = cells.shape[1]
    steps, queue = np.empty(num_cells, np.int32), np.empty((2, 4 * num_cells), np.int32)
    for world in range(cells.shape[0]):
        start = 4 * position[world] + heading[world]
        for action in range(3):
            node, ended = start, -1
            if action < 2:
                node = turned(start, action)
            else:
                ahead = position[world] + offsets[heading[world]]
                if enterable[cells[world, ahead]]:
                    node = 4 * ahead + heading[world]
                    if not passable[cells[world, ahead]]:
                        ended = ahead
            if ended < 0:
                steps_from(cells[world], node, offsets, enterable, passable, steps, queue)
            for goal in range(goals.shape[0]):
                needed = np.int64(0 if goals[goal] == ended else FAR)
                if ended < 0:
                    needed = np.int64(steps[goals[goal]])
                out[world, goal, action] = -np.inf if needed >= FAR else -(1.0 + needed)


@compiled
def reachable_cells(cells, position, heading, offsets, enterable, passable, goals, out):
    """Writes whether a path leads to each goal cell, bool (B, G); arguments as above."""
    num_cells = cells.shape[1]
    steps, queue = np.empty(num_cells, np.int32), np.empty((2, 4 * num_cells), np.int32)
    for world in range(cells.shape[0]):
        start = 4 * position[world] + heading[world]
        steps_from(cells[world], start, offsets, enterable, passable, steps, queue)
        for goal in range(goals.shape[0]):
            out[world, goal] = steps[goals[goal]] < FAR


@compiled
def values_of_goal(
    cells, position, heading, goal, offsets, passable, weight, cost, goal_cost, discount, out
):
    """Writes the optimal value of each action for who wants to enter the goal, and may rest.

    Entering the goal pays ``weight`` and ends the walk, every FORWARD costs ``cost`` (into the goal
    ``goal_cost``), turning is free, so resting (turning for ever) is worth 0. Exact: values spread
    backwards from the goal until none can be improved.

    Args:
        cells: uint8 (B, n).
        position: int64 (B,).
        heading: int64 (B,).
        goal: int64 (B,): flat cells.
        offsets: int32 (4,).
        passable: uint8 (256,): 1 for the codes of the cells on which one walks to the goal.
        weight: > 0.
        cost: >= 0.
        goal_cost: >= 0.
        discount: In (0, 1).
        out: float32 (B, 3).
    """
    num_nodes = 4 * cells.shape[1]
    value, queue = np.empty(num_nodes), np.empty(num_nodes, np.int32)
    waiting = np.empty(num_nodes, np.bool_)
    for world in range(cells.shape[0]):
        grid = cells[world]
        value[:], waiting[:] = 0.0, False
        # A queue that goes round: no node waits in it twice, so it never overflows.
        head, length = 0, 0
        best = weight - goal_cost
        for facing in range(4):
            cell = goal[world] - offsets[facing]
            if passable[grid[cell]] and best > 0.0:
                node = 4 * cell + facing
                value[node], waiting[node] = best, True
                queue[(head + length) % num_nodes] = node
                length += 1
        while length > 0:
            node = np.int64(queue[head])
            head = (head + 1) % num_nodes
            length -= 1
            waiting[node] = False
            for action in range(3):
                if action == 2:
                    behind = (node >> 2) - offsets[node & 3]
                    if not passable[grid[behind]]:
                        continue
                    before, gained = 4 * behind + (node & 3), discount * value[node] - cost
                else:
                    before, gained = turned(node, 1 - action), discount * value[node]
                if gained > value[before] + 1e-12:
                    value[before] = gained
                    if not waiting[before]:
                        waiting[before] = True
                        queue[(head + length) % num_nodes] = before
                        length += 1
        start = 4 * position[world] + heading[world]
        out[world, 0] = discount * value[turned(start, 0)]
        out[world, 1] = discount * value[turned(start, 1)]
        ahead = position[world] + offsets[heading[world]]
        if ahead == goal[world]:
            out[world, 2] = weight - goal_cost
        elif passable[grid[ahead]]:
            out[world, 2] = discount * value[4 * ahead + heading[world]] - cost
        else:
            out[world, 2] = discount * value[start] - cost
