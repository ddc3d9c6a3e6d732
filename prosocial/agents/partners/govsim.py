"""Partners for fishery, pasture and pollution: how much to demand, by rules in one line each."""

from __future__ import annotations

import numpy as np

from prosocial.envs.engine import Batch, ConfigError

from .protocol import check_world

WORLDS = ("fishery", "pasture", "pollution")


class _Demander:
    """Demands what ``_demands`` says, at most what the world lets one ask for."""

    def reset(self, seed: int) -> None:
        """Does nothing: a demand follows from the present state."""

    def act(self, batch: Batch) -> np.ndarray:
        """Returns the demands of all agents, int64 (B, N).

        Raises:
            ConfigError: The batch is of another world.
        """
        check_world(self, batch, *WORLDS)
        demands = np.broadcast_to(self._demands(batch), (batch.num_worlds, batch.num_agents))
        return np.clip(demands, 0, batch.num_actions - 1).astype(np.int64)

    def _demands(self, batch: Batch) -> np.ndarray:
        raise NotImplementedError


class FixedDemand(_Demander):
    """Demands the same every round.

    Args:
        amount: Units, an integer >= 0.

    Raises:
        ConfigError: The amount is negative or no integer.
    """

    def __init__(self, amount: int) -> None:
        if amount != int(amount) or amount < 0:
            raise ConfigError(f"FixedDemand got amount={amount}; expected an integer >= 0.")
        self.amount = int(amount)

    def _demands(self, batch: Batch) -> np.ndarray:
        return np.full((batch.num_worlds, 1), self.amount)


class FractionDemand(_Demander):
    """Demands a share of the stock, rounded down.

    Args:
        share: In [0, 1].

    Raises:
        ConfigError: The share is out of its range.
    """

    def __init__(self, share: float) -> None:
        if not 0 <= share <= 1:
            raise ConfigError(f"FractionDemand got share={share}; expected a number in [0, 1].")
        self.share = float(share)

    def _demands(self, batch: Batch) -> np.ndarray:
        # A product such as 0.29 * 100 comes out a hair below the whole number that it is.
        return np.floor(self.share * batch.state["stock"] + 1e-9)[:, None]


class SustainableDemand(_Demander):
    """Demands the threshold f of the round: what all can take for ever (GovSim, section 2)."""

    def _demands(self, batch: Batch) -> np.ndarray:
        return batch.state["threshold"][:, None]


class GreedyDemand(_Demander):
    """Demands the whole stock, as GovSim's newcomer is told that it may."""

    def _demands(self, batch: Batch) -> np.ndarray:
        return batch.state["stock"][:, None]


class ConditionalCooperator(_Demander):
    """Demands the threshold, and the whole stock after a round in which another exceeded it."""

    def _demands(self, batch: Batch) -> np.ndarray:
        state = batch.state
        over = state["over"].astype(bool) & (state["t"] > 0)[:, None]
        others = over.sum(1, keepdims=True) - over > 0
        return np.where(others, state["stock"][:, None], state["threshold"][:, None])
