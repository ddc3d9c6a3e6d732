"""Posteriors over allocations, and the best guesses: the compiled part.

A group is one agent or two with a sub-task, or one agent without; an allocation is a list of
groups. What is known of each group stands in one vector, so that an allocation is a sum over it.

One file that calls no compiled function of another: numba caches it on disk, and that cache does
not see changes in imported files.
"""

from __future__ import annotations

import numpy as np

from prosocial.agents.mind.planning.compiling import compiled

IMPOSSIBLE = 1e9  # costs of what cannot be done
NUM_ACTIONS = 5
STAY_WITHOUT_TASK = 0.5  # how likely who has no sub-task stays; the other actions share the rest
TIE = 1e-9  # log probabilities that differ by less are the same
SUM, PRODUCT = 0, 1  # how the likelihoods of the groups make that of an allocation


@compiled
def log_choice(costs, low, high, step, chosen, beta):
    """Returns the log probability that a softmax of minus beta times costs gives to one of them.

    Args:
        costs: float64; the alternatives are low, low + step, ... below high.
        low: See costs.
        high: See costs.
        step: See costs.
        chosen: Index of the choice.
        beta: Rationality.

    Returns:
        The log probability; minus infinity for what is impossible, 0 if everything is.
    """
    least = IMPOSSIBLE
    for k in range(low, high, step):
        least = min(least, costs[k])
    if least >= IMPOSSIBLE:
        return 0.0
    if costs[chosen] >= IMPOSSIBLE:
        return -np.inf
    total = 0.0
    for k in range(low, high, step):
        if costs[k] < IMPOSSIBLE:
            total += np.exp(-beta * (costs[k] - least))
    return -beta * (costs[chosen] - least) - np.log(total)


@compiled
def log_likelihoods(tries, joint_tries, pairs, actions, observer, beta, out):
    """Writes how likely each group makes what its agents did, in logs.

    Args:
        tries: float64 (S, N, 5): costs before the step, see ``kernel.evaluate``.
        joint_tries: float64 (S, P, 25).
        pairs: int64 (P, 2).
        actions: int64 (N,): what the agents did; what had no effect is staying.
        observer: Agent that takes what its partner in a joint sub-task did as given (the released
            code); -1 for none, then a pair chooses among all pairs of actions.
        beta: Rationality.
        out: float64 (S * N + S * P + N,): sub-tasks alone, joint, and agents without.
    """
    num_tasks, num_agents, place = tries.shape[0], tries.shape[1], 0
    for t in range(num_tasks):
        for i in range(num_agents):
            out[place] = log_choice(tries[t, i], 0, NUM_ACTIONS, 1, actions[i], beta)
            place += 1
    for t in range(num_tasks):
        for p in range(pairs.shape[0]):
            first, second = actions[pairs[p, 0]], actions[pairs[p, 1]]
            low, high, step = 0, NUM_ACTIONS * NUM_ACTIONS, 1
            if observer == pairs[p, 0]:
                low, step = second, NUM_ACTIONS
            elif observer == pairs[p, 1]:
                low, high = NUM_ACTIONS * first, NUM_ACTIONS * (first + 1)
            chosen = NUM_ACTIONS * first + second
            out[place] = log_choice(joint_tries[t, p], low, high, step, chosen, beta)
            place += 1
    for i in range(num_agents):
        stays = actions[i] == 0
        others = (1 - STAY_WITHOUT_TASK) / (NUM_ACTIONS - 1)
        out[place] = np.log(STAY_WITHOUT_TASK if stays else others)
        place += 1


@compiled
def group_costs(alone, joint, out):
    """Writes the costs of all groups in their order; groups without a sub-task cost nothing."""
    place = 0
    for t in range(alone.shape[0]):
        for i in range(alone.shape[1]):
            out[place] = alone[t, i]
            place += 1
    for t in range(joint.shape[0]):
        for p in range(joint.shape[1]):
            out[place] = joint[t, p]
            place += 1
    out[place:] = 0.0


@compiled
def log_prior(allocations, groups, together, costs, uniform, out):
    """Writes the log prior of each allocation, minus infinity where it cannot be done.

    The prior is proportional to the sum of 1 / cost over the sub-tasks (Wu, Wang et al. 2021, "the
    prior ... is inversely proportional to the cost"); uniform: the same for all.

    Args:
        allocations: int64 (K, N): the sub-task of each agent, -1 for none.
        groups: int64 (K, G): groups of the allocations, -1 behind the last.
        together: bool (S, S): sub-tasks that can be worked on side by side.
        costs: float64: see ``group_costs``.
        uniform: Whether the prior is uniform.
        out: float64 (K,).

    Returns:
        The number of allocations that can be done.
    """
    count = 0
    for k in range(groups.shape[0]):
        worth = 0.0
        for g in groups[k]:
            if g >= 0 and costs[g] >= IMPOSSIBLE:
                worth = -1.0
                break
            if g >= 0 and costs[g] > 0.0:
                worth += 1.0 / costs[g]
        for i in range(allocations.shape[1]):
            for j in range(i):
                one, other = allocations[k, i], allocations[k, j]
                if one != other and one >= 0 and other >= 0 and not together[one, other]:
                    worth = 0.0
        if worth <= 0.0:
            out[k] = -np.inf
        else:
            out[k] = 0.0 if uniform else np.log(worth)
            count += 1
    return count


@compiled
def update(groups, sizes, likelihoods, rule, log_posterior):
    """Multiplies a posterior with the likelihoods of its allocations.

    If that leaves nothing, the posterior stays as it was.

    Args:
        groups: int64 (K, G).
        sizes: float64: agents of each group.
        likelihoods: float64: logs, see ``log_likelihoods``.
        rule: PRODUCT over the groups, or the SUM weighted by their sizes (the released code).
        log_posterior: float64 (K,), changed in place.

    Returns:
        Whether anything was left.
    """
    possible = False
    for turn in range(2):
        for k in range(groups.shape[0]):
            if log_posterior[k] == -np.inf:
                continue
            change = 0.0
            for g in groups[k]:
                if g >= 0:
                    log_one = likelihoods[g]
                    change += log_one if rule == PRODUCT else sizes[g] * np.exp(log_one)
            if rule == SUM:
                change = np.log(change) if change > 0.0 else -np.inf
            if turn == 0:
                possible |= change > -np.inf
            else:
                log_posterior[k] += change
        if not possible:
            break
    normalise(log_posterior)
    return possible


@compiled
def normalise(log_posterior):
    """Makes the probabilities sum to one, in place; nothing to do if all are 0."""
    highest = log_posterior.max()
    if highest == -np.inf:
        return
    total = 0.0
    for k in range(log_posterior.shape[0]):
        total += np.exp(log_posterior[k] - highest)
    log_posterior -= highest + np.log(total)


@compiled
def best(log_posterior, draw):
    """Returns the most probable allocation, -1 if none is possible.

    Args:
        log_posterior: float64 (K,).
        draw: Random number in (0, 1) that breaks ties.
    """
    highest = log_posterior.max()
    if highest == -np.inf:
        return -1
    count = 0
    for k in range(log_posterior.shape[0]):
        count += log_posterior[k] >= highest - TIE
    wanted = np.int64(draw * count)
    for k in range(log_posterior.shape[0]):
        if log_posterior[k] >= highest - TIE:
            if wanted == 0:
                return k
            wanted -= 1
    return -1


@compiled
def believe(
    allocations,
    groups,
    sizes,
    rule,
    uniform,
    learns,
    resets_released,
    beta,
    own,
    pairs,
    together,
    alone,
    joint,
    tries,
    joint_tries,
    actions,
    fresh,
    draws,
    memory,
    guesses,
):
    """Updates the posteriors of some agents in B worlds, and writes their best guesses.

    Args:
        allocations: int64 (O, K, N): what each observing agent considers.
        groups: int64 (O, K, G): their groups.
        sizes: float64: agents of each group.
        rule: SUM or PRODUCT.
        uniform: Whether the prior is uniform.
        learns: Whether actions count as evidence.
        resets_released: Whether the prior is also taken anew by who has no sub-task, and only
            when the number of possible allocations changes, not when others become possible.
        beta: Rationality.
        own: int64 (O,): numbers of the observing agents.
        pairs: int64 (P, 2).
        together: bool (B, S, S): sub-tasks that can be worked on side by side.
        alone: float64 (B, S, N): costs now.
        joint: float64 (B, S, P).
        tries: float64 (B, S, N, 5): costs before the last step.
        joint_tries: float64 (B, S, P, 25).
        actions: int64 (B, N): what everybody did in it.
        fresh: bool (B,): an episode begins.
        draws: float64 (B, O): random numbers that break ties, kept until the next prior or until
            nobody does anything.
        memory: Tuple of log_posterior float64 (B, O, K), prior float64 (B, O, K), tie float64
            (B, O) and guess int64 (B, O), all changed in place.
        guesses: int64 (B, O): indices of the best guesses; -1: nothing can be done.
    """
    log_posterior, prior, tie, last = memory
    width = sizes.shape[0]
    costs, likelihoods, fresh_prior = np.zeros(width), np.zeros(width), np.zeros(groups.shape[1])
    num_working = width - alone.shape[2]
    for b in range(alone.shape[0]):
        group_costs(alone[b], joint[b], costs)
        if learns and not fresh[b] and rule == PRODUCT:
            log_likelihoods(tries[b], joint_tries[b], pairs, actions[b], -1, beta, likelihoods)
        for o in range(own.shape[0]):
            count = log_prior(allocations[o], groups[o], together[b], costs, uniform, fresh_prior)
            changed, before = False, 0
            for k in range(groups.shape[1]):
                before += prior[b, o, k] > -np.inf
                changed |= (prior[b, o, k] > -np.inf) != (fresh_prior[k] > -np.inf)
            if resets_released:
                guess, idle = last[b, o], True
                for g in range(groups.shape[2]):
                    if guess >= 0 and has(groups[o, guess, g], own[o], num_working, pairs, alone):
                        idle = False
                changed = count != before or idle
            if fresh[b] or changed:
                prior[b, o] = fresh_prior
                log_posterior[b, o] = fresh_prior
                normalise(log_posterior[b, o])
                tie[b, o] = draws[b, o]
            elif learns:
                if rule == SUM:
                    log_likelihoods(
                        tries[b], joint_tries[b], pairs, actions[b], own[o], beta, likelihoods
                    )
                update(groups[o], sizes, likelihoods, rule, log_posterior[b, o])
            if (actions[b] == 0).all():  # all wait for one another: guess anew
                tie[b, o] = draws[b, o]
            guesses[b, o] = best(log_posterior[b, o], tie[b, o])
            last[b, o] = guesses[b, o]


@compiled
def has(group, agent, num_working, pairs, alone):
    """Returns whether an agent works in a group."""
    if group < 0 or group >= num_working:
        return False
    num_alone = alone.shape[1] * alone.shape[2]
    if group < num_alone:
        return group % alone.shape[2] == agent
    p = (group - num_alone) % pairs.shape[0]
    return pairs[p, 0] == agent or pairs[p, 1] == agent
