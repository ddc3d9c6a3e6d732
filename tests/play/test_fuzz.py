"""Ten thousand messages that no page would send: each is answered, and the session plays on."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from players import Clock, session_of, steps
from served import Visitor, closing_code, run_alone, served

from prosocial.play.session.export import export_session
from prosocial.play.session.log import read_log
from prosocial.play.session.protocol import MAX_BYTES, MESSAGES, ProtocolError, parse
from prosocial.play.session.replaying import replay_log
from prosocial.play.session.session import Session
from prosocial.play.web.connections import Connection, Limits
from prosocial.play.web.hub import Hub

pytestmark = pytest.mark.usefixtures("unsynced")

MESSAGES_SENT = 14_000
UNBOUNDED = Limits(rate=1e9, burst=10**9, strikes=10**9, noted=10**9, waiting=10**9)
SOUND = {
    "hello": {"version": 1, "key": None},
    "join": {"seat": "learner", "participant": "p", "consent": True, "time": 1},
    "press": {"id": 1, "action": 1, "episode": 0, "step": 0, "time": 1},
    "feedback": {"id": 1, "value": "praise", "episode": 0, "step": 0, "time": 1},
    "next": {"id": 1, "episode": 0, "step": 0, "time": 1},
    "pace": {"id": 1, "value": 1.0, "time": 1},
    "pause": {"id": 1, "time": 1},
    "resume": {"id": 1, "time": 1},
    "leave": {"reason": "done", "time": 1},
    "ping": {"time": 1},
}
assert set(SOUND) == set(MESSAGES)
ODD: list[Any] = [
    None, True, False, 0, -1, 1.5, -0.0, 1e308, 2**53, 2**63, -(2**64), 10**300, "", "0", "praise",
    "\x00", "\ud800", "\udfff\ud800", "\u202e", "é" * 30, "x" * 1000, "../../etc/passwd",
    "<script>alert(1)</script>", "__proto__", "constructor", [], [[]], [1] * 100, {}, {"a": {}},
    {"__proto__": {"x": 1}}, {"$where": "1"}, "NaN", "%s%n", "{0.__class__}", "'; DROP TABLE x;--",
]  # fmt: skip

Make = Callable[[random.Random], str | bytes]


def bytes_of_chance(rng: random.Random) -> bytes:
    return rng.randbytes(rng.randrange(200))


def text_of_chance(rng: random.Random) -> str:
    return "".join(chr(rng.randrange(0x110000)) for _ in range(rng.randrange(80)))


def torn(rng: random.Random) -> str:
    """Sound JSON that was cut, or in which a character was replaced."""
    kind = rng.choice(sorted(SOUND))
    text = json.dumps({"type": kind, **SOUND[kind]})
    place = rng.randrange(len(text))
    return text[:place] + rng.choice(["", "\x00", "}", '"', "\\u", ",,"]) + text[place + 1 :]


def odd_field(rng: random.Random) -> str:
    kind = rng.choice(sorted(SOUND))
    values = dict(SOUND[kind])
    values[rng.choice([*values, "type", "x", "\ud800"])] = rng.choice(ODD)
    return json.dumps({"type": kind, **values})


def missing_field(rng: random.Random) -> str:
    kind = rng.choice(sorted(SOUND))
    values: dict[str, Any] = {"type": kind, **SOUND[kind]}
    del values[rng.choice(sorted(values))]
    return json.dumps(values)


def deep(rng: random.Random) -> str:
    depth = rng.choice([50, 500, 1300])
    inner = rng.choice(["[{}]", '{{"a":{}}}', '{{"type":{}}}'])
    text = "1"
    for _ in range(min(depth, (MAX_BYTES - 100) // len(inner))):
        text = inner.format(text)
    return text if rng.random() < 0.5 else '{"type":"press","id":' + text + "}"


def number(rng: random.Random) -> str:
    value = rng.choice(["NaN", "-Infinity", "1e999", "9" * 2000, "-0", "1E+400", "0x1", "1e-999"])
    forms = ['{"type":"ping","time":%s}', '{"type":"pace","id":1,"value":%s,"time":1}',
             '{"type":"press","id":%s,"action":1,"episode":0,"step":0,"time":1}']  # fmt: skip
    return rng.choice(forms) % value


def large(rng: random.Random) -> str | bytes:
    size = rng.choice([MAX_BYTES + 1, 10_000, 16_000])
    return rng.choice(["x" * size, b"\x00" * size, '{"type":"' + "é" * (size // 2) + '"}'])


def no_object(rng: random.Random) -> str:
    return json.dumps(rng.choice(ODD))


def unknown_type(rng: random.Random) -> str:
    return json.dumps({"type": rng.choice([*ODD, "admin", "exec", "Press", "press "]), "id": 1})


def sound(rng: random.Random) -> str:
    """Sound in itself; what comes of it depends on the state."""
    kind = rng.choice(sorted(set(SOUND) - {"leave"}))
    values = dict(SOUND[kind])
    for name in set(values) & {"id", "action", "episode", "step", "version"}:
        values[name] = rng.choice([1, 2, 3, 200, 255, 10**6]) if name != "action" else 200
    if kind == "join":
        values["seat"] = rng.choice(["learner", "caregiver", "agent_99", "toString"])
    if kind == "hello":
        values["key"] = rng.choice([None, "x", "A" * 32])
    return json.dumps({"type": kind, **values})


MAKERS: tuple[Make, ...] = (
    bytes_of_chance, text_of_chance, torn, odd_field, missing_field, deep, number, large, no_object,
    unknown_type, sound,
)  # fmt: skip


def answers(connection: Connection) -> list[dict[str, Any]]:
    found = []
    while (text := connection.pop()) is not None:
        found.append(json.loads(text))
    return found


def said(connection: Connection) -> list[dict[str, Any]]:
    """Returns what came besides views and the list of seats, which answer nobody."""
    return [a for a in answers(connection) if a["type"] not in ("view", "seats")]


@pytest.mark.parametrize("state", ["stranger", "lobby", "agent", "caregiver"])
def test_malformed_messages_are_answered_and_the_session_plays_on(
    tmp_path: Path, state: str
) -> None:
    caregiver = {"seat": "caregiver"} if state == "caregiver" else {}
    session = session_of(tmp_path / "session", "caregiver_grid", pace=0, **caregiver)
    rng = random.Random(f"fuzz {state}")
    counted: Counter[str] = Counter()

    async def flood() -> None:
        hub = Hub(session, UNBOUNDED)
        connection = hub.open()
        assert connection is not None
        if state != "stranger":
            await hub.receive(connection, '{"type":"hello","version":1}')
        if state in ("agent", "caregiver"):
            seat = next(iter(session.state.seats))
            await hub.receive(connection, json.dumps({"type": "join", "seat": seat}))
        answers(connection)
        for index in range(MESSAGES_SENT // 4):
            data = MAKERS[index % len(MAKERS)](rng)
            if ends(state, data):
                continue
            await hub.receive(connection, data)
            (answer,) = said(connection)
            counted[answer.get("code", answer["type"])] += 1
            assert "Traceback" not in str(answer)
            assert len(str(answer)) < 2000 or answer["type"] == "seated"
        assert hub.failure is None
        assert connection.code is None
        await hub.drop(connection)
        hub.end()

    run_alone(flood())
    assert counted["internal"] == 0
    assert sum(counted.values()) > 0.95 * MESSAGES_SENT / 4
    assert counted["malformed"] > 1500
    assert min(counted["too_large"], counted["unknown_type"]) > 100
    plays_on(session, tmp_path)


def ends(state: str, data: str | bytes) -> bool:
    """Whether a message would be sound, and the end of this state."""
    try:
        kind = type(parse(data)).__name__
    except ProtocolError:
        return False
    return kind == "Leave" or (state in ("stranger", "lobby") and kind in ("Hello", "Join"))


def plays_on(session: Session, folder: Path) -> None:
    """A new person plays an episode's beginning; the log holds everything in order."""
    before = len(read_log(session.folder))
    server = {"learner": play_three, "caregiver": judge_three}
    with served(session) as running, Visitor(running) as visitor:
        seat = next(iter(session.state.seats))
        visitor.send("hello", version=1)
        visitor.hear("welcome")
        visitor.send("join", seat=seat)
        visitor.hear("seated")
        # A message out of the flood may have left the session paused, or at another pace.
        visitor.send("resume", id=10**9, time=1)
        visitor.send("pace", id=10**9 + 1, value=0, time=1)
        visitor.hear("ack")
        visitor.hear("ack")
        server[seat](session, visitor)
    records = read_log(session.folder)
    assert [r["n"] for r in records] == list(range(len(records)))
    assert len(records) > before
    played = steps(session)
    assert len(played) >= 3
    assert len(replay_log(session.folder).transitions) == len(played)
    assert all(path.exists() for path in export_session(session.folder))
    again = Session.resume(session.folder, Clock())
    assert again.state.game.digest() == played[-1]["state"]
    again.close()


def play_three(session: Session, visitor: Visitor) -> None:
    for number in range(3):
        shown, episode = session.state.game.step, session.state.game.episode
        visitor.send("press", id=2 * 10**9 + number, action=1, episode=episode, step=shown, time=1)
        assert visitor.hear("ack", "error")["record"]["accepted"]
        while visitor.hear("view")["view"]["step"] <= shown:
            pass


def judge_three(session: Session, visitor: Visitor) -> None:
    while session.state.game.step < 1:
        visitor.hear("view")
    for number in range(3):
        game = session.state.game
        values = {"episode": game.episode, "step": game.step, "time": 1}
        visitor.send("feedback", id=2 * 10**9 + 2 * number, value="praise", **values)
        assert visitor.hear("ack", "error")["record"]["accepted"]
        visitor.send("next", id=2 * 10**9 + 2 * number + 1, **values)
        assert visitor.hear("ack", "error")["record"]["accepted"]
        while visitor.hear("view")["view"]["step"] <= values["step"]:
            pass


def test_malformed_messages_over_a_real_socket(tmp_path: Path) -> None:
    session = session_of(tmp_path / "session", "caregiver_grid", pace=0)
    rng = random.Random("socket")
    limits = Limits(rate=1e6, burst=10**6, strikes=10**6, noted=5)
    answered = 0
    with served(session, limits) as server:
        for _ in range(4):
            with Visitor(server) as visitor:
                visitor.sit("learner")
                for index in range(150):
                    data = MAKERS[index % (len(MAKERS) - 1)](rng)
                    if isinstance(data, str):
                        data = data.encode("utf-8", "replace").decode()
                    if ends("agent", data):
                        continue
                    visitor.socket.send(data)
                    visitor.send("ping", time=index)
                    while visitor.hear()["type"] != "pong":
                        answered += 1
            while session.state.sitting:
                pass
            server.hub._holders.clear()  # the next visitor need not wait for the seat
        # Frames that break the WebSocket protocol itself end their own connection only.
        for frame in (b"\xff" * 50, b"\x81\xff" + b"\xff" * 8, b"\x81\x05ab\xff\xfec", b"\x80\x00"):
            with Visitor(server) as visitor:
                visitor.socket.socket.sendall(frame)
                assert closing_code(visitor) in (1002, 1006, 1007, 1009)
    assert answered >= 590
    resumed = Session.resume(session.folder, Clock())
    plays_on(resumed, tmp_path)
