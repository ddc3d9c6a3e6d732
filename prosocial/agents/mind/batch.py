"""Worlds beside which a mind watches, so that policies can see what it infers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from prosocial.envs.engine import Batch, ConfigError, World

from .config import MindConfig, make_mind
from .mind import Mind

LEVELS = 255
"""Features are rounded to multiples of 1 / 255, so that they are kept in one byte each."""


class MindBatch(Batch):
    """A batch with a mind that watches every step and forgets where an episode begins.

    Attributes:
        mind: Watches all worlds; each agent is an observer, or all share one posterior.
        features: What each agent infers now: ``Mind.features`` times 255, rounded, uint8
            (B, N, F).
        final_features: That at the end of an episode; valid where done.
    """

    def __init__(self, world: World, num_worlds: int, *, mind: MindConfig, **options: Any) -> None:
        """Prepares the arrays; call ``reset`` before the first step.

        Args:
            world: The configured world.
            num_worlds: B >= 1.
            mind: What the mind infers.
            **options: As for ``Batch``.

        Raises:
            ConfigError: The world has no such hypotheses, or nobody else; or an option is wrong.
        """
        super().__init__(world, num_worlds, **{**options, "track_states": True})
        self.mind = mind_of_learners(world, mind)
        shape = num_worlds, world.num_agents, self.mind.num_features
        self.features = np.zeros(shape, np.uint8)
        self.final_features = np.zeros(shape, np.uint8)

    def reset(self, seed: int | None = None) -> np.ndarray:
        """Begins an episode in every world, with the mind's priors."""
        observations = super().reset(seed)
        self.mind.reset(self.state)
        self.features[:] = inferred(self.mind, self.state)
        return observations

    def step(
        self, actions: Any, out: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Advances every world by one step, and lets the mind learn from it."""
        result = super().step(actions, out)
        after = self.after()
        assert self.before is not None  # states are tracked
        self.mind.observe(self.before, self.last_actions, after)
        if self.done.any():
            self.final_features[self.done] = inferred(self.mind, after)[self.done]
            self.mind.reset(self.state, self.done)
        self.features[:] = inferred(self.mind, self.state)
        return result

    def memory(self) -> dict[str, np.ndarray]:
        """Returns copies of all that the future depends on; "mind/..." is the mind's."""
        return super().memory() | {f"mind/{name}": a for name, a in self.mind.state().items()}

    def recall(self, memory: Mapping[str, np.ndarray]) -> None:
        """Takes over what ``memory`` returned, after ``reset``."""
        super().recall(memory)
        self.mind.reset(self.state)
        prefix = "mind/"
        own = {n.removeprefix(prefix): a for n, a in memory.items() if n.startswith(prefix)}
        self.mind.restore(own)
        self.features[:] = inferred(self.mind, self.state)


class Follower:
    """A mind of somebody who acts in a batch without one, and looks at it before each step.

    Where an episode begins (``t`` is 0) it forgets. The batch resets automatically.

    Args:
        config: What the mind infers.
    """

    def __init__(self, config: MindConfig) -> None:
        self._config = config
        self.reset()

    def reset(self) -> None:
        """Forgets everything; the next batch may be another."""
        self._mind: Mind | None = None
        self._seen: np.ndarray | None = None
        self._saved: dict[str, np.ndarray] = {}

    def features(self, batch: Batch) -> np.ndarray:
        """Returns what each agent infers now, uint8 (B, N, F); see ``MindBatch.features``.

        Args:
            batch: As for ``look``.

        Raises:
            ConfigError: The world has no such hypotheses.
        """
        return inferred(self.look(batch), batch.state)

    def look(self, batch: Batch) -> Mind:
        """Returns the mind, which has seen all steps up to now; not to be changed.

        Args:
            batch: The worlds before a step; from call to call one step further.

        Raises:
            ConfigError: The world has no such hypotheses.
        """
        mind = self._mind or self._begin(batch)
        if self._seen is not None:
            mind.observe(self._seen, batch.last_actions, batch.after())
            mind.reset(batch.state, batch.state["t"] == 0)
        self._seen = batch.state.copy()
        return mind

    def state(self) -> dict[str, np.ndarray]:
        """Returns copies of the arrays that restore the memory; empty before the first look."""
        if self._mind is None or self._seen is None:
            return dict(self._saved)
        seen = self._seen.view(np.uint8).reshape(len(self._seen), -1).copy()
        return {"seen": seen, **{f"mind/{n}": array for n, array in self._mind.state().items()}}

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Takes over what ``state`` returned, after ``reset``."""
        self._saved = dict(state)

    def _begin(self, batch: Batch) -> Mind:
        self._mind = mind = make_mind(batch.world, self._config)
        mind.reset(batch.state)
        if self._saved:
            self._seen = self._saved.pop("seen").view(batch.state.dtype)[:, 0]
            mind.restore({n.removeprefix("mind/"): a for n, a in self._saved.items()})
        return mind


def inferred(mind: Mind, states: np.ndarray) -> np.ndarray:
    """Returns ``Mind.features`` in whole numbers for every agent, uint8 (B, N, F).

    A shared posterior gives every agent the same.
    """
    found = np.rint(mind.features(states) * LEVELS).astype(np.uint8)
    agents = mind.world.num_agents
    return found if found.shape[1] == agents else found.repeat(agents, axis=1)


def mind_of_learners(world: World, config: MindConfig) -> Mind:
    """Returns the mind whose features join what learners see.

    Raises:
        ConfigError: The world has no such hypotheses, or nobody else whose mind could be read.
    """
    mind = make_mind(world, config)
    if not mind.num_features:
        raise ConfigError(
            f"A mind tells learners what it infers of others, and in {world.name} as configured "
            "there are none: leave `mind` out, or take a world with more agents."
        )
    return mind


def make_batch(world: World, num_worlds: int, mind: MindConfig | None, **options: Any) -> Batch:
    """Returns a ``MindBatch``, or without a mind a plain ``Batch``; options as for ``Batch``."""
    if mind is None:
        return Batch(world, num_worlds, **options)
    return MindBatch(world, num_worlds, mind=mind, **options)
