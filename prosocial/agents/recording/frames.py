"""Pictures of recorded episodes, for animations, films and strips."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from prosocial.envs.engine.errors import ConfigError
from prosocial.envs.render import TILE_SIZE, frame

from .episodes import Recording
from .resimulation import resimulate

_LARGEST = 640  # pixels of the longer side of a picture whose tile size nobody chose
_SMALLEST_TILE = 8


def frames_of(
    recording: Recording,
    index: int = 0,
    tile_size: int | None = None,
    every: int = 1,
    count: int | None = None,
) -> Iterator[np.ndarray]:
    """Yields pictures of an episode, from before its first step to after its last one.

    Args:
        recording: The recording.
        index: Number of the episode, from 0.
        tile_size: Side of a cell in pixels, at least 8; None: 48, or less where the picture would
            be larger than 640 pixels.
        every: Steps between two pictures, >= 1; the last moment is shown in any case.
        count: How many pictures at most, evenly spread over the episode, instead of `every`; >= 1.

    Yields:
        RGB pixels, uint8 of shape (height, width, 3).

    Raises:
        ConfigError: A number is out of its range.
        RecordingError: The episode cannot be played as it was recorded.
    """
    if every < 1 or (count is not None and count < 1):
        raise ConfigError(f"frames_of got every={every} and count={count}; expected at least 1.")
    played = resimulate(recording, index)
    scene = played.world.scene
    size = fitting_tile(scene(played.states[0]).cells.shape) if tile_size is None else tile_size
    for moment in _moments(len(played.states), every, count):
        yield frame(scene(played.states[moment]), size)


def fitting_tile(shape: tuple[int, ...]) -> int:
    """Returns the tile size at which a grid (height, width) is at most 640 pixels large, 8..48."""
    return int(np.clip(_LARGEST // max(shape), _SMALLEST_TILE, TILE_SIZE))


def _moments(moments: int, every: int, count: int | None) -> Sequence[int]:
    if count is not None:
        return np.unique(np.linspace(0, moments - 1, min(count, moments)).round().astype(int))  # pyright: ignore[reportReturnType]
    shown = list(range(0, moments, every))
    return shown if shown[-1] == moments - 1 else [*shown, moments - 1]
