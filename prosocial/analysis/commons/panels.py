"""Figures of levels: social outcomes at the end by condition, and the transfer tests."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes

from prosocial.analysis import figure_style as style
from prosocial.analysis.commons import measures
from prosocial.analysis.commons.checks import transfer_tests
from prosocial.analysis.commons.lines import LOOKS, remark
from prosocial.analysis.commons.manifest import CONDITIONS, TRANSFERRED
from prosocial.analysis.commons.records import Experiment
from prosocial.analysis.statistics import Interval, bootstrap_interval

SHORT = {
    "total_return": "collective return",
    "utility": "utility",
    "equality": "equality",
    "sustainability": "sustainability",
    "peace": "peace",
    "stock_mean": "mean stock",
    "normalized": "share of bound",
    "cleaned": "waste cleaned",
    "months": "months survived",
    "survived": "survival rate",
    "gain": "gain / agent",
    "efficiency": "efficiency",
    "over_usage": "over-usage",
}
"""Titles of the small panels."""

OUTCOME_PANELS = {
    "harvest": ("utility", "equality", "sustainability", "peace", "stock_mean", "normalized"),
    "clean_up": ("utility", "equality", "sustainability", "peace", "stock_mean", "cleaned"),
    "fishery": ("months", "survived", "gain", "efficiency", "equality", "over_usage"),
}
"""Measures of the panel of social outcomes."""

_COLUMNS = 3
_LEVEL_NOTE = "interquartile mean over seeds, 95 % bootstrap interval; dots: seeds"


def figure_outcomes(experiment: Experiment, world: str, folder: Path) -> list[Path]:
    """Draws the social outcomes at the end of each condition.

    Args:
        experiment: Source of the levels.
        world: Which world.
        folder: Where the figure goes.

    Returns:
        Paths written, PDF and PNG; empty when no run of the world is finished.
    """
    found = {
        measure: {c: level for c in CONDITIONS
                  if (level := measures.end_levels(experiment, world, c, measure))}
        for measure in OUTCOME_PANELS.get(world, (measures.HEADLINE,))
    }  # fmt: skip
    drawn = {measure: levels for measure, levels in found.items() if levels}
    if not drawn:
        return []
    rows = -(-len(drawn) // _COLUMNS)
    with style.figure(rows, _COLUMNS, height=0.6 + 1.3 * rows) as (canvas, axes):
        for panel, (measure, levels) in zip(axes, drawn.items(), strict=False):
            for place, condition in enumerate(CONDITIONS):
                if condition in levels:
                    _point(panel, place, levels[condition], condition)
            panel.set_title(SHORT[measure])
            panel.set_xlim(-0.6, len(CONDITIONS) - 0.4)
            # A tenth of air above, or the markers of the largest level are cut in half.
            panel.set_ylim(0.0, 1.1 * panel.dataLim.y1 or 1.0)
            panel.set_xticks([])
        for panel in axes[len(drawn) :]:
            panel.set_visible(False)
        handles: dict = {}
        for panel in axes:
            handles |= dict(zip(*panel.get_legend_handles_labels()[::-1], strict=True))
        canvas.legend(handles.values(), handles.keys(), loc="outside upper center", ncols=3)
        remark(canvas, _LEVEL_NOTE)
        return style.save(canvas, folder, f"outcomes_{world}")


def figure_transfer(experiment: Experiment, world: str, folder: Path) -> list[Path]:
    """Draws the return of the focal learners in each transfer test.

    Args:
        experiment: Source of the transfer table.
        world: World that the learners were trained in.
        folder: Where the figure goes.

    Returns:
        Paths written; empty when no transfer of the world is finished.
    """
    names = ordered(transfer_tests(experiment, world))
    if not names:
        return []
    conditions = TRANSFERRED
    with style.figure(height=2.4) as (canvas, (axes,)):
        for group, test in enumerate(names):
            for offset, condition in enumerate(conditions):
                found = measures.transfer_levels(experiment, world, test, condition)
                if found:
                    _bar(axes, group * (len(conditions) + 1) + offset, found, condition)
        centre = (len(conditions) - 1) / 2
        axes.set_xticks(
            [group * (len(conditions) + 1) + centre for group in range(len(names))],
            [_label(name) for name in names],
        )
        axes.tick_params(axis="x", labelsize=6, length=0)
        axes.set_ylabel("return / focal agent")
        axes.axhline(0.0, color=style.BLACK, linewidth=0.6)
        handles, labels = axes.get_legend_handles_labels()
        entries = dict(zip(labels, handles, strict=True))
        canvas.legend(entries.values(), entries.keys(), loc="outside upper center", ncols=4)
        remark(canvas, _LEVEL_NOTE)
        return style.save(canvas, folder, f"transfer_{world}")


def ordered(tests: list[str]) -> list[str]:
    """Tests in the order of figures: the training world, layouts, group sizes, newcomers."""

    def rank(test: str) -> tuple[int, int, str]:
        size = test.removeprefix("agents_")
        if test == "same":
            return (0, 0, test)
        if test.startswith("agents_") and size.isdigit():
            return (2, int(size), test)
        return (3 if "newcomer" in test else 1, 0, test)

    return sorted(tests, key=rank)


def _label(test: str) -> str:
    size = test.removeprefix("agents_")
    if test != size:
        return f"{size}\nagents"
    return "same\nworld" if test == "same" else test.replace("_", "\n")


def _point(axes: Axes, place: float, levels: dict[int, float], condition: str) -> None:
    look = LOOKS[condition]
    found = _level(levels)
    axes.plot([place, place], [found.low, found.high], color=look.color, linewidth=1.4)
    axes.plot(place, found.estimate, color=look.color, marker=look.marker, linestyle="none",
              markersize=4.5, label=look.label, clip_on=False)  # fmt: skip
    _seeds(axes, place, levels)


def _bar(axes: Axes, place: float, levels: dict[int, float], condition: str) -> None:
    look = LOOKS[condition]
    found = _level(levels)
    axes.bar(place, found.estimate, width=0.85, color=look.color, alpha=0.75, label=look.label)
    axes.plot([place, place], [found.low, found.high], color=style.BLACK, linewidth=1.0)
    _seeds(axes, place, levels)


def _seeds(axes: Axes, place: float, levels: dict[int, float]) -> None:
    scores = measures.values(levels)
    spread = np.linspace(-0.3, -0.15, scores.size) if scores.size > 1 else np.array([-0.25])
    axes.plot(place + spread, scores, linestyle="none", marker=".", markersize=2.0,
              color=style.BLACK)  # fmt: skip


def _level(levels: dict[int, float]) -> Interval:
    rng = np.random.default_rng(measures.RESAMPLING_SEED)
    return bootstrap_interval(measures.values(levels), rng, confidence=measures.CONFIDENCE)
