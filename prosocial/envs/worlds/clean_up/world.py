"""Configuration, record and registration of clean_up."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from prosocial.envs.engine.errors import LayoutError
from prosocial.envs.engine.registry import register
from prosocial.envs.engine.world import World
from prosocial.envs.worlds.avatars import AvatarConfig, Terrain, read_terrain
from prosocial.envs.worlds.avatars.beams import SHAPES, num_cells, ray_table
from prosocial.envs.worlds.avatars.codes import (
    APPLE,
    BODY,
    ENDS,
    FLOOR,
    OBSERVATION_CODES,
    PASSES,
    PIERCES,
    WALL,
    WASTE,
    WATER,
)
from prosocial.envs.worlds.avatars.fields import fill_params, param_fields, state_fields
from prosocial.envs.worlds.avatars.scenes import agent_names, scene

from . import rules
from .codes import AbsoluteAction, Action
from .layouts import LAYOUTS, SYMBOLS
from .presets import PRESETS

VERSION = 0
DRAWS = ("step", "site")
AREAS = ("sites", "water")
EVENTS = np.dtype(
    [
        ("ate", "u1"),  # it ate an apple
        ("cleaned", "u1"),  # cells that it freed from waste
        ("clean", "u1"),  # it fired the cleaning beam
        ("zap", "u1"),  # it fired the zapping beam
        ("hit", "u1"),  # others whom that beam hit
        ("zapped", "u1"),  # beams that hit it
        ("bump", "u1"),  # something was in the way of its move
        ("away", "u1"),  # it spent the step out of the world
    ]
)


@dataclass(frozen=True)
class CleanUpConfig(AvatarConfig):
    """Configuration of clean_up; the defaults are Melting Pot 2's clean_up.

    Sources: the README of this folder. A field that is None takes the value of the preset when the
    configuration is built.

    Attributes:
        preset: "meltingpot", "hughes", "ssd" or "socialjax".
        layout: "meltingpot", "ssd", "socialjax" or an ASCII map (see ``layouts.SYMBOLS``).
        num_agents: N, 1 to 60.
        moves: "relative" (to the heading) or "absolute" (north, south, west, east; moving does not
            turn the avatar).
        view_ahead: Rows that a view shows ahead of the avatar, 1 to 50.
        view_behind: Rows that it shows behind the avatar, 0 to 50.
        view_side: Columns that it shows on each side of the avatar, 0 to 50.
        identities: Whether a second channel of the observation tells whose body is seen.
        zap_shape: Footprint of the zapping beam: "meltingpot", "parallel" or "socialjax".
        zap_length: Cells that the beam covers ahead, 1 to 50.
        zap_radius: Rays on each side of the centre one, 0 to 10.
        zap_cooldown: Steps after a shot in which the avatar cannot zap, 0 to 255.
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
        clean_shape: Footprint of the cleaning beam: "meltingpot", "parallel" or "socialjax".
        clean_length: Cells that it covers ahead, 1 to 50.
        clean_radius: Rays on each side of the centre one, 0 to 10.
        clean_cooldown: Steps after a shot in which the avatar cannot clean, 0 to 255.
        clean_through_waste: Whether a ray goes on behind the waste that it has removed.
        clean_through_bodies: Whether a ray goes on behind an avatar.
        dirt_probability: Probability that dirt appears in a step, 0 to 1.
        dirt_draws: "step" (one draw a step) or "site" (one draw for each clean site in random
            order, until one succeeds); at most one site gets dirty either way.
        dirt_delay: Steps at the start of an episode in which no dirt appears, >= 0.
        dirt_limit: Pollution from which on no dirt appears, 0 to 1; 1: it always may.
        pollution_of: What the pollution is a fraction of: the "sites" of dirt, or all "water".
        apple_probability: Probability per step and empty site at full growth, 0 to 1.
        depletion: Pollution from which on nothing grows, above ``restoration``, at most 1.
        restoration: Pollution up to which growth is full, 0 to 1.
        grow_under_bodies: Whether apples sprout where somebody stands.
        enter_water: Whether avatars can enter water and waste.
        show_others_cleaned: Whether the last channel of the observation has, at the viewer's own
            cell, how many others have cleaned in the last step.
    """

    layout: str | None = None
    clean_shape: str | None = None
    clean_length: int | None = None
    clean_radius: int | None = None
    clean_cooldown: int | None = None
    clean_through_waste: bool | None = None
    clean_through_bodies: bool | None = None
    dirt_probability: float | None = None
    dirt_draws: str | None = None
    dirt_delay: int | None = None
    dirt_limit: float | None = None
    pollution_of: str | None = None
    apple_probability: float | None = None
    depletion: float | None = None
    restoration: float | None = None
    grow_under_bodies: bool | None = None
    enter_water: bool | None = None
    show_others_cleaned: bool = True

    def __post_init__(self) -> None:
        """Fills in the preset and checks each field; ``build`` checks the map."""
        self.require_choice("preset", tuple(PRESETS))
        self.fill(PRESETS[self.preset])
        self.check_avatars(tuple(LAYOUTS))
        self.require_choice("clean_shape", SHAPES)
        self.require_int("clean_length", 1, 50)
        self.require_int("clean_radius", 0, 10)
        fits = self.clean_shape != "meltingpot" or self.clean_radius <= self.clean_length  # type: ignore[operator]
        self.require("clean_radius", fits, f"at most clean_length = {self.clean_length}")
        self.require_int("clean_cooldown", 0, 255)
        self.require_choice("dirt_draws", DRAWS)
        self.require_int("dirt_delay", 0)
        self.require_choice("pollution_of", AREAS)
        for field in ("dirt_probability", "dirt_limit", "apple_probability", "restoration"):
            self.require_number(field, 0, 1)
        self.require_number("depletion", 0, 1)
        above = self.depletion > self.restoration  # type: ignore[operator]
        self.require("depletion", above, f"a number above restoration = {self.restoration}")
        for field in (
            "clean_through_waste", "clean_through_bodies", "grow_under_bodies", "enter_water",
            "show_others_cleaned",
        ):  # fmt: skip
            self.require_bool(field)

    @property
    def reach(self) -> int:
        """How many cells the view reaches in any direction, or a beam sideways."""
        return max(super().reach, int(self.clean_radius or 0))


def build(config: CleanUpConfig) -> World:
    """Returns the configured world.

    Raises:
        LayoutError: The map cannot be read or played (see ``avatars.read_terrain``), or has no
            site of apples or none of dirt.
    """
    c: Any = config
    terrain = read_terrain(LAYOUTS.get(c.layout) or c.layout, SYMBOLS, config.reach, c.num_agents)
    _check_sites(terrain)
    channels = 1 + config.identities + config.show_others_cleaned
    return World(
        name="clean_up",
        version=VERSION,
        config=config,
        rules=rules,
        state_dtype=_state_dtype(config, terrain),
        params=_params(config, terrain),
        event_dtype=EVENTS,
        agents=agent_names(c.num_agents),
        actions=Action if config.moves == "relative" else AbsoluteAction,
        observation_shape=(*config.view_shape, channels),
        max_steps=c.max_steps,
        scene=partial(scene, shape=terrain.shape, margin=terrain.margin),
        observation_codes=OBSERVATION_CODES,
    )


def growth(config: CleanUpConfig, pollution: np.ndarray) -> np.ndarray:
    """Returns the probability that an empty site gets an apple in a step, float64.

    Args:
        config: Of the world.
        pollution: Fractions of dirty water, 0 to 1, any shape.
    """
    c: Any = config
    fraction = (pollution - c.depletion) / (c.restoration - c.depletion)
    return c.apple_probability * np.clip(fraction, 0, 1)


def inflow(config: CleanUpConfig, pollution: np.ndarray, clean: np.ndarray) -> np.ndarray:
    """Returns the probability that a site gets dirty in a step after the delay, float64.

    Args:
        config: Of the world.
        pollution: Fractions of dirty water, 0 to 1, any shape.
        clean: Numbers of clean sites, same shape.
    """
    c: Any = config
    draws = clean if c.dirt_draws == "site" else np.minimum(clean, 1)
    chance = 1 - (1 - c.dirt_probability) ** draws
    return np.where(pollution < c.dirt_limit, chance, 0.0)


def _check_sites(terrain: Terrain) -> None:
    for symbols, name in (("Aa", "apples"), ("Ww", "dirt")):
        if terrain.cells(symbols).size == 0:
            raise LayoutError(
                f"The map has no site of {name}; mark at least one cell with {symbols[0]} or "
                f"{symbols[1]}."
            )


def _state_dtype(config: CleanUpConfig, terrain: Terrain) -> np.dtype:
    c: Any = config
    rows, columns = config.view_shape
    beam_cells = num_cells(c.clean_shape, c.clean_length, c.clean_radius)
    return np.dtype(
        [
            *state_fields(config, terrain, beam_cells),
            ("waste", "i4"),  # dirty sites
            ("clean_cooldown", "u1", (c.num_agents,)),  # steps until it can clean again
            ("others_cleaned", "u1", (c.num_agents,)),  # others who cleaned in the last step
            ("empty_sites", "i4", (terrain.cells("Aa").size,)),  # see river
            ("clean_sites", "i4", (terrain.cells("Ww").size,)),
            ("seen", "u1", (rows * columns,)),  # scratch: the codes of a view
        ],
        align=True,
    )


def _params(config: CleanUpConfig, terrain: Terrain) -> np.ndarray:
    """Returns the parameter record, shape (1,)."""
    c: Any = config
    sites, dirt = terrain.cells("Aa"), terrain.cells("Ww")
    beam = ray_table(c.clean_shape, c.clean_length, c.clean_radius, terrain.shape[1])
    own = [
        ("log_no_apple", "f8", (dirt.size + 1,)),  # log(1 - growth), by number of dirty sites
        ("inflow", "f8", (dirt.size + 1,)),  # probability of new dirt, by number of dirty sites
        ("dirt_delay", "i4"),
        ("num_sites", "i4"),  # of apples
        ("num_dirt", "i4"),  # sites of dirt
        ("num_live", "i4"),  # apples at the start
        ("num_dirty", "i4"),  # dirty sites at the start
        ("sites", "i4", sites.shape),  # flat cells of the apple sites
        ("dirt_sites", "i4", dirt.shape),  # flat cells of the sites of dirt
        ("empty_sites", "i4", sites.shape),  # the apple sites, those without apple first
        ("clean_sites", "i4", dirt.shape),  # the sites of dirt, the clean ones first
        ("clean_offsets", "i4", beam[0].shape),
        ("clean_lengths", "i4", beam[1].shape),
        ("clean_chained", "u1", beam[2].shape),
        ("clean_stops", "u1", (BODY + 1,)),  # by ground, and of bodies: see avatars.rules.cast
        ("clean_cooldown", "u1"),
        ("grow_under_bodies", "u1"),
        ("show_others_cleaned", "u1"),
    ]
    params = np.zeros(1, np.dtype([*param_fields(config, terrain), *own], align=True))
    values = params[0]
    water = (WATER, WASTE) if c.enter_water else ()
    fill_params(values, config, terrain, (FLOOR, APPLE, *water))
    values["clean_offsets"], values["clean_lengths"], values["clean_chained"] = beam
    values["clean_stops"][WALL] = ENDS
    values["clean_stops"][WASTE] = PIERCES if c.clean_through_waste else ENDS
    values["clean_stops"][BODY] = PASSES if c.clean_through_bodies else ENDS
    values["sites"], values["dirt_sites"] = sites, dirt
    values["empty_sites"] = np.concatenate([terrain.cells("a"), terrain.cells("A")])
    values["clean_sites"] = np.concatenate([terrain.cells("w"), terrain.cells("W")])
    values["num_sites"], values["num_live"] = sites.size, terrain.cells("A").size
    values["num_dirt"], values["num_dirty"] = dirt.size, terrain.cells("W").size
    _fill_rates(values, config, dirt.size, terrain.cells("~").size)
    for name in ("dirt_delay", "clean_cooldown", "grow_under_bodies", "show_others_cleaned"):
        values[name] = getattr(config, name)
    return params


def _fill_rates(values: Any, config: CleanUpConfig, num_dirt: int, num_water: int) -> None:
    """Sets the probabilities of growth and of new dirt for every number of dirty sites."""
    waste = np.arange(num_dirt + 1)
    pollution = waste / (num_dirt + (num_water if config.pollution_of == "water" else 0))
    with np.errstate(divide="ignore"):  # growth for sure: log(0)
        values["log_no_apple"] = np.log1p(-growth(config, pollution))
    values["inflow"] = inflow(config, pollution, num_dirt - waste)


register("clean_up", CleanUpConfig, build)
