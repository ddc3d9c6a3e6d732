"""Frames as an animated GIF, as a film (MP4), and as a strip of pictures (PNG)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from prosocial.envs.engine.errors import ConfigError
from prosocial.envs.engine.files import replacing

from .window import MissingExtraError

_GAP = 4  # pixels between the pictures of a strip
_WHITE = 255
_MAX_RATE = 120.0  # frames per second


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
    pillow = _import_pillow("Animations")
    if not 0 < frames_per_second <= 50:
        raise ConfigError(
            f"frames_per_second is {frames_per_second}; expected above 0, at most 50."
        )
    images = [pillow.fromarray(frame) for frame in frames]
    if not images:
        raise ConfigError("There are no frames to write.")
    with replacing(Path(path)) as temporary:
        images[0].save(
            temporary,
            format="GIF",
            save_all=True,
            append_images=images[1:],
            duration=round(1000 / frames_per_second),
            loop=0,
        )


def save_mp4(
    frames: Iterable[np.ndarray], path: str | Path, frames_per_second: float = 8.0
) -> None:
    """Writes frames as a film: H.264 with 4:2:0 colours, which every player and browser shows.

    That needs an even height and width; where one is odd, the last row or column is doubled.

    Args:
        frames: RGB pixels, uint8 of shape (height, width, 3), all of one shape; taken one by one.
        path: File to write.
        frames_per_second: Pace, above 0 and at most 120.

    Raises:
        ConfigError: There is no frame, they differ in shape, or the pace is out of range.
        MissingExtraError: PyAV is not installed, or was built without the encoder.
    """
    av = _import_av()
    if not 0 < frames_per_second <= _MAX_RATE:
        raise ConfigError(
            f"frames_per_second is {frames_per_second}; expected above 0, at most {_MAX_RATE:g}."
        )
    first, frames = _peeked(frames)
    height, width = first.shape[:2]
    with replacing(Path(path)) as temporary, av.open(str(temporary), "w", format="mp4") as film:
        try:
            stream = film.add_stream("libx264", Fraction(frames_per_second).limit_denominator(1000))
        except ValueError as error:  # av.codec.codec.UnknownCodecError is one
            raise MissingExtraError(
                "This PyAV has no H.264 encoder (libx264). Install the one that brings it: "
                "pip install --only-binary av 'prosocial[video]'"
            ) from error
        stream.height, stream.width = height + height % 2, width + width % 2
        stream.pix_fmt = "yuv420p"
        stream.options = {"crf": "18"}  # x264's scale of losses; 18 is taken to look lossless
        for frame in frames:
            _check_shape(frame, first)
            padded = np.pad(frame, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
            picture = av.VideoFrame.from_ndarray(padded, format="rgb24")
            film.mux(stream.encode(picture))
        film.mux(stream.encode(None))


def save_strip(frames: Iterable[np.ndarray], path: str | Path, columns: int = 8) -> None:
    """Writes frames side by side as one PNG, row after row, with white between them.

    Args:
        frames: RGB pixels, uint8 of shape (height, width, 3), all of one shape.
        path: File to write.
        columns: Pictures in a row, >= 1.

    Raises:
        ConfigError: There is no frame, they differ in shape, or there is no column.
        MissingExtraError: Pillow is not installed.
    """
    pillow = _import_pillow("PNG files")
    if columns < 1:
        raise ConfigError(f"columns is {columns}; expected at least 1.")
    first, frames = _peeked(frames)
    pictures = list(frames)
    height, width = (size + _GAP for size in first.shape[:2])
    rows, columns = -(-len(pictures) // columns), min(columns, len(pictures))
    strip = np.full((rows * height - _GAP, columns * width - _GAP, 3), _WHITE, np.uint8)
    for number, picture in enumerate(pictures):
        _check_shape(picture, first)
        top, left = (number // columns) * height, (number % columns) * width
        strip[top : top + height - _GAP, left : left + width - _GAP] = picture
    with replacing(Path(path)) as temporary:
        pillow.fromarray(strip).save(temporary, format="PNG")


def _peeked(frames: Iterable[np.ndarray]) -> tuple[np.ndarray, Iterator[np.ndarray]]:
    """Returns the first of the frames, and all of them."""
    rest = iter(frames)
    first = next(rest, None)
    if first is None:
        raise ConfigError("There are no frames to write.")
    return first, chain([first], rest)


def _check_shape(frame: np.ndarray, first: np.ndarray) -> None:
    if frame.shape != first.shape:
        raise ConfigError(
            f"A frame has shape {frame.shape}, the first one {first.shape}; expected frames of one "
            "shape."
        )


def _import_pillow(what: str) -> Any:
    try:
        from PIL import Image
    except ImportError as error:
        raise MissingExtraError(
            f"{what} need Pillow. Install it with: pip install 'prosocial[render]'"
        ) from error
    return Image


def _import_av() -> Any:
    try:
        import av
    except ImportError as error:
        raise MissingExtraError(
            "MP4 files need PyAV. Install it with: pip install 'prosocial[video]'"
        ) from error
    return av
