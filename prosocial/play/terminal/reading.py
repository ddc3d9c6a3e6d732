"""Keys of a terminal and lines of a pipe, each waited for no longer than until a moment."""

from __future__ import annotations

import codecs
import os
import re
import select
import sys
from types import TracebackType
from typing import Any, Protocol, Self

# What terminals send -> the name of the key in browsers, as in ``keys``.
_SEQUENCES = {
    "\x1b[A": "ArrowUp", "\x1b[B": "ArrowDown", "\x1b[C": "ArrowRight", "\x1b[D": "ArrowLeft",
    "\x1bOA": "ArrowUp", "\x1bOB": "ArrowDown", "\x1bOC": "ArrowRight", "\x1bOD": "ArrowLeft",
    "\r": "Enter", "\n": "Enter", "\x7f": "Backspace", "\b": "Backspace", "\x1b": "Escape",
}  # fmt: skip
_KEY = re.compile(r"\x1b[\[O][0-9;]*[A-Za-z~]|.", re.DOTALL)
_CHUNK = 4096  # bytes


class Source(Protocol):
    """Where a person's keys or lines come from."""

    def read(self, timeout: float | None) -> str | None:
        """Returns the next key or line; None if there was none in ``timeout`` seconds.

        Args:
            timeout: None waits for ever.

        Raises:
            EOFError: Nothing will come any more.
        """
        ...

    def ask(self, prompt: str) -> str:
        """Prints a prompt and returns the line that is typed.

        Raises:
            EOFError: Nothing will come any more.
        """
        ...


class _Bytes:
    """Text of a file descriptor, as far as it has come."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.text = ""
        self.ended = False

    def more(self, timeout: float | None) -> bool:
        """Waits for text and takes it in; returns whether any came or the end was reached."""
        if self.ended or not select.select([self._descriptor], [], [], timeout)[0]:
            return False
        data = os.read(self._descriptor, _CHUNK)
        self.ended = not data
        self.text += self._decoder.decode(data, final=self.ended)
        return True


class LineSource:
    """Lines of a pipe or a file.

    Args:
        descriptor: Its file descriptor.
        out: Where prompts go.
    """

    def __init__(self, descriptor: int, out: Any = None) -> None:
        self._bytes = _Bytes(descriptor)
        self._out = out or sys.stdout

    def read(self, timeout: float | None) -> str | None:
        """Returns the next line without its end; see ``Source``."""
        came = self._bytes
        while "\n" not in came.text:
            if came.ended:
                if not came.text:
                    raise EOFError
                came.text += "\n"  # the last line may lack its end
            elif not came.more(timeout):
                return None
        line, _, came.text = came.text.partition("\n")
        return line.removesuffix("\r")

    def ask(self, prompt: str) -> str:
        """Prints a prompt and returns a line; see ``Source``."""
        print(prompt, end="", flush=True, file=self._out)
        line = self.read(None)
        print(line, file=self._out)  # a pipe shows nobody what was answered
        return line or ""


class KeySource:
    """Single keys of a terminal, named as browsers name them.

    A context manager: within it the terminal gives keys as they are pressed, and does not show
    them; Ctrl-C still interrupts.

    Args:
        descriptor: File descriptor of the terminal.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._bytes = _Bytes(descriptor)
        self._before: list[Any] | None = None

    def __enter__(self) -> Self:
        import termios
        import tty

        self._before = termios.tcgetattr(self._descriptor)
        tty.setcbreak(self._descriptor)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        import termios

        if self._before is not None:
            termios.tcsetattr(self._descriptor, termios.TCSADRAIN, self._before)
            self._before = None

    def read(self, timeout: float | None) -> str | None:
        """Returns the next key; see ``Source``."""
        came = self._bytes
        if not came.text and not came.more(timeout):
            if came.ended:
                raise EOFError
            return None
        if not came.text or came.text == "\x04":  # Ctrl-D
            raise EOFError
        found = _KEY.match(came.text)
        key = found[0] if found else came.text[0]
        came.text = came.text[len(key) :]
        return _SEQUENCES.get(key, key)

    def ask(self, prompt: str) -> str:
        """Prints a prompt and returns a line, typed with the terminal's usual editing."""
        self.__exit__(None, None, None)
        try:
            return input(prompt)
        finally:
            self.__enter__()
