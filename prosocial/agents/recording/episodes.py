"""What is recorded of episodes: how they began and what was done, as one small file."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np

from prosocial.envs.engine import World, build
from prosocial.envs.engine.errors import ConfigError, ProsocialError


class RecordingError(ProsocialError, ValueError):
    """A recording is damaged, does not fit together, or belongs to another version of a world."""


@dataclass(frozen=True, eq=False)
class Posteriors:
    """What a mind believed at every moment of an episode of T steps.

    Attributes:
        names: Hypotheses, (H,).
        targets: Bodies whose mind was read, (T',).
        observers: Who read it, (O,): agents, or "shared".
        probabilities: float32 (T + 1, O, T', H); before the first step there is the prior.
    """

    names: tuple[str, ...]
    targets: tuple[str, ...]
    observers: tuple[str, ...]
    probabilities: np.ndarray

    @property
    def labels(self) -> tuple[tuple[str, ...], ...]:
        """Names, targets and observers."""
        return self.names, self.targets, self.observers


@dataclass(frozen=True, eq=False)
class Episode:
    """One episode of T steps with N agents and K norms, whole or cut off.

    The states between are not kept: `resimulation.resimulate` steps the world anew. The seed of
    the world is in the record.

    Attributes:
        initial: State record before the first step, structured array of shape ().
        actions: Of the agents, int16 (T, N).
        rewards: R_e, float32 (T, N).
        social: R_s by norm, float32 (K, T, N); 0 where the caregiver was absent.
        present: Whether the caregiver was present, bool (T,).
        internal: R_i, float32 (T, N); 0 where nobody had an internal reward.
        posteriors: What a mind believed; None where none was recorded.
        final_hash: SHA-256 of the record after the last step, see `record_hash`.
        terminated: Whether the world ended the episode for good. An episode that is neither
            terminated nor as long as the world's ``max_steps`` was cut off.
    """

    initial: np.ndarray
    actions: np.ndarray
    rewards: np.ndarray
    social: np.ndarray
    present: np.ndarray
    internal: np.ndarray
    posteriors: Posteriors | None
    final_hash: str
    terminated: bool

    def __post_init__(self) -> None:
        """Checks that the parts fit each other."""
        if self.actions.ndim != 2 or self.social.ndim != 3:
            raise RecordingError(
                f"An episode has actions of shape {self.actions.shape} and social rewards of shape "
                f"{self.social.shape}; expected (T, N) and (K, T, N)."
            )
        steps, agents = self.actions.shape
        shapes = {
            "initial": (),
            "rewards": (steps, agents),
            "social": (len(self.social), steps, agents),
            "present": (steps,),
            "internal": (steps, agents),
        }
        for name, shape in shapes.items():
            if getattr(self, name).shape != shape:
                raise RecordingError(
                    f"An episode of {steps} steps with {agents} agents has {name} of shape "
                    f"{getattr(self, name).shape}; expected {shape}."
                )
        if self.posteriors is not None:
            shape = (steps + 1, *(len(labels) for labels in reversed(self.posteriors.labels)))
            if self.posteriors.probabilities.shape != shape:
                raise RecordingError(
                    f"An episode of {steps} steps has posteriors of shape "
                    f"{self.posteriors.probabilities.shape}; expected {shape}."
                )

    @property
    def length(self) -> int:
        """Number of steps, T."""
        return len(self.actions)


@dataclass(frozen=True, eq=False)
class Recording:
    """Episodes of one configured world.

    Attributes:
        world: Registered name.
        version: Version of the world that was recorded.
        config: Its configuration, plain values.
        agents: Names of the agents, (N,).
        norm_names: Norms of the caregiver, (K,); empty without one.
        labels: Who acted in each slot, (N,): "learner", "random", "person", ...
        source: Where the episodes come from, plain values: ``run``, ``checkpoint``, ``env_steps``,
            ``phase``, ``condition``, ``seed``, ``command``, as far as they are known.
        episodes: The episodes.
    """

    world: str
    version: int
    config: dict[str, Any]
    agents: tuple[str, ...]
    norm_names: tuple[str, ...]
    labels: tuple[str, ...]
    source: dict[str, Any] = field(default_factory=dict)
    episodes: tuple[Episode, ...] = ()

    def __post_init__(self) -> None:
        """Checks that the parts fit each other."""
        if len(self.labels) != len(self.agents):
            raise RecordingError(
                f"labels names {len(self.labels)} actors for {len(self.agents)} agents; expected "
                "one for each."
            )
        for number, episode in enumerate(self.episodes):
            sizes = len(episode.social), episode.actions.shape[1]
            if sizes != (len(self.norm_names), len(self.agents)):
                raise RecordingError(
                    f"Episode {number} has {sizes[0]} norms and {sizes[1]} agents; expected "
                    f"{len(self.norm_names)} and {len(self.agents)}."
                )
            if episode.initial.dtype != self.episodes[0].initial.dtype:
                raise RecordingError(f"Episode {number} has another record than the first one.")
            if _labels(episode) != _labels(self.episodes[0]):
                raise RecordingError(
                    f"Episode {number} has posteriors of other hypotheses, targets or observers "
                    "than the first one; put them into recordings of their own."
                )
        try:
            json.dumps([self.config, self.source])
        except (TypeError, ValueError) as error:
            raise RecordingError(
                f"config and source must be plain numbers, strings, lists and mappings: {error}."
            ) from error

    def build(self) -> World:
        """Returns the world of the recording.

        Raises:
            RecordingError: The world is unknown here, or is of another version or configuration
                than the one that was recorded.
        """
        advice = (
            "Replay it with the version of prosocial that recorded it (CHANGELOG.md tells which "
            "one has that version of the world), or record anew."
        )
        try:
            world = build(self.world, **self.config)
        except ConfigError as error:
            raise RecordingError(
                f"The world of the recording, {self.world!r} version {self.version}, cannot be "
                f"built here: {error} {advice}"
            ) from error
        if world.version != self.version:
            raise RecordingError(
                f"The recording is of {self.world!r} version {self.version}, but here it has "
                f"version {world.version}, which plays otherwise. {advice}"
            )
        for episode in self.episodes:
            if episode.initial.dtype != world.state_dtype:
                raise RecordingError(
                    f"The recording holds state records of {self.world!r} version {self.version} "
                    f"({episode.initial.dtype.itemsize} bytes) with another layout than those of "
                    f"version {world.version} here ({world.state_dtype.itemsize} bytes). {advice}"
                )
        if world.agents != self.agents:
            raise RecordingError(
                f"The recording is of the agents {', '.join(self.agents)}, but {self.world!r} as "
                f"configured has {', '.join(world.agents)}. {advice}"
            )
        return world

    def select(self, episodes: Sequence[int]) -> Self:
        """Returns a recording of some of the episodes, by their numbers from 0.

        Raises:
            RecordingError: There is no such episode.
        """
        return dataclasses.replace(self, episodes=tuple(self.episode(k) for k in episodes))

    def episode(self, index: int) -> Episode:
        """Returns an episode by its number, 0 .. len - 1.

        Raises:
            RecordingError: There is no such episode.
        """
        if not 0 <= index < len(self.episodes):
            raise RecordingError(
                f"There is no episode {index}; the recording has {len(self.episodes)}"
                + (f", numbered 0 to {len(self.episodes) - 1}." if self.episodes else ".")
            )
        return self.episodes[index]

    def save(self, path: str | Path) -> Path:
        """Writes a compressed npz file, complete or not at all; see `file_format`.

        Equal recordings give equal bytes. Nothing is pickled.

        Returns:
            The path.
        """
        from .file_format import write

        return write(self, Path(path))


def plain_config(world: World) -> dict[str, Any]:
    """Returns the configuration of a world as numbers, strings, lists and mappings."""
    return json.loads(json.dumps(dataclasses.asdict(world.config)))


def clean(records: np.ndarray) -> np.ndarray:
    """Returns a copy of state records whose bytes between the fields are zero.

    Compiled code does not write there, so that they are no part of what happened.
    """
    copy = np.zeros(records.shape, records.dtype)
    for name in records.dtype.names or ():
        copy[name] = clean(records[name]) if records.dtype[name].names else records[name]
    return copy


def record_hash(record: np.ndarray) -> str:
    """Returns the SHA-256 of a state record's fields, 64 hexadecimal digits."""
    return hashlib.sha256(clean(np.asarray(record)).tobytes()).hexdigest()


def _labels(episode: Episode) -> tuple[tuple[str, ...], ...] | None:
    return None if episode.posteriors is None else episode.posteriors.labels
