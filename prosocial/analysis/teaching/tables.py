"""Summary tables of the teaching experiment: lives, fits of values, lives on layout x."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import polars as pl

from prosocial.analysis.commons.texts import number
from prosocial.analysis.experiments.pages import table_text
from prosocial.analysis.teaching import measures
from prosocial.analysis.teaching.manifest import CAREGIVERS, HACKERS, LEARNERS
from prosocial.analysis.teaching.measures import AUTONOMY, SOCIALIZATION, Levels
from prosocial.analysis.teaching.records import Experiment

FEEDBACKS = ("clean", "noisy")
"""Kinds of feedback of the fits."""

LABELS = {
    "spent": "social reward spent",
    "feedbacks": "feedbacks",
    "praised_share": "goals praised",
    "steps_to_learn": "steps to learn",
    "goals_socialized": "goals, socialized",
    "goals_autonomous": "goals, alone",
    "retention": "retention",
    "held_out_return": "held-out return",
    "false_positives": "false positives",
    "false_negatives": "false negatives",
    "leaked_share": "leaked share",
    "balanced_mse": "balanced error",
    "false_positive_rate": "false positive rate",
    "false_negative_rate": "false negative rate",
    "goals_first": "goals, first block",
    "goals": "goals, last block",
    "internal_return": "internal return",
    "unearned": "of it without goals",
    "true_return_x": "true return",
}
"""Headings of the measures."""

LIFE_MEASURES: Mapping[str, Callable[[Experiment, str, str], Levels]] = {
    "spent": measures.spent,
    "feedbacks": measures.feedbacks,
    "praised_share": measures.praised_share,
    "steps_to_learn": measures.steps_to_learn,
    "goals_socialized": lambda e, c, n: measures.end_levels(e, c, n, SOCIALIZATION),
    "goals_autonomous": lambda e, c, n: measures.end_levels(e, c, n, AUTONOMY),
    "retention": measures.retention,
    "held_out_return": measures.held_out,
    "false_positives": lambda e, c, n: measures.audited(e, c, n, "false_positives"),
    "false_negatives": lambda e, c, n: measures.audited(e, c, n, "false_negatives"),
    "leaked_share": lambda e, c, n: measures.audited(e, c, n, "leaked_share"),
}
"""Measures of the lives; the audits add up five layouts."""

FIT_MEASURES = ("balanced_mse", "false_positive_rate", "false_negative_rate", "leaked_share")
"""Measures of the fits."""


def lives(experiment: Experiment) -> pl.DataFrame:
    """Every measure of every life: caregiver, learner, measure, estimate, low, high and seeds."""
    rows = []
    for caregiver in CAREGIVERS:
        for learner in LEARNERS:
            for name, measure in LIFE_MEASURES.items():
                labels = {"caregiver": caregiver, "learner": learner, "measure": name}
                rows += _row(labels, measure(experiment, caregiver, learner))
    return pl.DataFrame(rows, infer_schema_length=None)


def fits(experiment: Experiment) -> pl.DataFrame:
    """Measures of the fits: learner, feedback, feedbacks, measure, estimate, low, high, seeds."""
    rows = []
    for learner in HACKERS:
        for feedback in FEEDBACKS:
            for name in FIT_MEASURES:
                found = measures.fitted(experiment, learner, feedback, name)
                for count, levels in found.items():
                    place = {"learner": learner, "feedback": feedback, "feedbacks": count}
                    rows += _row({**place, "measure": name}, levels)
    return pl.DataFrame(rows, infer_schema_length=None)


def hacking(experiment: Experiment) -> pl.DataFrame:
    """Lives on layout x with an internal reward of little experience, rows as in `lives`."""
    rows = []
    for learner in HACKERS:
        place = ("hacking", learner)
        blocks = measures.blocks(experiment, *place, "goals_per_episode")
        found: dict[str, Levels] = {
            "goals_first": {k: float(row[0]) for k, row in enumerate(blocks) if row.size},
            "goals": measures.end_levels(experiment, *place, AUTONOMY),
            "internal_return": measures.end_levels(experiment, *place, AUTONOMY, "internal_return"),
            "unearned": measures.unearned(experiment, *place),
            "true_return_x": measures.evaluated(experiment, *place, ("x",)),
            "false_positives": measures.audited(experiment, *place, "false_positives"),
            "false_negatives": measures.audited(experiment, *place, "false_negatives"),
        }
        for name, levels in found.items():
            rows += _row({"learner": learner, "measure": name}, levels)
    return pl.DataFrame(rows, infer_schema_length=None)


def lives_text(frame: pl.DataFrame) -> str:
    """The lives as Markdown, one row a condition."""
    return _text(frame, ("caregiver", "learner"))


def hacking_text(frame: pl.DataFrame) -> str:
    """The lives on layout x as Markdown, one row a learner."""
    return _text(frame, ("learner",))


def fits_text(frame: pl.DataFrame, measure: str = "balanced_mse") -> str:
    """One measure of the fits as Markdown: one row per learner and feedback, columns by amount."""
    if frame.is_empty():
        return ""
    part = frame.filter(pl.col("measure") == measure)
    counts = sorted(part["feedbacks"].unique())
    rows = []
    for (learner, feedback), group in part.group_by("learner", "feedback", maintain_order=True):
        cells = dict(group.select("feedbacks", "estimate").iter_rows())
        shown = (number(cells.get(count)) for count in counts)
        rows.append((str(learner), str(feedback), *shown))
    return table_text(("learner", "feedback", *map(str, counts)), rows)


def _text(frame: pl.DataFrame, by: tuple[str, ...]) -> str:
    if frame.is_empty():
        return ""
    shown = frame["measure"].unique(maintain_order=True).to_list()
    rows = []
    for key, group in frame.group_by(by, maintain_order=True):
        cells = {row["measure"]: row for row in group.iter_rows(named=True)}
        rows.append((*map(str, key), *(_cell(cells.get(name)) for name in shown)))
    return table_text((*by, *(LABELS[name] for name in shown)), rows)


def _row(labels: Mapping[str, Any], levels: Levels) -> Iterable[dict[str, Any]]:
    """One row; none without seeds. Where a seed never got there, the estimate is infinite."""
    if not levels:
        return []
    found = measures.interval(levels)
    ends = (math.inf, math.inf, math.inf)
    if found is not None:
        ends = (found.estimate, found.low, found.high)
    names = ("estimate", "low", "high")
    return [{**labels, **dict(zip(names, ends, strict=True)), "seeds": len(levels)}]


def _cell(row: Mapping[str, Any] | None) -> str:
    if row is None:
        return ""
    if row["low"] == row["high"]:  # one seed has no interval
        return number(row["estimate"])
    return f"{number(row['estimate'])} [{number(row['low'])}, {number(row['high'])}]"
