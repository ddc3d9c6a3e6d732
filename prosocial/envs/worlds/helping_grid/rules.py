"""The rules of helping_grid on one record; the README beside this file states them in words."""

from __future__ import annotations

import numpy as np
from numba import njit

from prosocial.envs.engine.grid import ahead, distances
from prosocial.envs.engine.random import rand_below, reset_key, step_key
from prosocial.envs.engine.world import RUNNING

from .caregiver import next_action
from .codes import (
    AGENT,
    BALL,
    BLOCKING,
    CAREGIVER,
    COLOURS,
    DROP,
    EMPTY,
    FORWARD,
    GOAL,
    HEADING_SLOT,
    LEARNER,
    LEFT,
    MAP_SLOT,
    NOTHING,
    ORDER_SLOT,
    PICKUP,
    RIGHT,
    STAY,
)
from .generator import draw_maze


@njit
def reset(world, params, key):
    """Begins an episode on a new map."""
    world.maps = 0
    new_map(world, params, key)


@njit
def step(world, params, key, actions, rewards, events):
    """Lets both bodies act, one after the other in random order."""
    world.actions[LEARNER] = actions[LEARNER] + params.first_action
    if params.scripted:
        world.actions[CAREGIVER] = next_action(world, params)
    else:
        world.actions[CAREGIVER] = actions[CAREGIVER] + params.first_action
    first = rand_below(key, ORDER_SLOT, 2)
    for turn in range(2):
        act(world, params, key, (first + turn) & 1, rewards, events)
    world.t += 1
    return np.int64(params.ending) if world.t >= params.max_steps else RUNNING


@njit
def act(world, params, key, body, rewards, events):
    """Applies the action of one body; only controlled bodies have rewards and events."""
    action = world.actions[body]
    controlled = body < events.shape[0]
    if action == STAY:
        if controlled:
            events[body].stay = 1
    elif action == LEFT:
        world.heading[body] = (world.heading[body] + 3) & 3
    elif action == RIGHT:
        world.heading[body] = (world.heading[body] + 1) & 3
    elif action == FORWARD:
        if controlled:
            events[body].forward = 1
            rewards[body] -= params.step_cost
        if body == LEARNER and params.reward_overwrite:
            events[LEARNER].helped = 0
        move(world, params, key, body, rewards, events)
    elif action == PICKUP:
        taken = pick_up(world, params, body)
        if taken and controlled:
            events[body].pickup = 1
    elif action == DROP:
        dropped = put_down(world, params, body)
        if dropped and controlled:
            events[body].drop = 1


@njit
def move(world, params, key, body, rewards, events):
    """Moves a body one cell ahead; the caregiver scores at the goal, everything else blocks."""
    here = world.position[body]
    target = here + ahead(params.width, world.heading[body])
    if world.cells[target] == EMPTY:
        world.cells[here] = EMPTY
        world.cells[target] = AGENT
        world.position[body] = target
    elif world.cells[target] == GOAL and body == CAREGIVER:
        score(world, params, key, rewards, events)
    elif body < events.shape[0]:
        events[body].bump = 1


@njit
def score(world, params, key, rewards, events):
    """Records that the caregiver reached its goal and draws a new map; the episode goes on."""
    for agent in range(events.shape[0]):
        events[agent].caregiver_goal = 1
    if world.cleared:
        events[LEARNER].helped = 1
    if events.shape[0] > CAREGIVER:
        rewards[CAREGIVER] += params.goal_reward
    new_map(world, params, key)


@njit
def pick_up(world, params, body):
    """Takes the ball ahead into empty hands, or under the option out of the other's hands."""
    if world.carrying[body] != NOTHING:
        return False
    target = world.position[body] + ahead(params.width, world.heading[body])
    other = 1 - body
    if world.cells[target] == BALL:
        world.cells[target] = EMPTY
    elif params.pickup_from_hands and target == world.position[other] and world.carrying[other]:
        world.carrying[other] = NOTHING
    else:
        return False
    world.carrying[body] = BALL
    if body == LEARNER:
        world.cleared = 1
    return True


@njit
def put_down(world, params, body):
    """Puts the carried ball on the free cell ahead."""
    target = world.position[body] + ahead(params.width, world.heading[body])
    if world.carrying[body] == NOTHING or world.cells[target] != EMPTY:
        return False
    world.cells[target] = BALL
    world.carrying[body] = NOTHING
    return True


@njit
def new_map(world, params, key):
    """Replaces the map, the ball in somebody's hands included; headings are drawn anew."""
    if params.shared_maps:  # one stream of maps for all seeds and all worlds
        key = step_key(reset_key(params.map_seed, world.episode), world.maps)
    world.maps += 1
    if params.num_maps > 0:
        chosen = rand_below(key, MAP_SLOT, params.num_maps)
        world.cells[:] = params.maps[chosen]
        world.goal = params.goals[chosen]
        world.position[:] = params.starts[chosen]
    else:
        draw_maze(world, params, key)
    for body in range(2):
        world.cells[world.position[body]] = AGENT
        world.heading[body] = rand_below(key, HEADING_SLOT + body, 4)
        world.carrying[body] = NOTHING
    world.cleared = 0
    # Walls stand still until the next map, so these distances are the caregiver's plan.
    distances(world.cells, params.width, world.goal, BLOCKING, world.distance, world.queue)


@njit
def observe(world, params, agent, out):
    """Writes the view of a body (side, side, 7).

    Channels: type, colour, type of what it carries, colour of that, heading, always 0, is goal.
    """
    width = np.int64(params.width)
    forward = ahead(width, world.heading[agent])
    right = ahead(width, (world.heading[agent] + 1) & 3)
    centre = np.int64(params.radius)
    corner = world.position[agent] + centre * forward - centre * right
    other = world.position[1 - agent]
    for row in range(out.shape[0]):
        for column in range(out.shape[1]):
            cell = corner - row * forward + column * right
            code = world.cells[cell]
            out[row, column, 0] = code
            out[row, column, 1] = COLOURS[code]
            out[row, column, 2] = 0
            out[row, column, 3] = 0
            out[row, column, 4] = 0
            out[row, column, 5] = 0
            out[row, column, 6] = code == GOAL
            if cell == other:
                write_body(world, 1 - agent, out[row, column])
    write_body(world, agent, out[centre, centre])


@njit
def write_body(world, body, out):
    """Writes colour, load and heading of a body into its cell of a view (7,)."""
    out[1] = body
    out[2] = world.carrying[body]
    out[3] = COLOURS[world.carrying[body]]
    out[4] = world.heading[body]
