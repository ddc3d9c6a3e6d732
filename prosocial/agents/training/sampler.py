"""Who steps the worlds: a runner in this process, or several on Ray."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from .rollout import Rollout
from .runner import BatchEnvRunner
from .world_setup import WorldSetup


class Sampler(Protocol):
    """Steps all worlds of a phase."""

    def sample(
        self, weights: Any, setup: WorldSetup, worlds: list[np.ndarray] | None
    ) -> tuple[Rollout, list[np.ndarray]]:
        """Returns a rollout and the bytes of the worlds after it, by runner.

        Args:
            weights: State of the policy module.
            setup: The phase.
            worlds: Bytes of the worlds by runner; None: the phase begins.
        """
        ...

    def close(self) -> None:
        """Ends the runners."""
        ...


class LocalSampler:
    """One runner in this process; no Ray cluster is started."""

    def __init__(self, config: Any) -> None:
        self._runner = BatchEnvRunner(config=config, worker_index=0, num_workers=0)

    def sample(
        self, weights: Any, setup: WorldSetup, worlds: list[np.ndarray] | None
    ) -> tuple[Rollout, list[np.ndarray]]:
        """See ``Sampler``."""
        rollout, after = self._runner.collect(weights, setup, worlds[0] if worlds else None)
        return rollout, [after]

    def close(self) -> None:
        """Ends the runner."""
        self._runner.stop()
