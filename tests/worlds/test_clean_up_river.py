"""The river and the orchard of clean_up: dirt that appears, apples that grow by it, the maps."""

from math import comb

import numpy as np
import pytest

from prosocial.envs.engine import Batch, LayoutError
from prosocial.envs.worlds.avatars import Cell
from prosocial.envs.worlds.avatars.codes import BODY
from prosocial.envs.worlds.clean_up import CleanUpConfig, build
from prosocial.envs.worlds.clean_up.layouts import LAYOUTS
from prosocial.envs.worlds.clean_up.world import growth, inflow

NOOP = 0
SITES, DIRT = 122, 147  # of Melting Pot's map


def orchard(waste, num_worlds=400, **config):
    """Returns worlds on Melting Pot's map with ``waste`` dirty sites, as nobody cleans."""
    batch = Batch(build(CleanUpConfig(**config)), num_worlds, seed=waste)
    batch.reset()
    state, params = batch.state, batch.world.params[0]
    order = np.random.default_rng(waste).permutation(params["dirt_sites"])
    clean, dirty = order[: order.size - waste], order[order.size - waste :]
    for grid in ("ground", "cells"):
        state[grid][:, clean], state[grid][:, dirty] = Cell.WATER, Cell.WASTE
    state["waste"], state["clean_sites"] = waste, order
    return batch


def idle(batch, steps=1):
    """Steps with nobody doing anything."""
    for _ in range(steps):
        batch.step(np.full((batch.num_worlds, batch.num_agents), NOOP))


def close(mean, probability, trials):
    """Whether a frequency lies within four standard deviations of its probability."""
    return abs(mean - probability) <= 4 * np.sqrt(probability * (1 - probability) / trials)


@pytest.mark.parametrize("waste", [0, 10, 30, 50, 57, 58, 59, 79, DIRT])
def test_growth_is_linear_in_the_pollution(waste):
    batch = orchard(waste, dirt_probability=0.0)
    expected = max(0.0, 0.05 * (0.4 - waste / DIRT) / 0.4)
    idle(batch)
    first = batch.state["stock"].copy()
    trials = first.size * SITES
    assert close(first.sum() / trials, expected, trials)
    idle(batch)  # a site that has an apple draws no more
    trials = (SITES - first).sum()
    assert close((batch.state["stock"] - first).sum() / trials, expected, trials)


def test_the_first_apple_takes_21_cleaned_cells():
    params = build(CleanUpConfig()).params[0]
    dirty = int(params["num_dirty"])
    pollution = (dirty - np.arange(dirty + 1)) / params["num_dirt"]
    assert np.flatnonzero(growth(CleanUpConfig(), pollution))[0] == 21
    for cleaned, any_apple in ((20, False), (21, True)):
        batch = orchard(dirty - cleaned, num_worlds=64, dirt_probability=0.0)
        idle(batch, 60)
        assert bool(batch.state["stock"].any()) == any_apple


@pytest.mark.parametrize(("preset", "fewest"), [("socialjax", 13), ("ssd", 9), ("hughes", 9)])
def test_cells_to_clean_before_the_first_apple_of_other_presets(preset, fewest):
    params = build(CleanUpConfig(preset=preset)).params[0]
    grows = params["log_no_apple"] < 0
    assert params["num_dirty"] - np.flatnonzero(grows).max() == fewest


def test_sites_grow_independently_and_alike():
    """The number of new apples is binomial; sites and pairs of neighbours have no preference."""
    batch = orchard(0, num_worlds=4000, dirt_probability=0.0)
    sites = batch.world.params[0]["sites"]
    idle(batch)
    apples = batch.state["ground"][:, sites] == Cell.APPLE
    assert np.array_equal(apples.sum(axis=1), batch.state["stock"])
    counts = np.bincount(batch.state["stock"], minlength=15)
    for k in range(15):
        probability = comb(SITES, k) * 0.05**k * 0.95 ** (SITES - k)
        assert close(counts[k] / 4000, probability, 4000), k
    deviation = (apples.mean(axis=0) - 0.05) / np.sqrt(0.05 * 0.95 / 4000)
    assert np.abs(deviation).max() < 4.5
    assert 0.6 < deviation.var() < 1.5
    both = (apples[:, 1:] & apples[:, :-1]).mean()
    assert close(both, 0.05**2, 4000 * (SITES - 1))


@pytest.mark.parametrize("probability", [0.0, 1.0])
def test_growth_never_and_for_sure(probability):
    batch = orchard(0, 4, apple_probability=probability, dirt_probability=0.0)
    idle(batch)
    assert (batch.state["stock"] == SITES * probability).all()
    idle(batch)
    assert (batch.state["stock"] == SITES * probability).all()


def test_growth_goes_by_the_river_before_new_dirt():
    # At 58 dirty sites apples grow, at 59 not: each step adds one, so only the first one grows.
    batch = orchard(58, 600, dirt_probability=1.0, dirt_delay=0)
    idle(batch)
    first = batch.state["stock"].copy()
    trials = 600 * SITES
    assert first.any()
    assert close(first.sum() / trials, 0.05 * (0.4 - 58 / DIRT) / 0.4, trials)
    idle(batch, 5)
    assert np.array_equal(batch.state["stock"], first)


@pytest.mark.parametrize(("depletion", "restoration"), [(0.4, 0.0), (0.6, 0.2), (1.0, 0.5)])
def test_thresholds(depletion, restoration):
    config = CleanUpConfig(depletion=depletion, restoration=restoration)
    middle = (depletion + restoration) / 2
    found = growth(config, np.array([0, restoration, middle, depletion, 1.0]))
    assert np.allclose(found, [0.05, 0.05, 0.025, 0, 0])


def test_no_dirt_appears_for_fifty_steps_and_then_in_half_of_them():
    batch = orchard(20, num_worlds=300)
    idle(batch, 50)
    assert (batch.state["waste"] == 20).all()
    idle(batch, 40)
    new = batch.state["waste"] - 20
    assert close(new.sum() / (300 * 40), 0.5, 300 * 40)
    assert 0.7 < new.var() / (40 * 0.25) < 1.4  # each step by itself
    assert np.array_equal((batch.state["ground"] == Cell.WASTE).sum(axis=1), batch.state["waste"])


def test_dirt_appears_on_every_clean_site_alike():
    batch = orchard(DIRT - 7, num_worlds=2000, dirt_delay=0, dirt_probability=1.0)
    clean = batch.state["clean_sites"][0, :7].copy()
    batch.state["cells"][:, clean[0]] = BODY  # somebody stands there
    idle(batch)
    dirty = batch.state["ground"][:, clean] == Cell.WASTE
    assert (dirty.sum(axis=1) == 1).all()
    assert all(close(share, 1 / 7, 2000) for share in dirty.mean(axis=0))
    assert (batch.state["cells"][:, clean[0]] == BODY).all()


def test_a_full_river_stays_full():
    batch = orchard(DIRT, 3, dirt_delay=0, dirt_probability=1.0)
    idle(batch, 3)
    assert (batch.state["waste"] == DIRT).all()


def test_a_limit_ends_the_inflow():
    batch = orchard(50, 3, dirt_delay=0, dirt_probability=1.0, dirt_limit=0.4)
    idle(batch, 30)
    assert (batch.state["waste"] == 59).all()  # the first number not below 0.4 * 147


def test_one_draw_a_site_makes_dirt_nearly_sure():
    config = CleanUpConfig(dirt_draws="site", dirt_probability=0.5)
    assert np.allclose(inflow(config, np.zeros(4), np.array([0, 1, 2, 5])), [0, 0.5, 0.75, 31 / 32])
    for clean, expected in ((1, 0.5), (2, 0.75)):
        batch = orchard(DIRT - clean, 1500, dirt_draws="site", dirt_delay=0)
        idle(batch)
        assert close((batch.state["waste"] - DIRT + clean).mean(), expected, 1500)


COUNTS = {  # rows, columns, apple sites, dirty and clean sites, other water, spawn cells
    "meltingpot": (21, 30, 122, 79, 68, 20, 19),
    "ssd": (25, 18, 103, 56, 63, 12, 10),
    "socialjax": (19, 28, 122, 79, 68, 20, 19),
}


@pytest.mark.parametrize("name", COUNTS)
def test_the_counts_of_the_maps(name):
    rows = LAYOUTS[name].split()
    text = "".join(rows)
    counts = (text.count("a"), *(text.count(symbol) for symbol in "Ww~P"))
    assert (len(rows), len(rows[0]), *counts) == COUNTS[name]
    assert "A" not in text  # no apple at the start
    assert "Q" not in text


def cells(name, symbols):
    """Returns rows and columns of the cells with some symbols."""
    grid = np.array([list(row) for row in LAYOUTS[name].split()])
    return np.argwhere(np.isin(grid, list(symbols)))


def test_the_regions_of_melting_pots_map():
    grid = np.array([list(row) for row in LAYOUTS["meltingpot"].split()])
    assert (grid[[0, -1]] == "#").all()
    assert (grid[:, [0, -1]] == "#").all()
    assert np.isin(grid[1:6, 1:-1], ["W", "w"]).all()  # the river
    below = cells("meltingpot", "Ww~")
    channel = below[below[:, 0] > 6]
    assert set(channel[:, 0]) == set(range(7, 16))
    assert channel[:, 1].min() >= 19
    assert channel[:, 1].max() <= 22
    apples = cells("meltingpot", "a")
    assert (apples[:, 0] == 15).sum() == 12
    assert np.isin(apples[:, 0], range(16, 20)).sum() == 110
    spawns = cells("meltingpot", "P")
    assert set(spawns[:, 0]) <= set(range(7, 15))  # between river and orchard
    assert (
        LAYOUTS["socialjax"].split() == [row[1:-1] for row in LAYOUTS["meltingpot"].split()][1:-1]
    )


def test_the_regions_of_the_ssd_map():
    assert cells("ssd", "Ww")[:, 1].max() == 6  # the river
    stream = cells("ssd", "~")
    assert set(stream[:, 0]) == {8, 9}
    assert sorted(set(stream[:, 1])) == list(range(7, 13))
    assert cells("ssd", "a")[:, 1].min() == 12  # the last five columns
    assert (cells("ssd", "#") % [24, 17] == 0).any(axis=1).all()  # only the border


@pytest.mark.parametrize(("name", "sites", "dirty"), [("meltingpot", 147, 79), ("ssd", 119, 56)])
def test_dirt_is_spread_evenly(name, sites, dirty):
    symbols = [symbol for symbol in "".join(LAYOUTS[name].split()) if symbol in "Ww"]
    assert len(symbols) == sites
    made = ["w" if (k + 1) * dirty // sites == k * dirty // sites else "W" for k in range(sites)]
    assert symbols == made


@pytest.mark.parametrize("preset", ["meltingpot", "ssd", "socialjax", "hughes"])
def test_river_bank_and_orchard_are_connected(preset):
    """Every apple site and a cell from which a beam reaches dirt can be walked to."""
    world = build(CleanUpConfig(preset=preset))
    params = world.params[0]
    enterable = params["enterable"][params["blank"]].astype(bool)
    reached = np.zeros(enterable.size, bool)
    pending = list(params["spawns"][: params["num_spawns"]])
    while pending:
        cell = pending.pop()
        if enterable[cell] and not reached[cell]:
            reached[cell] = True
            pending += [cell + offset for offset in params["offsets"]]
    assert reached[params["sites"]].all()
    near = reached[params["dirt_sites"][:, None] + params["offsets"]].any(axis=1)
    assert near.sum() >= 20


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("#####\n#aWP#\n#.x.#\n#####", "Unknown symbol 'x' in row 3, column 3"),
        ("#####\n#aWP#\n#####\n####", "ragged"),
        ("####\n#aW#\n####", "no spawn cell"),
        ("#####\n#aWP#\n#####", "1 spawn cells .* for 7 agents"),
        ("######\n#PPPP#\n#PPPW#\n######", "no site of apples; mark at least one cell with A or a"),
        ("######\n#PPPP#\n#PPPa#\n######", "no site of dirt; mark at least one cell with W or w"),
    ],
)
def test_maps_that_cannot_be_played(text, message):
    with pytest.raises(LayoutError, match=message):
        build(CleanUpConfig(layout=text))


def test_a_map_of_ones_own():
    world = build(CleanUpConfig(layout="PPPPPPP\nAaWw~QQ", num_agents=9))
    params = world.params[0]
    assert (params["num_live"], params["num_sites"]) == (1, 2)
    assert (params["num_dirty"], params["num_dirt"]) == (1, 2)
    assert (params["num_inner"], params["num_spawns"]) == (2, 9)
    assert len(world.agents) == 9
