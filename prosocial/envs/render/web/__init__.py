"""The grid in a browser: sprites, scenes as plain data, and the script and style of all pages."""

from __future__ import annotations

from importlib import resources

from prosocial.envs.engine.errors import ConfigError

from .sprites import agent_label, item_layers, legend, scene_data, sprites

__all__ = ["agent_label", "asset", "item_layers", "legend", "scene_data", "sprites"]

ASSETS = ("base.css", "grid.js", "theme.js")


def asset(name: str) -> str:
    """Returns the text of a script or style sheet of this folder.

    Args:
        name: "base.css" (colours, buttons, focus), "grid.js" (``class GridView``) or "theme.js"
            (``class ThemeSwitch``).

    Raises:
        ConfigError: There is no such file.
    """
    if name not in ASSETS:
        raise ConfigError(f"There is no asset {name!r}. Known: {', '.join(ASSETS)}.")
    return resources.files("prosocial.envs.render.web").joinpath(name).read_text(encoding="utf-8")
