"""Cooks who infer who does what: Bayesian Delegation and its lesions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from prosocial.agents.mind.delegation.delegation import BayesianDelegation
from prosocial.agents.mind.delegation.models import model
from prosocial.envs.engine import Batch, World, world_seeds

from .protocol import check_world


class Cook:
    """Acts in the kitchen by one of the models of "Too many cooks" (`mind.delegation.models`).

    Every agent that it acts for keeps a posterior of its own over who does what, from the actions
    of all, and knows of the others no more than anybody sees.

    Args:
        model: One of `mind.delegation.models.MODELS`.
        seed: Of the cook's random numbers, an int in [0, 2**64).
        **options: Fields of `mind.delegation.models.DelegationConfig` that differ from the model's.

    Raises:
        ConfigError: There is no such model, or an option is unknown or invalid.
    """

    worlds: tuple[str, ...] = ("kitchen",)  # where it can act

    def __init__(self, model: str = "bayesian_delegation", seed: int = 0, **options: Any) -> None:
        self.config = _configured(model, options)
        self._minds: dict[tuple[int, ...], BayesianDelegation] = {}
        self._world: World | None = None
        self.reset(seed)

    def reset(self, seed: int) -> None:
        """Forgets everything and starts anew with another seed, an int in [0, 2**64)."""
        self._seed = world_seeds(seed, 0, 1)
        self._minds.clear()
        self._saved: dict[str, np.ndarray] = {}

    def act(self, batch: Batch) -> np.ndarray:
        """Returns the actions of all agents, int64 (B, N).

        Raises:
            ConfigError: The batch is of another world.
        """
        return self.act_for(batch, range(batch.num_agents))

    def act_for(self, batch: Batch, agents: Sequence[int]) -> np.ndarray:
        """Returns the actions of some agents, int64 (B, len(agents)); see ``act``."""
        mind = self.mind(batch, agents)
        return mind.act(batch.state, batch.last_actions, self._seed)

    def mind(self, batch: Batch, agents: Sequence[int]) -> BayesianDelegation:
        """Returns what the cook believes about the worlds of a batch as some of its agents.

        Raises:
            ConfigError: The batch is of another world.
        """
        if batch.world is not self._world:
            check_world(self, batch, *self.worlds)
            self._minds.clear()
            self._world = batch.world
        key = tuple(int(agent) for agent in agents)
        if key not in self._minds:
            mind = BayesianDelegation(batch.world, self.config, key)
            prefix = f"{'-'.join(map(str, key))}/"
            own = {
                k.removeprefix(prefix): v for k, v in self._saved.items() if k.startswith(prefix)
            }
            mind.restore(own, batch.state.dtype)
            self._minds[key] = mind
        return self._minds[key]

    def state(self) -> dict[str, np.ndarray]:
        """Returns copies of the arrays that restore the memory; empty before the first act."""
        return {
            f"{'-'.join(map(str, agents))}/{name}": array
            for agents, mind in self._minds.items()
            for name, array in mind.state().items()
        }

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Takes over what ``state`` returned, after ``reset`` with the same seed."""
        self._minds.clear()
        self._saved = dict(state)


def _configured(name: str, options: dict[str, Any]) -> Any:
    return model(name).replace(**options)
