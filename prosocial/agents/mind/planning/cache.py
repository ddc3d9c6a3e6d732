"""Plans kept by what they were made for: the bytes of a map and the goals asked about."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np

from prosocial.envs.engine import ConfigError

Plan = np.ndarray | tuple[np.ndarray, ...]


class PlanCache:
    """Arrays by key; the least recently used go when the memory is full.

    Attributes:
        hits: How often a plan was there.
        misses: How often it had to be made.
        max_bytes: Most bytes of arrays held; a plan above it is returned, but not kept.
        num_bytes: Bytes of arrays held now.
    """

    def __init__(self, max_bytes: int = 256 * 2**20) -> None:
        """Makes an empty cache.

        Raises:
            ConfigError: ``max_bytes`` is not a positive integer.
        """
        if isinstance(max_bytes, bool) or not isinstance(max_bytes, int) or max_bytes < 1:
            raise ConfigError(f"max_bytes is {max_bytes!r}; expected an integer >= 1.")
        self.max_bytes = max_bytes
        self.clear()

    def __len__(self) -> int:
        """Returns the number of plans held."""
        return len(self._plans)

    def clear(self) -> None:
        """Forgets all plans and counts."""
        self._plans: OrderedDict[bytes, Plan] = OrderedDict()
        self.hits = self.misses = self.num_bytes = 0

    def get(self, key: bytes, make: Callable[[], Any]) -> Any:
        """Returns the plan of a key, made now if it is not there.

        Args:
            key: From `plan_key`: everything that the plan depends on.
            make: Returns the plan, an array or a tuple of arrays; it becomes read-only.
        """
        if key in self._plans:
            self.hits += 1
            self._plans.move_to_end(key)
            return self._plans[key]
        self.misses += 1
        plan = make()
        for array in _arrays(plan):
            array.flags.writeable = False
        size = _size(plan)
        if size <= self.max_bytes:
            self._plans[key] = plan
            self.num_bytes += size
        while self.num_bytes > self.max_bytes:
            self.num_bytes -= _size(self._plans.popitem(last=False)[1])
        return plan


def plan_key(*parts: np.ndarray | np.generic | str | int | float | bytes | tuple) -> bytes:
    """Returns the key of a plan: equal parts, equal key, and unequal parts, unequal keys.

    Args:
        *parts: What the plan depends on: the name of its method, the cells of the map, its width,
            the goals, costs ... Arrays count with dtype, shape and bytes.
    """
    pieces = []
    for part in parts:
        if isinstance(part, np.ndarray | np.generic):
            array = np.asarray(part)
            piece = f"{array.dtype.descr}{array.shape}".encode() + b"|" + array.tobytes()
        else:
            piece = part if isinstance(part, bytes) else f"{type(part).__name__}:{part!r}".encode()
        pieces.append(b"%d:" % len(piece) + piece)
    return b"".join(pieces)


# What all hypotheses share unless they are given a cache of their own.
SHARED = PlanCache()


def _arrays(plan: Plan) -> tuple[np.ndarray, ...]:
    return plan if isinstance(plan, tuple) else (plan,)


def _size(plan: Plan) -> int:
    return sum(array.nbytes for array in _arrays(plan))
