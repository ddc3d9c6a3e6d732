"""Posteriors over time, kept while a mind follows episodes, and written to one file."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from prosocial.envs.engine import Batch, ConfigError, ResetNeededError
from prosocial.envs.engine.files import replacing

from .mind import Mind

SHARED = "shared"  # name of the one observer where all share a posterior


@dataclass(frozen=True)
class Trace:
    """Posteriors over time; a row for each moment of each world.

    Sizes: R rows, O observers, T targets, H hypotheses.

    Attributes:
        world_name: Name of the world.
        names: Hypotheses, (H,).
        targets: Bodies whose mind was read, (T,).
        observers: Who read it, (O,): agents, or "shared".
        world: Number of the world, in the order of play, int64 (R,).
        episode: Number of the episode in its world, from 0, int64 (R,).
        t: Steps since it began, int64 (R,); at 0 there is the prior.
        posterior: float32 (R, O, T, H).
    """

    world_name: str
    names: tuple[str, ...]
    targets: tuple[str, ...]
    observers: tuple[str, ...]
    world: np.ndarray
    episode: np.ndarray
    t: np.ndarray
    posterior: np.ndarray

    def __post_init__(self) -> None:
        """Checks that the parts fit each other."""
        rows = len(self.t)
        shape = (rows, len(self.observers), len(self.targets), len(self.names))
        if self.posterior.shape != shape or not len(self.world) == len(self.episode) == rows:
            raise ConfigError(
                f"The trace has posteriors of shape {self.posterior.shape}; expected {shape} for "
                f"{len(self.observers)} observers, {len(self.targets)} targets and "
                f"{len(self.names)} hypotheses."
            )

    def save(self, path: str | Path) -> Path:
        """Writes the trace as a compressed npz file, complete or not at all; returns its path.

        Nothing is lost, and equal traces give equal bytes.
        """
        path = Path(path)
        with replacing(path) as temporary, temporary.open("wb") as file:
            np.savez_compressed(file, **{f.name: getattr(self, f.name) for f in fields(self)})
        return path


def load_trace(path: str | Path) -> Trace:
    """Returns the trace that ``Trace.save`` wrote.

    Raises:
        ConfigError: The file is missing or holds no trace.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            stored = {field.name: file[field.name] for field in fields(Trace)}
    except (OSError, KeyError, ValueError) as error:
        raise ConfigError(
            f"{path} holds no trace of posteriors ({error}); give a file that Trace.save wrote."
        ) from error
    labels = {n: tuple(stored.pop(n).tolist()) for n in ("names", "targets", "observers")}
    return Trace(world_name=str(stored.pop("world_name")), **labels, **stored)


class PosteriorTrace:
    """Lets a mind follow the episodes of batches, and keeps what it believed at every moment.

    Args:
        mind: The mind; nobody else lets it observe.
        max_worlds: Worlds whose posteriors are kept, the first ones of each batch; >= 1.

    Raises:
        ConfigError: ``max_worlds`` is below 1.
    """

    def __init__(self, mind: Mind, max_worlds: int = 8) -> None:
        if max_worlds < 1:
            raise ConfigError(f"max_worlds is {max_worlds}; expected at least 1.")
        self.mind = mind
        self._max_worlds = max_worlds
        self._rows: list[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]] = []
        self._seen: np.ndarray | None = None
        self._played = 0  # worlds of earlier batches

    def begin(self, batch: Batch, episodes: int | None = None) -> None:
        """Follows a batch that has just been reset.

        Args:
            batch: Worlds of the mind's configuration.
            episodes: How many episodes of each world are kept; None for all.
        """
        if self._seen is not None:
            self._played += len(self._seen)
        self._episodes = episodes
        self._first = batch.state["episode"].copy()
        self.mind.reset(batch.state)
        self._seen = batch.state.copy()
        self._keep(batch.state, np.ones(batch.num_worlds, np.bool_))

    def step(self, batch: Batch) -> None:
        """Takes in the step that the batch has just made; call it after every step.

        Raises:
            ResetNeededError: ``begin`` was not called.
        """
        if self._seen is None:
            raise ResetNeededError("The trace was not begun yet: call begin(batch) first.")
        after = batch.after()
        self.mind.observe(self._seen, batch.last_actions, after)
        self._keep(after, np.ones(batch.num_worlds, np.bool_))
        if batch.done.any():
            self.mind.reset(batch.state, batch.done)
            self._keep(batch.state, batch.done)
        self._seen = batch.state.copy()

    def trace(self) -> Trace:
        """Returns all that was kept, ordered by world, episode and t.

        Raises:
            ResetNeededError: ``begin`` was not called.
        """
        if not self._rows:
            raise ResetNeededError("The trace is empty: call begin(batch) first.")
        world, episode, t, posterior = (
            np.concatenate(column) for column in zip(*self._rows, strict=True)
        )
        order = np.lexsort((t, episode, world))
        mind = self.mind
        shared = mind.num_observers == 1 and mind.world.num_agents > 1
        return Trace(
            mind.world.name, mind.names, mind.targets,
            (SHARED,) if shared else tuple(mind.world.agents),
            world[order], episode[order], t[order], posterior[order],
        )  # fmt: skip

    def _keep(self, states: np.ndarray, where: np.ndarray) -> None:
        episode = states["episode"] - self._first
        wanted = where & (np.arange(len(states)) < self._max_worlds)
        if self._episodes is not None:
            wanted &= episode < self._episodes
        rows = np.flatnonzero(wanted)
        self._rows.append(
            (rows + self._played, episode[rows], states["t"][rows].astype(np.int64),
             self.mind.posterior[rows])
        )  # fmt: skip
