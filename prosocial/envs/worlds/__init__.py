"""The worlds, one folder each: rules.py, world.py, layouts.py and a README with the sources."""

from . import caregiver_grid, helping_grid

__all__ = ["caregiver_grid", "helping_grid"]
