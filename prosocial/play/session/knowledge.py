"""What the person who plays an agent may see: what the agent itself knows, and no more.

Pictures of most worlds show nothing that matters and that their agents do not know, apart from what
lies outside of a small view, which a study can ask to be hidden. Where more is private, this is the
table of it.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from prosocial.envs.engine import World
from prosocial.envs.engine.world import Scene
from prosocial.envs.worlds.doors.codes import HELPER
from prosocial.envs.worlds.food_trucks.codes import TRUCKS
from prosocial.envs.worlds.govsim.codes import STORIES


def known_scene(world: World, record: np.ndarray, agent: int | None) -> Scene:
    """Returns the picture of a state without what an agent cannot know.

    Args:
        world: The configured world.
        record: Its state, structured ().
        agent: Number of the agent; None for somebody who sees everything.
    """
    scene = world.scene(record)
    if agent is None:
        return scene
    cells = scene.cells.copy()
    if world.name == "doors" and agent == HELPER and not getattr(world.config, "reveal_goal"):  # noqa: B009
        cells[cells == scene.legend["GOAL"]] = scene.legend["BOX"]
    if world.name == "food_trucks":
        # A truck is known once it has been in sight; the spot itself is on the map.
        margin = _margin(record["memory"].size, cells.shape)
        height, width = cells.shape
        seen = record["memory"].reshape(height + 2 * margin, width + 2 * margin)
        seen = seen[margin : margin + height, margin : margin + width]
        trucks = np.isin(cells, [scene.legend[f"TRUCK_{letter}"] for letter in TRUCKS])
        cells[trucks & (seen == scene.legend["UNKNOWN"])] = scene.legend["SPOT"]
    return dataclasses.replace(scene, cells=cells)


def private_words(world: World, record: np.ndarray, agent: int | None) -> str | None:
    """Returns what an agent knows and no picture shows, in words; None if that is nothing.

    Args:
        world: As for ``known_scene``.
        record: Likewise.
        agent: Likewise.
    """
    if agent is None:
        return None
    if world.name == "food_trucks":
        liked = zip(TRUCKS, record["utilities"].tolist(), strict=True)
        return "What a meal is worth to you: " + ", ".join(f"{t} {u:g}" for t, u in liked) + "."
    if world.name in STORIES and _catches(world) == "summary" and record["t"] > 0:
        others = np.delete(record["catch"], agent)
        return f"The others got {others.mean():.1f} on average, {others.max()} at most."
    return None


def sees_others(world: World, agent: int | None) -> bool:
    """Returns whether an agent learns what each of the others does and gets.

    Args:
        world: As for ``known_scene``.
        agent: Likewise.
    """
    return agent is None or world.name not in STORIES or _catches(world) == "each"


def own_view(world: World, scene: Scene, agent: int) -> Scene:
    """Returns a picture in which all that the observation of an agent does not show is hidden.

    Views are those of the configuration: a rectangle around an avatar that looks somewhere
    (``view_ahead``, ``view_behind``, ``view_side``), a square around a body (``view``), or, in
    worlds without such an option, the whole map. An agent that is not in the world sees nothing.

    Args:
        world: The configured world.
        scene: What there is.
        agent: Number of the agent.
    """
    seen = _seen(world, scene, agent)
    cells = scene.cells.copy()
    # Not even a page's memory is to hold what is hidden.
    cells[~seen] = min(cells[seen]) if seen.any() else min(scene.legend)
    agents = tuple(
        dataclasses.replace(body, number=number)
        for number, body in scene.numbered()
        if seen[body.row, body.column]
    )
    items = None if scene.items is None else np.where(seen[..., None], scene.items, 0)
    return dataclasses.replace(scene, cells=cells, agents=agents, items=items, hidden=~seen)


def _seen(world: World, scene: Scene, agent: int) -> np.ndarray:
    """Returns which cells the observation of an agent shows, bool (height, width)."""
    body = dict(scene.numbered()).get(agent)
    if body is None:
        return np.zeros(scene.cells.shape, np.bool_)
    rows, columns = np.indices(scene.cells.shape)
    down, right = rows - body.row, columns - body.column
    config = world.config
    if hasattr(config, "view_ahead") and body.heading is not None:
        forward, sideways = ((-1, 0), (0, 1), (1, 0), (0, -1))[body.heading]
        ahead = down * forward + right * sideways
        across = np.abs(right * forward - down * sideways)
        behind, side = -getattr(config, "view_behind"), getattr(config, "view_side")  # noqa: B009
        return (ahead >= behind) & (ahead <= getattr(config, "view_ahead")) & (across <= side)  # noqa: B009
    view = getattr(config, "view", None)
    if view is None:
        return np.ones(scene.cells.shape, np.bool_)
    return np.maximum(np.abs(down), np.abs(right)) <= view // 2


def _catches(world: World) -> str:
    return getattr(world.config, "catches")  # noqa: B009 - known of the worlds of STORIES only


def _margin(size: int, shape: tuple[int, int]) -> int:
    """Returns by how much a padded map of ``size`` cells exceeds a map of a shape on each side."""
    height, width = shape
    return next(m for m in range(size) if (height + 2 * m) * (width + 2 * m) == size)
