"""Draws the figures and writes the tables and the page of `imagined-we`."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import polars as pl

from prosocial.analysis.imagined_we import figures, measures
from prosocial.analysis.imagined_we.checks import criteria, run_checks
from prosocial.analysis.imagined_we.records import Experiment, read_experiment
from prosocial.analysis.statistics import Interval
from prosocial.analysis.value_internalization.judging import Check, NotMeasuredError, Status
from prosocial.analysis.value_internalization.report import portable_command, table_text

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


@dataclass(frozen=True)
class Report:
    """What was written.

    Attributes:
        page: The page, Markdown.
        figures: PDF and PNG files.
        signalling: Signalling tasks by ambiguity, model and level.
        joint_intention: Rendezvous by number of goals and partner.
        checks: Verdicts of the acceptance checks.
        missing: Names of planned runs that are not finished.
        claims: Whether the budget is large enough to judge.
    """

    page: Path
    figures: tuple[Path, ...]
    signalling: pl.DataFrame
    joint_intention: pl.DataFrame
    checks: tuple[Check, ...]
    missing: tuple[str, ...]
    claims: bool


def write_report(experiment_folder: Path, output: Path | None = None) -> Report:
    """Writes figures, tables (CSV, JSON) and the page of an experiment.

    Args:
        experiment_folder: Folder with ``experiment.json``, of the runs or of their kept tables.
        output: Where to write; None is ``report`` inside of the experiment's folder.

    Raises:
        ConfigError: The folder holds no experiment, or another one, or it cannot be read.
    """
    experiment = read_experiment(experiment_folder)
    folder = output or experiment_folder / "report"
    folder.mkdir(parents=True, exist_ok=True)
    drawn = {name: draw(experiment, folder) for name, (draw, _) in FIGURES.items()}
    checks = run_checks(experiment)
    frames = {
        "signalling": signalling_table(experiment),
        "joint_intention": joint_intention_table(experiment),
        "boxes": experiment.boxes,
    }
    for name, frame in frames.items():
        (folder / f"{name}.csv").unlink(missing_ok=True)
        if not frame.is_empty():
            frame.write_csv(folder / f"{name}.csv", float_precision=6)
    (folder / "checks.json").write_text(
        json.dumps([asdict(check) for check in checks], indent=2) + "\n", encoding="utf-8"
    )
    page = folder / "README.md"
    page.write_text(_page(experiment, frames, checks, drawn), encoding="utf-8")
    return Report(
        page=page,
        figures=tuple(path for paths in drawn.values() for path in paths),
        signalling=frames["signalling"],
        joint_intention=frames["joint_intention"],
        checks=tuple(checks),
        missing=experiment.missing,
        claims=experiment.manifest.claims,
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


def checks_text(checks: Sequence[Check]) -> str:
    """The verdicts, one row each."""
    rows = [(c.number, str(c.status), c.title, c.observed) for c in checks]
    return table_text(("check", "verdict", "claim", "figures"), rows)


def _page(
    experiment: Experiment,
    frames: Mapping[str, pl.DataFrame],
    checks: Sequence[Check],
    drawn: Mapping[str, Sequence[Path]],
) -> str:
    manifest = experiment.manifest
    counts = {status: sum(check.status is status for check in checks) for status in Status}
    parts = [
        "# The Imagined We: signals that make sense for us, intentions that come to agree",
        "Written by `prosocial reproduce imagined-we`; every number and figure on this page comes "
        "from the tables of the runs. Do not edit it by hand, run:",
        f"```\n{portable_command(manifest.command)}\n```",
        f"Preset `{manifest.preset}`, seeds {', '.join(map(str, manifest.seeds))}. Software: "
        f"{manifest.software}.",
    ]
    if not manifest.claims:
        parts.append("**This budget is too small for any claim; it only shows that it all runs.**")
    if experiment.missing:
        parts.append(f"**Not finished: {', '.join(experiment.missing)}.**")
    verdict = ", ".join(f"{counts[status]} {status}" for status in Status)
    parts += [f"## Acceptance checks: {verdict}", checks_text(checks), "What each check asks for:"]
    parts.append("\n".join(f"- {number}: {criterion}." for number, criterion in criteria()))
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
    parts += ["## Budget", budget + ".", "## Remarks"]
    parts.append("\n".join(f"- {remark}" for remark in manifest.remarks))
    return "\n\n".join(parts) + "\n"


def _shown(drawn: Mapping[str, Sequence[Path]], names: Sequence[str]) -> list[str]:
    shown = []
    for name in names:
        for path in drawn[name]:
            if path.suffix == ".png":
                shown += [f"![{name}]({path.name})", FIGURES[name][1]]
    return shown


def _columns(name: str, found: Interval | None) -> dict[str, float | None]:
    if found is None:
        return {name: None, f"{name}_low": None, f"{name}_high": None}
    return {name: found.estimate, f"{name}_low": found.low, f"{name}_high": found.high}


def _text(row: Mapping[str, float | None], name: str) -> str:
    if row[name] is None:
        return ""
    return f"{row[name]:.2f} [{row[f'{name}_low']:.2f}, {row[f'{name}_high']:.2f}]"
