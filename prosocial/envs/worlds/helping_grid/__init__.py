"""helping_grid: a learner without a goal of its own can clear the way for a caregiver."""

from .codes import Action, Cell, DeclaredAction, FullAction
from .world import HelpingGridConfig, build

__all__ = ["Action", "Cell", "DeclaredAction", "FullAction", "HelpingGridConfig", "build"]
