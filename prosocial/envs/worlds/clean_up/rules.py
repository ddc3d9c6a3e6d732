"""The rules of clean_up on one record; the README beside this file states them in words."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.lib.stride_tricks import as_strided

from prosocial.envs.worlds.avatars.codes import APPLE, CLEAN, CLEAN_BEAM, WASTE
from prosocial.envs.worlds.avatars.rules import begin, cast, end, fade, move, settle, shuffle, zap
from prosocial.envs.worlds.avatars.views import DEFAULT_SIDE, look
from prosocial.envs.worlds.avatars.views import observe as see

from .river import grow, pollute, take_apple, take_waste


@njit
def reset(world, params, key):
    """Begins an episode: the map as drawn, everybody on a spawn cell and ready to clean."""
    begin(world, params, key)
    world.stock = params.num_live
    world.waste = params.num_dirty
    world.empty_sites[:] = params.empty_sites
    world.clean_sites[:] = params.clean_sites
    world.harvest[:] = 0
    world.clean_cooldown[:] = 0
    world.others_cleaned[:] = 0


@njit
def step(world, params, key, actions, rewards, events):
    """Moves, beams, departures and returns, growth, new dirt, in this order."""
    fade(world)
    shuffle(world.order, key)
    for k in range(world.order.shape[0]):
        agent = np.int64(world.order[k])
        if world.away[agent]:
            events[agent].away = 1
        elif move(world, params, agent, actions[agent], events):
            enter(world, params, agent, rewards, events)
    zap(world, params, actions, rewards, events)
    clean(world, params, actions, events)
    settle(world, params, key, events)
    # Growth goes by the river as it was left by those who cleaned, before new dirt appears.
    grow(world, params, key)
    pollute(world, params, key)
    return end(world, params, key, rewards)


@njit
def enter(world, params, agent, rewards, events):
    """Lets an avatar eat the apple of the cell that it has just entered."""
    cell = np.int64(world.position[agent])
    if world.ground[cell] == APPLE:
        take_apple(world, params, cell)
        world.harvest[agent] += 1
        rewards[agent] += params.apple_reward
        events[agent].ate = 1


@njit
def clean(world, params, actions, events):
    """Fires the cleaning beams, one after the other in the order of the step; cools down the rest.

    What one beam has cleaned does not stop the next one.
    """
    cleaners = 0
    for k in range(world.order.shape[0]):
        agent = np.int64(world.order[k])
        if world.away[agent]:
            continue
        if world.clean_cooldown[agent]:
            world.clean_cooldown[agent] -= 1
        elif actions[agent] == CLEAN:
            world.clean_cooldown[agent] = params.clean_cooldown
            fire(world, params, agent, events)
            cleaners += events[agent].cleaned > 0
    for agent in range(world.order.shape[0]):
        world.others_cleaned[agent] = cleaners - (events[agent].cleaned > 0)


@njit
def fire(world, params, agent, events):
    """Fires the cleaning beam of one agent."""
    events[agent].clean = 1
    struck = cast(
        world, agent, params.clean_offsets, params.clean_lengths, params.clean_chained,
        params.clean_stops, CLEAN_BEAM,
    )  # fmt: skip
    for k in range(struck):
        cell = np.int64(world.struck[k])
        if world.ground[cell] == WASTE:
            take_waste(world, params, cell)
            events[agent].cleaned += 1


@njit
def observe(world, params, agent, out):
    """Writes the view of an agent, see ``avatars.views.observe``.

    With ``params.show_others_cleaned`` the last channel tells at the viewer's own cell how many
    others have cleaned in the last step, and is 0 elsewhere.
    """
    if not params.show_others_cleaned:
        see(world, params, agent, out)
    elif world.away[agent]:
        out[:] = 0
    else:
        if params.identities:
            see(world, params, agent, out)
        else:
            see_with_channel(world, params, agent, out)
        row, column = np.int64(params.view_ahead), out.shape[1] // 2
        out[row, column, out.shape[2] - 1] = world.others_cleaned[agent]


@njit
def see_with_channel(world, params, agent, out):
    """Writes the codes of a view, uint8 (rows, columns, 2), and a channel of zeros.

    The codes go side by side into scratch and are spread from there: half the time of a loop that
    looks at the grid and writes every other byte.
    """
    rows, columns = out.shape[0], out.shape[1]
    if rows == DEFAULT_SIDE and columns == DEFAULT_SIDE:
        look(world, params, agent, DEFAULT_SIDE, DEFAULT_SIDE, world.seen)
    else:
        look(world, params, agent, rows, columns, world.seen)
    pairs = as_strided(out, (rows * columns, 2), (2, 1))
    for k in range(rows * columns):
        pairs[k, 0] = world.seen[k]
        pairs[k, 1] = 0
