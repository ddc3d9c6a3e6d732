"""rendezvous: goals that look alike, and that pay only those who come to one together."""

from .codes import Action, Cell
from .layouts import ring
from .world import RendezvousConfig, build

__all__ = ["Action", "Cell", "RendezvousConfig", "build", "ring"]
