"""Progress of a life: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from prosocial.agents.training.config import TrainConfig

Mode = Literal["auto", "bar", "lines", "none"]

_LINE_EVERY = 10.0  # seconds between plain lines
_SHOWN = {  # column of metrics.parquet -> short name
    "goals_per_episode": "goals/episode",
    "env_return": "R_e",
    "social_return": "R_s",
    "internal_return": "R_i",
}


def describe(row: Mapping[str, Any]) -> str:
    """Returns the main figures of a row of metrics.parquet as text."""
    figures = [(short, row.get(name)) for name, short in _SHOWN.items()]
    known = [f"{short} {v:.2f}" for short, v in figures if v is not None and not math.isnan(v)]
    return ", ".join(known)


class LifeProgress:
    """Shows how far a life is; a context manager.

    Args:
        config: The life.
        folder: Its run folder, named at the end.
        mode: "bar", "lines", "none", or "auto": a bar if standard error is a terminal, else lines.
    """

    def __init__(
        self,
        config: TrainConfig,
        folder: Path,
        mode: Mode = "auto",
    ) -> None:
        self._title = f"{config.name}/{config.condition} seed {config.seed}"
        self._folder = folder
        unit = config.ppo.rollout_steps
        self._steps = [-(-phase.steps // unit) * unit for phase in config.phases]
        terminal = sys.stderr.isatty()
        self._mode = ("bar" if terminal else "lines") if mode == "auto" else mode
        self._updates = 0
        self._first = self._last = (time.monotonic(), 0)
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[figures]}"),
            console=Console(stderr=True),
            disable=self._mode != "bar",
        )
        self._task = self._bar.add_task(self._title, total=sum(self._steps), figures="")

    def update(self, row: Mapping[str, Any]) -> None:
        """Shows a new row of metrics.parquet."""
        done = sum(self._steps[: row["phase_index"]]) + row["phase_steps"]
        now = time.monotonic()
        if self._updates == 0:
            self._first = (now, done)
        self._updates += 1
        self._bar.update(
            self._task,
            completed=done,
            description=f"{self._title}: {row['phase']}",
            figures=describe(row),
        )
        due = now - self._last[0] >= _LINE_EVERY or done == sum(self._steps)
        if self._mode == "lines" and (due or self._updates == 1):
            self._last = (now, done)
            self._line(row, done, now)

    def _line(self, row: Mapping[str, Any], done: int, now: float) -> None:
        total = sum(self._steps)
        seconds, steps = now - self._first[0], done - self._first[1]
        left = f"{(total - done) * seconds / steps / 60:.1f} min left" if steps else ""
        share = f"{done}/{total} steps ({done / total:.0%})"
        print(
            ", ".join(filter(None, (f"{self._title}: {row['phase']}", share, left, describe(row)))),
            file=sys.stderr,
            flush=True,
        )

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: object) -> None:
        self._bar.stop()
        ended = "finished" if self._updates else "already finished, nothing to do"
        if kind is KeyboardInterrupt:
            ended = "interrupted; the same command resumes"
        if self._mode != "none" and kind in (
            None,
            KeyboardInterrupt,
        ):  # errors speak for themselves
            print(f"{self._title}: {ended}: {self._folder}", file=sys.stderr, flush=True)
