"""One socket of a page: what it may still send, what waits to be sent to it."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import Any

from prosocial.envs.engine.config import Config
from prosocial.play.session.protocol import dump

# Close codes of RFC 6455, section 7.4.1, and its registry.
NORMAL, GOING_AWAY, POLICY_VIOLATION, TRY_AGAIN_LATER = 1000, 1001, 1008, 1013
COME_BACK = 4000  # of this program: the page was silent, or slow, and may come back at once


@dataclass(frozen=True)
class Limits(Config):
    """What one page, and all pages together, may ask of the server.

    A person presses less than 15 keys a second; everything is well above that, and far below what
    would slow down the others.

    Attributes:
        rate: Messages per second of one connection, on average, > 0.
        burst: Messages that may come at once, >= 1.
        connections: Sockets open at the same time, >= 1.
        strikes: Refused messages after which a connection is closed, >= 1.
        noted: Refused messages of one connection that are logged one by one, >= 0; the others are
            counted, and logged as a number when the connection ends.
        hello_seconds: Until the first message must have come, > 0.
        idle_seconds: Without any message, after which a connection is closed, > 0; the page sends
            a ping every 10 seconds.
        hold_seconds: How long a seat is kept for a person whose connection dropped, >= 0.
        waiting: Messages that may wait to be sent to a page, >= 1; one that takes them more slowly
            is closed, and comes back.
    """

    rate: float = 30.0
    burst: int = 60
    connections: int = 16
    strikes: int = 200
    noted: int = 20
    hello_seconds: float = 10.0
    idle_seconds: float = 45.0
    hold_seconds: float = 30.0
    waiting: int = 256

    def __post_init__(self) -> None:
        """Checks each field."""
        for name in ("burst", "connections", "strikes", "waiting"):
            self.require_int(name, 1)
        self.require_int("noted", 0)
        for name in ("rate", "hello_seconds", "idle_seconds"):
            self.require_number(name, 1e-3)
        self.require_number("hold_seconds", 0)


class Bucket:
    """A token bucket: ``burst`` at once, ``rate`` per second on average.

    Args:
        rate: Tokens that drip in per second.
        burst: Tokens that it holds; it begins full.
        now: The time of the caller's clock in seconds.
    """

    def __init__(self, rate: float, burst: int, now: float) -> None:
        self._rate, self._burst = rate, float(burst)
        self._level, self._last = self._burst, now

    def take(self, now: float) -> bool:
        """Takes a token; returns False where there is none."""
        dripped = max(0.0, now - self._last) * self._rate
        self._level, self._last = min(self._burst, self._level + dripped), now
        if self._level < 1:
            return False
        self._level -= 1
        return True


class Connection:
    """A page's socket as the hub sees it.

    Messages wait in a queue, so that a slow page holds up nobody; of the views only the newest
    waits, as it says all that the earlier ones said.

    Attributes:
        greeted: Whether hello came.
        seat: The seat it speaks for, None in the lobby.
        bucket: Its allowance of messages.
        refused: Messages refused so far.
        code: Why it is to be closed, None while it stays open.

    Args:
        limits: See there.
        now: The time of the hub's clock in seconds.
    """

    def __init__(self, limits: Limits, now: float) -> None:
        self.greeted = False
        self.seat: str | None = None
        self.bucket = Bucket(limits.rate, limits.burst, now)
        self.refused = 0
        self.code: int | None = None
        self._limits = limits
        self._texts: deque[str] = deque()
        self._view: str | None = None
        self._ready = asyncio.Event()

    def send(self, kind: str, **values: Any) -> None:
        """Queues a message, see ``protocol``; nothing is said after the goodbye."""
        if self.code is not None:
            return
        self._texts.append(dump(kind, **values))
        if len(self._texts) > self._limits.waiting:
            self.close(COME_BACK)
        self._ready.set()

    def show(self, view: dict[str, Any]) -> None:
        """Queues a view in place of one that was not sent yet."""
        self._view = dump("view", view=view)
        self._ready.set()

    def close(self, code: int = NORMAL) -> None:
        """Has the connection closed once what waits is sent; the first code counts."""
        if self.code is None:
            self.code = code
        self._ready.set()

    def pop(self) -> str | None:
        """Returns what is to be sent next, None if nothing waits."""
        if self._texts:
            return self._texts.popleft()
        view, self._view = self._view, None
        return view

    async def next(self) -> str | None:
        """Waits for what is to be sent next; None once all is sent and the socket is to close."""
        while True:
            text = self.pop()
            if text is not None or self.code is not None:
                return text
            self._ready.clear()
            await self._ready.wait()
