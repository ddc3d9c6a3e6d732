"""The social channel: norms (what is approved of) and caregivers (who approves, and when)."""

from .caregivers import Caregiver
from .classifier import ClassifierNorm, SanctioningPeers
from .config import CaregiverConfig, make_caregiver
from .gifting import Gifts
from .norms import (
    Combination,
    EventNorm,
    NamedNorm,
    Norm,
    StateNorm,
    get_norm,
    norms,
    register_norm,
)
from .norms_commons import CleanShare, FairShare, Restraint, Universalization
from .schedules import Always, Intermittent, Never, Schedule, Until
from .transforms import TransformConfig, make_transform, transforms
from .transforms_base import RewardTransform
from .transforms_comparison import InequityAversion, SocialValueOrientation
from .transforms_linear import Common, Individual, Mean, Prosocial, RewardExchange

__all__ = [
    "Always",
    "Caregiver",
    "CaregiverConfig",
    "ClassifierNorm",
    "CleanShare",
    "Combination",
    "Common",
    "EventNorm",
    "FairShare",
    "Gifts",
    "Individual",
    "InequityAversion",
    "Intermittent",
    "Mean",
    "NamedNorm",
    "Never",
    "Norm",
    "Prosocial",
    "Restraint",
    "RewardExchange",
    "RewardTransform",
    "SanctioningPeers",
    "Schedule",
    "SocialValueOrientation",
    "StateNorm",
    "TransformConfig",
    "Universalization",
    "Until",
    "get_norm",
    "make_caregiver",
    "make_transform",
    "norms",
    "register_norm",
    "transforms",
]
