"""caregiver_grid: a learner walks to goals for which a caregiver, not the world, rewards it."""

from .layouts import LAYOUTS
from .rules import Action, Cell
from .world import CaregiverGridConfig, build

__all__ = ["LAYOUTS", "Action", "CaregiverGridConfig", "Cell", "build"]
