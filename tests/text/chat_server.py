"""A chat endpoint on this machine that does what a test tells it to."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


def completion(text: str | None, **message: Any) -> bytes:
    """The body of a chat completion."""
    reason = message.pop("finish_reason", "stop")
    said = {"role": "assistant", "content": text, **message}
    return json.dumps({"choices": [{"message": said, "finish_reason": reason}]}).encode()


@dataclass
class Reply:
    """What the server does with a request; the last one of a script is repeated."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    wait: float = 0.0  # seconds before the reply
    drip: float = 0.0  # seconds between single blanks that never end
    cut: bool = False  # announce more bytes than come


class ChatServer(ThreadingHTTPServer):
    """Replies as scripted and keeps what it was sent."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.script: list[Reply] = []
        self.requests: list[dict[str, Any]] = []
        self.models = ["tiny"]
        self.answer: Callable[[str], str] | None = None
        self.closing = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"

    def next_reply(self, request: dict[str, Any]) -> Reply:
        self.requests.append(request)
        if self.answer is not None:
            return Reply(completion(self.answer(request["body"]["messages"][0]["content"])))
        return self.script.pop(0) if len(self.script) > 1 else self.script[0]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that go away are part of the tests."""


class _Handler(BaseHTTPRequestHandler):
    server: ChatServer

    def do_GET(self) -> None:
        data = [{"id": name, "object": "model"} for name in self.server.models]
        self._send(Reply(json.dumps({"object": "list", "data": data}).encode()))

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        sent = {
            "path": self.path,
            "headers": {k.lower(): v for k, v in self.headers.items()},
            "body": body,
        }
        self._send(self.server.next_reply(sent))

    def _send(self, reply: Reply) -> None:
        self.server.closing.wait(reply.wait)
        self.send_response(reply.status)
        length = len(reply.body) + (10**6 if reply.drip or reply.cut else 0)
        headers = {"Content-Type": "application/json", "Content-Length": str(length)}
        for name, value in {**headers, **reply.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(reply.body)
        ends = time.monotonic() + 20
        while reply.drip and not self.server.closing.is_set() and time.monotonic() < ends:
            self.wfile.write(b" ")
            self.wfile.flush()
            time.sleep(reply.drip)

    def log_message(self, *_: Any) -> None:
        pass
