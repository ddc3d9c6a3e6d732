"""What several kinds of figures draw: lines with bands, phase switches, points with intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike, NDArray

from prosocial.analysis import figure_style as style
from prosocial.analysis.figures import series
from prosocial.analysis.figures.groups import Group, Look
from prosocial.analysis.statistics import Interval, bootstrap_interval

BAND_ALPHA = 0.18
_MARKS = 7  # markers along a line, so that lines are told apart without colour
_FEW = 24  # groups' seeds that get a dot each


def draw_band(axes: Axes, x: NDArray, found: series.Band, group: Group, place: int = 0) -> None:
    """Draws a line in its band, with sparse markers that are staggered between groups.

    Args:
        axes: Panel.
        x: (P,).
        found: The line and its ends, each (P,).
        group: Look and label.
        place: Number of the group, which staggers its markers.
    """
    look = group.look
    axes.fill_between(x, found.low, found.high, color=look.color, alpha=BAND_ALPHA, lw=0)
    axes.plot(
        x, found.middle, color=look.color, linestyle=look.line, label=group.label,
        marker=look.marker, markevery=markers(len(x), place), markersize=3.0,
        markeredgecolor="white", markeredgewidth=0.4,
    )  # fmt: skip


def markers(points: int, place: int) -> list[int]:
    """Points of a line that get a marker; lines of different groups get different ones."""
    step = max(1, points // _MARKS)
    return list(range(min((place * max(1, step // 3)) % step, max(points - 1, 0)), points, step))


def mark_switches(axes: Axes, found: Mapping[float, str], named: bool = True) -> None:
    """Draws phase switches as dashed lines, with what happens there above the panel.

    Args:
        axes: Panel whose x axis holds environment steps.
        found: See `series.switches`.
        named: Whether to write the names; panels below the first need none.
    """
    for steps, name in found.items():
        if named:
            style.mark_switch(axes, steps, name)
        else:
            axes.axvline(steps, color=style.GREY, linestyle="--", linewidth=0.8, zorder=0)


def level(scores: ArrayLike) -> Interval:
    """Interquartile mean of scores over seeds with its bootstrap interval."""
    rng = np.random.default_rng(series.RESAMPLING_SEED)
    return bootstrap_interval(scores, rng, confidence=series.CONFIDENCE)


def draw_point(axes: Axes, place: float, scores: NDArray, look: Look, label: str) -> None:
    """Draws an estimate with its interval, and a dot for each seed to the left of it."""
    found = level(scores)
    axes.plot([place, place], [found.low, found.high], color=look.color, linewidth=1.4)
    axes.plot(
        place, found.estimate, color=look.color, marker=look.marker, linestyle="none",
        markersize=4.5, label=label, clip_on=False,
    )  # fmt: skip
    draw_seeds(axes, place, scores)


def draw_seeds(axes: Axes, place: float, scores: NDArray) -> None:
    """Draws a dot for each seed to the left of a place."""
    if 1 < scores.size <= _FEW:
        spread = np.linspace(-0.32, -0.16, scores.size)
        axes.plot(place + spread, scores, linestyle="none", marker=".", markersize=2.2,
                  markeredgewidth=0, color=style.BLACK)  # fmt: skip


def plain_steps(axes: Sequence[Axes]) -> None:
    """Labels the x axes of environment steps in thousands or millions."""
    for panel in axes:
        style.thousands(panel)
        if panel.dataLim.x1 >= 2e6:
            panel.xaxis.set_major_formatter(lambda v, _: f"{v / 1e6:g}M" if v else "0")
        panel.margins(x=0.01)


def steps_text(steps: float) -> str:
    """Steps in short: 950, 23k, 1.2M."""
    if steps >= 1e6:
        return f"{steps / 1e6:.1f}M"
    return f"{steps / 1e3:.0f}k" if steps >= 1e4 else (
        f"{steps / 1e3:.1f}k" if steps >= 1e3 else f"{steps:.0f}"
    )  # fmt: skip
