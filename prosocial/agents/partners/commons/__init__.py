"""Scripted partners for the spatial commons: commons_harvest and clean_up."""

from .cleaners import (
    Alternator,
    ConditionalCleaner,
    CorrigibleReciprocator,
    SanctioningAlternator,
    Unconditional,
)
from .harvesters import Harvester
from .player import CommonsPlayer

__all__ = [
    "Alternator",
    "CommonsPlayer",
    "ConditionalCleaner",
    "CorrigibleReciprocator",
    "Harvester",
    "SanctioningAlternator",
    "Unconditional",
]
