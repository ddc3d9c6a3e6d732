"""Why a figure is not drawn."""

from __future__ import annotations

from prosocial.envs.engine.errors import ProsocialError


class NotDrawnError(ProsocialError):
    """A kind of figure does not apply to the runs; the message says why, in half a sentence."""
