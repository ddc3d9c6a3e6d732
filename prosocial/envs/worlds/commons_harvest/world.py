"""Configuration, record and registration of commons_harvest."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from prosocial.envs.engine.errors import LayoutError
from prosocial.envs.engine.registry import register
from prosocial.envs.engine.world import World
from prosocial.envs.worlds.avatars import AbsoluteAction, Action, AvatarConfig, Terrain
from prosocial.envs.worlds.avatars.codes import APPLE, FLOOR, OBSERVATION_CODES
from prosocial.envs.worlds.avatars.fields import fill_params, param_fields, state_fields
from prosocial.envs.worlds.avatars.maps import read_terrain
from prosocial.envs.worlds.avatars.scenes import agent_names, scene

from . import rules
from .layouts import LAYOUTS, SYMBOLS
from .presets import NEIGHBOURHOODS, PRESETS, preset_values

VERSION = 0
MOST_NEIGHBOURS = 24
EVENTS = np.dtype(
    [
        ("ate", "u1"),  # it ate an apple
        ("ate_neighbours", "u1"),  # live neighbours of that apple just before
        ("spared", "u1"),  # it moved and ate none: 1 + fewest live neighbours of one in reach
        ("zap", "u1"),  # it fired the beam
        ("hit", "u1"),  # others that its beam hit
        ("zapped", "u1"),  # beams that hit it
        ("bump", "u1"),  # something was in the way of its move
        ("away", "u1"),  # it was out of the world in this step
    ]
)


@dataclass(frozen=True)
class CommonsHarvestConfig(AvatarConfig):
    """Configuration of commons_harvest; the defaults are Melting Pot 2's commons_harvest__open.

    Sources: the README of this folder. A field that is None takes the value of the preset when the
    configuration is built; with the preset "meltingpot" some depend on the layout.

    Attributes:
        preset: "perolat", "hughes", "ssd", "meltingpot" or "socialjax".
        layout: "open", "closed", "partnership" or an ASCII map (see ``layouts.SYMBOLS``).
        num_agents: N, 1 to 60.
        moves: "relative" (to the heading) or "absolute" (north, south, west, east; moving does not
            turn the avatar).
        view_ahead: Rows that a view shows ahead of the avatar, 1 to 50.
        view_behind: Rows that it shows behind the avatar, 0 to 50.
        view_side: Columns that it shows on each side of the avatar, 0 to 50.
        identities: Whether a second channel of the observation tells whose body is seen.
        zap_shape: Footprint of the beam: "meltingpot", "parallel" or "socialjax".
        zap_length: Cells that the beam covers ahead, 1 to 50.
        zap_radius: Rays on each side of the centre one, 0 to 10.
        zap_cooldown: Steps after a shot in which the avatar cannot fire, 0 to 255.
        hit_effect: "stay", "remove" (out of the world for ``away_steps`` steps) or "teleport" (to a
            spawn cell at the end of the step).
        away_steps: Steps that a removed avatar misses, 1 to 30000.
        hit_fine: What a hit costs its target, >= 0.
        zap_cost: What a shot costs who fires, >= 0.
        zap_cost_on_miss: Whether a shot that hits nobody costs as well.
        apple_reward: Reward of an apple.
        min_steps: Steps before which an episode does not end by chance, >= 1.
        max_steps: Steps after which it always ends, >= 1.
        end_interval: From ``min_steps`` on it may end at multiples of this number of steps, >= 1.
        end_probability: Probability that it ends at one of them, 0 to 1.
        zero_last_reward: Whether the last step of an episode gives no reward.
        regrowth: Probability per step that an apple grows at an empty place, by the number of live
            neighbours 0, 1, ...; the last one also for more of them. 1 to 25 numbers in [0, 1].
        neighbourhood: "adjacent_8", "disc_12" (distance at most 2), "disc_20" (squared distance at
            most 5) or "box_24" (5 x 5 cells).
        regrow_under_agents: Whether apples grow where avatars stand; who stands there eats it only
            by leaving and coming back.
        regrowth_lag: Whether neighbours are counted at the start of the step instead of its end.
    """

    layout: str = "open"
    regrowth: tuple[float, ...] | None = None
    neighbourhood: str | None = None
    regrow_under_agents: bool | None = None
    regrowth_lag: bool | None = None

    def __post_init__(self) -> None:
        """Fills in what the preset decides and checks each field alone; ``build`` checks maps."""
        self.require_choice("preset", tuple(PRESETS))
        self.require("layout", isinstance(self.layout, str), "a name or an ASCII map")
        self.fill(preset_values(self.preset, self.layout))
        self.check_avatars(tuple(LAYOUTS))
        if isinstance(self.regrowth, list):  # as configuration files give it
            object.__setattr__(self, "regrowth", tuple(self.regrowth))
        fits = isinstance(self.regrowth, tuple) and 1 <= len(self.regrowth) <= MOST_NEIGHBOURS + 1
        fits = fits and all(_is_probability(p) for p in self.regrowth or ())
        self.require("regrowth", fits, "1 to 25 probabilities in [0, 1]")
        self.require_choice("neighbourhood", tuple(NEIGHBOURHOODS))
        self.require_bool("regrow_under_agents")
        self.require_bool("regrowth_lag")


def _is_probability(value: object) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and 0 <= float(value) <= 1  # type: ignore[arg-type]


def build(config: CommonsHarvestConfig) -> World:
    """Returns the configured world.

    Raises:
        LayoutError: The map cannot be played: ragged, unknown symbols, too few spawn cells, no
            place for apples.
    """
    c: Any = config
    terrain = read_terrain(
        LAYOUTS.get(config.layout, config.layout), SYMBOLS, c.reach, c.num_agents
    )
    if terrain.cells("Aa").size == 0:
        raise LayoutError("The map has no place for apples; mark at least one cell with A or a.")
    return World(
        name="commons_harvest",
        version=VERSION,
        config=config,
        rules=rules,
        state_dtype=_state_dtype(config, terrain),
        params=_params(config, terrain),
        event_dtype=EVENTS,
        agents=agent_names(c.num_agents),
        actions=AbsoluteAction if c.moves == "absolute" else Action,
        observation_shape=(*config.view_shape, 2 if c.identities else 1),
        max_steps=c.max_steps,
        scene=partial(scene, shape=terrain.shape, margin=terrain.margin),
        observation_codes=OBSERVATION_CODES,
    )


def _state_dtype(config: CommonsHarvestConfig, terrain: Terrain) -> np.dtype:
    places = terrain.cells("Aa").size
    own = [
        ("num_grown", "i4"),
        ("grown", "i4", (places,)),  # cells where apples are to appear
        # By place of apples: live ones in its neighbourhood. The last entry means nothing: it takes
        # the changes at cells that are no places, quicker than looking whether they are.
        ("live_near", "i4", (places + 1,)),
    ]
    return np.dtype([*state_fields(config, terrain), *own], align=True)


def _params(config: CommonsHarvestConfig, terrain: Terrain) -> np.ndarray:
    """Returns the parameter record, shape (1,)."""
    c: Any = config
    sites, width = terrain.cells("Aa"), terrain.shape[1]
    inside, steps = NEIGHBOURHOODS[c.neighbourhood], range(-2, 3)
    around = [(row, column) for row in steps for column in steps if (row, column) != (0, 0)]
    neighbours = np.array([row * width + column for row, column in around if inside(row, column)])
    own: list[tuple[Any, ...]] = [
        ("chances", "i8", (MOST_NEIGHBOURS + 1,)),  # of 2**32, given the rare event: see sprout
        ("rarity", "i4"),  # the rare event has probability 2 ** -rarity
        ("num_words", "i4"),  # random numbers for one bit of every site
        ("first_stock", "i4"),
        ("neighbours", "i4", neighbours.shape),  # flat offsets
        ("sites", "i4", (sites.size,)),  # flat cells where apples grow: the places
        ("place_at", "i4", (terrain.ground.size,)),  # number of the place; their count elsewhere
        ("first_live_near", "u1", (sites.size + 1,)),
        ("regrow_under_agents", "u1"),
        ("regrowth_lag", "u1"),
    ]
    params = np.zeros(1, np.dtype([*param_fields(config, terrain), *own], align=True))
    values = params[0]
    fill_params(values, config, terrain, enterable=(FLOOR, APPLE))
    by_count = np.array([c.regrowth[min(k, len(c.regrowth) - 1)] for k in range(25)])
    values["rarity"] = _rarity(by_count.max())
    values["chances"] = np.rint(by_count * 2.0 ** (32 + int(values["rarity"])))
    values["num_words"] = -(-sites.size // rules.WORD) if by_count.max() > 0 else 0
    values["first_stock"] = (terrain.ground == APPLE).sum()
    values["neighbours"], values["sites"] = neighbours, sites
    values["place_at"] = sites.size
    values["place_at"][sites] = np.arange(sites.size)
    live = terrain.ground.ravel() == APPLE
    values["first_live_near"][:-1] = [live[cell + neighbours].sum() for cell in sites]
    for name in ("regrow_under_agents", "regrowth_lag"):
        values[name] = getattr(config, name)
    return params


def _rarity(most: float) -> int:
    """Returns the largest k <= 31 with ``most`` <= 2 ** -k."""
    return 0 if most == 0 else min(math.floor(-math.log2(most)), rules.WORD - 1)


register("commons_harvest", CommonsHarvestConfig, build)
