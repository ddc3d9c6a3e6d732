"""What the budgets of all experiments share: presets by name, and scaling."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from prosocial.envs.engine.errors import ConfigError, nearest

B = TypeVar("B")


def named(presets: Mapping[str, B], name: str) -> B:
    """Returns the budget of that name.

    Raises:
        ConfigError: If there is none.
    """
    if name not in presets:
        raise ConfigError(f"There is no preset {name!r}. {nearest(name, presets)}")
    return presets[name]


def check_scale(factor: float) -> None:
    """Refuses to multiply the steps of a budget by a factor that is not above 0.

    Raises:
        ConfigError: It is not.
    """
    if not factor > 0.0:
        raise ConfigError(f"the scale of the steps is {factor}; expected a number above 0.")
