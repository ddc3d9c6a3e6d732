"""Hacking plot: internal against true return over training.

An internal reward is hacked when what the learner pays itself rises while what it was meant to
stand for falls: the path of the learner turns to the lower right.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from prosocial.analysis.figures import series
from prosocial.analysis.figures.drawing import draw_band, plain_steps
from prosocial.analysis.figures.errors import NotDrawnError
from prosocial.analysis.figures.groups import Group
from prosocial.analysis.figures.plates import Grid, Plate, legend, wrapped
from prosocial.analysis.figures.study import Study
from prosocial.analysis.statistics import Interval, bootstrap_interval

INTERNAL = "internal_return"
_ARROWS = (0.25, 0.6)  # shares of a path at which an arrow shows its direction
_LONGEST = 15  # points of a path; more are averaged, as noise would hide the direction


@dataclass(frozen=True)
class Path:
    """Internal and true return of a group while an internal reward was at work.

    Attributes:
        group: The group.
        steps: World steps, (P,).
        internal: Internal return per episode over seeds, (P,) each.
        true: True measure per episode.
        change: Change of both from the first to the last tenth of the record, with intervals.
        block: Width of the blocks in world steps.
    """

    group: Group
    steps: NDArray[np.float64]
    internal: series.Band
    true: series.Band
    change: tuple[Interval, Interval]
    block: float


def paths(study: Study) -> list[Path]:
    """Paths of the groups that have an internal reward.

    Raises:
        NotDrawnError: None has.
    """
    found = [
        path
        for group, lives in zip(study.groups, study.lives, strict=True)
        if (path := _path(study, group, lives)) is not None
    ]
    if not found:
        raise NotDrawnError("no run has earned an internal reward")
    return found


def hacking(study: Study) -> Plate:
    """Plans the hacking plot of a study.

    Raises:
        NotDrawnError: As `paths`.
    """
    found = paths(study)
    label, internal = study.label(), study.label(INTERNAL)

    def draw(canvas: Figure, axes: list[Axes], width: str) -> None:
        plane, over, under = axes
        for place, path in enumerate(found):
            _draw_path(plane, path)
            draw_band(over, path.steps, path.internal, path.group, place)
            draw_band(under, path.steps, path.true, path.group, place)
        plane.set_xlabel(internal)
        plane.set_ylabel(wrapped(f"true {label}"))
        over.set_ylabel(internal.replace(" / ", "\n/ "))
        under.set_ylabel(f"true {label}".replace(" / ", "\n/ "))
        for panel in (over, under):
            panel.set_xlabel("environment steps")
        if width == "single":
            over.tick_params(labelbottom=False)
            over.set_xlabel("")
        plain_steps((over, under))
        if under.dataLim.y0 >= 0.0:
            under.set_ylim(bottom=0.0)
            plane.set_ylim(0.0, 1.08 * plane.dataLim.y1)
        if len(found) > 1:
            legend(canvas, axes, 3 if width == "single" else 6)

    return Plate(
        "hacking",
        {"single": Grid(rows=3, height=5.4), "double": Grid(columns=3, height=2.5)},
        draw,
        (
            f"Reward hacking: {internal} against true {label}, over the phases in which an "
            "internal reward was at work. Paths run from the open circle to the filled one; a path "
            "to the lower right earns ever more internal reward with ever less of what it stands "
            "for. The other panels show both over environment steps.",
            f"Change from the first to the last tenth of the record: {_changes(found)}.",
            study.counts([path.group for path in found]),
            study.intervals() + " The paths are drawn without intervals.",
            study.smoothing_text([path.block for path in found])
            + f" Paths are averaged to at most {_LONGEST} points.",
            *study.warnings([path.group for path in found]),
        ),
    )


def _path(study: Study, group: Group, lives: tuple[pl.DataFrame, ...]) -> Path | None:
    parts = [_at_work(rows) for rows in lives]
    if not any(rows.height for rows in parts):
        return None
    both = [series.curves(group, name, parts, study.options.smoothing)
            for name in (INTERNAL, study.measure)]  # fmt: skip
    common = np.intersect1d(both[0].env_steps, both[1].env_steps)
    tables = [curve.values[:, np.isin(curve.env_steps, common)] for curve in both]
    tenth = max(1, len(common) // 10)
    seen = [t[np.isfinite(t[:, :tenth]).any(1) & np.isfinite(t[:, -tenth:]).any(1)] for t in tables]
    if not len(common) or not all(len(t) for t in seen):
        return None
    changes = [np.nanmean(t[:, -tenth:], axis=1) - np.nanmean(t[:, :tenth], axis=1) for t in seen]
    rng = np.random.default_rng(series.RESAMPLING_SEED)
    first, second = (bootstrap_interval(c, rng, confidence=series.CONFIDENCE) for c in changes)
    internal, true = map(series.band, tables)
    return Path(group, common, internal, true, (first, second), both[0].block)


def _at_work(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows of the phases in which some internal reward was paid."""
    if INTERNAL not in rows.columns:
        return rows.clear()
    paid = rows.filter(pl.col(INTERNAL).is_finite() & (pl.col(INTERNAL) != 0.0))
    return rows.filter(pl.col("phase_index").is_in(paid["phase_index"].unique().to_list()))


def _draw_path(panel: Axes, path: Path) -> None:
    x, y = (_averaged(band.middle) for band in (path.internal, path.true))
    look = path.group.look
    panel.plot(x, y, color=look.color, linestyle=look.line, label=path.group.label, linewidth=1.0)
    panel.plot(x[0], y[0], marker=look.marker, color=look.color, markerfacecolor="white",
               markersize=4.5, zorder=3)  # fmt: skip
    panel.plot(x[-1], y[-1], marker=look.marker, color=look.color, markersize=4.5, zorder=3)
    for share in _ARROWS:
        k = int(share * (len(x) - 1))
        if k + 1 < len(x):
            arrow = {"arrowstyle": "-|>", "color": look.color, "lw": 0.8, "mutation_scale": 7}
            ends = {"shrinkA": 0, "shrinkB": 0}
            panel.annotate("", (x[k + 1], y[k + 1]), (x[k], y[k]), arrowprops=arrow | ends)


def _averaged(values: NDArray[np.float64]) -> NDArray[np.float64]:
    size = -(-len(values) // _LONGEST)
    return np.array([values[k : k + size].mean() for k in range(0, len(values), size)])


def _changes(found: list[Path]) -> str:
    return "; ".join(
        f"{path.group.label}: internal {_interval(path.change[0])}, true "
        f"{_interval(path.change[1])}{_verdict(path.change)}"
        for path in found
    )


def _verdict(change: tuple[Interval, Interval]) -> str:
    """The hacking signature, if there are intervals, and those of both changes exclude zero."""
    internal, true = change
    signed = internal.count > 1 and true.count > 1 and internal.low > 0.0 and true.high < 0.0
    return " (the signature of hacking)" if signed else ""


def _interval(found: Interval) -> str:
    return f"{found.estimate:+.2f} [{found.low:+.2f}, {found.high:+.2f}]"
