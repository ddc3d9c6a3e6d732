"""What a sub-task still costs one agent or two, and what each of their actions makes of that.

The values are exact for the abstraction of `subtask_values`: shortest ways between cached
distances, composed over where a thing is picked up, put down, handed over and used.

One file that calls no compiled function of another: numba caches it on disk, and that cache does
not see changes in imported files. ``room`` and ``s`` are a `rooms.Room` and a `rooms.Scratch`; an
item is a code of the kitchen; a ``task`` is int64 (4,): kind, inputs (0 for none) and output.
"""

from __future__ import annotations

from prosocial.agents.mind.planning.compiling import compiled

STEP, MOVE = 1.0, 0.1  # costs of a step, and of an agent that does not stay in it
FAR = 10_000  # steps to where no way leads
IMPOSSIBLE = 1e9  # costs of what cannot be done
FLOOR, COUNTER, BOARD, DELIVERY, POT = 1, 2, 3, 4, 5  # kinds of cells; 0 is none of them
CHOP, MERGE, COOK, DELIVER = 0, 1, 2, 3  # kinds of sub-tasks
USELESS, HANDLED = -1, 4  # what else an interaction does: nothing; it picks up or puts down
NUM_ACTIONS = 5  # 0 stays


@compiled
def survey(room, items, task, s):
    """Lists where the inputs of a sub-task lie, where they can be used, and what is empty."""
    kind, one, other = task[0], task[1], task[2]
    s.count[:] = 0
    for cell in room.spots:
        code = items[cell]
        if code == 0:
            s.empty[s.count[0]] = cell
            s.count[0] += 1
        elif code == one or (kind == MERGE and code == other):
            x = 0 if code == one else 1
            s.pick[x, s.count[1 + x]] = cell
            s.count[1 + x] += 1
            if kind == MERGE:
                s.use[1 - x, s.count[4 - x]] = cell
                s.count[4 - x] += 1
    if kind == MERGE:
        for cell in room.stations[COOK]:  # a soup never leaves its pot but on a plate
            if cell >= 0 and items[cell] == other and items[cell] & room.cooked:
                s.use[0, s.count[3]] = cell
                s.count[3] += 1
        return
    for cell in room.stations[kind]:
        if cell >= 0 and items[cell] == 0:
            s.use[0, s.count[3]] = cell
            s.count[3] += 1


@compiled
def carry(room, s, x, here, banned):
    """Returns the steps until input x, held at a floor cell, is used."""
    best = FAR
    for k in range(s.count[3 + x]):
        if s.use[x, k] != banned:
            best = min(best, room.reach[here, s.use[x, k]] + 1)
    return best


@compiled
def fetch(room, s, here, banned):
    """Returns the steps until a sub-task is done by one agent with empty hands."""
    best = FAR
    for x in range(2):
        for k in range(s.count[1 + x]):
            for j in range(4):
                face = room.faces[s.pick[x, k], j]
                if face >= 0 and room.distance[here, face] + 2 < best:
                    way = room.distance[here, face] + 1 + carry(room, s, x, face, banned)
                    best = min(best, way)
    return best


@compiled
def solo(room, s, task, here, held):
    """Returns the steps until one agent has done a sub-task, FAR or more if it never can."""
    if held == task[1]:
        return carry(room, s, 0, here, -1)
    if task[0] == MERGE and held == task[2]:
        return carry(room, s, 1, here, -1)
    if held == 0:
        return fetch(room, s, here, -1)
    best = FAR
    if s.count[1] + s.count[2] == 0:
        return best
    for k in range(s.count[0]):
        cell = s.empty[k]
        if held & room.fresh and room.kind[cell] == BOARD:
            continue  # it would be chopped and stay in the hands
        for j in range(4):
            face = room.faces[cell, j]
            if face >= 0 and room.distance[here, face] + 3 < best:
                best = min(best, room.distance[here, face] + 1 + fetch(room, s, face, cell))
    return best


@compiled
def spread(room, out, until, face):
    """Lowers the steps in ``out`` (n,) to what they are for who is at a floor cell by then."""
    for goal in room.floors:
        out[goal] = min(out[goal], until + room.distance[face, goal])


@compiled
def prepare(room, s, task, slot, here, held):
    """Writes to a slot how soon who stands and holds so is ready, brings and gives inputs, is done.

    To be called after the ``survey`` of the sub-task.
    """
    s.single[slot] = solo(room, s, task, here, held)
    holds = 0 if held == task[1] else (1 if task[0] == MERGE and held == task[2] else -1)
    for cell in room.floors:
        s.ready[slot, cell] = room.distance[here, cell] if held == 0 else FAR
    if held != 0 and holds < 0:
        for k in range(s.count[0]):
            cell = s.empty[k]
            if held & room.fresh and room.kind[cell] == BOARD:
                continue
            for j in range(4):
                face = room.faces[cell, j]
                if face >= 0 and room.distance[here, face] < FAR:
                    spread(room, s.ready[slot], room.distance[here, face] + 1, face)
    for x in range(1 + (task[0] == MERGE)):
        for cell in room.floors:
            s.bring[slot, x, cell] = room.distance[here, cell] if holds == x else FAR
        if holds < 0:
            for k in range(s.count[1 + x]):
                for j in range(4):
                    face = room.faces[s.pick[x, k], j]
                    if face >= 0 and s.ready[slot, face] < FAR:
                        spread(room, s.bring[slot, x], s.ready[slot, face] + 1, face)
        for k in range(s.count[0]):
            cell, best = s.empty[k], FAR
            if not (task[1 + x] & room.fresh and room.kind[cell] == BOARD):
                for j in range(4):
                    face = room.faces[cell, j]
                    if face >= 0:
                        best = min(best, s.bring[slot, x, face] + 1)
            s.give[slot, x, cell] = best


@compiled
def together(room, s, task, one, other):
    """Returns what a sub-task costs two agents, whose situations ``prepare`` has put into slots.

    Either works alone, or one puts an input on an empty cell, and the other takes it from there and
    uses it, or comes with the other input and merges them there. Who is early waits.
    """
    steps = min(s.single[one], s.single[other])
    best = (STEP + MOVE) * steps if steps < FAR else IMPOSSIBLE
    for turn in range(2):
        giver, taker = (one, other) if turn == 0 else (other, one)
        for x in range(1 + (task[0] == MERGE)):
            for k in range(s.count[0]):
                cell = s.empty[k]
                given = s.give[giver, x, cell]
                if given >= FAR or STEP * (given + 1) >= best:
                    continue
                for j in range(4):
                    face = room.faces[cell, j]
                    if face < 0:
                        continue
                    come = s.ready[taker, face]
                    if come < FAR:
                        onward = 1 + carry(room, s, x, face, -1)
                        if onward < FAR:
                            time, moves = max(given, come) + onward, given + come + onward
                            best = min(best, STEP * time + MOVE * moves)
                    if task[0] == MERGE and s.bring[taker, 1 - x, face] < FAR:
                        come = s.bring[taker, 1 - x, face]
                        time, moves = max(given, come) + 1, given + come + 1
                        best = min(best, STEP * time + MOVE * moves)
    return best


@compiled
def interact(room, items, held, agent, cell):
    """Applies the interaction of an agent with a solid cell, and returns what it did.

    That is CHOP, MERGE, COOK, DELIVER, HANDLED or USELESS.
    """
    kind, mine, lying = room.kind[cell], held[agent], items[cell]
    if kind == POT:
        return use_pot(room, items, held, agent, cell)
    if mine == 0:
        if lying == 0:
            return USELESS
        held[agent], items[cell] = lying, 0
        return HANDLED
    if kind == DELIVERY:
        if (mine & (mine - 1)) == 0 or mine & room.fresh:
            return USELESS
        held[agent] = 0
        return DELIVER
    if lying != 0:
        both = mine | lying
        if mine & lying or both & room.fresh:
            return USELESS
        if both & room.cooked and mine != room.plate and lying != room.plate:
            return USELESS
        held[agent], items[cell] = both, 0
        return MERGE
    if kind == BOARD and mine & room.fresh:
        held[agent] = mine << 1
        return CHOP
    if kind in (COUNTER, BOARD):
        items[cell], held[agent] = mine, 0
        return HANDLED
    return USELESS


@compiled
def use_pot(room, items, held, agent, cell):
    """Applies the interaction of an agent with a pot; see ``interact``."""
    mine, inside = held[agent], items[cell]
    if mine == room.plate and inside & room.cooked:
        held[agent], items[cell] = mine | inside, 0
        return MERGE
    if mine == 0 or mine & inside:
        return USELESS
    fits = cooks = False
    for soup in room.soups:
        if inside == soup:
            return USELESS
        fits |= ((mine | inside) & ~soup) == 0
        cooks |= (mine | inside) == soup
    if not fits:
        return USELESS
    items[cell], held[agent] = mine | inside, 0
    return COOK if cooks else HANDLED


@compiled
def is_done(task, did, mine, lying):
    """Returns whether an interaction has completed a sub-task.

    Args:
        task: Kind, inputs and output.
        did: What ``interact`` returned.
        mine: What was in the hands before.
        lying: What lay on the cell before.
    """
    if did != task[0]:
        return False
    if did == MERGE:
        return (mine == task[1] and lying == task[2]) or (mine == task[2] and lying == task[1])
    return (mine | lying) == task[1]


@compiled
def try_alone(room, s, task, items, place, held, agent, out):
    """Writes what each action of an agent costs in the end, as if it were alone: (5,)."""
    here, mine = place[agent], held[agent]
    survey(room, items, task, s)
    for action in range(NUM_ACTIONS):
        cell = here + room.offsets[action]
        cost = STEP + MOVE * (action != 0)
        out[action] = IMPOSSIBLE
        if action == 0 or room.kind[cell] == FLOOR:
            steps = solo(room, s, task, cell, mine)
        elif room.kind[cell] == 0:
            continue
        else:
            lying = items[cell]
            did = interact(room, items, held, agent, cell)
            if did == USELESS and room.kind[cell] != DELIVERY:
                continue
            steps = 0
            if not is_done(task, did, mine, lying):
                survey(room, items, task, s)
                steps = solo(room, s, task, here, held[agent])
            items[cell], held[agent] = lying, mine
            survey(room, items, task, s)
        if steps < FAR:
            out[action] = cost + (STEP + MOVE) * steps


@compiled
def is_useful(room, items, held, agent, cell):
    """Returns whether facing a solid cell does anything; a delivery always counts as useful."""
    if room.kind[cell] == 0:
        return False
    mine, lying = held[agent], items[cell]
    did = interact(room, items, held, agent, cell)
    items[cell], held[agent] = lying, mine
    return did != USELESS or room.kind[cell] == DELIVERY


@compiled
def try_together(room, s, task, items, place, held, one, other, out):
    """Writes what each pair of actions of two agents costs in the end: (25,), 5 one + other.

    They block each other as the rules say; who else is there does not count. Returns what the
    sub-task costs them.
    """
    survey(room, items, task, s)
    for action in range(NUM_ACTIONS):
        for k in range(2):
            agent = one if k == 0 else other
            cell = place[agent] + room.offsets[action]
            if room.kind[cell] == FLOOR:
                prepare(room, s, task, NUM_ACTIONS * k + action, cell, held[agent])
    now = together(room, s, task, 0, NUM_ACTIONS)
    for pair in range(NUM_ACTIONS * NUM_ACTIONS):
        first, second = pair // NUM_ACTIONS, pair % NUM_ACTIONS
        cell, there = place[one] + room.offsets[first], place[other] + room.offsets[second]
        cost = STEP + MOVE * (first != 0) + MOVE * (second != 0)
        if room.kind[cell] == FLOOR and room.kind[there] == FLOOR:
            if cell == there or (cell == place[other] and there == place[one]):
                first, second = 0, 0  # both are blocked
            left = together(room, s, task, first, NUM_ACTIONS + second)
        else:
            left = interacted(room, s, task, items, place, held, (one, other), (cell, there))
        out[pair] = cost + left if left < IMPOSSIBLE else IMPOSSIBLE
    return now


@compiled
def interacted(room, s, task, items, place, held, agents, cells):
    """Returns what a sub-task costs two agents after actions of which one at least interacts.

    Args:
        room: The kitchen.
        s: Working memory with the survey of the situation before; the same after the call.
        task: The sub-task.
        items: What lies on the cells; the same after the call.
        place: Where all agents stand.
        held: What they hold; the same after the call.
        agents: Numbers of the two.
        cells: Which cells their actions are directed at.
    """
    for k in range(2):
        useful = room.kind[cells[k]] == FLOOR
        if not useful and not is_useful(room, items, held, agents[k], cells[k]):
            return IMPOSSIBLE
    hands, lying = (held[agents[0]], held[agents[1]]), (items[cells[0]], items[cells[1]])
    done = False
    for k in range(2):
        if room.kind[cells[k]] != FLOOR:
            mine, there = held[agents[k]], items[cells[k]]
            did = interact(room, items, held, agents[k], cells[k])
            done |= is_done(task, did, mine, there)
    left = 0.0
    if not done:
        survey(room, items, task, s)
        for k in range(2):
            # Nobody enters the cell of one who stays to interact.
            walks = room.kind[cells[k]] == FLOOR and cells[k] != place[agents[1 - k]]
            end = cells[k] if walks else place[agents[k]]
            prepare(room, s, task, 2 * NUM_ACTIONS + k, end, held[agents[k]])
        left = together(room, s, task, 2 * NUM_ACTIONS, 2 * NUM_ACTIONS + 1)
    held[agents[0]], held[agents[1]] = hands
    items[cells[1]], items[cells[0]] = lying[1], lying[0]
    survey(room, items, task, s)
    return left


@compiled
def evaluate(room, s, tasks, pairs, useful, items, place, held, alone, joint, tries, joint_tries,
             field):  # fmt: skip
    """Writes what all sub-tasks cost all agents and pairs of agents in B worlds.

    Args:
        room: The kitchen.
        s: Working memory.
        tasks: int64 (S, 4).
        pairs: int64 (P, 2): numbers of the agents.
        useful: bool (B, S): the sub-tasks to look at; all others are IMPOSSIBLE.
        items: int64 (B, n): codes of what lies on the cells; the same after the call.
        place: int64 (B, N): flat cells of the agents.
        held: int64 (B, N): codes of what they hold.
        alone: float64 (B, S, N): cost of a sub-task for one agent.
        joint: float64 (B, S, P): for a pair of agents.
        tries: float64 (B, S, N, 5): cost when an action is taken first.
        joint_tries: float64 (B, S, P, 25): when a pair of actions is taken first.
        field: float64 (B, S, N, n): cost if it stood on another floor cell; n = 0: left out.
    """
    for b in range(items.shape[0]):
        for t in range(tasks.shape[0]):
            alone[b, t], joint[b, t], tries[b, t] = IMPOSSIBLE, IMPOSSIBLE, IMPOSSIBLE
            joint_tries[b, t], field[b, t] = IMPOSSIBLE, IMPOSSIBLE
            if not useful[b, t]:
                continue
            task = tasks[t]
            for agent in range(place.shape[1]):
                try_alone(room, s, task, items[b], place[b], held[b], agent, tries[b, t, agent])
                steps = solo(room, s, task, place[b, agent], held[b, agent])
                alone[b, t, agent] = (STEP + MOVE) * steps if steps < FAR else IMPOSSIBLE
                for cell in room.floors[: field.shape[3]]:
                    steps = solo(room, s, task, cell, held[b, agent])
                    if steps < FAR:
                        field[b, t, agent, cell] = (STEP + MOVE) * steps
            for p in range(pairs.shape[0]):
                one, other = pairs[p, 0], pairs[p, 1]
                joint[b, t, p] = try_together(
                    room, s, task, items[b], place[b], held[b], one, other, joint_tries[b, t, p]
                )
