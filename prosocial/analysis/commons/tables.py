"""Summary tables: social outcomes by condition, persistence, transfer."""

from __future__ import annotations

import numpy as np
import polars as pl

from prosocial.analysis.commons import measures
from prosocial.analysis.commons.checks import transfer_tests
from prosocial.analysis.commons.manifest import CONDITIONS, FORKS
from prosocial.analysis.commons.measures import BEHAVIOURS, OUTCOMES
from prosocial.analysis.commons.records import Experiment
from prosocial.analysis.statistics import bootstrap_interval

TRANSFER_MEASURES = (
    "focal_return",
    "total_return",
    "normalized",
    "equality",
    "sustainability",
    "stock_mean",
    "months",
    "over_usage",
)
"""Measures that are reported of each transfer test, where its world has them."""


def outcomes(experiment: Experiment) -> pl.DataFrame:
    """Social outcomes at the end of each condition.

    Args:
        experiment: The experiment's frames.

    Returns:
        One row per world, measure and condition: estimate (interquartile mean over seeds), low and
        high (95 % bootstrap interval) and seeds. Measures that no run of the world has are left
        out.
    """
    rng = np.random.default_rng(measures.RESAMPLING_SEED)
    rows = []
    for world in experiment.manifest.worlds:
        for measure in OUTCOMES.get(world, ()):
            for condition in CONDITIONS:
                found = measures.end_levels(experiment, world, condition, measure)
                rows += _row((world, measure, condition), found, rng)
    return _frame(rows, ("world", "measure", "condition"))


def persistence(experiment: Experiment) -> pl.DataFrame:
    """What is left of each socialized behaviour after the caregiver has gone.

    Args:
        experiment: The experiment's frames.

    Returns:
        One row per world, behaviour and condition with the socialized and the selfish level, and
        with their 95 % intervals: retention at the end of the phase, half-life in environment steps
        (infinite when it is not reached) and area (mean retention over the phase); seeds. All
        from interquartile means over seeds. Where socialization changed too little to measure
        retention, its columns are null.
    """
    rows = []
    for world in experiment.manifest.worlds:
        for measure in BEHAVIOURS.get(world, ()):
            social = measures.end_levels(experiment, world, "social", measure)
            selfish = measures.end_levels(experiment, world, "selfish", measure)
            if not social or not selfish:
                continue
            levels = {"socialized": _middle(social), "selfish": _middle(selfish)}
            for condition in FORKS:
                if not measures.end_levels(experiment, world, condition, measure):
                    continue
                place = {"world": world, "behaviour": measure, "condition": condition}
                kept = measures.retain(experiment, world, condition, measure)
                rows.append({**place, **levels, **_retention(kept)})
    return pl.DataFrame(rows, infer_schema_length=None)


def transfer(experiment: Experiment) -> pl.DataFrame:
    """Outcomes of the transfer tests.

    Args:
        experiment: The experiment's frames.

    Returns:
        One row per world, test, measure and condition: estimate (interquartile mean over seeds),
        low and high (95 % bootstrap interval) and seeds.
    """
    rng = np.random.default_rng(measures.RESAMPLING_SEED)
    rows = []
    for world in experiment.manifest.worlds:
        for test in transfer_tests(experiment, world):
            for measure in TRANSFER_MEASURES:
                for condition in CONDITIONS:
                    found = measures.transfer_levels(experiment, world, test, condition, measure)
                    rows += _row((world, test, measure, condition), found, rng)
    return _frame(rows, ("world", "test", "measure", "condition"))


def _row(
    place: tuple[str, ...], levels: dict[int, float], rng: np.random.Generator
) -> list[tuple[str | float | int, ...]]:
    """One row, or none without levels."""
    if not levels:
        return []
    found = bootstrap_interval(measures.values(levels), rng, confidence=measures.CONFIDENCE)
    return [(*place, found.estimate, found.low, found.high, found.count)]


def _frame(rows: list[tuple], place: tuple[str, ...]) -> pl.DataFrame:
    numbers = {"estimate": pl.Float64, "low": pl.Float64, "high": pl.Float64, "seeds": pl.Int64}
    return pl.DataFrame(rows, schema={n: pl.String for n in place} | numbers, orient="row")


def _retention(kept: measures.Retention | None) -> dict[str, float | int | None]:
    columns: dict[str, float | int | None] = {}
    for name in ("retention", "half_life_steps", "area"):
        for end in ("", "_low", "_high"):
            columns[name + end] = None
    columns["seeds"] = None
    if kept is not None:
        ends = {"retention": kept.end, "half_life_steps": kept.half_life, "area": kept.area}
        for name, (value, low, high) in ends.items():
            columns |= {name: value, f"{name}_low": low, f"{name}_high": high}
        columns["seeds"] = kept.seeds
    return columns


def _middle(levels: dict[int, float]) -> float:
    return float(measures.interquartile_mean(measures.values(levels)))
