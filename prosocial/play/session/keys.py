"""Which keys choose which actions: one table, from the names of the actions.

Keys are named as browsers name them (``KeyboardEvent.key``): "ArrowUp", " ", "w".
"""

from __future__ import annotations

import re
from typing import Any

from prosocial.envs.engine import World

# Name of an action -> its keys, the one that is shown first; a key that an earlier action of the
# world has taken is passed over. Compass directions have the letters of the old terminal games.
KEYS: dict[str, tuple[str, ...]] = {
    "NORTH": ("ArrowUp", "w", "k", "8"),
    "SOUTH": ("ArrowDown", "s", "j", "2"),
    "WEST": ("ArrowLeft", "a", "h", "4"),
    "EAST": ("ArrowRight", "d", "l", "6"),
    "NORTH_WEST": ("y", "7"),
    "NORTH_EAST": ("u", "9"),
    "SOUTH_WEST": ("b", "1"),
    "SOUTH_EAST": ("n", "3"),
    "FORWARD": ("ArrowUp", "w"),
    "BACKWARD": ("ArrowDown", "s"),
    "TURN_LEFT": ("ArrowLeft", "a", "["),
    "TURN_RIGHT": ("ArrowRight", "d", "]"),
    "LEFT": ("ArrowLeft", "a"),
    "RIGHT": ("ArrowRight", "d"),
    "STEP_LEFT": (",",),
    "STEP_RIGHT": (".",),
    "STAY": (" ", "5"),
    "NOOP": (" ", "5"),
    "ZAP": ("z", "f"),
    "CLEAN": ("c",),
    "PICKUP": ("e", "g"),
    "EAT": ("e",),
    "DROP": ("r",),
}
SPARE = tuple("1234567890tyuiovbnm;'")  # for actions that the table does not name

# What is no action of an agent. Letters that choose an action are not among them.
CONTROLS: dict[str, tuple[str, ...]] = {
    "praise": ("+", "=", "ArrowUp", "p"),
    "blame": ("-", "ArrowDown", "b"),
    "next": ("Enter",),
    "pause": ("Escape",),
}

NAMED_ACTIONS = 32  # a world with more of them is played by numbers, if they are numbered

_SHOWN = {
    "ArrowUp": "↑", "ArrowDown": "↓", "ArrowLeft": "←", "ArrowRight": "→",
    " ": "space", "Enter": "Enter", "Escape": "Esc",
}  # fmt: skip


def shown(key: str) -> str:
    """Returns a key as it is told to people."""
    return _SHOWN.get(key, key)


def keys_of(world: World) -> dict[int, tuple[str, ...]]:
    """Returns the keys of each action by its number; none has two actions, each action has one.

    A world whose actions are numbers (``numbered``) has no keys.
    """
    if numbered(world) is not None:
        return {}
    taken: set[str] = set()
    found: dict[int, tuple[str, ...]] = {}
    # Moves of the compass come first: an agent who has them turns with other keys.
    order = sorted(world.actions, key=lambda a: list(KEYS).index(a.name) if a.name in KEYS else 99)
    for action in order:
        wanted = KEYS.get(action.name, ())
        free = tuple(key for key in wanted if key not in taken)
        if not free:
            free = next(((key,) for key in SPARE if key not in taken), ())
        taken.update(free)
        found[int(action)] = free
    return dict(sorted(found.items()))


def numbered(world: World) -> str | None:
    """Returns what the numbers of the actions are (such as "demand"), if they are numbers.

    Actions are numbers if there are many and they are called DEMAND_0, DEMAND_1, ... in order.
    """
    if world.num_actions <= NAMED_ACTIONS:
        return None
    matches = [re.fullmatch(r"([A-Z_]+)_(\d+)", action.name) for action in world.actions]
    words = {match[1] for match in matches if match}
    counts = [int(match[2]) for match in matches if match]
    if len(words) == 1 and counts == list(range(world.num_actions)):
        return words.pop().replace("_", " ").lower()
    return None


def label(name: str) -> str:
    """Returns the name of an action in words: "TURN_LEFT" is "turn left"."""
    return name.replace("_", " ").lower()


def choices(world: World) -> dict[str, Any]:
    """Returns the actions for a page or a terminal, as plain values.

    Returns:
        ``{"kind": "keys", "list": [{"number", "name", "label", "keys"}]}``, or, where a number is
        typed, ``{"kind": "number", "low", "high", "label"}``.
    """
    word = numbered(world)
    if word is not None:
        return {"kind": "number", "low": 0, "high": world.num_actions - 1, "label": word}
    keys = keys_of(world)
    listed = [
        {"number": int(a), "name": a.name, "label": label(a.name), "keys": list(keys[int(a)])}
        for a in world.actions
    ]
    return {"kind": "keys", "list": listed}
