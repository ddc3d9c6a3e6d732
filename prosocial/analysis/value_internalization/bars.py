"""Figures of fits and of generalization: 3a, 3b, 4b and 5."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import polars as pl
from matplotlib.axes import Axes

from prosocial.analysis import figure_style as style
from prosocial.analysis.statistics import bootstrap_interval
from prosocial.analysis.value_internalization import measures, published
from prosocial.analysis.value_internalization.curves import LOOKS
from prosocial.analysis.value_internalization.published import Published
from prosocial.analysis.value_internalization.records import Experiment

CONDITIONS = ("frozen", "isr", "oracle")
"""Conditions of figures 4b and 5, in the paper's order."""

BAR_CONFIDENCE = 0.68
"""Coverage of the intervals on bars, as in the paper (about one standard error)."""

_BAR_NOTE = "bars: mean, 68 % bootstrap interval; dots: seeds; published: mean and SE"

RESAMPLING_SEED = 0
"""Seed of the bootstrap, so that a figure drawn twice is the same figure."""

UPDATES_3A = 5000
"""Updates shown in figure 3a, as in the paper."""

BLOCK_3A = 100
"""Updates that are averaged to one point of figure 3a (the paper's moving average is as wide)."""


def figure_3a(experiment: Experiment, folder: Path) -> list[Path]:
    """Draws figure 3a: error of the ISR while it is fitted.

    Args:
        experiment: Source of the curves.
        folder: Where the figure goes.

    Returns:
        Paths written; empty when no fit of the figure is finished.
    """
    rows = measures.select(experiment, experiment.curves, figure="3a")
    if rows.is_empty():
        return []
    longest = rows.filter(
        (pl.col("steps") == pl.col("steps").max()) & (pl.col("update") < UPDATES_3A)
    )
    parts = (("train_loss", "training batches", style.ORANGE, "-"),
             ("holdout_loss", "held-out tenth", style.BLUE, "--"))  # fmt: skip
    with style.figure(height=2.1) as (canvas, (axes,)):
        for column, label, color, line in parts:
            table = _blocks_of_updates(longest, column)
            updates = table["update"].to_numpy()
            axes.fill_between(updates, table["low"].to_numpy(), table["high"].to_numpy(),
                              color=color, alpha=0.2, lw=0)  # fmt: skip
            axes.plot(updates, table["mean"].to_numpy(), color=color, linestyle=line, label=label)
        axes.set_xlabel("updates")
        axes.set_ylabel("mean squared error")
        axes.set_ylim(bottom=0.0)
        axes.legend()
        style.thousands(axes)
        seeds = longest["seed"].n_unique()
        style.note(axes, f"means of {BLOCK_3A} updates; seeds: {seeds}; line: mean, band: min-max")
        return style.save(canvas, folder, "figure_3a")


def figure_3b(experiment: Experiment, folder: Path) -> list[Path]:
    """Draws figure 3b: error of the ISR, in and out of distribution, against socialization.

    Args:
        experiment: Source of the fits and audits.
        folder: Where the figure goes.

    Returns:
        Paths written; empty when no fit of the figure is finished.
    """
    rows = measures.select(experiment, experiment.fits, figure="3b")
    audits = measures.select(experiment, experiment.audits, figure="3b")
    if rows.is_empty():
        return []
    with style.figure(2, 1, height=3.8) as (canvas, axes):
        _errors_by_socialization(axes[0], rows)
        axes[1].set_xlabel("socialization steps")
        _false_positives(axes[1], audits)
        for panel in axes:
            style.thousands(panel)
        return style.save(canvas, folder, "figure_3b")


def figure_4b(experiment: Experiment, folder: Path) -> list[Path]:
    """Draws figure 4b: return on five random walls after socialization on one.

    Args:
        experiment: Source of the evaluations.
        folder: Where the figure goes.

    Returns:
        Paths written; empty when no run of the figure is finished.
    """
    rows = measures.select(experiment, experiment.evaluations, figure="4b")
    if rows.is_empty():
        return []
    with style.figure(height=2.3) as (canvas, (axes,)):
        _bars(axes, rows, ("ood5",), {"ood5": published.RETURNS_4B})
        axes.set_xticks(range(len(CONDITIONS)), [LOOKS[name].label for name in CONDITIONS])
        axes.set_ylabel("true return / episode")
        handles, labels = _once(axes)
        canvas.legend(handles[-1:], labels[-1:], loc="outside upper right")
        style.note(axes, _BAR_NOTE)
        return style.save(canvas, folder, "figure_4b")


def figure_5(experiment: Experiment, folder: Path) -> list[Path]:
    """Draws figure 5: return on the five hand-made layouts.

    Args:
        experiment: Source of the evaluations.
        folder: Where the figure goes.

    Returns:
        Paths written; empty when no run of the figure is finished.
    """
    rows = measures.select(experiment, experiment.evaluations, figure="5")
    if rows.is_empty():
        return []
    layouts = published.LAYOUTS
    with style.figure(height=2.5) as (canvas, (axes,)):
        _bars(axes, rows, layouts, published.RETURNS_5)
        axes.set_xticks(
            [group * (len(CONDITIONS) + 1) + 1 for group in range(len(layouts))],
            [published.LAYOUT_LABELS[layout] for layout in layouts],
        )
        axes.set_ylabel("true return / episode")
        axes.axhline(0.0, color=style.BLACK, linewidth=0.6)
        canvas.legend(*_once(axes), loc="outside upper center", ncols=4)
        style.note(axes, _BAR_NOTE)
        return style.save(canvas, folder, "figure_5")


def _blocks_of_updates(rows: pl.DataFrame, column: str) -> pl.DataFrame:
    """Mean and range over seeds of an error averaged over blocks of updates."""
    block = (pl.col("update") // BLOCK_3A + 1) * BLOCK_3A
    return (
        rows.drop_nulls(column)
        .group_by("run", block.alias("update"))
        .agg(pl.col(column).mean())
        .group_by("update")
        .agg(
            pl.col(column).mean().alias("mean"),
            pl.col(column).min().alias("low"),
            pl.col(column).max().alias("high"),
        )
        .sort("update")
    )


def _errors_by_socialization(axes: Axes, rows: pl.DataFrame) -> None:
    table = (
        rows.group_by("steps")
        .agg(
            pl.col("holdout_mse").mean().alias("mean"),
            pl.col("holdout_mse").min().alias("low"),
            pl.col("holdout_mse").max().alias("high"),
        )
        .sort("steps")
    )
    axes.fill_between(table["steps"].to_numpy(), table["low"].to_numpy(), table["high"].to_numpy(),
                      color=style.BLUE, alpha=0.2, lw=0)  # fmt: skip
    axes.plot(table["steps"].to_numpy(), table["mean"].to_numpy(), color=style.BLUE, marker="s",
              label="ours, clean hold-out")  # fmt: skip
    rows_published = published.ERRORS_3B
    means = np.array([row.mean for row in rows_published])
    spread = np.array([[row.mean - row.low, row.high - row.mean] for row in rows_published]).T
    axes.errorbar([row.steps for row in rows_published], means, yerr=spread, color=style.BLACK,
                  fmt="D", mfc="white", capsize=2, linewidth=0.8, label="published")  # fmt: skip
    axes.set_yscale("log")
    axes.set_ylabel("hold-out error (MSE)")
    axes.tick_params(labelbottom=False)
    axes.legend()


def _false_positives(axes: Axes, audits: pl.DataFrame) -> None:
    if audits.is_empty():
        return
    table = audits.group_by("layout", "steps").agg(pl.col("false_positives").mean()).sort("steps")
    for index, layout in enumerate(published.LAYOUTS):
        part = table.filter(pl.col("layout") == layout)
        axes.plot(part["steps"].to_numpy(), part["false_positives"].to_numpy(),
                  color=style.PALETTE[index], marker="os^Dv"[index],
                  label=published.LAYOUT_LABELS[layout])  # fmt: skip
    axes.set_yscale("symlog", linthresh=1.0)
    axes.set_ylim(bottom=0.0)
    axes.set_ylabel("false positives\n(all state-actions)")
    axes.legend(ncols=2)
    style.note(axes, f"{audits['seed'].n_unique()} seeds; lines: mean, band and bars: min-max")


def _bars(
    axes: Axes,
    rows: pl.DataFrame,
    worlds: Sequence[str],
    reference: Mapping[str, Mapping[str, Published]],
) -> None:
    """Bars of the three conditions for each world, with seeds and published means beside."""
    rng = np.random.default_rng(RESAMPLING_SEED)
    for group, world in enumerate(worlds):
        for offset, condition in enumerate(CONDITIONS):
            place = group * (len(CONDITIONS) + 1) + offset
            look = LOOKS[condition]
            part = rows.filter(pl.col("condition") == condition)
            scores = measures.values(measures.evaluation_scores(part, world))
            if scores.size:
                mean = bootstrap_interval(scores, rng, np.mean, BAR_CONFIDENCE)
                axes.bar(place, mean.estimate, width=0.85, color=look.color, alpha=0.75,
                         label=look.label)  # fmt: skip
                axes.plot([place, place], [mean.low, mean.high], color=style.BLACK, linewidth=1.0)
                spread = np.linspace(-0.3, -0.1, scores.size) if scores.size > 1 else [-0.2]
                axes.plot(place + np.asarray(spread), scores, linestyle="none", marker=".",
                          markersize=2.0, color=style.BLACK)  # fmt: skip
            known = reference[world][condition]
            axes.errorbar(place + 0.22, known.mean, yerr=known.sd / np.sqrt(len(published.SEEDS)),
                          color=style.BLACK, fmt="D", mfc="white", markersize=3, linewidth=0.7,
                          label="published")  # fmt: skip


def _once(axes: Axes) -> tuple[list, list]:
    """Legend entries without repetitions, the published ones last."""
    handles, labels = axes.get_legend_handles_labels()
    unique = dict(zip(labels, handles, strict=True))
    unique["published"] = unique.pop("published")
    return list(unique.values()), list(unique)
