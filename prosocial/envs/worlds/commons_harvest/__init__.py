"""commons_harvest: apples grow back only where other apples still stand."""

from prosocial.envs.worlds.avatars import AbsoluteAction, Action, Cell, Seen

from .layouts import LAYOUTS
from .presets import NEIGHBOURHOODS, PRESETS
from .world import CommonsHarvestConfig, build

__all__ = [
    "LAYOUTS",
    "NEIGHBOURHOODS",
    "PRESETS",
    "AbsoluteAction",
    "Action",
    "Cell",
    "CommonsHarvestConfig",
    "Seen",
    "build",
]
