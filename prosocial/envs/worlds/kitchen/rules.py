"""The rules of the kitchen on one record; the README beside this file states them in words."""

from __future__ import annotations

import numpy as np
from numba import njit

from prosocial.envs.engine.world import RUNNING, TERMINATED, TRUNCATED

from .codes import (
    ABSENT,
    BOARD,
    BODY,
    BOILED,
    CUT,
    DELIVERY,
    FIRST_INGREDIENT,
    FLOOR,
    NUM_ACTIONS,
    OUTSIDE,
    PLATES,
    POT,
    RAW,
    STATION,
    STATUS,
    STAY,
)
from .items import COOKED, NOTHING, PLATE, can_merge, chop, is_deliverable, is_fresh


@njit
def reset(world, params, key):
    """Begins an episode: everybody and everything where the map has it."""
    world.position[:] = params.starts
    world.held[:] = NOTHING
    world.ground[:] = params.ground
    world.items[:] = params.items
    world.delivered[:] = 0
    world.served[:] = 0
    world.cooking[:] = 0
    world.put_by[:] = 0


@njit
def step(world, params, key, actions, rewards, events):
    """Moves all agents at once, then lets those who face a solid cell interact, in their order."""
    move(world, params, actions, events)
    for agent in range(actions.shape[0]):
        if actions[agent] != STAY and not events[agent].move and not events[agent].collide:
            interact(world, params, agent, actions[agent], events)
    for pot in range(params.num_pots):
        if world.cooking[pot] > 0:
            cook(world, params, pot)
    world.t += 1
    if all_delivered(world, params):
        for agent in range(actions.shape[0]):
            events[agent].finish = 1
            rewards[agent] += params.reward
        return TERMINATED
    return TRUNCATED if world.t >= params.max_steps else RUNNING


@njit
def move(world, params, actions, events):
    """Moves the agents who face floor, and blocks those who would collide.

    Two agents who would enter one cell or change places are both blocked; nobody enters a cell
    whose agent stays there.
    """
    count = actions.shape[0]
    for agent in range(count):
        cell = world.position[agent] + params.offsets[actions[agent]]
        world.target[agent] = cell if world.ground[cell] == FLOOR else world.position[agent]
    for one in range(count):
        for other in range(one):
            same = world.target[one] == world.target[other]
            swap = (
                world.target[one] == world.position[other]
                and world.target[other] == world.position[one]
            )
            if same or swap:
                events[one].collide |= world.target[one] != world.position[one]
                events[other].collide |= world.target[other] != world.position[other]
    stop_followers(world, events)
    for agent in range(count):
        if world.target[agent] != world.position[agent] and not events[agent].collide:
            world.position[agent] = world.target[agent]
            events[agent].move = 1
        world.target[agent] = 0  # scratch; equal situations have equal bytes


@njit
def stop_followers(world, events):
    """Blocks whoever would enter the cell of a blocked agent, and those behind in turn."""
    count = world.position.shape[0]
    for _ in range(count - 2):
        for one in range(count):
            for other in range(count):
                follows = one != other and world.target[one] == world.position[other]
                if follows and events[other].collide:
                    events[one].collide = 1


@njit
def interact(world, params, agent, action, events):
    """Applies the action of an agent who faces a solid cell."""
    cell = np.int64(world.position[agent] + params.offsets[action])
    kind = world.ground[cell]
    held, lying = np.int64(world.held[agent]), np.int64(world.items[cell])
    if kind == POT:
        use_pot(world, params, agent, cell, events)
    elif held == NOTHING:
        if lying != NOTHING:
            take(world, agent, cell, lying, events)
            events[agent].pick_up = 1
    elif kind == DELIVERY:
        if is_deliverable(held):
            deliver(world, params, agent, events)
    elif lying != NOTHING:
        if can_merge(held, lying):
            take(world, agent, cell, held | lying, events)
            events[agent].merge = 1
    elif kind == BOARD and is_fresh(held):
        world.held[agent] = chop(held)
        events[agent].chop = 1
    elif kind != OUTSIDE:
        put(world, agent, cell, held, events)


@njit
def take(world, agent, cell, code, events):
    """Empties a cell and fills the hands; who had put the thing there has given it."""
    giver = np.int64(world.put_by[cell]) - 1
    if giver >= 0 and giver != agent:
        events[giver].given += 1
    world.items[cell] = NOTHING
    world.put_by[cell] = 0
    world.held[agent] = code


@njit
def put(world, agent, cell, code, events):
    """Empties the hands onto a cell."""
    world.items[cell] = code
    world.held[agent] = NOTHING
    world.put_by[cell] = agent + 1
    events[agent].put_down = 1


@njit
def deliver(world, params, agent, events):
    """Hands over what is held: a dish that was ordered, or a waste of good food."""
    held = np.int64(world.held[agent])
    ordered = False
    for dish in range(params.dishes.shape[0]):
        if params.dishes[dish] == held:
            ordered = world.delivered[dish] == 0
            world.delivered[dish] += 1
    for part in range(world.served.shape[0]):  # plate, ingredient 0, 1, ...
        world.served[part] += (held >> (2 * part)) & 1
    world.held[agent] = NOTHING
    if ordered:
        events[agent].deliver = 1
    else:
        events[agent].waste = 1


@njit
def all_delivered(world, params):
    """Returns whether every dish has been delivered."""
    left = 0
    for dish in range(params.dishes.shape[0]):
        left += world.delivered[dish] == 0
    return left == 0


@njit
def use_pot(world, params, agent, cell, events):
    """Puts chopped ingredients of a soup into a pot, or plates the soup."""
    held, inside = np.int64(world.held[agent]), np.int64(world.items[cell])
    if held == PLATE and inside & COOKED:
        take(world, agent, cell, held | inside, events)
        events[agent].merge = 1
    elif fits_pot(params, held, inside):
        put(world, agent, cell, held | inside, events)
        for soup in range(params.num_soups):
            if params.soups[soup] == held | inside:
                world.cooking[pot_number(params, cell)] = params.cook_time
                events[agent].cook = 1


@njit
def fits_pot(params, held, inside):
    """Returns whether a held item can be added to the contents of a pot that is not cooking."""
    if held == NOTHING or held & inside:
        return False
    for soup in range(params.num_soups):
        wanted = np.int64(params.soups[soup])
        if inside == wanted:  # it cooks already
            return False
        if (held | inside) & ~wanted == 0:
            return True
    return False


@njit
def pot_number(params, cell):
    """Returns the place of a cell among the pots."""
    for pot in range(params.num_pots):
        if params.pots[pot] == cell:
            return pot
    return 0


@njit
def cook(world, params, pot):
    """Lets a pot cook for one step."""
    world.cooking[pot] -= 1
    if world.cooking[pot] == 0:
        world.items[params.pots[pot]] |= COOKED


@njit
def valid_actions(world, params, agent, out):
    """Writes which actions are worth planning with, as the released code lists them.

    Valid are staying, entering floor on which nobody stands, facing a delivery, and facing another
    solid cell if that picks up, puts down, chops, merges, fills a pot or plates a soup.

    Args:
        world: Record of the state.
        params: Record of the parameters.
        agent: Index of the agent.
        out: bool or uint8 of shape (5,), overwritten.
    """
    out[STAY] = True
    held = np.int64(world.held[agent])
    for action in range(1, NUM_ACTIONS):
        cell = world.position[agent] + params.offsets[action]
        kind, lying = world.ground[cell], np.int64(world.items[cell])
        if kind == FLOOR:
            valid = True
            for other in range(world.position.shape[0]):
                if world.position[other] == cell:
                    valid = False
        elif kind == DELIVERY:
            valid = True
        elif kind == OUTSIDE:
            valid = False
        elif kind == POT:
            valid = (held == PLATE and lying & COOKED != 0) or fits_pot(params, held, lying)
        elif held == NOTHING or lying == NOTHING:
            valid = held != lying
        else:
            valid = can_merge(held, lying)
        out[action] = valid


@njit
def observe(world, params, agent, out):
    """Writes the whole kitchen as an agent sees it (height, width, channels).

    Channels: station, body (1 the viewer, 2 the next agent, ...), status (pots: steps left to cook;
    deliveries: one bit for each dish delivered), plate, and one for each ingredient. The last ones
    show what lies on a cell or is held by the agent who stands there.
    """
    height, width = out.shape[0], out.shape[1]
    for row in range(height):
        for column in range(width):
            cell = (row + 1) * params.width + column + 1
            show(world.ground[cell], np.int64(world.items[cell]), out[row, column])
            if world.ground[cell] == DELIVERY:
                for dish in range(world.delivered.shape[0]):
                    if world.delivered[dish]:
                        out[row, column, STATUS] |= 1 << dish
    for pot in range(params.num_pots):
        row, column = params.pots[pot] // params.width - 1, params.pots[pot] % params.width - 1
        out[row, column, STATUS] = world.cooking[pot]
    count = world.position.shape[0]
    for body in range(count):
        row = world.position[body] // params.width - 1
        column = world.position[body] % params.width - 1
        show(FLOOR, np.int64(world.held[body]), out[row, column])
        out[row, column, BODY] = 1 + (body - agent + count) % count


@njit
def show(kind, code, out):
    """Writes one cell without bodies: its kind and the item on it."""
    out[STATION] = kind
    out[BODY] = 0
    out[STATUS] = 0
    out[PLATES] = code & PLATE
    cut = BOILED if code & COOKED else CUT
    for channel in range(FIRST_INGREDIENT, out.shape[0]):
        fresh_bit = 1 + 2 * (channel - FIRST_INGREDIENT)
        if (code >> fresh_bit) & 1:
            out[channel] = RAW
        elif (code >> (fresh_bit + 1)) & 1:
            out[channel] = cut
        else:
            out[channel] = ABSENT
