"""People at the seats of a session, and a learner by rule, for the tests."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np

from prosocial.envs.engine import Batch
from prosocial.play.config import PlayConfig
from prosocial.play.session.log import read_log
from prosocial.play.session.protocol import Feedback, Join, Next, Pace, Pause, Press, Resume
from prosocial.play.session.session import Session
from prosocial.play.session.transitions import Transition


class RuleLearner:
    """Acts by what it was given so far, so that a step that it missed shows in what it does."""

    def __init__(self, num_actions: int = 3) -> None:
        self.num_actions = num_actions
        self.taken: list[Transition] = []
        self.calls: list[str] = []
        self.saved: list[str] = []

    def act(self, batch: Batch) -> np.ndarray:
        self.calls.append("act")
        felt = sum(float(t.social_rewards.sum()) * (k + 1) for k, t in enumerate(self.taken))
        number = (len(self.taken) + round(10 * felt)) % self.num_actions
        return np.full((1, batch.num_agents), number, np.int64)

    def take(self, transition: Transition) -> None:
        self.calls.append("take")
        self.taken.append(transition)

    def status(self) -> str:
        return f"{len(self.taken)} taken"

    def save(self, folder: str) -> None:
        self.saved.append(folder)


class Clock:
    """A clock that goes on by a second whenever it is read."""

    def __init__(self) -> None:
        self._seconds = itertools.count(1_000_000_000)

    def __call__(self) -> float:
        return float(next(self._seconds))


class Players:
    """All people of a session; what they press is about what is shown.

    Args:
        session: The session; everybody sits down.
    """

    def __init__(self, session: Session, participant: str = "p") -> None:
        self.session = session
        self._ids = itertools.count(session.state.inputs + 1)
        self.now = 0.0
        for number, seat in enumerate(session.state.seats):
            session.join(Join(seat, f"{participant}{number}", True, 5.0))

    def _send(
        self, seat: str, kind: Any, *values: Any, shown: tuple[int, int] | None = None
    ) -> Any:
        game = self.session.state.game
        number = next(self._ids)
        if kind.__name__ in ("Press", "Feedback", "Next"):
            values = (*values, *(shown or (game.episode, game.step)))
        return self.session.press(seat, kind(number, *values, 1000.0 * number))

    def press(self, seat: str, action: int, shown: tuple[int, int] | None = None) -> dict[str, Any]:
        return self._send(seat, Press, action, shown=shown)

    def judge(self, value: str, shown: tuple[int, int] | None = None) -> dict[str, Any]:
        return self._send("caregiver", Feedback, value, shown=shown)

    def next(self, seat: str) -> dict[str, Any]:
        return self._send(seat, Next)

    def pace(self, seat: str, value: float) -> dict[str, Any]:
        return self._send(seat, Pace, value)

    def pause(self, seat: str) -> dict[str, Any]:
        return self._send(seat, Pause)

    def resume(self, seat: str) -> dict[str, Any]:
        return self._send(seat, Resume)

    def tick(self, seconds: float = 0.0) -> str | None:
        """Lets time pass; returns the kind of what changed."""
        self.now += seconds
        update = self.session.tick(self.now)
        self.session.next_tick(self.now)  # as a server asks, once what changed is shown
        return None if update is None else update.kind


def session_of(folder: Path, world: str, learner: Any = None, **values: Any) -> Session:
    """Returns a new session with a clock of its own."""
    config = PlayConfig.from_mapping({"world": world, **values})
    return Session(config, Clock(), learner=learner, folder=folder)


def teach(session: Session, steps: int, judged: str = "+-.") -> None:
    """Is the caregiver at pace 0: praise, blame or nothing in turns, for a number of steps."""
    people = Players(session)
    made = 0
    while made < steps and not session.done:
        if people.tick() == "step":
            made += 1
            value = {"+": "praise", "-": "blame", ".": None}[judged[made % len(judged)]]
            if value is not None:
                people.judge(value)
        if session.state.waiting():
            people.next("caregiver")


def steps(session: Session) -> list[dict[str, Any]]:
    """Returns the records of the steps in the log."""
    return [r for r in read_log(session.folder) if r["kind"] == "step"]
