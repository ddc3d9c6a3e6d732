"""The seats of a session: who may sit where, and what is asked of them first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from prosocial.envs.engine import ConfigError, World, nearest
from prosocial.play.config import AGENT, CAREGIVER, PlayConfig

from .errors import PlayError
from .protocol import Join

PERSON = "person"  # the norm that a person's feedback is recorded as


@dataclass(frozen=True)
class Seat:
    """A place for one person.

    Attributes:
        name: Of the agent that is played, or "caregiver".
        role: "agent" or "caregiver".
        agent: Number of the agent; None for the caregiver.
    """

    name: str
    role: str
    agent: int | None

    @property
    def label(self) -> str:
        """The seat in words."""
        if self.role == CAREGIVER:
            return "caregiver: praise and blame"
        return f"play {self.name.replace('_', ' ')}"

    def describe(self) -> dict[str, Any]:
        """Returns the seat as plain values."""
        return {"name": self.name, "role": self.role, "label": self.label}


def make_seats(config: PlayConfig, world: World) -> dict[str, Seat]:
    """Returns the seats by name: the agents that people play, in order, then the caregiver's.

    Raises:
        ConfigError: An agent is called as the caregiver's seat is.
    """
    seats = {world.agents[k]: Seat(world.agents[k], AGENT, k) for k in config.played}
    if config.seat == CAREGIVER:
        if CAREGIVER in seats:
            raise ConfigError(
                f"{world.name} calls agent {seats[CAREGIVER].agent} {CAREGIVER!r}, as the "
                "caregiver's seat is called; nobody can play it beside a caregiver."
            )
        seats[CAREGIVER] = Seat(CAREGIVER, CAREGIVER, None)
    return seats


def find_seat(seats: dict[str, Seat], name: str) -> Seat:
    """Returns a seat by name.

    Raises:
        PlayError: There is none of that name.
    """
    if name not in seats:
        raise PlayError(f"There is no seat {name!r}. {nearest(name, seats)}")
    return seats[name]


def check_join(config: PlayConfig, message: Join) -> None:
    """Raises `PlayError` if consent or a participant id is asked for and missing."""
    if config.consent is not None and not message.consent:
        raise PlayError("Only those who agree to the consent text can take part.")
    if config.ask_participant and not message.participant.strip():
        raise PlayError("Please give your participant id.")
