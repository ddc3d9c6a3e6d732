"""Hypotheses about who harvests in fishery, pasture and pollution: how much they demand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from prosocial.envs.engine import ConfigError, World
from prosocial.envs.worlds.govsim.codes import NONE, STORIES
from prosocial.envs.worlds.govsim.rules import threshold

from .base import RowHypotheses
from .reading import demand_rows, mask_actions
from .sight import SIGHTS, check_sight


class DemandNorms(RowHypotheses):
    """Kind "norms": by which rule an agent says how many units it demands.

    | name        | demand d                                                                       |
    |-------------|--------------------------------------------------------------------------------|
    | sustainable | the threshold f of the round: what all can take for ever                       |
    | greedy      | the whole stock                                                                |
    | conditional | f, or the whole stock after a round in which another got more than f           |
    | fraction(s) | the share s of the stock, rounded down, for each of ``fractions``              |
    | fixed(u)    | u units, at most the capacity, for each of ``fixed``                           |
    | random      | every demand alike                                                             |

    The rules are those of the scripted partners. Demanding x is worth -|x - d| / ``spread``: a
    double-sided exponential around d. Rules that ask for the same cannot be told apart until the
    stock changes. A newcomer who does not take part yet does nothing that tells anything. The
    values are rows of a table (the fast path).

    Args:
        world: A configured fishery, pasture or pollution.
        fractions: Shares in [0, 1], all different.
        fixed: Units, integers >= 0, all different.
        spread: Units by which a demand misses before its odds fall by e, > 0.
        sight: "full": everybody hears every demand; "view": only where the world shows catches
            (``catches`` other than "none"), else everybody knows its own alone.

    Raises:
        ConfigError: The world is another one, or an argument is out of its range.
    """

    def __init__(
        self,
        world: World,
        fractions: Sequence[float] = (0.25, 0.5),
        fixed: Sequence[int] = (0, 5, 20),
        spread: float = 1.0,
        sight: str = SIGHTS[0],
    ) -> None:
        if world.name not in STORIES:
            raise ConfigError(
                f"DemandNorms are hypotheses about {', '.join(STORIES)}, not about {world.name!r}."
            )
        shares, units = _checked(fractions, fixed)
        if not (np.isfinite(spread) and spread > 0):
            raise ConfigError(f"spread is {spread!r}; expected a positive finite number.")
        named = [f"fraction({s:g})" for s in shares] + [f"fixed({u})" for u in units]
        super().__init__(world, ("sustainable", "greedy", "conditional", *named, "random"))
        self._capacity = int(world.params[0]["capacity"])
        self.table = self._make_table(shares, units, float(spread))
        if check_sight(sight) == "view":
            self.visible = self._visible

    def available(self, states: np.ndarray) -> np.ndarray:
        """Returns bool (B, N, H), all True."""
        return np.ones((len(states), len(self.targets), len(self.names)), np.bool_)

    def actions(self, before: np.ndarray, actions: np.ndarray, after: np.ndarray) -> np.ndarray:
        """Returns the demands, int64 (B, N); -1 for a newcomer who does not take part yet."""
        out = np.empty(before["active"].shape, np.int64)
        mask_actions(np.asarray(actions), before["active"], True, out)
        return out

    def rows(self, states: np.ndarray) -> np.ndarray:
        """Returns 4 * stock + 2 * (all take part) + (another took too much), int64 (B, N)."""
        out = np.empty(states["active"].shape, np.int64)
        demand_rows(states["t"], states["stock"], states["over"], states["active"], out)
        return out

    def _make_table(self, shares: list[float], units: list[int], spread: float) -> np.ndarray:
        """Returns the table, float32 (4 * (capacity + 1), A, H)."""
        growth, num_agents = float(self.world.params[0]["growth"]), len(self.targets)
        demands = np.zeros((self._capacity + 1, 2, 2, len(self.names) - 1))
        for stock in range(self._capacity + 1):
            # As the partners do: a product such as 0.29 * 100 comes out a hair too small.
            fixed = [np.floor(s * stock + 1e-9) for s in shares] + list(units)
            for complete in range(2):
                most = threshold(stock, num_agents - 1 + complete, growth)
                for provoked in range(2):
                    conditional = stock if provoked else most
                    demands[stock, complete, provoked] = [most, stock, conditional, *fixed]
        demands = np.clip(demands, 0, self._capacity).reshape(-1, 1, len(self.names) - 1)
        asked = np.arange(self.num_actions)[:, None]
        table = np.zeros((len(demands), self.num_actions, len(self.names)), np.float32)
        table[:, :, :-1] = -np.abs(asked - demands) / spread
        return table

    def _visible(self, states: np.ndarray) -> np.ndarray:
        """Returns whose demands each agent learns of, bool (B, N, N)."""
        size = len(self.targets)
        if self.world.params[0]["catches"] == NONE:
            return np.broadcast_to(np.eye(size, dtype=np.bool_), (len(states), size, size)).copy()
        return np.repeat((states["active"] > 0)[:, :, None], size, axis=2)


def _checked(fractions: Sequence[float], fixed: Sequence[int]) -> tuple[list[float], list[int]]:
    shares, units = list(fractions), list(fixed)
    if len(set(shares)) < len(shares) or not all(0 <= share <= 1 for share in shares):
        raise ConfigError(f"fractions is {fractions!r}; expected different numbers in [0, 1].")
    whole = all(isinstance(unit, int) and not isinstance(unit, bool) for unit in units)
    if len(set(units)) < len(units) or not whole or any(unit < 0 for unit in units):
        raise ConfigError(f"fixed is {fixed!r}; expected different integers >= 0.")
    return [float(share) for share in shares], units
