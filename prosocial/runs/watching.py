"""Shows how far a set of jobs is: bars on a terminal, plain lines elsewhere."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn

from prosocial.runs.pool import Job

_LINE_EVERY = 30.0  # seconds between plain lines
_FIRST_GUESS = 0.02  # share of the work after which the time left is told


class Watch:
    """An observer of `run_jobs`; a context manager.

    Args:
        jobs: All jobs.
        done: Names of those that were finished before.
        bars: Whether to draw bars; None: if standard error is a terminal.
    """

    def __init__(self, jobs: Sequence[Job], done: Sequence[str], bars: bool | None = None) -> None:
        self._costs = {job.name: job.cost for job in jobs}
        self._total = sum(self._costs.values())
        self._ended = set(done)
        self._shares: dict[str, float] = {}
        self._before = self._first_shares(jobs)
        self._began = self._said = time.monotonic()
        self._bars = sys.stderr.isatty() if bars is None else bars
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[note]}"),
            console=Console(stderr=True),
            disable=not self._bars,
        )
        self._all = self._progress.add_task("all runs", total=1.0, note="")
        self._tasks: dict[str, TaskID] = {}

    def started(self, name: str) -> None:
        """A job was handed to a worker."""
        self._shares.setdefault(name, 0.0)
        if name not in self._tasks:
            self._tasks[name] = self._progress.add_task(name, total=1.0, note="")
        self._say(f"started {name}")

    def watched(self, shares: Mapping[str, float]) -> None:
        """Takes the share done of every running job."""
        self._shares = dict(shares)
        for name, share in shares.items():
            self._progress.update(self._tasks[name], completed=share)
        self._progress.update(self._all, completed=self.share(), note=self._note())
        if time.monotonic() - self._said >= _LINE_EVERY:
            parts = ", ".join(f"{name} {share:.0%}" for name, share in shares.items())
            self._say(f"running {parts}")

    def finished(self, name: str, seconds: float) -> None:
        """A job came to its end."""
        self._drop(name)
        self._say(f"finished {name} in {seconds:.0f} s")

    def failed(self, name: str, reason: str) -> None:
        """A job failed, or cannot be started because one it needs failed."""
        self._drop(name)
        if self._bars:
            self._progress.console.print(f"failed {name}: {reason}", markup=False)
        self._say(f"FAILED {name}: {reason}")

    def share(self) -> float:
        """Share of the whole work that is behind, in [0, 1]."""
        running = sum(self._costs[name] * share for name, share in self._shares.items())
        behind = sum(self._costs[name] for name in self._ended) + running
        return behind / self._total if self._total else 1.0

    def minutes_left(self) -> float:
        """Estimate from the pace since the start; NaN before there is a pace."""
        made = self.share() - self._before
        if made < _FIRST_GUESS:
            return math.nan
        return (1.0 - self.share()) * (time.monotonic() - self._began) / made / 60.0

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: object) -> None:
        self._progress.stop()

    def _first_shares(self, jobs: Sequence[Job]) -> float:
        """Share of the work that earlier starts of the command left behind."""
        self._shares = {j.name: j.task.progress() for j in jobs if j.name not in self._ended}
        return self.share()

    def _drop(self, name: str) -> None:
        self._ended.add(name)
        self._shares.pop(name, None)
        if name in self._tasks:
            self._progress.remove_task(self._tasks.pop(name))

    def _note(self) -> str:
        left = self.minutes_left()
        runs = f"{len(self._ended)} of {len(self._costs)} runs"
        if math.isnan(left) or len(self._ended) == len(self._costs):
            return runs
        return f"{runs}, about {max(1, round(left))} min left"

    def _say(self, message: str) -> None:
        if self._bars:
            return
        self._said = time.monotonic()
        spent = (self._said - self._began) / 60.0
        print(
            f"[{self.share():4.0%}, {spent:.1f} min, {self._note()}] {message}",
            file=sys.stderr,
            flush=True,
        )
