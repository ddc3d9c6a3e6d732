"""Draws the figures and writes the tables and the page of `teaching-minds`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import polars as pl

from prosocial.analysis.experiments.pages import (
    Report,
    budget_text,
    bullets,
    opening,
    pictures,
    report_folder,
    reservations,
    verdict_section,
    write_all,
)
from prosocial.analysis.experiments.verdicts import Check
from prosocial.analysis.teaching import figures, tables
from prosocial.analysis.teaching.checks import CHECKS, run_checks
from prosocial.analysis.teaching.manifest import EXPERIMENT
from prosocial.analysis.teaching.measures import LEARNED
from prosocial.analysis.teaching.records import Experiment, read_experiment

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
    folder = report_folder(experiment_folder, output)
    drawn = {name: draw(experiment, folder) for name, draw in FIGURES.items()}
    checks = run_checks(experiment)
    frames = {
        "lives": tables.lives(experiment),
        "fits": tables.fits(experiment),
        "hacking": tables.hacking(experiment),
    }
    texts = _texts(experiment, frames)
    return write_all(
        folder,
        experiment,
        figures=drawn.values(),
        frames=frames,
        text="\n\n".join(f"{title}\n\n{text}" for title, text in texts),
        checks=checks,
        page=_page(experiment, texts, checks, drawn),
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
) -> list[str]:
    manifest = experiment.manifest
    summary = (
        f"Preset `{manifest.preset}`, seeds {', '.join(map(str, manifest.seeds))}. Software: "
        f"{experiment.software}."
    )
    parts = [
        *opening(
            "Caregivers with a mind, and learners that infer values", EXPERIMENT, manifest, summary
        ),
        *reservations(manifest.claims, experiment.missing),
        *verdict_section(checks, CHECKS.criteria()),
        "## Results",
    ]
    for title, text in texts:
        parts += [f"{title}:", text]
    for name, caption in CAPTIONS.items():
        parts += pictures(drawn[name], caption)
    parts += ["## Budget", budget_text(manifest.budget)]
    return [*parts, "## Remarks", bullets(manifest.departures)]
