"""Policies as plain torch modules, usable and loadable without ray."""

from .acting import act, evaluate, sample_actions
from .building import NETWORKS, Policy, build_policy, restore_policy
from .cells import CellActorCritic
from .network import GridActorCritic
from .saving import load_policy, save_policy

__all__ = [
    "NETWORKS",
    "CellActorCritic",
    "GridActorCritic",
    "Policy",
    "act",
    "build_policy",
    "evaluate",
    "load_policy",
    "restore_policy",
    "sample_actions",
    "save_policy",
]
