"""Serves a session to browsers: one page, its assets from memory, one socket a page."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import webbrowser
from collections.abc import Callable, Iterable
from importlib import resources
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp
from starlette.websockets import WebSocket, WebSocketDisconnect

from prosocial.envs.engine.errors import ProsocialError
from prosocial.envs.render.web import asset
from prosocial.play.session.protocol import MAX_BYTES
from prosocial.play.session.session import Session

from .connections import COME_BACK, TRY_AGAIN_LATER, Connection, Limits
from .hub import Hub
from .listening import QuickHeaders, listen
from .security import Gate, Guard

LOOPBACK = "127.0.0.1"
MAX_FRAME = 4 * MAX_BYTES  # bytes: longer messages are not answered, the socket is closed (1009)
MAX_SOCKETS = 64  # open connections of any kind; a page needs three
GOODBYE_SECONDS = 3.0  # for the last messages when the server ends

SCRIPT, STYLE = "text/javascript", "text/css"
OWN = ("index.html", "connection.js", "screens.js", "panels.js", "play.js", "play.css")
SHARED = ("base.css", "grid.js", "theme.js")


class ServeError(ProsocialError):
    """The server cannot be started, or had to stop; the message says why and what to do."""


def assets() -> dict[str, tuple[bytes, str]]:
    """Returns all that is served, by path below the token: content and its media type.

    It is read once, so that no path of a request ever reaches the file system.
    """
    page = resources.files("prosocial.play.web").joinpath("page")
    texts = {name: page.joinpath(name).read_text(encoding="utf-8") for name in OWN}
    texts |= {name: asset(name) for name in SHARED}
    kinds = {"html": "text/html", "js": SCRIPT, "css": STYLE}
    served = {
        f"/{name}": (text.encode(), kinds[name.rpartition(".")[2]]) for name, text in texts.items()
    }
    served["/"] = served.pop("/index.html")
    return served


def application(hub: Hub, gate: Gate) -> ASGIApp:
    """Returns the ASGI application: the guard, and behind it the assets and the socket."""
    table = assets()

    async def serve_asset(request: Request) -> Response:
        # The path is looked up as it is; "/../x" or "/%2e%2e/x" is simply no key of the table.
        found = table.get(request.scope["path"])
        if found is None:
            return PlainTextResponse("There is nothing at this address.\n", 404)
        return Response(found[0], media_type=found[1])

    async def serve_socket(socket: WebSocket) -> None:
        await converse(hub, socket)

    routes = [
        WebSocketRoute("/socket", serve_socket),
        Route("/{path:path}", serve_asset, methods=["GET"]),
    ]
    return Guard(Starlette(routes=routes), gate)


async def converse(hub: Hub, socket: WebSocket) -> None:
    """Serves one socket until it ends."""
    await socket.accept()
    connection = hub.open()
    if connection is None:
        await socket.close(TRY_AGAIN_LATER, "Too many pages are open; close one and reload.")
        return
    writer = asyncio.create_task(_write(socket, connection))
    try:
        await _read(hub, socket, connection, writer)
        connection.close()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(writer, GOODBYE_SECONDS)
    finally:
        writer.cancel()
        await hub.drop(connection)


async def _read(
    hub: Hub, socket: WebSocket, connection: Connection, writer: asyncio.Task[None]
) -> None:
    """Hands over what comes until the page goes, is silent for too long, or is to be closed."""
    limits = hub.limits
    while not writer.done():
        patience = limits.idle_seconds if connection.greeted else limits.hello_seconds
        reader = asyncio.ensure_future(socket.receive())
        done, _ = await asyncio.wait(
            (reader, writer), timeout=patience, return_when=asyncio.FIRST_COMPLETED
        )
        if reader not in done:
            reader.cancel()
            connection.close(COME_BACK)  # a page that slept comes back by itself
            return
        message = reader.result()
        if message["type"] != "websocket.receive":
            return
        text = message.get("text")
        await hub.receive(connection, message["bytes"] if text is None else text)


async def _write(socket: WebSocket, connection: Connection) -> None:
    # The page may be gone at any time; that is not an error.
    with contextlib.suppress(WebSocketDisconnect, RuntimeError, OSError):
        while (text := await connection.next()) is not None:
            await socket.send_text(text)
        await socket.close(connection.code or 1000)


class PlayServer(uvicorn.Server):
    """An HTTP server of one session.

    Attributes:
        address: What to open in a browser, token included.
        hub: Whoever is connected.
        exposed: Whether more than this machine can reach it.

    Args:
        session: The session; the server begins to step it once it runs.
        host: Address to listen on.
        port: 0 for a free one chosen at random.
        names: Further host names by which a proxy reaches the server.
        limits: What pages may ask for.

    Raises:
        ServeError: The server cannot listen there.
    """

    def __init__(
        self,
        session: Session,
        host: str = LOOPBACK,
        port: int = 0,
        *,
        names: Iterable[str] = (),
        limits: Limits | None = None,
    ) -> None:
        gate = Gate.for_host(host, names)
        self.exposed = gate.exposed
        self.hub = Hub(session, limits, exposed=gate.exposed)
        try:
            self._socket = listen(host, port)
        except OSError as error:
            raise ServeError(
                f"Cannot listen on {host} port {port} ({error.strerror}). Choose another --host "
                "or --port; port 0 takes a free one."
            ) from error
        shown = f"[{host}]" if ":" in host else host
        self.address = f"http://{shown}:{self._socket.getsockname()[1]}/{gate.token}/"
        super().__init__(
            uvicorn.Config(
                application(self.hub, gate),
                http=QuickHeaders,
                ws="auto",
                lifespan="off",
                log_level="critical",
                log_config=None,
                access_log=False,  # it would write down the token
                server_header=False,
                proxy_headers=False,
                limit_concurrency=MAX_SOCKETS,
                timeout_keep_alive=5,
                timeout_graceful_shutdown=int(GOODBYE_SECONDS),
                ws_max_size=MAX_FRAME,
                ws_per_message_deflate=False,  # a small frame must not unfold into a large one
                ws_ping_interval=20.0,
                ws_ping_timeout=20.0,
            )
        )

    def run(self, sockets: Any = None) -> None:
        """Serves until the session is over, the server is stopped, or an interrupt comes.

        Raises:
            ServeError: The session had to stop early.
        """
        try:
            super().run([self._socket])
        finally:
            self._socket.close()
            self.hub.end()
        if self.hub.failure is not None:
            raise ServeError(f"The session had to stop: {self.hub.failure}") from self.hub.failure

    def stop(self) -> None:
        """Ends the server soon; may be called from any thread."""
        self.should_exit = True

    async def main_loop(self) -> None:
        """Steps the session beside serving, until both are over or the server is stopped."""
        stepping = asyncio.create_task(self.hub.run())
        try:
            while not (self.should_exit or self.hub.ended):
                await self.on_tick(0)
                await asyncio.sleep(0.1)
        finally:
            stepping.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await stepping

    async def shutdown(self, sockets: Any = None) -> None:
        """Says goodbye to the pages first."""
        self.hub.close("The server was stopped.")
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.hub.emptied(), GOODBYE_SECONDS)
        await super().shutdown(sockets)


def serve(
    session: Session,
    host: str = LOOPBACK,
    port: int = 0,
    *,
    names: Iterable[str] = (),
    open_browser: bool = True,
    limits: Limits | None = None,
    say: Callable[[str], None] = print,
) -> None:
    """Serves a session until it is over or interrupted; prints the address to open.

    Args:
        session: The session; the caller closes it.
        host: Address to listen on; anything but loopback is warned of loudly.
        port: 0 for a free one chosen at random.
        names: Further host names by which a proxy reaches the server.
        open_browser: Whether to open the page in the browser of this machine.
        limits: What pages may ask for; None for the defaults.
        say: Shows a line to whoever started the command.

    Raises:
        ServeError: The server cannot listen there, or the session had to stop.
    """
    server = PlayServer(session, host, port, names=names, limits=limits)
    if server.exposed:
        print(warning(host), file=sys.stderr, flush=True)
    say(f"Open {server.address}")
    say("Whoever has this address can take part. Ctrl-C ends the session.")
    if open_browser and not server.exposed:
        webbrowser.open(server.address)
    server.run()


def warning(host: str) -> str:
    """Returns what is said when others than this machine can reach the server."""
    bar = "!" * 78
    return (
        f"{bar}\nWARNING: the server listens on {host}: other machines can reach it, and nothing\n"
        "is encrypted. Whoever reads the traffic can take part and sees what is recorded.\n"
        "Prefer --host 127.0.0.1 with a tunnel: ssh -L PORT:127.0.0.1:PORT this-machine\n"
        f"{bar}"
    )
