"""Figures of curves: a commons through training, and what is left after the caregiver has gone."""

from __future__ import annotations

import contextlib
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from prosocial.analysis import figure_style as style
from prosocial.analysis.commons import measures
from prosocial.analysis.commons.checks import headline_retention
from prosocial.analysis.commons.manifest import CONDITIONS, FORKS
from prosocial.analysis.commons.measures import LABELS
from prosocial.analysis.commons.records import Experiment
from prosocial.analysis.experiments.verdicts import NotMeasuredError


@dataclass(frozen=True)
class Look:
    """How a condition is drawn: label, colour, line style and marker."""

    label: str
    color: str
    line: str
    marker: str


LOOKS = {
    "social": Look("socialization", style.BLACK, "-", "s"),
    "none": Look("none", style.VERMILLION, "--", "v"),
    "isr": Look("ISR", style.BLUE, "-", "o"),
    "isr_additive": Look("ISR, additive", style.ORANGE, "--", "P"),
    "caregiver": Look("caregiver kept", style.GREEN, "-.", "^"),
    "selfish": Look("selfish", style.PURPLE, ":", "D"),
}
"""Look of each condition, the same in every figure."""

PANELS = {
    "harvest": ("total_return", "stock_mean", "violations_per_apple"),
    "clean_up": ("total_return", "cleaned", "equality"),
    "fishery": ("total_return", "months", "over_usage"),
}
"""Measures that are drawn through training, from the top; those not recorded are left out."""

_LINE_NOTE = "line: interquartile mean over seeds, band: 95 % bootstrap interval"


def figure_training(experiment: Experiment, world: str, folder: Path) -> list[Path]:
    """Draws the measures of a world through both phases, by condition.

    Args:
        experiment: Source of the curves.
        world: Which world.
        folder: Where the figure goes.

    Returns:
        Paths written, PDF and PNG; empty when no run of the world is finished.
    """
    found = {
        measure: {c: one for c in CONDITIONS
                  if (one := measures.curves(experiment, world, c, measure)) is not None}
        for measure in PANELS.get(world, (measures.HEADLINE,))
    }  # fmt: skip
    drawn = {measure: lines for measure, lines in found.items() if lines}
    if not drawn:
        return []
    switch = measures.switch_steps(experiment, world)
    with style.figure(len(drawn), 1, height=0.7 + 1.35 * len(drawn)) as (canvas, axes):
        for panel, (measure, lines) in zip(axes, drawn.items(), strict=True):
            for condition, one in lines.items():
                _draw(panel, one.env_steps, *measures.band(one.values), LOOKS[condition])
            panel.set_ylabel(LABELS[measure].replace(" / ", "\n/ ").replace(" (", "\n("))
            panel.set_ylim(bottom=0.0)
            panel.margins(x=0.01)
            style.thousands(panel)
            panel.tick_params(labelbottom=panel is axes[-1])
            if math.isfinite(switch) and panel is axes[0]:
                style.mark_switch(panel, switch)
            elif math.isfinite(switch):
                panel.axvline(switch, color=style.GREY, linestyle="--", linewidth=0.8, zorder=0)
        axes[-1].set_xlabel("environment steps")
        _legend(canvas, axes)
        remark(canvas, f"{_seeds(experiment, world)}; {_LINE_NOTE}")
        return style.save(canvas, folder, f"training_{world}")


def figure_retention(experiment: Experiment, world: str, folder: Path) -> list[Path]:
    """Draws the retention of the collective return after the switch, by condition.

    Args:
        experiment: Source of the curves.
        world: Which world.
        folder: Where the figure goes.

    Returns:
        Paths written; empty when retention cannot be measured.
    """
    found = {}
    for fork in FORKS:
        with contextlib.suppress(NotMeasuredError):
            found[fork] = headline_retention(experiment, world, fork)
    if not found:
        return []
    with style.figure(height=2.3) as (canvas, (axes,)):
        for fork, kept in found.items():
            _draw(axes, kept.times, kept.curve, kept.low, kept.high, LOOKS[fork])
        for level, label in ((1.0, "socialized"), (0.0, "selfish")):
            axes.axhline(level, color=style.GREY, linestyle=":", linewidth=0.8, zorder=0)
            axes.annotate(label, xy=(1.0, level), xycoords=("axes fraction", "data"), ha="right",
                          xytext=(0, 2), textcoords="offset points", fontsize=6,
                          color=style.GREY)  # fmt: skip
        low, high = axes.get_ylim()
        # A half-sure early point must not press the curves together.
        axes.set_ylim(max(low, -0.5), min(high, 2.0))
        axes.set_xlim(left=0.0)
        axes.set_xlabel("environment steps since the caregiver left")
        axes.set_ylabel("retention of\nthe collective return")
        style.thousands(axes)
        _legend(canvas, [axes])
        remark(canvas, f"{_seeds(experiment, world)}; {_LINE_NOTE}")
        return style.save(canvas, folder, f"retention_{world}")


def remark(canvas: Figure, text: str) -> None:
    """Puts a small grey remark under a whole figure: what bands and markers are."""
    canvas.supxlabel(text, x=0.01, ha="left", fontsize=5.5, color=style.GREY)


def _draw(
    axes: Axes, steps: np.ndarray, middle: np.ndarray, low: np.ndarray, high: np.ndarray, look: Look
) -> None:
    axes.fill_between(steps, low, high, color=look.color, alpha=0.2, lw=0)
    # A phase of one block has no line to draw.
    marker = look.marker if len(steps) == 1 else ""
    axes.plot(steps, middle, color=look.color, linestyle=look.line, label=look.label, marker=marker)


def _legend(canvas: Figure, axes: list[Axes]) -> None:
    entries = {}
    for panel in axes:
        handles, labels = panel.get_legend_handles_labels()
        entries |= dict(zip(labels, handles, strict=True))
    canvas.legend(entries.values(), entries.keys(), loc="outside upper center", ncols=3)


def _seeds(experiment: Experiment, world: str) -> str:
    blocks = experiment.blocks.items()
    count = len({seed for (place, _), rows in blocks if place == world for seed in rows["seed"]})
    return f"{count} seed" if count == 1 else f"{count} seeds"
