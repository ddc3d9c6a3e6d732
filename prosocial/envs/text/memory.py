"""What a person remembers: dated events with an importance and a day on which they are forgotten.

After the memory stream of Generative Agents (Park et al. 2023) as GovSim uses it, with its score
for recency and importance and without its third term, relevance by an embedding model: whoever
wants retrieval by meaning puts it into the agent, which sees every prompt.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

LOWEST, DEFAULT, HIGHEST = 1, 5, 10  # importance


@dataclass(frozen=True)
class Event:
    """Something remembered.

    Attributes:
        text: One sentence or a few, on one line.
        created: The day it happened.
        expires: The last day it is remembered.
        importance: 1 to 10.
        always: Whether it is in every prompt.
    """

    text: str
    created: date
    expires: date
    importance: int = DEFAULT
    always: bool = False


@dataclass
class MemoryStream:
    """The events that one person remembers, oldest first.

    Expiry keeps it short: a month adds a handful of events, and after ``memory_days`` they go.
    """

    events: list[Event] = field(default_factory=list)

    def add(self, event: Event) -> None:
        """Remembers an event."""
        self.events.append(event)

    def forget(self, today: date) -> None:
        """Drops what has expired before today."""
        self.events = [event for event in self.events if event.expires >= today]

    def recall(self, count: int) -> list[Event]:
        """Returns what belongs into a prompt, oldest first.

        Args:
            count: How many events beside those that are always there, >= 0; the best by
                0.5 * 0.99**rank + 3 * (importance - 1) / 9, where the newest has rank 0 (GovSim's
                weights).
        """
        places = [place for place, event in enumerate(self.events) if not event.always]
        ranks = {place: rank for rank, place in enumerate(reversed(places))}

        def score(place: int) -> float:
            importance = self.events[place].importance
            return 0.5 * 0.99 ** ranks[place] + 3 * (importance - LOWEST) / (HIGHEST - LOWEST)

        best = set(sorted(places, key=score, reverse=True)[:count])
        return [e for place, e in enumerate(self.events) if e.always or place in best]
