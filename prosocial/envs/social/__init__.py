"""The social channel: norms (what is approved of) and caregivers (who approves, and when)."""

from .caregivers import Caregiver
from .config import CaregiverConfig, make_caregiver
from .norms import (
    Combination,
    EventNorm,
    Norm,
    StateNorm,
    get_norm,
    norms,
    register_norm,
)
from .schedules import Always, Intermittent, Never, Schedule, Until

__all__ = [
    "Always",
    "Caregiver",
    "CaregiverConfig",
    "Combination",
    "EventNorm",
    "Intermittent",
    "Never",
    "Norm",
    "Schedule",
    "StateNorm",
    "Until",
    "get_norm",
    "make_caregiver",
    "norms",
    "register_norm",
]
