"""Partners for commons_harvest: who takes how much, and who zaps whom."""

from __future__ import annotations

import numpy as np

from prosocial.envs.engine import Batch, ConfigError, nearest

from .player import CommonsPlayer

ZAPS = ("nobody", "takers", "intruders", "everyone")


class Harvester(CommonsPlayer):
    """Eats the nearest apple that has enough live neighbours, and guards the apples if told to.

    With ``least`` = 0 it eats everything that it can reach: greedy and unsustainable, the harvest
    of Melting Pot's "pacifist" and "free" bots. With ``least`` = k it leaves an apple that has
    fewer than k live neighbours, so no patch falls below about k apples, and it does not walk
    over such an apple either.

    A greedy one that zaps nobody or everyone acts in clean_up as well; the others in
    commons_harvest alone, where apples grow from their neighbours.

    Melting Pot's harvest bots are trained networks that nobody can state as rules; these rules
    follow the descriptions of its scenarios.

    Args:
        least: Live neighbours that an apple must have to be eaten, >= 0.
        zaps: Whom it zaps when they come into reach of its beam: "nobody"; "takers", who within
            the last ``grudge`` steps have eaten an apple with fewer than ``least`` live neighbours
            and have not been zapped since; "intruders", who are takers or stand where apples grow;
            or "everyone".
        grudge: Steps for which a taker is remembered, >= 1.
        seed: Of the partner's random numbers.

    Raises:
        ConfigError: An argument is out of its range.
    """

    _memory_dtype = np.dtype([("guilty_until", "i4")])

    def __init__(
        self, least: int = 0, zaps: str = "nobody", grudge: int = 100, seed: int = 0
    ) -> None:
        if least < 0 or grudge < 1:
            raise ConfigError(
                f"Harvester got least={least} and grudge={grudge}; expected least >= 0 live "
                "neighbours and grudge >= 1 steps."
            )
        if zaps not in ZAPS:
            raise ConfigError(f"Harvester got zaps={zaps!r}. {nearest(str(zaps), ZAPS)}")
        if least > 0 or zaps in ("takers", "intruders"):
            self.worlds = ("commons_harvest",)
        self._zaps, self._grudge = zaps, grudge
        super().__init__(least, seed)

    @property
    def remembers(self) -> bool:
        """Whether it bears grudges; without, its actions depend on the present alone."""
        return self._zaps in ("takers", "intruders")

    def _fresh(self) -> tuple:
        return (0,)

    def _victims(self, batch: Batch, aims: np.ndarray) -> np.ndarray:
        shape = (batch.num_worlds, batch.num_agents, batch.num_agents)
        if self._zaps == "nobody":
            return np.zeros(shape, np.bool_)
        others = ~np.eye(batch.num_agents, dtype=bool)
        if self._zaps == "everyone":
            return np.broadcast_to(others, shape).copy()
        guilty = self._remember_takers(batch)
        if self._zaps == "intruders":
            guilty = guilty | self._sites[batch.state["position"]]
        return guilty[:, None, :] & others

    def _remember_takers(self, batch: Batch) -> np.ndarray:
        """Returns who took from where too little was left, bool (B, N)."""
        events, now = batch.events, batch.state["t"][:, None]
        until = self._memory["guilty_until"]
        lately = now > 0  # where an episode begins, the events are those of the one before
        took = (events["ate"] > 0) & (events["ate_neighbours"] < self._least)
        until[lately & (events["zapped"] > 0)] = 0
        until[:] = np.where(lately & took, now + self._grudge, until)
        return until > now
