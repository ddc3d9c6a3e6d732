"""A scripted stand-in for a person at the caregiver's seat."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from prosocial.envs.social import make_caregiver
from prosocial.play.config import PlayConfig
from prosocial.play.session.protocol import Feedback, Join
from prosocial.play.session.session import Session

SMALL_ROOM = {"size": 5, "num_walls": 0}


def study(**changes: Any) -> PlayConfig:
    """A session of a learner in a small room, at the greatest pace."""
    values = {
        "world": "caregiver_grid",
        "world_config": SMALL_ROOM,
        "seat": "caregiver",
        "learning": True,
        "pace": 50,
    }
    return PlayConfig.from_mapping({**values, **changes})


class Caregiver:
    """Presses what the world's default norm says, or nothing.

    Args:
        session: The session; the seat is taken at once.
        silent: Presses nothing.
    """

    def __init__(self, session: Session, silent: bool = False) -> None:
        self.session = session
        self.silent = silent
        caregiver = make_caregiver("default", session.state.game.world)
        assert caregiver is not None
        self._norms = caregiver.norms
        self._id = int(session.state.inputs)
        self._now = 0.0
        session.join(Join("caregiver"))

    def watch(self, steps: int) -> list[int]:
        """Goes on for a number of steps; returns how many goals were reached in each."""
        goals: list[int] = []
        while len(goals) < steps:
            self._now += self.session.next_tick(self._now) or 0.0
            update = self.session.tick(self._now)
            if update is not None and update.kind == "step":
                goals.append(self._judge())
        return goals

    def _judge(self) -> int:
        last = self.session.state.game.last
        assert last is not None
        score = sum(norm.score(last.events[None], None, None)[0, 0] for norm in self._norms)
        if score and not self.silent:
            self._press("praise" if score > 0 else "blame")
        return int(last.events["goal"][0])

    def _press(self, value: str) -> None:
        self._id += 1
        game = self.session.state.game
        message = Feedback(self._id, value, game.episode, game.step, time=0.0)
        self.session.press("caregiver", message)


def be_caregiver(config: PlayConfig, folder: Path, steps: int, silent: bool = False) -> list[int]:
    """Holds a whole session; returns the goals of each step."""
    session = Session(config, folder=folder)
    try:
        return Caregiver(session, silent).watch(steps)
    finally:
        session.close()
