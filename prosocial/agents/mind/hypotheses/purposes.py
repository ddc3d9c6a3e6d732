"""Compiled values of what a body of helping_grid may be up to; see ``helping_grid.Purposes``.

One file that imports nothing compiled from elsewhere: numba caches it on disk, and that cache does
not see changes in imported files. A node is 4 * cell + heading; headings are 0 north, 1 east,
2 south, 3 west. Sizes: B worlds, n cells of the padded grid.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from prosocial.agents.mind.planning.compiling import compiled

# The hypotheses in their order.
TO_GOAL, TO_GOAL_BLOCKED, FETCH_BALL, MAKE_WAY, APPROACH, WANDER, REST = range(7)
NUM_PURPOSES = 7
STAY, LEFT, RIGHT, FORWARD, PICKUP, DROP = range(6)  # as FullAction
LEARNER, CAREGIVER = 0, 1
FAR = np.int32(1_000_000)  # steps to where no path leads
IDLE_COST = np.float32(3.0)  # steps that an action out of character is worse: a turn there and back


class Room(NamedTuple):
    """What does not change in a world.

    Attributes:
        offsets: int32 (4,): what to add to a flat cell to go ahead under each heading.
        open_to_all: uint8 (256,): 1 for the codes that are no walls.
        walkable: uint8 (256,): 1 for the codes on which bodies stand, occupied or not.
        ball: Code of the ball.
        first_action: Number of the first action that the controlled bodies have.
        last_action: Number of their last one.
        scripted: Whether the caregiver is scripted, with all actions.
    """

    offsets: np.ndarray
    open_to_all: np.ndarray
    walkable: np.ndarray
    ball: int
    first_action: int
    last_action: int
    scripted: bool


@compiled
def turned(node, action):
    """Returns the node after a turn: LEFT or RIGHT."""
    return (node & ~3) | ((node + (3 if action == 1 else 1)) & 3)


@compiled
def spread_back(grid, sources, offsets, passable, steps, queue):
    """Completes the least number of actions from every node to the nearest source, int32 (4 n,).

    Args:
        grid: uint8 (n,).
        sources: So many entries of ``queue`` are nodes whose ``steps`` are set, all to the same
            number; everywhere else ``steps`` is ``FAR``.
        offsets: int32 (4,).
        passable: uint8 (256,): 1 for the codes of the cells from which one comes.
        steps: int32 (4 n,).
        queue: int32 (4 n,).
    """
    head, tail = 0, sources
    while head < tail:
        node = np.int64(queue[head])
        head += 1
        for action in (LEFT, RIGHT, FORWARD):
            if action == FORWARD:
                behind = (node >> 2) - offsets[node & 3]
                if not passable[grid[behind]]:
                    continue
                before = 4 * behind + (node & 3)
            else:
                before = turned(node, LEFT + RIGHT - action)
            if steps[before] == FAR:
                steps[before] = steps[node] + 1
                queue[tail] = before
                tail += 1


@compiled
def add_cell(cell, steps, queue, count):
    """Makes a cell under every heading a source; returns the number of sources."""
    for facing in range(4):
        steps[4 * cell + facing], queue[count] = 0, 4 * cell + facing
        count += 1
    return count


@compiled
def find_ball(grid, ball):
    """Returns the cell of the ball, -1 if none lies there."""
    for cell in range(grid.shape[0]):
        if grid[cell] == ball:
            return cell
    return -1


@compiled
def steps_to_goal(grid, goal, room, steps, queue):
    """Writes the actions to the goal as if nothing but walls were in the way."""
    steps[:] = FAR
    spread_back(grid, add_cell(goal, steps, queue, 0), room.offsets, room.open_to_all, steps, queue)


@compiled
def steps_to_ball(grid, ball, room, steps, queue):
    """Writes the actions until the ball is picked up."""
    steps[:] = FAR
    count = 0
    for facing in range(4):
        cell = ball - room.offsets[facing]
        if ball >= 0 and room.walkable[grid[cell]]:
            steps[4 * cell + facing], queue[count] = 1, 4 * cell + facing
            count += 1
    spread_back(grid, count, room.offsets, room.walkable, steps, queue)


@compiled
def steps_to_body(grid, cell, room, steps, queue):
    """Writes the actions until one stands next to a body."""
    steps[:] = FAR
    count = 0
    for facing in range(4):
        if room.walkable[grid[cell + room.offsets[facing]]]:
            count = add_cell(cell + room.offsets[facing], steps, queue, count)
    spread_back(grid, count, room.offsets, room.walkable, steps, queue)


@compiled
def steps_off_the_way(grid, caregiver, distance, room, on_way, steps, queue):
    """Writes the actions to the nearest cell off the caregiver's shortest way to the goal.

    The way leads under the first heading (north, east, south, west) that comes nearer, from
    ``distance``, int32 (n,): moves from each cell to the goal.
    """
    on_way[:] = False
    cell = caregiver
    on_way[cell] = True
    while distance[cell] > 0:
        for facing in range(4):
            ahead = cell + room.offsets[facing]
            if distance[ahead] == distance[cell] - 1:
                break
        cell = ahead
        on_way[cell] = True
    steps[:] = FAR
    count = 0
    for cell in range(grid.shape[0]):
        if room.walkable[grid[cell]] and not on_way[cell]:
            count = add_cell(cell, steps, queue, count)
    spread_back(grid, count, room.offsets, room.walkable, steps, queue)


@compiled
def is_blocked(grid, caregiver, goal, ball, room, seen, queue):
    """Returns whether the ball lies across every way from the caregiver to the goal."""
    if ball < 0:
        return False
    seen[:] = False
    seen[caregiver], queue[0] = True, caregiver
    head, tail = 0, 1
    while head < tail:
        cell = np.int64(queue[head])
        head += 1
        if cell == goal:
            return False
        for facing in range(4):
            ahead = cell + room.offsets[facing]
            if not seen[ahead] and room.open_to_all[grid[ahead]] and ahead != ball:
                seen[ahead] = True
                queue[tail] = ahead
                tail += 1
    return True


@compiled
def value_walk(grid, node, steps, passable, room, out):
    """Writes -(1 + actions still to do) of each action of who walks, float32 (6,)."""
    ahead = (node >> 2) + room.offsets[node & 3]
    for action in range(6):
        after = node
        if action in (LEFT, RIGHT):
            after = turned(node, action)
        elif action == FORWARD and passable[grid[ahead]]:
            after = 4 * ahead + (node & 3)
        out[action] = -np.inf if steps[after] >= FAR else -(np.float32(1) + steps[after])


@compiled
def value_purposes(cells, position, heading, carrying, goal, distance, room, out):
    """Writes the values of all purposes.

    Args:
        cells: uint8 (B, n).
        position: int64 (B, 2).
        heading: int64 (B, 2).
        carrying: uint8 (B, 2): nonzero for full hands.
        goal: int64 (B,).
        distance: int32 (B, n): moves from each cell to the goal.
        room: A ``Room``.
        out: float32 (B, 2, 7, 6).
    """
    num_cells = cells.shape[1]
    queue, on_way = np.empty(4 * num_cells, np.int32), np.empty(num_cells, np.bool_)
    # Steps to the goal, to the ball, off the way, and to the other body (of each body).
    steps = np.empty((5, 4 * num_cells), np.int32)
    for world in range(cells.shape[0]):
        grid = cells[world]
        ball = find_ball(grid, room.ball)
        steps_to_goal(grid, goal[world], room, steps[0], queue)
        steps_to_ball(grid, ball, room, steps[1], queue)
        steps_off_the_way(
            grid, position[world, CAREGIVER], distance[world], room, on_way, steps[2], queue
        )
        blocked = is_blocked(
            grid, position[world, CAREGIVER], goal[world], ball, room, on_way, queue
        )
        for body in range(2):
            values = out[world, body]
            values[:] = -np.inf
            value_idling(values, room, body)
            steps_to_body(grid, position[world, 1 - body], room, steps[3 + body], queue)
            node = 4 * position[world, body] + heading[world, body]
            if body == CAREGIVER:
                to_goal = TO_GOAL_BLOCKED if blocked else TO_GOAL
                value_walk(grid, node, steps[0], room.open_to_all, room, values[to_goal])
            if carrying[world, body] == 0:
                value_walk(grid, node, steps[1], room.walkable, room, values[FETCH_BALL])
                if steps[1, node] == 1:
                    values[FETCH_BALL, PICKUP] = -1.0
            if body == LEARNER and steps[2, node] == 0:
                values[MAKE_WAY] = values[REST]
            elif body == LEARNER:
                value_walk(grid, node, steps[2], room.walkable, room, values[MAKE_WAY])
            value_walk(grid, node, steps[3 + body], room.walkable, room, values[APPROACH])
            forbid(values, room, body)


@compiled
def value_idling(values, room, body):
    """Writes the values of wandering and resting."""
    values[WANDER], values[REST] = -IDLE_COST, -IDLE_COST
    values[WANDER, LEFT] = values[WANDER, RIGHT] = values[WANDER, FORWARD] = 0.0
    if room.first_action == STAY or (body == CAREGIVER and room.scripted):
        values[REST, STAY] = 0.0
    else:
        values[REST, LEFT] = values[REST, RIGHT] = 0.0


@compiled
def forbid(values, room, body):
    """Takes away the actions that a controlled body does not have."""
    for action in range(6):
        missing = action < room.first_action or action > room.last_action
        if missing and not (body == CAREGIVER and room.scripted):
            values[:, action] = -np.inf
