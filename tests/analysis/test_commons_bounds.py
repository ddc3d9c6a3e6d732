"""The most that a harvest map yields, against the derivation's own figures and a simulation."""

import numpy as np
import pytest

from prosocial.analysis.commons import bounds
from prosocial.envs.engine.errors import ConfigError
from prosocial.envs.worlds.commons_harvest.layouts import LAYOUTS

DIAMOND = tuple((r, c) for r in range(-2, 3) for c in range(-2, 3) if abs(r) + abs(c) <= 2)
TRIANGLE = tuple((r, c) for r in range(3) for c in range(3 - r))


@pytest.mark.parametrize("table", [bounds.MELTINGPOT_OPEN, bounds.MELTINGPOT_CLOSED])
def test_melting_pots_patches(table):
    assert bounds.regrowth_bound(DIAMOND, table) == pytest.approx(0.200)
    assert bounds.regrowth_bound(TRIANGLE, table) == pytest.approx(0.055)
    assert len(set(bounds.MELTINGPOT_SITES)) == 64
    assert bounds.regrowth_bound(bounds.MELTINGPOT_SITES, table) == pytest.approx(0.91)
    np.testing.assert_allclose(
        bounds.harvest_bound([0, 1000, 1567], table=table), [64.0, 974.0, 1489.97]
    )


def test_the_table_of_hughes_doubles_the_bound_of_a_diamond():
    assert bounds.regrowth_bound(DIAMOND, bounds.HUGHES) == pytest.approx(0.400)


def test_eating_everything_at_once_is_a_small_share():
    assert bounds.normalized_harvest(64.0, 1000) == pytest.approx(64 / 974)


def test_patches_by_hand():
    # Two neighbouring sites: one live, one empty. A site beyond the radius adds nothing.
    assert bounds.regrowth_bound([(0, 0), (0, 1)], (0.0, 0.3)) == pytest.approx(0.3)
    assert bounds.regrowth_bound([(0, 0), (0, 3)], (0.0, 0.3)) == 0.0
    assert bounds.regrowth_bound([(0, 0), (0, 3)], (0.0, 0.3), radius=3.0) == pytest.approx(0.3)
    # Without any neighbour a site may still sprout, if the table says so.
    assert bounds.regrowth_bound([(0, 0)], (0.1, 0.3)) == pytest.approx(0.1)


def test_sites_of_a_map():
    assert bounds.apple_sites("\n#####\n#A.a#\n#####\n") == ((1, 1), (1, 3))


@pytest.mark.parametrize("layout", ["open", "closed", "partnership"])
def test_the_worlds_maps_have_these_sites(layout):
    sites = bounds.apple_sites(LAYOUTS[layout])
    assert set(sites) == set(bounds.MELTINGPOT_SITES)


def test_no_policy_beats_the_bound():
    """A patch kept in its best state by force yields what the search says."""
    rng = np.random.default_rng(1)
    places = np.array(TRIANGLE)
    near = ((places[:, None] - places[None]) ** 2).sum(-1)
    near = (near <= 4) & (near > 0)
    table, sprouted, steps = np.array([0.0, 0.05, 0.1, 0.5]), 0, 20_000
    best = bounds.regrowth_bound(TRIANGLE, tuple(table))
    for _ in range(steps):
        alive = rng.random(6) < 0.5  # any state at all
        chance = table[np.minimum(near @ alive.astype(int), 3)] * ~alive
        assert chance.sum() <= best + 1e-12
        sprouted += int((rng.random(6) < chance).sum())
    assert sprouted / steps < best


@pytest.mark.parametrize(
    ("sites", "table", "message"),
    [
        ([], (0.0, 0.1), "0 sites"),
        ([(0, 0)], (0.0, 1.5), "probabilities from 0 to 1"),
        ([(0, 0)], (), "at least one of each"),
        ([(0, c) for c in range(17)], (0.0, 0.1), "at most 16"),
    ],
)
def test_where_no_bound_is_derived(sites, table, message):
    with pytest.raises(ConfigError, match=message):
        bounds.regrowth_bound(sites, table)


def test_impossible_episodes_are_refused():
    with pytest.raises(ConfigError, match="0 steps or more"):
        bounds.harvest_bound(-1)
    with pytest.raises(ConfigError, match="65 apples"):
        bounds.harvest_bound(10, initial=65)
