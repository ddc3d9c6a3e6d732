"""Single lives: what a learner did and earned through its phases, without any average over runs."""

from __future__ import annotations

from typing import Any

import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from prosocial.analysis import figure_style as style
from prosocial.analysis.figures import series
from prosocial.analysis.figures.drawing import mark_switches, plain_steps
from prosocial.analysis.figures.errors import NotDrawnError
from prosocial.analysis.figures.plates import Grid, Plate, legend, wrapped
from prosocial.analysis.figures.study import Study

CHANNELS = {
    "env_return": ("environment", style.BLACK, "-"),
    "social_return": ("social", style.GREEN, "--"),
    "internal_return": ("internal", style.BLUE, "-."),
}
"""Reward channels of ``metrics.parquet`` with their label, colour and line style."""

MOST_RUNS = 40
"""Runs that are drawn as lines of their own; more are a smear."""


def life_course(study: Study) -> Plate:
    """Plans the figure of single lives: the behaviour and, of a single run, returns by channel.

    Raises:
        NotDrawnError: There are too many runs, or nothing was recorded.
    """
    if len(study.runs) > MOST_RUNS:
        raise NotDrawnError(
            f"{len(study.runs)} single lives are too many for one panel; give at most {MOST_RUNS}"
        )
    measure = study.measure
    tables = [rows for group in study.lives for rows in group]
    if not series.recorded(tables, measure):
        raise NotDrawnError(f"no run recorded a value of {measure}: no episode has ended yet")
    single = len(study.runs) == 1
    marks = series.switches(study.groups, study.lives)

    def draw(canvas: Figure, axes: list[Axes], width: str) -> None:
        for group, lives in zip(study.groups, study.lives, strict=True):
            for number, rows in enumerate(lives):
                _draw(axes[0], rows, measure, "" if single or number else group.label,
                      group.look.color, group.look.line)  # fmt: skip
        axes[0].set_ylabel(wrapped(study.label()))
        if axes[0].dataLim.y0 >= 0.0:
            axes[0].set_ylim(bottom=0.0)
        if single:
            for column, (label, color, line) in CHANNELS.items():
                if column in tables[0].columns:
                    _draw(axes[1], tables[0], column, label, color, line)
            axes[1].set_ylabel("return / episode")
            axes[1].legend()
            axes[0].tick_params(labelbottom=width == "double")
        for panel in axes:
            mark_switches(panel, marks, named=panel is axes[0] or width == "double")
            if panel is axes[-1] or width == "double":
                panel.set_xlabel("environment steps")
        plain_steps(axes)
        if len(study.groups) > 1:
            legend(canvas, axes[:1], 3 if width == "single" else 6)

    where = "; ".join(f"{name} at {steps:,.0f}" for steps, name in marks.items())
    channels = " Second panel: return per episode by reward channel, in reward, summed over agents."
    return Plate(
        "life_course",
        {
            "single": Grid(2, 1, 3.6) if single else Grid(height=2.4),
            "double": Grid(1, 2, 2.4) if single else Grid(height=2.6),
        },
        draw,
        (
            f"Single lives: {study.label()} over environment steps, one line for each run."
            + (channels if single else "")
            + (f" Dashed lines: phase switches ({where})." if marks else ""),
            study.counts(),
            "Lines: means over the episodes that ended in each iteration of training; no interval, "
            "no smoothing.",
            *study.warnings(),
        ),
    )


def _draw(axes: Axes, table: pl.DataFrame, column: str, label: str, color: str, line: Any) -> None:
    """Draws a column, broken where a phase ends: rewards may jump there."""
    seen = table.filter(pl.col(column).is_finite())
    for part in seen.partition_by("phase_index", maintain_order=True):
        axes.plot(part["env_steps"].to_numpy(), part[column].to_numpy(), color=color,
                  linestyle=line, label=label or "_", linewidth=0.9)  # fmt: skip
        label = ""
