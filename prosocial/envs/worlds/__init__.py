"""The worlds, one folder each: rules.py, world.py, layouts.py and a README with the sources."""

from . import (
    caregiver_grid,
    clean_up,
    commons_harvest,
    doors,
    food_trucks,
    govsim,
    helping_grid,
    kitchen,
    rendezvous,
)

__all__ = [
    "caregiver_grid",
    "clean_up",
    "commons_harvest",
    "doors",
    "food_trucks",
    "govsim",
    "helping_grid",
    "kitchen",
    "rendezvous",
]
