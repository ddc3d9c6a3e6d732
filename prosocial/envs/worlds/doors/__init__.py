"""doors: a human wants one of several boxes behind closed doors; a helper opens doors at once."""

from .codes import Action, Cell
from .world import DoorsConfig, build

__all__ = ["Action", "Cell", "DoorsConfig", "build"]
