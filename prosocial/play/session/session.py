"""A session: people in one world, by whatever screen they see it, with everything on record."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prosocial.play.config import PlayConfig

from .errors import LogError, PlayError
from .inputs import read_input
from .log import SessionLog
from .protocol import Input, Join, Pace
from .provenance import header
from .seats import Seat, check_join, find_seat
from .state import PlayState
from .transitions import Learner
from .view import about, scene, seating, view

MODEL_FOLDER = "learner"  # of what a learner learned, inside of the session's folder
END_PAUSE = 1.0  # seconds at least that the end of an episode is shown

_COUNTED = ("press", "feedback", "next", "pace", "pause", "resume")


@dataclass(frozen=True)
class Update:
    """What a tick changed.

    Attributes:
        kind: "step", "episode" (the next one has begun) or "over".
        episode: Number of the episode that is shown.
        step: Steps taken in it.
    """

    kind: str
    episode: int
    step: int


class Session:
    """People who act, praise and blame in one world.

    Its calls are to be made one after the other, from one thread. Whatever a call returns was on
    the disk before. ``tick`` may take long: partners plan, and learners learn, within it.

    A step is final when the next one begins; feedback that comes until then counts for it, so
    R_s of a step is the sum of the feedback given while its result was shown.

    Args:
        config: Who plays what.
        clock: Returns the time in seconds since 1970, for the records.
        learner: Acts for the agents that are left; None: as the configuration says.
        folder: Folder of the session; None: ``config.output``, or a new one below outputs/play.

    Attributes:
        config: The configuration.
        folder: Folder of the session.
        state: World, people and feedback; see ``PlayState``.

    Raises:
        ConfigError: The configuration does not fit the world.
        LogError: The folder has a session already.
    """

    def __init__(
        self,
        config: PlayConfig,
        clock: Callable[[], float] = time.time,
        *,
        learner: Learner | None = None,
        folder: Path | str | None = None,
    ) -> None:
        state = PlayState(config, learner)  # first, so that what cannot be played leaves no folder
        chosen = folder or config.output
        log = SessionLog.create(Path(chosen) if chosen else new_folder(config, clock()))
        self._take_over(config, clock, state, log)
        self._append(header(config, state.game.world, state.others))
        self._append({"kind": "episode", "episode": 0, "state": state.game.digest()})

    @classmethod
    def resume(
        cls,
        path: Path | str,
        clock: Callable[[], float] = time.time,
        *,
        learner: Learner | None = None,
    ) -> Session:
        """Returns a session that goes on where its log ends; everybody has to sit down again.

        The steps are made again, partners and learner included, and compared with the log.

        Args:
            path: The session's folder or log.
            clock: As for ``Session``.
            learner: As for ``Session``; it takes in all recorded transitions first.

        Raises:
            LogError: There is no log, it is in use, damaged or of another version, or the worlds
                have changed since.
        """
        log, records = SessionLog.reopen(path)
        try:
            config = PlayConfig.from_mapping(records[0]["config"])
            state = PlayState(config, learner)
            for record in records:
                state.apply(record)
        except BaseException:
            log.close()
            raise
        session = cls.__new__(cls)
        session._take_over(config, clock, state, log)
        session._remember(records)
        for seat in list(state.sitting):
            session.leave(seat, "interrupted")
        differences = state.differences
        session.note("resumed", step=state.game.lifetime, differences=differences[:100])
        return session

    def _take_over(
        self, config: PlayConfig, clock: Callable[[], float], state: PlayState, log: SessionLog
    ) -> None:
        self.config, self.state = config, state
        self.folder = log.path.parent
        self._clock, self._log = clock, log
        self._due: float | None = None  # when the next step is to be made, at a pace
        self._last_due: float | None = None  # when the last one was to be made
        self._answers: dict[tuple[str, int, float], dict[str, Any]] = {}

    # People

    def about(self) -> dict[str, Any]:
        """Returns texts and seats, as plain values, for those who have not sat down yet."""
        return about(self.state)

    def join(self, message: Join) -> Seat:
        """Lets a person sit down; whoever sat there before is recorded as gone.

        Raises:
            PlayError: There is no such seat, or consent or participant id is missing.
        """
        seat = find_seat(self.state.seats, message.seat)
        check_join(self.config, message)
        if seat.name in self.state.sitting:
            self.leave(seat.name, "replaced")
        self._append(
            {
                "kind": "join",
                "seat": seat.name,
                "participant": message.participant.strip(),
                "consent": message.consent,
                "client_ms": message.time,
            }
        )
        self._due = self._last_due = None
        return seat

    def leave(self, seat: str, reason: str = "done") -> None:
        """Records that a person left a seat, or refused to take it ("declined").

        Raises:
            PlayError: There is no such seat.
        """
        find_seat(self.state.seats, seat)
        self._append({"kind": "leave", "seat": seat, "reason": reason})

    def press(self, seat: str, message: Input) -> dict[str, Any]:
        """Records a key or button, and says what it counted for.

        Args:
            seat: Name of the seat that it comes from.
            message: What was pressed, and what was on the screen then.

        Returns:
            The record, with ``accepted``, ``why`` (words, if it was not), ``late`` (it was about a
            step that is final already) and ``duplicate`` (the same message was taken before, and
            this is what it counted for).

        Raises:
            PlayError: This seat cannot do that at all, or nobody sits there; recorded as a note.
        """
        found = find_seat(self.state.seats, seat)
        key = (seat, message.id, message.time)
        if key in self._answers:
            return {**self._answers[key], "duplicate": True}
        try:
            values = read_input(self.state, found, message)
        except PlayError as error:
            self.note("refused", seat=seat, type=type(message).__name__, why=str(error))
            raise
        if isinstance(message, Pace) and values["accepted"]:
            self._due = self._last_due = None
        record = self._append({**values, "id": message.id, "client_ms": message.time})
        self._answers[key] = record
        return {**record, "duplicate": False}

    def note(self, kind: str, /, **values: Any) -> None:
        """Records what happened around the session, such as a malformed message.

        Args:
            kind: What happened.
            **values: Plain values.
        """
        self._append({"kind": "note", "what": kind, "details": values}, sync=False)

    # Time

    def next_tick(self, now: float | None = None) -> float | None:
        """Returns in how many seconds there is something to do, >= 0; None: not before a message.

        Args:
            now: Seconds of a clock that never goes back, the same as for ``tick``.
        """
        state = self.state
        if state.over or state.paused or state.waiting():
            return None
        if state.pace == 0:
            return 0.0
        moment = self._now(now)
        return max(self._when_due(moment) - moment, 0.0)

    def tick(self, now: float | None = None) -> Update | None:
        """Does what is due: a step, the next episode, or the end; None if nothing is.

        Args:
            now: Seconds of a clock that never goes back; None for that of this machine.
        """
        state, moment = self.state, self._now(now)
        if state.over or state.paused or state.waiting():
            self._due = self._last_due = None
            return None
        if state.pace > 0 and moment < self._when_due(moment):
            return None
        kind = self._end_episode() if state.game.ended else self._step()
        self._due, self._last_due = None, self._due
        return Update(kind, state.game.episode, state.game.step)

    def _when_due(self, now: float) -> float:
        """Returns when what is shown gives way to what is next; it was shown by ``now``."""
        due = self._due
        if due is None:
            interval = 1 / self.state.pace
            # A little lateness is made up for, so that the pace is kept. A step that took long to
            # make is shown as long as any other.
            last = self._last_due
            since = now if last is None or now - last > interval / 2 else last
            due = since + (max(interval, END_PAUSE) if self.state.game.ended else interval)
            self._due = due
        return due

    def _step(self) -> str:
        state = self.state
        state.finish()
        actions, actors = state.choose()
        made = state.step(actions)
        events = {n: made.events[n].tolist() for n in made.events.dtype.names or ()}
        self._append(
            {
                "kind": "step",
                "episode": made.episode,
                "step": made.step,
                "actions": actions.tolist(),
                "actors": actors,
                "env": made.env_rewards.tolist(),
                "social": made.social_by_norm.tolist(),
                "present": made.present,
                "events": {name: counts for name, counts in events.items() if any(counts)},
                "done": made.done,
                "terminated": made.terminated,
                "state": state.game.digest(),
            },
            apply=False,
        )
        return "step"

    def _end_episode(self) -> str:
        state = self.state
        if self.config.episodes is not None and state.game.episode + 1 >= self.config.episodes:
            self._append({"kind": "over"})
            return "over"
        state.begin_next()
        episode = {"episode": state.game.episode, "state": state.game.digest()}
        self._append({"kind": "episode", **episode}, apply=False)
        return "episode"

    # What is shown

    def scene(self) -> dict[str, Any]:
        """Returns sprites and legend of the world, which stay the same."""
        return scene(self.state)

    def seating(self, seat: str) -> dict[str, Any]:
        """Returns what stays the same for a seat: actions, keys, names; plain values."""
        return seating(self.state, find_seat(self.state.seats, seat))

    def view(self, seat: str) -> dict[str, Any]:
        """Returns what a seat sees now, as plain values."""
        return view(self.state, find_seat(self.state.seats, seat))

    @property
    def done(self) -> bool:
        """Whether all episodes are over."""
        return self.state.over

    def summary(self) -> dict[str, Any]:
        """Returns how much was recorded and where, as plain values."""
        state = self.state
        return {
            "episodes": state.scores.episodes + state.game.ended,
            "steps": state.game.lifetime,
            "inputs": state.inputs,
            "path": str(self.folder),
        }

    def close(self, reason: str = "closed") -> None:
        """Ends the session for now: the last step is final, the learner is saved, the log closed.

        Unless all episodes are over, ``Session.resume`` can go on with it. It can be called twice.
        """
        if self._log.closed:
            return
        try:
            self._append({"kind": "close", "reason": reason})
            others = self.state.others
            if others is not None and others.learner is not None:
                others.learner.save(str(self.folder / MODEL_FOLDER))
        finally:
            self._log.close()

    def _append(
        self, values: dict[str, Any], *, apply: bool = True, sync: bool = True
    ) -> dict[str, Any]:
        """Writes a record with the time, then lets it count."""
        if self._log.closed:
            raise LogError(f"The session in {self.folder} is closed.")
        values = {**values, "server_ms": round(self._clock() * 1000, 3)}
        try:
            record = self._log.append(values.pop("kind"), sync=sync, **values)
        except OSError:
            self._log.close()  # nothing more can be acknowledged; the log can be resumed
            raise
        if apply:
            self.state.apply(record)
        return record

    def _remember(self, records: list[dict[str, Any]]) -> None:
        """Takes over the answers that were given before a crash."""
        for record in records:
            if record["kind"] in _COUNTED:
                self._answers[record["seat"], record["id"], record["client_ms"]] = record

    @staticmethod
    def _now(now: float | None) -> float:
        return time.monotonic() if now is None else now


def new_folder(config: PlayConfig, seconds: float) -> Path:
    """Returns a folder below ``outputs/play`` that does not exist, named after world and time."""
    stamp = time.strftime("%Y%m%d-%H%M%S", time.localtime(seconds))
    base = Path("outputs") / "play" / config.world
    names = (stamp, *(f"{stamp}-{number}" for number in range(2, 1000)))
    return next(base / name for name in names if not (base / name).exists())
