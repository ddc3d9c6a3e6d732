"""Confusion heat maps: where on a layout an internal reward errs.

Drawn from ``confusion.parquet``, which `prosocial figures` makes by trying the internal reward of a
run on every state and action of fixed layouts of caregiver_grid (see
`prosocial.agents.internal_reward.audit`). One row for each run, layout and cell of the learner:

    run, layout       folder of the run; name of the layout
    row, column       of the cell, from 0
    kind              "free", "wall" or "lava"
    goal              whether the goal may be there
    approved          pairs of state and action, the learner being there, that the caregiver
                      approves of
    false_negatives   those among them that the internal reward does not accept
    unapproved        the other pairs
    false_positives   those among them that it accepts
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from prosocial.analysis import figure_style as style
from prosocial.analysis.figures.errors import NotDrawnError
from prosocial.analysis.figures.groups import Group
from prosocial.analysis.figures.plates import Grid, Plate
from prosocial.analysis.figures.study import Study
from prosocial.envs.engine.errors import ConfigError

FILE = "confusion.parquet"
COLUMNS = (
    *("run", "layout", "row", "column", "kind", "goal"),
    *("approved", "false_negatives", "unapproved", "false_positives"),
)

_WALL, _LAVA = "#4D4D4D", "#B0B0B0"
_LARGEST_NUMBERED = 9  # cells a side of the layouts whose cells hold numbers; in others are no room
_KINDS = (
    ("false_positives", "unapproved", "false positives", style.VERMILLION),
    ("false_negatives", "approved", "false negatives", style.BLUE),
)


@dataclass(frozen=True)
class Map:
    """Errors on a layout, each (rows, columns), and what stands there.

    Attributes:
        layout: Name.
        false_positives: Unapproved pairs that are accepted, mean over seeds; NaN where the learner
            cannot be.
        false_negatives: Approved pairs that are not accepted, likewise.
        walls: Bool.
        lava: Bool.
        goals: Cells of the goal, bool; none marked if it may be on any free cell.
    """

    layout: str
    false_positives: NDArray[np.float64]
    false_negatives: NDArray[np.float64]
    walls: NDArray[np.bool_]
    lava: NDArray[np.bool_]
    goals: NDArray[np.bool_]


def confusion(study: Study) -> list[Plate]:
    """Plans a figure for each group whose runs were audited.

    Raises:
        NotDrawnError: There is no table of an audit of these runs.
        ConfigError: The table lacks a column.
    """
    path = study.options.tables and study.options.tables / FILE
    if path is None or not path.is_file():
        raise NotDrawnError("no run of caregiver_grid holds an internal reward that can be audited")
    table = read_table(path, COLUMNS)
    plates = []
    for group in study.groups:
        names = [run.path.as_posix() for run in group.runs]
        rows = table.filter(pl.col("run").is_in(names))
        if rows.height:
            several = len({run for run in table["run"]} - set(names)) > 0
            name = f"confusion-{_slug(group.label)}" if several else "confusion"
            plates.append(_plate(study, group, rows, name))
    if not plates:
        raise NotDrawnError("none of these runs was audited")
    return plates


def read_table(path: Path, columns: Sequence[str]) -> pl.DataFrame:
    """Reads a table that a command made for a figure.

    Raises:
        ConfigError: It cannot be read, or lacks a column.
    """
    try:
        table = pl.read_parquet(path)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise ConfigError(f"{path} cannot be read ({error}); delete it to make it anew.") from error
    missing = [name for name in columns if name not in table.columns]
    if missing:
        raise ConfigError(
            f"{path} lacks the columns {', '.join(missing)}; delete it to make it anew."
        )
    return table


def maps(rows: pl.DataFrame) -> list[Map]:
    """Errors by cell, means over the runs, for each layout in the order of the table."""
    found = []
    for layout in rows["layout"].unique(maintain_order=True).to_list():
        cells = (
            rows.filter(pl.col("layout") == layout)
            .group_by("row", "column", "kind", "goal")
            .agg(pl.col("false_positives", "false_negatives").mean())
            .sort("row", "column")
        )
        shape = cells["row"].n_unique(), cells["column"].n_unique()
        kinds = cells["kind"].to_numpy().reshape(shape)
        goals = cells["goal"].to_numpy().reshape(shape)
        anywhere = bool((goals == (kinds == "free")).all())
        positives, negatives = (
            np.where(kinds == "free", cells[kind].to_numpy().reshape(shape), np.nan)
            for kind in ("false_positives", "false_negatives")
        )
        walls, lava = kinds == "wall", kinds == "lava"
        found.append(Map(str(layout), positives, negatives, walls, lava, goals & (not anywhere)))
    return found


def _plate(study: Study, group: Group, rows: pl.DataFrame, name: str) -> Plate:
    found = maps(rows)
    scales = {kind: _scale([getattr(one, kind) for one in found]) for kind, *_ in _KINDS}
    count = len(found)

    def draw(canvas: Figure, axes: list[Axes], width: str) -> None:
        for k, (kind, _, label, color) in enumerate(_KINDS):
            panels = axes[k::2] if width == "single" else axes[k * count : (k + 1) * count]
            image = None
            for panel, one in zip(panels, found, strict=True):
                image = _draw_map(panel, one, getattr(one, kind), color, scales[kind])
                if width == "single" or k == 0 or count == 1:
                    title = one.layout.replace("_", " ")
                    if width == "single" or count == 1:
                        title += f": {label}"
                    panel.set_title(title, fontsize=7, pad=2)
            assert image is not None
            down = width == "single"
            bar = canvas.colorbar(
                image, ax=panels, location="bottom" if down else "right", pad=0.02,
                fraction=0.04 if down else 0.02, aspect=18 if down else 12,
            )  # fmt: skip
            bar.set_label(f"{label} (pairs)", fontsize=7)
            bar.locator = MaxNLocator(4, integer=True)  # pyright: ignore[reportAttributeAccessIssue]
            bar.update_ticks()
            bar.outline.set_linewidth(0.5)  # pyright: ignore[reportCallIssue]

    runs = rows["run"].n_unique()
    totals = {
        label: (int(rows[kind].sum()), int(rows[of].sum()) or 1, of)
        for kind, of, label, _ in _KINDS
    }
    rates = "; ".join(
        f"{label}: {wrong:,} of {pairs:,} {of} pairs ({100 * wrong / pairs:.2g} %)"
        for label, (wrong, pairs, of) in totals.items()
    )
    goals = (
        "Stars: where the goal may be."
        if any(one.goals.any() for one in found)
        else "The goal may be on any free cell."
    )
    return Plate(
        name,
        {
            "single": Grid(count, 2, 0.55 + 1.55 * count),
            "double": Grid(1, 2, 2.1) if count == 1 else Grid(2, count, 2.8 if count > 3 else 4.0),
        },
        draw,
        (
            f"Errors of the internal reward of {group.label} on every state and action of fixed "
            "layouts, by the cell of the learner: number of the pairs that the caregiver does not "
            "approve of and the internal reward accepts (false positives), and of those that it "
            "approves of and the internal reward does not accept (false negatives), summed over "
            f"goals, headings and actions. Dark cells: walls. {goals} White cells: no error.",
            f"Runs: {runs} (one seed each); cells: mean over seeds, no interval, no smoothing. "
            f"Over all runs and layouts: {rates}.",
            *study.warnings([group]),
        ),
    )


def _draw_map(
    panel: Axes, one: Map, wrong: NDArray[np.float64], color: str, scale: float
) -> AxesImage:
    colors = LinearSegmentedColormap.from_list("", ["#FFFFFF", color])
    image = panel.imshow(wrong, cmap=colors, vmin=0.0, vmax=scale)
    for row, column in np.argwhere(one.walls | one.lava):
        lava = one.lava[row, column]
        panel.add_patch(
            Rectangle(
                (column - 0.5, row - 0.5), 1, 1, facecolor=_LAVA if lava else _WALL,
                hatch="////" if lava else "", edgecolor="white" if lava else _WALL, linewidth=0.3,
            )
        )  # fmt: skip
    for row, column in np.argwhere(one.goals):
        panel.plot(column, row, marker="*", markersize=9, markerfacecolor="none",
                   markeredgecolor=style.BLACK, markeredgewidth=0.6)  # fmt: skip
    if max(wrong.shape) <= _LARGEST_NUMBERED:
        for row, column in np.argwhere(np.nan_to_num(wrong) > 0.0):
            number = float(wrong[row, column])
            text = f"{number:.0f}" if number >= 9.95 or number == round(number) else f"{number:.1f}"
            panel.text(column, row, text, ha="center", va="center", fontsize=5.5,
                       color=style.BLACK)  # fmt: skip
    panel.set_xticks([])
    panel.set_yticks([])
    for spine in panel.spines.values():
        spine.set_visible(False)
    return image


def _scale(errors: list[NDArray[np.float64]]) -> float:
    """Upper end of a colour scale: the largest number of errors, at least one."""
    return max(1.0, *(float(np.nan_to_num(wrong).max()) for wrong in errors))


def _slug(label: str) -> str:
    return re.sub(r"[^A-Za-z0-9.]+", "_", label).strip("_") or "group"
