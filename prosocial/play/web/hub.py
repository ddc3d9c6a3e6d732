"""Between the sockets and the session: who sits where, what is let in, what is shown to whom."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from prosocial.envs.engine.errors import ProsocialError
from prosocial.play.session.errors import LogError
from prosocial.play.session.protocol import (
    PROTOCOL_VERSION,
    Feedback,
    Hello,
    Join,
    Leave,
    Message,
    Next,
    Pace,
    Pause,
    Ping,
    Press,
    ProtocolError,
    Resume,
    parse,
)
from prosocial.play.session.session import Session

from .connections import GOING_AWAY, POLICY_VIOLATION, Connection, Limits
from .security import same

logger = logging.getLogger(__name__)

KEY_BYTES = 24
EXCERPT = 80  # characters of a refused message that are logged


class Desk:
    """One thread makes all calls of the session, in order, so that nothing in it needs a lock.

    A learner may take seconds to learn; meanwhile the sockets are still served.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "session")

    async def ask(self, call: Callable[..., Any], *arguments: Any) -> Any:
        """Returns what ``call(*arguments)`` returns, or raises what it raises."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, call, *arguments)

    def close(self) -> None:
        """Ends the thread when its last call is done."""
        self._thread.shutdown()


@dataclass
class Holder:
    """Who has a seat: the key to come back with, and the socket, None while it is away."""

    key: str
    join: Join
    connection: Connection | None
    left: float = 0.0


class Hub:
    """Lets pages take part in a session.

    Attributes:
        session: The session; it decides what an input counts for, and logs it.
        limits: See there.
        connections: The open sockets.
        failure: What ended the session early, None if nothing did.
        ended: Whether there is nothing left to do for the server.

    Args:
        session: See above.
        limits: See above.
        exposed: Whether others than this machine can reach the server; the page says so.
        clock: Monotonic time in seconds.
    """

    def __init__(
        self,
        session: Session,
        limits: Limits | None = None,
        *,
        exposed: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.session = session
        self.limits = limits or Limits()
        self.connections: set[Connection] = set()
        self.failure: Exception | None = None
        self.ended = False
        self._exposed, self._clock = exposed, clock
        self._desk = Desk()
        self._holders: dict[str, Holder] = {}
        self._about: dict[str, Any] = session.about()
        self._wake = asyncio.Event()

    def open(self) -> Connection | None:
        """Returns the state of a new socket, or None if there are too many."""
        if len(self.connections) >= self.limits.connections:
            return None
        connection = Connection(self.limits, self._clock())
        self.connections.add(connection)
        return connection

    async def receive(self, connection: Connection, data: str | bytes) -> None:
        """Takes one frame of a socket; whatever it holds, it is answered and nothing is raised."""
        message = None
        try:
            if not connection.bucket.take(self._clock()):
                raise ProtocolError(
                    f"Too many messages: {self.limits.rate:g} a second are taken.", "too_fast"
                )
            message = parse(data)
            await self._take(connection, message)
        except ProtocolError as error:
            await self._refuse(connection, error, data)
        except (OSError, LogError) as error:  # what cannot be written must not be acknowledged
            self.fail(error)
        except ProsocialError as error:
            connection.send("error", code="refused", message=str(error), id=_id(message))
        except Exception:
            logger.exception("A message could not be handled.")
            text = "The server could not handle this; what happened is in its log."
            connection.send("error", code="internal", message=text, id=_id(message))

    async def drop(self, connection: Connection) -> None:
        """A socket is closed: its seat is kept for a while."""
        self.connections.discard(connection)
        unlogged = connection.refused - self.limits.noted
        if unlogged > 0:
            await self._note("refused_more", seat=connection.seat, n=unlogged)
        seat = connection.seat
        holder = self._holders.get(seat or "")
        if seat is None or holder is None or holder.connection is not connection:
            return
        holder.connection, holder.left = None, self._clock()
        if self.failure is not None:
            return
        try:
            await self._desk.ask(self.session.leave, seat, "dropped")
            self._wake.set()
            self._tell_seats()
            await self.show_all()
        except (OSError, LogError) as error:
            self.fail(error)

    async def run(self) -> None:
        """Steps the session until it is done, then tells everybody."""
        try:
            while not self.session.done:
                self._wake.clear()
                if await self._desk.ask(self.session.tick, self._clock()) is not None:
                    await self.show_all()
                    continue  # it may be done, or something else may be due at once
                wait = await self._desk.ask(self.session.next_tick, self._clock())
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), wait)
            await self._finish()
        except Exception as error:
            logger.exception("The session ended early.")
            self.fail(error)

    async def _finish(self) -> None:
        """Tells everybody that the session is over; whoever dropped out may come back for it."""
        summary = await self._desk.ask(self.session.summary)
        for connection in self.connections:
            if connection.greeted:
                connection.send("over", summary=summary)
        until = self._clock() + self.limits.hold_seconds
        while self._clock() < until and self._anyone_away():
            await asyncio.sleep(0.1)
        self.ended = True

    async def show_all(self) -> None:
        """Sends every seated page what it sees now."""
        for connection in list(self.connections):
            if connection.seat is not None:
                connection.show(await self._desk.ask(self.session.view, connection.seat))

    def fail(self, error: Exception) -> None:
        """Ends everything because of an error, such as a full disk or a learner that diverged.

        The pages are told what happened in the error's own words if it was written for people.
        """
        self.failure, self.ended = self.failure or error, True
        known = isinstance(error, ProsocialError | OSError)
        why = str(error).rstrip(".") if known else "an error of the program"
        self.close(f"The session had to stop: {why}.")

    def close(self, message: str) -> None:
        """Closes all sockets; says why, unless the session is over and the pages know that."""
        for connection in self.connections:
            if not self.session.done or self.failure:
                connection.send("gone", message=message)
            connection.close(GOING_AWAY)

    async def emptied(self) -> None:
        """Waits until all sockets are closed."""
        while self.connections:
            await asyncio.sleep(0.02)

    def end(self) -> None:
        """Ends the thread of the session."""
        self._desk.close()

    async def _note(self, kind: str, **values: Any) -> None:
        """Logs what happened around the session; what cannot be logged ends it."""
        if self.failure is not None:
            return
        try:
            await self._desk.ask(lambda: self.session.note(kind, **values))
        except (OSError, LogError) as error:
            self.fail(error)

    async def _refuse(
        self, connection: Connection, error: ProtocolError, data: str | bytes
    ) -> None:
        connection.refused += 1
        connection.send("error", code=error.code, message=str(error), id=error.id)
        if connection.refused <= self.limits.noted:
            excerpt = repr(data[:EXCERPT])
            await self._note(
                "refused", seat=connection.seat, code=error.code, why=str(error), excerpt=excerpt
            )
        if connection.refused >= self.limits.strikes:
            connection.send("gone", message="Too many messages of this page had to be refused.")
            connection.close(POLICY_VIOLATION)

    async def _take(self, connection: Connection, message: Message) -> None:
        match message:
            case Ping(time=sent):
                connection.send("pong", time=sent)
            case Hello():
                await self._greet(connection, message)
            case _ if not connection.greeted:
                raise ProtocolError("The first message is hello.", "wrong_state", _id(message))
            case Join():
                await self._join(connection, message)
            case Leave():
                await self._leave(connection, message)
            case Press() | Feedback() | Next() | Pace() | Pause() | Resume():
                if connection.seat is None:
                    raise ProtocolError("Take a seat first: join.", "wrong_state", message.id)
                record = await self._desk.ask(self.session.press, connection.seat, message)
                connection.send("ack", id=message.id, record=record)
                self._wake.set()
                await self.show_all()

    async def _greet(self, connection: Connection, hello: Hello) -> None:
        if connection.greeted:
            raise ProtocolError("This connection was greeted already.", "wrong_state")
        if hello.version != PROTOCOL_VERSION:
            raise ProtocolError(
                f"The page speaks version {hello.version}, the server {PROTOCOL_VERSION}; "
                "reload the page.", "version",
            )  # fmt: skip
        connection.greeted = True
        seat = self._seat_of(hello.key)
        about = {**self._about, "seats": self._seats(), "exposed": self._exposed}
        connection.send("welcome", version=PROTOCOL_VERSION, about=about, back=seat is not None)
        if seat is None:
            return
        holder = self._holders[seat]
        before, holder.connection, connection.seat = holder.connection, connection, seat
        if before is not None:
            before.seat = None
            before.send("gone", message="This seat was opened in another tab or window.")
            before.close()
        await self._desk.ask(self.session.join, holder.join)
        await self._seat(connection, seat, holder)

    async def _join(self, connection: Connection, join: Join) -> None:
        if connection.seat is not None:
            raise ProtocolError("This page has a seat already.", "wrong_state")
        if join.seat not in {seat["name"] for seat in self._about["seats"]}:
            raise ProtocolError(f"There is no seat {join.seat!r:.40}.", "no_seat")
        before = self._holders.get(join.seat)
        if before is not None and self._keeps(before):
            raise ProtocolError(
                "This seat is taken." if before.connection else
                f"This seat is kept for {self.limits.hold_seconds:g} seconds for the person "
                "whose connection dropped.", "taken",
            )  # fmt: skip
        # The seat is held before the session is asked: nobody else gets it meanwhile.
        holder = Holder(secrets.token_urlsafe(KEY_BYTES), join, connection)
        self._holders[join.seat] = holder
        try:
            await self._desk.ask(self.session.join, join)
        except BaseException:
            del self._holders[join.seat]
            raise
        await self._seat(connection, join.seat, holder)

    async def _seat(self, connection: Connection, seat: str, holder: Holder) -> None:
        holder.connection, connection.seat = connection, seat
        scene = await self._desk.ask(self.session.scene)
        seating = await self._desk.ask(self.session.seating, seat)
        connection.send("seated", seat=seat, key=holder.key, scene=scene, seating=seating)
        self._wake.set()
        self._tell_seats()
        await self.show_all()
        if self.session.done:
            connection.send("over", summary=await self._desk.ask(self.session.summary))

    async def _leave(self, connection: Connection, leave: Leave) -> None:
        seat, connection.seat = connection.seat, None
        if seat is None:
            await self._note(leave.reason, seat=None)
            connection.send("gone", message="Nothing was recorded of you.")
        else:
            del self._holders[seat]
            await self._desk.ask(self.session.leave, seat, leave.reason)
            connection.send("over", summary=await self._desk.ask(self.session.summary))
            self._wake.set()
            self._tell_seats()
            await self.show_all()
            self.ended = self.ended or not self._holders  # the last one has left
        connection.close()

    def _seat_of(self, key: str | None) -> str | None:
        found = [name for name, h in self._holders.items() if key and same(key, h.key)]
        return found[0] if found else None

    def _keeps(self, holder: Holder) -> bool:
        if holder.connection is not None:
            return True
        return self._clock() - holder.left < self.limits.hold_seconds

    def _anyone_away(self) -> bool:
        return any(holder.connection is None for holder in self._holders.values())

    def _seats(self) -> list[dict[str, Any]]:
        def state(name: str) -> str:
            holder = self._holders.get(name)
            if holder is None:
                return "free"
            return "taken" if holder.connection is not None else "away"

        return [{**seat, "state": state(seat["name"])} for seat in self._about["seats"]]

    def _tell_seats(self) -> None:
        for connection in self.connections:
            if connection.greeted:
                connection.send("seats", seats=self._seats())


def _id(message: Message | None) -> int | None:
    return getattr(message, "id", None)
