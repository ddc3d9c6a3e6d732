"""Summary tables: ours beside published, persistence, generalization, audits of the ISR."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import polars as pl

from prosocial.analysis.generalization import generalization_ratio, transfer_gap
from prosocial.analysis.persistence import area_after_withdrawal, half_life, retention
from prosocial.analysis.statistics import (
    bootstrap_interval,
    probability_of_improvement,
    t_test,
)
from prosocial.analysis.value_internalization import measures, published
from prosocial.analysis.value_internalization.bars import CONDITIONS
from prosocial.analysis.value_internalization.records import Experiment

RESAMPLING_SEED = 0
"""Seed of the bootstrap: the same runs always give the same table."""

ASOCIAL_GOALS = 0.0
"""Goals of a learner that never had a caregiver: the best policy without social reward never moves
(acceptance check 8), and an idle learner helps nobody (check 7a)."""

PERSISTENCE_BLOCK = 4096
"""Resolution of retention curves in environment steps: two iterations of the paper's length."""

_TOP = "published: highest point of the oracle's curve"

MINIMUM_GAP = 0.05
"""Smallest Oracle - Frozen, in return, for which a generalization ratio is given: twice the
standard error of a published condition (about 0.025), so that it is not a quotient of noise."""


def comparison(experiment: Experiment) -> pl.DataFrame:
    """Our numbers beside the published ones.

    Args:
        experiment: The experiment's frames.

    Returns:
        Columns figure, quantity, ours (mean over seeds), low and high (its 95 % bootstrap
        interval), seeds, published, difference (ours - published) and note. Published is null where
        the paper gives no number; the note then says what it shows.
    """
    rng = np.random.default_rng(RESAMPLING_SEED)
    rows = [
        *_goal_rows(experiment, rng),
        *_error_rows(experiment, rng),
        *_return_rows(experiment, rng),
    ]
    schema = {
        "figure": pl.String, "quantity": pl.String, "ours": pl.Float64, "low": pl.Float64,
        "high": pl.Float64, "seeds": pl.Int64, "published": pl.Float64, "difference": pl.Float64,
        "note": pl.String,
    }  # fmt: skip
    return pl.DataFrame(rows, schema=schema, orient="row")


def persistence(experiment: Experiment) -> pl.DataFrame:
    """Retention of the socialized behaviour after the caregiver has gone.

    Args:
        experiment: The experiment's frames.

    Returns:
        One row per setting and condition: retention at the end of the phase (interquartile mean
        over seeds with its 95 % bootstrap interval), median half-life in environment steps
        (infinite when half of the seeds never lose half of the behaviour), mean retention over the
        phase (area after withdrawal, interquartile mean) and seeds.
    """
    rng = np.random.default_rng(RESAMPLING_SEED)
    rows = []
    for setting in ("train3", "helping"):
        social = _levels(experiment, setting, "social")
        for condition in ("none", "isr", "oracle", "frozen"):
            metrics = measures.select(
                experiment, experiment.metrics, settings=(setting,), conditions=(condition,)
            )
            curves = measures.blocks(metrics, "goals_per_episode", PERSISTENCE_BLOCK)
            ends = measures.end_levels(metrics, "goals_per_episode")
            seeds = sorted(ends.keys() & curves.keys() & {s for s in social if social[s] > 0.0})
            if not seeds:
                continue
            left = [float(retention(ends[s], social[s], ASOCIAL_GOALS)) for s in seeds]
            lives, areas = [], []
            for seed in seeds:
                retained = retention(curves[seed], social[seed], ASOCIAL_GOALS)
                times = (np.arange(retained.size) + 0.5) * PERSISTENCE_BLOCK
                lives.append(half_life(times, retained))
                areas.append(area_after_withdrawal(times, retained))
            end = bootstrap_interval(left, rng)
            area = bootstrap_interval(areas, rng)
            rows.append({
                "setting": setting, "condition": condition, "retention": end.estimate,
                "low": end.low, "high": end.high, "half_life_steps": float(np.median(lives)),
                "area": area.estimate, "seeds": len(seeds),
            })  # fmt: skip
    return pl.DataFrame(rows)


def generalization(experiment: Experiment) -> pl.DataFrame:
    """Value transfer against policy transfer in the held-out worlds of figures 4b and 5.

    Args:
        experiment: The experiment's frames.

    Returns:
        One row per world: mean true return of frozen, isr and oracle, the gap ISR - Frozen, the
        generalization ratio (NaN where the frozen policy already transfers), Welch's p of ISR
        against Frozen, the probability that an ISR seed beats a Frozen seed, and seeds.
    """
    rows = []
    for figure, world in (("4b", "ood5"), *(("5", layout) for layout in published.LAYOUTS)):
        scores = {
            name: measures.values(_scores(experiment, figure, world, name)) for name in CONDITIONS
        }
        if not all(values.size for values in scores.values()):
            continue
        means = {name: float(values.mean()) for name, values in scores.items()}
        ratio = generalization_ratio(means["isr"], means["frozen"], means["oracle"], MINIMUM_GAP)
        better = probability_of_improvement(scores["isr"], scores["frozen"])
        rows.append({
            "world": world,
            **means,
            "isr_minus_frozen": transfer_gap(means["isr"], means["frozen"]),
            "ratio": ratio,
            "p_value": t_test(scores["isr"], scores["frozen"]).p_value,
            "probability_of_improvement": better,
            "seeds": min(values.size for values in scores.values()),
        })  # fmt: skip
    return pl.DataFrame(rows)


def audits(experiment: Experiment) -> pl.DataFrame:
    """What the fitted internal rewards get wrong on every state and action of the layouts.

    Args:
        experiment: The experiment's frames.

    Returns:
        One row per training grid, amount of socialization and layout: mean false positives and
        false negatives over seeds, the largest prediction on an unrewarded pair of any seed, seeds.
    """
    if experiment.audits.is_empty():
        return pl.DataFrame()
    return (
        experiment.audits.group_by("setting", "steps", "layout")
        .agg(
            pl.col("false_positives").mean(),
            pl.col("false_negatives").mean(),
            pl.col("largest_unapproved").max(),
            pl.len().alias("seeds"),
        )
        .sort("setting", "steps", "layout")
    )


def _goal_rows(experiment: Experiment, rng: np.random.Generator) -> list[tuple]:
    top = f"{published.HELPING_GOALS[0]} to {published.HELPING_GOALS[1]} at the top of the axis"
    wanted = (
        ("4a", "train3", "social", "socialized", published.SOCIALIZED_GOALS, _TOP),
        ("4a", "train3", "none", "None at the end", None, "falls toward 0"),
        ("4a", "train3", "isr", "ISR at the end", None, "kept, goes on improving"),
        ("4a", "train3", "oracle", "oracle at the end", published.SOCIALIZED_GOALS, _TOP),
        ("4a", "train3", "frozen", "frozen (no learning) at the end", None, "not in the paper"),
        ("7", "helping", "social", "socialized", None, top),
        ("7", "helping", "none", "None at the end", None, "quickly unlearned"),
        ("7", "helping", "isr", "ISR at the end", None, "maintained"),
        ("7", "helping", "oracle", "oracle at the end", None, "not drawn"),
    )
    rows = []
    for figure, setting, condition, label, known, note in wanted:
        unit = "goals / episode" if setting == "train3" else "caregiver goals / episode"
        levels = _levels(experiment, setting, condition)
        rows += _row(figure, f"{label}, {unit}", levels, known, note, rng)
    return rows


def _error_rows(experiment: Experiment, rng: np.random.Generator) -> list[tuple]:
    fits = measures.select(experiment, experiment.fits, figure="3b")
    known = {row.steps: row.mean for row in published.ERRORS_3B}
    rows = []
    steps = sorted(fits["steps"].unique().to_list()) if not fits.is_empty() else []
    for size in steps:
        part = fits.filter(pl.col("steps") == size)
        errors = dict(part.select("seed", "holdout_mse").iter_rows())
        label = f"ISR error (MSE), {size / 1000:g}k steps"
        rows += _row("3b", label, errors, known.get(size), "published test is contaminated", rng)
    return rows


def _return_rows(experiment: Experiment, rng: np.random.Generator) -> list[tuple]:
    rows = []
    for condition in CONDITIONS:
        scores = _scores(experiment, "4b", "ood5", condition)
        known = published.RETURNS_4B[condition].mean
        rows += _row("4b", f"{condition}, return on 5 walls", scores, known, "", rng)
    for condition in CONDITIONS:
        scores = _scores(experiment, "4b", "ood5", condition, "goals")
        known = published.GOALS_4B[condition].mean
        rows += _row("4b", f"{condition}, goals / episode on 5 walls", scores, known, "", rng)
    for layout in published.LAYOUTS:
        for condition in CONDITIONS:
            scores = _scores(experiment, "5", layout, condition)
            known = published.RETURNS_5[layout][condition].mean
            label = f"{condition}, return on {published.LAYOUT_LABELS[layout]}"
            rows += _row("5", label, scores, known, "", rng)
    return rows


def _row(
    figure: str,
    quantity: str,
    scores: dict[int, float],
    known: float | None,
    note: str,
    rng: np.random.Generator,
) -> list[tuple[Any, ...]]:
    """One row of the comparison, or none without scores."""
    if not scores:
        return []
    mean = bootstrap_interval(measures.values(scores), rng, np.mean)
    difference = None if known is None else mean.estimate - known
    low, high = (mean.low, mean.high) if mean.count > 1 else (math.nan, math.nan)
    return [(figure, quantity, mean.estimate, low, high, mean.count, known, difference, note)]


def _levels(experiment: Experiment, setting: str, condition: str) -> dict[int, float]:
    rows = measures.select(
        experiment, experiment.metrics, settings=(setting,), conditions=(condition,)
    )
    return measures.end_levels(rows, "goals_per_episode")


def _scores(
    experiment: Experiment, figure: str, world: str, condition: str, column: str = "return"
) -> dict[int, float]:
    rows = measures.select(
        experiment, experiment.evaluations, figure=figure, conditions=(condition,)
    )
    return measures.evaluation_scores(rows, world, column)
