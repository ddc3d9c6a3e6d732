"""Agents that act without learning: a small protocol, and scripted partners for the worlds."""

from .caregiver_grid import ShortestPathOracle
from .helping_grid import ScriptedHelper
from .protocol import Partner
from .random import RandomPartner

__all__ = ["Partner", "RandomPartner", "ScriptedHelper", "ShortestPathOracle"]
