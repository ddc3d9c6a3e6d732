"""Figures of runs as data URIs with captions."""

from __future__ import annotations

import base64
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from prosocial.analysis.figures.draw import DESCRIPTIONS, Drawn, draw_figures
from prosocial.analysis.report_page.configuration import by_world, for_figures
from prosocial.analysis.report_page.records import Run

_CAPTION = ".caption.txt"
_WIDTH = "single"


@dataclass(frozen=True)
class Picture:
    """A figure on the page.

    Attributes:
        name: What it shows, a few words; its heading.
        caption: What a reader must know of it; "" for nothing.
        uri: The image itself, a data URI.
        label: What a screen reader says in its place.
    """

    name: str
    caption: str
    uri: str
    label: str


@dataclass(frozen=True)
class Pictures:
    """Figures of some runs.

    Attributes:
        drawn: The figures.
        left_out: What was not drawn, and why, one sentence each.
    """

    drawn: tuple[Picture, ...] = ()
    left_out: tuple[str, ...] = ()


def read_picture(path: Path, name: str, caption: str = "", label: str = "") -> Picture:
    """Reads a figure that was written as PNG.

    Args:
        path: The file.
        name: What it shows.
        caption: What a reader must know of it.
        label: What a screen reader says; "" for the name.
    """
    data = base64.b64encode(path.read_bytes()).decode("ascii")
    return Picture(name, caption, f"data:image/png;base64,{data}", label or name)


def pictures(runs: Sequence[Run], by: Sequence[str] = ()) -> Pictures:
    """Draws every figure that the runs have data for.

    Args:
        runs: The runs; those that have no metrics yet are left out.
        by: Keys to group by; empty for the usual ones, runs of each world by themselves.

    Raises:
        ConfigError: A table of a run is damaged, or the runs do not fit together.
    """
    shown = [run for run in runs if not run.table("metrics").is_empty()]
    if not shown:
        return Pictures()
    parts = {"": shown} if by else by_world(shown)
    found: list[Picture] = []
    left_out: dict[str, None] = {}
    with tempfile.TemporaryDirectory(prefix="prosocial-report-") as folder:
        for k, (world, members) in enumerate(parts.items()):
            place = Path(folder) / str(k)
            drawn = draw_figures(for_figures(members), place, by=by or None, widths=(_WIDTH,))
            found += _read(drawn, world if len(parts) > 1 else "")
            left_out |= {f"{_name(n)}: {why}": None for n, why in drawn.left_out.items()}
    return Pictures(tuple(found), tuple(left_out))


def _read(drawn: Drawn, world: str) -> Iterable[Picture]:
    for kind, paths in drawn.figures.items():
        for path in paths:
            if path.suffix != ".png":
                continue
            caption = path.with_name(f"{path.stem}{_CAPTION}").read_text(encoding="utf-8")
            name = _name(path.stem) + (f", {world}" if world else "")
            label = f"{name}: {DESCRIPTIONS[kind]}"
            yield read_picture(path, name, " ".join(caption.split()), label)


def _name(stem: str) -> str:
    return stem.replace("_", " ").replace("-", " ").capitalize()
