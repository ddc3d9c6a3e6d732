"""What every kind of figure gets: groups of runs, their lives, and the options of drawing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import polars as pl

from prosocial.analysis.figures import series
from prosocial.analysis.figures.groups import Group
from prosocial.analysis.figures.plates import listed, percent
from prosocial.analysis.figures.runs import Run
from prosocial.envs.engine.errors import ConfigError

GOALS, ENVIRONMENT = "goals_per_episode", "env_return"

LABELS = {
    GOALS: "goals / episode",
    ENVIRONMENT: "environmental return / episode",
    "social_return": "social return / episode",
    "internal_return": "internal return / episode",
    "utility_return": "utility / episode",
    "stock_mean": "mean stock (units)",
    "stock_final": "final stock (units)",
    "entropy": "policy entropy (nats)",
}
"""Axis labels of measures, with units; returns are in reward, summed over agents."""


@dataclass(frozen=True)
class Options:
    """How figures are drawn.

    Attributes:
        measure: Column of the metrics that is the behaviour in question; None takes the goals, or
            the environmental return in a world without goals.
        smoothing: Weight of the past in an exponential moving average over blocks, in [0, 1).
        tables: Folder of tables that a command made for the figures; None without any.
    """

    measure: str | None = None
    smoothing: float = 0.0
    tables: Path | None = None

    def __post_init__(self) -> None:
        """Raises a ConfigError unless the smoothing is in its range."""
        if not 0.0 <= self.smoothing < 1.0:
            raise ConfigError(
                f"smoothing is {self.smoothing}; expected at least 0 (none) and below 1, such as "
                "0.8."
            )


@dataclass(frozen=True)
class Study:
    """Groups of runs that are drawn together.

    Attributes:
        groups: The groups; none if only tables are drawn.
        by: Keys that they were grouped by, in words.
        options: How to draw.
        asked: Whether the user named the keys; if not, a kind may pool groups that differ in what
            it shows side by side.
    """

    groups: tuple[Group, ...]
    by: str = "condition"
    options: Options = Options()
    asked: bool = False

    @cached_property
    def runs(self) -> tuple[Run, ...]:
        """All runs."""
        return tuple(run for group in self.groups for run in group.runs)

    @cached_property
    def lives(self) -> tuple[tuple[pl.DataFrame, ...], ...]:
        """Metrics of the runs of each group, see `series.life`."""
        return tuple(tuple(series.life(run, self.runs) for run in g.runs) for g in self.groups)

    @cached_property
    def whole_lives(self) -> tuple[tuple[pl.DataFrame, ...], ...]:
        """The same, also with the parents that are drawn by themselves."""
        known = {run.path.resolve(): run for run in self.runs}
        return tuple(tuple(series.life(run, known=known) for run in g.runs) for g in self.groups)

    @cached_property
    def measure(self) -> str:
        """The behaviour in question, a column of the metrics.

        Raises:
            ConfigError: No run recorded it.
        """
        if self.options.measure is not None:
            series.require_measure(self.runs, self.options.measure)
            return self.options.measure
        tables = [rows for group in self.lives for rows in group]
        return GOALS if series.recorded(tables, GOALS) else ENVIRONMENT

    @cached_property
    def unfinished(self) -> tuple[Run, ...]:
        """Runs that have not come to their end."""
        return tuple(run for run in self.runs if run.unfinished)

    def label(self, measure: str | None = None) -> str:
        """Axis label of a measure with its unit."""
        measure = measure or self.measure
        if measure.startswith("event_"):
            return f"{measure.removeprefix('event_').removesuffix('_per_episode')} / episode"
        return LABELS.get(measure, measure.replace("_", " "))

    def counts(self, groups: Sequence[Group] | None = None) -> str:
        """Sentence with the number of runs in each group."""
        drawn = self.groups if groups is None else groups
        sizes = {len(group.runs) for group in drawn}
        total = sum(len(group.runs) for group in drawn)
        if len(sizes) == 1:
            size = sizes.pop()
            each = f", {size} in each of {len(drawn)} groups" if len(drawn) > 1 else ""
            return f"Runs: {total}{each} (one seed each; grouped by {self.by})."
        each = ", ".join(f"{group.label} {len(group.runs)}" for group in drawn)
        return f"Runs: {total} ({each}; one seed each; grouped by {self.by})."

    def intervals(
        self, what: str = "Lines", area: str = "bands", estimate: str = "interquartile mean"
    ) -> str:
        """Sentence with the estimator and the interval."""
        text = (
            f"{what}: {estimate} over seeds; {area}: {percent(series.CONFIDENCE)} "
            "stratified percentile "
            f"bootstrap interval over seeds, the unit ({series.REPETITIONS} resamples)."
        )
        if any(len(group.runs) == 1 for group in self.groups):
            text += " One run alone has no interval."
        return text

    def warnings(self, groups: Sequence[Group] | None = None) -> list[str]:
        """Sentence with the runs of some groups that are not finished; empty if all are."""
        drawn = self.runs if groups is None else [run for group in groups for run in group.runs]
        unfinished = [run for run in drawn if run.unfinished]
        if not unfinished:
            return []
        names = listed(f"{run.path.as_posix()} ({run.state})" for run in unfinished)
        return [f"Not finished, drawn as far as they are: {names}."]

    def smoothing_text(self, blocks: Sequence[float]) -> str:
        """Sentence with the blocks and the smoothing."""
        widths = " or ".join(f"{width:,.0f}" for width in sorted(set(blocks)))
        average = self.options.smoothing
        text = f"Points are means over the episodes that ended in blocks of {widths} world steps"
        if average:
            return f"{text}, smoothed with an exponential moving average (weight {average:g})."
        return f"{text}; no further smoothing."
