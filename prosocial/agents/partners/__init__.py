"""Agents that act without learning: a small protocol, scripted partners, populations of them."""

from .bayesian import BayesianReciprocator
from .caregiver_grid import ShortestPathOracle
from .helping_grid import ScriptedHelper
from .idle import IdlePartner
from .population import Population
from .protocol import Partner, RememberingPartner, SelectivePartner, act_for
from .random import RandomPartner
from .registry import make_partner, partner_entry, partners, register_partner

__all__ = [
    "BayesianReciprocator",
    "IdlePartner",
    "Partner",
    "Population",
    "RandomPartner",
    "RememberingPartner",
    "ScriptedHelper",
    "SelectivePartner",
    "ShortestPathOracle",
    "act_for",
    "make_partner",
    "partner_entry",
    "partners",
    "register_partner",
]
