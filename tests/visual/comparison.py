"""Compares pictures of pages and figures with the references in `tests/references`.

Renew the references with ``PROSOCIAL_UPDATE_REFERENCES=1 pytest tests/...``, then look at every one
before it is committed. Pictures are blurred a little and each pixel may lie one pixel beside its
place, so antialiasing and hinting pass; what is left must be rare in the picture as a whole (share)
and in every part of it (local), so that a label that moved does not drown in a large page.
"""

from __future__ import annotations

import io
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

REFERENCES = Path(__file__).parents[1] / "references"
UPDATE = "PROSOCIAL_UPDATE_REFERENCES"
_COLOURS = 128  # of a stored reference: a palette makes it several times smaller

Picture = Image.Image


@dataclass(frozen=True)
class Tolerance:
    """What may differ.

    Attributes:
        blur: Standard deviation of the blur in pixels.
        level: Difference in the strongest channel, of 255, from which a pixel counts as differing.
        share: Share of the picture's pixels that may differ.
        local: Share that may differ in any square of `tile` pixels.
        tile: Side of the squares in pixels.
    """

    blur: float = 1.2
    level: int = 40
    share: float = 0.004
    local: float = 0.05
    tile: int = 24


@dataclass(frozen=True)
class Difference:
    """How far a picture is from its reference.

    Attributes:
        pixels: Number of pixels that differ by more than the level.
        total: Number of all pixels.
        largest: Largest difference, of 255.
        worst: Largest share of differing pixels in any tile.
        place: Left and upper edge of that tile.
        mask: Which pixels differ, bool (height, width).
        problem: Why the picture is not accepted; "" if it is.
    """

    pixels: int
    total: int
    largest: int
    worst: float
    place: tuple[int, int]
    mask: NDArray[np.bool_]
    problem: str


def compare(image: Picture, reference: Picture, tolerance: Tolerance | None = None) -> Difference:
    """Says how many pixels of two pictures differ by how much."""
    allowed = tolerance or Tolerance()
    if image.size != reference.size:
        problem = f"it is {_size(image)} pixels, its reference {_size(reference)}"
        return Difference(0, 0, 255, 1.0, (0, 0), np.ones((1, 1), np.bool_), problem)
    distance = _distance(_blurred(image, allowed.blur), _blurred(reference, allowed.blur))
    mask = distance > allowed.level
    shares = _tile_shares(mask, allowed.tile)
    row, column = np.unravel_index(int(shares.argmax()), shares.shape)
    place = int(column) * allowed.tile // 2, int(row) * allowed.tile // 2
    pixels, worst = int(mask.sum()), float(shares.max())
    parts = []
    if pixels > allowed.share * mask.size:
        parts.append(f"at most {allowed.share:.2%} may")
    if worst > allowed.local:
        parts.append(
            f"in the {allowed.tile} pixels square at {place} {worst:.0%} do, at most "
            f"{allowed.local:.0%} may"
        )
    head = (
        f"{pixels:,} of {mask.size:,} pixels ({pixels / mask.size:.2%}) differ by more than "
        f"{allowed.level} of 255, at most by {int(distance.max())}"
    )
    problem = f"{head}; {'; '.join(parts)}" if parts else ""
    return Difference(pixels, mask.size, int(distance.max()), worst, place, mask, problem)


def check(
    image: Picture | bytes, name: str, folder: Path, tolerance: Tolerance | None = None
) -> None:
    """Fails unless a picture looks like its reference; with `UPDATE` set it becomes the reference.

    Args:
        image: The picture, or a PNG file.
        name: Name of the reference without ending.
        folder: Where picture, reference and difference go on a failure.
        tolerance: What may differ.
    """
    opened = Image.open(io.BytesIO(image)) if isinstance(image, bytes) else image
    picture = opened.convert("RGB")
    path = REFERENCES / f"{name}.png"
    if os.environ.get(UPDATE):
        _store(picture, path)
        return
    renew = f"look at it and, if it is as wanted, run again with {UPDATE}=1"
    folder.mkdir(parents=True, exist_ok=True)
    if not path.is_file():
        picture.save(folder / f"{name}-actual.png")
        raise AssertionError(f"{name} has no reference; its picture is in {folder}: {renew}.")
    reference = Image.open(path).convert("RGB")
    found = compare(picture, reference, tolerance)
    if found.problem:
        picture.save(folder / f"{name}-actual.png")
        reference.save(folder / f"{name}-reference.png")
        _marked(picture, found).save(folder / f"{name}-difference.png")
        raise AssertionError(
            f"{name} does not look like its reference: {found.problem}. Pictures of both and of "
            f"the difference are in {folder}: {renew}."
        )


def _store(picture: Picture, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    small = picture.quantize(_COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    small.save(path, optimize=True)


def _blurred(image: Picture, blur: float) -> NDArray[np.int16]:
    soft = image.convert("RGB").filter(ImageFilter.GaussianBlur(blur))
    return np.asarray(soft, dtype=np.int16)


def _distance(one: NDArray[np.int16], other: NDArray[np.int16]) -> NDArray[np.int16]:
    """Difference to the most similar of the nine pixels around, (height, width), both ways."""
    return np.maximum(_nearest(one, other), _nearest(other, one))


def _nearest(one: NDArray[np.int16], other: NDArray[np.int16]) -> NDArray[np.int16]:
    height, width = one.shape[:2]
    padded = np.pad(other, ((1, 1), (1, 1), (0, 0)), mode="edge")
    best = np.full((height, width), 255, np.int16)
    for down in range(3):
        for right in range(3):
            shifted = padded[down : down + height, right : right + width]
            np.minimum(best, np.abs(one - shifted).max(axis=2), out=best)
    return best


def _tile_shares(mask: NDArray[np.bool_], tile: int) -> NDArray[np.float64]:
    """Share of True in squares that overlap by half, so that no change is cut in four."""
    sums = np.pad(mask, ((1, 0), (1, 0))).cumsum(0, dtype=np.int64).cumsum(1)
    rows = np.arange(0, max(mask.shape[0] - tile // 2, 1), tile // 2)
    columns = np.arange(0, max(mask.shape[1] - tile // 2, 1), tile // 2)
    ends = np.minimum(rows + tile, mask.shape[0]), np.minimum(columns + tile, mask.shape[1])
    counts = (
        sums[np.ix_(ends[0], ends[1])] - sums[np.ix_(rows, ends[1])]
        - sums[np.ix_(ends[0], columns)] + sums[np.ix_(rows, columns)]
    )  # fmt: skip
    return counts / (tile * tile)


def _marked(picture: Picture, found: Difference) -> Picture:
    """The picture, pale, with what differs in red and a frame round the worst place."""
    if found.mask.shape != (picture.height, picture.width):
        return picture
    pale = Image.blend(picture, Image.new("RGB", picture.size, "white"), 0.7)
    pixels = np.asarray(pale).copy()
    pixels[found.mask] = (213, 94, 0)
    marked = Image.fromarray(pixels)
    left, top = found.place
    frame = (left - 6, top - 6, left + 30, top + 30)
    ImageDraw.Draw(marked).rectangle(frame, outline=(0, 114, 178), width=2)
    return marked


def _size(image: Picture) -> str:
    return f"{image.width} x {image.height}"
