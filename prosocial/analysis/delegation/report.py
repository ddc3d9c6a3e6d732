"""Draws the figures and writes the tables and the page of `bayesian-delegation`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import polars as pl

from prosocial.analysis.delegation import tables
from prosocial.analysis.delegation.checks import run_checks
from prosocial.analysis.delegation.figures import cells_played, draw_all
from prosocial.analysis.delegation.manifest import Experiment, read_experiment
from prosocial.analysis.delegation.published import CELLS
from prosocial.analysis.value_internalization.judging import Check, Status
from prosocial.analysis.value_internalization.report import portable_command


@dataclass(frozen=True)
class Report:
    """What was written.

    Attributes:
        folder: Where everything lies.
        page: The page, Markdown.
        figures: PDF and PNG files.
        frames: Tables by name: overall, cells, adhoc.
        checks: Verdicts of the acceptance checks.
        missing: Names of planned runs that are not finished.
        claims: Whether the budget is large enough to judge.
    """

    folder: Path
    page: Path
    figures: tuple[Path, ...]
    frames: Mapping[str, pl.DataFrame]
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
    episodes = experiment.episodes
    frames = {"overall": pl.DataFrame(), "cells": pl.DataFrame(), "adhoc": pl.DataFrame()}
    if not episodes.is_empty():
        frames = {
            "overall": tables.overall(episodes),
            "cells": tables.cells(episodes),
            "adhoc": tables.ad_hoc(episodes),
        }
    for name, frame in frames.items():
        if frame.is_empty():
            (folder / f"{name}.csv").unlink(missing_ok=True)
        else:
            frame.write_csv(folder / f"{name}.csv", float_precision=4)
    figures = draw_all(episodes, folder)
    checks = run_checks(experiment)
    (folder / "checks.json").write_text(
        json.dumps([asdict(check) for check in checks], indent=2) + "\n", encoding="utf-8"
    )
    page = folder / "README.md"
    page.write_text(_page(experiment, frames, checks, figures), encoding="utf-8")
    return Report(
        folder=folder,
        page=page,
        figures=tuple(path for paths in figures.values() for path in paths),
        frames=frames,
        checks=tuple(checks),
        missing=experiment.missing,
        claims=experiment.manifest.claims,
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
) -> str:
    manifest = experiment.manifest
    counts = {status: sum(check.status is status for check in checks) for status in Status}
    verdict = ", ".join(f"{counts[status]} {status}" for status in Status)
    parts = [
        '# Bayesian Delegation: reproduction of "Too many cooks"',
        "Written by `prosocial reproduce bayesian-delegation`; every number and figure on this "
        "page comes from the tables of the runs. Do not edit it by hand, run:",
        f"```\n{portable_command(manifest.command)}\n```",
        f"Preset `{manifest.preset}`, {len(manifest.seeds)} seeds ({manifest.seeds[0]} to "
        f"{manifest.seeds[-1]}), {cells_played(experiment.episodes)} of {len(CELLS)} cells. "
        f"Software: {manifest.software}. Means over cells and seeds ± standard errors over "
        "episodes, 95 % bootstrap intervals over seeds in brackets; an episode that is not "
        "finished counts as 100 steps. Where nothing is random in a cell all seeds are equal.",
    ]
    if not manifest.claims:
        parts.append("**This budget is too small for any claim; it only shows that it all runs.**")
    if experiment.missing:
        parts.append(f"**Not finished: {', '.join(experiment.missing)}.**")
    parts += [f"## Acceptance checks: {verdict}", tables.checks_text(checks)]
    parts.append("What each check asks for:")
    parts.append("\n".join(f"- {check.number}: {check.criterion}." for check in checks))
    parts += ["## Ours, published and the optimum", results_text(frames) or "No run is finished."]
    parts.append("## Figures")
    for caption, paths in figures.items():
        parts += [f"![{p.stem}]({p.name})" for p in paths if p.suffix == ".png"] + [caption]
    parts.append("## Where this differs from the paper or its released code")
    parts.append("\n".join(f"- {departure}" for departure in manifest.departures))
    return "\n\n".join(parts) + "\n"
