"""Frames as an animated GIF."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from prosocial.envs.engine.errors import ConfigError

from .window import MissingExtraError


def save_gif(
    frames: Iterable[np.ndarray], path: str | Path, frames_per_second: float = 8.0
) -> None:
    """Writes frames as an animated GIF that repeats for ever.

    Args:
        frames: RGB pixels, uint8 of shape (height, width, 3), all of one shape.
        path: File to write.
        frames_per_second: Pace, above 0 and at most 50 (the format counts hundredths of a second).

    Raises:
        ConfigError: There is no frame, or the pace is out of range.
        MissingExtraError: Pillow is not installed.
    """
    try:
        from PIL import Image
    except ImportError as error:
        raise MissingExtraError(
            "Animations need Pillow. Install it with: pip install 'prosocial[render]'"
        ) from error
    if not 0 < frames_per_second <= 50:
        raise ConfigError(
            f"frames_per_second is {frames_per_second}; expected above 0, at most 50."
        )
    images = [Image.fromarray(frame) for frame in frames]
    if not images:
        raise ConfigError("There are no frames to write.")
    images[0].save(
        path,
        save_all=True,
        append_images=images[1:],
        duration=round(1000 / frames_per_second),
        loop=0,
    )
