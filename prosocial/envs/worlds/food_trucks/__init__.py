"""food_trucks: an agent walks to the food that it likes, and cannot see every truck."""

from .codes import TRUCKS, Action, Cell, EatAction
from .layouts import LAYOUTS
from .world import FoodTrucksConfig, build

__all__ = ["LAYOUTS", "TRUCKS", "Action", "Cell", "EatAction", "FoodTrucksConfig", "build"]
