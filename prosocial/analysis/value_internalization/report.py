"""Draws the figures and writes the tables and the page of an experiment, from its tables alone."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from prosocial.analysis.experiments.pages import (
    Report,
    budget_text,
    bullets,
    opening,
    report_folder,
    reservations,
    table_text,
    verdict_section,
    write_all,
)
from prosocial.analysis.experiments.verdicts import Check
from prosocial.analysis.value_internalization import bars, curves, tables
from prosocial.analysis.value_internalization.checks import CHECKS, run_checks
from prosocial.analysis.value_internalization.records import EXPERIMENT, Experiment, read_experiment

FIGURES: Mapping[str, Callable[[Experiment, Path], list[Path]]] = {
    "1b": curves.figure_1b,
    "3a": bars.figure_3a,
    "3b": bars.figure_3b,
    "4a": curves.figure_4a,
    "4b": bars.figure_4b,
    "5": bars.figure_5,
    "6": curves.figure_6,
    "7": curves.figure_7,
}
"""Drawing function of each figure of the paper, in the paper's order."""

TITLES = {
    "1b": "The socialized behaviour is unlearned when social reward stops",
    "3a": "Fitting the internal social reward (ISR)",
    "3b": "Error of the ISR against the amount of socialization",
    "4a": "The ISR prevents unlearning",
    "4b": "Generalization to more walls",
    "5": "Generalization to hand-made layouts",
    "6": "Reward hacking on an ISR of little socialization",
    "7": "Helping another agent",
}
"""What each figure shows."""


def write_report(experiment_folder: Path, output: Path | None = None) -> Report:
    """Writes figures, tables (CSV, JSON) and the page of an experiment.

    Args:
        experiment_folder: Folder with ``experiment.json``; only its tables are read.
        output: Where to write; None is ``report`` inside of the experiment's folder.

    Returns:
        What was written.

    Raises:
        ConfigError: If the folder holds no experiment, or another one, or it cannot be read.
    """
    experiment = read_experiment(experiment_folder)
    folder = report_folder(experiment_folder, output)
    wanted = [name for name in FIGURES if name in experiment.manifest.figures]
    figures = {name: FIGURES[name](experiment, folder) for name in wanted}
    checks = run_checks(experiment)
    frames = {
        "comparison": tables.comparison(experiment),
        "persistence": tables.persistence(experiment),
        "generalization": tables.generalization(experiment),
        "audits": tables.audits(experiment),
    }
    ours = frames["comparison"]
    shown = f"Ours and published (means over seeds):\n\n{comparison_text(ours)}"
    return write_all(
        folder,
        experiment,
        figures=figures.values(),
        frames=frames,
        text="" if ours.is_empty() else shown,
        checks=checks,
        page=_page(experiment, frames, checks, figures),
    )


def comparison_text(frame: pl.DataFrame) -> str:
    """The comparison as an aligned table for a terminal or a page."""
    rows = []
    for row in frame.iter_rows(named=True):
        # Errors of the ISR lie orders of magnitude apart and need exponents, differences too.
        form = ".1e" if row["figure"] == "3b" else ".3f"
        low, high = _number(row["low"], form), _number(row["high"], form)
        rows.append(
            (
                row["figure"],
                row["quantity"],
                _number(row["ours"], form),
                f"{low} to {high}" if low else "",
                _number(row["published"], form),
                _number(row["difference"], f"+{form}"),
                str(row["seeds"]),
                row["note"],
            )
        )
    head = ("figure", "quantity", "ours", "95 % interval", "published", "difference", "seeds", "")
    return table_text(head, rows)


def _page(
    experiment: Experiment,
    frames: Mapping[str, pl.DataFrame],
    checks: Sequence[Check],
    figures: Mapping[str, Sequence[Path]],
) -> list[str]:
    manifest = experiment.manifest
    summary = (
        f"Preset `{manifest.preset}`, seeds {', '.join(map(str, manifest.seeds))}, figures "
        f"{', '.join(manifest.figures)}. Software: {experiment.software}. Goals are true goals per "
        "episode; the printed axes of figures 1b, 4a and 6 show about half of that, the axis of "
        "figure 7 a tenth. Returns are true returns (+0.4 a goal, -0.045 a forward step elsewhere) "
        "of 100 greedy episodes."
    )
    title = "Value internalization: reproduction of Rong & Kleiman-Weiner (2024)"
    parts = [
        *opening(title, EXPERIMENT, manifest, summary),
        *reservations(manifest.claims, experiment.missing),
        *verdict_section(checks, CHECKS.criteria()),
        "## Ours and published",
        comparison_text(frames["comparison"]),
        *_frame_sections(frames),
        "## Figures",
    ]
    for name, paths in figures.items():
        pictures = [path.name for path in paths if path.suffix == ".png"]
        shown = "\n\n".join(f"![Figure {name}]({picture})" for picture in pictures)
        parts += [f"### Figure {name}. {TITLES[name]}", shown or "No run of it is finished."]
    parts += ["## Budget", budget_text(manifest.budget)]
    return [*parts, "## Departures from the paper", bullets(manifest.departures)]


def _frame_sections(frames: Mapping[str, pl.DataFrame]) -> list[str]:
    titles = {
        "persistence": "## Persistence: what is left of the socialized behaviour",
        "generalization": "## Generalization: values against habits in held-out worlds",
    }
    sections = []
    for name, title in titles.items():
        if not frames[name].is_empty():
            sections += [title, _frame_text(frames[name])]
    if not frames["audits"].is_empty():
        sections += [
            "## Audit of the ISR over every state and action of the layouts",
            "False positives / false negatives at half of the social reward (0.2), means over "
            "seeds, and the largest prediction of any seed on a pair that nobody rewards.",
            _frame_text(_audit_summary(frames["audits"])),
        ]
    return sections


def _audit_summary(audits: pl.DataFrame) -> pl.DataFrame:
    """One row per training grid and amount of socialization, one column per layout."""
    wrong = pl.format(
        "{} / {}", pl.col("false_positives").round(1), pl.col("false_negatives").round(1)
    )
    largest = audits.group_by("setting", "steps").agg(
        pl.col("largest_unapproved").max(), pl.col("seeds").max()
    )
    layouts = audits.with_columns(wrong.alias("wrong")).pivot(
        "layout", index=["setting", "steps"], values="wrong"
    )
    return layouts.join(largest, on=["setting", "steps"]).sort("setting", "steps")


def _frame_text(frame: pl.DataFrame) -> str:
    rows = [[_cell(value) for value in row] for row in frame.iter_rows()]
    return table_text([column.replace("_", " ") for column in frame.columns], rows)


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return _number(value, ".1e" if 0.0 < abs(value) < 0.001 else ".3f")
    return "" if value is None else str(value)


def _number(value: float | None, form: str) -> str:
    """A number as text: empty when it is missing, "never" for an infinite time."""
    if value is None or math.isnan(value):
        return ""
    if math.isinf(value):
        return "never"
    return f"{value:,.0f}" if abs(value) >= 1000.0 else f"{value:{form}}"
