"""Policies as plain torch modules, usable and loadable without ray."""

from .acting import act, evaluate, sample_actions
from .network import GridActorCritic
from .saving import load_policy, save_policy

__all__ = ["GridActorCritic", "act", "evaluate", "load_policy", "sample_actions", "save_policy"]
