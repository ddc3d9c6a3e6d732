"""fishery, pasture, pollution: GovSim's renewable stock that all may take from, numerically."""

from .codes import STORIES, demand_actions
from .world import GovSimConfig, build

__all__ = ["STORIES", "GovSimConfig", "build", "demand_actions"]
