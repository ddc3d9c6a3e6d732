"""A partner who infers whether the others are greedy, and answers in kind."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from prosocial.agents.partners import BayesianReciprocator, Population, make_partner
from prosocial.agents.partners.bayesian import majority_probability, probability_greedy
from prosocial.agents.scenarios import get_scenario, play_episodes
from prosocial.envs.engine import Batch, ConfigError, build


def begun(world: str = "commons_harvest", num_worlds: int = 4, **config) -> Batch:
    batch = Batch(build(world, **config), num_worlds, seed=1)
    batch.reset()
    return batch


def sparse_apples_eaten(partner: str, others: str, steps: int = 150, **options) -> np.ndarray:
    """Returns what agent 0 ate against restraint in each step, (steps,), summed over worlds."""
    batch = begun(num_worlds=8)
    first = make_partner(partner, **options)
    population = Population([first, *[make_partner(others)] * 6])
    eaten = []
    for _ in range(steps):
        batch.step(population.act(batch))
        events = batch.events[:, 0]
        eaten.append(((events["ate"] > 0) & (events["ate_neighbours"] < 2)).sum())
    return np.array(eaten)


def test_the_majority_is_counted_exactly():
    rng = np.random.default_rng(0)
    greedy = rng.random((3, 5, 5)) * ~np.eye(5, dtype=bool)
    found = majority_probability(greedy)
    for world, observer in np.ndindex(3, 5):
        p = np.delete(greedy[world, observer], observer)
        wanted = sum(
            np.prod(np.where(who, p, 1 - p))
            for who in itertools.product([False, True], repeat=4)
            if sum(who) > 2
        )
        assert found[world, observer] == pytest.approx(wanted, abs=1e-12)


def test_among_the_restrained_it_is_restrained_and_among_the_greedy_it_turns_greedy():
    # Even the restrained take such an apple when another eats its neighbour in the same step.
    slips = sparse_apples_eaten("restrained_harvester", "restrained_harvester").sum()
    among_restrained = sparse_apples_eaten("bayesian_reciprocator", "restrained_harvester").sum()
    among_greedy = sparse_apples_eaten("bayesian_reciprocator", "greedy_harvester", 60)
    slips_there = sparse_apples_eaten("restrained_harvester", "greedy_harvester", 60).sum()
    assert among_restrained <= slips + 4
    assert among_greedy[:4].sum() == 0  # it begins restrained
    assert among_greedy.sum() > 2 * slips_there + 4


@pytest.mark.parametrize(("num_greedy", "provoked"), [(1, False), (4, True)])
def test_a_majority_provokes_it_a_single_one_does_not(num_greedy, provoked):
    batch = begun(num_worlds=8)
    slots = ["bayesian_reciprocator", *["greedy_harvester"] * num_greedy]
    slots += ["restrained_harvester"] * (7 - len(slots))
    population = Population([make_partner(name) for name in slots])
    for _ in range(50):
        batch.step(population.act(batch))
    mind = population.slots[0]._minds["commons_harvest"].look(batch)  # type: ignore[attr-defined]
    believed = majority_probability(probability_greedy(mind, batch))[:, 0]
    assert ((believed > 0.8) == provoked).mean() >= 7 / 8


def test_the_punisher_zaps_the_greedy_and_spares_the_others():
    batch = begun(num_worlds=8)
    slots = ["bayesian_punisher", *["greedy_harvester"] * 5, "restrained_harvester"]
    population = Population([make_partner(name) for name in slots])
    hits = np.zeros(7)
    for _ in range(80):
        batch.step(population.act(batch))
        hits += batch.events["zapped"].sum(0)
    assert hits[1:6].sum() > 10
    assert hits[0] == 0
    assert hits[6] < 0.1 * hits[1:6].mean() + 2  # taken for a greedy one at first, perhaps


@pytest.mark.parametrize("world", ["fishery", "pasture", "pollution"])
def test_in_a_fishery_it_answers_a_greedy_majority(world):
    batch = begun(world, 4, num_agents=3, collapse_below=0)
    partner = make_partner("bayesian_reciprocator")
    population = Population(
        [partner, make_partner("fraction_demand", share=0.5), make_partner("fraction_demand",
                                                                            share=0.5)]
    )  # fmt: skip
    first = population.act(batch)
    assert (first[:, 0] == batch.state["threshold"]).all()
    batch.step(first)
    batch.step(population.act(batch))
    stock = batch.state["stock"].copy()
    assert (population.act(batch)[:, 0] == stock).all()
    # Among the sustainable it goes on taking its share, to the last round.
    batch = begun(world, 4, num_agents=3)
    population = Population([make_partner("bayesian_reciprocator")] * 3)
    rows = play_episodes(batch, population)
    assert (rows["length"] == 12).all()
    assert (rows["stock_final"] > 0).all()


def test_episodes_begin_with_the_prior():
    batch = begun("fishery", 2, num_agents=3)
    partner = make_partner("bayesian_reciprocator")
    population = Population([partner, *[make_partner("greedy_demand")] * 2])
    for _ in range(5):  # the greedy end each episode in its first round
        actions = population.act(batch)
        assert (actions[:, 0] == batch.state["threshold"]).all()
        batch.step(actions)
        assert batch.done.all()


def test_its_memory_can_be_saved_and_restored():
    slots = ["bayesian_reciprocator", *["greedy_harvester"] * 3, *["restrained_harvester"] * 3]

    def population() -> Population:
        return Population([make_partner(name) for name in slots])

    batch, straight = begun(num_worlds=3), population()
    straight.reset(5)
    assert make_partner("bayesian_reciprocator").state() == {}  # type: ignore[attr-defined]
    for _ in range(12):
        batch.step(straight.act(batch))
    saved, memory = batch.memory(), straight.state()
    went_on = []
    for _ in range(15):
        went_on.append(straight.act(batch))
        batch.step(went_on[-1])
    other, resumed = begun(num_worlds=3), population()
    other.recall(saved)
    resumed.reset(5)
    resumed.restore(memory)
    assert resumed.state().keys() == memory.keys()  # before it has acted again, too
    for actions in went_on:
        np.testing.assert_array_equal(resumed.act(other), actions)
        other.step(actions)


def test_a_world_alone_acts_as_in_a_batch():
    def played(num_worlds: int, first: int) -> np.ndarray:
        batch = Batch(build("commons_harvest"), num_worlds, seed=3, first=first)
        batch.reset()
        partner = BayesianReciprocator(seed=2)
        for _ in range(20):
            batch.step(partner.act(batch))
        return batch.get_state()

    np.testing.assert_array_equal(played(1, 2)[0], played(3, 0)[2])


@pytest.mark.parametrize(
    ("scenario", "name"),
    [
        ("commons_harvest_reciprocity_0", "bayesian_reciprocator"),
        ("commons_harvest_reciprocity_1", "bayesian_punisher"),
        ("fishery_4", "bayesian_reciprocator"),
    ],
)
def test_it_has_scenarios(scenario, name):
    assert set(get_scenario(scenario).background.values()) == {name}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"threshold": 1.0}, "threshold=1.0"),
        ({"response": "gredy"}, "Did you mean 'greedy'"),
        ({"least": -1}, "least=-1"),
        ({"beta": 0.0}, "beta"),
    ],
)
def test_bad_arguments(options, message):
    with pytest.raises(ConfigError, match=message):
        BayesianReciprocator(**options)


def test_it_refuses_worlds_that_it_does_not_know():
    with pytest.raises(ConfigError, match="acts in world"):
        BayesianReciprocator().act(begun("clean_up", 1))
    with pytest.raises(ConfigError, match="acts in world"):
        BayesianReciprocator(response="punish").act(begun("fishery", 1))
    with pytest.raises(ConfigError, match="sight is 'x'"):
        BayesianReciprocator(sight="x").act(begun("fishery", 1))
