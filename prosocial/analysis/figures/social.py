"""Social-outcome panels: how much a group earns, how evenly, for how long, and at what cost."""

from __future__ import annotations

import math
from dataclasses import dataclass

import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from prosocial.analysis.commons.episodes import govsim_outcomes, spatial_outcomes
from prosocial.analysis.figures import series
from prosocial.analysis.figures.drawing import draw_band, mark_switches, plain_steps
from prosocial.analysis.figures.errors import NotDrawnError
from prosocial.analysis.figures.groups import Group
from prosocial.analysis.figures.plates import Grid, Plate, legend, listed
from prosocial.analysis.figures.runs import Run
from prosocial.analysis.figures.study import Study

_NAMED = ("phase_index", "phase", "iteration", "world_index", "episode")
_SPATIAL = {
    "utility": ("efficiency", "reward / step"),
    "equality": ("equality", "1 − Gini"),
    "sustainability": ("sustainability", "step of reward"),
    "peace": ("peace", "active agents"),
}
_GOVSIM = {
    "efficiency": ("efficiency", "share of yield"),
    "equality": ("equality", "1 − Gini"),
    "months": ("sustainability", "months survived"),
    "over_usage": ("over-usage", "share of harvests"),
}
_FORMULAS = {
    "utility": "efficiency: sum of the returns over the length of the episode (reward per step)",
    "equality": "equality: 1 minus the Gini coefficient of the returns (undefined, and left out, "
    "where nobody earns anything)",
    "sustainability": "sustainability: mean step at which agents are rewarded (steps)",
    "peace": "peace: mean number of active agents, that is, of those not timed out (agents)",
    "efficiency": "efficiency: share of the sustainable yield that was taken",
    "months": "sustainability: months until the stock collapses, at most 12",
    "over_usage": "over-usage: share of the harvests above the sustainable share",
}


@dataclass(frozen=True)
class Outcome:
    """An outcome over the lives of a group: env_steps (P,) and values (S, P)."""

    group: Group
    curve: series.Curves


def outcomes(study: Study) -> Plate:
    """Plans the panels of a study.

    Raises:
        NotDrawnError: No run recorded what the outcomes need, or several kinds of worlds are mixed.
    """
    names, drawn = _recorded(study)
    groups = tuple(dict.fromkeys(one.group for found in drawn.values() for one in found))
    marks = series.switches(study.groups, study.lives)
    bands = {
        name: [(one.group, one.curve.env_steps, series.band(one.curve.values)) for one in found]
        for name, found in drawn.items()
    }

    def draw(canvas: Figure, axes: list[Axes], width: str) -> None:
        for panel, (name, lines) in zip(axes, bands.items(), strict=False):
            for place, (group, steps, one) in enumerate(lines):
                draw_band(panel, steps, one, group, place)
            title, unit = names[name]
            panel.set_title(title)
            panel.set_ylabel(unit)
            panel.set_ylim(bottom=min(0.0, panel.dataLim.y0), top=_top(name, panel))
            mark_switches(panel, marks, named=False)
        lowest = len(bands) - (2 if width == "single" else len(bands))
        for panel in axes[max(lowest, 0) : len(bands)]:
            panel.set_xlabel("environment steps")
        for panel in axes[len(bands) :]:
            panel.set_visible(False)
        plain_steps(axes[: len(bands)])
        legend(canvas, axes, 3 if width == "single" else 6)

    rows, columns = math.ceil(len(drawn) / 2), min(2, len(drawn))
    return Plate(
        "outcomes",
        {
            "single": Grid(rows, columns, 0.5 + 1.55 * rows),
            "double": Grid(1, len(drawn), 2.2),
        },
        draw,
        _caption(study, drawn, groups, marks),
    )


def _recorded(study: Study) -> tuple[dict[str, tuple[str, str]], dict[str, list[Outcome]]]:
    """Titles and units of the outcomes of this kind of world, and what was recorded of each."""
    tables = [[_table(run) for run in group.runs] for group in study.groups]
    kinds = {kind for group in tables for kind, _ in group if kind}
    if not kinds:
        raise NotDrawnError(
            "no run recorded social outcomes; episodes.parquet of a commons world has reward_steps "
            "and reward_time"
        )
    if len(kinds) > 1:
        raise NotDrawnError("runs of spatial commons and of GovSim's worlds have other outcomes")
    names = _SPATIAL if kinds == {"spatial"} else _GOVSIM
    drawn: dict[str, list[Outcome]] = {}
    for name in names:
        for group, rows in zip(study.groups, tables, strict=True):
            parts = [table for _, table in rows]
            if series.recorded(parts, name):
                curve = series.curves(group, name, parts, study.options.smoothing)
                drawn.setdefault(name, []).append(Outcome(group, curve))
    if not drawn:
        raise NotDrawnError("no episode of a commons has ended yet")
    return names, drawn


def _caption(
    study: Study,
    drawn: dict[str, list[Outcome]],
    groups: tuple[Group, ...],
    marks: dict[float, str],
) -> tuple[str, ...]:
    where = "; ".join(f"{name} at {steps:,.0f}" for steps, name in marks.items())
    switched = f" Dashed lines: phase switches ({where})." if marks else ""
    formulas = "; ".join(_FORMULAS[name] for name in drawn)
    without = [group.label for group in study.groups if group not in groups]
    blocks = [one.curve.block for found in drawn.values() for one in found]
    return (
        f"Social outcomes of episodes over environment steps. {formulas}.{switched}",
        *([f"Without recorded outcomes: {listed(without)}."] if without else []),
        study.counts(groups),
        study.intervals(),
        study.smoothing_text(blocks),
        *study.warnings(groups),
    )


def _table(run: Run) -> tuple[str, pl.DataFrame]:
    """Kind of the outcomes, and their means by iteration with the columns of the metrics."""
    episodes, metrics = run.table("episodes"), run.table("metrics")
    by = [name for name in _NAMED if name in episodes.columns]
    if {"obtained", "over"} <= set(episodes.columns):
        kind, measured = "govsim", govsim_outcomes(episodes, by)
    elif {"reward_steps", "reward_time"} <= set(episodes.columns):
        kind, measured = "spatial", spatial_outcomes(episodes, by)
    else:
        return "", metrics.clear()
    names = [n for n in (*_SPATIAL, *_GOVSIM) if n in measured.columns]
    means = measured.group_by("phase_index", "iteration").agg(
        *(pl.col(n).filter(pl.col(n).is_finite()).mean().alias(n) for n in dict.fromkeys(names))
    )
    kept = metrics.select("phase", "phase_index", "iteration", "env_steps", "phase_steps",
                          "episodes")  # fmt: skip
    return kind, kept.join(means, on=["phase_index", "iteration"], how="left").fill_null(math.nan)


def _top(name: str, panel: Axes) -> float:
    return 1.02 if name == "equality" else 1.08 * max(panel.dataLim.y1, 0.0) or 1.0
