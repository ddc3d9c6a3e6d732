"""The socket that the server listens on, and how long a browser may take for its request."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

HEADER_SECONDS = 10.0


def listen(host: str, port: int) -> socket.socket:
    """Returns a listening socket; ``port`` 0 has the system choose a free one at random.

    Raises:
        OSError: The address is not of this machine, unknown, or in use.
    """
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    opened = socket.socket(family, kind, protocol)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind(address)
        opened.listen(64)
        opened.setblocking(False)
    except OSError:
        opened.close()
        raise
    return opened


class QuickHeaders(H11Protocol):
    """HTTP/1.1 as uvicorn speaks it, but a connection that sends no whole request is closed.

    uvicorn alone would wait for ever for the end of the headers, and a few dozen idle connections
    would lock everybody out.
    """

    def connection_made(self, transport: Any) -> None:
        """Starts the clock."""
        super().connection_made(transport)
        self._deadline: asyncio.TimerHandle | None = self.loop.call_later(
            HEADER_SECONDS, self._give_up
        )

    def data_received(self, data: bytes) -> None:
        """Takes data; once a request is whole (or the socket was handed on), the clock stops."""
        super().data_received(data)
        if self.cycle is not None or self.transport.get_protocol() is not self:
            self._stop_clock()

    def connection_lost(self, exc: Exception | None) -> None:
        """Ends the connection."""
        self._stop_clock()
        super().connection_lost(exc)

    def _stop_clock(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        if not self.transport.is_closing():
            self.transport.close()
