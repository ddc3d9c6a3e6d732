"""One look for all figures: column width, fonts, colours that survive colour blindness, saving.

Figures are one column wide (85 mm, the width of a column in two-column proceedings) or two (178
mm), set in type of 7-8 points, and saved twice: PDF for print (fonts embedded as TrueType, no time
stamp, so that equal data give equal bytes) and PNG for the screen.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

COLUMN_WIDTH = 85.0 / 25.4
"""Width of one column in inches (85 mm)."""

DOUBLE_WIDTH = 178.0 / 25.4
"""Width of two columns and the gap between them in inches (178 mm)."""

DOTS_PER_INCH = 300
"""Resolution of the PNG files."""

# Okabe & Ito, "Color Universal Design" (2008): distinguishable with all common forms of colour
# blindness. Line styles and markers differ as well, so that figures survive grey print.
BLACK = "#000000"
ORANGE = "#E69F00"
SKY_BLUE = "#56B4E9"
GREEN = "#009E73"
BLUE = "#0072B2"
VERMILLION = "#D55E00"
PURPLE = "#CC79A7"
GREY = "#767676"
PALETTE = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY_BLUE, BLACK, GREY)

_SETTINGS = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 7.5,
    "axes.labelsize": 8,
    "axes.titlesize": 8,
    "legend.fontsize": 6.5,
    "legend.frameon": False,
    "legend.handlelength": 1.8,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.7,
    "lines.linewidth": 1.2,
    "lines.markersize": 3.5,
    "xtick.major.width": 0.7,
    "ytick.major.width": 0.7,
    "pdf.fonttype": 42,
}


@contextmanager
def figure(
    rows: int = 1, columns: int = 1, *, height: float = 2.2, width: float = COLUMN_WIDTH
) -> Iterator[tuple[Figure, list[Axes]]]:
    """Opens a figure in the house style; draw and save it inside of the ``with``.

    Args:
        rows: Number of rows of panels.
        columns: Number of columns of panels.
        height: Height in inches.
        width: Width in inches.

    Yields:
        The figure and its axes, row by row.
    """
    with mpl.rc_context(cast(Any, _SETTINGS)):
        # Not pyplot: it keeps every figure alive in a global list and picks a screen back end.
        canvas = Figure(figsize=(width, height), layout="constrained")
        yield canvas, list(canvas.subplots(rows, columns, squeeze=False).flat)


def save(canvas: Figure, folder: Path, name: str) -> list[Path]:
    """Writes a figure as PDF and PNG.

    Args:
        canvas: The figure.
        folder: Folder to write to; created if missing.
        name: File name without ending.

    Returns:
        The two paths, PDF first.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{name}.pdf", folder / f"{name}.png"]
    canvas.savefig(paths[0], metadata={"CreationDate": None})
    canvas.savefig(paths[1], dpi=DOTS_PER_INCH)
    return paths


def thousands(axes: Axes) -> None:
    """Labels the x axis of environment steps in thousands (``40k``)."""
    axes.xaxis.set_major_formatter(lambda value, _: f"{value / 1000:g}k" if value else "0")


def mark_switch(axes: Axes, steps: float, label: str = "caregiver leaves") -> None:
    """Draws the phase switch as a dashed vertical line with its name above it.

    Args:
        axes: Panel whose x axis holds environment steps.
        steps: Environment steps at the switch.
        label: What happens there.
    """
    axes.axvline(steps, color=GREY, linestyle="--", linewidth=0.8, zorder=0)
    axes.annotate(
        label,
        xy=(steps, 1.0),
        xycoords=("data", "axes fraction"),
        xytext=(0, 1),
        textcoords="offset points",
        color=GREY,
        fontsize=6.5,
        ha="center",
        va="bottom",
    )


def note(axes: Axes, text: str) -> None:
    """Puts a small grey remark under the panel: what bands and markers are.

    Call it after the x label is set: the remark goes below it.
    """
    axes.annotate(
        text,
        xy=(0.0, 0.0),
        xycoords="axes fraction",
        xytext=(0, -30 if axes.get_xlabel() else -18),
        textcoords="offset points",
        color=GREY,
        fontsize=5.5,
        va="top",
    )
