"""Draws the figure and writes the tables and the page of `minds-in-learners`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from prosocial.analysis import figure_style
from prosocial.analysis.experiments.pages import (
    Report,
    bullets,
    opening,
    report_folder,
    reservations,
    write_page,
)
from prosocial.analysis.experiments.verdicts import Check, NotMeasuredError, Rule, Verdict
from prosocial.analysis.minds.manifest import CONDITIONS, EXPERIMENT, TASKS
from prosocial.analysis.minds.records import BLOCKS, LAST_BLOCKS, Experiment, read_experiment
from prosocial.analysis.statistics import (
    bootstrap_interval,
    difference_interval,
    interquartile_mean,
    probability_of_improvement,
)

LIKELY = 0.75
"""Probability that a random seed with a mind beats one without that check M1 asks for; fixed before
the first run."""

_SEED = 20210411  # of the resamples
_LOOKS = {"without": (figure_style.GREY, "--"), "with": (figure_style.BLUE, "-")}
CAPTION = (
    "Learners that see what a mind infers of the other (with) and learners that see their "
    "observation alone (without). Lines: interquartile mean over seeds; bands: its 95 % bootstrap "
    "interval."
)


def write_report(experiment_folder: Path, output: Path | None = None) -> Report:
    """Writes the figure, the table and the page of an experiment.

    Args:
        experiment_folder: Folder with ``experiment.json``, of the runs or of their kept tables.
        output: Where to write; None is ``report`` inside of the experiment's folder.

    Raises:
        ConfigError: If the folder holds no experiment, or another one, or it cannot be read.
    """
    experiment = read_experiment(experiment_folder)
    folder = report_folder(experiment_folder, output)
    comparison = compare(experiment)
    comparison.write_csv(folder / "comparison.csv", float_precision=4)
    checks = tuple(_checks(experiment, comparison))
    figures = tuple(_figure(experiment, folder))
    return Report(
        folder=folder,
        page=write_page(folder, _page(experiment, comparison, checks)),
        figures=figures,
        frames={"comparison": comparison},
        text="" if comparison.is_empty() else comparison_text(comparison),
        checks=checks,
        missing=experiment.missing,
        claims=experiment.manifest.claims,
    )


def compare(experiment: Experiment) -> pl.DataFrame:
    """Compares the two conditions of every task of which both have finished runs.

    Returns:
        task, measure, seeds, without, with (each the interquartile mean over seeds of the level in
        the last fifth of training) and their ``_low``, ``_high`` (95 % bootstrap), difference with
        the same, probability_better (of a seed with a mind over one without), and average_without,
        average_with (over the whole training).
    """
    rows = []
    for task in experiment.manifest.tasks:
        levels = {name: experiment.levels(task, name) for name in CONDITIONS}
        if not all(len(found) for found in levels.values()):
            continue
        rng = np.random.default_rng(_SEED)
        row: dict[str, object] = {
            "task": task,
            "measure": TASKS[task].label,
            "seeds": min(map(len, levels.values())),
        }
        for name, found in levels.items():
            interval = bootstrap_interval(found, rng)
            row |= {
                name: interval.estimate,
                f"{name}_low": interval.low,
                f"{name}_high": interval.high,
            }
        gap = difference_interval(levels["with"], levels["without"], rng)
        better = TASKS[task].better
        row |= {"difference": gap.estimate, "difference_low": gap.low, "difference_high": gap.high}
        row["probability_better"] = probability_of_improvement(
            better * levels["with"], better * levels["without"]
        )
        for name in CONDITIONS:
            row[f"average_{name}"] = float(interquartile_mean(experiment.averages(task, name)))
        rows.append(row)
    return pl.DataFrame(rows)


def comparison_text(comparison: pl.DataFrame) -> str:
    """Returns the comparison as a Markdown table."""
    lines = [
        "| task | measure | without | with | difference | P(better) "
        "| whole training: without, with |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in comparison.iter_rows(named=True):
        cells = [
            f"{row[name]:.2f} [{row[f'{name}_low']:.2f}, {row[f'{name}_high']:.2f}]"
            for name in (*CONDITIONS, "difference")
        ]
        whole = f"{row['average_without']:.2f}, {row['average_with']:.2f}"
        start = f"| {TASKS[row['task']].title} | {row['measure']}, {row['seeds']} seeds"
        lines.append(f"{start} | {' | '.join(cells)} | {row['probability_better']:.2f} | {whole} |")
    return "\n".join(lines)


def _checks(experiment: Experiment, comparison: pl.DataFrame) -> list[Check]:
    criterion = (
        f"P(better) at least {LIKELY:g} and the interval of the difference on the better side of 0"
    )
    found = {row["task"]: row for row in comparison.iter_rows(named=True)}

    def judge(_: Experiment, task: str) -> Verdict:
        if task not in found:
            raise NotMeasuredError("the two conditions have no finished run each")
        row, better = found[task], TASKS[task].better
        worst = min(better * row["difference_low"], better * row["difference_high"])
        return row["probability_better"] >= LIKELY and worst > 0, (
            f"{row['with']:.2f} with, {row['without']:.2f} without; difference "
            f"{row['difference']:+.2f} [{row['difference_low']:+.2f}, "
            f"{row['difference_high']:+.2f}], P(better) {row['probability_better']:.2f}"
        )

    rule = Rule("M1", "A mind helps the learner", criterion, judge)
    return [rule.check(experiment, task) for task in experiment.manifest.tasks]


def _figure(experiment: Experiment, folder: Path) -> list[Path]:
    tasks = experiment.manifest.tasks
    with figure_style.figure(len(tasks), height=1.7 * len(tasks)) as (canvas, panels):
        for task, axes in zip(tasks, panels, strict=True):
            for condition in CONDITIONS:
                table = experiment.table(task, condition)
                if table.size:
                    color, line = _LOOKS[condition]
                    steps = _steps(experiment, task)
                    middle, low, high = _band(table)
                    axes.plot(steps, middle, color=color, linestyle=line, label=f"{condition} mind")
                    axes.fill_between(steps, low, high, color=color, alpha=0.2, linewidth=0)
            axes.set_ylabel(TASKS[task].label)
            axes.set_title(TASKS[task].title)
            figure_style.thousands(axes)
        panels[0].legend()
        panels[-1].set_xlabel("world steps")
        return figure_style.save(canvas, folder, "minds_in_learners")


def _steps(experiment: Experiment, task: str) -> NDArray[np.float64]:
    end = experiment.curves.filter(pl.col("task") == task)["steps"].max()
    return np.arange(1, BLOCKS + 1) / BLOCKS * float(end)  # pyright: ignore[reportArgumentType]


def _band(table: NDArray[np.float64]) -> tuple[NDArray, NDArray, NDArray]:
    """Returns interquartile mean and interval of each block, NaN where a seed has no episode."""
    rng = np.random.default_rng(_SEED)
    found = np.full((3, table.shape[1]), np.nan)
    for block, values in enumerate(table.T):
        if np.isfinite(values).all():
            interval = bootstrap_interval(values, rng)
            found[:, block] = interval.estimate, interval.low, interval.high
    return found[0], found[1], found[2]


def _page(experiment: Experiment, comparison: pl.DataFrame, checks: tuple[Check, ...]) -> list[str]:
    manifest = experiment.manifest
    summary = f"Preset `{manifest.preset}`. Software: {experiment.software}."
    parts = [
        *opening(
            "Minds in learners: what inferring the other is worth", EXPERIMENT, manifest, summary
        ),
        *reservations(manifest.claims, experiment.missing),
        "Two conditions of the same learners: *without*, the policy sees its observation; *with*, "
        "it also sees the posterior of a Bayesian mind over what the other is up to, its entropy "
        f"and the action that the mind predicts. Levels are means over the last "
        f"{LAST_BLOCKS / BLOCKS:.0%} of the training; interquartile means over seeds with 95 % "
        "bootstrap intervals.",
    ]
    if not comparison.is_empty():
        parts.append(comparison_text(comparison))
    judged = bullets(f"{check.status}: {check.number}. {check.observed}" for check in checks)
    return [
        *parts,
        "## Check",
        f"M1: {checks[0].criterion}." if checks else "No task.",
        judged,
        "![Learning curves](minds_in_learners.png)",
        CAPTION,
    ]
