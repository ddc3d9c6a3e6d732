"""What a text agent is."""

from __future__ import annotations

from typing import Protocol, runtime_checkable


@runtime_checkable
class TextAgent(Protocol):
    """Anything that answers a text with a text.

    A prompt is complete in itself, so an agent needs no memory. One that keeps some (or draws
    random numbers) gives other answers when a killed run goes on from its transcript, as the
    recorded prompts are then not shown to it again.
    """

    def act(self, text: str) -> str:
        """Returns the answer to a prompt."""
        ...
