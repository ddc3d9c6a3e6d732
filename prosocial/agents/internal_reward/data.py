"""What a learner lived through while its caregiver was present."""

from __future__ import annotations

import os
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from prosocial.envs.engine.errors import ProsocialError
from prosocial.envs.engine.files import replacing

_COLUMNS = ("observations", "actions", "social_rewards", "env_rewards")
_EVENT_NAMES = "event_names"  # in files: names of the columns of the events, with commas, as bytes


class ExperienceError(ProsocialError, ValueError):
    """Social experience has the wrong shape or dtype, is damaged, or does not suffice for a fit."""


class SocialExperience:
    """Transitions under a caregiver in chronological order, in arrays that grow.

    Args:
        observation_shape: Shape of one observation, (height, width, features).
        num_bodies: K, the number of bodies whose actions are kept: the learner's first; 2 where the
            caregiver's matters too.
        event_names: Names of the E events that are kept of each transition; () for none.

    Attributes:
        told_events: Whether all transitions came with their events.

    Raises:
        ExperienceError: The shape is not three positive numbers, or ``num_bodies`` is below 1.
    """

    def __init__(
        self,
        observation_shape: tuple[int, ...],
        num_bodies: int = 1,
        event_names: Sequence[str] = (),
    ) -> None:
        shape = tuple(int(size) for size in observation_shape)
        if len(shape) != 3 or min(shape) < 1:
            raise ExperienceError(
                f"observation_shape is {shape}; expected (height, width, features), all >= 1."
            )
        if num_bodies < 1:
            raise ExperienceError(f"num_bodies is {num_bodies}; expected a number >= 1.")
        self.observation_shape = shape
        self.num_bodies = int(num_bodies)
        self.event_names = tuple(event_names)
        self.told_events = True
        self._size = 0
        self._columns = self._allocate(0)

    def __len__(self) -> int:
        return self._size

    @property
    def observations(self) -> np.ndarray:
        """Observations before the action, uint8 (n, height, width, features); a view."""
        return self._columns["observations"][: self._size]

    @property
    def actions(self) -> np.ndarray:
        """Action indices, int8 (n, K); a view."""
        return self._columns["actions"][: self._size]

    @property
    def social_rewards(self) -> np.ndarray:
        """Social rewards R_s received, float32 (n,); a view."""
        return self._columns["social_rewards"][: self._size]

    @property
    def env_rewards(self) -> np.ndarray:
        """Environmental rewards R_e, float32 (n,), NaN where they were not given; a view."""
        return self._columns["env_rewards"][: self._size]

    @property
    def events(self) -> np.ndarray:
        """Counts of the events in ``event_names``, uint8 (n, E); a view.

        Raises:
            ExperienceError: Some transitions were added without their events.
        """
        if not self.told_events:
            raise ExperienceError(
                "Some of this social experience was kept without its events; collect it anew with "
                "this version, or use isr.model regression, which needs none."
            )
        return self._columns["events"][: self._size]

    def append(
        self,
        observations: np.ndarray,
        actions: np.ndarray,
        social_rewards: np.ndarray,
        *,
        env_rewards: np.ndarray | None = None,
        present: np.ndarray | None = None,
        events: np.ndarray | None = None,
    ) -> None:
        """Adds transitions, oldest first.

        The leading axes, written ``...``, may be (n,) or those of a rollout, (T, B): steps first,
        then worlds, so that flattening them keeps the order of time.

        Args:
            observations: uint8 (..., height, width, features), before the action.
            actions: Integer (..., K), or (...) if K is 1; indices 0 .. 127.
            social_rewards: float (...), R_s of the transition.
            env_rewards: float (...), R_e of the transition; needed by the target "received" only.
            present: bool (...), whether the caregiver was present, P. Transitions without a
                caregiver say nothing about what it approves of and are left out. None: always
                present.
            events: What happened: structured uint8 (...) with the fields ``event_names``, or their
                counts as uint8 (..., E). None: not told, which a Bayesian ISR cannot learn from.

        Raises:
            ExperienceError: A shape, dtype or value does not fit; nothing has been added then.
        """
        rows = self._checked(observations, actions, social_rewards, env_rewards, events)
        if present is not None:
            lead = np.shape(social_rewards)
            present = np.asarray(present)
            if present.dtype != bool or present.shape != lead:
                raise ExperienceError(
                    f"present is {present.dtype} {present.shape}; expected bool {lead}."
                )
            rows = {name: column[present.reshape(-1)] for name, column in rows.items()}
        end = self._size + len(rows["social_rewards"])
        self._reserve(end)
        for name, column in rows.items():
            self._columns[name][self._size : end] = column
        if events is None and self.event_names and end > self._size:
            self.told_events = False
        self._size = end

    def save(self, path: str | os.PathLike[str], *, start: int = 0) -> None:
        """Writes the transitions from ``start`` on to a compressed .npz file without pickle.

        The file appears under its name only when it is complete. Saving only what is new, in
        several files that ``load`` joins, keeps frequent checkpoints cheap.

        Raises:
            ExperienceError: ``start`` is outside 0 .. len(self).
            OSError: The file cannot be written, for example on a full disk; an older file of that
                name is untouched.
        """
        if not 0 <= start <= self._size:
            raise ExperienceError(f"start is {start}; expected 0 .. {self._size}.")
        columns: dict[str, Any] = {name: getattr(self, name)[start:] for name in _COLUMNS}
        with replacing(Path(path)) as temporary, temporary.open("wb") as file:
            np.savez_compressed(file, **columns, **self._event_columns(start))

    @classmethod
    def load(cls, *paths: str | os.PathLike[str]) -> SocialExperience:
        """Reads files written by ``save`` and joins them in the order given.

        Raises:
            ExperienceError: No path is given, or a file is damaged or is not social experience; it
                is named.
            FileNotFoundError: A file does not exist.
        """
        if not paths:
            raise ExperienceError("No file of social experience was named.")
        chunks = [_read(path) for path in paths]
        observations, actions = chunks[0]["observations"], chunks[0]["actions"]
        names = chunks[0].get(_EVENT_NAMES)
        experience = cls(observations.shape[1:], actions.shape[-1], decoded(names))
        for path, chunk in zip(paths, chunks, strict=True):
            if decoded(chunk.pop(_EVENT_NAMES, None)) != experience.event_names:
                raise ExperienceError(f"{os.fspath(path)} has other events than {paths[0]}.")
            try:
                experience.append(**chunk)
            except ExperienceError as error:
                raise ExperienceError(f"{os.fspath(path)}: {error}") from error
        return experience

    def _allocate(self, capacity: int) -> dict[str, np.ndarray]:
        return {
            "observations": np.empty((capacity, *self.observation_shape), np.uint8),
            "actions": np.empty((capacity, self.num_bodies), np.int8),
            "social_rewards": np.empty(capacity, np.float32),
            "env_rewards": np.empty(capacity, np.float32),
            "events": np.empty((capacity, len(self.event_names)), np.uint8),
        }

    def _event_columns(self, start: int) -> dict[str, Any]:
        """What a file holds of the events; nothing if they were not kept."""
        if not self.event_names or not self.told_events:
            return {}
        return {"events": self.events[start:], _EVENT_NAMES: encoded(self.event_names)}

    def _reserve(self, size: int) -> None:
        """Makes room for ``size`` transitions; capacity doubles, so that appending stays cheap."""
        capacity = len(self._columns["social_rewards"])
        if size <= capacity:
            return
        grown = self._allocate(max(size, 2 * capacity))
        for name, column in self._columns.items():
            grown[name][: self._size] = column[: self._size]
        self._columns = grown

    def _checked(
        self,
        observations: np.ndarray,
        actions: np.ndarray,
        social_rewards: np.ndarray,
        env_rewards: np.ndarray | None,
        events: np.ndarray | None,
    ) -> dict[str, np.ndarray]:
        """The transitions as flat columns, or an ExperienceError."""
        social_rewards = np.asarray(social_rewards)
        lead, count = social_rewards.shape, social_rewards.size
        observations = checked_observations(observations, (*lead, *self.observation_shape))
        actions = checked_actions(actions, lead, self.num_bodies)
        rows = {
            "observations": observations.reshape(count, *self.observation_shape),
            "actions": actions.reshape(count, self.num_bodies),
            "social_rewards": _checked_rewards("social_rewards", social_rewards, lead),
            "env_rewards": np.full(count, np.nan, np.float32),
            "events": np.zeros((count, len(self.event_names)), np.uint8),
        }
        if events is not None and self.event_names:
            counts = event_counts(events, self.event_names)
            if counts.shape[:-1] != lead:
                raise ExperienceError(f"events are of shape {counts.shape[:-1]}; expected {lead}.")
            rows["events"] = counts.reshape(count, -1)
        if env_rewards is not None:
            rows["env_rewards"] = _checked_rewards("env_rewards", env_rewards, lead, nan_ok=True)
        return rows


def event_counts(events: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """Counts of events as a matrix, uint8 (..., E).

    Args:
        events: Structured uint8 (...) with at least the fields ``names``, or the matrix itself.
        names: Names of the E columns.

    Raises:
        ExperienceError: A field is missing, or the matrix has another width or dtype.
    """
    events = np.asarray(events)
    if events.dtype.names is not None:
        missing = [name for name in names if name not in events.dtype.names]
        if missing:
            raise ExperienceError(
                f"The events {', '.join(events.dtype.names)} lack {', '.join(missing)}; expected "
                f"{', '.join(names)}."
            )
        return np.stack([events[name] for name in names], -1)
    if events.dtype != np.uint8 or events.ndim < 1 or events.shape[-1] != len(names):
        raise ExperienceError(
            f"events are {events.dtype} {events.shape}; expected uint8 with {len(names)} columns "
            f"({', '.join(names)}), or a structured array."
        )
    return events


def as_records(counts: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """Counts (n, E) as a structured array (n,) with the fields ``names``, as worlds give them."""
    dtype = np.dtype([(name, np.uint8) for name in names])
    return np.ascontiguousarray(counts).view(dtype)[:, 0]


def encoded(names: Sequence[str]) -> np.ndarray:
    """Names as bytes, uint8 (n,): files hold arrays only."""
    return np.frombuffer(",".join(names).encode(), np.uint8)


def decoded(array: np.ndarray | None) -> tuple[str, ...]:
    """Names that ``encoded`` made; () for None."""
    text = b"" if array is None else np.asarray(array, np.uint8).tobytes()
    return tuple(text.decode().split(",")) if text else ()


def checked_observations(observations: np.ndarray, expected: tuple[int, ...]) -> np.ndarray:
    """The observations as an array; an ExperienceError unless uint8 of the expected shape."""
    observations = np.asarray(observations)
    if observations.dtype != np.uint8 or observations.shape != expected:
        raise ExperienceError(
            f"observations are {observations.dtype} {observations.shape}; expected uint8 "
            f"{expected}."
        )
    return observations


def checked_actions(actions: np.ndarray, lead: tuple[int, ...], num_bodies: int) -> np.ndarray:
    """The actions as integers (*lead, num_bodies) in 0 .. 127; an ExperienceError otherwise."""
    actions = np.asarray(actions)
    if num_bodies == 1 and actions.shape == lead:
        actions = actions[..., None]
    expected = (*lead, num_bodies)
    if not np.issubdtype(actions.dtype, np.integer) or actions.shape != expected:
        raise ExperienceError(
            f"actions are {actions.dtype} {actions.shape}; expected integers {expected}."
        )
    if actions.size and not (actions.min() >= 0 and actions.max() <= 127):
        raise ExperienceError(
            f"actions lie in {actions.min()} .. {actions.max()}; expected indices in 0 .. 127."
        )
    return actions


def _checked_rewards(
    name: str, rewards: np.ndarray, lead: tuple[int, ...], *, nan_ok: bool = False
) -> np.ndarray:
    rewards = np.asarray(rewards)
    if not np.issubdtype(rewards.dtype, np.floating) or rewards.shape != lead:
        raise ExperienceError(
            f"{name} are {rewards.dtype} {rewards.shape}; expected floats {lead}."
        )
    if not nan_ok and not np.isfinite(rewards).all():
        raise ExperienceError(f"{name} hold values that are not finite; expected numbers.")
    return rewards.astype(np.float32, copy=False).reshape(-1)


def _read(path: str | os.PathLike[str]) -> dict[str, np.ndarray]:
    name = os.fspath(path)
    try:
        with np.load(path, allow_pickle=False) as file:
            chunk = {column: file[column] for column in _COLUMNS}
            chunk |= {n: file[n] for n in ("events", _EVENT_NAMES) if n in file}
    except FileNotFoundError:
        raise
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise ExperienceError(
            f"{name} is damaged or is not a file of social experience ({error})."
        ) from error
    if chunk["observations"].ndim != 4 or chunk["actions"].ndim != 2:
        raise ExperienceError(f"{name}: the arrays do not have the shapes of social experience.")
    return chunk
