"""Retention curves: what is left of a behaviour after the caregiver has gone, with half-lives."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from prosocial.analysis import figure_style as style
from prosocial.analysis.figures import series
from prosocial.analysis.figures.drawing import draw_band, plain_steps, steps_text
from prosocial.analysis.figures.errors import NotDrawnError
from prosocial.analysis.figures.groups import Group
from prosocial.analysis.figures.plates import Grid, Plate, legend, percent
from prosocial.analysis.figures.runs import Run
from prosocial.analysis.figures.study import GOALS, Study
from prosocial.analysis.persistence import area_after_withdrawal, half_life, retention
from prosocial.analysis.statistics import interquartile_mean

MINIMUM_GAIN = 0.1
"""Least change of a behaviour by socialization, as a share of the larger level, for a retention."""

_LEVEL = 0.5


@dataclass(frozen=True)
class Kept:
    """Retention of a group.

    Attributes:
        group: The group.
        times: World steps since the withdrawal, (P,).
        band: The retention of the interquartile means, and its interval.
        half_life: Estimate, low and high in world steps; infinite if it is not reached.
        area: Mean retention up to the last time: estimate, low and high.
        block: Width of the blocks in world steps.
    """

    group: Group
    times: NDArray[np.float64]
    band: series.Band
    half_life: tuple[float, float, float]
    area: tuple[float, float, float]
    block: float


def retained(study: Study) -> list[Kept]:
    """Retention of every group whose caregiver has left, or stayed beyond that moment.

    Groups that never had a caregiver give the asocial level, and are not drawn themselves. Without
    any, that level is 0 for goals, and else the level of the first block of the life, when the
    policy was not yet trained.

    Args:
        study: Groups of runs.

    Raises:
        NotDrawnError: No caregiver leaves, or socialization has changed too little.
    """
    marks = series.switches(study.groups, study.whole_lives)
    leaving = [steps for steps, name in marks.items() if name == series.LEAVES]
    if not leaving:
        raise NotDrawnError("no caregiver leaves in these runs, so there is nothing to be kept")
    asocial = asocial_levels(study)
    found = [
        kept
        for group, lives in zip(study.groups, study.whole_lives, strict=True)
        if group.label not in asocial and (kept := _retained(study, group, lives, leaving, asocial))
    ]
    if not found:
        raise NotDrawnError(
            f"no group has a socialization that changed {study.measure} by {percent(MINIMUM_GAIN)} "
            "of its level or more, and a record of what came after it"
        )
    return found


def asocial_levels(study: Study) -> dict[str, dict[int, float]]:
    """End levels by seed of the groups that never had a caregiver, by label."""
    found = {}
    for group, lives in zip(study.groups, study.whole_lives, strict=True):
        if not any(map(_ever_social, group.runs)):
            found[group.label] = {
                run.seed: level
                for run, rows in zip(group.runs, lives, strict=True)
                if math.isfinite(level := series.end_level(rows, study.measure))
            }
    return {label: levels for label, levels in found.items() if levels}


def plan_retention(study: Study) -> Plate:
    """Plans the retention curves of a study.

    Raises:
        NotDrawnError: As `retained`.
    """
    found = retained(study)

    def draw(canvas: Figure, axes: list[Axes], width: str) -> None:
        panel = axes[0]
        for place, kept in enumerate(found):
            draw_band(panel, kept.times, kept.band, kept.group, place)
        for height, label in ((1.0, "social"), (0.0, "asocial")):
            panel.axhline(height, color=style.GREY, linestyle=":", linewidth=0.8, zorder=0)
            panel.annotate(label, xy=(1.0, height), xycoords=("axes fraction", "data"), ha="left",
                           xytext=(2, 0), textcoords="offset points", fontsize=6.5, va="center",
                           color=style.GREY)  # fmt: skip
        low, high = panel.get_ylim()
        # One half-sure early point must not press the curves together.
        panel.set_ylim(max(low, -0.5), min(max(high, 1.15), 2.0))
        panel.set_xlim(left=0.0)
        _mark_half_lives(panel, found)
        panel.set_xlabel("environment steps since the caregiver left")
        panel.set_ylabel("retention ρ")
        plain_steps(axes)
        legend(canvas, axes, 3 if width == "single" else 6)

    return Plate(
        "retention",
        {"single": Grid(height=2.5), "double": Grid(height=2.6)},
        draw,
        _caption(study, found),
    )


def _mark_half_lives(panel: Axes, found: list[Kept]) -> None:
    """Marks where each curve crosses one half, with the time beside it."""
    crossing = sorted((k for k in found if math.isfinite(k.half_life[0])),
                      key=lambda kept: -kept.half_life[0])  # fmt: skip
    near = 0.15 * float(np.diff(panel.get_xlim())[0])
    above, before = 0, math.inf
    for kept in crossing:
        time, color = kept.half_life[0], kept.group.look.color
        panel.plot([time, time], [panel.get_ylim()[0], _LEVEL], color=color, linewidth=0.8)
        panel.plot(time, _LEVEL, marker="o", markersize=4.5, markerfacecolor="white",
                   markeredgecolor=color, color=color)  # fmt: skip
        # Texts of neighbouring half-lives stand one above the other, clear of the lines.
        above = above + 1 if before - time < near else 0
        before = time
        panel.annotate(f"t½ {steps_text(time)}", xy=(time, _LEVEL), xytext=(6, 4 + 8 * above),
                       textcoords="offset points", fontsize=6.5, color=color, ha="left",
                       va="bottom")  # fmt: skip


def _retained(
    study: Study,
    group: Group,
    lives: tuple[pl.DataFrame, ...],
    leaving: list[float],
    asocial: dict[str, dict[int, float]],
) -> Kept | None:
    measure = study.measure
    if not series.recorded(lives, measure):
        return None
    curve = series.curves(group, measure, lives, study.options.smoothing)
    starts = curve.env_steps - curve.phase_steps
    begun = [start for start in leaving if np.isclose(starts, start).any()]
    if not begun:
        return None
    start = begun[0]
    before = [rows.filter(pl.col("env_steps") <= start) for rows in lives]
    social = [series.end_level(_last_phase(rows), measure) if rows.height else math.nan
              for rows in before]  # fmt: skip
    base = [_asocial_level(study, run.seed, rows, asocial)
            for run, rows in zip(group.runs, lives, strict=True)]  # fmt: skip
    inside = curve.env_steps > start
    table = np.column_stack([social, base, curve.values[:, inside]])
    table = table[np.isfinite(table[:, :2]).all(axis=1)]
    # Points that a seed lacks (an unfinished run) would compare different seeds; they are left out.
    table = table[np.isfinite(table[:, 2:]).any(axis=1)]
    whole = np.isfinite(table.sum(axis=0))
    times = curve.env_steps[inside][whole[2:]] - start
    if not len(table) or not len(times):
        return None
    return _kept(group, table[:, whole], times, curve.block)


def _kept(group: Group, table: NDArray, times: NDArray, block: float) -> Kept | None:
    """Retention of a table (seeds, social level + asocial level + points)."""
    middle = interquartile_mean(table, axis=0)
    largest = max(abs(middle[0]), abs(middle[1]))
    if not abs(middle[0] - middle[1]) >= MINIMUM_GAIN * largest > 0.0:
        return None
    draws = interquartile_mean(table[series.resampled_seeds(len(table))], axis=1)
    kept = retention(middle[2:], middle[0], middle[1])
    drawn = np.array([retention(row[2:], row[0], row[1]) for row in draws])
    low, high = series.ends(drawn)
    # Three points in a row must lie below the level; a curve of few points has no room for that.
    sustained = max(1, min(3, len(times) // 4))
    lives = np.array([half_life(times, row, _LEVEL, sustained) for row in drawn])
    areas = np.array([area_after_withdrawal(times, row) for row in drawn])
    return Kept(
        group,
        times,
        series.Band(kept, low, high),
        _estimate(half_life(times, kept, _LEVEL, sustained), lives),
        _estimate(area_after_withdrawal(times, kept), areas),
        block,
    )


def _estimate(value: float, draws: NDArray) -> tuple[float, float, float]:
    low, high = series.ends(draws)
    return value, float(low), float(high)


def _asocial_level(
    study: Study, seed: int, rows: pl.DataFrame, asocial: dict[str, dict[int, float]]
) -> float:
    """Level without socialization: that of the same seed, else of all seeds, else the base line."""
    levels = {one: level for group in asocial.values() for one, level in group.items()}
    if seed in levels:
        return levels[seed]
    if levels:
        return float(interquartile_mean(list(levels.values())))
    if study.measure == GOALS:
        return 0.0
    seen = rows.filter(pl.col(study.measure).is_finite() & (pl.col("episodes") > 0))
    return float(seen[study.measure][0]) if seen.height else math.nan


def _ever_social(run: Run) -> bool:
    """Whether a run, or one that it goes on from, may have had a caregiver."""
    names = [name for name, _ in run.phases()]
    return bool(run.config.get("parent")) or not names or any(map(run.caregiver_present, names))


def _last_phase(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.filter(pl.col("phase_index") == pl.col("phase_index").max())


def _caption(study: Study, found: list[Kept]) -> tuple[str, ...]:
    asocial = asocial_levels(study)
    if asocial:
        base = f"that of the runs without any caregiver ({', '.join(asocial)})"
    elif study.measure == GOALS:
        base = "0 goals, as no run without any caregiver was given"
    else:
        base = "the first block of each life, as no run without any caregiver was given"
    lines = []
    for kept in found:
        time, low, high = map(_time, kept.half_life)
        area = "{:.2f} [{:.2f}, {:.2f}]".format(*kept.area)
        lines.append(f"{kept.group.label}: half-life {time} [{low}, {high}], mean retention {area}")
    return (
        f"Retention of {study.label()} after the caregiver has left: ρ(t) = (B(t) − B_asocial) / "
        "(B_social − B_asocial), dimensionless. B_social: the mean over the last "
        f"{percent(series.LEVEL_SHARE)} of the socialization; B_asocial: {base}.",
        "Circles and t½: half-life, the world steps until ρ falls below 0.5 and stays there for "
        f"three points. {'; '.join(lines)} (world steps, and the mean of ρ over the record).",
        study.counts([kept.group for kept in found]),
        study.intervals(estimate="ρ of the interquartile means"),
        study.smoothing_text([kept.block for kept in found]),
        *study.warnings([kept.group for kept in found]),
    )


def _time(steps: float) -> str:
    return "not reached" if math.isinf(steps) else f"{steps:,.0f}"
