"""Draws the figures and writes the tables and the page of `teaching-minds`."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import polars as pl

from prosocial.analysis.commons.texts import budget_text, checks_text
from prosocial.analysis.teaching import figures, tables
from prosocial.analysis.teaching.checks import criteria, run_checks
from prosocial.analysis.teaching.measures import LEARNED
from prosocial.analysis.teaching.records import Experiment, read_experiment
from prosocial.analysis.value_internalization.judging import Check, Status
from prosocial.analysis.value_internalization.report import portable_command

FIGURES: Mapping[str, Callable[[Experiment, Path], list[Path]]] = {
    "lives": figures.figure_lives,
    "spending": figures.figure_spending,
    "samples": figures.figure_samples,
    "hacking": figures.figure_hacking,
    "transfer": figures.figure_transfer,
}
"""Drawing function of each figure."""

_BAND = "interquartile mean over seeds with its 95 % bootstrap interval"
CAPTIONS = {
    "lives": "True goals per episode through socialization and autonomy (right of the dashed line, "
    "the caregiver has gone), for each learner under each caregiver. Lines: " + _BAND + ".",
    "spending": "Social reward received per episode. The teaching caregiver looks away where it "
    "finds its norm understood; the control is present at random, as often as the teaching one "
    "praised goals. Lines: " + _BAND + ".",
    "samples": "Error of internal rewards on the held-out last tenth of a socialization, half of "
    "it from praised steps, against the number of feedbacks that they were fitted to; noisy "
    "feedback is compared with what the caregiver really values. Lines: " + _BAND + ".",
    "hacking": "Lives on the layout x, whose internal reward knows the first steps of a "
    "socialization only: what learners earn from it, and the goals that they reach. Lines: "
    + _BAND
    + ".",
    "transfer": "Greedy true return after the autonomy: " + _BAND + ".",
}
"""Caption of each figure."""


@dataclass(frozen=True)
class Report:
    """What was written.

    Attributes:
        folder: Where everything lies.
        page: The page, Markdown.
        figures: PDF and PNG files.
        texts: Title and Markdown of each table that the terminal shows.
        checks: Verdicts of the acceptance checks.
        missing: Names of planned runs that are not finished.
        claims: Whether the budget is large enough to judge.
    """

    folder: Path
    page: Path
    figures: tuple[Path, ...]
    texts: tuple[tuple[str, str], ...]
    checks: tuple[Check, ...]
    missing: tuple[str, ...]
    claims: bool


def write_report(experiment_folder: Path, output: Path | None = None) -> Report:
    """Writes figures, tables (CSV, JSON) and the page of an experiment.

    Args:
        experiment_folder: Folder with ``experiment.json``, of the runs or of their kept tables.
        output: Where to write; None is ``report`` inside of the experiment's folder.

    Returns:
        What was written.

    Raises:
        ConfigError: If the folder holds no experiment, or another one, or it cannot be read.
    """
    experiment = read_experiment(experiment_folder)
    folder = output or experiment_folder / "report"
    folder.mkdir(parents=True, exist_ok=True)
    drawn = {name: draw(experiment, folder) for name, draw in FIGURES.items()}
    checks = run_checks(experiment)
    frames = {
        "lives": tables.lives(experiment),
        "fits": tables.fits(experiment),
        "hacking": tables.hacking(experiment),
    }
    for name, frame in frames.items():
        if frame.is_empty():
            (folder / f"{name}.csv").unlink(missing_ok=True)
        else:
            frame.write_csv(folder / f"{name}.csv", float_precision=6)
    (folder / "checks.json").write_text(
        json.dumps([asdict(check) for check in checks], indent=2) + "\n", encoding="utf-8"
    )
    texts = _texts(experiment, frames)
    page = folder / "README.md"
    page.write_text(_page(experiment, texts, checks, drawn), encoding="utf-8")
    return Report(
        folder=folder,
        page=page,
        figures=tuple(path for written in drawn.values() for path in written),
        texts=texts,
        checks=tuple(checks),
        missing=experiment.missing,
        claims=experiment.manifest.claims,
    )


def _texts(
    experiment: Experiment, frames: Mapping[str, pl.DataFrame]
) -> tuple[tuple[str, str], ...]:
    few = experiment.manifest.budget["few"]
    found = (
        (
            f"Lives. Steps to learn: until goals reach {LEARNED:.0%} of the constant caregiver's "
            "end level. False positives and negatives: of all state-action pairs of five layouts",
            tables.lives_text(frames["lives"]),
        ),
        (
            "Squared error (balanced) of internal rewards by number of feedbacks",
            tables.fits_text(frames["fits"]),
        ),
        (
            "Share of approved pairs that are not accepted, by number of feedbacks",
            tables.fits_text(frames["fits"], "false_negative_rate"),
        ),
        (
            f"Lives on layout x; the internal reward knows the first {few:,} steps only",
            tables.hacking_text(frames["hacking"]),
        ),
    )
    return tuple((title, text) for title, text in found if text)


def _page(
    experiment: Experiment,
    texts: Sequence[tuple[str, str]],
    checks: Sequence[Check],
    drawn: Mapping[str, Sequence[Path]],
) -> str:
    manifest = experiment.manifest
    counts = {status: sum(check.status is status for check in checks) for status in Status}
    verdict = ", ".join(f"{counts[status]} {status}" for status in Status)
    parts = [
        "# Caregivers with a mind, and learners that infer values",
        "Written by `prosocial reproduce teaching-minds`; every number and figure on this page "
        "comes from the tables of the runs. Do not edit it by hand, run:",
        f"```\n{portable_command(manifest.command)}\n```",
        f"Preset `{manifest.preset}`, seeds {', '.join(map(str, manifest.seeds))}. Software: "
        f"{experiment.software}.",
    ]
    if not manifest.claims:
        parts.append("**This budget is too small for any claim; it only shows that it all runs.**")
    if experiment.missing:
        parts.append(f"**Not finished: {', '.join(experiment.missing)}.**")
    parts += [
        f"## Acceptance checks: {verdict}",
        checks_text(checks),
        "What each check asks for:",
        "\n".join(f"- {number}: {criterion}." for number, criterion in criteria()),
        "## Results",
    ]
    for title, text in texts:
        parts += [f"{title}:", text]
    for name, caption in CAPTIONS.items():
        for path in drawn[name]:
            if path.suffix == ".png":
                parts += [f"![{path.stem}]({path.name})", caption]
    parts += ["## Budget", budget_text(manifest.budget)]
    parts += ["## Remarks", "\n".join(f"- {remark}" for remark in manifest.departures)]
    return "\n\n".join(parts) + "\n"
