"""The shipped scenarios, and reading one's own."""

from __future__ import annotations

import pytest

from prosocial.agents.partners import make_partner, partner_entry
from prosocial.agents.scenarios import FOCAL, get_scenario, read_scenarios, scenarios
from prosocial.envs.engine import Batch, ConfigError

# Focal agents + background agents, from the reference (Melting Pot's configuration).
SIZES = {
    "commons_harvest_open": "5+2 5+2",
    "commons_harvest_closed": "2+5 5+2 2+5 5+2",
    "commons_harvest_partnership": "1+6 5+2 1+6 5+2 2+5 2+5",
    "clean_up": "3+4 4+3 3+4 3+4 6+1 5+2 6+1 2+5 6+1 6+1 6+1 6+1 6+1 3+4 3+4 2+5 2+5 3+1 3+1 6+1 "
    "6+1 5+2 4+2",
}


@pytest.mark.parametrize("name", scenarios())
def test_it_names_existing_partners_of_its_world_and_plays(name):
    scenario = get_scenario(name)
    assert scenario.name == name
    assert scenario.description
    assert scenario.background, "without background it is no scenario"
    for partner in scenario.background.values():
        worlds = partner_entry(partner).worlds
        assert not worlds or scenario.world in worlds
    world = scenario.build()
    assert world.num_agents == len(scenario.slots)
    assert sorted([*scenario.focal, *scenario.background]) == list(range(world.num_agents))
    batch = Batch(world, 1)
    batch.reset()
    batch.step(scenario.populate(make_partner("idle")).act(batch))


def test_the_sets_of_melting_pot_are_complete():
    for stem, sizes in SIZES.items():
        found = [get_scenario(f"{stem}_{k}") for k in range(len(sizes.split()))]
        assert [f"{len(s.focal)}+{len(s.background)}" for s in found] == sizes.split()
    assert len(scenarios("fishery")) == 9
    assert len(scenarios("clean_up")) == 23
    assert len(scenarios("commons_harvest")) == 12 + 2  # two of ours


def test_no_two_scenarios_are_the_same():
    # Melting Pot shipped two that were (issue 246 there).
    found = [get_scenario(name) for name in scenarios()]
    assert len({(s.world, str(sorted(s.config.items())), s.slots) for s in found}) == len(found)


def test_the_focal_agents_come_last_where_the_source_has_them_last():
    for number in (15, 17, 20):
        assert get_scenario(f"clean_up_{number}").slots[-1] == FOCAL
    assert get_scenario("clean_up_16").slots[0] == FOCAL


def test_options_of_the_world_but_not_its_agents():
    scenario = get_scenario("clean_up_18")
    assert scenario.build(max_steps=30, min_steps=30).max_steps == 30
    with pytest.raises(ConfigError, match="clean_up_18 has 4 agents; that is fixed"):
        scenario.build(num_agents=7)
    with pytest.raises(ConfigError, match="Did you mean 'max_steps'"):
        scenario.build(max_step=30)


def test_an_unknown_name():
    with pytest.raises(
        ConfigError, match=r"no scenario named 'clean_up_23'\. Did you mean 'clean_u"
    ):
        get_scenario("clean_up_23")


MINE = """
world: commons_harvest
scenarios:
  mine:
    {}
    description: words
"""


def test_ones_own():
    (mine,) = read_scenarios(MINE.format("slots: 1 random, 2 focal,1 random"))
    assert mine.slots == ("random", FOCAL, FOCAL, "random")
    assert mine.focal == (1, 2)
    assert mine.background == {0: "random", 3: "random"}
    assert (mine.config, mine.tags) == ({}, ())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (MINE.format("slots: 2 focal, greedy_harvester"), "cannot read 'greedy_harvester'"),
        (MINE.format("slots: 2 focal, 0 random"), "cannot read '0 random'"),
        (MINE.format("slots: 2 focal, 1 greedy"), "no partner named 'greedy'"),
        (MINE.format("slots: 2 random"), "has no focal agent"),
        (MINE.format("slots: 2 focal, 1 free_rider"), "'free_rider' acts in clean_up, not in"),
        (MINE.format("slot: 2 focal"), "expected 'slots' and 'description'"),
        (MINE.format("slots: 2 focal\n    colour: red"), "expected 'slots' and 'description'"),
        ("[1, 2]", "has the keys 'world' and 'scenarios'"),
    ],
)
def test_errors(text, message):
    with pytest.raises(ConfigError, match=message):
        read_scenarios(text)
