"""Messages of a page: each field is checked, and whatever else comes is refused in words."""

from __future__ import annotations

import json
from dataclasses import MISSING, fields
from typing import Any

import pytest

from prosocial.play.session import protocol
from prosocial.play.session.protocol import MAX_BYTES, MESSAGES, ProtocolError, dump, parse

GOOD: dict[str, dict[str, Any]] = {
    "hello": {"version": 1, "key": None},
    "join": {"seat": "agent_0", "participant": "Åsa 7", "consent": True, "time": 1.5},
    "press": {"id": 1, "action": 3, "episode": 0, "step": 7, "time": 1.7e12},
    "feedback": {"id": 2, "value": "praise", "episode": 0, "step": 7, "time": 1},
    "next": {"id": 3, "episode": 0, "step": 7, "time": 1},
    "pace": {"id": 4, "value": 2.5, "time": 1},
    "pause": {"id": 5, "time": 1},
    "resume": {"id": 6, "time": 1},
    "leave": {"reason": "done", "time": 1},
    "ping": {"time": 0},
}
# Field -> values that it must not have, whatever the type of the message.
BAD: dict[str, list[Any]] = {
    "version": ["1", -1, 1.0, True, None, 10**7],
    "key": ["", "é", "x" * 65, 7, "a\nb"],
    "seat": ["", "x" * 65, 7, None, "a\x00b", "\ud800", "\u202egnp"],
    "participant": ["x" * 65, None, 7, "a\tb", "\udfff"],
    "consent": ["yes", 1, None],
    "time": ["1", -1, 1e15, None, True, [], 10**400],
    "id": [0, -1, 1.0, "1", None, 2**53, True],
    "action": [-1, 256, 1.0, "3", None, True],
    "episode": [-1, 2**31, 0.0, "0", None],
    "step": [-1, 2**31, 0.0, "0", None],
    "reason": ["", "dropped", 1, None],
}
BAD_VALUES = {"feedback": ["", "PRAISE", 1, None, []], "pace": [-1, 1001, "2", None, True]}


def text(kind: str, **changes: Any) -> str:
    return json.dumps({"type": kind, **GOOD[kind], **changes})


def refused(data: str | bytes) -> ProtocolError:
    with pytest.raises(ProtocolError) as caught:
        parse(data)
    return caught.value


@pytest.mark.parametrize("kind", MESSAGES)
def test_good_messages_become_their_classes(kind: str) -> None:
    message = parse(text(kind))
    assert type(message) is MESSAGES[kind]
    assert vars(message) == GOOD[kind]
    assert parse(text(kind).encode()) == message
    assert all(
        isinstance(vars(message)[f.name], float) for f in fields(message) if f.name == "time"
    )


@pytest.mark.parametrize("kind", MESSAGES)
def test_each_field_is_needed_unless_it_has_a_default(kind: str) -> None:
    for field in fields(MESSAGES[kind]):
        values = {name: value for name, value in GOOD[kind].items() if name != field.name}
        data = json.dumps({"type": kind, **values})
        if field.default is MISSING:
            assert repr(field.name) in str(refused(data))
        else:
            assert getattr(parse(data), field.name) == field.default


@pytest.mark.parametrize("kind", MESSAGES)
def test_fields_out_of_range_are_refused_by_name(kind: str) -> None:
    for field in fields(MESSAGES[kind]):
        for value in BAD_VALUES[kind] if field.name == "value" else BAD[field.name]:
            error = refused(text(kind, **{field.name: value}))
            assert f"{kind}.{field.name}" in str(error)
            assert error.code == "malformed"
            assert len(str(error)) < 300


def test_a_press_at_fault_is_named_by_its_number() -> None:
    assert refused(text("press", action=-1)).id == 1
    assert refused(text("press", id="x")).id is None
    assert refused(text("press", colour="red")).id == 1


@pytest.mark.parametrize("kind", ["", "Press", "pres", "__class__", "x" * 500, 1, None, [], {}])
def test_unknown_types_are_refused(kind: Any) -> None:
    error = refused(json.dumps({"type": kind}))
    assert error.code == "unknown_type"
    assert len(str(error)) < 300


@pytest.mark.parametrize(
    "data",
    [
        "", "null", "[]", "1", '"press"', "{", '{"type": "ping", "time": NaN}', "{'type': 1}",
        '{"type": "ping", "time": Infinity}', '{"type": "ping", "time": 1e999}',
        '{"type": "ping", "type": "ping", "time": 1}', '{"type": "ping", "time": 1} x',
        "[" * 4000, '{"type":' * 500, '{"type": "ping", "time": ' + "9" * 4000 + "}",
        b"\xff\xfe", b"\x00" * 100, "\ud800", '{"type": "ping", "time": 1, "\ud800": 1}',
        '{"type": "press", "id": ' + "[" * 900 + "]" * 900 + "}",
    ],
)  # fmt: skip
def test_what_is_no_object_of_json_is_refused(data: str | bytes) -> None:
    assert refused(data).code in ("malformed", "unknown_type")


def test_size_is_counted_in_bytes() -> None:
    def ping(filling: str) -> str:
        return '{"type":"ping","time":1}' + filling

    fits = ping(" " * (MAX_BYTES - len(ping(""))))
    assert parse(fits) == protocol.Ping(1.0)
    assert refused(fits + " ").code == "too_large"
    assert refused("é" * (MAX_BYTES // 2 + 1)).code == "too_large"
    assert refused(b" " * (MAX_BYTES + 1)).code == "too_large"


def test_the_server_sends_no_number_that_json_cannot_carry() -> None:
    assert json.loads(dump("view", view={"a": [1]})) == {"type": "view", "view": {"a": [1]}}
    with pytest.raises(ValueError, match="JSON"):
        dump("view", view=float("nan"))
