"""The hypotheses of each world, by the name of the world and a kind ("goals", "norms")."""

from .base import AgentHypotheses, RowHypotheses
from .registry import HypothesesEntry, hypotheses, kinds, register_hypotheses, worlds_with_minds

__all__ = [
    "AgentHypotheses",
    "HypothesesEntry",
    "RowHypotheses",
    "hypotheses",
    "kinds",
    "register_hypotheses",
    "worlds_with_minds",
]
