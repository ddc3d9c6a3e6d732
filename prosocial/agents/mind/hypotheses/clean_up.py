"""Hypotheses about the avatars of clean_up: who cleans the river, and who eats."""

from __future__ import annotations

import numpy as np

from prosocial.envs.engine import ConfigError, World
from prosocial.envs.worlds.avatars.codes import APPLE, CLEAN, NOOP, WASTE, ZAP, Cell

from .commons import (
    PAUSE,
    AvatarHypotheses,
    check_world,
    covered_sites,
    find_sites,
    follow_ways,
    read_beam,
    rest,
    take_aim,
    wander,
)
from .commons_kernel import AIM_COOLING, NUM_CLEAN_AIMS, NUM_ZAP_AIMS, cleaning_rows
from .sight import SIGHTS

NORMS = (
    "cleaner",
    "harvester",
    "free_rider",
    "clean_eat_alternator",
    "eat_clean_alternator",
    "zapper",
    "wander",
    "idle",
)


class CleaningNorms(AvatarHypotheses):
    """Kind "norms": what an avatar contributes.

    | name                 | what it does                                                          |
    |----------------------|-----------------------------------------------------------------------|
    | cleaner              | walks to the nearest dirt, turns to it and cleans                     |
    | harvester            | eats; cleans while there is no apple that it can walk to              |
    | free_rider           | eats, never cleans; while there is no apple it wanders                |
    | clean_eat_alternator | cleans and eats in turns of ``block`` steps, cleaning first           |
    | eat_clean_alternator | likewise, eating first                                                |
    | zapper               | a free rider who turns to and zaps who is in reach of its beam        |
    | wander               | every step and turn alike                                             |
    | idle                 | stands still                                                          |

    In units of steps, as for `commons_harvest.HarvestNorms`: 0 for a step on a shortest way, a turn
    to the dirt and the cleaning itself (or the pause until the beam is ready), -2 for pauses and
    other turns, -4 for other steps and shots. Ways to dirt are measured across the water, where
    bodies may not go. The values are rows of a table (the fast path).

    Args:
        world: A configured clean_up.
        block: Steps of a turn of the alternators, >= 1; 200 as in Melting Pot.
        sight: "full" or "view", see ``AvatarHypotheses``.

    Raises:
        ConfigError: The world is another one, or an argument is out of its range.
    """

    def __init__(self, world: World, block: int = 200, sight: str = SIGHTS[0]) -> None:
        check_world(world, "clean_up", self)
        if isinstance(block, bool) or not isinstance(block, int) or block < 1:
            raise ConfigError(f"block is {block!r}; expected an integer >= 1.")
        super().__init__(world, NORMS, sight)
        params = world.params[0]
        self._block = block
        open_to_beams = np.zeros(256, np.uint8)
        open_to_beams[[Cell.FLOOR, Cell.APPLE, Cell.WATER, Cell.WASTE]] = 1
        self._apples = find_sites(world, params["sites"], params["enterable"])
        self._dirt = find_sites(world, params["dirt_sites"], open_to_beams)
        self._zap = read_beam(world, "zap")
        self._covered = covered_sites(world, "clean", self._dirt.cells)
        self._codes = np.array([APPLE, WASTE], np.int64)
        self.table = _norm_table(self.num_actions)

    def rows(self, states: np.ndarray) -> np.ndarray:
        """Returns the row of each avatar, int64 (B, N); -1 for who is out of the world."""
        out = np.empty(states["position"].shape, np.int64)
        phase = states["t"].astype(np.int64) // self._block % 2
        cleaning_rows(
            states["ground"], states["position"], states["heading"], states["away"],
            states["cooldown"], states["clean_cooldown"], states["stock"], states["waste"], phase,
            self._offsets, self._absolute, self._codes, self._apples, self._dirt, self._zap,
            self._covered, out,
        )  # fmt: skip
        return out


def _norm_table(num_actions: int) -> np.ndarray:
    """Returns the table, float32 (16**2 * 6 * 5 * 2, A, H); see ``cleaning_rows``."""
    number = np.arange(16 * 16 * NUM_CLEAN_AIMS * NUM_ZAP_AIMS * 2)
    number, phase = number // 2, (number % 2)[:, None]
    number, zaps = np.divmod(number, NUM_ZAP_AIMS)
    number, aims = np.divmod(number, NUM_CLEAN_AIMS)
    to_apples, to_dirt = np.divmod(number, 16)
    eats = follow_ways(to_apples, num_actions)
    cleans = take_aim(follow_ways(to_dirt, num_actions), aims, CLEAN)
    waits = aims == AIM_COOLING
    cleans[waits] += PAUSE
    cleans[waits, NOOP] = 0
    columns = (
        cleans,
        np.where((to_apples > 0)[:, None], eats, cleans),
        eats,
        np.where(phase == 0, cleans, eats),
        np.where(phase == 1, cleans, eats),
        take_aim(eats, zaps, ZAP),
        wander(number.size, num_actions),
        rest(number.size, num_actions),
    )
    return np.stack(columns, axis=2)
