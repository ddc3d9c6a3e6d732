"""clean_up: a river that somebody must clean so that apples grow for everybody."""

from .codes import AbsoluteAction, Action
from .world import CleanUpConfig, build

__all__ = ["AbsoluteAction", "Action", "CleanUpConfig", "build"]
