"""Assistance games (cooperative inverse reinforcement learning): small ones, solved exactly."""

from .game import AssistanceGame
from .games import paperclips, red_blue, wormy_apples
from .human import literal_human
from .solver import Node, Solution, solve

__all__ = [
    "AssistanceGame",
    "Node",
    "Solution",
    "literal_human",
    "paperclips",
    "red_blue",
    "solve",
    "wormy_apples",
]
