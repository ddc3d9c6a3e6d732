"""What the hypotheses about commons_harvest and clean_up share: sites, beams, values of steps."""

from __future__ import annotations

import numpy as np

from prosocial.envs.engine import ConfigError, World
from prosocial.envs.engine.grid import UNREACHABLE, distances
from prosocial.envs.worlds.avatars.codes import NOOP, WALL, ZAP

from .base import RowHypotheses
from .commons_kernel import AIM_AHEAD, AIM_BACK, AIM_LEFT, AIM_RIGHT, FAR, Beam, Sites
from .reading import mask_actions
from .sight import SIGHTS, check_sight, in_view

TURN_LEFT, TURN_RIGHT = 5, 6
# The action of a step ahead, to the right, back, to the left; or north, east, south, west.
STEPS = np.array([1, 4, 2, 3])
# Values in steps: what a pause, a step aside or back, and an action out of character cost.
PAUSE, ASIDE, OUT_OF_CHARACTER = -2.0, -4.0, -4.0


class AvatarHypotheses(RowHypotheses):
    """Hypotheses about avatars: who is out of the world does nothing that tells anything.

    Args:
        world: Configured.
        names: Of the hypotheses.
        sight: "full": everybody sees everybody; "view": who is in the window of the observation.

    Raises:
        ConfigError: The sight is unknown.
    """

    def __init__(self, world: World, names: tuple[str, ...], sight: str = SIGHTS[0]) -> None:
        super().__init__(world, names)
        params = world.params[0]
        self._offsets = params["offsets"].astype(np.int64)
        self._absolute = bool(params["absolute"])
        if check_sight(sight) == "view":
            self.visible = self._visible

    def available(self, states: np.ndarray) -> np.ndarray:
        """Returns bool (B, N, H), all True."""
        return np.ones((len(states), len(self.targets), len(self.names)), np.bool_)

    def actions(self, before: np.ndarray, actions: np.ndarray, after: np.ndarray) -> np.ndarray:
        """Returns the actions; -1 for who was out of the world, int64 (B, N)."""
        out = np.empty(before["away"].shape, np.int64)
        mask_actions(np.asarray(actions), before["away"], False, out)
        return out

    def _visible(self, states: np.ndarray) -> np.ndarray:
        """Returns whose body is in whose window, bool (B, N, N); nobody sees who is away."""
        config = self.world.config
        reach = (config.view_ahead, config.view_behind, config.view_side)  # type: ignore[attr-defined]
        here = states["away"] == 0
        seen = in_view(states["position"], states["heading"], int(self._offsets[2]), reach)
        return seen & here[:, :, None] & here[:, None, :]


def check_world(world: World, name: str, owner: object) -> None:
    """Raises a ConfigError unless the world is the one named."""
    if world.name != name:
        raise ConfigError(
            f"{type(owner).__name__} are hypotheses about {name}, not about {world.name!r}."
        )


def walking_steps(world: World, cells: np.ndarray, passable: np.ndarray) -> np.ndarray:
    """Returns the moves from every cell to each of some cells, int32 (n, S); FAR for no path.

    Args:
        world: A configured world of avatars.
        cells: Flat cells, integers (S,).
        passable: uint8 (256,): nonzero for the grounds that a path may cross.
    """
    params = world.params[0]
    ground = params["blank"]
    steps, queue = np.empty(ground.size, np.int32), np.empty(ground.size, np.int32)
    blocking = (passable == 0).astype(np.uint8)
    out = np.empty((ground.size, len(cells)), np.int32)
    for column, cell in enumerate(cells):
        distances(ground, int(params["width"]), int(cell), blocking, steps, queue)
        out[:, column] = np.where(steps == UNREACHABLE, FAR, steps)
    return out


def find_sites(world: World, cells: np.ndarray, passable: np.ndarray) -> Sites:
    """Returns sites by distance from every cell; see ``walking_steps`` for the arguments."""
    params = world.params[0]
    offsets, enterable = params["offsets"].astype(np.int64), params["enterable"]
    steps = walking_steps(world, cells, passable)
    ways = np.zeros(steps.shape, np.uint8)
    inner = np.flatnonzero(enterable[params["blank"]])
    for way in range(4):
        there = inner + offsets[way]
        nearer = steps[there] < np.minimum(steps[inner], FAR)
        free = enterable[params["blank"][there]] != 0
        ways[inner] |= ((nearer & free[:, None]) << way).astype(np.uint8)
    order = np.argsort(steps, axis=1, kind="stable")
    return Sites(
        np.asarray(cells, np.int32),
        order.astype(np.int16),
        np.take_along_axis(steps, order, axis=1).astype(np.int16),
        np.take_along_axis(ways, order, axis=1),
    )


def read_beam(world: World, name: str) -> Beam:
    """Returns the beam "zap" or "clean" of a configured world, as if nothing stopped it."""
    params = world.params[0]
    offsets, lengths = params[f"{name}_offsets"], params[f"{name}_lengths"]
    width = int(params["width"])
    # Flat offsets as rows and columns: columns lie within half a width.
    rows = (offsets + width // 2) // width
    columns = offsets - rows * width
    reach = int(max(np.abs(rows).max(), np.abs(columns).max()))
    hits = np.zeros((4, 2 * reach + 1, 2 * reach + 1), np.uint8)
    for heading in range(4):
        for ray, length in enumerate(lengths):
            hits[
                heading,
                rows[heading, ray, :length] + reach,
                columns[heading, ray, :length] + reach,
            ] = 1
    return Beam(offsets.astype(np.int32), lengths.astype(np.int32), hits)


def covered_sites(world: World, name: str, sites: np.ndarray) -> np.ndarray:
    """Returns the sites that a beam from each cell covers, uint64 (n, 4, words): a bit for each.

    Args:
        world: A configured world of avatars.
        name: "zap" or "clean"; walls end its rays.
        sites: Flat cells, integers (S,).
    """
    params = world.params[0]
    beam, ground = read_beam(world, name), params["blank"]
    out = np.zeros((ground.size, 4, -(-len(sites) // 64)), np.uint64)
    place = np.full(ground.size, -1)
    place[sites] = np.arange(len(sites))
    for cell in np.flatnonzero(params["enterable"][ground]):
        for way in range(4):
            for ray, length in zip(beam.offsets[way], beam.lengths, strict=True):
                for there in cell + ray[:length]:
                    if ground[there] == WALL:
                        break
                    if (site := place[there]) >= 0:
                        out[cell, way, site >> 6] |= np.uint64(1 << int(site & 63))
    return out


def follow_ways(masks: np.ndarray, num_actions: int) -> np.ndarray:
    """Returns the values of who walks where a mask points, float32 (rows, num_actions).

    A step along it is worth 0, a pause or a turn -2, another step or a shot -4. Without a way he
    wanders: every step and NOOP 0.

    Args:
        masks: Integers (rows,) of the directions ahead, right, back, left.
        num_actions: A.
    """
    values = np.full((len(masks), num_actions), ASIDE, np.float32)
    values[:, [NOOP, TURN_LEFT, TURN_RIGHT]] = PAUSE
    for way, action in enumerate(STEPS):
        values[(masks >> way) & 1 == 1, action] = 0
    lost = masks == 0
    values[np.ix_(lost, [NOOP, *STEPS])] = 0
    return values


def take_aim(values: np.ndarray, aims: np.ndarray, shot: int) -> np.ndarray:
    """Returns the values of who shoots when he can: the shot or the turn to it 0, the rest lower.

    Args:
        values: Of who does not shoot, float32 (rows, A).
        aims: Integers (rows,): NO_AIM, AIM_AHEAD ...
        shot: Number of the action.
    """
    out = values.copy()
    for aim, chosen in (
        (AIM_AHEAD, [shot]),
        (AIM_RIGHT, [TURN_RIGHT]),
        (AIM_LEFT, [TURN_LEFT]),
        (AIM_BACK, [TURN_LEFT, TURN_RIGHT]),
    ):
        rows = aims == aim
        out[rows] += PAUSE
        out[np.ix_(rows, chosen)] = 0
    return out


def rest(rows: int, num_actions: int) -> np.ndarray:
    """Returns the values of who does nothing, float32 (rows, A)."""
    values = np.full((rows, num_actions), OUT_OF_CHARACTER, np.float32)
    values[:, NOOP] = 0
    return values


def wander(rows: int, num_actions: int) -> np.ndarray:
    """Returns the values of who walks and turns about: all actions but the shots 0."""
    values = np.zeros((rows, num_actions), np.float32)
    values[:, ZAP:] = OUT_OF_CHARACTER
    return values
