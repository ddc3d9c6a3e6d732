"""Replay pages: recorded episodes as one HTML file that needs neither server nor network."""

from .replay import Replay, ReplayError, replay

__all__ = ["Replay", "ReplayError", "replay"]
