"""What the page and the server say to each other: JSON objects with a "type", checked strictly.

Everything that a browser sends is a stranger's text: ``parse`` returns a message whose every field
was checked, or raises a ProtocolError that says what was wrong. It never raises anything else.

From the page: hello, join, press, feedback, next, pace, pause, resume, leave, ping (the classes
below).
From the server (dictionaries, made by ``prosocial.play.web.connections``):

======== ===========================================================================================
welcome  ``version``, ``about`` (texts and seats), after ``hello``
seats    ``seats``: who sits where, whenever that changes
seated   ``seat``, ``key`` (to come back with), ``scene`` (sprites and legend), ``seating``
view     ``view``: what this seat sees now
ack      ``id`` and ``record``: the press was written to the log, and what it counted for
error    ``code``, ``message``, and ``id`` where a press was at fault
pong     ``time`` of the ping
over     ``summary``: the session is over, with what was recorded
gone     ``message``: the server closes, or the seat was opened elsewhere
======== ===========================================================================================
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import MISSING, dataclass, fields
from typing import Any

from prosocial.envs.engine.errors import ProsocialError, nearest

PROTOCOL_VERSION = 1
MAX_BYTES = 4096  # of one message of a page, in UTF-8
LARGEST_ID = 2**53 - 1  # the largest integer that JavaScript counts to
LATEST_TIME = 1e14  # ms since 1970: the year 5138
MAX_ACTIONS = 255
MAX_STEP = 2**31 - 1
MAX_PACE = 1000.0  # steps per second; the session's own limit may be narrower
VALUES = ("praise", "blame")


class ProtocolError(ProsocialError, ValueError):
    """A message of the page cannot be taken.

    Attributes:
        code: One word for programs, such as "malformed", "too_large" or "unknown_type".
        id: Number of the press that the message carried, if that much could be read.
    """

    def __init__(self, message: str, code: str = "malformed", id: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.id = id


@dataclass(frozen=True)
class Hello:
    """The first message of a connection.

    Attributes:
        version: The page's PROTOCOL_VERSION.
        key: The key of a seat that this tab already has, to take it up again; None for a new one.
    """

    version: int
    key: str | None = None


@dataclass(frozen=True)
class Join:
    """Someone takes a seat.

    Attributes:
        seat: Name of the seat, as listed in ``welcome``.
        participant: Participant id, at most 64 characters; "" where none is asked.
        consent: Whether the person agreed to the consent text; False where there is none.
        time: When, on the page's clock, ms since 1970.
    """

    seat: str
    participant: str = ""
    consent: bool = False
    time: float = 0.0


@dataclass(frozen=True)
class Press:
    """The person of an agent's seat chooses an action.

    Attributes:
        id: Number of the press, counted up by the page; one sent twice counts once.
        action: Number of the action.
        episode: The episode that was on the screen, from 0.
        step: The step that was on the screen: steps taken in the episode.
        time: When the key went down, on the page's clock, ms since 1970.
    """

    id: int
    action: int
    episode: int
    step: int
    time: float


@dataclass(frozen=True)
class Feedback:
    """The caregiver praises or blames what was on the screen.

    Attributes:
        id: As in Press; both share one count.
        value: "praise" or "blame".
        episode: As in Press.
        step: As in Press: the feedback is about the step that led to what was on the screen.
        time: As in Press.
    """

    id: int
    value: str
    episode: int
    step: int
    time: float


@dataclass(frozen=True)
class Next:
    """Someone has seen enough of the step ``episode``, ``step``; all fields as in Press.

    A caregiver lets the next step come at pace 0, and whoever sits there the next episode.
    """

    id: int
    episode: int
    step: int
    time: float


@dataclass(frozen=True)
class Pace:
    """Someone sets the pace, ``value`` steps per second (0: it waits for the people)."""

    id: int
    value: float
    time: float


@dataclass(frozen=True)
class Pause:
    """Someone stops the clock of the session."""

    id: int
    time: float


@dataclass(frozen=True)
class Resume:
    """Someone lets the clock of the session run on."""

    id: int
    time: float


@dataclass(frozen=True)
class Leave:
    """Someone gives the seat up, or refuses to take part; ``reason``: "done" or "declined"."""

    reason: str
    time: float = 0.0


@dataclass(frozen=True)
class Ping:
    """Asks whether the server still answers; ``time`` as in Press, sent back as it is."""

    time: float


Message = Hello | Join | Press | Feedback | Next | Pace | Pause | Resume | Leave | Ping
Input = Press | Feedback | Next | Pace | Pause | Resume
"""What a seated person does: logged before it is acknowledged, counted once for each id."""

MESSAGES: dict[str, type] = {
    kind.__name__.lower(): kind
    for kind in (Hello, Join, Press, Feedback, Next, Pace, Pause, Resume, Leave, Ping)
}


def parse(data: str | bytes) -> Message:
    """Returns the message that a page sent.

    Args:
        data: One frame of the socket.

    Raises:
        ProtocolError: It is too large, no JSON object, of no known type, or a field is missing,
            unknown, of the wrong type or out of range.
    """
    values = _load(data)
    kind = values.pop("type", None)
    if not isinstance(kind, str) or kind not in MESSAGES:
        hint = nearest(kind[:40] if isinstance(kind, str) else "", MESSAGES)
        raise ProtocolError(f"There is no type of message {_shown(kind)}. {hint}", "unknown_type")
    number = values.get("id")
    number = number if _integer(1, LARGEST_ID)(number) else None
    form = MESSAGES[kind]
    known = {field.name: field for field in fields(form)}
    for name in values:
        if name not in known:
            hint = nearest(name[:40], known)
            raise ProtocolError(f"{kind} has no field {name!r:.40}. {hint}", id=number)
    for name, field in known.items():
        if name not in values:
            if field.default is MISSING:
                raise ProtocolError(f"{kind} needs the field {name!r}.", id=number)
            continue
        check, expected = _FIELDS[kind, name] if (kind, name) in _FIELDS else _FIELDS["", name]
        if not check(values[name]):
            raise ProtocolError(
                f"{kind}.{name} is {_shown(values[name])}; expected {expected}.", id=number
            )
        if field.type == "float":
            values[name] = float(values[name])
    return form(**values)


def dump(kind: str, **values: Any) -> str:
    """Returns a message of the server as text.

    Raises:
        ValueError: A number is not finite, which JSON cannot carry.
    """
    return json.dumps({"type": kind, **values}, allow_nan=False, separators=(",", ":"))


def _load(data: str | bytes) -> dict[str, Any]:
    """Returns the JSON object of a frame; refuses what JSON proper does not know."""
    # Four bytes at most make a character, so a longer string is refused before it is encoded.
    if len(data) > MAX_BYTES:
        raise ProtocolError(f"A message has at most {MAX_BYTES} bytes.", "too_large")
    try:
        text = data.decode() if isinstance(data, bytes) else data
        if len(text.encode()) > MAX_BYTES:
            raise ProtocolError(f"A message has at most {MAX_BYTES} bytes.", "too_large")
        values = json.loads(text, parse_constant=_no_constant, object_pairs_hook=_no_twins)
    except ProtocolError:
        raise
    except RecursionError as error:
        raise ProtocolError("The message is nested too deeply.") from error
    except ValueError as error:  # bad UTF-8, bad JSON, integers of thousands of digits
        raise ProtocolError(f"The message is no JSON in UTF-8 ({error!s:.80}).") from error
    if not isinstance(values, dict):
        raise ProtocolError(f"The message is a {type(values).__name__}; expected a JSON object.")
    return values


def _no_constant(name: str) -> float:
    raise ProtocolError(f"{name} is no number of JSON.")


def _no_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        raise ProtocolError("A field is given twice.")
    return values


def _shown(value: Any) -> str:
    """Returns the beginning of a value; of what may be nested deeply, the type only."""
    return f"a {type(value).__name__}" if isinstance(value, dict | list) else f"{value!r:.40}"


def _integer(low: int, high: int) -> Callable[[Any], bool]:
    return lambda value: type(value) is int and low <= value <= high


def _number(low: float, high: float) -> Callable[[Any], bool]:
    # An integer of a thousand digits compares exactly; only then is it made a float.
    return lambda value: (
        type(value) in (int, float) and low <= value <= high and math.isfinite(float(value))
    )


def _text(longest: int, empty: bool = True) -> Callable[[Any], bool]:
    """Printable text: no control characters, no halves of surrogate pairs, no direction marks."""
    return lambda value: (
        isinstance(value, str)
        and (empty or value != "")
        and len(value) <= longest
        and value.isprintable()
    )


# (type, field) -> check and what was expected; "" stands for every type.
_FIELDS: dict[tuple[str, str], tuple[Callable[[Any], bool], str]] = {
    ("", "version"): (_integer(0, 10**6), "an integer"),
    ("", "key"): (
        lambda value: value is None or (_text(64, empty=False)(value) and value.isascii()),
        "a key of this server or null",
    ),
    ("", "seat"): (_text(64, empty=False), "the name of a seat"),
    ("", "participant"): (_text(64), "at most 64 printable characters"),
    ("", "consent"): (lambda value: isinstance(value, bool), "true or false"),
    ("", "time"): (_number(0, LATEST_TIME), "milliseconds since 1970"),
    ("", "id"): (_integer(1, LARGEST_ID), "an integer from 1"),
    ("", "action"): (_integer(0, MAX_ACTIONS), "the number of an action"),
    ("", "episode"): (_integer(0, MAX_STEP), "an integer from 0"),
    ("", "step"): (_integer(0, MAX_STEP), "an integer from 0"),
    ("feedback", "value"): (lambda value: value in VALUES, "praise or blame"),
    ("pace", "value"): (_number(0, MAX_PACE), f"steps per second in [0, {MAX_PACE:g}]"),
    ("", "reason"): (lambda value: value in ("done", "declined"), "done or declined"),
}
