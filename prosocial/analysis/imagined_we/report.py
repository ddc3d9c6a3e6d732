"""Draws the figures and writes the tables and the page of `imagined-we`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import polars as pl

from prosocial.analysis.experiments.pages import (
    Report,
    bullets,
    opening,
    pictures,
    report_folder,
    reservations,
    table_text,
    verdict_section,
    write_all,
)
from prosocial.analysis.experiments.verdicts import Check, NotMeasuredError
from prosocial.analysis.imagined_we import figures, measures
from prosocial.analysis.imagined_we.checks import CHECKS, run_checks
from prosocial.analysis.imagined_we.records import EXPERIMENT, Experiment, read_experiment
from prosocial.analysis.statistics import Interval

FIGURES: Mapping[str, tuple[Callable[[Experiment, Path], list[Path]], str]] = {
    "ambiguity": (
        figures.figure_ambiguity,
        "Signalling gridworld: how often a signal that is sent is understood, and what both gain, "
        "by the share of the items that fit a signal. Models with a level at their deepest; the "
        "dashed line with open markers is the Imagined We at its shallowest. Means over seeds with "
        "95 % bootstrap intervals.",
    ),
    "depth": (
        figures.figure_depth,
        "The same for the Imagined We by the level of its receiver, a line for each ambiguity.",
    ),
    "agreement": (
        figures.figure_agreement,
        "Rendezvous, three agents: share of episodes in which the goals that they intend are the "
        "same, by step and number of goals. Dotted: each perceives 30 % of the actions wrongly.",
    ),
    "rewards": (
        figures.figure_rewards,
        "Rendezvous, three agents: reward of an episode of 100 steps by number of goals; on the "
        "right the upper end alone. Means over seeds with 95 % bootstrap intervals.",
    ),
}
"""Drawing function and caption of each figure."""


def write_report(experiment_folder: Path, output: Path | None = None) -> Report:
    """Writes figures, tables (CSV, JSON) and the page of an experiment.

    Args:
        experiment_folder: Folder with ``experiment.json``, of the runs or of their kept tables.
        output: Where to write; None is ``report`` inside of the experiment's folder.

    Raises:
        ConfigError: The folder holds no experiment, or another one, or it cannot be read.
    """
    experiment = read_experiment(experiment_folder)
    folder = report_folder(experiment_folder, output)
    drawn = {name: draw(experiment, folder) for name, (draw, _) in FIGURES.items()}
    checks = run_checks(experiment)
    frames = {
        "signalling": signalling_table(experiment),
        "joint_intention": joint_intention_table(experiment),
        "boxes": experiment.boxes,
    }
    return write_all(
        folder,
        experiment,
        figures=drawn.values(),
        frames=frames,
        text=_results_text(frames),
        checks=checks,
        page=_page(experiment, frames, checks, drawn),
    )


def signalling_table(experiment: Experiment) -> pl.DataFrame:
    """Accuracy, joint utility and share of signals, with intervals over seeds."""
    rows = []
    for ambiguity in measures.ambiguities(experiment):
        for model in measures.MODELS:
            for depth in measures.depths(experiment, model):
                row: dict[str, object] = {"ambiguity": ambiguity, "model": model, "depth": depth}
                for column in ("accuracy", "utility", "signalled"):
                    try:
                        found = measures.signalling(experiment, column, ambiguity, model, depth)
                        row |= _columns(column, measures.interval(found))
                    except NotMeasuredError:  # no signal, no accuracy
                        row |= _columns(column, None)
                rows.append(row)
    return pl.DataFrame(rows, infer_schema_length=None)


def joint_intention_table(experiment: Experiment) -> pl.DataFrame:
    """Reward of an episode, and the step at which agreement reaches .9, by goals and partner."""
    rows = []
    for goals in measures.goal_numbers(experiment):
        for partner in measures.PARTNERS:
            found = measures.interval(measures.rewards(experiment, goals, partner))
            row: dict[str, object] = {"goals": goals, "partner": partner}
            row |= _columns("reward", found)
            row |= {"agreement_first": None, "step_of_agreement": None}
            try:
                curve = measures.agreement(experiment, goals, partner).mean(0)
                row["agreement_first"] = float(curve[0])
                row["step_of_agreement"] = measures.first_step(curve, 0.9)
            except NotMeasuredError:  # planners intend nothing
                pass
            rows.append(row)
    return pl.DataFrame(rows, infer_schema_length=None)


def signalling_text(frame: pl.DataFrame, column: str) -> str:
    """The signalling table as Markdown: a row for each model and level, a column for ambiguity."""
    where = sorted(frame["ambiguity"].unique().to_list())
    rows = []
    for model, label in measures.MODELS.items():
        part = frame.filter(pl.col("model") == model)
        for depth in sorted(part["depth"].unique().to_list()):
            line = part.filter(pl.col("depth") == depth).sort("ambiguity")
            if line[column].null_count() == len(line):
                continue
            cells = [_text(row, column) for row in line.iter_rows(named=True)]
            rows.append((label, str(depth), *cells))
    return table_text(("model", "level", *(f"{a:.2f}" for a in where)), rows)


def joint_intention_text(frame: pl.DataFrame) -> str:
    """The table of rendezvous as Markdown."""
    rows = []
    for row in frame.iter_rows(named=True):
        first, step = row["agreement_first"], row["step_of_agreement"]
        rows.append(
            (
                str(row["goals"]),
                measures.PARTNERS[row["partner"]],
                _text(row, "reward"),
                "" if first is None else f"{first:.3f}",
                "" if step is None else str(step),
            )
        )
    return table_text(("goals", "partners", "reward", "agreement at first", "0.9 at step"), rows)


def _results_text(frames: Mapping[str, pl.DataFrame]) -> str:
    """Both tables for the terminal."""
    parts = []
    if not frames["signalling"].is_empty():
        for column, title in (("accuracy", "Signals understood"), ("utility", "Joint utility")):
            parts.append(f"{title}, by ambiguity (means over seeds, 95 % intervals):")
            parts.append(signalling_text(frames["signalling"], column))
    if not frames["joint_intention"].is_empty():
        parts.append("Rendezvous, three agents:")
        parts.append(joint_intention_text(frames["joint_intention"]))
    return "\n\n".join(parts)


def _page(
    experiment: Experiment,
    frames: Mapping[str, pl.DataFrame],
    checks: Sequence[Check],
    drawn: Mapping[str, Sequence[Path]],
) -> list[str]:
    manifest = experiment.manifest
    summary = (
        f"Preset `{manifest.preset}`, seeds {', '.join(map(str, manifest.seeds))}. Software: "
        f"{manifest.software}."
    )
    title = "The Imagined We: signals that make sense for us, intentions that come to agree"
    parts = [
        *opening(title, EXPERIMENT, manifest, summary),
        *reservations(manifest.claims, experiment.missing),
        *verdict_section(checks, CHECKS.criteria()),
    ]
    if not frames["signalling"].is_empty():
        parts += ["## Signalling gridworld", "Signals understood, by ambiguity:"]
        parts.append(signalling_text(frames["signalling"], "accuracy"))
        parts += ["Joint utility:", signalling_text(frames["signalling"], "utility")]
        parts += _shown(drawn, ("ambiguity", "depth"))
    if not frames["joint_intention"].is_empty():
        parts += [
            "## Joint intentions in rendezvous",
            joint_intention_text(frames["joint_intention"]),
        ]
        parts += _shown(drawn, ("agreement", "rewards"))
    budget = ", ".join(f"{name} {value}" for name, value in manifest.budget.items())
    return [*parts, "## Budget", budget + ".", "## Remarks", bullets(manifest.remarks)]


def _shown(drawn: Mapping[str, Sequence[Path]], names: Sequence[str]) -> list[str]:
    return [part for name in names for part in pictures(drawn[name], FIGURES[name][1])]


def _columns(name: str, found: Interval | None) -> dict[str, float | None]:
    if found is None:
        return {name: None, f"{name}_low": None, f"{name}_high": None}
    return {name: found.estimate, f"{name}_low": found.low, f"{name}_high": found.high}


def _text(row: Mapping[str, float | None], name: str) -> str:
    if row[name] is None:
        return ""
    return f"{row[name]:.2f} [{row[f'{name}_low']:.2f}, {row[f'{name}_high']:.2f}]"
