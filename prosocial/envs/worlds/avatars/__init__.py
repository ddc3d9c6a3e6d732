"""Rules that the spatial commons share: avatars that move, turn, zap, leave, return and see."""

from .codes import MAX_AGENTS, AbsoluteAction, Action, Cell, HitEffect, Seen
from .config import AvatarConfig
from .maps import Terrain, read_terrain

__all__ = [
    "MAX_AGENTS",
    "AbsoluteAction",
    "Action",
    "AvatarConfig",
    "Cell",
    "HitEffect",
    "Seen",
    "Terrain",
    "read_terrain",
]
