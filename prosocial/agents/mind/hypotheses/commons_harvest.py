"""Hypotheses about the avatars of commons_harvest: how they harvest, and where they are heading."""

from __future__ import annotations

import numpy as np

from prosocial.envs.engine import ConfigError, World
from prosocial.envs.worlds.avatars.codes import APPLE, ZAP

from .commons import (
    OUT_OF_CHARACTER,
    STEPS,
    AvatarHypotheses,
    check_world,
    find_sites,
    follow_ways,
    read_beam,
    rest,
    take_aim,
    walking_steps,
    wander,
)
from .commons_kernel import FAR, NUM_ZAP_AIMS, harvest_rows, place_rows
from .sight import SIGHTS

NORMS = ("greedy", "restrained", "zapper", "guard", "wander", "idle")
SELFISH = ("greedy", "zapper")  # norms of who eats every apple


class HarvestNorms(AvatarHypotheses):
    """Kind "norms": by which rule an avatar harvests.

    | name       | what it does                                                                    |
    |------------|---------------------------------------------------------------------------------|
    | greedy     | walks to the nearest apple and eats it                                          |
    | restrained | likewise, but spares apples with fewer than ``least`` live neighbours           |
    | zapper     | greedy, and turns to and zaps who is in reach of its beam                       |
    | guard      | restrained, and zaps likewise                                                   |
    | wander     | every step and turn alike                                                       |
    | idle       | stands still                                                                    |

    In units of steps: a step on a shortest way to a permitted apple is worth 0, a pause or a turn
    -2, any other step or a shot -4, and a step onto an apple that is to be spared 4 less. Shortest
    ways ignore bodies, except that nobody steps onto one; beams pass everything. Where no apple is
    permitted, all steps and the pause are worth 0. The values are rows of a table (the fast path).

    Args:
        world: A configured commons_harvest.
        least: Live neighbours that the restrained leave an apple without, 1 to 24; 2 as the
            scripted partners.
        sight: "full" or "view", see ``AvatarHypotheses``.

    Raises:
        ConfigError: The world is another one, or an argument is out of its range.
    """

    def __init__(self, world: World, least: int = 2, sight: str = SIGHTS[0]) -> None:
        check_world(world, "commons_harvest", self)
        if isinstance(least, bool) or not isinstance(least, int) or not 1 <= least <= 24:
            raise ConfigError(f"least is {least!r}; expected an integer in [1, 24].")
        super().__init__(world, NORMS, sight)
        params = world.params[0]
        self._least = least
        self._apples = find_sites(world, params["sites"], params["enterable"])
        self._zap = read_beam(world, "zap")
        self.table = _norm_table(self.num_actions)

    def rows(self, states: np.ndarray) -> np.ndarray:
        """Returns the row of each avatar, int64 (B, N); -1 for who is out of the world."""
        out = np.empty(states["position"].shape, np.int64)
        harvest_rows(
            states["ground"], states["position"], states["heading"], states["away"],
            states["cooldown"], states["stock"], states["live_near"], self._offsets,
            self._absolute, APPLE, self._least, self._apples, self._zap, out,
        )  # fmt: skip
        return out


class Patches(AvatarHypotheses):
    """Kind "goals": the patch of apples that an avatar heads for.

    "patch(row,column)" is named after the middle of a patch: apple sites joined by the
    neighbourhood from which apples grow; Melting Pot's maps have six. "wander" and "idle" are for
    those who head for none. An action is worth minus the moves that are left to the nearest site of
    the patch if one begins with it (bodies ignored); a shot costs two steps more. In the patch all
    steps that stay there are alike. The values are rows of a table (the fast path).

    Attributes:
        patches: Number of the patch of each apple site, int64 (S,).

    Args:
        world: A configured commons_harvest.
        sight: "full" or "view", see ``AvatarHypotheses``.

    Raises:
        ConfigError: The world is another one, or the sight is unknown.
    """

    def __init__(self, world: World, sight: str = SIGHTS[0]) -> None:
        check_world(world, "commons_harvest", self)
        params = world.params[0]
        sites, width, margin = params["sites"], int(params["width"]), int(params["margin"])
        self.patches = _group(sites, params["neighbours"])
        names = []
        for number in range(self.patches.max() + 1):
            own = sites[self.patches == number]
            row, column = own // width - margin, own % width - margin
            names.append(f"patch({round(row.mean())},{round(column.mean())})")
        super().__init__(world, (*_distinct(names), "wander", "idle"), sight)
        inner = np.flatnonzero(params["enterable"][params["blank"]])
        self._number = np.full(params["blank"].size, -1, np.int32)
        self._number[inner] = np.arange(inner.size)
        self.table = self._make_table(inner, params["enterable"])
        self._possible: np.ndarray = np.isfinite(self.table).any(axis=1)  # pyright: ignore

    def available(self, states: np.ndarray) -> np.ndarray:
        """Returns the patches within reach, bool (B, N, H); all for who is out of the world."""
        rows = self.rows(states)
        return self._possible[np.maximum(rows, 0)] | (rows < 0)[:, :, None]

    def rows(self, states: np.ndarray) -> np.ndarray:
        """Returns the row of each avatar, int64 (B, N); -1 for who is out of the world."""
        out = np.empty(states["position"].shape, np.int64)
        place_rows(
            states["position"], states["heading"], states["away"], self._number, self._absolute,
            out,
        )  # fmt: skip
        return out

    def _make_table(self, inner: np.ndarray, enterable: np.ndarray) -> np.ndarray:
        """Returns the table, float32 (4 * cells, A, H): rows by cell and heading."""
        params, num_patches = self.world.params[0], len(self.names) - 2
        steps = walking_steps(self.world, params["sites"], enterable)
        left = np.stack(
            [steps[:, self.patches == k].min(axis=1) for k in range(num_patches)], axis=1
        )
        left = np.where(left >= FAR, np.inf, left)
        table = np.zeros((inner.size, 4, self.num_actions, len(self.names)), np.float32)
        for heading in range(4):
            turn = 0 if self._absolute else heading
            values = table[:, heading]
            values[:, :, :num_patches] = -1 - left[inner][:, None]
            values[:, ZAP, :num_patches] -= 2
            for way, action in enumerate(STEPS):
                there = inner + self._offsets[(way + turn) & 3]
                free = enterable[params["blank"][there]] != 0
                values[:, action, :num_patches] = -1 - left[np.where(free, there, inner)]
        shape = (inner.size * 4, self.num_actions, len(self.names))
        table = table.reshape(shape)
        table[:, :, -2] = wander(*shape[:2])
        table[:, :, -1] = rest(*shape[:2])
        return table


def _norm_table(num_actions: int) -> np.ndarray:
    """Returns the table of the norms, float32 (16**3 * 5, A, H); see ``harvest_rows``."""
    number = np.arange(16**3 * NUM_ZAP_AIMS)
    aims, ways = number % NUM_ZAP_AIMS, number // NUM_ZAP_AIMS
    greedy = follow_ways(ways >> 8, num_actions)
    restrained = follow_ways((ways >> 4) & 15, num_actions)
    for way, action in enumerate(STEPS):
        restrained[(ways >> way) & 1 == 1, action] += OUT_OF_CHARACTER
    columns = (
        greedy,
        restrained,
        take_aim(greedy, aims, ZAP),
        take_aim(restrained, aims, ZAP),
        wander(number.size, num_actions),
        rest(number.size, num_actions),
    )
    return np.stack(columns, axis=2)


def _group(sites: np.ndarray, neighbours: np.ndarray) -> np.ndarray:
    """Returns the number of the patch of each site, int64 (S,), in the order of the first sites."""
    place = {int(cell): k for k, cell in enumerate(sites)}
    patches = np.full(len(sites), -1, np.int64)
    for first in range(len(sites)):
        if patches[first] >= 0:
            continue
        number, waiting = patches.max() + 1, [first]
        while waiting:
            site = waiting.pop()
            if patches[site] < 0:
                patches[site] = number
                near = (place.get(int(sites[site]) + int(offset)) for offset in neighbours)
                waiting += [k for k in near if k is not None]
    return patches


def _distinct(names: list[str]) -> list[str]:
    """Returns the names, numbered where several patches have the same middle."""
    return [
        name if names.count(name) == 1 else f"{name}#{names[:k].count(name) + 1}"
        for k, name in enumerate(names)
    ]
