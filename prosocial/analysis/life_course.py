"""Figure of single lives: what a learner did and earned through its phases."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from prosocial.analysis.figures.groups import group_runs
from prosocial.analysis.figures.lives import CHANNELS, life_course
from prosocial.analysis.figures.plates import draw_plate
from prosocial.analysis.figures.runs import read_run
from prosocial.analysis.figures.study import Study

__all__ = ["CHANNELS", "figure_life_courses"]


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
    groups = group_runs([read_run(run) for run in runs], ("run",))
    return draw_plate(life_course(Study(tuple(groups), "run")), folder, "single")
