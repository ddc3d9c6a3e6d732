"""The rules of the GovSim worlds on one record; the README beside this file states them in words.

``allocate``, ``regrow`` and ``threshold`` are compiled by themselves too, so that anything which
tells the same game in another form (as text, say) can go by the same rules.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from prosocial.envs.engine.random import rand, rand_below
from prosocial.envs.engine.world import RUNNING, TERMINATED, TRUNCATED

from .codes import EACH, SUMMARY, TIE_SLOT, UNIT_SLOT


@njit
def reset(world, params, key):
    """Begins an episode with the initial stock."""
    for agent in range(world.demand.shape[0]):
        world.demand[agent] = 0
        world.catch[agent] = 0
        world.total[agent] = 0
        world.over[agent] = 0
    world.left = params.initial_stock
    begin_round(world, params, params.initial_stock)


@njit
def begin_round(world, params, stock):
    """Sets the stock, who takes part, and what each of them can sustainably take."""
    world.stock = stock
    num_active = 0
    for agent in range(world.active.shape[0]):
        world.active[agent] = takes_part(world, params, agent, world.t)
        num_active += world.active[agent]
    world.threshold = threshold(stock, num_active, params.growth)


@njit
def takes_part(world, params, agent, round_number):
    """Returns whether an agent harvests in a round; the last one may be a newcomer."""
    return agent < world.active.shape[0] - 1 or round_number >= params.newcomer_round


@njit
def step(world, params, key, actions, rewards, events):
    """Plays one round: allocation, harvest, the test for collapse, regrowth, next threshold."""
    for agent in range(actions.shape[0]):
        world.demand[agent] = actions[agent] if world.active[agent] else 0
    allocate(world, params, key)
    harvest(world, params, rewards, events)
    world.t += 1
    if world.left < params.collapse_below:
        for agent in range(actions.shape[0]):
            events[agent].collapse = 1
        begin_round(world, params, world.left)
        return TERMINATED
    if world.t >= params.max_rounds:
        begin_round(world, params, world.left)
        return TRUNCATED
    begin_round(world, params, regrow(world.left, params.capacity, params.growth))
    return RUNNING


@njit
def allocate(world, params, key):
    """Writes ``catch``: what each agent obtains of its ``demand`` from the ``stock``, in units."""
    demanded = np.int64(0)
    for agent in range(world.demand.shape[0]):
        demanded += world.demand[agent]
        world.catch[agent] = world.demand[agent]
    if demanded > world.stock:
        if params.proportional:
            ration_in_proportion(world, key, demanded)
        else:
            ration_at_random(world, key)


@njit
def ration_at_random(world, key):
    """Hands out unit by unit, each to one of the agents with unmet demand, all equally likely."""
    num_unmet = 0
    for agent in range(world.demand.shape[0]):
        world.catch[agent] = 0
        if world.demand[agent] > 0:
            world.unmet[num_unmet] = agent
            num_unmet += 1
    # More is demanded than there is, so somebody is unmet to the last unit.
    for unit in range(world.stock):
        place = rand_below(key, UNIT_SLOT + unit, num_unmet)
        agent = world.unmet[place]
        world.catch[agent] += 1
        if world.catch[agent] == world.demand[agent]:
            num_unmet -= 1
            world.unmet[place] = world.unmet[num_unmet]


@njit
def ration_in_proportion(world, key, demanded):
    """Gives each agent its share rounded down; largest remainders get the rest, ties by lot."""
    rest = np.int64(world.stock)
    for agent in range(world.demand.shape[0]):
        share = np.int64(world.stock) * np.int64(world.demand[agent])
        world.catch[agent] = share // demanded
        world.unmet[agent] = share % demanded
        rest -= share // demanded
    # The remainders sum to rest * demanded and each is below demanded, so each agent whose turn
    # comes has one above 0: nobody gets more than it asked for.
    for _ in range(rest):
        chosen, lot = 0, np.int64(-1)
        for agent in range(world.demand.shape[0]):
            drawn = np.int64(rand(key, TIE_SLOT + agent))
            larger = world.unmet[agent] > world.unmet[chosen]
            if larger or (world.unmet[agent] == world.unmet[chosen] and drawn > lot):
                chosen, lot = agent, drawn
        world.catch[chosen] += 1
        world.unmet[chosen] = 0


@njit
def harvest(world, params, rewards, events):
    """Takes the catches out of the stock, pays for them and records what happened."""
    world.left = world.stock
    for agent in range(world.demand.shape[0]):
        obtained, demand = world.catch[agent], world.demand[agent]
        world.left -= obtained
        world.total[agent] += obtained
        world.over[agent] = obtained > world.threshold
        rewards[agent] = obtained * params.reward_per_unit
        event = events[agent]
        event.demand = demand
        event.obtained = obtained
        event.over = obtained > world.threshold
        event.over_demand = demand > world.threshold
        event.rationed = obtained < demand


@njit
def regrow(left, capacity, growth):
    """Returns the stock that ``left`` units grow to: times ``growth``, rounded down, capped."""
    return min(np.int64(capacity), grown(left, growth))


@njit
def grown(left, growth):
    """Returns ``growth * left`` rounded down, int64."""
    # A product such as 1.4 * 90 comes out a hair below the whole number that it is.
    return np.int64(growth * left + 1e-9)


@njit
def threshold(stock, num_active, growth):
    """Returns the most units that each of so many agents can take every round for ever.

    The largest x with growth * (stock - num_active * x) >= stock: after it the stock grows back.
    """
    left = np.int64(stock / growth)
    while grown(left, growth) < stock:
        left += 1
    return (np.int64(stock) - left) // num_active


@njit
def observe(world, params, agent, out):
    """Writes what an agent knows (1, K, 1): numbers as codes; all 0 before a newcomer joins."""
    num_agents = world.catch.shape[0]
    for place in range(out.shape[1]):
        out[0, place, 0] = 0
    if not world.active[agent]:
        return
    out[0, 0, 0] = world.stock
    out[0, 1, 0] = world.t
    out[0, 2, 0] = world.threshold
    out[0, 3, 0] = world.catch[agent]
    if params.catches == EACH:
        for k in range(1, num_agents):
            out[0, 3 + k, 0] = world.catch[(agent + k) % num_agents]
    elif params.catches == SUMMARY:
        total, most, count = np.int64(0), np.int64(0), 0
        for other in range(num_agents):
            # The catches are those of the last round, in which a newcomer may not have been.
            if other != agent and takes_part(world, params, other, world.t - 1):
                total += world.catch[other]
                most = max(most, np.int64(world.catch[other]))
                count += 1
        if count > 0:
            out[0, 4, 0] = (2 * total + count) // (2 * count)  # the mean, halves rounded up
        out[0, 5, 0] = most
