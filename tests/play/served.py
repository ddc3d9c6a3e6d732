"""A server of a session in a thread, and sockets that speak to it as a page does."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Any
from urllib.parse import urlsplit

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from prosocial.play.session.protocol import PROTOCOL_VERSION
from prosocial.play.session.session import Session
from prosocial.play.session.warming import compile_ahead
from prosocial.play.web.connections import Limits
from prosocial.play.web.server import PlayServer, ServeError


@contextmanager
def served(
    session: Session, limits: Limits | None = None, failures: list[ServeError] | None = None
) -> Iterator[PlayServer]:
    """Serves a session on loopback until the block ends, then closes it.

    Args:
        session: The session.
        limits: See ``PlayServer``.
        failures: Takes what stopped the server early; without it that fails the test.
    """
    compile_ahead(session.config)  # on a new machine the first step takes longer than tests wait
    server = PlayServer(session, limits=limits)
    raised: list[ServeError] = []

    def run() -> None:
        try:
            server.run()
        except ServeError as error:
            raised.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.stop()
        thread.join(20)
        session.close()
        assert not thread.is_alive()
    if failures is None:
        assert raised == []
    else:
        failures += raised


def origin(server: PlayServer) -> str:
    return "http://" + urlsplit(server.address).netloc


def closing_code(visitor: Visitor, timeout: float = 30) -> int:
    """Returns with which code the server closes the socket; 1006 for none."""
    try:
        while True:
            visitor.socket.recv(timeout=timeout)
    except ConnectionClosed as error:
        return 1006 if error.rcvd is None else error.rcvd.code


class Visitor:
    """A socket to a server; as a context manager it closes itself."""

    def __init__(self, server: PlayServer, **options: Any) -> None:
        address = server.address.replace("http", "ws") + "socket"
        usual = {"origin": origin(server), "compression": None, "proxy": None, "open_timeout": 30}
        options = {**usual, **options}
        self._open = ExitStack()
        self.socket: ClientConnection = self._open.enter_context(connect(address, **options))
        self._ids = 0

    def __enter__(self) -> Visitor:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._open.close()

    def send(self, type: str, **values: Any) -> None:
        self.socket.send(json.dumps({"type": type, **values}))

    def hear(self, *kinds: str, timeout: float = 30) -> dict[str, Any]:
        """Returns the next message of one of these types; others are passed over."""
        while True:
            message = json.loads(self.socket.recv(timeout=timeout))
            if not kinds or message["type"] in kinds:
                return message

    def sit(self, seat: str, key: str | None = None, **join: Any) -> dict[str, Any]:
        """Says hello and takes a seat; returns the message that says so."""
        self.send("hello", version=PROTOCOL_VERSION, key=key)
        if not self.hear("welcome")["back"]:
            self.send("join", seat=seat, **join)
        return self.hear("seated", "error")

    def act(self, type: str, **values: Any) -> dict[str, Any]:
        """Sends an input with the next number; returns the answer."""
        self._ids += 1
        self.send(type, id=self._ids, time=1000.0 * self._ids, **values)
        return self.hear("ack", "error")


def run_alone(coroutine: Coroutine[Any, Any, None]) -> None:
    """Runs a coroutine in a thread: Playwright's loop may be running in this one."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, coroutine).result()
