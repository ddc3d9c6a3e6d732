"""What avatars share in every world: they move, turn, zap, leave, return and see.

All functions work on one state record and one parameter record with the fields of ``fields``. A
step of a world calls them in this order::

    fade(world)
    shuffle(world.order, key)
    for each agent of world.order: move(...), then the world's own effects of entering a cell
    zap(...)
    settle(...)
    the world's own growth
    return end(...)
"""

from __future__ import annotations

import numpy as np
from numba import njit

from prosocial.envs.engine.random import rand, rand_below, uniform
from prosocial.envs.engine.world import RUNNING, TRUNCATED

from .codes import (
    BODY,
    CLEAN_BEAM,
    DIRECTIONS,
    END_SLOT,
    ENDS,
    MOVES,
    ORDER_SLOT,
    PASSES,
    PIERCES,
    SPAWN_SLOT,
    STAY,
    TURNS,
    WALL,
    ZAP,
    ZAP_BEAM,
)

# One random number of 32 bits serves for choices with up to so many outcomes: bias below 2e-6.
OUTCOMES = 8192


@njit
def begin(world, params, key):
    """Puts the world into its first state: the map's ground, everybody on a spawn cell."""
    for cell in range(params.blank.shape[0]):
        world.ground[cell] = params.blank[cell]
        world.cells[cell] = params.blank[cell]
    world.num_painted = 0
    for agent in range(world.position.shape[0]):
        world.cooldown[agent] = 0
        world.away[agent] = 0
        respawn(world, params, key, agent)


@njit
def respawn(world, params, key, agent):
    """Puts an agent on a uniformly drawn free cell of its spawn cells, with a random heading.

    Returns:
        Whether there was one; bodies occupy cells, beams do not.
    """
    low, high = spawn_range(params, agent)
    free = 0
    for k in range(low, high):
        free += world.cells[params.spawns[k]] < BODY
    if free == 0:
        return False
    wanted = rand_below(key, SPAWN_SLOT + 2 * agent, free)
    chosen = low
    while wanted > 0 or world.cells[params.spawns[chosen]] >= BODY:
        wanted -= world.cells[params.spawns[chosen]] < BODY
        chosen += 1
    heading = rand_below(key, SPAWN_SLOT + 2 * agent + 1, 4)
    world.position[agent] = params.spawns[chosen]
    world.heading[agent] = heading
    world.cells[params.spawns[chosen]] = BODY + 4 * agent + heading
    return True


@njit
def spawn_range(params, agent):
    """Returns where the agent's spawn cells begin and end in ``params.spawns``.

    The first ``num_inner`` agents have the inner spawn cells, the others the outer ones.
    """
    if agent < params.num_inner:
        return 0, np.int64(params.num_inner)
    return np.int64(params.num_inner), np.int64(params.num_spawns)


@njit
def shuffle(order, key):
    """Fills ``order`` (N,) with a uniformly random permutation of the agents."""
    outcomes, draws = 1, 0
    bits = np.int64(rand(key, ORDER_SLOT))
    order[0] = 0
    for k in range(1, order.shape[0]):
        outcomes *= k + 1
        if outcomes > OUTCOMES:
            outcomes = k + 1
            draws += 1
            bits = np.int64(rand(key, ORDER_SLOT + draws))
        # The upper half of the product is a number below k + 1, the lower half is what is left.
        bits *= k + 1
        chosen = bits >> 32
        bits &= 0xFFFFFFFF
        order[k] = order[chosen]
        order[chosen] = k


@njit
def move(world, params, agent, action, events):
    """Turns an avatar, or moves it if the cell admits it now; counts ``bump``.

    Returns:
        1 if it entered another cell, else 0.
    """
    heading = (world.heading[agent] + TURNS[action]) & 3
    direction = (DIRECTIONS[action] + heading * (1 - params.absolute)) & 3
    here = np.int64(world.position[agent])
    target = here + MOVES[action] * params.offsets[direction]
    # Without a move the target is the own cell, which is occupied: nobody enters it.
    entered = np.int64(params.enterable[world.cells[target]])
    events[agent].bump = MOVES[action] - entered
    there = here + entered * (target - here)
    world.cells[here] = world.ground[here]
    world.cells[there] = BODY + 4 * agent + heading
    world.position[agent] = there
    world.heading[agent] = heading
    return entered


@njit
def fade(world):
    """Takes the beams of the last step off the picture."""
    for k in range(world.num_painted):
        cell = world.painted[k]
        if world.cells[cell] == ZAP_BEAM or world.cells[cell] == CLEAN_BEAM:
            world.cells[cell] = world.ground[cell]
    world.num_painted = 0


@njit
def cast(world, agent, offsets, lengths, chained, stops, code):
    """Casts a beam: paints the cells that it passes and finds the cells that stop it.

    What ends a ray is struck and not painted, what it pierces is struck and painted. Bodies and
    ground stay as they are, so the beams of one step can be cast in any order.

    Args:
        world: State record.
        agent: Who casts it, from its cell towards its heading.
        offsets: Of the rays, see ``beams.ray_table``.
        lengths: Of the rays.
        chained: Of the rays.
        stops: uint8 (BODY + 1,): by ground PASSES, ENDS or PIERCES; of BODY: PASSES or ENDS.
        code: ZAP_BEAM or CLEAN_BEAM; where both pass a cell it shows ZAP_BEAM.

    Returns:
        How many cells other than walls were struck; they are in ``world.struck``.
    """
    struck = 0
    closed = False
    painted = world.num_painted
    here = np.int64(world.position[agent])
    heading = world.heading[agent]
    for ray in range(lengths.shape[0]):
        if chained[ray] and closed:
            continue
        closed = False
        for k in range(lengths[ray]):
            cell = here + offsets[heading, ray, k]
            seen = world.cells[cell]
            if seen < ZAP_BEAM and stops[seen] == PASSES:  # neither body nor beam: nearly always
                world.cells[cell] = code
                world.painted[painted] = cell
                painted += 1
                continue
            stop = stops[world.ground[cell]]
            ends = stop == ENDS or (seen >= BODY and stops[BODY] == ENDS)
            if (ends or stop == PIERCES) and world.ground[cell] != WALL:
                world.struck[struck] = cell
                struck += 1
            if ends:
                closed = k == 0
                break
            if seen < ZAP_BEAM:
                world.painted[painted] = cell
                painted += 1
            if seen < ZAP_BEAM or (seen < BODY and code < seen):
                world.cells[cell] = code
    world.num_painted = painted
    return struck


@njit
def body_at(world, cell):
    """Returns whose body stands on a cell, -1 for nobody's."""
    return (np.int64(world.cells[cell]) - BODY) >> 2 if world.cells[cell] >= BODY else -1


@njit(forceinline=True)
def zap(world, params, actions, rewards, events):
    """Fires the zapping beams of a step, all at once, and fines; cools down who does not fire.

    Counts ``zap`` and ``hit`` of who fires and ``zapped``, once for each beam, of who is hit.
    """
    for agent in range(world.position.shape[0]):
        if world.away[agent]:
            continue
        ready = world.cooldown[agent] == 0
        if ready & (actions[agent] == ZAP):
            world.cooldown[agent] = params.zap_cooldown
            fire(world, params, agent, rewards, events)
        elif not ready:
            world.cooldown[agent] -= 1


@njit(forceinline=True)
def fire(world, params, agent, rewards, events):
    """Fires the zapping beam of one agent."""
    events[agent].zap = 1
    struck = cast(
        world, agent, params.zap_offsets, params.zap_lengths, params.zap_chained, params.zap_stops,
        ZAP_BEAM,
    )  # fmt: skip
    hits = 0
    for k in range(struck):
        target = body_at(world, world.struck[k])
        if target >= 0:
            hits += 1
            events[target].zapped += 1
            rewards[target] -= params.hit_fine
    events[agent].hit = hits
    if hits > 0 or params.zap_cost_on_miss:
        rewards[agent] -= params.zap_cost


@njit
def settle(world, params, key, events):
    """Takes who was hit out of the world, and lets those return whose time is over.

    Who finds no free spawn cell tries again in the next step. Returning goes by the random order
    of the step.
    """
    if params.hit_effect != STAY:
        for agent in range(world.position.shape[0]):
            if events[agent].zapped:
                world.cells[world.position[agent]] = world.ground[world.position[agent]]
                world.away[agent] = params.away_steps + 1
    for k in range(world.position.shape[0]):
        agent = np.int64(world.order[k])
        if world.away[agent]:
            world.away[agent] -= 1
            if world.away[agent] == 0 and not respawn(world, params, key, agent):
                world.away[agent] = 1


@njit(error_model="numpy")  # no test for a division by zero: end_interval is at least 1
def end(world, params, key, rewards):
    """Counts the step and tells whether the episode ends with it."""
    world.t += 1
    over = world.t >= params.max_steps
    if world.t >= params.min_steps and world.t % params.end_interval == 0:
        over = over or uniform(key, END_SLOT) < params.end_probability
    if over and params.zero_last_reward:
        for agent in range(rewards.shape[0]):
            rewards[agent] = 0
    return TRUNCATED if over else RUNNING
