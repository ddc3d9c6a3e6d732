"""Draws the figures and writes the tables and the page of an experiment, from its tables alone."""

from __future__ import annotations

import json
import math
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import polars as pl

from prosocial.analysis.value_internalization import bars, curves, tables
from prosocial.analysis.value_internalization.checks import run_checks
from prosocial.analysis.value_internalization.judging import Check, Status
from prosocial.analysis.value_internalization.records import Experiment, read_experiment

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


_LOCAL_OPTIONS = ("--output", "--jobs")


@dataclass(frozen=True)
class Report:
    """What was written.

    Attributes:
        folder: Where everything lies.
        page: The page, Markdown.
        figures: PDF and PNG files.
        comparison: Ours beside published, see `tables.comparison`.
        checks: Verdicts of the acceptance checks.
        missing: Names of planned runs that are not finished.
        claims: Whether the budget is large enough to judge.
    """

    folder: Path
    page: Path
    figures: tuple[Path, ...]
    comparison: pl.DataFrame
    checks: tuple[Check, ...]
    missing: tuple[str, ...]
    claims: bool


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
    folder = output or experiment_folder / "report"
    folder.mkdir(parents=True, exist_ok=True)
    wanted = [name for name in FIGURES if name in experiment.manifest.figures]
    figures = {name: FIGURES[name](experiment, folder) for name in wanted}
    checks = run_checks(experiment)
    frames = {
        "comparison": tables.comparison(experiment),
        "persistence": tables.persistence(experiment),
        "generalization": tables.generalization(experiment),
        "audits": tables.audits(experiment),
    }
    for name, frame in frames.items():
        if frame.is_empty():
            (folder / f"{name}.csv").unlink(missing_ok=True)
        else:
            frame.write_csv(folder / f"{name}.csv", float_precision=6)
    (folder / "checks.json").write_text(
        json.dumps([asdict(check) for check in checks], indent=2) + "\n", encoding="utf-8"
    )
    page = folder / "README.md"
    page.write_text(_page(experiment, frames, checks, figures), encoding="utf-8")
    paths = tuple(path for written in figures.values() for path in written)
    return Report(
        folder=folder,
        page=page,
        figures=paths,
        comparison=frames["comparison"],
        checks=tuple(checks),
        missing=experiment.missing,
        claims=experiment.manifest.claims,
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


def checks_text(checks: Sequence[Check]) -> str:
    """The verdicts as an aligned table for a terminal or a page."""
    rows = [(c.number, str(c.status), c.title, c.observed) for c in checks]
    return table_text(("check", "verdict", "claim", "figures"), rows)


def portable_command(command: str) -> str:
    """Command lines without what belongs to one machine: the output folder and the workers.

    Args:
        command: One command a line.

    Returns:
        The lines that differ after that.
    """
    lines = []
    for line in command.splitlines():
        words, kept = iter(shlex.split(line)), []
        for word in words:
            if word in _LOCAL_OPTIONS:
                next(words, None)
            elif word.partition("=")[0] not in _LOCAL_OPTIONS:
                kept.append(word)
        lines.append(shlex.join(kept))
    return "\n".join(dict.fromkeys(lines))


def table_text(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table whose columns are padded, so that it can be read as it is.

    Args:
        head: Names of the columns.
        rows: Cells as text, as many in each row as there are columns.

    Returns:
        The lines without a newline at the end.
    """
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]

    def line(cells: Sequence[str]) -> str:
        padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
        return "| " + " | ".join(padded) + " |"

    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([line(head), rule, *map(line, rows)])


def _page(
    experiment: Experiment,
    frames: Mapping[str, pl.DataFrame],
    checks: Sequence[Check],
    figures: Mapping[str, Sequence[Path]],
) -> str:
    manifest = experiment.manifest
    counts = {status: sum(check.status is status for check in checks) for status in Status}
    verdict = ", ".join(f"{counts[status]} {status}" for status in Status)
    parts = [
        "# Value internalization: reproduction of Rong & Kleiman-Weiner (2024)",
        "Written by `prosocial reproduce value-internalization`; every number and figure on this "
        "page comes from the tables of the runs. Do not edit it by hand, run:",
        f"```\n{portable_command(manifest.command)}\n```",
        f"Preset `{manifest.preset}`, seeds {', '.join(map(str, manifest.seeds))}, figures "
        f"{', '.join(manifest.figures)}. Software: {experiment.software}. Goals are true goals per "
        "episode; the printed axes of figures 1b, 4a and 6 show about half of that, the axis of "
        "figure 7 a tenth. Returns are true returns (+0.4 a goal, -0.045 a forward step elsewhere) "
        "of 100 greedy episodes.",
    ]
    if not manifest.claims:
        parts.append("**This budget is too small for any claim; it only shows that it all runs.**")
    if experiment.missing:
        parts.append(f"**Not finished: {', '.join(experiment.missing)}.**")
    parts += [f"## Acceptance checks: {verdict}", checks_text(checks)]
    criteria = "\n".join(f"- {check.number}: {check.criterion}." for check in checks)
    parts += ["What each check asks for:", criteria, "## Ours and published"]
    parts += [comparison_text(frames["comparison"]), *_frame_sections(frames)]
    parts.append("## Figures")
    for name, paths in figures.items():
        pictures = [path.name for path in paths if path.suffix == ".png"]
        shown = "\n\n".join(f"![Figure {name}]({picture})" for picture in pictures)
        parts += [f"### Figure {name}. {TITLES[name]}", shown or "No run of it is finished."]
    parts += ["## Budget", _budget(manifest.budget), "## Departures from the paper"]
    parts.append("\n".join(f"- {departure}" for departure in manifest.departures))
    return "\n\n".join(parts) + "\n"


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


def _budget(budget: Mapping[str, Any]) -> str:
    rows = [(name.replace("_", " "), _setting(value)) for name, value in budget.items()]
    return table_text(("setting", "value"), rows)


def _setting(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(_setting, value))
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


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
