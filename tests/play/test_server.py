"""Pages take part over real sockets: seats, drops, limits, the end, and what goes wrong."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from players import RuleLearner, session_of, steps
from served import Visitor, closing_code, run_alone, served

from prosocial.agents.training.trainer import DivergedError
from prosocial.envs.engine import ConfigError
from prosocial.envs.engine.files import DiskFullError
from prosocial.play.session.log import read_log
from prosocial.play.session.replaying import replay_log
from prosocial.play.session.session import Session
from prosocial.play.web import listening
from prosocial.play.web.connections import Bucket, Connection, Limits
from prosocial.play.web.hub import Hub
from prosocial.play.web.server import ServeError

pytestmark = pytest.mark.usefixtures("unsynced")


def kinds(session: Session, *wanted: str) -> list[tuple[str, ...]]:
    """Returns kind, seat and reason of records in the log."""
    return [
        tuple(str(r[k]) for k in ("kind", "seat", "reason", "accepted") if k in r)
        for r in read_log(session.folder) if r["kind"] in wanted
    ]  # fmt: skip


def notes(session: Session) -> list[dict]:
    return [r for r in read_log(session.folder) if r["kind"] == "note"]


def until(check: Callable[[], bool], seconds: float = 30) -> None:
    limit = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < limit
        time.sleep(0.01)


def test_an_agent_is_played_to_the_end(tmp_path: Path) -> None:
    session = session_of(tmp_path, "caregiver_grid", world_config={"max_steps": 3}, episodes=2)
    with served(session) as server, Visitor(server) as visitor:
        seated = visitor.sit("learner")
        assert seated["seating"]["agent"] == 0
        assert set(seated["scene"]) == {"sprites", "legend"}
        for episode in range(2):
            for step in range(3):
                record = visitor.act("press", action=1, episode=episode, step=step)["record"]
                assert record["accepted"]
                view = {}
                while (view.get("episode"), view.get("step")) != (episode, step + 1):
                    view = visitor.hear("view")["view"]
            assert view["ended"]
            assert visitor.act("next", episode=episode, step=3)["record"]["accepted"]
        assert visitor.hear("over")["summary"]["steps"] == 6
        assert closing_code(visitor) == 1001
    assert session.done
    assert [r["actors"] for r in steps(session)] == [["person"]] * 6


def test_feedback_is_on_the_disk_before_it_is_acknowledged(tmp_path: Path) -> None:
    session = session_of(tmp_path, "caregiver_grid", RuleLearner(), seat="caregiver", pace=0)
    with served(session) as server, Visitor(server) as visitor:
        visitor.sit("caregiver")
        while visitor.hear("view")["view"]["step"] < 1:
            pass
        record = visitor.act("feedback", value="praise", episode=0, step=1)["record"]
        found = [r for r in read_log(tmp_path) if r["kind"] == "feedback"]
        assert [r["n"] for r in found] == [record["n"]]
        # The same message again, as after a drop: answered alike, counted once.
        again = {"type": "feedback", "id": 1, "value": "praise", "episode": 0, "step": 1}
        visitor.send(**again, time=1000.0)
        answer = visitor.hear("ack")["record"]
        assert answer["duplicate"]
        assert answer["n"] == record["n"]
        assert visitor.act("next", episode=0, step=1)["record"]["accepted"]
        until(lambda: len(steps(session)) == 2)
    assert replay_log(tmp_path).transitions[0].social_rewards.tolist() == [1.0]


def test_two_people_share_a_world_and_a_third_is_told(tmp_path: Path) -> None:
    session = session_of(tmp_path, "kitchen", slots=[0, 1])
    names = list(session.state.seats)
    with served(session) as server, Visitor(server) as one, Visitor(server) as two:
        one.sit(names[0])
        assert one.hear("view")["view"]["waiting"] == [names[1]]
        assert two.sit(names[0])["code"] == "taken"
        two.send("join", seat="agent_9")
        assert two.hear("error")["code"] == "no_seat"
        two.send("join", seat=names[1])
        assert two.hear("seated")["seat"] == names[1]
        one.act("press", action=0, episode=0, step=0)
        assert steps(session) == []
        two.act("press", action=1, episode=0, step=0)
        until(lambda: len(steps(session)) == 1)
        with Visitor(server) as three:
            three.send("hello", version=1)
            seats = three.hear("welcome")["about"]["seats"]
            assert [seat["state"] for seat in seats] == ["taken", "taken"]
            three.send("join", seat=names[0])
            assert "taken" in three.hear("error")["message"]
    assert steps(session)[0]["actors"] == ["person", "person"]


def test_a_dropped_person_comes_back_with_the_key(tmp_path: Path) -> None:
    session = session_of(tmp_path, "caregiver_grid")
    with served(session) as server:
        with Visitor(server) as first:
            key = first.sit("learner")["key"]
        until(lambda: ("leave", "learner", "dropped") in kinds(session, "leave"))
        with Visitor(server) as stranger:
            assert "kept" in stranger.sit("learner")["message"]
        with Visitor(server) as back:
            assert back.sit("", key)["key"] == key
            # A second tab takes the seat over, and the first is told.
            with Visitor(server) as tab:
                tab.sit("", key)
                assert "another tab" in back.hear("gone")["message"]
                assert closing_code(back) == 1000
                assert tab.act("press", action=1, episode=0, step=0)["record"]["accepted"]
    assert [k for k, *_ in kinds(session, "join", "leave")][:4] == [
        "join",
        "leave",
        "join",
        "leave",
    ]


def test_a_seat_is_free_again_after_a_while(tmp_path: Path) -> None:
    session = session_of(tmp_path, "caregiver_grid")
    with served(session, Limits(hold_seconds=0)) as server:
        with Visitor(server) as first:
            key = first.sit("learner")["key"]
        until(lambda: ("leave", "learner", "dropped") in kinds(session, "leave"))
        with Visitor(server) as second:
            assert second.sit("learner")["key"] != key
            with Visitor(server) as first:
                first.send("hello", version=1, key=key)
                assert first.hear("welcome")["back"] is False


def test_consent_and_participant_are_asked_by_the_server_too(tmp_path: Path) -> None:
    session = session_of(tmp_path, "caregiver_grid", consent="May we?", ask_participant=True)
    with served(session) as server, Visitor(server) as visitor:
        assert "consent" in visitor.sit("learner")["message"]
        visitor.send("join", seat="learner", consent=True)
        assert "participant" in visitor.hear("error", "seated")["message"]
        visitor.send("join", seat="learner", consent=True, participant=" P7 ")
        assert visitor.hear("error", "seated")["type"] == "seated"
    (join,) = [r for r in read_log(tmp_path) if r["kind"] == "join"]
    assert (join["participant"], join["consent"]) == ("P7", True)


def test_who_declines_is_recorded_without_a_name(tmp_path: Path) -> None:
    session = session_of(tmp_path, "caregiver_grid", consent="May we?")
    with served(session) as server, Visitor(server) as visitor:
        visitor.send("hello", version=1)
        visitor.send("leave", reason="declined")
        assert "Nothing was recorded" in visitor.hear("gone")["message"]
        assert closing_code(visitor) == 1000
    assert kinds(session, "join") == []
    assert [n["what"] for n in notes(session)] == ["declined"]


def test_the_session_ends_with_the_last_person(tmp_path: Path) -> None:
    session = session_of(tmp_path, "caregiver_grid")
    with served(session) as server, Visitor(server) as visitor:
        visitor.sit("learner")
        visitor.send("leave", reason="done")
        assert "steps" in visitor.hear("over")["summary"]
        until(lambda: server.hub.ended)
    assert kinds(session, "leave") == [("leave", "learner", "done")]


def test_what_comes_too_early_or_from_the_wrong_seat_is_refused(tmp_path: Path) -> None:
    session = session_of(tmp_path, "caregiver_grid")
    with served(session) as server, Visitor(server) as visitor:
        visitor.send("join", seat="learner")
        assert visitor.hear()["code"] == "wrong_state"
        visitor.send("ping", time=3)
        assert visitor.hear() == {"type": "pong", "time": 3.0}
        visitor.send("hello", version=99)
        assert visitor.hear()["code"] == "version"
        visitor.send("hello", version=1)
        visitor.hear("welcome")
        assert visitor.act("pause")["code"] == "wrong_state"
        visitor.send("join", seat="learner")
        visitor.hear("seated")
        assert visitor.act("feedback", value="praise", episode=0, step=0)["code"] == "refused"
        assert visitor.act("press", action=200, episode=0, step=0)["id"] == 3
        assert visitor.act("press", action=1, episode=0, step=0)["record"]["accepted"]
    assert {n["what"] for n in notes(session)} == {"refused"}


def test_messages_are_bounded_in_size_and_rate(tmp_path: Path) -> None:
    session = session_of(tmp_path, "caregiver_grid")
    limits = Limits(rate=1, burst=5, strikes=10, noted=3)
    with served(session, limits) as server:
        with Visitor(server) as visitor:
            visitor.socket.send("x" * 5000)
            assert visitor.hear()["code"] == "too_large"
            visitor.socket.send("x" * 20_000)
            assert closing_code(visitor) == 1009
        with Visitor(server) as visitor:
            for _ in range(8):
                visitor.send("ping", time=1)
            codes = [visitor.hear().get("code", "pong") for _ in range(8)]
            assert codes[:5] == ["pong"] * 5
            assert codes[5:] == ["too_fast"] * 3
            for _ in range(7):
                visitor.socket.send("{")
            assert "Too many" in visitor.hear("gone")["message"]
            assert closing_code(visitor) == 1008
        until(lambda: [n["details"] for n in notes(session)][-1].get("n") == 7)
    assert notes(session)[-1]["what"] == "refused_more"
    assert len(notes(session)) == 1 + 3 + 1


def test_sockets_are_bounded_in_number_and_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening, "HEADER_SECONDS", 1)
    session = session_of(tmp_path, "caregiver_grid")
    limits = Limits(connections=2, hello_seconds=2, idle_seconds=1)
    with served(session, limits) as server:
        with Visitor(server) as one, Visitor(server) as two, Visitor(server) as three:
            assert closing_code(three) == 1013
            one.send("hello", version=1)
            one.hear("welcome")
            assert closing_code(two) == 4000  # never said hello
            assert closing_code(one) == 4000  # said nothing more
        until(lambda: server.hub.connections == set())
        where = urlsplit(server.address)
        with socket.create_connection((where.hostname, where.port), timeout=5) as slow:
            slow.sendall(b"GET / HTTP/1.1\r\nHost: 127.")
            assert slow.recv(100) == b""  # headers that never end
        with Visitor(server) as again:
            again.send("hello", version=1)
            assert again.hear("welcome")


class Diverging(RuleLearner):
    """Loses its numbers at the third step."""

    def act(self, batch):
        if self.calls.count("act") == 2:
            raise DivergedError("The loss is nan after 2 updates; lower the learning rate.")
        return super().act(batch)


def test_a_learner_that_diverges_ends_the_session_clearly(tmp_path: Path) -> None:
    session = session_of(tmp_path, "caregiver_grid", Diverging(), seat="caregiver", pace=50)
    failures: list[ServeError] = []
    with served(session, failures=failures) as server, Visitor(server) as visitor:
        visitor.sit("caregiver")
        gone = visitor.hear("gone")["message"]
        assert closing_code(visitor) == 1001
    assert "The loss is nan after 2 updates; lower the learning rate." in gone
    assert "lower the learning rate" in str(failures[0])
    assert isinstance(failures[0].__cause__, DivergedError)
    assert len(steps(session)) == len(replay_log(tmp_path).transitions) == 2


@pytest.mark.parametrize("when", ["press", "step"])
def test_a_full_disk_acknowledges_nothing_and_ends_the_session(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    session = session_of(tmp_path, "caregiver_grid")
    append = session._log.append

    def full(kind: str, **values):
        if kind == when:
            raise DiskFullError("The disk is full: free some space.")
        return append(kind, **values)

    failures: list[ServeError] = []
    with served(session, failures=failures) as server, Visitor(server) as visitor:
        visitor.sit("learner")
        monkeypatch.setattr(session._log, "append", full)
        visitor.send("press", id=1, action=1, episode=0, step=0, time=1)
        answer = visitor.hear("ack", "gone")
        if when == "step":  # the press was on the disk, its step is not
            assert answer["type"] == "ack"
            answer = visitor.hear("gone")
        assert "The disk is full" in answer["message"]
        assert closing_code(visitor) == 1001
        until(lambda: server.hub.failure is not None)
    assert "disk is full" in str(failures[0])
    assert steps(session) == []


def test_an_error_of_the_program_is_not_told_to_strangers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = session_of(tmp_path, "caregiver_grid")
    failures: list[ServeError] = []
    with served(session, failures=failures) as server, Visitor(server) as visitor:
        visitor.sit("learner")
        monkeypatch.setattr(session, "tick", lambda now: 1 / 0)
        visitor.send("press", id=1, action=1, episode=0, step=0, time=1)
        message = visitor.hear("gone")["message"]
        assert "division" not in message
        assert "an error of the program" in message
    assert isinstance(failures[0].__cause__, ZeroDivisionError)


def test_stopping_says_goodbye(tmp_path: Path) -> None:
    session = session_of(tmp_path, "caregiver_grid")
    with served(session) as server, Visitor(server) as visitor:
        visitor.sit("learner")
        server.stop()
        assert "was stopped" in visitor.hear("gone")["message"]
        assert closing_code(visitor) == 1001
    assert kinds(session, "close") == [("close", "closed")]


def test_a_slow_page_gets_the_newest_view_and_is_closed_when_it_lags() -> None:
    connection = Connection(Limits(waiting=3), 0.0)
    connection.show({"step": 1})
    connection.send("ack", id=1)
    connection.show({"step": 2})
    assert [connection.pop(), connection.pop(), connection.pop()] == [
        '{"type":"ack","id":1}', '{"type":"view","view":{"step":2}}', None,
    ]  # fmt: skip
    for number in range(4):
        assert connection.code is None
        connection.send("ack", id=number)
    assert connection.code == 4000


def test_a_bucket_drips() -> None:
    bucket = Bucket(rate=2, burst=3, now=0.0)
    assert [bucket.take(0.0) for _ in range(4)] == [True, True, True, False]
    assert [bucket.take(0.5), bucket.take(0.5)] == [True, False]
    assert [bucket.take(99.0) for _ in range(4)] == [True, True, True, False]
    assert not bucket.take(50.0)  # a clock that goes back gives nothing


@pytest.mark.parametrize(
    ("name", "value"),
    [("burst", 0), ("connections", 0), ("strikes", 0), ("waiting", 0), ("noted", -1), ("rate", 0),
     ("hello_seconds", 0), ("idle_seconds", float("nan")), ("hold_seconds", -1)],
)  # fmt: skip
def test_limits_are_checked(name: str, value: Any) -> None:
    with pytest.raises(ConfigError, match=name):
        Limits(**{name: value})


def test_learning_does_not_hold_up_the_other_pages(tmp_path: Path) -> None:
    """While the session's thread is busy, pings are answered."""
    session = session_of(tmp_path, "caregiver_grid")

    async def busy() -> None:
        hub = Hub(session)
        waits = asyncio.create_task(hub._desk.ask(time.sleep, 0.3))
        connection = hub.open()
        assert connection is not None
        await hub.receive(connection, '{"type":"ping","time":1}')
        assert connection.pop() == '{"type":"pong","time":1.0}'
        assert not waits.done()
        await waits
        hub.end()

    run_alone(busy())
    session.close()


def test_the_first_goodbye_is_the_last_word(tmp_path: Path) -> None:
    async def story() -> None:
        session = session_of(tmp_path, "caregiver_grid")
        hub = Hub(session)
        connection = hub.open()
        assert connection is not None
        hub.fail(DiskFullError("The disk is full."))
        hub.close("The server was stopped.")  # as the server does when it ends for that reason
        said = connection.pop()
        assert said is not None
        assert "The disk is full" in said
        assert connection.pop() is None
        assert connection.code == 1001
        hub.end()
        session.close()

    run_alone(story())
