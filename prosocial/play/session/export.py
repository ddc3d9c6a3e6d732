"""Tables and a recording of a session, made from its log.

``steps.parquet``, a row for each step and agent:

========================= =====================================================================
episode, step             number of the episode from 0; of the step in it from 1
lifetime                  steps before this one, over all episodes
agent, agent_name         number and name
actor                     who chose: "person", "default" (a person who was too slow), a partner,
                          "policy" or "learner"
participant               id of the person who played the agent, "" for none
action, action_name       what was chosen
env_reward                R_e
social_reward             R_s: sum of the columns that follow
social_NORM               R_s of one scripted norm
social_person             R_s of the caregiver's praise and blame on this step, if there is one
present                   whether a caregiver was there, scripted or a person
event_NAME                count of the event
done, terminated          the episode ended in this step; for good, not by the time limit
server_ms                 when the step was made, ms since 1970
========================= =====================================================================

``inputs.parquet``, a row for each key or button, in order: ``record`` (line of the log from 0),
``kind`` (press, feedback, next, pace, pause, resume), ``seat``, ``participant``, ``episode`` and
``step`` that were shown, ``action`` and ``action_name`` (press), ``value`` (feedback: praise or
blame; pace: steps per second), ``accepted``, ``why`` not, ``late``, ``client_ms`` (the page's
clock) and ``server_ms``.

``feedback.parquet``, a row for each praise or blame that counted and each agent that it went to:
``record``, ``episode``, ``step`` (that it counts for), ``agent``, ``value``, ``amount``,
``participant``, ``client_ms``, ``server_ms`` and ``reaction_ms`` (since the step was made).
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from prosocial.agents.recording.episodes import (
    Episode,
    Recording,
    plain_config,
    record_hash,
)
from prosocial.envs.engine.files import write_atomically

from .replaying import Replayed, replay_log
from .transitions import Transition

TABLES = ("steps", "inputs", "feedback")
RECORDING = "recording.npz"
_INPUTS = ("press", "feedback", "next", "pace", "pause", "resume")


def export_session(path: Path | str) -> list[Path]:
    """Writes the tables and the recording of a session beside its log, each whole or not at all.

    Args:
        path: The session's folder or log; the session may still be going on.

    Returns:
        The files: steps.parquet, inputs.parquet, feedback.parquet and, once there was a step,
        recording.npz.

    Raises:
        LogError: See ``replay_log``.
        DiskFullError: The disk is full.
    """
    played = replay_log(path)
    folder = played.path.parent
    written = []
    for name in TABLES:
        buffer = io.BytesIO()
        table(played, name).write_parquet(buffer)
        write_atomically(folder / f"{name}.parquet", buffer.getvalue())
        written.append(folder / f"{name}.parquet")
    recording = recording_of(played)
    if recording.episodes:
        written.append(recording.save(folder / RECORDING))
    return written


def table(played: Replayed, name: str) -> pl.DataFrame:
    """Returns one of the tables, ``TABLES``; the module describes their columns."""
    rows, schema = {
        "steps": (_steps, _steps_schema(played)),
        "inputs": (_inputs, _INPUTS_SCHEMA),
        "feedback": (_feedback, _FEEDBACK_SCHEMA),
    }[name]
    return pl.DataFrame(list(rows(played)), schema=schema, orient="row")


def to_recording(path: Path | str) -> Recording:
    """Returns a session as a recording, for `prosocial watch` and the exports of episodes.

    Args:
        path: The session's folder or log.

    Raises:
        LogError: See ``replay_log``.
    """
    return recording_of(replay_log(path))


def recording_of(played: Replayed) -> Recording:
    """Returns a session that was replayed as a recording; an episode without a step is left out."""
    episodes = []
    for number, states in enumerate(played.states):
        made = [t for t in played.transitions if t.episode == number]
        if made:
            episodes.append(_episode(played, states, made))
    joins = [r for r in played.records if r["kind"] == "join"]
    world = played.world
    return Recording(
        world=world.name,
        version=world.version,
        config=plain_config(world),
        agents=world.agents,
        norm_names=played.norm_names,
        labels=played.labels,
        source={
            "command": "play",
            "session": str(played.path.parent),
            "seed": played.config.seed,
            "run": played.config.run,
            "participants": {join["seat"]: join["participant"] for join in joins},
        },
        episodes=tuple(episodes),
    )


def _episode(played: Replayed, states: np.ndarray, made: list[Transition]) -> Episode:
    shape = len(made), played.world.num_agents
    social = [t.social_by_norm for t in made]
    return Episode(
        initial=states[0],
        actions=np.stack([t.actions for t in made]).astype(np.int16),
        rewards=np.stack([t.env_rewards for t in made]),
        social=np.stack(social, axis=1).reshape(len(played.norm_names), *shape),
        present=np.array([t.present for t in made]),
        internal=np.zeros(shape, np.float32),
        posteriors=None,
        final_hash=record_hash(states[-1]),
        terminated=made[-1].terminated,
    )


Row = dict[str, Any]


def _told(played: Replayed) -> Iterator[tuple[Row, dict[str, str]]]:
    """Yields each record with who sits where: participant by name of the seat."""
    sitting: dict[str, str] = {}
    for record in played.records:
        if record["kind"] == "join":
            sitting[record["seat"]] = record["participant"]
        yield record, sitting


def _steps(played: Replayed) -> Iterator[Row]:
    world, made = played.world, iter(played.transitions)
    for record, sitting in _told(played):
        if record["kind"] != "step":
            continue
        step = next(made)
        for agent, name in enumerate(world.agents):
            yield {
                "episode": step.episode,
                "step": step.step,
                "lifetime": step.lifetime,
                "agent": agent,
                "agent_name": name,
                "actor": record["actors"][agent],
                "participant": sitting.get(name, "") if agent in played.config.played else "",
                "action": int(step.actions[agent]),
                "action_name": world.actions(step.actions[agent]).name,
                "env_reward": float(step.env_rewards[agent]),
                "social_reward": float(step.social_rewards[agent]),
                **{
                    f"social_{norm}": float(amount)
                    for norm, amount in zip(
                        played.norm_names, step.social_by_norm[:, agent], strict=True
                    )
                },
                "present": step.present,
                **{f"event_{n}": int(step.events[n][agent]) for n in world.event_names},
                "done": step.done,
                "terminated": step.terminated,
                "server_ms": record["server_ms"],
            }


def _steps_schema(played: Replayed) -> dict[str, Any]:
    numbers = dict.fromkeys(("episode", "step", "lifetime", "agent"), pl.Int64)
    rewards = ("env_reward", "social_reward", *(f"social_{n}" for n in played.norm_names))
    return {
        **numbers,
        **dict.fromkeys(("agent_name", "actor", "participant"), pl.String),
        "action": pl.Int64,
        "action_name": pl.String,
        **dict.fromkeys(rewards, pl.Float32),
        "present": pl.Boolean,
        **{f"event_{name}": pl.UInt8 for name in played.world.event_names},
        **dict.fromkeys(("done", "terminated"), pl.Boolean),
        "server_ms": pl.Float64,
    }


_INPUTS_SCHEMA: dict[str, Any] = {
    "record": pl.Int64, "kind": pl.String, "seat": pl.String, "participant": pl.String,
    "episode": pl.Int64, "step": pl.Int64, "action": pl.Int64, "action_name": pl.String,
    "value": pl.String, "accepted": pl.Boolean, "why": pl.String, "late": pl.Boolean,
    "client_ms": pl.Float64, "server_ms": pl.Float64,
}  # fmt: skip


def _inputs(played: Replayed) -> Iterator[Row]:
    actions = played.world.actions
    for record, sitting in _told(played):
        if record["kind"] not in _INPUTS:
            continue
        action, value = record.get("action"), record.get("value")
        shown = record.get("seen", [record["episode"], record["step"]])
        yield {
            "record": record["n"],
            "kind": record["kind"],
            "seat": record["seat"],
            "participant": sitting.get(record["seat"], ""),
            "episode": shown[0],
            "step": shown[1],
            "action": action,
            "action_name": None if action is None else actions(action).name,
            "value": None if value is None else str(value),
            **{n: record[n] for n in ("accepted", "why", "late", "client_ms", "server_ms")},
        }


_FEEDBACK_SCHEMA: dict[str, Any] = {
    "record": pl.Int64, "episode": pl.Int64, "step": pl.Int64, "agent": pl.Int64,
    "value": pl.String, "amount": pl.Float32, "participant": pl.String, "client_ms": pl.Float64,
    "server_ms": pl.Float64, "reaction_ms": pl.Float64,
}  # fmt: skip


def _feedback(played: Replayed) -> Iterator[Row]:
    made = 0.0  # when the step that is shown was made
    for record, sitting in _told(played):
        if record["kind"] == "step":
            made = record["server_ms"]
        if record["kind"] != "feedback" or not record["accepted"]:
            continue
        for agent in record["agents"]:
            yield {
                "record": record["n"],
                **{name: record[name] for name in ("episode", "step", "value", "amount")},
                "agent": agent,
                "participant": sitting.get(record["seat"], ""),
                **{name: record[name] for name in ("client_ms", "server_ms")},
                "reaction_ms": record["server_ms"] - made,
            }
