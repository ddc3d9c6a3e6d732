"""Strangers get nothing: host, origin and token are checked, and no path reaches the disk."""

from __future__ import annotations

import contextlib
import hmac
import http.client
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from players import session_of
from served import Visitor, origin, served
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin

import prosocial.play.web.security as security
from prosocial.play.web import server as server_module
from prosocial.play.web.security import HEADERS, Gate, is_loopback, new_token, same
from prosocial.play.web.server import PlayServer, ServeError, assets, serve

ELSEWHERE = [
    "http://evil.example",
    "null",
    "https://127.0.0.1",
    "http://127.0.0.1:1",
    "file://",
    "",
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PlayServer]:
    session = session_of(tmp_path_factory.mktemp("s") / "session", "caregiver_grid")
    with served(session) as serving:
        yield serving


def token_of(server: PlayServer) -> str:
    return urlsplit(server.address).path.strip("/")


def ask(
    server: PlayServer, path: str, method: str = "GET", **headers: str
) -> tuple[http.client.HTTPResponse, str]:
    """Sends a request as it is; underscores of header names stand for hyphens."""
    where = urlsplit(server.address)
    connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=10)
    connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
    for name, value in {"Host": where.netloc, **headers}.items():
        connection.putheader(name.replace("_", "-"), value)
    connection.endheaders()
    response = connection.getresponse()
    body = response.read().decode()
    connection.close()
    return response, body


def raw(server: PlayServer, data: bytes) -> bytes:
    """Returns what the server answers to bytes, until it closes or is silent for a while."""
    where = urlsplit(server.address)
    with socket.create_connection((where.hostname, where.port), timeout=0.3) as opened:
        answer = b""
        with contextlib.suppress(TimeoutError, ConnectionError):
            opened.sendall(data)
            while part := opened.recv(65536):
                answer += part
        return answer


def test_the_page_and_its_parts_are_served(server: PlayServer) -> None:
    for path, (content, kind) in assets().items():
        response, body = ask(server, f"/{token_of(server)}{path}")
        assert response.status == 200
        assert body.encode() == content
        assert (response.getheader("content-type") or "").startswith(kind)


def test_tokens_are_long_random_and_compared_in_constant_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tokens = {new_token() for _ in range(100)}
    assert len(tokens) == 100
    assert min(map(len, tokens)) == 32
    compared: list[tuple[bytes, bytes]] = []

    def compare(a: bytes, b: bytes) -> bool:
        compared.append((a, b))
        return a == b

    monkeypatch.setattr(security, "hmac", type("", (), {"compare_digest": staticmethod(compare)}))
    gate = Gate.for_host("127.0.0.1", token="right")
    scope = {"type": "http", "path": "/wrong/", "headers": [(b"host", b"127.0.0.1:1")]}
    assert gate.refuse(scope) is not None
    assert gate.refuse({**scope, "path": "/right/"}) is None
    assert compared == [(b"wrong", b"right"), (b"right", b"right")]


@pytest.mark.parametrize(("given", "equal"), [("abc", True), ("ab", False), ("é\ud800", False)])
def test_secrets_of_any_text_are_compared(given: str, equal: bool) -> None:
    assert same(given, "abc") is equal
    assert hmac.compare_digest(b"abc", b"abc")


def test_without_the_token_nothing_is_served(server: PlayServer) -> None:
    token = token_of(server)
    wrong = token[:-1] + ("a" if token[-1] != "a" else "b")
    paths = [
        *("/", "/play.js", "/socket", f"/{wrong}/", f"/{token}x/", f"/{token[:-1]}/"),
        *(f"//{token}/", f"/?token={token}", f"/x/../{token}/", f"/{token.swapcase()}/"),
    ]
    for path in paths:
        response, body = ask(server, path)
        assert response.status == 403, path
        assert "token" in body
        assert token not in body
        assert "<script" not in body


def test_a_foreign_host_name_is_refused_so_that_dns_cannot_be_rebound(server: PlayServer) -> None:
    port = urlsplit(server.address).port
    path = f"/{token_of(server)}/"
    for host in ("evil.example", f"evil.example:{port}", f"127.0.0.1.evil.example:{port}", "",
                 f"localhost.evil.example:{port}", "127.0.0.1@evil.example", f"192.168.0.1:{port}",
                 "127.0.0.1:x", "[::1", f"127.0.0.1:{port}, evil.example"):  # fmt: skip
        assert ask(server, path, Host=host)[0].status in (400, 421), host
    for host in (f"localhost:{port}", f"LOCALHOST:{port}", f"[::1]:{port}", "127.0.0.1"):
        assert ask(server, path, Host=host)[0].status == 200, host
    twice = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example\r\n\r\n"
    assert raw(server, twice.encode()).split()[1] in (b"400", b"421")
    assert raw(server, f"GET {path} HTTP/1.1\r\n\r\n".encode()).split()[1] in (b"400", b"421")


@pytest.mark.parametrize("foreign", ELSEWHERE)
def test_pages_of_other_origins_are_refused(server: PlayServer, foreign: str) -> None:
    response, _ = ask(server, f"/{token_of(server)}/", Origin=foreign)
    assert response.status == 403
    with pytest.raises(InvalidStatus) as caught:
        Visitor(server, origin=foreign)
    assert caught.value.response.status_code == 403


def test_sockets_need_origin_token_and_a_known_host(server: PlayServer) -> None:
    port = urlsplit(server.address).port
    refused: list[dict[str, Any]] = [
        {"origin": None},
        {"origin": f"http://localhost:{port}"},  # another name of the same server
        {"origin": f"http://evil.example:{port}", "additional_headers": {"Host": "evil.example"}},
    ]
    for options in refused:
        with pytest.raises((InvalidStatus, ValueError)):
            Visitor(server, **options)
    for path in ("/socket", f"/{'x' * 32}/socket", f"/{token_of(server)}/socket/x"):
        address = f"ws://127.0.0.1:{port}{path}"
        with pytest.raises(InvalidStatus) as caught, connect(
            address, origin=Origin(origin(server)), proxy=None
        ):  # fmt: skip
            pass
        assert caught.value.response.status_code in (403, 404)
    with Visitor(server) as visitor:
        visitor.send("hello", version=1)
        assert visitor.hear()["type"] == "welcome"


def test_rebinding_fails_for_sockets_too(server: PlayServer) -> None:
    """The rebound page asks the host and states the origin of the evil name: both agree."""
    request = (
        f"GET /{token_of(server)}/socket HTTP/1.1\r\nHost: evil.example\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        "Sec-WebSocket-Version: 13\r\nOrigin: http://evil.example\r\n\r\n"
    )
    assert raw(server, request.encode()).split()[1] == b"403"


def test_cross_site_subresources_are_refused_and_links_are_not(server: PlayServer) -> None:
    path = f"/{token_of(server)}/"
    for site in ("cross-site", "same-site"):
        assert ask(server, path, Sec_Fetch_Site=site)[0].status == 403
        assert ask(server, path, Sec_Fetch_Site=site, Sec_Fetch_Mode="no-cors",
                   Sec_Fetch_Dest="script")[0].status == 403  # fmt: skip
        assert ask(server, path, Sec_Fetch_Site=site, Sec_Fetch_Mode="navigate",
                   Sec_Fetch_Dest="iframe")[0].status == 403  # fmt: skip
        assert ask(server, path, Sec_Fetch_Site=site, Sec_Fetch_Mode="navigate",
                   Sec_Fetch_Dest="document")[0].status == 200  # fmt: skip


@pytest.mark.parametrize("path", ["/", "/play.js", "/missing"])
def test_every_answer_has_the_headers(server: PlayServer, path: str) -> None:
    for start in (f"/{token_of(server)}", ""):
        response, _ = ask(server, start + path)
        for name, value in HEADERS.items():
            assert response.getheader(name) == value
        assert response.getheader("server") is None
        assert response.getheader("set-cookie") is None
        assert response.getheader("access-control-allow-origin") is None


def test_the_policy_lets_no_inline_script_and_no_other_host_in() -> None:
    policy = dict(part.split(" ", 1) for part in HEADERS["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert "unsafe" not in HEADERS["Content-Security-Policy"]
    page = assets()["/"][0].decode()
    assert not re.search(r"<script(?![^>]*\bsrc=)|\son\w+=|style=|https?://(?!www\.w3\.org)", page)


@pytest.mark.parametrize(
    "rest",
    [
        "/../server.py", "/..%2fserver.py", "/%2e%2e/server.py", "/page/play.js", "//etc/passwd",
        "/....//....//etc/passwd", "/%252e%252e/server.py", "/..%5c..%5cserver.py", "/play.js%00",
        "/play.js/", "/./play.js", "/%2e/play.js", "/PLAY.JS", "/index.html", "/etc/passwd",
        "/file:///etc/passwd", "/%c0%ae%c0%ae/server.py", "/socket", "/~root", "/__init__.py",
    ],
)  # fmt: skip
def test_paths_are_looked_up_and_never_opened(
    server: PlayServer, rest: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def opened(*_: object, **__: object) -> None:
        raise AssertionError("a request opened a file")

    monkeypatch.setattr(Path, "open", opened)
    monkeypatch.setattr(Path, "read_bytes", opened)
    monkeypatch.setattr(Path, "read_text", opened)
    response, body = ask(server, f"/{token_of(server)}{rest}")
    assert response.status == 404
    assert body == "There is nothing at this address.\n"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE"])
def test_only_reading_is_possible(server: PlayServer, method: str) -> None:
    response, _ = ask(server, f"/{token_of(server)}/", method)
    assert response.status == 405
    assert response.getheader("access-control-allow-origin") is None


def test_broken_requests_do_not_stop_the_server(server: PlayServer) -> None:
    for data in (
        b"\x16\x03\x01\x02\x00\x01",
        b"GET / HTTP/9.9\r\n\r\n",
        b"\r\n" * 50,
        b"\x00" * 500,
        b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\n\r\n",
    ):
        raw(server, data)
    assert ask(server, f"/{token_of(server)}/")[0].status == 200


@pytest.mark.parametrize(
    ("host", "private"),
    [("127.0.0.1", True), ("localhost", True), ("::1", True), ("127.8.8.8", True),
     ("0.0.0.0", False), ("::", False), ("192.168.1.5", False), ("example.org", False),
     ("", False)],
)  # fmt: skip
def test_what_is_loopback(host: str, private: bool) -> None:
    assert is_loopback(host) is private


def test_an_exposed_gate_takes_addresses_and_names_but_no_foreign_name() -> None:
    gate = Gate.for_host("0.0.0.0", ["Lab.example"], token="t")

    def status(host: str) -> int:
        refusal = gate.refuse(
            {"type": "http", "path": "/t/", "headers": [(b"host", host.encode())]}
        )
        return 200 if refusal is None else refusal.status

    assert status("192.168.1.5:80") == status("lab.example") == status("[fe80::1]:80") == 200
    assert status("evil.example") == 421


@pytest.mark.usefixtures("unsynced")
def test_off_loopback_there_is_a_loud_warning(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(PlayServer, "run", lambda self, sockets=None: self._socket.close())
    monkeypatch.setattr(server_module.webbrowser, "open", opened.append)
    session = session_of(tmp_path, "caregiver_grid")
    serve(session, "0.0.0.0")
    said = capsys.readouterr()
    assert "WARNING" in said.err
    assert "other machines" in said.err
    assert "ssh -L" in said.err
    assert opened == []
    serve(session)
    said = capsys.readouterr()
    assert said.err == ""
    (address,) = opened
    assert address in said.out
    assert address.startswith("http://127.0.0.1:")
    session.close()


@pytest.mark.usefixtures("unsynced")
def test_an_address_that_cannot_be_had_is_explained(tmp_path: Path) -> None:
    session = session_of(tmp_path, "caregiver_grid")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ServeError, match=f"port {port}.*--port"):
            PlayServer(session, port=port)
    with pytest.raises(ServeError, match=r"192\.0\.2\.1"):
        PlayServer(session, "192.0.2.1")
    session.close()
