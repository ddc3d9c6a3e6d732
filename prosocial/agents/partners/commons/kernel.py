"""What to do next in a commons world: aiming, and walking by breadth-first search.

One file that imports no other module of the project and takes every code as an argument: numba
caches it on disk, and that cache does not see changes in imported files.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numba import njit


def _compiled(function: Callable[..., Any]) -> Any:
    """Compiles a function, cached on disk where numba finds a folder that can be written."""
    try:
        return njit(cache=True, nogil=True)(function)
    except RuntimeError:  # no such folder: compiled anew in each process
        return njit(nogil=True)(function)


HARVEST, CLEAN, HUNT = 0, 1, 2  # what an agent is after
# What it does. A step is taken in an absolute direction: STAY + 1 + heading.
STAY, TURN_LEFT, TURN_RIGHT, ZAP, SCRUB = 0, 5, 6, 7, 8
# What a cell is good for, as bits: to be walked on; an apple to eat; waste; a place where apples
# grow; to be cleaned across.
FREE, RIPE, WASTE, SITE, ACROSS = 1, 2, 4, 8, 16
_VICTIM = 32  # goal of a search that is no kind of cell
_NOBODY = -1
# Results of a search that are no direction: the goal is next door but cannot be entered; none.
_AT_GOAL, _NOWHERE = 4, -1


class Beam(NamedTuple):
    """The rays of a beam, each from its first cell on.

    Attributes:
        offsets: int64 (4 headings, rays, cells): what to add to the shooter's flat cell.
        lengths: int64 (rays,): how many cells each ray has.
        chained: uint8 (rays,): 1 if a ray is cast only where the first cell of the ray before was
            free.
        ends: uint8 (256,): 1 for the grounds that end a ray.
        through_bodies: Whether a ray goes on behind a body.
    """

    offsets: np.ndarray
    lengths: np.ndarray
    chained: np.ndarray
    ends: np.ndarray
    through_bodies: bool


class Terrain(NamedTuple):
    """What does not change in a world.

    Attributes:
        steps: int64 (4,): what to add to a flat cell to go north, east, south, west.
        uses: uint8 (256,): FREE, WASTE and ACROSS by the code of the ground.
        apple: Code of an apple.
        waste: Code of waste.
        neighbours: int64 (k,): flat offsets of the regrowth neighbourhood.
        sites: int64 (S,): flat cells where apples grow.
        zap: The zapping beam.
        clean: The cleaning beam; in worlds without one, the zapping beam again.
    """

    steps: np.ndarray
    uses: np.ndarray
    apple: int
    waste: int
    neighbours: np.ndarray
    sites: np.ndarray
    zap: Beam
    clean: Beam


@_compiled
def plan(
    ground, position, heading, away, can_zap, can_clean, agents, aims, victims, draws, terrain,
    least, out,
):  # fmt: skip
    """Writes what each of the given agents does in each world.

    Args:
        ground: uint8 (B, n): terrain of the padded grid.
        position: int64 (B, N): flat cells of the bodies.
        heading: int64 (B, N): 0 north, 1 east, 2 south, 3 west.
        away: bool (B, N): timed out.
        can_zap: bool (B, N): ready to zap.
        can_clean: bool (B, N): ready to clean.
        agents: int64 (M,): for whom to decide.
        aims: int64 (B, N): HARVEST, CLEAN or HUNT.
        victims: bool (B, N, N): whether an agent zaps another one, if it can.
        draws: int64 (B, N) in [0, 40): random numbers that break ties and lead about.
        terrain: A ``Terrain``.
        least: Live neighbours that an apple must have to be eaten, or to be walked over.
        out: int64 (B, N): STAY, a step, a turn, ZAP or SCRUB.
    """
    cells = ground.shape[1]
    uses = np.zeros(cells, np.uint8)
    body = np.full(cells, _NOBODY, np.int64)
    scratch = np.zeros((3, cells), np.int64)  # seen in which search, first step, queue
    searches = 0
    for w in range(ground.shape[0]):
        has_ripe = _survey(ground[w], terrain, least, uses)
        for agent in range(position.shape[1]):
            if not away[w, agent]:
                body[position[w, agent]] = agent
        for agent in agents:
            out[w, agent] = STAY
            if away[w, agent]:
                continue
            cell, facing, aim = position[w, agent], heading[w, agent], aims[w, agent]
            shot = _shoot(
                ground[w], body, cell, facing, aim, can_zap[w, agent], can_clean[w, agent],
                victims[w, agent], terrain,
            )  # fmt: skip
            if shot >= 0:
                out[w, agent] = shot
                continue
            draw, way = draws[w, agent], _NOWHERE
            goal = RIPE if aim == HARVEST else WASTE if aim == CLEAN else _VICTIM
            if goal != RIPE or has_ripe:
                searches += 1
                way = _route(
                    uses, body, cell, draw, goal, victims[w, agent], terrain.steps, scratch,
                    searches,
                )  # fmt: skip
            if way == _NOWHERE and aim == HARVEST and not _among_sites(uses, cell, terrain.steps):
                searches += 1
                way = _route(
                    uses, body, cell, draw, SITE, victims[w, agent], terrain.steps, scratch,
                    searches,
                )  # fmt: skip
            if way == _NOWHERE:
                way = draw // 8  # wander: in one of four directions, or stay
                if way < 4:
                    at = cell + terrain.steps[way]
                    way = way if uses[at] & FREE and body[at] == _NOBODY else _AT_GOAL
            out[w, agent] = STAY if way == _AT_GOAL else STAY + 1 + way
        for agent in range(position.shape[1]):
            body[position[w, agent]] = _NOBODY


@_compiled
def _survey(ground, terrain, least, uses):
    """Writes what the cells of a world are good for; returns whether an apple is to be eaten."""
    for cell in range(ground.shape[0]):
        uses[cell] = terrain.uses[ground[cell]]
    has_ripe = False
    for cell in terrain.sites:
        uses[cell] |= SITE
        if ground[cell] == terrain.apple:
            live = 0
            if least > 0:
                for offset in terrain.neighbours:
                    live += ground[cell + offset] == terrain.apple
            if live >= least:
                uses[cell] |= RIPE
                has_ripe = True
            else:
                uses[cell] &= ~np.uint8(FREE)
    return has_ripe


@_compiled
def _shoot(ground, body, cell, heading, aim, can_zap, can_clean, victims, terrain):
    """Returns a shot or a turn towards one, STAY to wait for the beam, or -1."""
    if can_zap and victims.any():
        turn = _turn_to_hit(ground, body, cell, heading, victims, -1, terrain.zap)
        if turn >= 0:
            return ZAP if turn == 0 else TURN_LEFT if turn == 3 else TURN_RIGHT
    if aim == CLEAN:
        turn = _turn_to_hit(ground, body, cell, heading, victims, terrain.waste, terrain.clean)
        if turn == 0:
            return SCRUB if can_clean else STAY
        if turn > 0:
            return TURN_LEFT if turn == 3 else TURN_RIGHT
    return -1


@_compiled
def _turn_to_hit(ground, body, cell, heading, victims, code, beam):
    """Returns the right turns (0, 1, 3 or 2: the fewest actions first) to hit; -1 if none does.

    A zap that would also hit somebody who is to be spared is not fired.
    """
    for turn in (0, 1, 3, 2):
        good, bad = _hits(ground, body, cell, (heading + turn) & 3, victims, code, beam)
        if good > 0 and bad == 0:
            return turn
    return -1


@_compiled
def _hits(ground, body, cell, heading, victims, code, beam):
    """Returns how many victims and how many others a zap would hit.

    With a code >= 0 it is a cleaning beam: how many cells of that ground, and 0.
    """
    good, bad = 0, 0
    closed = False
    for ray in range(beam.lengths.shape[0]):
        if beam.chained[ray] and closed:
            continue
        closed = False
        for k in range(beam.lengths[ray]):
            at = cell + beam.offsets[heading, ray, k]
            who = body[at]
            if code >= 0:
                good += ground[at] == code
            elif who >= 0:
                good += victims[who]
                bad += not victims[who]
            if beam.ends[ground[at]] or (who >= 0 and not beam.through_bodies):
                closed = k == 0
                break
    return good, bad


@_compiled
def _route(uses, body, start, draw, goal, victims, steps, scratch, number):
    """Returns the direction of the first step to the nearest goal: 0 .. 3, _AT_GOAL or _NOWHERE.

    Bodies, and apples that are to be spared, block the way. The order in which the directions are
    tried, and with it the choice between equally near goals, is drawn.
    """
    seen, first, queue = scratch[0], scratch[1], scratch[2]
    rotation, spin = draw & 3, 1 if draw & 4 else 3
    seen[start], queue[0] = number, start
    head, tail = 0, 1
    while head < tail:
        cell = queue[head]
        head += 1
        for k in range(4):
            way = (rotation + k * spin) & 3
            at = cell + steps[way]
            if seen[at] == number:
                continue
            seen[at] = number
            use, who = uses[at], body[at]
            free = use & FREE and who == _NOBODY
            first[at] = way if cell == start else first[cell]
            if goal == _VICTIM:
                found = who >= 0 and victims[who]
            else:
                found = use & goal and (free or goal == WASTE)
            if found:
                return first[at] if free or cell != start else _AT_GOAL
            # What cannot be reached on foot may be reached by the beam: look across the water.
            if free or (goal == WASTE and use & ACROSS and cell != start):
                queue[tail] = at
                tail += 1
    return _NOWHERE


@_compiled
def _among_sites(uses, cell, steps):
    """Returns whether apples grow here or next to here."""
    for way in range(4):
        if uses[cell + steps[way]] & SITE:
            return True
    return uses[cell] & SITE != 0
