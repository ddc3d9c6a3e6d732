"""Fields of the state and parameter records that the rules of avatars work on."""

from __future__ import annotations

from typing import Any

import numpy as np

from prosocial.envs.engine.grid import heading_offsets
from prosocial.envs.engine.world import HEADER

from .beams import num_cells, ray_table
from .codes import BODY, ENDS, FLOOR, WALL, HitEffect
from .config import AvatarConfig
from .maps import Terrain

Fields = list[tuple[Any, ...]]


def state_fields(config: AvatarConfig, terrain: Terrain, beam_cells: int = 0) -> Fields:
    """Returns the first fields of a state record, ``HEADER`` included.

    Args:
        config: Of the world.
        terrain: Its map.
        beam_cells: Cells that one avatar's other beams (not ZAP) can cover in a step.
    """
    c: Any = config
    n, agents = terrain.ground.size, c.num_agents
    zapped = num_cells(c.zap_shape, c.zap_length, c.zap_radius)
    return [
        *HEADER,
        ("position", "i4", (agents,)),  # flat cells in the padded grid
        ("heading", "u1", (agents,)),  # 0 north, 1 east, 2 south, 3 west
        ("cooldown", "u1", (agents,)),  # steps until it can zap again
        ("away", "i2", (agents,)),  # steps until it returns; 0: it is in the world
        ("ground", "u1", (n,)),  # codes of the cells without bodies and beams
        ("cells", "u1", (n,)),  # the same with them: BODY + 4 * index + heading, ZAP, CLEAN
        ("stock", "i4"),  # live apples
        ("harvest", "i4", (agents,)),  # apples eaten in this episode
        ("order", "u1", (agents,)),  # who acts first, second, ... in the last step
        ("num_painted", "i4"),  # cells that show a beam
        ("painted", "i4", (agents * (zapped + beam_cells),)),  # which they are
        ("struck", "i4", (zapped + beam_cells,)),  # scratch: cells that stopped a beam
    ]


def param_fields(config: AvatarConfig, terrain: Terrain) -> Fields:
    """Returns the first fields of a parameter record; ``fill_params`` sets them."""
    c: Any = config
    n = terrain.ground.size
    offsets, lengths, _ = ray_table(c.zap_shape, c.zap_length, c.zap_radius, terrain.shape[1])
    return [
        ("end_probability", "f8"),
        ("width", "i4"),  # of the padded grid
        ("height", "i4"),
        ("margin", "i4"),  # of its padding
        ("offsets", "i4", (4,)),  # what to add to a cell to go north, east, south, west
        ("num_inner", "i4"),  # inner spawn cells; as many agents, the first ones, have them
        ("num_spawns", "i4"),
        ("spawns", "i4", (n,)),  # flat spawn cells, the inner ones first
        ("min_steps", "i4"),
        ("max_steps", "i4"),
        ("end_interval", "i4"),
        ("view_ahead", "i4"),
        ("zap_offsets", "i4", offsets.shape),
        ("zap_lengths", "i4", lengths.shape),
        ("zap_chained", "u1", lengths.shape),
        ("zap_stops", "u1", (BODY + 1,)),  # by ground, and of bodies: see ``rules.cast``
        ("hit_fine", "f4"),
        ("zap_cost", "f4"),
        ("apple_reward", "f4"),
        ("away_steps", "i2"),
        ("zap_cooldown", "u1"),
        ("zap_cost_on_miss", "u1"),
        ("hit_effect", "u1"),  # HitEffect
        ("absolute", "u1"),  # whether moves are absolute
        ("identities", "u1"),
        ("zero_last_reward", "u1"),
        ("enterable", "u1", (256,)),  # by code of a cell: whether avatars can enter it
        ("blank", "u1", (n,)),  # the ground at the start of an episode
    ]


def fill_params(
    values: Any, config: AvatarConfig, terrain: Terrain, enterable: tuple[int, ...] = (FLOOR,)
) -> None:
    """Sets the fields of ``param_fields`` in a parameter record.

    Args:
        values: The record, ``params[0]``; all zero before.
        config: Of the world.
        terrain: Its map.
        enterable: Codes of the grounds that avatars can enter.
    """
    c: Any = config
    height, width = terrain.shape
    values["height"], values["width"], values["margin"] = height, width, terrain.margin
    values["offsets"] = heading_offsets(width)
    inner, outer = terrain.cells("Q"), terrain.cells("P")
    spawns = np.concatenate([inner, outer])
    values["num_inner"], values["num_spawns"] = inner.size, spawns.size
    values["spawns"][: spawns.size] = spawns
    table = ray_table(c.zap_shape, c.zap_length, c.zap_radius, width)
    values["zap_offsets"], values["zap_lengths"], values["zap_chained"] = table
    values["zap_stops"][[WALL, BODY]] = ENDS
    values["hit_effect"] = HitEffect[c.hit_effect.upper()]
    values["away_steps"] = c.away_steps if values["hit_effect"] == HitEffect.REMOVE else 0
    values["absolute"] = c.moves == "absolute"
    values["enterable"][list(enterable)] = 1
    values["blank"] = terrain.ground.ravel()
    for name in (
        "end_probability", "min_steps", "max_steps", "end_interval", "view_ahead", "hit_fine",
        "zap_cost", "apple_reward", "zap_cooldown", "zap_cost_on_miss", "identities",
        "zero_last_reward",
    ):  # fmt: skip
        values[name] = getattr(config, name)
