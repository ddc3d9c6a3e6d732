"""A session in a terminal or through a pipe: for machines without a browser, and for scripts.

On a terminal single keys count at once. Through a pipe each line is what a person does before the
next step: keys ("w", or several, "wwd"), the name of an action ("turn left"), a number where the
actions are numbers; for the caregiver any number of "+" and "-"; an empty line goes on.
"""

from __future__ import annotations

import itertools
import sys
import time
from collections import deque
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any, TextIO

from prosocial.envs.engine import ConfigError
from prosocial.envs.render import text
from prosocial.play.config import AGENT, CAREGIVER, MAX_PACE, PlayConfig, default_action
from prosocial.play.session.errors import PlayError
from prosocial.play.session.keys import CONTROLS, shown
from prosocial.play.session.protocol import Feedback, Input, Join, Next, Pace, Pause, Press, Resume
from prosocial.play.session.session import Session
from prosocial.play.session.view import seen_scene, status

from .reading import KeySource, LineSource, Source
from .text import describe_keys, describe_step

QUIT, HELP, SLOWER, FASTER = "q", "?", "<", ">"
_CLEAR = "\x1b[H\x1b[2J"
_YES = ("y", "yes", "i agree", "agree")


class Quit(Exception):  # noqa: N818 - no error: the person has had enough
    """The person wants to stop; the argument is the reason that is recorded."""


def play_in_terminal(
    session: Session, source: Source | None = None, out: TextIO | None = None
) -> None:
    """Plays a session to its end or until the person stops; everything is saved in any case.

    Args:
        session: With one seat; it is closed at the end.
        source: Where keys or lines come from; None: standard input.
        out: Where it is shown; None: standard output.

    Raises:
        ConfigError: The session has seats for two people.
    """
    keys = standard_input() if source is None else source
    try:
        with keys if isinstance(keys, KeySource) else nullcontext():
            Terminal(session, keys, sys.stdout if out is None else out).run()
    finally:
        session.close()


def check_one_person(config: PlayConfig) -> None:
    """Raises `ConfigError` if a session has seats for more than one person."""
    people = len(config.played) + (config.seat == CAREGIVER)
    if people > 1:
        raise ConfigError(
            f"A terminal has room for one person, but the session has seats for {people}. Leave "
            "--terminal out: in the browser there is room for all."
        )


def standard_input() -> Source:
    """Returns the keys of the terminal, or, if there is none, the lines of standard input."""
    descriptor = sys.stdin.fileno()
    if not sys.stdin.isatty() or not sys.stdout.isatty():
        return LineSource(descriptor)
    try:
        import termios  # noqa: F401  not on every system
    except ModuleNotFoundError:
        return LineSource(descriptor)
    return KeySource(descriptor)


class Terminal:
    """One person at one seat.

    Args:
        session: The session.
        source: Keys or lines.
        out: Where it is shown.
        clock: Seconds of a clock that never goes back.

    Raises:
        ConfigError: The session has seats for two people.
    """

    def __init__(
        self,
        session: Session,
        source: Source,
        out: TextIO,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        check_one_person(session.config)
        self.session, self.seat = session, next(iter(session.state.seats.values()))
        self._source, self._out, self._clock = source, out, clock
        self._by_line = isinstance(source, LineSource)
        self._ids = itertools.count(1)
        self._choices = session.seating(self.seat.name)["actions"]
        self._keys: deque[str] = deque()  # typed, not taken yet
        self._digits = ""  # of a number that is being typed

    def run(self) -> None:
        """Runs the session until it is over, or the person stops."""
        reason = "done"
        try:
            if not self._welcome():
                return
            while not self.session.done:
                self._show()
                self._until_something_happens()
            self._say("The session is over.")
        except Quit as quitting:
            reason = str(quitting)
        except EOFError:
            reason = "end of input"
        except KeyboardInterrupt:
            reason = "interrupted"
        finally:
            if self.seat.name in self.session.state.sitting:
                self.session.leave(self.seat.name, reason)
        done = self.session.summary()
        self._say(f"{done['steps']} steps and {done['inputs']} keys are saved in {done['path']}.")

    def _welcome(self) -> bool:
        """Shows the texts and lets the person sit down; returns whether they take part."""
        told = self.session.about()
        self._say(f"\n{told['title']}\n")
        consent = told["consent"] is None
        if told["consent"] is not None:
            self._say(told["consent"].rstrip() + "\n")
            answer = self._source.ask("Do you agree to take part? [y/N] ")
            consent = answer.strip().lower() in _YES
        if not consent:
            self.session.leave(self.seat.name, "declined")
            self._say("Thank you. You do not take part, and nothing but that was recorded.")
            return False
        participant = ""
        while told["ask_participant"] and not participant:
            participant = self._source.ask("Your participant id: ").strip()
        if told["instructions"] is not None:
            self._say(told["instructions"].rstrip() + "\n")
        self._say(describe_keys(self.seat, self._choices, self._by_line))
        if not self._by_line:
            self._source.ask("Press Enter to begin. ")
        agreed = told["consent"] is not None
        self.session.join(Join(self.seat.name, participant, agreed, _now_ms()))
        if self.session.state.paused:  # it was left so
            self._send(lambda n, at: Resume(n, _now_ms()))
        return True

    def _until_something_happens(self) -> None:
        """Takes keys until the world has moved on."""
        while self.session.tick(self._clock()) is None:
            if not self._keys:
                token = self._source.read(self.session.next_tick(self._clock()))
                if token is not None:
                    self._keys.extend(self._split(token) if self._by_line else [token])
            if self._keys:
                self._key(self._keys.popleft())

    def _split(self, token: str) -> list[str]:
        """Returns the keys that a line stands for."""
        line = token.strip()
        if line.lower() in (QUIT, "quit", "exit"):
            return [QUIT]
        if not token or line == HELP:
            return [line or "Enter"]
        if self.seat.role != AGENT:
            return [key for key in line if not key.isspace()] + ["Enter"]
        if self._choices["kind"] == "number":
            if line.isdecimal():
                return [*line, "Enter"]
            self._say(f"{line!r} is no number.")
            return []
        wanted = line.lower().replace("_", " ")
        for choice in self._choices["list"]:
            if len(wanted) > 1 and wanted == choice["label"]:
                return [choice["keys"][0]]
        return list(line or token)

    def _go_on(self) -> None:
        """Enter: on with it, or the action that does nothing."""
        state = self.session.state
        nothing = default_action(state.game.world)
        if self.seat.role == AGENT and not state.game.ended and nothing is not None:
            self._act(nothing)
        elif state.waiting():
            self._send(lambda n, at: Next(n, *at, _now_ms()))

    def _key(self, key: str) -> None:
        if key == QUIT:
            raise Quit("quit")
        if key == HELP:
            self._say(describe_keys(self.seat, self._choices, self._by_line))
        elif key in CONTROLS["pause"]:
            kind = Resume if self.session.state.paused else Pause
            self._send(lambda n, at: kind(n, _now_ms()))
            self._say("Paused; Esc goes on." if kind is Pause else "On it goes.")
        elif key in (SLOWER, FASTER) and self.session.state.pace > 0:
            factor = 0.5 if key == SLOWER else 2.0
            pace = min(max(self.session.state.pace * factor, 0.125), MAX_PACE)
            self._send(lambda n, at: Pace(n, pace, _now_ms()))
            self._say(f"{pace:g} steps per second.")
        elif self.seat.role == AGENT:
            self._agent_key(key)
        else:
            self._caregiver_key(key)

    def _agent_key(self, key: str) -> None:
        if self._choices["kind"] == "number":
            self._number_key(key)
            return
        for choice in self._choices["list"]:
            if key in choice["keys"]:
                self._act(choice["number"])
                return
        if key in CONTROLS["next"]:
            self._go_on()
        else:
            self._say(f"{shown(key)!r} chooses nothing; {HELP} shows the keys.")

    def _number_key(self, key: str) -> None:
        """Digits are collected until Enter."""
        if key.isdecimal():
            self._digits += key
        elif key == "Backspace":
            self._digits = self._digits[:-1]
        elif key in CONTROLS["next"]:
            digits, self._digits = self._digits, ""
            if digits:
                self._act(int(digits))
            else:
                self._go_on()
        if not self._by_line:
            print(
                f"\r{self._choices['label']}: {self._digits:4}", end="", flush=True, file=self._out
            )

    def _caregiver_key(self, key: str) -> None:
        for value in ("praise", "blame"):
            if key in CONTROLS[value]:
                self._judge(value)
                return
        if key in CONTROLS["next"]:
            self._go_on()
        else:
            self._say(f"{shown(key)!r} means nothing; {HELP} shows the keys.")

    def _act(self, action: int) -> None:
        self._send(lambda n, at: Press(n, action, *at, _now_ms()))

    def _judge(self, value: str) -> None:
        self._send(lambda n, at: Feedback(n, value, *at, _now_ms()))

    def _send(self, make: Callable[[int, tuple[int, int]], Input]) -> None:
        """Sends a message about what is shown now, and says if it does not count."""
        game = self.session.state.game
        message = make(next(self._ids), (game.episode, game.step))
        try:
            record = self.session.press(self.seat.name, message)
        except PlayError as error:
            self._say(str(error))
            return
        if not record["accepted"]:
            self._say(f"That does not count: {record['why']}.")
        elif record["kind"] == "feedback":
            self._say(f"{record['value']} ({record['amount']:+g})")

    def _show(self) -> None:
        state = self.session.state
        picture = text(seen_scene(state, self.seat))
        now: dict[str, Any] = status(state, self.seat)
        if not self._by_line:
            self._out.write(_CLEAR)
        self._say(describe_step(now, picture))

    def _say(self, words: str) -> None:
        print(words, flush=True, file=self._out)


def _now_ms() -> float:
    return round(time.time() * 1000, 3)
