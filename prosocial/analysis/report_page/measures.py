"""What runs measured, as tables over seeds: by phase, in evaluations, outcomes, audits."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
import polars as pl

from prosocial.analysis.commons.episodes import govsim_outcomes, spatial_outcomes
from prosocial.analysis.report_page.configuration import Group
from prosocial.analysis.report_page.elements import (
    Html,
    Table,
    element,
    estimates,
    frame_table,
    join,
    whole,
)
from prosocial.analysis.report_page.records import Run, read_table
from prosocial.analysis.statistics import Interval, bootstrap_interval

LEVEL_SHARE = 0.2
"""Share of a phase, at its end, over which its final measurements are averaged."""

CONFIDENCE = 0.95
"""Coverage of the intervals."""

RESAMPLING_SEED = 0
"""Seed of every bootstrap: the same runs always give the same page."""

MOST_ROWS = 60
"""Rows of a table that is shown as it was recorded."""

Level = dict[str, float]
"""Measurements of one run at one place, by name."""

Levels = Callable[[Run], Mapping[tuple[str, ...], Level]]
"""Measurements of a run by place, such as phase, or phase and world."""


def _symbol(name: str, letter: str, index: str) -> Html:
    """A heading such as ``social R`` with its index below the line."""
    return join((f"{name} ", element("var", letter, element("sub", index) if index else "")))


_CHANNELS: dict[str, str] = {
    "env_return": _symbol("environment", "R", "e"),
    "social_return": _symbol("social", "R", "s"),
    "internal_return": _symbol("internal", "R", "i"),
    "utility_return": _symbol("utility", "U", ""),
}
_RETURNS = {
    "goals_per_episode": "goals",
    **_CHANNELS,
    "stock_mean": "stock, mean",
    "stock_final": "stock, final",
}
_AUDIT = {
    "isr_false_positives": "false positives",
    "isr_false_negatives": "false negatives",
    "isr_false_positive_reward": "reward of false positives",
}
_EVALUATION = {
    "goals": "goals",
    "return": "return",
    "env_return": _CHANNELS["env_return"],
    "social_return": _CHANNELS["social_return"],
    "length": "length",
}
_OUTCOMES = {
    "per_capita_return": "return per agent",
    "utility": _CHANNELS["utility_return"],
    "equality": "equality",
    "sustainability": "sustainability",
    "peace": "peace",
    "months": "months survived",
    "survived": "survival rate",
    "gain": "gain",
    "efficiency": "efficiency",
    "over_usage": "over-usage",
    "stock_final": "stock, final",
}
_UNSHOWN = ("scenario", "world_index", "episode", "agent", "partner", "focal", "length")


def tables(groups: Sequence[Group]) -> list[Table]:
    """All tables that the runs have data for; those without rows are left out.

    Args:
        groups: The runs by condition.

    Raises:
        ConfigError: A table of a run is damaged.
    """
    share = f"the last {LEVEL_SHARE:.0%} of each phase"
    found = [
        _table(groups, "Final measurements by phase", f"Per episode, over {share}.",
               ("phase",), _RETURNS, final_levels),
        _table(groups, "Evaluations", "Means per episode in the last evaluation of each phase.",
               ("phase", "world"), _EVALUATION, evaluation_levels),
        _table(groups, "Outcomes of the group", f"Per episode, over {share}; formulas in "
               "prosocial.analysis.outcomes.", ("phase",), _OUTCOMES, outcome_levels),
        _table(groups, "Held-out scenarios", "Per agent and episode.", ("scenario", "agents"),
               None, scenario_levels),
        _table(groups, "Internalization audit", f"Wrong internal reward per episode over {share}: "
               "paid where the caregiver would not (false positives) and not paid where it would "
               "(false negatives).", ("phase",), _AUDIT, audit_levels),
        _table(groups, "Events by phase", f"Number per episode over {share}.",
               ("phase",), None, event_levels),
    ]  # fmt: skip
    return [table for table in found if table.rows] + _recorded_audits(groups)


def final_levels(run: Run) -> dict[tuple[str, ...], Level]:
    """Returns per episode at the end of each phase, by phase."""
    return _phase_levels(run, list(_RETURNS))


def event_levels(run: Run) -> dict[tuple[str, ...], Level]:
    """Number of events per episode at the end of each phase, by phase."""
    prefix, suffix = "event_", "_per_episode"
    names = [name for name in run.table("metrics").columns if name.startswith(prefix)]
    found = _phase_levels(run, names)
    return {
        place: {n.removeprefix(prefix).removesuffix(suffix): v for n, v in level.items()}
        for place, level in found.items()
    }


def audit_levels(run: Run) -> dict[tuple[str, ...], Level]:
    """Wrong internal reward per episode at the end of each phase in which it was paid, by phase."""
    metrics, levels = run.table("metrics"), {}
    if not set(_AUDIT) <= set(metrics.columns):
        return {}
    for phase, rows in _endings(metrics):
        episodes = float(rows["episodes"].sum())
        paid = (rows["internal_return"].fill_nan(None).drop_nulls() != 0.0).any()
        if episodes and paid:
            levels[(phase,)] = {name: float(rows[name].sum()) / episodes for name in _AUDIT}
    return levels


def evaluation_levels(run: Run) -> dict[tuple[str, ...], Level]:
    """Means over the episodes of the last evaluation of each phase, by phase and world."""
    frame, levels = run.table("evaluations"), {}
    if frame.is_empty():
        return {}
    last = frame.filter(
        pl.col("env_steps") == pl.col("env_steps").max().over("phase_index", "world")
    )
    for (_, phase, world), rows in last.group_by(
        "phase_index", "phase", "world", maintain_order=True
    ):
        levels[str(phase), str(world)] = _means(rows, _EVALUATION)
    return levels


def outcome_levels(run: Run) -> dict[tuple[str, ...], Level]:
    """Social outcomes per episode at the end of each phase, by phase; of two agents and more."""
    frame = run.table("episodes")
    if frame.is_empty() or frame["agent"].max() == 0:
        return {}
    measure = spatial_outcomes if "reward_steps" in frame.columns else None
    measure = govsim_outcomes if {"obtained", "over"} <= set(frame.columns) else measure
    if measure is None:
        return {}
    latest = pl.col("iteration").max().over("phase_index")
    first = pl.col("iteration").min().over("phase_index")
    ending = frame.filter(pl.col("iteration") >= latest - LEVEL_SHARE * (latest - first))
    names = ("phase_index", "phase", "iteration", "world_index", "episode")
    levels = {}
    rows = measure(ending, by=names)
    for (_, phase), part in rows.group_by("phase_index", "phase", maintain_order=True):
        levels[(str(phase),)] = _means(part, _OUTCOMES)
    return levels


def scenario_levels(run: Run) -> dict[tuple[str, ...], Level]:
    """Returns and events per agent and episode in each scenario, of focal and other agents."""
    levels = {}
    for path in sorted(run.path.glob("scenarios/*.parquet")):
        frame = read_table(path)
        names = [n for n, kind in frame.schema.items() if kind.is_numeric() and n not in _UNSHOWN]
        for focal, who in ((True, "focal"), (False, "background")):
            rows = frame.filter(pl.col("focal") == focal)
            if not rows.is_empty():
                levels[path.stem, who] = _means(rows, names)
    return levels


def _phase_levels(run: Run, names: Iterable[str]) -> dict[tuple[str, ...], Level]:
    metrics = run.table("metrics")
    present = [name for name in names if name in metrics.columns]
    return {(phase,): _weighted(rows, present) for phase, rows in _endings(metrics)}


def _endings(metrics: pl.DataFrame) -> list[tuple[str, pl.DataFrame]]:
    """The rows at the end of each phase in which episodes ended.

    Where episodes are so long that none ended in the last part, the last row with any is taken.
    """
    if metrics.is_empty():
        return []
    whole_phase = pl.col("phase_steps").max().over("phase_index")
    rows = metrics.with_columns((pl.col("phase_steps") / whole_phase).alias("share"))
    rows = rows.filter(pl.col("episodes") > 0)
    latest = pl.col("share").max().over("phase_index")
    ending = rows.filter(pl.col("share") >= pl.min_horizontal(pl.lit(1.0 - LEVEL_SHARE), latest))
    return [
        (str(phase), part)
        for (_, phase), part in ending.group_by("phase_index", "phase", maintain_order=True)
    ]


def _weighted(rows: pl.DataFrame, names: Iterable[str]) -> Level:
    """Means over episodes; what no row has is left out."""
    level = {}
    for name in names:
        known = rows.filter(pl.col(name).is_not_null() & pl.col(name).is_not_nan())
        if not known.is_empty():
            level[name] = float(np.average(known[name], weights=known["episodes"]))
    return level


def _means(rows: pl.DataFrame, names: Iterable[str]) -> Level:
    """Means over rows; what no row has is left out."""
    means = {n: rows[n].fill_nan(None).mean() if rows.schema[n].is_float() else rows[n].mean()
             for n in names if n in rows.columns}  # fmt: skip
    return {name: float(value) for name, value in means.items() if isinstance(value, int | float)}


def _table(
    groups: Sequence[Group],
    caption: str,
    note: str,
    place: tuple[str, ...],
    titles: Mapping[str, str] | None,
    levels: Levels,
) -> Table:
    """A table with one row per group and place and one column per measure that is not all zero."""
    rows: list[tuple[str, tuple[str, ...], list[Level]]] = []
    for group in groups:
        found: dict[tuple[str, ...], list[Level]] = {}
        for run in group.runs:
            for at, level in levels(run).items():
                found.setdefault(at, []).append(level)
        rows += [(group.label, at, measured) for at, measured in found.items()]
    names = dict.fromkeys(name for _, _, measured in rows for level in measured for name in level)
    columns, heads = [], []
    for name in titles if titles is not None else names:
        intervals = [_interval([lv[name] for lv in m if name in lv]) for _, _, m in rows]
        if any(found is not None and (found.estimate or found.high) for found in intervals):
            columns.append(estimates(intervals))
            heads.append(titles[name] if titles is not None else name.replace("_", " "))
    if not columns:
        return Table(caption, note, (), ())
    counts = [whole(len(measured)) for _, _, measured in rows]
    named = len(groups) > 1
    starts = [(label, *at) if named else at for label, at, _ in rows]
    return Table(
        caption,
        f"{note} {_statistics([len(measured) for _, _, measured in rows])}",
        (*(("condition",) if named else ()), *place, "runs", *heads),
        tuple(
            (*start, count, *cells)
            for start, count, *cells in zip(starts, counts, *columns, strict=True)
        ),
        headings=len(place) + named,
    )


def _statistics(counts: Sequence[int]) -> str:
    if max(counts) == 1:
        return "One run each: there is no interval over seeds."
    return (
        f"Interquartile mean over runs with its {CONFIDENCE:.0%} bootstrap interval, "
        "the seed being the unit."
    )


def _interval(scores: Sequence[float]) -> Interval | None:
    finite = [score for score in scores if math.isfinite(score)]
    if not finite:
        return None
    rng = np.random.default_rng(RESAMPLING_SEED)
    return bootstrap_interval(finite, rng, confidence=CONFIDENCE)


def _recorded_audits(groups: Sequence[Group]) -> list[Table]:
    """The tables ``audits.parquet`` of runs that hold one, as they are."""
    return [
        frame_table(frame, f"Audit of {run.label}", "As recorded.", MOST_ROWS)
        for group in groups
        for run in group.runs
        if not (frame := run.table("audits")).is_empty()
    ]
