"""The rules of doors on one record; the README beside this file states them in words."""

from __future__ import annotations

from numba import njit

from prosocial.envs.engine.random import rand_below
from prosocial.envs.engine.world import RUNNING, TERMINATED, TRUNCATED

from .codes import DOOR, HELPER, HUMAN, NO_DOOR, OPEN_DOOR, STAY, WALL, offset

# Slots of the random numbers of a reset.
GOAL_SLOT, START_SLOT = 0, 1


@njit
def reset(world, params, key):
    """Begins an episode: all doors closed, a box for the human to want."""
    world.goal = rand_below(key, GOAL_SLOT, params.num_boxes)
    chosen = rand_below(key, START_SLOT + HUMAN, params.num_human_starts)
    world.position[HUMAN] = params.human_starts[chosen]
    chosen = rand_below(key, START_SLOT + HELPER, params.num_helper_starts)
    world.position[HELPER] = params.helper_starts[chosen]
    world.is_open[:] = 0
    world.pushed, world.effort = NO_DOOR, 0


@njit
def step(world, params, key, actions, rewards, events):
    """Lets both agents act at once, on the doors as they are before the step."""
    human, helper = aim(world, params, HUMAN, actions), aim(world, params, HELPER, actions)
    human_door, helper_door = closed_door(world, params, human), closed_door(world, params, helper)
    act(world, params, HUMAN, human, human_door, actions[HUMAN], events)
    act(world, params, HELPER, helper, helper_door, actions[HELPER], events)
    push(world, params, human_door, events)
    if helper_door != NO_DOOR:
        open_door(world, helper_door, events[HELPER])
    if world.pushed != NO_DOOR and world.is_open[world.pushed]:
        world.pushed, world.effort = NO_DOOR, 0
    for agent in range(2):
        rewards[agent] = -params.step_cost
    world.t += 1
    if world.position[HUMAN] == params.boxes[world.goal]:
        for agent in range(2):
            rewards[agent] += params.goal_reward
            events[agent].goal = 1
        return TERMINATED
    return TRUNCATED if world.t >= params.max_steps else RUNNING


@njit
def aim(world, params, agent, actions):
    """Returns the cell that an agent wants to be in."""
    return world.position[agent] + offset(params.width, actions[agent])


@njit
def closed_door(world, params, cell):
    """Returns the closed door in a cell, or NO_DOOR."""
    door = params.door_at[cell]
    return NO_DOOR if door == NO_DOOR or world.is_open[door] else door


@njit
def act(world, params, agent, cell, door, action, events):
    """Moves an agent if its way is free, and counts what it did."""
    if action == STAY:
        events[agent].stay = 1
    elif door != NO_DOOR:
        events[agent].push = 1
    elif params.cells[cell] == WALL:
        events[agent].bump = 1
    else:
        world.position[agent] = cell
        events[agent].move = 1


@njit
def push(world, params, door, events):
    """Counts the human's pushes in a row against one door, which opens at the last of them."""
    if door == NO_DOOR or params.push_steps == 0:
        world.pushed, world.effort = NO_DOOR, 0
        return
    world.effort = world.effort + 1 if world.pushed == door else 1
    world.pushed = door
    if world.effort >= params.push_steps:
        open_door(world, door, events[HUMAN])


@njit
def open_door(world, door, event):
    """Opens a door for good."""
    if not world.is_open[door]:
        world.is_open[door] = 1
        event.opened = 1


@njit
def observe(world, params, agent, out):
    """Writes what an agent sees of the whole map (height, width, 6).

    Channels: cell, number of the box, its own body, the other's body, the human's goal (the human's
    view alone, unless it is revealed), pushes that the human has put into the door.
    """
    width = out.shape[1]
    for row in range(out.shape[0]):
        for column in range(width):
            cell = row * width + column
            code = params.cells[cell]
            if code == DOOR and world.is_open[params.door_at[cell]]:
                code = OPEN_DOOR
            out[row, column, 0] = code
            out[row, column, 1] = params.box_at[cell]
            out[row, column, 2] = world.position[agent] == cell
            out[row, column, 3] = world.position[1 - agent] == cell
            out[row, column, 4] = 0
            out[row, column, 5] = 0
    if agent == HUMAN or params.reveal_goal:
        goal = params.boxes[world.goal]
        out[goal // width, goal % width, 4] = 1
    if world.pushed != NO_DOOR:
        door = params.doors[world.pushed]
        out[door // width, door % width, 5] = world.effort
