"""Draws the figures and writes the tables and the page of `commons-internalization`."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import polars as pl

from prosocial.analysis.commons import lines, panels, tables, texts
from prosocial.analysis.commons.checks import (
    KEPT_BY_ISR,
    criteria,
    headline_retention,
    isr_over_none,
    run_checks,
)
from prosocial.analysis.commons.measures import LEVEL_SHARE
from prosocial.analysis.commons.records import Experiment, read_experiment
from prosocial.analysis.value_internalization.judging import Check, NotMeasuredError, Status
from prosocial.analysis.value_internalization.report import portable_command

FIGURES: Mapping[str, Callable[[Experiment, str, Path], list[Path]]] = {
    "training": lines.figure_training,
    "retention": lines.figure_retention,
    "outcomes": panels.figure_outcomes,
    "transfer": panels.figure_transfer,
}
"""Drawing function of each kind of figure; every world has one of each."""

_BAND = "interquartile mean over seeds with its 95 % bootstrap interval"
CAPTIONS = {
    "training": "The commons {world} through socialization and, after the caregiver has left "
    "(dashed), in every condition. Lines: " + _BAND + ".",
    "retention": "What is left of the collective return in {world} that socialization had added: 1 "
    "is the socialized level, 0 the level of learners that never had a caregiver. Lines: "
    + _BAND
    + ".",
    "outcomes": "Social outcomes in {world} over the last fifth of each condition's last phase: "
    + _BAND
    + "; small dots are seeds.",
    "transfer": "Return of the focal learners of {world}, frozen, in worlds and groups that they "
    "were not trained in: " + _BAND + "; small dots are seeds.",
}
"""Caption of each kind of figure."""

TITLES = {"harvest": "Harvest", "clean_up": "Clean-up", "fishery": "Fishery"}
"""Headings of the worlds; others show their name."""


@dataclass(frozen=True)
class Report:
    """What was written.

    Attributes:
        folder: Where everything lies.
        page: The page, Markdown.
        figures: PDF and PNG files.
        outcomes: Social outcomes by condition, see `tables.outcomes`.
        checks: Verdicts of the acceptance checks.
        conclusion: What the experiment showed, one sentence per world.
        missing: Names of planned runs that are not finished.
        claims: Whether the budget is large enough to judge.
    """

    folder: Path
    page: Path
    figures: tuple[Path, ...]
    outcomes: pl.DataFrame
    checks: tuple[Check, ...]
    conclusion: tuple[str, ...]
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
    figures = {
        (world, kind): draw(experiment, world, folder)
        for world in experiment.manifest.worlds
        for kind, draw in FIGURES.items()
    }
    checks = run_checks(experiment)
    frames = {
        "outcomes": tables.outcomes(experiment),
        "persistence": tables.persistence(experiment),
        "transfer": tables.transfer(experiment),
    }
    for name, frame in frames.items():
        if frame.is_empty():
            (folder / f"{name}.csv").unlink(missing_ok=True)
        else:
            frame.write_csv(folder / f"{name}.csv", float_precision=6)
    (folder / "checks.json").write_text(
        json.dumps([asdict(check) for check in checks], indent=2) + "\n", encoding="utf-8"
    )
    conclusion = tuple(conclude(experiment, world) for world in experiment.manifest.worlds)
    page = folder / "README.md"
    page.write_text(_page(experiment, frames, checks, figures, conclusion), encoding="utf-8")
    return Report(
        folder=folder,
        page=page,
        figures=tuple(path for written in figures.values() for path in written),
        outcomes=frames["outcomes"],
        checks=tuple(checks),
        conclusion=conclusion,
        missing=experiment.missing,
        claims=experiment.manifest.claims,
    )


def conclude(experiment: Experiment, world: str) -> str:
    """What the experiment showed in one world, as plainly as its tables allow.

    Args:
        experiment: The experiment's frames.
        world: Which world.

    Returns:
        One sentence.
    """
    title = TITLES.get(world, world)
    try:
        isr = headline_retention(experiment, world, "isr")
        none = headline_retention(experiment, world, "none").end
        gap = isr_over_none(experiment, world)
    except NotMeasuredError as reason:
        return f"{title}: whether restraint lasts cannot be said; {reason}."
    if not gap.low > 0.0:
        verdict = "the internal social reward cannot be told from no social reward at all"
    elif isr.end[0] >= KEPT_BY_ISR:
        verdict = "the internal social reward sustains the commons after the caregiver has left"
    else:
        verdict = "the internal social reward slows the decay, but does not sustain the commons"
    return (
        f"{title}: {verdict}. Of the collective return that socialization had added, "
        f"{_share(isr.end)} is left with it and {_share(none)} without ({isr.seeds} seeds, 95 % "
        "intervals)."
    )


def _page(
    experiment: Experiment,
    frames: Mapping[str, pl.DataFrame],
    checks: Sequence[Check],
    figures: Mapping[tuple[str, str], Sequence[Path]],
    conclusion: Sequence[str],
) -> str:
    manifest = experiment.manifest
    counts = {status: sum(check.status is status for check in checks) for status in Status}
    verdict = ", ".join(f"{counts[status]} {status}" for status in Status)
    parts = [
        "# The commons: restraint that outlives its caregiver",
        "Written by `prosocial reproduce commons-internalization`; every number and figure on this "
        "page comes from the tables of the runs. Do not edit it by hand, run:",
        f"```\n{portable_command(manifest.command)}\n```",
        f"Preset `{manifest.preset}`, worlds {', '.join(manifest.worlds)}, seeds "
        f"{', '.join(map(str, manifest.seeds))}. Software: {experiment.software}.",
    ]
    if manifest.claims:
        parts += ["\n".join(f"- {sentence}" for sentence in conclusion)]
    else:
        parts.append("**This budget is too small for any claim; it only shows that it all runs.**")
    if experiment.missing:
        parts.append(f"**Not finished: {', '.join(experiment.missing)}.**")
    parts += [
        f"## Acceptance checks: {verdict}",
        texts.checks_text(checks),
        "What each check asks for:",
    ]
    parts.append("\n".join(f"- {number}: {criterion}." for number, criterion in criteria()))
    for world in manifest.worlds:
        parts += _world_sections(experiment, world, frames, figures)
    parts += ["## Budget", texts.budget_text(manifest.budget)]
    if manifest.departures:
        parts += ["## Remarks", "\n".join(f"- {remark}" for remark in manifest.departures)]
    return "\n\n".join(parts) + "\n"


def _world_sections(
    experiment: Experiment,
    world: str,
    frames: Mapping[str, pl.DataFrame],
    figures: Mapping[tuple[str, str], Sequence[Path]],
) -> list[str]:
    title = TITLES.get(world, world)
    sections = [f"## {title}"]
    known = {
        name for name, frame in frames.items()
        if not frame.is_empty() and world in frame["world"].to_list()
    }  # fmt: skip
    if "outcomes" in known:
        sections += [
            f"Social outcomes over the last {LEVEL_SHARE:.0%} of the last phase of each condition, "
            "interquartile means over seeds with 95 % bootstrap intervals:",
            texts.outcomes_text(frames["outcomes"], world),
        ]
        bound = experiment.manifest.bound(world)
        if bound is not None:
            sections.append(
                f"The upper bound of this map is {bound[0]:g} + {bound[1]:.3g} T apples in T steps."
            )
    if "persistence" in known:
        sections += [
            "What is left of each behaviour after the caregiver has left (1 is the socialized "
            "level, 0 the selfish one; empty where socialization changed too little):",
            texts.persistence_text(frames["persistence"], world),
        ]
    if "transfer" in known:
        sections += [
            "The frozen learners in other worlds and groups (all measures: `transfer.csv`):",
            texts.transfer_text(frames["transfer"], world),
        ]
    for kind, caption in CAPTIONS.items():
        for path in figures[world, kind]:
            if path.suffix == ".png":
                sections += [f"![{path.stem}]({path.name})", caption.format(world=title.lower())]
    if len(sections) == 1:
        sections.append("No run of it is finished.")
    return sections


def _share(ends: tuple[float, float, float]) -> str:
    return f"{ends[0]:.0%} [{ends[1]:.0%}, {ends[2]:.0%}]"
