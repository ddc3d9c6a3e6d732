"""Draws the figures and writes the tables and the page of `bayesian-delegation`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl

from prosocial.analysis.delegation import tables
from prosocial.analysis.delegation.checks import CHECKS, run_checks
from prosocial.analysis.delegation.figures import cells_played, draw_all
from prosocial.analysis.delegation.manifest import EXPERIMENT, Experiment, read_experiment
from prosocial.analysis.delegation.published import CELLS
from prosocial.analysis.experiments.pages import (
    Report,
    bullets,
    opening,
    report_folder,
    reservations,
    verdict_section,
    write_all,
)
from prosocial.analysis.experiments.verdicts import Check


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
    episodes = experiment.episodes
    frames = {"overall": pl.DataFrame(), "cells": pl.DataFrame(), "adhoc": pl.DataFrame()}
    if not episodes.is_empty():
        frames = {
            "overall": tables.overall(episodes),
            "cells": tables.cells(episodes),
            "adhoc": tables.ad_hoc(episodes),
        }
    figures = draw_all(episodes, folder)
    checks = run_checks(experiment)
    return write_all(
        folder,
        experiment,
        figures=figures.values(),
        frames=frames,
        text=results_text(frames),
        checks=checks,
        page=_page(experiment, frames, checks, figures),
        digits=4,
    )


def results_text(frames: Mapping[str, pl.DataFrame]) -> str:
    """All tables as Markdown, for the page and the terminal."""
    parts = []
    for agents in (2, 3):
        for name, text in (("overall", tables.overall_text), ("cells", tables.cells_text)):
            frame = frames[name]
            if frame.is_empty() or frame.filter(pl.col("agents") == agents).is_empty():
                continue
            what = (
                f"### Self-play with {agents} agents, all cells played"
                if name == "overall"
                else f"### Steps by cell, {agents} agents: ours ± s.e. (published)"
            )
            parts += [what, text(frame, agents)]
    if not frames["adhoc"].is_empty():
        parts += ["### Pairs of models, both orders", tables.ad_hoc_text(frames["adhoc"])]
    return "\n\n".join(parts)


def _page(
    experiment: Experiment,
    frames: Mapping[str, pl.DataFrame],
    checks: Sequence[Check],
    figures: Mapping[str, Sequence[Path]],
) -> list[str]:
    manifest = experiment.manifest
    summary = (
        f"Preset `{manifest.preset}`, {len(manifest.seeds)} seeds ({manifest.seeds[0]} to "
        f"{manifest.seeds[-1]}), {cells_played(experiment.episodes)} of {len(CELLS)} cells. "
        f"Software: {manifest.software}. Means over cells and seeds ± standard errors over "
        "episodes, 95 % bootstrap intervals over seeds in brackets; an episode that is not "
        "finished counts as 100 steps. Where nothing is random in a cell all seeds are equal."
    )
    title = 'Bayesian Delegation: reproduction of "Too many cooks"'
    parts = [
        *opening(title, EXPERIMENT, manifest, summary),
        *reservations(manifest.claims, experiment.missing),
        *verdict_section(checks, CHECKS.criteria()),
        "## Ours, published and the optimum",
        results_text(frames) or "No run is finished.",
        "## Figures",
    ]
    for caption, paths in figures.items():
        parts += [f"![{p.stem}]({p.name})" for p in paths if p.suffix == ".png"] + [caption]
    parts.append("## Where this differs from the paper or its released code")
    return [*parts, bullets(manifest.departures)]
