"""A figure before it is drawn, and how it is saved: two widths, two formats, one caption file."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from prosocial.analysis import figure_style as style
from prosocial.envs.engine.files import write_atomically

WIDTHS: Mapping[str, float] = {"single": style.COLUMN_WIDTH, "double": style.DOUBLE_WIDTH}
"""Widths of figures in inches: one column (85 mm) and two (178 mm)."""

SUFFIX = {"single": "", "double": "_double"}
"""What the names of the files end in at each width."""


@dataclass(frozen=True)
class Grid:
    """Panels of a figure.

    Attributes:
        rows: Rows of panels.
        columns: Columns of panels.
        height: Height of the whole figure in inches.
    """

    rows: int = 1
    columns: int = 1
    height: float = 2.3


@dataclass(frozen=True)
class Plate:
    """A figure before it is drawn.

    Attributes:
        name: File name without ending.
        grids: Panels at each of `WIDTHS`.
        draw: Draws into the figure and its panels, row by row, at a width.
        caption: Paragraphs of the caption: what is seen, and the statistics behind it.
    """

    name: str
    grids: Mapping[str, Grid]
    draw: Callable[[Figure, list[Axes], str], None]
    caption: tuple[str, ...]


def save_plate(plate: Plate, folder: Path, widths: Sequence[str] = tuple(WIDTHS)) -> list[Path]:
    """Writes NAME.pdf, NAME.png and their double-column twins, and NAME.caption.txt.

    Equal data give equal bytes.

    Args:
        plate: The figure.
        folder: Where to; created if missing.
        widths: Some of `WIDTHS`.

    Returns:
        Paths written, the caption last.
    """
    paths = [path for width in widths for path in draw_plate(plate, folder, width)]
    text = "\n\n".join(textwrap.fill(paragraph, 100) for paragraph in plate.caption) + "\n"
    caption = folder / f"{plate.name}.caption.txt"
    write_bytes(caption, text.encode())
    return [*paths, caption]


def draw_plate(plate: Plate, folder: Path, width: str) -> list[Path]:
    """Draws a figure at one of `WIDTHS`; returns the paths written, PDF and PNG."""
    grid = plate.grids[width]
    size = {"height": grid.height, "width": WIDTHS[width]}
    with style.figure(grid.rows, grid.columns, **size) as (canvas, axes):
        plate.draw(canvas, axes, width)
        return style.save(canvas, folder, plate.name + SUFFIX[width])


def write_bytes(path: Path, data: bytes) -> Path:
    """Replaces a file in one step, so that a reader sees the old or the new content."""
    write_atomically(path, data)
    return path


def parquet_bytes(frame: object) -> bytes:
    """A polars frame as the bytes of a Parquet file."""
    buffer = io.BytesIO()
    frame.write_parquet(buffer)  # type: ignore[attr-defined]
    return buffer.getvalue()


def legend(canvas: Figure, axes: Iterable[Axes], columns: int) -> None:
    """Puts one legend over all panels, each label once.

    Args:
        canvas: The figure.
        axes: Its panels.
        columns: Most entries side by side; long labels get fewer.
    """
    entries: dict[str, object] = {}
    for panel in axes:
        handles, labels = panel.get_legend_handles_labels()
        entries |= dict(zip(labels, handles, strict=True))
    if not entries:
        return
    # A column of the legend takes about 1.1 mm a letter beside 9 mm for line and gap.
    room = canvas.get_figwidth() * 25.4
    fitting = max(1, int(room // (9 + 1.25 * max(map(len, entries)))))
    count = min(columns, fitting, len(entries))
    # Legends are filled column by column; the order of the groups is to be read row by row.
    order = [label for first in range(count) for label in list(entries)[first::count]]
    canvas.legend(
        [entries[label] for label in order],  # pyright: ignore[reportArgumentType]
        order,
        loc="outside upper center",
        ncols=count,
    )


def listed(names: Iterable[object], most: int = 6) -> str:
    """Names with commas, cut after some."""
    texts = list(map(str, names))
    more = f" and {len(texts) - most} more" if len(texts) > most else ""
    return ", ".join(texts[:most]) + more


def wrapped(label: str) -> str:
    """An axis label on two lines if it is too long for a small panel."""
    return label.replace(" / ", "\n/ ") if len(label) > 22 else label


def percent(share: float) -> str:
    """A share as whole percent, such as "95 %"."""
    return f"{100 * share:.0f} %"
