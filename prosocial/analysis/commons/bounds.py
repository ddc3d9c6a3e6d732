"""The most that a harvest map can yield, derived from its geometry and its regrowth table.

An empty apple site sprouts with a probability that depends on the number of live sites around it,
so a patch regrows fastest half-eaten. The largest expected regrowth per step over all states of
all patches, times the steps, plus the apples at the start, bounds what any population can eat on
average: a normaliser that tells a sustained commons from one that was eaten up.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse.csgraph import connected_components

from prosocial.envs.engine.errors import ConfigError

MELTINGPOT_OPEN = (0.0, 0.0025, 0.005, 0.025)
"""Sprouting probability by live neighbours, 3 standing for 3 and more: Melting Pot 2,
commons_harvest__open (configuration in the repository)."""

MELTINGPOT_CLOSED = (0.0, 0.001, 0.005, 0.025)
"""The same of commons_harvest__closed and __partnership, and of SocialJax's harvest worlds."""

HUGHES = (0.0, 0.005, 0.02, 0.05)
"""The same of Hughes et al. 2018 (arXiv 1803.08884)."""

RADIUS = 2.0
"""Radius of the neighbourhood in cells, Euclidean: 12 neighbours (Melting Pot 2)."""

LARGEST_PATCH = 16
"""Sites of the largest patch that is searched: 65,536 states, some tens of milliseconds."""

# Six patches of Melting Pot's commons_harvest (all variants): four diamonds |dr| + |dc| <= 2 around
# the centres, and a right triangle of rows of 3, 2 and 1 sites in either upper corner.
_DIAMONDS = ((3, 8), (3, 15), (8, 3), (8, 20))
_OFFSETS = tuple(
    (row, column) for row in range(-2, 3) for column in range(-2, 3) if abs(row) + abs(column) <= 2
)
_TRIANGLES = tuple(
    (1 + row, start + step * column)
    for start, step in ((1, 1), (22, -1))
    for row in range(3)
    for column in range(3 - row)
)
MELTINGPOT_SITES: tuple[tuple[int, int], ...] = (
    *((r + dr, c + dc) for r, c in _DIAMONDS for dr, dc in _OFFSETS),
    *_TRIANGLES,
)
"""The 64 apple sites (row, column) of Melting Pot's commons_harvest maps, all live at the start."""


def apple_sites(layout: str) -> tuple[tuple[int, int], ...]:
    """Apple sites of an ASCII map of `commons_harvest`.

    Args:
        layout: A map as the world takes it: ``A`` is a site with an apple at the start, ``a`` one
            without.

    Returns:
        (row, column) of each site, row by row.
    """
    rows = textwrap.dedent(layout).strip("\n").splitlines()
    return tuple(
        (r, c) for r, row in enumerate(rows) for c, symbol in enumerate(row) if symbol in "Aa"
    )


def regrowth_bound(
    sites: Sequence[tuple[int, int]], table: Sequence[float], radius: float = RADIUS
) -> float:
    """The largest expected number of apples that can sprout in one step.

    Sites within the radius of each other are neighbours; patches, which no neighbourhood joins, are
    searched one by one over all their states.

    Args:
        sites: (row, column) of each apple site.
        table: Sprouting probability by number of live neighbours; the last entry stands for all
            larger numbers.
        radius: Euclidean radius of the neighbourhood in cells.

    Returns:
        Apples per step. Melting Pot's maps: 4 * 0.200 + 2 * 0.055 = 0.91 with either table.

    Raises:
        ConfigError: If there is no site, a probability is outside of [0, 1], or a patch has more
            than `LARGEST_PATCH` sites: for such a map no bound is derived.
    """
    if not sites or not table or not all(0.0 <= chance <= 1.0 for chance in table):
        raise ConfigError(
            f"regrowth_bound got {len(sites)} sites and the table {tuple(table)}; expected at "
            "least one of each, and probabilities from 0 to 1."
        )
    places = np.asarray(sites, dtype=np.float64)
    squares = ((places[:, None] - places[None]) ** 2).sum(axis=-1)
    near = (squares <= radius**2) & (squares > 0.0)
    _, labels = connected_components(near, directed=False)
    sizes = np.bincount(labels)
    if sizes.max() > LARGEST_PATCH:
        raise ConfigError(
            f"the map has a patch of {sizes.max()} apple sites; a bound is derived for patches of "
            f"at most {LARGEST_PATCH}. Compare returns on it without normalising."
        )
    # Patches of one shape come again and again; each shape is searched once.
    found: dict[bytes, float] = {}
    total = 0.0
    for label in range(len(sizes)):
        patch = near[np.ix_(labels == label, labels == label)]
        shape = patch.tobytes()
        if shape not in found:
            found[shape] = _fastest(patch, np.asarray(table, np.float64))
        total += found[shape]
    return total


def harvest_bound(
    steps: ArrayLike,
    sites: Sequence[tuple[int, int]] = MELTINGPOT_SITES,
    table: Sequence[float] = MELTINGPOT_OPEN,
    radius: float = RADIUS,
    initial: int | None = None,
) -> NDArray[np.float64]:
    """Upper bound of the expected number of apples that a group can eat in an episode.

    Formula: ``initial + regrowth_bound * T``; for Melting Pot's maps ``64 + 0.91 T``, which is 974
    for 1000 steps, 139 for each of seven agents.

    Args:
        steps: ``T``, any shape, not negative.
        sites: (row, column) of each apple site; the default are Melting Pot's.
        table: Sprouting probability by number of live neighbours, as in `regrowth_bound`.
        radius: Euclidean radius of the neighbourhood in cells.
        initial: Apples at the start; None is one on every site.

    Returns:
        Apples of the whole group, shape of steps.

    Raises:
        ConfigError: If no bound is derived for the map (see `regrowth_bound`), or a number of
            steps or apples is out of range.
    """
    lengths = np.asarray(steps, dtype=np.float64)
    apples = len(sites) if initial is None else initial
    if (lengths < 0.0).any() or not 0 <= apples <= len(sites):
        raise ConfigError(
            f"harvest_bound got {apples} apples at the start on {len(sites)} sites and at least "
            f"{lengths.min():g} steps; expected 0 to {len(sites)} apples and 0 steps or more."
        )
    return apples + regrowth_bound(sites, table, radius) * lengths


def normalized_harvest(
    totals: ArrayLike,
    steps: ArrayLike,
    sites: Sequence[tuple[int, int]] = MELTINGPOT_SITES,
    table: Sequence[float] = MELTINGPOT_OPEN,
    radius: float = RADIUS,
) -> NDArray[np.float64]:
    """Apples eaten by the group as a share of the derived upper bound.

    Args:
        totals: Apples eaten by all agents in an episode, any shape.
        steps: Length of the episode, same shape or one number.
        sites: As in `harvest_bound`.
        table: As in `harvest_bound`.
        radius: As in `harvest_bound`.

    Returns:
        Shares; the mean over episodes lies in [0, 1], a lucky episode may exceed 1. Eating up
        Melting Pot's map at once gives 0.066 of 1000 steps.
    """
    eaten = np.asarray(totals, dtype=np.float64)
    return eaten / harvest_bound(steps, sites, table, radius)


def _fastest(near: NDArray[np.bool_], table: NDArray[np.float64]) -> float:
    """Largest expected regrowth per step over all 2^n states of one patch, ``near`` (n, n)."""
    count = len(near)
    alive = (np.arange(2**count, dtype=np.int64)[:, None] >> np.arange(count)) & 1
    alive = alive.astype(np.float32)
    neighbours = (alive @ near.astype(np.float32)).astype(np.int64)
    chances = table[np.minimum(neighbours, len(table) - 1)]
    return float((chances * (1.0 - alive)).sum(axis=1).max())
