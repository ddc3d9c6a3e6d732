"""Figure of single lives: what a learner did and earned through its phases."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import polars as pl
from matplotlib.axes import Axes

from prosocial.analysis import figure_style as style
from prosocial.envs.engine.errors import ConfigError

CHANNELS = {
    "env_return": ("environment", style.BLACK, "-"),
    "social_return": ("social", style.GREEN, "--"),
    "internal_return": ("internal", style.BLUE, "-."),
}
"""Reward channels of ``metrics.parquet`` with their label, colour and line style."""


def figure_life_courses(runs: Sequence[Path], folder: Path) -> list[Path]:
    """Draws goals per episode and, for a single run, returns by channel.

    Args:
        runs: Run folders with a ``metrics.parquet``, at least one.
        folder: Where the figure goes.

    Returns:
        Paths written, PDF and PNG.

    Raises:
        ConfigError: If a folder has no ``metrics.parquet``.
    """
    tables = {_label(run, runs): read_metrics(run) for run in runs}
    single = len(tables) == 1
    with style.figure(2 if single else 1, 1, height=3.6 if single else 2.2) as (canvas, axes):
        for index, (name, table) in enumerate(tables.items()):
            color = style.PALETTE[index % len(style.PALETTE)]
            line = "-" if index < len(style.PALETTE) else "--"
            _draw(axes[0], table, "goals_per_episode", name, color, line)
        axes[0].set_ylabel("goals / episode")
        axes[0].set_ylim(bottom=0.0)
        if single:
            table = next(iter(tables.values()))
            for column, (label, color, line) in CHANNELS.items():
                _draw(axes[1], table, column, label, color, line)
            axes[1].set_ylabel("return / episode")
            axes[1].legend()
            axes[0].tick_params(labelbottom=False)
            for panel in axes:
                _mark_phases(panel, table)
        else:
            axes[0].legend()
        for panel in axes:
            style.thousands(panel)
        axes[-1].set_xlabel("environment steps")
        return style.save(canvas, folder, "life_course")


def read_metrics(run: Path) -> pl.DataFrame:
    """The table ``metrics.parquet`` of a run folder.

    Raises:
        ConfigError: If there is none.
    """
    path = run / "metrics.parquet"
    if not path.is_file():
        raise ConfigError(f"{run} has no metrics.parquet; give the folder of a run that has begun.")
    return pl.read_parquet(path)


def _label(run: Path, runs: Sequence[Path]) -> str:
    """The part of a run's path that tells it from the others."""
    if len(runs) == 1:
        return run.resolve().name
    shared = Path(os.path.commonpath([other.resolve() for other in runs]))
    return run.resolve().relative_to(shared).as_posix()


def _draw(axes: Axes, table: pl.DataFrame, column: str, label: str, color: str, line: str) -> None:
    seen = table.drop_nulls(column)
    axes.plot(seen["env_steps"].to_numpy(), seen[column].to_numpy(), color=color, linestyle=line,
              label=label)  # fmt: skip


def _mark_phases(axes: Axes, table: pl.DataFrame) -> None:
    """Marks where each phase but the first of the table begins."""
    starts = (
        table.sort("env_steps")
        .group_by("phase_index", "phase", maintain_order=True)
        .agg((pl.col("env_steps") - pl.col("phase_steps")).first().alias("start"))
    )
    for phase, start in starts.select("phase", "start").rows()[1:]:
        style.mark_switch(axes, start, phase)
