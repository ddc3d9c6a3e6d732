"""What the tests of pages wait for, do with the play page, and look up in its log."""

import time
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page

from prosocial.play.session.log import read_log
from prosocial.play.session.session import Session


def records(session: Session, kind: str) -> list[dict[str, Any]]:
    return [record for record in read_log(session.folder) if record["kind"] == kind]


def until(
    page: Page, check: Callable[[], bool], seconds: float = 30, what: str = "still not so"
) -> None:
    limit = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < limit, what
        page.wait_for_timeout(20)


def at_step(page: Page, step: int) -> None:
    page.wait_for_function(
        "step => parseInt(document.getElementById('step').textContent) === step", arg=step
    )


def enter(page: Page, address: str) -> None:
    page.goto(address)
    page.wait_for_selector("#world:visible")


def drop(server: Any) -> None:
    """The server closes all sockets, as a network that goes away does."""
    loop = next(iter(server.hub.connections))._ready._loop
    for connection in list(server.hub.connections):
        loop.call_soon_threadsafe(connection.close, 4000)
