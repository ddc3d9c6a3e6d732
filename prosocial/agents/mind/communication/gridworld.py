"""The signalling gridworld: who should fetch what, said with one feature of it.

Items that differ in colour and shape lie in a room with walls. The signaler knows which one is
wanted; it may fetch it itself, or name one feature, a colour or a shape, which several items may
have; then the receiver may fetch something. Fetching costs the way there, which walls make longer.
The task is that of the Imagined We (Stacy et al. 2021, gridworld experiment) as far as it is known;
sizes and costs are ours, but for reward 10 and cost 1 a move (released joint planner of Stacy).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from prosocial.envs.engine import Config, ConfigError, uniform_array, world_seeds

from .tasks import SignallingTasks

_ATTEMPTS = 1000  # maps drawn for a task until everything can be reached
_MOVES = ((-1, 0), (1, 0), (0, -1), (0, 1))


@dataclass(frozen=True)
class SignallingGridConfig(Config):
    """How the tasks of a set are drawn.

    Attributes:
        colours: How many items share each colour, integers >= 1; their sum is the number of items.
        shapes: How many items share each shape, with the same sum.
        size: Side of the room in cells, 3 to 20.
        num_walls: Wall cells drawn in it, >= 0.
        reward: For the wanted item, once, to both, > 0.
        step_cost: Of a move, >= 0.
        signal_cost: Of a signal, >= 0.
    """

    colours: tuple[int, ...] = (2, 2, 2)
    shapes: tuple[int, ...] = (2, 2, 2)
    size: int = 7
    num_walls: int = 10
    reward: float = 10.0
    step_cost: float = 1.0
    signal_cost: float = 0.1

    def __post_init__(self) -> None:
        """Checks each field, and that everything has room."""
        for field in ("colours", "shapes"):
            value = getattr(self, field)
            if isinstance(value, list):  # as configuration files give it
                object.__setattr__(self, field, tuple(value))
            fits = isinstance(value, tuple | list) and len(value) > 0
            fits = fits and all(isinstance(k, int | np.integer) and k >= 1 for k in value)
            self.require(field, fits, "integers >= 1, how many items share each")
        self.require(
            "shapes", sum(self.shapes) == sum(self.colours), f"the sum {sum(self.colours)}"
        )
        self.require_int("size", 3, 20)
        self.require_int("num_walls", 0)
        room = self.size**2 - self.num_items - 2
        self.require("num_walls", self.num_walls <= room // 2, f"at most {room // 2} here")
        self.require_number("reward", 0)
        self.require("reward", self.reward > 0, "a number above 0")
        self.require_number("step_cost", 0)
        self.require_number("signal_cost", 0)

    @property
    def num_items(self) -> int:
        """Number of items, M."""
        return sum(self.colours)

    @property
    def ambiguity(self) -> float:
        """Share of the items that a signal which is true of an item fits, mean over both."""
        squares = sum(k * k for k in (*self.colours, *self.shapes))
        return squares / (2 * self.num_items**2)


@dataclass(frozen=True)
class SignallingGrids:
    """A set of T tasks with their maps.

    Attributes:
        tasks: What the models play; minds are items, actions 1 + k fetch item k.
        walls: Bool (T, size, size).
        items: Row and column of each item, int64 (T, M, 2).
        colours: Colour of each item, int64 (T, M).
        shapes: Shape of each item, int64 (T, M).
        signaler: Row and column, int64 (T, 2).
        receiver: Row and column, int64 (T, 2).
    """

    tasks: SignallingTasks
    walls: np.ndarray
    items: np.ndarray
    colours: np.ndarray
    shapes: np.ndarray
    signaler: np.ndarray
    receiver: np.ndarray


def designs(num_items: int, ambiguity: float) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Returns all ways to share out colours and shapes with an ambiguity, both alike in it.

    Args:
        num_items: M, 1 to 12.
        ambiguity: Items that fit a true signal over all items, on the mean: 1 / M to 1.

    Returns:
        Pairs of ``colours`` and ``shapes`` of a configuration, up to exchanging the two.

    Raises:
        ConfigError: There is none; the values that there are are named.
    """
    if isinstance(num_items, bool) or not isinstance(num_items, int) or not 1 <= num_items <= 12:
        raise ConfigError(f"num_items is {num_items!r}; expected an integer in [1, 12].")
    by_squares: dict[int, list[tuple[int, ...]]] = {}
    for parts in _partitions(num_items, num_items):
        by_squares.setdefault(sum(k * k for k in parts), []).append(parts)
    for squares, found in by_squares.items():
        if abs(squares / num_items**2 - ambiguity) < 0.005:
            return [(one, other) for k, one in enumerate(found) for other in found[k:]]
    known = ", ".join(f"{squares / num_items**2:.3f}" for squares in sorted(by_squares))
    raise ConfigError(
        f"No {num_items} items have an ambiguity of {ambiguity}; possible are {known}."
    )


def signalling_grids(
    config: SignallingGridConfig, count: int, *, seed: int = 0, first: int = 0
) -> SignallingGrids:
    """Draws a set of tasks; task k is the same whatever the others are.

    Args:
        config: How they are drawn.
        count: T >= 1.
        seed: Of the set, an int in [0, 2**64).
        first: Number of the first task, >= 0.

    Raises:
        ConfigError: The count is below 1, or no map with so many walls lets both reach every item.
    """
    if count < 1:
        raise ConfigError(f"count is {count}; expected at least one task.")
    seeds = world_seeds(seed, first, count)
    cells, items = config.size**2, config.num_items
    placed = items + 2
    order = np.zeros((count, cells), np.int64)
    ways = np.zeros((count, 2, items))
    left = np.arange(count)
    for attempt in range(_ATTEMPTS):
        drawn = uniform_array(seeds[left], np.full(len(left), attempt), slots=cells)
        order[left] = drawn.argsort(axis=1)
        found = _ways(order[left], config)
        ways[left] = found
        left = left[~np.isfinite(found).all((1, 2))]
        if not len(left):
            break
    else:
        raise ConfigError(
            f"No map of {config.size} x {config.size} cells with {config.num_walls} walls let both "
            f"reach all items in {_ATTEMPTS} attempts; use fewer walls."
        )
    # Features are drawn apart from maps: the same maps recur with every design of a seed.
    drawn = uniform_array(seeds, np.full(count, _ATTEMPTS), slots=2 * items)
    colours = np.repeat(np.arange(len(config.colours)), config.colours)
    shapes = np.repeat(np.arange(len(config.shapes)), config.shapes)
    colours, shapes = colours[drawn[:, :items].argsort(1)], shapes[drawn[:, items:].argsort(1)]
    where = np.stack(np.divmod(order[:, config.num_walls : config.num_walls + placed], config.size))
    where = np.moveaxis(where, 0, -1)
    walls = np.zeros((count, cells), bool)
    np.put_along_axis(walls, order[:, : config.num_walls], True, axis=1)
    return SignallingGrids(
        tasks=_tasks(config, ways, colours, shapes),
        walls=walls.reshape(count, config.size, config.size),
        items=where[:, :items],
        colours=colours,
        shapes=shapes,
        signaler=where[:, items],
        receiver=where[:, items + 1],
    )


def _tasks(
    config: SignallingGridConfig, ways: np.ndarray, colours: np.ndarray, shapes: np.ndarray
) -> SignallingTasks:
    """Returns the tasks of ways (T, 2, M) and features (T, M)."""
    count, items = colours.shape
    fetched = np.zeros((items, items + 1), bool)
    fetched[np.arange(items), np.arange(items) + 1] = True
    got = fetched[:, :, None] | fetched[:, None, :]
    costs = np.zeros((count, 2, items + 1))
    costs[..., 1:] = config.step_cost * ways
    by_colour = colours[..., None] == np.arange(len(config.colours))
    by_shape = shapes[..., None] == np.arange(len(config.shapes))
    meanings = np.concatenate([by_colour, by_shape], -1)[:, None]
    names = [f"colour {k}" for k in range(len(config.colours))]
    names += [f"shape {k}" for k in range(len(config.shapes))]
    return SignallingTasks(
        rewards=np.broadcast_to(config.reward * got, (count, *got.shape)),
        signaler_costs=costs[:, 0],
        receiver_costs=costs[:, 1],
        meanings=meanings,
        signal_costs=np.full((count, len(names)), float(config.signal_cost)),
        prior=np.full((count, items), 1.0 / items),
        mind_names=tuple(f"item {k}" for k in range(items)),
        signal_names=tuple(names),
    )


def _ways(order: np.ndarray, config: SignallingGridConfig) -> np.ndarray:
    """Returns the moves of signaler and receiver to every item, float64 (T, 2, M); inf: none."""
    count, size, walls = len(order), config.size, config.num_walls
    free = np.ones((count, size * size), bool)
    np.put_along_axis(free, order[:, :walls], False, axis=1)
    items = order[:, walls : walls + config.num_items]
    starts = order[:, walls + config.num_items : walls + config.num_items + 2]
    ways = np.empty((count, 2, config.num_items))
    for side in range(2):
        moves = _moves_from(free.reshape(count, size, size), starts[:, side])
        ways[:, side] = np.take_along_axis(moves.reshape(count, -1), items, axis=1)
    return ways


def _moves_from(free: np.ndarray, start: np.ndarray) -> np.ndarray:
    """Returns the moves from a flat start cell to all cells, float64 (T, size, size); inf: none."""
    count, size, _ = free.shape
    moves = np.full((count, size * size), np.inf)
    moves[np.arange(count), start] = 0
    moves = moves.reshape(free.shape)
    for distance in range(1, size * size):
        rim = np.pad(moves == distance - 1, ((0, 0), (1, 1), (1, 1)))
        near = np.zeros_like(free)
        for row, column in _MOVES:
            near |= rim[:, 1 + row : 1 + row + size, 1 + column : 1 + column + size]
        reached = near & free & np.isinf(moves)
        if not reached.any():
            break
        moves[reached] = distance
    return moves


def _partitions(total: int, largest: int) -> list[tuple[int, ...]]:
    """Returns all ways to write a number as a sum of integers >= 1 in falling order."""
    if total == 0:
        return [()]
    heads: Sequence[int] = range(min(total, largest), 0, -1)
    return [(head, *rest) for head in heads for rest in _partitions(total - head, head)]
