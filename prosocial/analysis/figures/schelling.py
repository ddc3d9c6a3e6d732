"""Schelling diagrams: what cooperators and defectors earn, by how many others cooperate.

Drawn from tables ``schelling-NAME.parquet``, which `prosocial figures --schelling WORLD` makes by
playing populations of k cooperators and N − k defectors for every k. One row for each unit (pair of
partners), k, episode and role:

    world, cooperator, defector   names
    agents                        N
    unit                          number of the pair of partners; several if they were trained
    episode                       number of the episode; the worlds are the same for all k
    role                          "cooperator" or "defector"
    others                        how many others cooperate, 0 .. N − 1
    payoff                        return R_e of an agent of that role, mean over those agents

After Schelling (1973), as in Hughes et al. (arXiv 1803.08884), whose three conditions of a social
dilemma are judged in the caption.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from prosocial.analysis import figure_style as style
from prosocial.analysis.figures import series
from prosocial.analysis.figures.confusion import read_table
from prosocial.analysis.figures.errors import NotDrawnError
from prosocial.analysis.figures.groups import Look
from prosocial.analysis.figures.plates import Grid, Plate, percent
from prosocial.analysis.figures.study import Study
from prosocial.analysis.statistics import REPETITIONS

PREFIX = "schelling-"
COLUMNS = (
    *("world", "cooperator", "defector", "agents", "unit", "episode", "role", "others"),
    "payoff",
)
COOPERATOR, DEFECTOR = "cooperator", "defector"

_LOOKS = {
    COOPERATOR: Look(style.BLUE, "-", "o"),
    DEFECTOR: Look(style.VERMILLION, "--", "v"),
}


@dataclass(frozen=True)
class Diagram:
    """Payoffs of both roles.

    Attributes:
        others: How many others cooperate, 0 .. N − 1.
        payoffs: By role, estimates and ends of the intervals, each (N,).
        units: Number of units that the intervals are over.
        unit: What a unit is: "pair of trained partners" or "episode".
    """

    others: NDArray[np.int64]
    payoffs: dict[str, series.Band]
    units: int
    unit: str


def schelling(study: Study) -> list[Plate]:
    """Plans a diagram for each table.

    Raises:
        NotDrawnError: There is none.
        ConfigError: A table lacks a column.
    """
    folder = study.options.tables
    paths = sorted(folder.glob(f"{PREFIX}*.parquet")) if folder is not None else []
    if not paths:
        raise NotDrawnError("no populations were played; ask for it with --schelling WORLD")
    return [_plate(path) for path in paths]


def diagram(table: pl.DataFrame) -> Diagram:
    """Payoffs with intervals; the unit is the pair of partners, or the episode if there is one."""
    several = table["unit"].n_unique() > 1
    unit = "unit" if several else "episode"
    means = table.group_by("role", "others", unit).agg(pl.col("payoff").mean())
    others = np.arange(int(table["agents"][0]))
    names = sorted(table[unit].unique())
    payoffs = {}
    for role in (COOPERATOR, DEFECTOR):
        part = means.filter(pl.col("role") == role)
        values = np.full((len(names), len(others)), np.nan)
        for other, name, payoff in part.select("others", unit, "payoff").rows():
            values[names.index(name), other] = payoff
        payoffs[role] = series.band(values)
    return Diagram(others, payoffs, len(names), "pair of trained partners" if several else unit)


def dilemma(found: Diagram) -> list[str]:
    """Which of the conditions of a social dilemma the estimates meet, a sentence part each."""
    cooperators, defectors = (found.payoffs[role].middle for role in (COOPERATOR, DEFECTOR))
    half = len(found.others) // 2
    tests = (
        ("mutual cooperation pays more than mutual defection", cooperators[-1] > defectors[0]),
        ("mutual cooperation pays more than being exploited", cooperators[-1] > cooperators[0]),
        ("fear (defection pays more when few cooperate)",
         (defectors[:half] > cooperators[:half]).any()),
        ("greed (defection pays more when many cooperate)",
         (defectors[-half:] > cooperators[-half:]).any()),
    )  # fmt: skip
    return [f"{name}: {'yes' if held else 'no'}" for name, held in tests]


def _plate(path: Path) -> Plate:
    table = read_table(path, COLUMNS)
    found = diagram(table)
    world, cooperator, defector, agents = table.select(
        "world", "cooperator", "defector", "agents"
    ).row(0)
    names = {COOPERATOR: cooperator, DEFECTOR: defector}

    def draw(canvas: Figure, axes: list[Axes], width: str) -> None:
        panel = axes[0]
        for role, one in found.payoffs.items():
            look = _LOOKS[role]
            panel.errorbar(
                found.others, one.middle, yerr=[one.middle - one.low, one.high - one.middle],
                color=look.color, linestyle=look.line, marker=look.marker, capsize=2,
                label=f"{role}: {names[role].replace('_', ' ')}", elinewidth=0.9,
            )  # fmt: skip
        panel.set_xlabel(f"others who cooperate (of {agents - 1})")
        panel.set_ylabel("payoff of an agent\n(return / episode)")
        panel.set_xticks(found.others)
        if panel.dataLim.y0 >= 0.0:
            panel.set_ylim(bottom=0.0)
        title = world.replace("_", " ")
        canvas.legend(*panel.get_legend_handles_labels(), loc="outside upper center",
                      ncols=1 if width == "single" else 2, title=title,
                      title_fontsize=7)  # fmt: skip

    episodes = table["episode"].n_unique()
    return Plate(
        path.stem,
        {"single": Grid(height=2.6), "double": Grid(height=2.6)},
        draw,
        (
            f"Schelling diagram of {world} with {agents} agents: environmental return per episode "
            f"(reward) of a cooperator ({cooperator}) and of a defector ({defector}), by the "
            "number of others who cooperate, in populations of k cooperators and N − k defectors.",
            f"Conditions of a social dilemma (Hughes et al. 2018), by the estimates: "
            f"{'; '.join(dilemma(found))}.",
            f"Points: interquartile mean over {found.units} {found.unit}s; error bars: "
            f"{percent(series.CONFIDENCE)} stratified percentile bootstrap interval over "
            f"{found.unit}s, the unit ({REPETITIONS} resamples); {episodes} episodes of each "
            "population, in the same worlds; no smoothing.",
        ),
    )
