"""What each source decides; the README of this folder tells where the figures come from."""

from __future__ import annotations

from typing import Any

# Which cells around a place count as its neighbours: how many they are is in the name.
NEIGHBOURHOODS = {
    "adjacent_8": lambda row, column: row * row + column * column <= 2,
    "disc_12": lambda row, column: row * row + column * column <= 4,
    "disc_20": lambda row, column: row * row + column * column <= 5,
    "box_24": lambda row, column: max(abs(row), abs(column)) <= 2,
}

_FIXED = {"min_steps": 1000, "max_steps": 1000, "end_interval": 100, "end_probability": 0.0}
_MELTINGPOT: dict[str, Any] = {
    "num_agents": 7,
    "regrowth": (0.0, 0.0025, 0.005, 0.025),
    "neighbourhood": "disc_12",
    "regrow_under_agents": True,
    "regrowth_lag": True,
    "moves": "relative",
    "view_ahead": 9,
    "view_behind": 1,
    "view_side": 5,
    "zap_shape": "meltingpot",
    "zap_length": 3,
    "zap_radius": 1,
    "zap_cooldown": 2,
    "hit_effect": "remove",
    "away_steps": 4,
    "hit_fine": 0.0,
    "zap_cost": 0.0,
    "zap_cost_on_miss": False,
    "min_steps": 1000,
    "max_steps": 5000,
    "end_interval": 100,
    "end_probability": 0.15,
    "zero_last_reward": False,
}
# What Melting Pot's substrates with walls have instead.
_WALLED = {
    "regrowth": (0.0, 0.001, 0.005, 0.025),
    "zap_length": 4,
    "zap_cooldown": 1,
    "away_steps": 100,
}
_HUGHES = {
    **_MELTINGPOT,
    **_FIXED,
    "num_agents": 5,
    "regrowth": (0.0, 0.005, 0.02, 0.05),
    "regrow_under_agents": False,
    "regrowth_lag": False,
    "view_ahead": 7,
    "view_behind": 7,
    "view_side": 7,
    "zap_shape": "parallel",
    "zap_length": 5,
    "zap_cooldown": 0,
    "hit_effect": "stay",
    "hit_fine": 50.0,
    "zap_cost": 1.0,
}
PRESETS: dict[str, dict[str, Any]] = {
    "perolat": {
        **_MELTINGPOT,
        **_FIXED,
        "num_agents": 12,
        "regrowth": (0.0, 0.01, 0.01, 0.05, 0.05, 0.1),
        "regrow_under_agents": False,
        "regrowth_lag": False,
        "view_ahead": 20,
        "view_behind": 0,
        "view_side": 10,
        "zap_shape": "parallel",
        "zap_length": 20,
        "zap_radius": 2,
        "zap_cooldown": 0,
        "away_steps": 25,
    },
    "hughes": _HUGHES,
    "ssd": {**_HUGHES, "neighbourhood": "adjacent_8", "zap_cost_on_miss": True},
    "meltingpot": _MELTINGPOT,
    "socialjax": {
        **_MELTINGPOT,
        **_FIXED,
        "regrowth": (0.0, 0.001, 0.005, 0.025),
        "moves": "absolute",
        "zap_shape": "socialjax",
        "zap_length": 2,
        "zap_cooldown": 0,
        "hit_effect": "teleport",
        "zero_last_reward": True,
    },
}


def preset_values(preset: str, layout: str) -> dict[str, Any]:
    """Returns what a preset decides on a layout: values by name of the field.

    Args:
        preset: A key of ``PRESETS``.
        layout: Name of a layout; Melting Pot's rules differ between them.
    """
    if preset == "meltingpot" and layout in ("closed", "partnership"):
        return {**_MELTINGPOT, **_WALLED}
    return PRESETS[preset]
