"""Pictures of worlds: a scene as RGB frame, text, window or animation; never touches the rules."""

from .animation import save_gif, save_mp4, save_strip
from .frame import TILE_SIZE, frame, text
from .window import MissingExtraError, Window

__all__ = [
    "TILE_SIZE",
    "MissingExtraError",
    "Window",
    "frame",
    "save_gif",
    "save_mp4",
    "save_strip",
    "text",
]
