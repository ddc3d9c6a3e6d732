"""kitchen: agents cook dishes together; the kitchens and recipes of "Too many cooks"."""

from .codes import Action, Cell
from .recipes import Recipe, SubTask, subtasks
from .world import KitchenConfig, build

__all__ = ["Action", "Cell", "KitchenConfig", "Recipe", "SubTask", "build", "subtasks"]
