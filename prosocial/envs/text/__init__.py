"""Text: GovSim's worlds as prompts and answers, over the same rules as the numeric worlds."""

from .config import MEDIATOR, STORIES, TextConfig
from .govsim import Conversation, GovSimText, Phase, Request, UnparsedError
from .parsing import Demand, Reading, Reflection, Summary, Utterance

__all__ = [
    "MEDIATOR",
    "STORIES",
    "Conversation",
    "Demand",
    "GovSimText",
    "Phase",
    "Reading",
    "Reflection",
    "Request",
    "Summary",
    "TextConfig",
    "UnparsedError",
    "Utterance",
]
