"""A caregiver who was there once: recorded feedback as the social experience of a life.

Somebody gave praise and blame in a session of `prosocial play`. What the learner saw and did then
is simulated again and checked, and what was felt of it is kept, so that an internal reward can be
fitted to it in a life that has no caregiver at all.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from prosocial.agents.internal_reward.config import ISRConfig
from prosocial.agents.internal_reward.sampling import reward_classes, split
from prosocial.agents.recording import Recording, resimulate
from prosocial.envs.engine.errors import ConfigError
from prosocial.envs.engine.world import World

from .rollout import num_bodies

LEARNER = "learner"  # label of the slots whose transitions count


@dataclass(frozen=True, eq=False)
class RecordedSession:
    """One session in which somebody was the caregiver.

    Attributes:
        path: Where it was read.
        sha256: Of the bytes that were read, 64 hexadecimal digits.
        recording: What happened.
        agents: Numbers of the agents that the feedback went to; None for those labelled "learner".
        norms: Norms of the recording that are the person's feedback; None for all.
    """

    path: str
    sha256: str
    recording: Recording
    agents: tuple[int, ...] | None = None
    norms: tuple[str, ...] | None = None


ReadSessions = Callable[[Sequence[str]], list[RecordedSession]]
"""Returns the sessions at some paths, in that order; raises a ConfigError that says why not."""


def social_experience(session: RecordedSession, world: World) -> dict[str, np.ndarray]:
    """Returns the transitions at which the caregiver of a session was there.

    The episodes are simulated again; rewards and final states must come out as recorded.

    Args:
        session: The session.
        world: The world of the life that is to come; it must show the same observations and have
            the same actions and events. Its map or its costs may differ.

    Returns:
        Columns in the order of time, n transitions: ``observations`` uint8 (n, h, w, f),
        ``actions`` int8 (n, K), ``social_rewards`` float32 (n,), ``env_rewards`` float32 (n,),
        ``events`` uint8 (n, E).

    Raises:
        ConfigError: The session is of another world, has no learner, no step, or no step at which
            somebody was the caregiver.
        RecordingError: It is of another version of the world, or was altered.
    """
    recording = session.recording
    played = recording.build()
    _check_world(session, played, world)
    slots = session.agents
    if slots is None:
        slots = tuple(k for k, label in enumerate(recording.labels) if label == LEARNER)
    if not slots:
        raise ConfigError(
            f"In {session.path} nobody was a learner: its agents were played by "
            f"{', '.join(recording.labels)}. {_advice(recording)}"
        )
    chosen = [session.norms is None or name in session.norms for name in recording.norm_names]
    parts = [
        _episode(recording, index, list(slots), np.array(chosen, bool))
        for index in range(len(recording.episodes))
    ]
    columns = _joined(parts)
    if not columns or not len(columns["actions"]):
        raise ConfigError(
            f"{session.path} holds no step at which somebody was the caregiver. "
            f"{_advice(recording)}"
        )
    return columns


def join_experience(
    sessions: Sequence[RecordedSession], world: World, config: ISRConfig
) -> tuple[dict[str, np.ndarray], list[dict[str, Any]]]:
    """Returns the experience of several sessions, one after another, if an ISR can learn from it.

    Args:
        sessions: At least one, in the order of time.
        world: As for ``social_experience``.
        config: Of the ISR that is to be fitted.

    Returns:
        Columns as ``social_experience`` returns them, and what is to be known of each session:
        ``path``, ``sha256``, ``world_config``, ``episodes``, ``transitions``, ``praised``,
        ``blamed``.

    Raises:
        ConfigError: As ``social_experience``; or nobody praised or blamed anything, or nobody did
            so in the part that trains or in the part that is held out.
        RecordingError: As ``social_experience``.
    """
    parts = [social_experience(session, world) for session in sessions]
    summaries = [_summary(s, p, config) for s, p in zip(sessions, parts, strict=True)]
    columns = _joined(parts)
    where = ", ".join(session.path for session in sessions)
    rewards = columns["social_rewards"]
    rewarded = _rewarded(rewards, config)
    if not rewarded:
        raise ConfigError(
            f"There is no praise or blame in {where}: {len(rewards)} steps, none of them with a "
            f"feedback above isr.rewarded_above ({config.rewarded_above}). Give feedback in a "
            "session; an ISR cannot be fitted to none."
        )
    size = split(config, len(rewards))
    training = _rewarded(rewards[:size], config)
    if not training or (size < len(rewards) and training == rewarded):
        part = "trains" if not training else "is held out"
        raise ConfigError(
            f"Too few steps got feedback in {where}: {rewarded} of {len(rewards)}, and none in "
            f"the part that {part} (the first {size} steps train, isr.train_fraction is "
            f"{config.train_fraction}). Record more, or set isr.train_fraction to 1 to hold "
            "nothing out."
        )
    return columns, summaries


def _advice(recording: Recording) -> str:
    return f"Sit as the caregiver: prosocial play {recording.world} --seat caregiver."


def _check_world(session: RecordedSession, played: World, world: World) -> None:
    """Raises a ConfigError unless transitions of one world make sense in the other."""
    if played.name != world.name:
        raise ConfigError(
            f"{session.path} was played in {played.name!r}, but this life is lived in "
            f"{world.name!r}. Give world={played.name}."
        )
    facts = {
        "observations of shape": (played.observation_shape, world.observation_shape),
        "actions": ([a.name for a in played.actions], [a.name for a in world.actions]),
        "events": (list(played.event_names), list(world.event_names)),
        "bodies whose actions count": (num_bodies(played), num_bodies(world)),
    }
    for what, (there, here) in facts.items():
        if there != here:
            raise ConfigError(
                f"{session.path} has {what} {there}; {world.name} as configured here has {here}. "
                f"Give the options that it was played with: {_differences(played, world)}."
            )


def _differences(played: World, world: World) -> str:
    """Returns the options of one world that differ from another's, as overrides."""
    there, here = (dataclasses.asdict(w.config) for w in (played, world))
    return " ".join(f"world_config.{k}={v}" for k, v in there.items() if here.get(k) != v)


def _episode(
    recording: Recording, index: int, slots: list[int], norms: np.ndarray
) -> dict[str, np.ndarray]:
    """Returns the transitions of one episode at which the caregiver was there."""
    played = resimulate(recording, index)
    episode, present = played.episode, played.episode.present
    rewards = episode.social[norms].sum(0, dtype=np.float32)
    bodies = episode.actions[:, :, None]
    if "actions" in (played.states.dtype.names or ()):
        taken = played.states["actions"][1:, None, :]
        bodies = np.broadcast_to(taken, (*episode.actions.shape, taken.shape[-1]))
    events = np.stack([played.events[name] for name in played.world.event_names], -1)
    columns = {
        "observations": played.observations[:-1],
        "actions": bodies.astype(np.int8),
        "social_rewards": rewards,
        "env_rewards": episode.rewards,
        "events": events,
    }
    return {
        name: np.ascontiguousarray(column[present][:, slots]).reshape(-1, *column.shape[2:])
        for name, column in columns.items()
    }


def _joined(parts: Sequence[Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
    if not parts:
        return {}
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _summary(
    session: RecordedSession, columns: Mapping[str, np.ndarray], config: ISRConfig
) -> dict[str, Any]:
    _, praised, blamed = reward_classes(columns["social_rewards"], config.rewarded_above)
    return {
        "path": session.path,
        "sha256": session.sha256,
        "world_config": session.recording.config,
        "episodes": len(session.recording.episodes),
        "transitions": len(columns["social_rewards"]),
        "praised": len(praised),
        "blamed": len(blamed),
    }


def _rewarded(rewards: np.ndarray, config: ISRConfig) -> int:
    return int((np.abs(rewards) > config.rewarded_above).sum())
