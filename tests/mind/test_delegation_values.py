"""Costs of sub-tasks against searches on the records of the real world."""

from __future__ import annotations

import heapq

import numpy as np
import pytest

from prosocial.agents.mind.delegation import kernel
from prosocial.agents.mind.delegation.needs import Needs
from prosocial.agents.mind.delegation.subtask_values import SubtaskValues
from prosocial.envs.engine import Batch, ConfigError, build

SMALL = """
    -t-/-
    p1..l
    -.2.*
    --p--
"""
DIVIDED = """
    -/-t-
    -1-.-
    *.-2p
    ---l-
"""
RECIPES = "salad"
FIELDS = ("position", "held", "items", "delivered")


def kitchen(layout: str, agents: int, recipes: str = RECIPES):
    return build("kitchen", layout=layout, num_agents=agents, recipes=recipes)


def situations(world, count: int, seed: int) -> np.ndarray:
    """Returns records met in random play, (count,)."""
    rng = np.random.default_rng(seed)
    batch = Batch(world, count, seed=seed)
    batch.reset()
    actions = world.num_actions
    for _ in range(60):
        moving = rng.random(count) < 0.9
        chosen = rng.integers(actions, size=(count, world.num_agents))
        batch.step(np.where(moving[:, None], chosen, 0))
    return batch.state.copy()


def is_done(task, before, after, event) -> bool:
    """Returns whether a step completed a sub-task, from its records and its events alone."""
    name = {"Chop": "chop", "Merge": "merge", "Deliver": "deliver"}[task.kind]
    if not event[name].any():
        return False
    if task.kind == "Deliver":
        return int(after["delivered"].sum()) > int(before["delivered"].sum())

    def count(state, code):
        return int((state["items"] == code).sum() + (state["held"] == code).sum())

    made = count(after, task.output) > count(before, task.output)
    return made and all(count(after, c) < count(before, c) for c in task.inputs)


def least_cost(world, start, task, limit: float) -> float:
    """Returns the cost of a sub-task by Dijkstra's algorithm on records; inf above the limit."""
    choices = np.array(list(np.ndindex(*[world.num_actions] * world.num_agents)), np.int64)
    costs = 1.0 + 0.1 * (choices > 0).sum(1)
    batch = Batch(world, len(choices))
    batch.reset()
    best = {key(start): 0.0}
    queue, number = [(0.0, 0, start)], 0
    while queue:
        cost, _, state = heapq.heappop(queue)
        if cost > best[key(state)] + 1e-9:
            continue
        if cost == np.inf or cost > limit:
            return np.inf
        if state["t"] == -1:  # marks the end
            return cost
        batch.state[:] = state
        batch.state["t"] = 0
        batch.step(choices)
        after = batch.after()
        for k in range(len(choices)):
            found = after[k].copy()
            found["t"] = -1 if is_done(task, state, found, batch.events[k]) else 0
            total = cost + costs[k]
            if total < best.get(key(found), np.inf) - 1e-9 and total <= limit:
                best[key(found)] = total
                number += 1
                heapq.heappush(queue, (total, number, found))
    return np.inf


def key(state) -> bytes:
    return b"".join(np.asarray(state[f]).tobytes() for f in FIELDS) + bytes([int(state["t"] == -1)])


def test_one_agent_alone_costs_what_a_search_finds():
    world = kitchen(SMALL.replace("2", "."), 1)
    values = SubtaskValues(world)
    states = situations(world, 10, 3)
    states["t"] = 0
    costs = values.evaluate(states, every=True)
    checked = 0
    for b, state in enumerate(states):
        for t, task in enumerate(values.subtasks):
            ours = costs.alone[b, t, 0]
            if task.kind == "Deliver" and state["delivered"].any():
                continue
            if ours < kernel.IMPOSSIBLE:
                assert ours == pytest.approx(least_cost(world, state, task, ours + 2)), str(task)
                checked += 1
    assert checked > 12


def test_actions_cost_what_a_search_finds_after_them():
    world = kitchen(SMALL.replace("2", "."), 1, "tomato")
    values = SubtaskValues(world)
    states = situations(world, 8, 4)
    states["t"] = 0
    costs = values.evaluate(states, every=True)
    batch = Batch(world, 1)
    batch.reset()
    for b, state in enumerate(states):
        for action in range(world.num_actions):
            batch.state[:] = state
            batch.step(np.array([[action]]))
            after = batch.after()[0]
            for t, task in enumerate(values.subtasks):
                ours = costs.tries[b, t, 0, action]
                if ours >= kernel.IMPOSSIBLE or state["delivered"].any():
                    continue
                paid = 1.0 + 0.1 * (action > 0)
                if is_done(task, state, after, batch.events[0]):
                    assert ours == pytest.approx(paid)
                else:
                    left = after.copy()
                    left["t"] = 0
                    assert ours == pytest.approx(paid + least_cost(world, left, task, ours + 2))


@pytest.mark.parametrize(("layout", "least"), [(DIVIDED, 4), (SMALL, 4)])
def test_two_agents_together_cost_what_a_search_finds(layout, least):
    # Where they stand in each other's way the search may need a little more.
    world = kitchen(layout, 2, "tomato")
    values = SubtaskValues(world)
    states = situations(world, 8, 5)
    states["t"] = 0
    costs = values.evaluate(states)
    gaps = []
    for b, state in enumerate(states):
        for t, task in enumerate(values.subtasks):
            ours = costs.joint[b, t, 0]
            if ours < 8.0:
                gaps.append(least_cost(world, state, task, ours + 3) - ours)
    assert len(gaps) >= least
    assert min(gaps) > -1e-6
    if layout == DIVIDED:
        assert max(gaps) < 1e-6
    else:
        assert np.mean(np.array(gaps) < 1e-6) > 0.5
        assert max(gaps) < 3.0


def test_a_joint_cost_is_never_above_that_of_either_alone():
    world = build("kitchen", layout="partial_divider", recipes="salad")
    values = SubtaskValues(world)
    costs = values.evaluate(situations(world, 40, 6), every=True)
    assert (costs.joint[..., 0] <= costs.alone.min(-1) + 1e-9).all()
    now = costs.joint_tries.min(-1)
    finite = costs.joint < kernel.IMPOSSIBLE
    assert (now[finite] >= costs.joint[finite] - 1e-9).all()


def test_alone_in_the_full_divider_nobody_can_chop():
    world = build("kitchen", layout="full_divider", recipes="tomato")
    batch = Batch(world, 1)
    batch.reset()
    costs = SubtaskValues(world).evaluate(batch.state)
    assert (costs.alone[0, 0] >= kernel.IMPOSSIBLE).all()
    # Agent 1: east, take the tomato, west, put it on the divider; agent 0: take it, west, chop.
    assert costs.joint[0, 0, 0] == pytest.approx(7 * 1.1)


def test_a_soup_is_cooked_and_plated():
    layout = SMALL.replace("-t-/-", "-tP/-").replace("2", ".")
    world = kitchen(layout, 1, "tomato_soup")
    values = SubtaskValues(world)
    names = [str(task) for task in values.subtasks]
    batch = Batch(world, 1)
    batch.reset()
    assert names[1].startswith("Cook") or "Cook" in " ".join(names)
    costs = values.evaluate(batch.state)
    assert costs.alone[0, 0, 0] < kernel.IMPOSSIBLE
    chopped = values.subtasks[0].output
    batch.state["held"] = chopped
    costs = values.evaluate(batch.state)
    cook = next(k for k, name in enumerate(names) if name.startswith("Cook"))
    assert costs.alone[0, cook, 0] == pytest.approx(2.2)


class TestNeeds:
    @pytest.mark.parametrize(
        ("recipe", "total"), [("tomato", 3), ("tomato_lettuce", 6), ("salad", 5)]
    )
    def test_as_many_sub_tasks_as_the_paper_counts(self, recipe, total):
        assert Needs(build("kitchen", recipes=recipe)).total == total

    def test_what_is_useful_follows_from_what_there_is(self):
        world = build("kitchen", recipes="salad")
        needs = Needs(world)
        batch = Batch(world, 1)
        batch.reset()
        names = [str(task) for task in needs.subtasks]

        def useful():
            found, together, left = needs.look(batch.state)
            pairs = [(names[i], names[j]) for i, j in np.argwhere(np.triu(together[0], 1))]
            return [n for n, u in zip(names, found[0], strict=True) if u], pairs, int(left[0])

        chops = ["Chop(tomato)", "Chop(lettuce)"]
        assert useful() == (chops, [tuple(chops)], 5)
        items = batch.state["items"][0]
        tomato, lettuce = (needs.subtasks[names.index(c)] for c in chops)
        for task in (tomato, lettuce):
            items[items == task.inputs[0]] = task.output
        merges = ["Merge(plate, tomato)", "Merge(lettuce, plate)", "Merge(lettuce, tomato)"]
        assert useful() == (merges, [], 3)  # each of them uses what the others need
        plate = np.flatnonzero(items == 1)[0]
        items[plate] |= tomato.output
        items[items == tomato.output] = 0
        assert useful() == (["Merge(lettuce, plate-tomato)"], [], 2)

    def test_spoiled_food_leaves_nothing_to_do(self):
        world = build("kitchen", recipes="tomato")
        batch = Batch(world, 1)
        batch.reset()
        batch.state["items"][batch.state["items"] == 2] = 0
        useful, together, left = Needs(world).look(batch.state)
        assert not useful.any()
        assert not together.any()
        assert left[0] == -1


def test_another_world_is_refused():
    with pytest.raises(ConfigError, match="'kitchen', not in 'helping_grid'"):
        SubtaskValues(build("helping_grid"))
