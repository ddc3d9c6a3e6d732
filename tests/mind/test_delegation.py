"""Bayesian Delegation: allocations, posteriors by brute force, lesions, memory, determinism."""

from __future__ import annotations

import numpy as np
import pytest

from prosocial.agents.mind.delegation import acting, beliefs, kernel
from prosocial.agents.mind.delegation.allocations import (
    allocations,
    own_allocations,
    pairs,
    released_allocations,
)
from prosocial.agents.mind.delegation.delegation import BayesianDelegation
from prosocial.agents.mind.delegation.models import MODELS, RELEASED, DelegationConfig, model
from prosocial.agents.partners import Population, RememberingPartner, make_partner
from prosocial.agents.partners.delegation import Cook
from prosocial.envs.engine import Batch, ConfigError, build

# Sizes of the released code's lists before pruning, by sub-tasks: two agents, two without sharing,
# three agents, three without sharing.
SIZES = {3: (16, 12, 117, 33), 6: (49, 42, 774, 228), 9: (100, 90, 2457, 747)}


class TestAllocations:
    @pytest.mark.parametrize("count", SIZES)
    def test_as_many_as_the_released_code_lists(self, count):
        listed = [
            len(released_allocations(agents, count, joint))
            for agents in (2, 3)
            for joint in (True, False)
        ]
        assert tuple(listed) == SIZES[count]

    def test_ours_are_those_of_the_released_code_each_once(self):
        for agents in (2, 3):
            ours = {tuple(row) for row in allocations(agents, 3).tolist()}
            theirs = set()
            for parts in released_allocations(agents, 3):
                row = [-1] * agents
                for task, members in parts:
                    for agent in members:
                        row[agent] = task
                theirs.add(tuple(row))
            assert theirs - {(-1,) * agents} == ours

    def test_nobody_alone_shares_and_no_three_share(self):
        rows = allocations(4, 2)
        assert all(max(list(r).count(t) for t in (0, 1)) <= 2 for r in rows)
        assert (allocations(3, 4, joint=False)[:, :, None] == np.arange(4)).sum(1).max() == 1
        assert own_allocations(3, 2, 1).tolist() == [[-1, 0, -1], [-1, 1, -1]]
        assert pairs(3).tolist() == [[0, 1], [0, 2], [1, 2]]

    def test_wrong_numbers_are_named(self):
        with pytest.raises(ConfigError, match="0 sub-tasks; expected at least one"):
            allocations(2, 0)
        with pytest.raises(ConfigError, match="2 or 3 agents, not 4"):
            released_allocations(4, 3)
        with pytest.raises(ConfigError, match="more than 100,000 ways"):
            allocations(4, 30)


def settle(costs, together, row, n_agents, mates):
    """Returns the prior weight of an allocation, by its definition; 0 where impossible."""
    worth = 0.0
    for task in set(row) - {-1}:
        agents = [i for i in range(n_agents) if row[i] == task]
        cost = (
            costs.alone[0, task, agents[0]]
            if len(agents) == 1
            else costs.joint[0, task, mates.index(tuple(agents))]
        )
        if cost >= kernel.IMPOSSIBLE:
            return 0.0
        worth += 1 / cost
    tasks = sorted(set(row) - {-1})
    fits = all(together[0, a, b] for k, a in enumerate(tasks) for b in tasks[k + 1 :])
    return worth if fits else 0.0


def chance(costs, chosen, beta):
    weights = np.where(costs < kernel.IMPOSSIBLE, np.exp(-beta * np.minimum(costs, 1e2)), 0.0)
    return weights[chosen] / weights.sum() if weights.any() else 0.0


@pytest.mark.parametrize(("agents", "recipe"), [(2, "salad"), (3, "tomato_lettuce")])
def test_the_posterior_is_that_of_brute_force(agents, recipe):
    world = build("kitchen", layout="partial_divider", recipes=recipe, num_agents=agents)
    mind = BayesianDelegation(world, DelegationConfig())
    batch = Batch(world, 1, seed=2)
    batch.reset()
    rng = np.random.default_rng(0)
    mates = [tuple(pair) for pair in pairs(agents).tolist()]
    rows, weights, before, updates = mind.allocations[0].tolist(), None, None, 0
    for _ in range(40):
        cooked = mind.act(batch.state, batch.last_actions, np.array([1], np.uint64))
        costs = mind.values.evaluate(batch.state)
        prior = np.array([settle(costs, costs.together, r, agents, mates) for r in rows])
        if before is None or weights is None or ((weights > 0) != (prior > 0)).any():
            weights = prior
        else:
            updates += 1
            old, did = before
            for k, row in enumerate(rows):
                for task in set(row) - {-1}:
                    who = [i for i in range(agents) if row[i] == task]
                    if len(who) == 1:
                        likely = chance(old.tries[0, task, who[0]], did[who[0]], 1.3)
                    else:
                        table = old.joint_tries[0, task, mates.index(tuple(who))]
                        likely = chance(table, 5 * did[who[0]] + did[who[1]], 1.3)
                    weights[k] *= likely if weights[k] > 0 else 1.0
                for i in range(agents):
                    if row[i] == -1:
                        weights[k] *= 0.5 if did[i] == 0 else 0.125
        expected = weights / weights.sum()
        for o in range(agents):
            assert mind.posterior[0, o] == pytest.approx(expected, abs=1e-6)
        odd = rng.integers(5, size=(1, agents))
        actions = np.where(rng.random((1, agents)) < 0.3, odd, cooked)
        state = batch.state.copy()
        batch.step(actions)
        ahead = mind.values.room.kind[state["position"] + mind.values.room.offsets[actions]]
        useful = (ahead == kernel.FLOOR) | (batch.state["held"] != state["held"])
        before = costs, np.where(useful, actions, 0)[0]
    assert updates > 10


def test_a_prior_prefers_what_is_near_and_what_is_more():
    costs = np.array([2.0, 4.0, 0.0])
    rows, groups = np.array([[0, -1], [-1, 1], [0, 1]]), np.array([[0, 2], [2, 1], [0, 1]])
    out = np.zeros(3)
    together = np.ones((2, 2), bool)
    assert beliefs.log_prior(rows, groups, together, costs, False, out) == 3
    assert np.exp(out) == pytest.approx([0.5, 0.25, 0.75])
    beliefs.log_prior(rows, groups, together, costs, True, out)
    assert np.exp(out) == pytest.approx([1, 1, 1])
    assert beliefs.log_prior(rows, groups, ~together, costs, False, out) == 2
    assert out[2] == -np.inf


def test_impossible_evidence_leaves_the_posterior():
    groups, sizes = np.array([[0], [1]]), np.ones(2)
    belief = np.log([0.25, 0.75])
    nothing = np.full(2, -np.inf)
    for rule in (beliefs.PRODUCT, beliefs.SUM):
        assert not beliefs.update(groups, sizes, nothing, rule, belief)
        assert np.exp(belief) == pytest.approx([0.25, 0.75])
    assert beliefs.update(groups, sizes, np.array([-np.inf, -1.0]), beliefs.PRODUCT, belief)
    assert np.exp(belief) == pytest.approx([0, 1])


def test_the_released_rule_adds_where_the_papers_multiplies():
    groups, sizes = np.array([[0, 1], [2, -1]]), np.array([1.0, 1.0, 2.0])
    likelihoods = np.log([0.8, 0.1, 0.3])
    belief = np.log([0.5, 0.5])
    beliefs.update(groups, sizes, likelihoods, beliefs.PRODUCT, belief)
    assert np.exp(belief) == pytest.approx(np.array([0.08, 0.3]) / 0.38)
    belief = np.log([0.5, 0.5])
    beliefs.update(groups, sizes, likelihoods, beliefs.SUM, belief)
    assert np.exp(belief) == pytest.approx(np.array([0.9, 0.6]) / 1.5)


def test_ties_are_broken_by_the_draw():
    belief = np.log([0.4, 0.2, 0.4])
    assert [beliefs.best(belief, draw) for draw in (0.1, 0.49, 0.51, 0.99)] == [0, 0, 2, 2]
    assert beliefs.best(np.full(3, -np.inf), 0.5) == -1


def kitchen_batch(layout="open_divider", recipes="salad", agents=2, worlds=4, seed=5, first=0):
    world = build("kitchen", layout=layout, recipes=recipes, num_agents=agents)
    batch = Batch(world, worlds, seed=seed, first=first)
    batch.reset()
    return batch


def played(cook, batch, steps=30):
    found = []
    for _ in range(steps):
        found.append(cook.act(batch))
        batch.step(found[-1])
    return np.array(found)


class TestLesions:
    def mind(self, name, layout="open_divider", recipes="salad"):
        batch = kitchen_batch(layout, recipes, worlds=1)
        cook = Cook(name)
        cook.act(batch)
        return cook.mind(batch, (0, 1)), batch, cook

    def test_uniform_priors_are_uniform_over_what_can_be_done(self):
        posterior = self.mind("uniform_prior")[0].posterior[0, 0]
        assert np.unique(posterior.round(9)).size == 2
        assert self.mind("bayesian_delegation")[0].posterior[0, 0].round(9).tolist() != (
            posterior.round(9).tolist()
        )

    def test_fixed_beliefs_do_not_move_and_others_do(self):
        for name, moves in (("fixed_beliefs", False), ("bayesian_delegation", True)):
            mind, batch, cook = self.mind(name)
            before = mind.posterior.copy()
            batch.step(np.array([[4, 0]]))  # nothing becomes possible or impossible
            cook.act(batch)
            assert (np.abs(mind.posterior - before).max() > 1e-3) == moves

    def test_divide_and_conquer_never_shares(self):
        rows = self.mind("divide_and_conquer")[0].allocations[0]
        assert not ((rows[:, 0] == rows[:, 1]) & (rows[:, 0] >= 0)).any()
        rows = self.mind("bayesian_delegation")[0].allocations[0]
        assert ((rows[:, 0] == rows[:, 1]) & (rows[:, 0] >= 0)).any()

    def test_the_greedy_cook_weighs_its_own_sub_tasks_alone(self):
        mind, batch, cook = self.mind("greedy")
        assert (mind.allocations[0][:, 1] == -1).all()
        assert (mind.allocations[1][:, 0] == -1).all()
        before = mind.posterior[0, 0].copy()
        batch.step(np.array([[0, 4]]))
        cook.act(batch)
        for actions in ([0, 2], [0, 3]):  # what agent 1 does changes nothing for agent 0
            other = kitchen_batch(worlds=1)
            again = Cook("greedy")
            again.act(other)
            other.step(np.array([actions]))
            again.act(other)
            assert again.mind(other, (0, 1)).posterior[0, 0] == pytest.approx(mind.posterior[0, 0])
        assert before.sum() == pytest.approx(1)

    def test_nobody_who_does_not_share_gets_anywhere_in_the_full_divider(self):
        for name in ("divide_and_conquer", "greedy_cook"):
            batch = kitchen_batch("full_divider", "tomato")
            played(make_partner(name), batch, 99)
            assert not batch.state["delivered"].any()
            assert (batch.state["episode"] == 0).all()

    @pytest.mark.parametrize("name", MODELS)
    def test_the_released_switches_are_another_agent(self, name):
        batch, other = kitchen_batch("partial_divider"), kitchen_batch("partial_divider")
        ours = played(Cook(name), batch, 40)
        assert (played(Cook(name, **RELEASED), other, 40) != ours).any()


@pytest.mark.parametrize(
    ("recipe", "most"), [("tomato", 22), ("tomato_lettuce", 42), ("salad", 32)]
)
def test_bayesian_delegation_cooks_in_the_full_divider(recipe, most):
    batch = kitchen_batch("full_divider", recipe)
    cook = make_partner("bayesian_delegation")
    for _ in range(most):
        batch.step(cook.act(batch))
        if batch.terminated.all():
            break
    assert batch.terminated.all()


def test_actions_do_not_depend_on_the_batch():
    cook = Cook("uniform_prior", seed=3)  # breaks most ties
    together = played(cook, kitchen_batch(agents=3, worlds=4), 40)
    cook.reset(3)
    alone = played(cook, kitchen_batch(agents=3, worlds=1, first=2), 40)
    assert (together[:, 2:3] == alone).all()
    cook.reset(4)
    assert (played(cook, kitchen_batch(agents=3, worlds=4), 40) != together).any()


def test_a_restored_cook_goes_on_as_it_would_have():
    cook, batch = Cook("uniform_prior", seed=1), kitchen_batch("partial_divider")
    played(cook, batch, 7)
    saved, world = cook.state(), batch.memory()
    expected = played(cook, batch, 30)
    again, later = Cook("uniform_prior", seed=1), kitchen_batch("partial_divider")
    later.recall(world)
    again.restore(saved)
    assert (played(again, later, 30) == expected).all()
    assert Cook().state() == {}
    assert isinstance(Cook(), RememberingPartner)


def test_different_cooks_in_one_population_are_restored_too():
    def team():
        return Population([Cook("uniform_prior"), make_partner("greedy_cook")])

    cooks, batch = team(), kitchen_batch("partial_divider")
    cooks.reset(2)
    played(cooks, batch, 9)
    saved, world = cooks.state(), batch.memory()
    expected = played(cooks, batch, 30)
    again, later = team(), kitchen_batch("partial_divider")
    again.reset(2)
    later.recall(world)
    again.restore(saved)
    assert (played(again, later, 30) == expected).all()


@pytest.mark.parametrize("agents", [1, 4])
def test_one_cook_and_four_cook_too(agents):
    batch = kitchen_batch("open_divider", "tomato", agents)
    cook = make_partner("bayesian_delegation")
    for _ in range(30):
        batch.step(cook.act(batch))
        if batch.terminated.any():
            break
    assert batch.terminated.any()


def test_a_new_episode_begins_without_memory():
    batch = kitchen_batch("full_divider", "tomato", worlds=2)
    cook = make_partner("bayesian_delegation")
    first = played(cook, batch, 60)
    length = int(np.flatnonzero((first != first[0]).any((1, 2)))[-1])
    assert length > 0
    assert (batch.state["episode"] >= 2).all()


def test_what_is_believed_can_be_read():
    batch = kitchen_batch("open_divider", "tomato", worlds=1)
    cook = Cook()
    cook.act(batch)
    mind = cook.mind(batch, (0, 1))
    names = mind.explain()
    assert len(names) == mind.posterior.shape[-1] == 15
    assert "Chop(tomato), none" in names
    assert mind.posterior.sum(-1) == pytest.approx(np.ones((1, 2)))
    assert mind.guesses.shape == (1, 2, 2)


def test_in_a_corridor_one_gives_way():
    layout = """
        -t--/-
        p1..2*
        --.---
        ------
    """
    world = build("kitchen", layout=layout, recipes="tomato")
    mind = BayesianDelegation(world, DelegationConfig(joint=False))
    room, width = mind.values.room, int(world.params[0]["width"])
    left, right = width * 2 + 2, width * 2 + 5
    ways = np.full((2, acting.HORIZON + 1), acting.GONE)
    ways[1, :4] = [right, right - 1, right - 2, right - 3]
    field = np.full(room.kind.size, kernel.IMPOSSIBLE)
    for k, cell in enumerate(range(left, right + 1)):
        field[cell] = 1.1 * (4 - k)
    field[left + 1 + width] = 1.1 * 4
    worth = np.zeros((2, room.kind.size))
    action, cost = acting.respond(room, field, True, left + 1, ways, worth)
    assert action == 2  # south, into the niche, until the other has passed
    assert cost > field[left + 1]


class TestBadInput:
    def test_an_unknown_model(self):
        with pytest.raises(ConfigError, match="no model 'bayes' of delegation"):
            model("bayes")

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"prior": "flat"}, "prior is 'flat'; expected one of spatial, uniform"),
            ({"beta": 0}, "beta is 0; expected a finite number above 0"),
            ({"beta": float("inf")}, "beta is inf; expected a number >= 0"),
            ({"likelihood": "sum"}, "expected one of product, released"),
            ({"level": 2}, "level is 2; expected an integer in"),
            ({"others": False}, "expected True, unless joint is False and level is 0"),
            ({"idel": "aside"}, "no option 'idel'. Did you mean 'idle'"),
        ],
    )
    def test_a_wrong_option(self, options, message):
        with pytest.raises(ConfigError, match=message):
            Cook(**options)

    def test_another_world(self):
        batch = Batch(build("helping_grid"), 1)
        batch.reset()
        with pytest.raises(ConfigError, match="Cook acts in world 'kitchen'"):
            Cook().act(batch)

    def test_an_unknown_agent(self):
        with pytest.raises(ConfigError, match=r"agents is \[2\]; expected different numbers"):
            BayesianDelegation(build("kitchen"), DelegationConfig(), [2])
