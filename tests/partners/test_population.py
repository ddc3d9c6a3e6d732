"""Partners by name, and different partners for different agents."""

from __future__ import annotations

import numpy as np
import pytest

from prosocial import make_batch
from prosocial.agents.partners import (
    IdlePartner,
    Partner,
    Population,
    RandomPartner,
    make_partner,
    partner_entry,
    partners,
    register_partner,
)
from prosocial.envs.engine import ConfigError


class Constant:
    """Acts for all agents alike; counts how often it is asked."""

    def __init__(self, action):
        self.action, self.asked, self.seed = action, 0, None

    def reset(self, seed):
        self.seed = seed

    def act(self, batch):
        self.asked += 1
        return np.full((batch.num_worlds, batch.num_agents), self.action)


@pytest.fixture(scope="module")
def batch():
    made = make_batch("commons_harvest", 2, seed=1)
    made.reset()
    return made


def test_each_agent_has_its_partner(batch):
    one, two = Constant(1), Constant(2)
    population = Population([one, two, one, one, two, IdlePartner(), one])
    actions = population.act(batch)
    assert actions.dtype == np.int64
    np.testing.assert_array_equal(actions, [[1, 2, 1, 1, 2, 0, 1]] * 2)
    assert (one.asked, two.asked) == (1, 1)  # once for all of its slots
    assert isinstance(population, Partner)


def test_slots_by_number(batch):
    population = Population({4: Constant(4), 1: Constant(1)})
    np.testing.assert_array_equal(population.act_for(batch, [4, 1]), [[4, 1]] * 2)
    assert list(population.slots) == [1, 4]


@pytest.mark.parametrize(
    ("slots", "message"),
    [
        ({0: Constant(0), 3: Constant(0)}, "without a partner: 1, 2, 4, 5, 6; without an agent: n"),
        ([Constant(0)] * 9, "without a partner: none; without an agent: 7, 8"),
    ],
)
def test_every_agent_needs_a_partner_and_every_partner_an_agent(batch, slots, message):
    with pytest.raises(ConfigError, match=message):
        Population(slots).act(batch)


@pytest.mark.parametrize("slots", [{}, [], {-1: Constant(0)}, {"agent_0": Constant(0)}])
def test_slots_are_numbers_of_agents(slots):
    with pytest.raises(ConfigError, match="by number of the agent"):
        Population(slots)


def test_partners_have_random_numbers_of_their_own():
    made = make_batch("commons_harvest", 200, seed=1)
    made.reset()
    population = Population({k: RandomPartner() for k in range(7)})
    population.reset(5)
    taken = population.act(made)
    for other in range(1, 7):
        assert abs((taken[:, 0] == taken[:, other]).mean() - 1 / 8) < 0.1
    population.reset(5)
    np.testing.assert_array_equal(taken, population.act(made))
    population.reset(6)
    assert not np.array_equal(taken, population.act(made))


def test_a_saved_memory_gives_the_same_actions():
    made = make_batch("commons_harvest", 2, seed=1)
    made.reset()

    def mixed():
        guard, greedy = make_partner("good_partner"), make_partner("zapping_harvester")
        return Population([guard, greedy, guard, greedy, RandomPartner(), guard, greedy])

    whole, resumed = mixed(), mixed()
    for population in (whole, resumed):
        population.reset(3)
    for step in range(80):
        actions = whole.act(made)
        if step == 40:
            resumed.restore(whole.state())
        if step > 40:
            np.testing.assert_array_equal(resumed.act(made), actions)
        made.step(actions)
    assert whole.state()


def test_names_lead_to_partners():
    assert {"random", "greedy_harvester", "restrained_harvester", "policy"} <= set(partners())
    assert "altruist_cleaner" not in partners("commons_harvest")
    assert "random" in partners("caregiver_grid")
    needed = {"fixed_demand": {"amount": 5}, "fraction_demand": {"share": 0.1}}
    for name in set(partners()) - {"policy"}:
        partner = make_partner(name, **needed.get(name, {}))
        assert isinstance(partner, Partner)
        assert partner_entry(name).description
        for world in partner_entry(name).worlds:
            made = make_batch(world, 1)
            made.reset()
            made.step(partner.act(made))


def test_options_replace_those_of_the_name(batch):
    restrained, greedy = make_partner("restrained_harvester", least=0), "greedy_harvester"
    np.testing.assert_array_equal(restrained.act(batch), make_partner(greedy).act(batch))


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("greedy_harvster", {}, "no partner named 'greedy_harvster'. Did you mean 'greedy_harv"),
        ("greedy_harvester", {"leest": 1}, "no option 'leest'. Did you mean 'least'"),
        ("idle", {"seed": 1}, "no option 'seed'. It has none"),
        ("policy", {}, "missing a required argument: 'run'"),
        ("policy", {"run": "nowhere"}, "nowhere holds no policy"),
    ],
)
def test_wrong_names_and_options(name, options, message):
    with pytest.raises(ConfigError, match=message):
        make_partner(name, **options)


def test_a_name_is_taken_once():
    with pytest.raises(ConfigError, match="already registered"):
        register_partner("random", IdlePartner, (), "")
