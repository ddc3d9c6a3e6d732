"""Tables of the report as padded Markdown, for the page and the terminal."""

from __future__ import annotations

import math
from collections.abc import Sequence

import polars as pl

from prosocial.analysis.commons.lines import LOOKS
from prosocial.analysis.commons.manifest import CONDITIONS
from prosocial.analysis.commons.measures import LABELS
from prosocial.analysis.commons.panels import ordered
from prosocial.analysis.experiments.pages import table_text

SHOWN_TRANSFERS = ("focal_return", "equality", "stock_mean", "months")
"""Measures of the transfer tests that the page shows; the CSV file has all."""


def outcomes_text(frame: pl.DataFrame, world: str) -> str:
    """Social outcomes of one world, one column per condition.

    Args:
        frame: Result of `tables.outcomes`.
        world: Which world.

    Returns:
        Markdown; estimates with their 95 % intervals.
    """
    part = frame.filter(pl.col("world") == world)
    rows = [
        ((LABELS[measure],), part.filter(pl.col("measure") == measure))
        for measure in part["measure"].unique(maintain_order=True)
    ]
    return _by_condition(("measure",), rows, part)


def transfer_text(frame: pl.DataFrame, world: str) -> str:
    """Transfer tests of one world, one column per condition.

    Args:
        frame: Result of `tables.transfer`.
        world: Which world.

    Returns:
        Markdown; estimates with their 95 % intervals.
    """
    part = frame.filter((pl.col("world") == world) & pl.col("measure").is_in(SHOWN_TRANSFERS))
    rows = [
        ((LABELS[measure], test), found)
        for measure in part["measure"].unique(maintain_order=True)
        for test in ordered(part["test"].unique().to_list())
        if len(found := part.filter(pl.col("measure") == measure, pl.col("test") == test))
    ]
    return _by_condition(("measure", "test"), rows, part)


def persistence_text(frame: pl.DataFrame, world: str) -> str:
    """Retention of one world's behaviours, one row per behaviour and condition.

    Args:
        frame: Result of `tables.persistence`.
        world: Which world.

    Returns:
        Markdown; estimates with their 95 % intervals.
    """
    rows = []
    for row in frame.filter(pl.col("world") == world).iter_rows(named=True):
        kept = [
            _interval(row[name], row[f"{name}_low"], row[f"{name}_high"])
            for name in ("retention", "half_life_steps", "area")
        ]
        levels = (number(row["socialized"]), number(row["selfish"]))
        label = LABELS[row["behaviour"]]
        rows.append((label, LOOKS[row["condition"]].label, *levels, *kept))
    head = ("behaviour", "condition", "socialized", "selfish", "retention at the end",
            "half-life (steps)", "mean retention")  # fmt: skip
    return table_text(head, rows)


def number(value: float | None) -> str:
    """Three significant digits: empty if missing, "not reached" for an infinite time."""
    if value is None or math.isnan(value):
        return ""
    if math.isinf(value):
        return "not reached"
    return f"{value:,.0f}" if abs(value) >= 100.0 else f"{value:.3g}"


def _by_condition(
    head: tuple[str, ...], rows: Sequence[tuple[tuple[str, ...], pl.DataFrame]], part: pl.DataFrame
) -> str:
    shown = [condition for condition in CONDITIONS if condition in part["condition"].to_list()]
    lines = []
    for place, found in rows:
        cells = {
            row["condition"]: _interval(row["estimate"], row["low"], row["high"])
            for row in found.iter_rows(named=True)
        }
        lines.append((*place, *(cells.get(condition, "") for condition in shown)))
    return table_text((*head, *(LOOKS[condition].label for condition in shown)), lines)


def _interval(value: float | None, low: float | None, high: float | None) -> str:
    if value is None or low == high:  # one seed has no interval
        return number(value)
    return f"{number(value)} [{number(low)}, {number(high)}]"
