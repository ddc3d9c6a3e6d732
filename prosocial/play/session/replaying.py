"""Reading a session again: its states, bit for bit, and its transitions with all feedback."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from prosocial.agents.recording.episodes import clean
from prosocial.envs.engine import World
from prosocial.play.config import PlayConfig

from .errors import LogError
from .log import log_path, read_log
from .state import PlayState
from .transitions import Transition


@dataclass(frozen=True)
class Replayed:
    """A session, played again from its log.

    Attributes:
        path: The log.
        records: Its records.
        config: The session's configuration.
        world: Its world.
        norm_names: Scripted norms and, where there was a seat for one, "person", (K,).
        labels: Who acted for each agent, (N,): "person", a partner, "policy" or "learner".
        states: For each episode the state records before its first step and after each step,
            structured (T + 1,).
        transitions: All steps in order. Of a session that was cut off, the last one has the
            feedback that was given until then.
    """

    path: Path
    records: list[dict[str, Any]]
    config: PlayConfig
    world: World
    norm_names: tuple[str, ...]
    labels: tuple[str, ...]
    states: tuple[np.ndarray, ...]
    transitions: tuple[Transition, ...]


def replay_log(path: Path | str) -> Replayed:
    """Plays a session again from its log; neither partners nor learner are needed.

    Args:
        path: The session's folder or log; a torn last line is left out, nothing is changed.

    Raises:
        LogError: There is no log, it is damaged or of another version, or the world does not come
            to the states that were recorded.
        ConfigError: The configuration does not fit this version.
    """
    found = log_path(path)
    records = read_log(found)
    if not records:
        raise LogError(f"{found} was cut off before anything happened.")
    config = PlayConfig.from_mapping(records[0]["config"])
    state = PlayState(config, acting=False)
    world = state.game.world
    states: list[list[np.ndarray]] = []
    transitions: list[Transition] = []
    for record in records:
        before = state.transition
        state.apply(record)
        if state.transition is not None and state.transition is not before:
            transitions.append(state.transition)
        if record["kind"] == "episode":
            states.append([])
        if record["kind"] in ("episode", "step"):
            states[-1].append(state.game.record[0].copy())
    last = state.finish()
    labels = records[0]["others"]
    return Replayed(
        path=found,
        records=records,
        config=config,
        world=world,
        norm_names=state.norm_names,
        labels=tuple(labels.get(str(k), "person") for k in range(world.num_agents)),
        states=tuple(clean(np.stack(episode)) for episode in states),
        transitions=(*transitions, *([last] if last is not None else [])),
    )


def transitions(path: Path | str) -> Iterator[Transition]:
    """Yields the steps of a session in order, each with all feedback that was given on it.

    Args:
        path: As for ``replay_log``.

    Raises:
        LogError: As for ``replay_log``.
    """
    yield from replay_log(path).transitions
