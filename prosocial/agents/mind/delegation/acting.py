"""What an agent does about its best guess: joint plans, and best responses to predicted others.

One file that calls no compiled function of another: numba caches it on disk, and that cache does
not see changes in imported files. ``room`` is a `rooms.Room`.
"""

from __future__ import annotations

import numpy as np

from prosocial.agents.mind.planning.compiling import compiled

IMPOSSIBLE = 1e9  # costs of what cannot be done
STEP, MOVE = 1.0, 0.1  # costs of a step, and of an agent that does not stay in it
IN_THE_WAY = 2.0  # cost of staying where another is predicted to go: about what a detour costs
TIE = 1e-6  # costs that differ by less are the same
NUM_ACTIONS, FLOOR = 5, 1
NONE = -1  # the sub-task of an agent without one
GONE = -1  # where an agent is that is no longer predicted
HORIZON = 8  # steps for which the others' ways are predicted
STATIC, LEVEL_0 = 0, 1  # what the others are taken for: obstacles, or on their shortest ways


@compiled
def partner_of(allocation, agent):
    """Returns who shares the sub-task of an agent, -1 if nobody does."""
    for other in range(allocation.shape[0]):
        if other != agent and allocation[other] == allocation[agent] != NONE:
            return other
    return -1


@compiled
def pair_of(pairs, one, other):
    """Returns the number of a pair of agents."""
    for p in range(pairs.shape[0]):
        if pairs[p, 0] == min(one, other) and pairs[p, 1] == max(one, other):
            return p
    return -1


@compiled
def works_at(room, field, cell):
    """Returns whether who stands at a floor cell interacts next on a shortest way."""
    for action in range(1, NUM_ACTIONS):
        there = cell + room.offsets[action]
        if room.kind[there] == FLOOR and field[there] + STEP + MOVE <= field[cell] + TIE:
            return False
    return field[cell] < IMPOSSIBLE


@compiled
def next_cell(room, field, cell):
    """Returns the floor cell that the shortest way leads to, GONE at its end."""
    best, found = field[cell], GONE
    for action in range(1, NUM_ACTIONS):
        there = cell + room.offsets[action]
        if room.kind[there] == FLOOR and field[there] < best - TIE:
            best, found = field[there], there
    return found


@compiled
def lone_way(room, field, start, way):
    """Writes the shortest way of an agent until it interacts, GONE after that: (HORIZON + 1,)."""
    way[:] = GONE
    way[0] = cell = start
    for time in range(1, HORIZON + 1):
        if works_at(room, field, cell):
            way[time] = cell
            break
        cell = next_cell(room, field, cell)
        if cell == GONE:
            break
        way[time] = cell


@compiled
def predict(room, pairs, allocation, agent, place, field, joint_tries, mode, ways):
    """Writes where the others will be: (N, HORIZON + 1), GONE where that is not predicted.

    Each other agent goes its shortest way as if it were alone (level 0) until it interacts. Who has
    no sub-task stays where it is for a step. Of a joint sub-task the next step is predicted.
    """
    for other in range(place.shape[0]):
        ways[other] = GONE
        if other == agent:
            continue
        task, partner = allocation[other], partner_of(allocation, other)
        if mode == STATIC:
            ways[other] = place[other]
        elif task == NONE:
            ways[other, :2] = place[other]
        elif partner == -1:
            lone_way(room, field[task, other], place[other], ways[other])
        elif partner != agent:
            p = pair_of(pairs, other, partner)
            pair = best_pair(joint_tries[task, p], place, ways, room, -1, -1)
            mine = pair // NUM_ACTIONS if pairs[p, 0] == other else pair % NUM_ACTIONS
            there = place[other] + room.offsets[mine]
            ways[other, 0] = place[other]
            ways[other, 1] = there if room.kind[there] == FLOOR else place[other]


@compiled
def hits(ways, here, there, time):
    """Returns whether a move at a time is blocked by somebody's predicted way."""
    for other in range(ways.shape[0]):
        if ways[other, time + 1] == there != GONE:
            return True
        if ways[other, time] == there and ways[other, time + 1] == here:
            return True
        if ways[other, time] == there and ways[other, time + 1] == GONE:
            return time == 0  # whoever stands there now may stay
    return False


@compiled
def wanted(ways, here, time):
    """Returns whether somebody is predicted to come where an agent stays."""
    found = False
    for other in range(ways.shape[0]):
        found |= ways[other, time + 1] == here != GONE
    return found


@compiled
def respond(room, field, working, start, ways, worth):
    """Returns the best first action among predicted others, and what it costs in the end.

    A shortest way in space and time: cells that others are predicted to enter are closed then, and
    staying in somebody's way costs IN_THE_WAY.

    Args:
        room: The kitchen.
        field: float64 (n,): cost of the sub-task from each floor cell.
        working: Whether there is a sub-task; without, ``field`` counts as 0.
        start: Where the agent stands.
        ways: int64 (N, HORIZON + 1): predicted cells of the others.
        worth: float64 (2, n): working memory.

    Returns:
        An action, or NUM_ACTIONS for interacting, and the cost.
    """
    action, cost = 0, 0.0
    for cell in room.floors:
        worth[HORIZON & 1, cell] = field[cell] if working else 0.0
    for back in range(HORIZON):
        time = HORIZON - 1 - back
        now, later = time & 1, 1 - (time & 1)
        for here in room.floors:
            if time == 0 and here != start:
                continue
            blocking = IN_THE_WAY if wanted(ways, here, time) else 0.0
            best, chosen = STEP + blocking + worth[later, here], 0
            for turn in range(1, NUM_ACTIONS):
                there = here + room.offsets[turn]
                if room.kind[there] == FLOOR and not hits(ways, here, there, time):
                    # Waiting is for later: of equals the first move is taken.
                    gain = best - (STEP + MOVE + worth[later, there])
                    if gain > TIE or (chosen == 0 and gain > -TIE):
                        best, chosen = STEP + MOVE + worth[later, there], turn
            if working and works_at(room, field, here) and field[here] + blocking <= best + TIE:
                best, chosen = field[here] + blocking, NUM_ACTIONS
            worth[now, here] = best
            if time == 0:
                action, cost = chosen, best
    return action, cost


@compiled
def cheapest(room, tries, cell, interactions):
    """Returns the action with the least cost, the first of equals.

    Args:
        room: The kitchen.
        tries: float64 (5,): cost of each action.
        cell: Where the agent stands.
        interactions: Whether to look at interactions alone.
    """
    best, chosen = IMPOSSIBLE, 0
    for action in range(NUM_ACTIONS):
        if interactions and room.kind[cell + room.offsets[action]] == FLOOR:
            continue
        if tries[action] < best - TIE:
            best, chosen = tries[action], action
    return chosen


@compiled
def best_pair(tries, place, ways, room, one, other):
    """Returns the pair of actions with the least cost, 5 first + second.

    Among equals that in which more agents move: who is early waits at the goal, not on the way.

    Args:
        tries: float64 (25,): cost of each pair of actions.
        place: int64 (N,): where all agents stand.
        ways: int64 (N, HORIZON + 1): predicted ways of the agents outside of the pair.
        room: The kitchen.
        one: Number of the first agent; -1: ways do not count.
        other: Number of the second.
    """
    best, chosen, least = IMPOSSIBLE, 0, IMPOSSIBLE
    for back in range(NUM_ACTIONS * NUM_ACTIONS):
        pair = NUM_ACTIONS * NUM_ACTIONS - 1 - back
        first, second = pair // NUM_ACTIONS, pair % NUM_ACTIONS
        cost = tries[pair] - TIE * ((first != 0) + (second != 0))
        if pair == 0:  # nothing changes: worth it only to let others pass
            cost = least + STEP
        least = min(least, cost)
        if one >= 0:
            for k in range(2):
                here = place[one if k == 0 else other]
                there = here + room.offsets[first if k == 0 else second]
                if room.kind[there] == FLOOR and there != here:
                    cost += IN_THE_WAY if hits(ways, here, there, 0) else 0.0
                elif wanted(ways, here, 0):
                    cost += IN_THE_WAY
        if cost < best - TIE / 10:
            best, chosen = cost, pair
    return chosen


@compiled
def goes_first(room, allocation, agent, loss, coin, place, field, ways, worth):
    """Returns whether an agent has the right of way where it would lose by giving way.

    Of two with sub-tasks of their own, the one goes first who would lose more by giving way; both
    know that. Of equals, or if the other shares a sub-task with a third, the coin decides. Who has
    no sub-task gives way.

    Args:
        room: The kitchen.
        allocation: int64 (N,): the sub-task of each agent, NONE without.
        agent: Number of the agent.
        loss: What giving way costs it.
        coin: A random bool.
        place: int64 (N,): where all stand.
        field: float64 (S, N, n).
        ways: int64 (N, HORIZON + 1): working memory.
        worth: float64 (2, n): working memory.
    """
    ways[:] = GONE
    lone_way(room, field[allocation[agent], agent], place[agent], ways[agent])
    for other in range(place.shape[0]):
        task = allocation[other]
        if other == agent or task == NONE:
            continue
        if partner_of(allocation, other) >= 0:
            if not coin:
                return False
            continue
        cost = respond(room, field[task, other], True, place[other], ways, worth)[1]
        others_loss = cost - field[task, other, place[other]]
        if others_loss > TIE and (
            others_loss > loss + TIE or (others_loss > loss - TIE and not coin)
        ):
            return False
    return True


@compiled
def act_one(room, pairs, allocation, agent, level, blocked, coin, place, tries, joint_tries, field,
            ways, worth):  # fmt: skip
    """Returns what an agent does under an allocation.

    Args:
        room: The kitchen.
        pairs: int64 (P, 2).
        allocation: int64 (N,): the sub-task of each agent, NONE without.
        agent: Number of the agent.
        level: 1: best response to the predicted others; 0: others are obstacles.
        blocked: Whether its last walk was blocked, so that somebody is not as predicted.
        coin: A random bool.
        place: int64 (N,): where all stand.
        tries: float64 (S, N, 5): see ``kernel.evaluate``.
        joint_tries: float64 (S, P, 25).
        field: float64 (S, N, n).
        ways: int64 (N, HORIZON + 1): working memory.
        worth: float64 (2, n): working memory.
    """
    task = allocation[agent]
    predict(room, pairs, allocation, agent, place, field, joint_tries, level, ways)
    partner = partner_of(allocation, agent)
    if partner >= 0:
        ways[partner] = GONE
        p = pair_of(pairs, agent, partner)
        pair = best_pair(joint_tries[task, p], place, ways, room, pairs[p, 0], pairs[p, 1])
        return pair // NUM_ACTIONS if pairs[p, 0] == agent else pair % NUM_ACTIONS
    here, working = place[agent], task != NONE
    own_field = field[task if working else 0, agent]
    action, cost = respond(room, own_field, working, here, ways, worth)
    loss = cost - own_field[here]
    if working and level == LEVEL_0 and loss > TIE:
        first = coin
        if not blocked:
            first = goes_first(room, allocation, agent, loss, coin, place, field, ways, worth)
        if first:
            return cheapest(room, tries[task, agent], here, False)
    if action == NUM_ACTIONS:
        return cheapest(room, tries[task, agent], here, True)
    return action


@compiled
def act(room, pairs, allocations, own, guesses, level, wanders, blocked, draws, place, tries,
        joint_tries, field, actions):  # fmt: skip
    """Writes what some agents do about their best guesses in B worlds.

    Two who expect each other to give way would block each other for ever. So whose walk was just
    blocked waits with probability one half, and what else a coin decides is drawn anew every step.

    Args:
        room: The kitchen.
        pairs: int64 (P, 2).
        allocations: int64 (O, K, N): allocations that each agent considers.
        own: int64 (O,): numbers of the agents.
        guesses: int64 (B, O): indices of the best guesses, -1 for none.
        level: 1 or 0, see ``act_one``.
        wanders: Whether who has no sub-task stays with probability one half, or does anything else
            (the released code), instead of keeping out of the way.
        blocked: bool (B, O): whether the last walk of each agent was blocked.
        draws: float64 (B, O): random numbers in (0, 1).
        place: int64 (B, N): where all stand.
        tries: float64 (B, S, N, 5).
        joint_tries: float64 (B, S, P, 25).
        field: float64 (B, S, N, n).
        actions: int64 (B, O), overwritten.
    """
    num_agents = place.shape[1]
    ways = np.zeros((num_agents, HORIZON + 1), np.int64)
    worth = np.zeros((2, room.kind.shape[0]))
    idle = np.full(num_agents, NONE, np.int64)
    for b in range(place.shape[0]):
        for o in range(own.shape[0]):
            guess = guesses[b, o]
            allocation = allocations[o, guess] if guess >= 0 else idle
            if wanders and allocation[own[o]] == NONE:
                # Half of the draws stay, each eighth goes one of the four ways.
                actions[b, o] = max(0, np.int64(draws[b, o] * 8) - 3)
                continue
            coin, waits = draws[b, o] < 0.5, draws[b, o] * 2 % 1 < 0.5
            if blocked[b, o] and waits:
                actions[b, o] = 0
                continue
            actions[b, o] = act_one(
                room, pairs, allocation, own[o], level, blocked[b, o], coin, place[b], tries[b],
                joint_tries[b], field[b], ways, worth,
            )  # fmt: skip
