"""The first record of a log: what is needed to play the session again."""

from __future__ import annotations

from importlib import metadata
from typing import Any

import prosocial
from prosocial.envs.engine import World
from prosocial.play.config import PlayConfig

from .log import LOG_VERSION
from .others import Others


def header(config: PlayConfig, world: World, others: Others | None) -> dict[str, Any]:
    """Returns configuration, versions and names as plain values."""
    labels = others.labels if others is not None else {}
    return {
        "kind": "header",
        "log_version": LOG_VERSION,
        "version": prosocial.__version__,
        "packages": {name: metadata.version(name) for name in ("numpy", "numba")},
        "world": world.name,
        "world_version": world.version,
        "agents": list(world.agents),
        "actions": [action.name for action in world.actions],
        "others": {str(slot): label for slot, label in labels.items()},
        "seed": config.seed,
        "config": config.to_dict(),
    }
