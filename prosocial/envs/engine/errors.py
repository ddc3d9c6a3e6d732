"""Errors of worlds and engine; each message names the fault, what was expected and the remedy."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class ProsocialError(Exception):
    """Base class of every error that this package raises on purpose."""


class ConfigError(ProsocialError, ValueError):
    """A configuration value is unknown, of the wrong type or out of its range."""


class LayoutError(ConfigError):
    """An ASCII map or a generated layout cannot be played."""


class ActionError(ProsocialError, ValueError):
    """Actions have the wrong shape, the wrong dtype or a value out of range."""


class ResetNeededError(ProsocialError, RuntimeError):
    """A world was stepped before its first reset or after its episode ended."""


def nearest(word: str, known: Iterable[str]) -> str:
    """Returns a hint such as ``Did you mean 'size'? Known: size, view.`` for an unknown word."""
    names = sorted(known)
    close = difflib.get_close_matches(word, names, n=1)
    hint = f"Did you mean {close[0]!r}? " if close else ""
    return f"{hint}Known: {', '.join(names)}."
