"""What the reports of all experiments share: their files, and the parts of a page in Markdown."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import polars as pl

from prosocial.analysis.experiments.manifest import Manifest, portable_command
from prosocial.analysis.experiments.verdicts import Check, Status


class Recorded(Protocol):
    """An experiment as it was read: its plan, and which runs of it are not finished."""

    @property
    def manifest(self) -> Manifest:
        """What was planned."""
        ...

    @property
    def missing(self) -> tuple[str, ...]:
        """Names of the planned runs that are not finished."""
        ...


@dataclass(frozen=True)
class Report:
    """What was written.

    Attributes:
        folder: Where everything lies.
        page: The page, Markdown.
        figures: PDF and PNG files.
        frames: The tables, by the names of their CSV files.
        text: The tables that the terminal shows.
        checks: Verdicts.
        missing: Names of planned runs that are not finished.
        claims: Whether the budget is large enough to judge.
        conclusion: What was shown, one sentence each.
    """

    folder: Path
    page: Path
    figures: tuple[Path, ...]
    frames: Mapping[str, pl.DataFrame]
    text: str
    checks: tuple[Check, ...]
    missing: tuple[str, ...]
    claims: bool
    conclusion: tuple[str, ...] = ()


def write_all(
    folder: Path,
    experiment: Recorded,
    *,
    figures: Iterable[Sequence[Path]],
    frames: Mapping[str, pl.DataFrame],
    text: str,
    checks: Sequence[Check],
    page: Iterable[str],
    conclusion: Iterable[str] = (),
    digits: int = 6,
) -> Report:
    """Writes tables, verdicts and page of a report.

    Args:
        folder: Where to.
        experiment: What it is about.
        figures: Its figures, which are drawn already; the files of each.
        frames: Its tables, by the names of their CSV files.
        text: The tables that the terminal shows.
        checks: The verdicts.
        page: Paragraphs of the page.
        conclusion: What was shown, one sentence each.
        digits: Digits behind the point in CSV files.
    """
    write_tables(folder, frames, digits)
    contents = json.dumps([asdict(check) for check in checks], indent=2)
    (folder / "checks.json").write_text(contents + "\n", encoding="utf-8")
    return Report(
        folder=folder,
        page=write_page(folder, page),
        figures=tuple(path for files in figures for path in files),
        frames=frames,
        text=text,
        checks=tuple(checks),
        missing=experiment.missing,
        claims=experiment.manifest.claims,
        conclusion=tuple(conclusion),
    )


def report_folder(experiment_folder: Path, output: Path | None) -> Path:
    """Makes and returns the folder of a report; by default ``report`` inside of the experiment."""
    folder = output or experiment_folder / "report"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def write_tables(folder: Path, frames: Mapping[str, pl.DataFrame], digits: int = 6) -> None:
    """Writes CSV files; one whose table has no rows is removed.

    Args:
        folder: Where to.
        frames: The tables by the names of their files.
        digits: Digits behind the point.
    """
    for name, frame in frames.items():
        if frame.is_empty():
            (folder / f"{name}.csv").unlink(missing_ok=True)
        else:
            frame.write_csv(folder / f"{name}.csv", float_precision=digits)


def write_page(folder: Path, parts: Iterable[str]) -> Path:
    """Writes ``README.md`` of paragraphs and returns its path."""
    page = folder / "README.md"
    page.write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    return page


def opening(title: str, experiment: str, manifest: Manifest, summary: str) -> list[str]:
    """The head of a page.

    Args:
        title: Heading.
        experiment: Name of the experiment, as in its command.
        manifest: What was planned.
        summary: Preset, seeds, software, and what a reader must know of the numbers.
    """
    return [
        f"# {title}",
        f"Written by `prosocial reproduce {experiment}`; every number and figure on this page "
        "comes from the tables of the runs. Do not edit it by hand, run:",
        f"```\n{portable_command(manifest.command)}\n```",
        summary,
    ]


def reservations(claims: bool, missing: Sequence[str]) -> list[str]:
    """What a page says where a budget claims nothing, or runs are missing."""
    found = []
    if not claims:
        found.append("**This budget is too small for any claim; it only shows that it all runs.**")
    if missing:
        found.append(f"**Not finished: {', '.join(missing)}.**")
    return found


def verdict_section(checks: Sequence[Check], criteria: Iterable[tuple[str, str]]) -> list[str]:
    """All verdicts, and what was asked for.

    Args:
        checks: The verdicts.
        criteria: Number and criterion of every check.
    """
    counts = {status: sum(check.status is status for check in checks) for status in Status}
    verdict = ", ".join(f"{counts[status]} {status}" for status in Status)
    rows = [(c.number, str(c.status), c.title, c.observed) for c in checks]
    return [
        f"## Acceptance checks: {verdict}",
        table_text(("check", "verdict", "claim", "figures"), rows),
        "What each check asks for:",
        bullets(f"{number}: {criterion}." for number, criterion in criteria),
    ]


def pictures(paths: Iterable[Path], caption: str) -> list[str]:
    """The PNG files among some figures, each with the caption below it."""
    shown = []
    for path in paths:
        if path.suffix == ".png":
            shown += [f"![{path.stem}]({path.name})", caption]
    return shown


def budget_text(budget: Mapping[str, Any]) -> str:
    """The numbers that a preset stands for, as a table."""
    rows = [(name.replace("_", " "), _setting(value)) for name, value in budget.items()]
    return table_text(("setting", "value"), rows)


def bullets(sentences: Iterable[str]) -> str:
    """Sentences as a list."""
    return "\n".join(f"- {sentence}" for sentence in sentences)


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


def _setting(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(_setting, value))
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
