"""Tasks for the tests of the pool; a module of its own, so that worker processes can import it."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Note:
    """Appends its text to a file."""

    file: Path
    text: str
    seconds: float = 0.0

    def run(self) -> None:
        time.sleep(self.seconds)
        with self.file.open("a") as file:
            file.write(f"{self.text}\n")

    def progress(self) -> float:
        return 0.5


@dataclass(frozen=True)
class Fail(Note):
    """Raises an error after having printed something."""

    def run(self) -> None:
        print("printed by the worker")
        raise ValueError(f"{self.text} went wrong\nsecond line")


@dataclass(frozen=True)
class Die(Note):
    """Kills its own process as often as there are lives left, then notes."""

    lives: int = 1

    def run(self) -> None:
        deaths = self.file.with_suffix(f".{self.text}")
        died = len(deaths.read_text()) if deaths.exists() else 0
        if died < self.lives:
            deaths.write_text("x" * (died + 1))
            os.kill(os.getpid(), signal.SIGKILL)
        super().run()


@dataclass(frozen=True)
class Beat(Note):
    """Touches its file ten times a second for a minute."""

    def run(self) -> None:
        for _ in range(600):
            self.file.write_text(str(time.time()))
            time.sleep(0.1)


@dataclass(frozen=True)
class FakeJob:
    """A job for `run_jobs`."""

    name: str
    task: Note
    needs: tuple[str, ...] = ()
    cost: float = 1.0


class Silent:
    """An observer that keeps what it was told."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, str]] = []
        self.shares: dict[str, float] = {}

    def started(self, name: str) -> None:
        self.heard.append(("started", name))

    def watched(self, shares) -> None:
        self.shares.update(shares)

    def finished(self, name: str, seconds: float) -> None:
        self.heard.append(("finished", name))

    def failed(self, name: str, reason: str) -> None:
        self.heard.append(("failed", name))
