"""Scenarios: focal agents among held-out partners, and what they earn there."""

from .episodes import play_episodes
from .evaluation import evaluate_scenario, normalised_scores, per_capita
from .scenario import FOCAL, Scenario, get_scenario, read_scenarios, scenarios

__all__ = [
    "FOCAL",
    "Scenario",
    "evaluate_scenario",
    "get_scenario",
    "normalised_scores",
    "per_capita",
    "play_episodes",
    "read_scenarios",
    "scenarios",
]
