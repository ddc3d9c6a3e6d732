"""Figures of curves over training: 1b, 4a, 6 and 7."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from matplotlib.axes import Axes

from prosocial.analysis import figure_style as style
from prosocial.analysis.value_internalization import measures, published
from prosocial.analysis.value_internalization.records import Experiment

SMOOTHING = 0.8
"""Weight of the past in the moving average of figures 6 and 7, as in the paper's plot scripts."""


@dataclass(frozen=True)
class Look:
    """How a condition is drawn: label, colour and line style."""

    label: str
    color: str
    line: str


LOOKS = {
    "social": Look("with social reward", style.BLACK, "-"),
    "none": Look("none", style.VERMILLION, "--"),
    "isr": Look("ISR", style.BLUE, "-"),
    "oracle": Look("oracle", style.GREEN, "-."),
    "frozen": Look("frozen", style.PURPLE, ":"),
}
"""Look of each condition, the same in every figure."""


def draw_band(axes: Axes, table: pl.DataFrame, look: Look) -> None:
    """Draws the mean over seeds as a line in a min-max band.

    Args:
        axes: Panel.
        table: Result of `measures.band`.
        look: Colour, line style and name in the legend.
    """
    steps = table["env_steps"].to_numpy()
    axes.fill_between(
        steps, table["low"].to_numpy(), table["high"].to_numpy(), color=look.color, alpha=0.2, lw=0
    )
    axes.plot(
        steps,
        table["mean"].to_numpy(),
        color=look.color,
        linestyle=look.line,
        label=look.label,
    )


def figure_1b(experiment: Experiment, folder: Path) -> list[Path]:
    """Draws figure 1b: the socialized behaviour is unlearned when social reward stops.

    Args:
        experiment: Source of the curves.
        folder: Where the figure goes.

    Returns:
        Paths written; empty when no run of the figure is finished.
    """
    return _withdrawal(experiment, folder, "1b", "train3", ("none",), "goals per 20-step episode")


def figure_4a(experiment: Experiment, folder: Path) -> list[Path]:
    """Draws figure 4a: the internal social reward prevents unlearning.

    Args:
        experiment: Source of the curves.
        folder: Where the figure goes.

    Returns:
        Paths written; empty when no run of the figure is finished.
    """
    conditions = ("isr", "oracle", "frozen", "none")
    return _withdrawal(experiment, folder, "4a", "train3", conditions, "goals per 20-step episode")


def figure_7(experiment: Experiment, folder: Path) -> list[Path]:
    """Draws figure 7: helping survives with the internal social reward only.

    Args:
        experiment: Source of the curves.
        folder: Where the figure goes.

    Returns:
        Paths written; empty when no run of the figure is finished.
    """
    label = "caregiver goals\nper 100-step episode"
    conditions = ("isr", "oracle", "none")
    return _withdrawal(experiment, folder, "7", "helping", conditions, label, SMOOTHING)


def figure_6(experiment: Experiment, folder: Path) -> list[Path]:
    """Draws figure 6: reward hacking of an internal reward fitted on little socialization.

    Args:
        experiment: Source of the curves.
        folder: Where the figure goes.

    Returns:
        Paths written; empty when no run of the figure is finished.
    """
    rows = measures.select(experiment, experiment.metrics, figure="6", conditions=("isr",))
    if rows.is_empty():
        return []
    variants = rows.select("isr_steps", "rule").unique().sort("isr_steps", "rule").rows()
    panels = (("utility_return", "internal return\nper episode"),
              ("goals_per_episode", "goals per\n20-step episode"))  # fmt: skip
    with style.figure(2, 1, height=3.4) as (canvas, axes):
        for panel, (column, label) in zip(axes, panels, strict=True):
            for color, (steps, rule) in zip(style.PALETTE, variants, strict=False):
                part = rows.filter((pl.col("isr_steps") == steps) & (pl.col("rule") == rule))
                line = "-" if rule == "threshold" else "--"
                look = Look(f"{steps / 1000:g}k steps, {rule} rule", color, line)
                draw_band(panel, measures.band(part, column, SMOOTHING), look)
            panel.set_ylabel(label)
            style.thousands(panel)
        axes[1].set_ylim(bottom=0.0)
        axes[0].tick_params(labelbottom=False)
        axes[1].set_xlabel("environment steps")
        canvas.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=2,
                      title="ISR fitted on the first", title_fontsize=6.5)  # fmt: skip
        switch = f"{measures.switch_steps(rows) / 1000:.0f}k"
        style.note(axes[1], f"layout x from {switch} steps on; {_seeds(rows)}; band: min-max; "
                            f"EMA {SMOOTHING:g}")  # fmt: skip
        return style.save(canvas, folder, "figure_6")


def _withdrawal(
    experiment: Experiment,
    folder: Path,
    name: str,
    setting: str,
    conditions: tuple[str, ...],
    label: str,
    smoothing: float = 0.0,
) -> list[Path]:
    """Goals per episode through socialization and, by condition, after it."""
    rows = measures.select(experiment, experiment.metrics, settings=(setting,))
    if rows.is_empty():
        return []
    rows = rows.filter(pl.col("condition").is_in(("social", *conditions)))
    later = rows.filter(pl.col("condition") != "social")
    with style.figure(height=2.3) as (canvas, (axes,)):
        for condition in ("social", *conditions):
            part = rows.filter(pl.col("condition") == condition)
            if not part.is_empty():
                table = measures.band(part, "goals_per_episode", smoothing)
                draw_band(axes, table, LOOKS[condition])
        switch = measures.switch_steps(later)
        if math.isfinite(switch):
            style.mark_switch(axes, switch, "social reward stops")
        if setting == "train3":
            axes.axhline(published.SOCIALIZED_GOALS, color=style.GREY, linestyle=":", linewidth=0.8)
            axes.annotate("published socialized level", xy=(0.02, published.SOCIALIZED_GOALS),
                          xycoords=("axes fraction", "data"), xytext=(0, 2), fontsize=6,
                          textcoords="offset points", color=style.GREY)  # fmt: skip
        axes.set_xlabel("environment steps")
        axes.set_ylabel(label)
        axes.set_ylim(bottom=0.0)
        axes.margins(x=0.01)
        style.thousands(axes)
        canvas.legend(*axes.get_legend_handles_labels(), loc="outside upper center", ncols=3)
        smooth = f"; EMA {smoothing:g}" if smoothing else ""
        style.note(axes, f"true goals; {_seeds(rows)}; line: mean, band: min-max{smooth}")
        return style.save(canvas, folder, f"figure_{name}")


def _seeds(rows: pl.DataFrame) -> str:
    count = rows["seed"].n_unique()
    return f"{count} seed" if count == 1 else f"{count} seeds"
