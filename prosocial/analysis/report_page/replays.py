"""Replay pages of recorded episodes, written beside a report, and the links to them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from prosocial.agents.recording import RECORDINGS, Recording, load_recording
from prosocial.analysis.report_page.records import Run
from prosocial.envs.engine.errors import ProsocialError

_SOURCE = ("condition", "phase", "env_steps")


@dataclass(frozen=True)
class ReplayLink:
    """A recording of a run and the page that plays it.

    Attributes:
        run: Label of the run.
        recording: Name of the file without ending.
        about: World, and phase and environment steps as far as they are known.
        episodes: Number of episodes; 0 if it could not be read.
        href: Address of the page relative to the report; None if there is none.
        problem: Why there is none; "" if there is one.
    """

    run: str
    recording: str
    about: str
    episodes: int
    href: str | None
    problem: str


def recordings(run: Run) -> list[Path]:
    """The recordings of a run, ordered by name."""
    return sorted((run.path / RECORDINGS).glob("*.npz"))


def replay_links(runs: Sequence[Run], output: Path) -> list[ReplayLink]:
    """Writes a replay page for every recording of the runs, beside the report.

    A recording that this version cannot replay is no error of the report: its link says why.

    Args:
        runs: The runs.
        output: File of the report, such as ``report.html``; the pages go to ``report_replays/``.

    Returns:
        One link for each recording, ordered by run and name.
    """
    folder = output.with_name(f"{output.stem}_replays")
    return [
        _link(run, path, folder / f"{_slug(run.label)}-{_slug(path.stem)}.html", output.parent)
        for run in runs
        for path in recordings(run)
    ]


def _link(run: Run, path: Path, page: Path, start: Path) -> ReplayLink:
    from prosocial.analysis.replay_page import replay

    try:
        recording = load_recording(path)
        page.parent.mkdir(parents=True, exist_ok=True)
        replay(recording, title=f"{run.label}: {path.stem}").save(page)
    except ProsocialError as error:
        return ReplayLink(run.label, path.stem, "", 0, None, str(error))
    href = quote(page.relative_to(start).as_posix())
    return ReplayLink(run.label, path.stem, _about(recording), len(recording.episodes), href, "")


def _about(recording: Recording) -> str:
    source: Mapping[str, Any] = recording.source
    known = {name: source[name] for name in _SOURCE if source.get(name) not in (None, "")}
    if "env_steps" in known:
        known["env_steps"] = f"{known['env_steps']:,} steps"
    return ", ".join([recording.world, *map(str, known.values())])


def _slug(name: str) -> str:
    """A name that is safe in a path and in an address."""
    return re.sub(r"[^A-Za-z0-9._]+", "-", name).strip("-.") or "run"
