"""Draws the figures and writes the tables and the page of `commons-internalization`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import polars as pl

from prosocial.analysis.commons import lines, panels, tables, texts
from prosocial.analysis.commons.checks import (
    CHECKS,
    KEPT_BY_ISR,
    headline_retention,
    isr_over_none,
    run_checks,
)
from prosocial.analysis.commons.manifest import EXPERIMENT
from prosocial.analysis.commons.measures import LEVEL_SHARE
from prosocial.analysis.commons.records import Experiment, read_experiment
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
from prosocial.analysis.experiments.verdicts import Check, NotMeasuredError

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
    conclusion = [conclude(experiment, world) for world in experiment.manifest.worlds]
    return write_all(
        folder,
        experiment,
        figures=figures.values(),
        frames=frames,
        text=_outcomes_of_worlds(frames["outcomes"]),
        checks=checks,
        page=_page(experiment, frames, checks, figures, conclusion),
        conclusion=conclusion,
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


def _outcomes_of_worlds(outcomes: pl.DataFrame) -> str:
    worlds = [] if outcomes.is_empty() else outcomes["world"].unique(maintain_order=True)
    return "\n\n".join(
        f"{world}: outcomes at the end of each phase\n\n{texts.outcomes_text(outcomes, world)}"
        for world in worlds
    )


def _page(
    experiment: Experiment,
    frames: Mapping[str, pl.DataFrame],
    checks: Sequence[Check],
    figures: Mapping[tuple[str, str], Sequence[Path]],
    conclusion: Sequence[str],
) -> list[str]:
    manifest = experiment.manifest
    summary = (
        f"Preset `{manifest.preset}`, worlds {', '.join(manifest.worlds)}, seeds "
        f"{', '.join(map(str, manifest.seeds))}. Software: {experiment.software}."
    )
    title = "The commons: restraint that outlives its caregiver"
    parts = [
        *opening(title, EXPERIMENT, manifest, summary),
        *([bullets(conclusion)] if manifest.claims else []),
        *reservations(manifest.claims, experiment.missing),
        *verdict_section(checks, CHECKS.criteria()),
    ]
    for world in manifest.worlds:
        parts += _world_sections(experiment, world, frames, figures)
    parts += ["## Budget", budget_text(manifest.budget)]
    if manifest.departures:
        parts += ["## Remarks", bullets(manifest.departures)]
    return parts


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
        sections += pictures(figures[world, kind], caption.format(world=title.lower()))
    if len(sections) == 1:
        sections.append("No run of it is finished.")
    return sections


def _share(ends: tuple[float, float, float]) -> str:
    return f"{ends[0]:.0%} [{ends[1]:.0%}, {ends[2]:.0%}]"
