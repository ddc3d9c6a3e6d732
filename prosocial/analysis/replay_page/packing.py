"""Recorded episodes as compressed arrays that a page unpacks."""

from __future__ import annotations

import base64
import zlib
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from prosocial.agents.recording import Played, Recording, resimulate
from prosocial.envs.render import food, palette
from prosocial.envs.render.web import agent_label, item_layers, legend

POSTERIOR_STEPS = 65535
"""Probabilities are kept as multiples of 1 / 65535."""

_ALIGNMENT = 8  # bytes; typed arrays of a page begin at multiples of the size of their numbers


@dataclass(frozen=True)
class PackedEpisode:
    """An episode as a page takes it.

    Attributes:
        head: Plain data: number, seed, length, how it ended, names, and the arrays of the body
            (name, dtype, shape, first byte).
        body: The arrays, compressed with zlib, in base64.
    """

    head: dict[str, Any]
    body: str


def pack_recording(recording: Recording) -> dict[str, Any]:
    """Returns what a page has to know of a recording beside its episodes, plain data."""
    world = recording.build()
    names = list(recording.agents)
    options = [field.name for field in fields(world.config) if field.name in recording.config]
    return {
        "world": recording.world,
        "version": recording.version,
        "agents": names,
        "labels": [agent_label(name, names) for name in names],
        "actors": list(recording.labels),
        "norms": list(recording.norm_names),
        "actions": [action.name.lower().replace("_", " ") for action in world.actions],
        "legend": legend(world),
        "max_steps": world.max_steps,
        # In an order that does not depend on whether the recording was in a file.
        "source": {key: _words(value) for key, value in sorted(recording.source.items())},
        "config": {key: _words(recording.config[key]) for key in options},
    }


def pack_episode(recording: Recording, index: int) -> PackedEpisode:
    """Plays an episode again and packs all that a page shows of it.

    Args:
        recording: The recording.
        index: Number of the episode, from 0.

    Raises:
        RecordingError: The episode cannot be played again; see `resimulate`.
        ConfigError: Nothing is known of how to draw a part of an item.
    """
    played = resimulate(recording, index)
    episode = played.episode
    arrays, names = _pack_scenes(played)
    happened = [n for n in played.world.event_names if played.events[n].any()]
    events = [played.events[name] for name in happened]
    shape = (episode.length, played.world.num_agents, len(happened))
    arrays |= {
        "actions": episode.actions.astype(np.int16),
        "rewards": episode.rewards.astype(np.float32),
        "social": episode.social.astype(np.float32),
        "internal": episode.internal.astype(np.float32),
        "present": episode.present.astype(np.uint8),
        "events": np.stack(events, axis=-1) if events else np.zeros(shape, np.uint8),
    }
    head: dict[str, Any] = {
        "number": index,
        "seed": str(int(episode.initial["seed"])),  # 64 bits, more than a number of JavaScript has
        "steps": episode.length,
        "end": _end(played),
        "kinds": [name.replace("_", " ") for name in happened],
        **names,
    }
    if episode.posteriors is not None:
        believed = episode.posteriors
        arrays["posteriors"] = np.rint(believed.probabilities * POSTERIOR_STEPS).astype(np.uint16)
        head["minds"] = {
            "names": list(believed.names),
            "targets": list(believed.targets),
            "observers": list(believed.observers),
        }
    head["arrays"], body = _join(arrays)
    return PackedEpisode(head, base64.b64encode(zlib.compress(body, 9)).decode("ascii"))


def _pack_scenes(played: Played) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Returns the arrays of the scenes, and the names that they refer to by number.

    cells: uint8 (T + 1, height * width); from the second moment on what differs from the one
    before (exclusive or), so that it compresses well. bodies: int16 (T + 1, M, 5): row (-1: not in
    the picture), column, heading (-1: none), number of what it carries (-1: nothing), whether that
    is drawn as a ball. items: uint16 like cells, number of the item + 1; missing without items.
    """
    scenes = [played.world.scene(state) for state in played.states]
    names = {number: agent.name for scene in scenes for number, agent in scene.numbered()}
    bodies = np.full((len(scenes), max(names) + 1, 5), -1, np.int16)
    carried: dict[str, int] = {}
    known: dict[tuple[tuple[food.Part, ...], bool], int] = {}
    height, width = scenes[0].cells.shape
    items = np.zeros((len(scenes), height, width), np.uint16)
    for moment, scene in enumerate(scenes):
        laden = set(food.places(scene))
        held = {(agent.row, agent.column) for agent in scene.agents}
        for number, agent in scene.numbered():
            heading = -1 if agent.heading is None else agent.heading
            thing = -1
            if agent.carrying is not None:
                thing = carried.setdefault(agent.carrying, len(carried))
            ball = thing >= 0 and (agent.row, agent.column) not in laden
            bodies[moment, number] = agent.row, agent.column, heading, thing, ball
        for row, column in laden:
            item = food.parts(scene, row, column), (row, column) in held
            items[moment, row, column] = known.setdefault(item, len(known)) + 1
    cells = np.stack([scene.cells for scene in scenes]).reshape(len(scenes), -1)
    arrays = {"cells": _differences(cells), "bodies": bodies}
    if known:
        arrays["items"] = _differences(items.reshape(len(scenes), -1))
    everybody = [names.get(number, "") for number in range(max(names) + 1)]
    return arrays, {
        "height": height,
        "width": width,
        "bodies": everybody,
        "body_labels": [agent_label(name, everybody) for name in everybody],
        "carried": list(carried),
        "items": [
            {"words": food.describe(parts), "held": held, "layers": item_layers(parts, held)}
            for parts, held in known
        ],
    }


def _differences(moments: np.ndarray) -> np.ndarray:
    """Returns the first moment, then what differs from the moment before, by exclusive or."""
    changes = moments.copy()
    changes[1:] ^= moments[:-1]
    return changes


def _join(arrays: dict[str, np.ndarray]) -> tuple[list[list[Any]], bytes]:
    """Returns name, dtype, shape and first byte of each array, and the bytes of all of them."""
    listed: list[list[Any]] = []
    parts: list[bytes] = []
    first = 0
    for name, array in arrays.items():
        content = np.ascontiguousarray(array, array.dtype.newbyteorder("<")).tobytes()
        content += bytes(-len(content) % _ALIGNMENT)
        listed.append([name, array.dtype.name, list(array.shape), first])
        parts.append(content)
        first += len(content)
    return listed, b"".join(parts)


def _end(played: Played) -> str:
    if played.episode.terminated:
        return "ended for good"
    return "ended by the time limit" if played.truncated else "cut off"


def _words(value: Any) -> str:
    """Returns a plain value as text; maps keep their lines."""
    if isinstance(value, list | tuple):
        return ", ".join(map(_words, value)) or "none"
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_words(one)}" for key, one in value.items()) or "none"
    return "none" if value is None else str(value)


def agent_colours() -> list[str]:
    """Returns the colours of the agents in their order, as CSS takes them."""
    return ["#{:02x}{:02x}{:02x}".format(*colour) for colour in palette.AGENTS]
