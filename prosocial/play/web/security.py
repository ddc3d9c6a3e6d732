"""Who may speak to the server of a session: host, origin and token are checked on every request.

The token is a part of the path (``http://127.0.0.1:40123/TOKEN/``) and stays there. A cookie would
be sent to every other server on the same host, whatever its port, and two sessions would overwrite
each other's; the address alone opens the page in a second browser, survives a reload, and is worth
nothing once the process has ended. It leaks by no link (no-referrer, no other origin is contacted)
and by no log (the access log is off).
"""

from __future__ import annotations

import hmac
import ipaddress
import re
import secrets
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

TOKEN_BYTES = 24  # 192 bits, 32 characters in an address

# Everything comes from this server or is a data URI (the pictures); nothing may frame the page.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    "X-Robots-Tag": "noindex, nofollow",
}
_HOST = re.compile(r"(\[[0-9a-fA-F:.]{2,45}\]|[A-Za-z0-9._-]{1,253})(?::[0-9]{1,5})?", re.ASCII)
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def new_token() -> str:
    """Returns a random token of ``TOKEN_BYTES`` bytes that fits into an address."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def same(given: str, expected: str) -> bool:
    """Whether two secrets are equal; how long it takes tells nothing of where they differ."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode())


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches a server that listens on ``host``."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True)
class Refusal:
    """Why a request is not served: an HTTP status and a sentence for the person."""

    status: int
    reason: str


@dataclass(frozen=True)
class Gate:
    """Decides whether a request may pass.

    Attributes:
        token: The first part of every path.
        exposed: Whether the server listens to more than this machine. Then any IP address may
            stand in the Host header: only a name can be rebound by a stranger's DNS server.
        names: Further host names by which the server is reached, lower case.
    """

    token: str
    exposed: bool = False
    names: frozenset[str] = frozenset()

    @classmethod
    def for_host(cls, host: str, names: Iterable[str] = (), token: str | None = None) -> Gate:
        """Returns the gate of a server that listens on ``host``."""
        exposed = not is_loopback(host)
        own = {name.lower() for name in names}
        if exposed:
            own |= {socket.gethostname().lower(), socket.getfqdn().lower()}
        return cls(token or new_token(), exposed, frozenset(own))

    def refuse(self, scope: Scope) -> Refusal | None:
        """Returns why the request of an ASGI scope must not be served, None if it may be.

        Cross-site requests fail by Host (DNS rebinding), by Origin and Sec-Fetch-Site (other
        pages, those of other ports of this machine included), and for want of the token.
        """
        headers = Headers(scope=scope)
        hosts = headers.getlist("host")
        if len(hosts) != 1 or not self._known(hosts[0]):
            return Refusal(421, "This server does not answer to that host name.")
        origins = headers.getlist("origin")
        if any(not _same_origin(origin, hosts[0]) for origin in origins) or len(origins) > 1:
            return Refusal(403, "Pages of other addresses may not use this server.")
        if scope["type"] == "websocket" and not origins:
            return Refusal(403, "A socket is opened by the page of this server only.")
        site = headers.get("sec-fetch-site", "none")
        if site not in ("same-origin", "none") and not (
            # A link elsewhere may lead here; it opens the page and learns nothing of it.
            headers.get("sec-fetch-mode") == "navigate"
            and headers.get("sec-fetch-dest") == "document"
        ):
            return Refusal(403, "Pages of other addresses may not use this server.")
        if not same(scope["path"].split("/", 2)[1] if "/" in scope["path"] else "", self.token):
            return Refusal(
                403, "The address lacks its token. Copy the whole address that was printed."
            )
        return None

    def _known(self, value: str) -> bool:
        found = _HOST.fullmatch(value)
        if found is None:
            return False
        host = found[1].strip("[]").lower()
        if host in _LOOPBACK or host in self.names:
            return True
        if not self.exposed:
            return False
        try:
            ipaddress.ip_address(host)
        except ValueError:
            return False
        return True


class Guard:
    """ASGI middleware: asks the gate first, cuts the token off, and adds ``HEADERS`` to responses.

    Args:
        app: The application behind it; it sees paths without the token.
        gate: Who may pass.
    """

    def __init__(self, app: ASGIApp, gate: Gate) -> None:
        self._app = app
        self._gate = gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one request or socket."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        refusal = self._gate.refuse(scope)
        if refusal is None:
            rest = scope["path"][len(self._gate.token) + 1 :]
            inner = {**scope, "path": rest, "raw_path": rest.encode()}
            await self._app(inner, receive, _with_headers(send))
        elif scope["type"] == "websocket":
            # Closing before accepting answers the handshake with 403.
            await send({"type": "websocket.close", "code": 1008, "reason": refusal.reason})
        else:
            page = Response(_page(refusal.reason), refusal.status, media_type="text/html")
            await page(scope, receive, _with_headers(send))


def _same_origin(origin: str, host: str) -> bool:
    """Whether an Origin header names the host (with port) that was asked."""
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    plain = not (parts.path or parts.query or parts.fragment or parts.username or parts.password)
    return parts.scheme in ("http", "https") and plain and parts.netloc.lower() == host.lower()


def _with_headers(send: Send) -> Send:
    async def wrapped(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers[name] = value
        await send(message)

    return wrapped


def _page(reason: str) -> str:
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Not served</title>'
        f"<h1>Not served</h1><p>{escape(reason)}</p></html>\n"
    )
