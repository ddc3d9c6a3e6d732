"""Footprints of beams as tables of rays, so that one walker casts every kind of beam."""

from __future__ import annotations

import numpy as np

from prosocial.envs.engine.grid import heading_offsets

SHAPES = ("meltingpot", "parallel", "socialjax")

# A cell of a ray: steps ahead of the avatar and steps to its right.
Ray = list[tuple[int, int]]


def rays(shape: str, length: int, radius: int) -> tuple[list[Ray], list[bool]]:
    """Returns the rays of a beam, each from its first cell on, and which of them are chained.

    A chained ray is cast only if the first cell of the ray before it was free.

    * "meltingpot" (Melting Pot, Avatar and Zapper components): the centre ray covers 1 to
      ``length`` cells ahead; on each side, ray r = 1 .. ``radius`` begins in the cell r beside the
      avatar and covers ``length - r + 1`` cells; a side stops widening where a first cell is
      blocked.
    * "parallel" (Hughes et al. 2018, SSD repository): ``2 * radius + 1`` rays of ``length`` cells;
      the centre one begins ahead of the avatar, the others beside it.
    * "socialjax" (SocialJax): the cells 1 .. ``length`` ahead, and on each side the cells 1 ahead
      and 1 .. ``radius`` aside, each a ray by itself.

    Args:
        shape: One of ``SHAPES``.
        length: L >= 1.
        radius: R >= 0; in "meltingpot", at most ``length``.
    """
    found: list[Ray] = [[(k, 0) for k in range(1, length + 1)]]
    chained = [False]
    for side in (-1, 1):
        for r in range(1, radius + 1):
            if shape == "meltingpot":
                found.append([(k, side * r) for k in range(length - r + 1)])
            elif shape == "parallel":
                found.append([(k, side * r) for k in range(length)])
            else:
                found.append([(1, side * r)])
            chained.append(shape == "meltingpot" and r > 1)
    return found, chained


def ray_table(
    shape: str, length: int, radius: int, width: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns the rays of a beam as what to add to the avatar's flat cell.

    Args:
        shape: See ``rays``.
        length: See ``rays``.
        radius: See ``rays``.
        width: Width of the padded grid.

    Returns:
        Offsets, int32 (4 headings, rays, cells of the longest ray); how many cells each ray has,
        int32 (rays,); whether it is chained, uint8 (rays,).
    """
    found, chained = rays(shape, length, radius)
    lengths = np.array([len(ray) for ray in found], np.int32)
    offsets = np.zeros((4, len(found), lengths.max()), np.int32)
    steps = heading_offsets(width)
    for heading in range(4):
        ahead, right = steps[heading], steps[(heading + 1) % 4]
        for number, ray in enumerate(found):
            for k, (forward, aside) in enumerate(ray):
                offsets[heading, number, k] = forward * ahead + aside * right
    return offsets, lengths, np.array(chained, np.uint8)


def num_cells(shape: str, length: int, radius: int) -> int:
    """Returns how many cells the beam covers in the open."""
    return sum(len(ray) for ray in rays(shape, length, radius)[0])
