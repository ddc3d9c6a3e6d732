"""The client of a chat endpoint against a server on this machine that does what servers do."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from typing import Any

import pytest
from chat_server import ChatServer, Reply, completion

from prosocial.agents.text import EndpointAgent, EndpointError
from prosocial.envs.engine.errors import ConfigError

Make = Callable[..., EndpointAgent]


@pytest.fixture
def waits() -> list[float]:
    """The pauses between attempts that agents of `make` would have made."""
    return []


@pytest.fixture
def make(server: ChatServer, waits: list[float]) -> Make:
    """Makes an agent for the server that never really waits between attempts."""

    def made(model: str | None = "tiny", **options: Any) -> EndpointAgent:
        return EndpointAgent(server.url, model, sleep=waits.append, **{"timeout": 5.0, **options})

    return made


def test_a_good_answer(server: ChatServer, make: Make) -> None:
    server.script = [Reply(completion("Answer: 10 – or 9 –"))]
    assert make().act("How many?") == "Answer: 10 – or 9 –"
    (request,) = server.requests
    assert request["path"] == "/v1/chat/completions"
    assert request["body"] == {
        "messages": [{"role": "user", "content": "How many?"}],
        "model": "tiny",
        "temperature": 0.0,
    }


def test_an_answer_can_be_sent_on(server: ChatServer, make: Make) -> None:
    server.script = [Reply(completion("fish \ud83d\udc1f, half \ud83d"))]
    answer = make().act("x")
    assert answer == "fish 🐟, half ?"
    assert make().act(answer) == answer


def test_settings_are_sent_or_left_out(server: ChatServer, make: Make) -> None:
    server.script = [Reply(completion("x"))]
    make(temperature=None, max_tokens=7).act("x")
    assert set(server.requests[0]["body"]) == {"messages", "model", "max_tokens"}


def test_the_key_comes_from_the_environment(
    server: ChatServer, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.script = [Reply(completion("x"))]
    make().act("x")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-usual")
    make().act("x")
    monkeypatch.setenv("MY_KEY", "sk-mine")
    make(key_variable="MY_KEY").act("x")
    sent = [request["headers"]["authorization"] for request in server.requests]
    assert sent == ["Bearer none", "Bearer sk-usual", "Bearer sk-mine"]


def test_the_only_model_is_found(server: ChatServer, make: Make) -> None:
    assert make(None).model == "tiny"
    server.models = ["a", "b"]
    with pytest.raises(EndpointError, match=r"offers these models: a, b\. Name the one"):
        make(None)
    server.models = []
    with pytest.raises(EndpointError, match="offers these models: none"):
        make(None)


def test_errors_that_pass_are_retried(server: ChatServer, make: Make, waits: list[float]) -> None:
    busy = Reply(b"busy", status=503)
    server.script = [busy, Reply(b"oops", status=500), busy, Reply(completion("at last"))]
    assert make(retries=3, backoff=0.5).act("x") == "at last"
    assert len(server.requests) == 4
    assert waits == [0.5, 1.0, 2.0]


def test_attempts_are_bounded(server: ChatServer, make: Make) -> None:
    server.script = [Reply(b"{}", status=500)]
    with pytest.raises(EndpointError, match=r"no answer after 3 attempts: HTTP status 500"):
        make(retries=2).act("x")
    assert len(server.requests) == 3


def test_a_server_may_say_how_long_to_wait(
    server: ChatServer, make: Make, waits: list[float]
) -> None:
    late = [Reply(status=429, headers={"Retry-After": s}) for s in ("7", "9999", "Fri, 1 Jan")]
    server.script = [*late, Reply(completion("x"))]
    make(backoff=0.25).act("x")
    assert waits == [7.0, 60.0, 1.0]


def test_a_server_that_hangs(server: ChatServer, make: Make) -> None:
    server.script = [Reply(completion("late"), wait=30)]
    started = time.monotonic()
    with pytest.raises(EndpointError, match=r"after 2 attempts: no reply within 0\.2 s"):
        make(timeout=0.2, retries=1).act("x")
    assert time.monotonic() - started < 5


def test_a_server_that_sends_blanks_for_ever(server: ChatServer, make: Make) -> None:
    server.script = [Reply(drip=0.02)]
    started = time.monotonic()
    with pytest.raises(EndpointError, match=r"no whole reply within 0\.3 s"):
        make(timeout=0.3, retries=0).act("x")
    assert time.monotonic() - started < 5


def test_a_reply_that_breaks_off(server: ChatServer, make: Make) -> None:
    server.script = [Reply(b'{"choices"', cut=True), Reply(completion("whole"))]
    assert make().act("x") == "whole"
    server.script = [Reply(b'{"choices"', cut=True)]
    with pytest.raises(EndpointError, match="broke off"):
        make(retries=0).act("x")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "is no JSON"),
        (b"<html>Bad gateway</html>", "is no JSON: '<html>Bad"),
        (b"\xff\xfe", "is no JSON"),
        (b"[1]", "no JSON object"),
        (b"{}", r"no choices\[0\]\.message"),
        (b'{"choices": []}', r"no choices\[0\]\.message"),
        (b'{"choices": [null]}', r"no choices\[0\]\.message"),
        (b'{"choices": [{"message": "hi"}]}', r"no choices\[0\]\.message"),
        (b'{"choices": [{"message": {"content": [1]}}]}', "content is no text"),
        (completion(""), "the answer is empty"),
        (completion(" \n"), "the answer is empty"),
        (completion(None), "the answer is empty"),
    ],
)
def test_garbage_is_retried_and_then_named(
    server: ChatServer, make: Make, body: bytes, message: str
) -> None:
    server.script = [Reply(body), Reply(completion("good"))]
    assert make().act("x") == "good"
    server.script = [Reply(body)]
    with pytest.raises(EndpointError, match=message):
        make(retries=1).act("x")
    assert len(server.requests) == 4


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        (Reply(b'{"error": {"message": "bad key"}}', status=401), "status 401.*OPENAI_API_KEY"),
        (Reply(b"", status=403), "status 403.*OPENAI_API_KEY"),
        (Reply(b"no such model", status=404), "status 404.*no such model.*name of the model"),
        (Reply(b'{"error": "temperature"}', status=400), "status 400.*temperature.*settings"),
        (Reply(completion(None, refusal="I will not.")), "refused to answer: I will not"),
        (Reply(completion("", finish_reason="content_filter")), "refused to answer: its content"),
        (Reply(completion("", finish_reason="length")), "used up its tokens.*max_tokens"),
    ],
)
def test_what_will_not_pass_is_not_retried(
    server: ChatServer, make: Make, reply: Reply, message: str
) -> None:
    server.script = [reply]
    with pytest.raises(EndpointError, match=message):
        make(retries=3).act("x")
    assert len(server.requests) == 1


def test_nothing_listens(waits: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
    agent = EndpointAgent(url, "tiny", retries=2, sleep=waits.append)
    with pytest.raises(EndpointError, match=r"after 3 attempts: no connection.*server runs"):
        agent.act("x")
    assert waits == [1.0, 2.0]
    with pytest.raises(EndpointError, match="no connection"):
        EndpointAgent(url, retries=0)  # and so cannot say which model it has


@pytest.mark.parametrize(
    ("url", "options", "message"),
    [
        ("localhost:8000", {}, "is no address"),
        ("ftp://localhost", {}, "is no address"),
        ("http://", {}, "is no address"),
        ("http://me:secret@localhost/v1", {}, "environment variable"),
        ("http://localhost/v1", {"timeout": 0}, "timeout is 0"),
        ("http://localhost/v1", {"retries": -1}, "retries is -1"),
        ("http://localhost/v1", {"backoff": -1.0}, "backoff"),
        ("http://localhost/v1", {"temperature": 3}, "temperature is 3"),
        ("http://localhost/v1", {"max_tokens": 0}, "max_tokens is 0"),
    ],
)
def test_wrong_arguments(url: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        EndpointAgent(url, "tiny", **options)
    assert "secret" not in str(caught.value)
