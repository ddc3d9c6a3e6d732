"""Errors of a session with people."""

from __future__ import annotations

from prosocial.envs.engine.errors import ProsocialError


class PlayError(ProsocialError, ValueError):
    """What a person or a page asked for is not possible; the session goes on."""


class LogError(ProsocialError, ValueError):
    """The log of a session is missing, damaged, in use, or of another version."""
