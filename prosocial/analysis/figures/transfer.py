"""Generalization bars: true return in each evaluation world, by group."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from prosocial.analysis import figure_style as style
from prosocial.analysis.figures.drawing import draw_seeds, level
from prosocial.analysis.figures.errors import NotDrawnError
from prosocial.analysis.figures.groups import KNOWN, Group, looks_for, readable
from prosocial.analysis.figures.plates import Grid, Plate, legend
from prosocial.analysis.figures.runs import Run
from prosocial.analysis.figures.study import Study
from prosocial.analysis.generalization import generalization_ratio

_ORDER = ("frozen", "isr", "oracle")  # from habit to ceiling, as in Rong & Kleiman-Weiner (2024)
_HATCHES = {"frozen": "....", "isr": "", "oracle": "////"}
_OTHER_HATCHES = ("", "////", "....", "xxxx", "\\\\\\\\")

Scores = dict[str, NDArray[np.float64]]
"""Mean true return of each seed, (S,), by label of the group."""


def pooled(study: Study) -> tuple[Group, ...]:
    """Groups of the runs of one condition in all worlds, if each seed is in each world once.

    A life that goes on in another world is a run of its own, so the bars of a condition may come
    from several runs of a seed. Conditions such as "x/isr" and "u/isr" are pooled as "isr", unless
    the user named the keys to group by, or a group would count a seed twice in a world.

    Args:
        study: Groups of runs.
    """
    pools: dict[str, list[Run]] = {}
    for group in study.groups:
        pools.setdefault(group.condition, []).extend(group.runs)
    if study.asked or "" in pools or len(pools) == len(study.groups):
        return study.groups
    for runs in pools.values():
        places = [(run.seed, world) for run in runs for world in _worlds(_last(run))]
        if len(set(places)) < len(places):
            return study.groups
    roles = [_role(name) for name in pools]
    looks = looks_for(roles if len(set(roles)) == len(roles) else list(pools))
    return tuple(
        Group(readable(name), tuple(runs), look)
        for (name, runs), look in zip(pools.items(), looks, strict=True)
    )


def scores(groups: Sequence[Group]) -> dict[str, Scores]:
    """True return by evaluation world and group, at the last evaluation of each run.

    Args:
        groups: Groups of runs.

    Returns:
        For each world, in the order of the runs' tables, for each group with a run evaluated there:
        the mean over evaluation episodes of each seed.
    """
    found: dict[str, Scores] = {}
    for group in groups:
        tables = [table for run in group.runs if (table := _last(run)).height]
        for world in dict.fromkeys(name for table in tables for name in _worlds(table)):
            means = [table.filter(pl.col("world") == world)["return"].mean() for table in tables
                     if (table["world"] == world).any()]  # fmt: skip
            found.setdefault(world, {})[group.label] = np.array(means, dtype=float)
    return found


def ratios(groups: Sequence[Group], found: Scores) -> dict[str, float]:
    """Generalization ratio G of each group in a world that has a frozen and an oracle group.

    Args:
        groups: Groups of runs.
        found: Scores in the world.

    Returns:
        G by label of the group; NaN where the oracle is not above the frozen policy by more than
        the standard error of their difference. Empty unless there is one of both.
    """
    named: dict[str, list[str]] = {}
    for group in groups:
        if group.label in found:
            named.setdefault(_role(group.condition), []).append(group.label)
    if any(len(named.get(role, [])) != 1 for role in ("frozen", "oracle")):
        return {}
    lower, upper = named["frozen"][0], named["oracle"][0]
    frozen, oracle = found[lower], found[upper]
    error = math.hypot(_error(frozen), _error(oracle))
    ends = level(frozen).estimate, level(oracle).estimate
    return {
        label: generalization_ratio(level(values).estimate, *ends, error)
        for label, values in found.items()
        if label not in (lower, upper)
    }


def generalization(study: Study) -> Plate:
    """Plans the bars of a study.

    Raises:
        NotDrawnError: No run was evaluated.
    """
    members = pooled(study)
    found = scores(members)
    if not found:
        raise NotDrawnError("no run has an evaluation (evaluations.parquet)")
    worlds = sorted(found, key=lambda world: world != "training_world")
    groups = sorted(
        (g for g in members if any(g.label in found[world] for world in worlds)),
        key=lambda g: _ORDER.index(_role(g.condition)) if _role(g.condition) in _ORDER else 3,
    )
    solved = {world: ratios(groups, found[world]) for world in worlds}

    def draw(canvas: Figure, axes: list[Axes], width: str) -> None:
        _draw(axes[0], groups, {world: found[world] for world in worlds}, solved, width)
        legend(canvas, axes, 4 if width == "single" else 6)

    return Plate(
        "generalization",
        {"single": Grid(height=2.6), "double": Grid(height=2.6)},
        draw,
        (
            "Generalization: true return per episode (environmental plus social reward with the "
            "caregiver always present and without noise) at the last evaluation of each run, in "
            "the world of the training and in others; reward summed over an episode.",
            *_ratio_text(solved),
            _counts(study, members, groups, {world: found[world] for world in worlds}),
            study.intervals("Bars", "lines") + " Dots: seeds, each a mean over its episodes.",
            *study.warnings(groups),
        ),
    )


def _counts(
    study: Study, members: Sequence[Group], groups: Sequence[Group], found: dict[str, Scores]
) -> str:
    """Sentence with the number of runs, and of seeds in each bar where those differ."""
    if members is study.groups:
        return study.counts(groups)
    bars = "; ".join(
        f"{group.label} "
        + ", ".join(f"{len(s[group.label])} in {w}" for w, s in found.items() if group.label in s)
        for group in groups
    )
    total = sum(len(group.runs) for group in groups)
    return (
        f"Runs: {total}, pooled by condition over the worlds that they live in; each seed is in a "
        f"world once. Seeds in each bar: {bars.replace('_', ' ')}."
    )


def _draw(
    panel: Axes,
    groups: Sequence[Group],
    found: dict[str, Scores],
    solved: dict[str, dict[str, float]],
    width: str,
) -> None:
    stride = len(groups) + 0.8
    for place, (_, values) in enumerate(found.items()):
        for offset, group in enumerate(groups):
            if group.label in values:
                _bar(panel, place * stride + offset, values[group.label], group, offset)
    centre = (len(groups) - 1) / 2
    many = len(found) > (7 if width == "single" else 12)
    panel.set_xticks(
        [place * stride + centre for place in range(len(found))],
        [_tick(world, solved[world], many) for world in found],
        rotation=40 if many else 0, ha="right" if many else "center",
        rotation_mode="anchor" if many else "default",
    )  # fmt: skip
    panel.tick_params(axis="x", length=0, labelsize=6.5)
    panel.axhline(0.0, color=style.BLACK, linewidth=0.6)
    panel.set_ylabel("true return / episode")
    panel.margins(x=0.02)


def _bar(panel: Axes, place: float, values: NDArray, group: Group, offset: int) -> None:
    found = level(values)
    hatch = _HATCHES.get(_role(group.condition), _OTHER_HATCHES[offset % len(_OTHER_HATCHES)])
    panel.bar(
        place, found.estimate, width=0.88, color=group.look.color, alpha=0.75, label=group.label,
        hatch=hatch, edgecolor="white", linewidth=0.0,
    )  # fmt: skip
    panel.plot([place, place], [found.low, found.high], color=style.BLACK, linewidth=1.0)
    draw_seeds(panel, place, values)


def _tick(world: str, solved: dict[str, float], one_line: bool) -> str:
    name = world.replace("_", " ")
    if one_line:
        return name
    lines = [name if len(name) <= 8 else name.replace(" ", "\n", 1)]
    if len(solved) == 1 and math.isfinite(ratio := next(iter(solved.values()))):
        lines.append(f"G {ratio:.2f}")
    return "\n".join(lines)


def _ratio_text(solved: dict[str, dict[str, float]]) -> list[str]:
    if not any(solved.values()):
        return []
    parts = []
    for world, values in solved.items():
        each = ", ".join(f"{label} {ratio:.2f}" if math.isfinite(ratio) else
                         f"{label} undefined" for label, ratio in values.items())  # fmt: skip
        parts.append(f"{world.replace('_', ' ')}: {each}")
    return [
        "Generalization ratio G = (X - frozen) / (oracle - frozen), dimensionless; undefined where "
        "the oracle is not above the frozen policy by more than the standard error of their "
        f"difference. {'; '.join(parts)}."
    ]


def _role(condition: str) -> str:
    """What a condition is, "frozen" of "frozen-120k"."""
    first = condition.partition("-")[0]
    return first if first in KNOWN else condition


def _worlds(table: pl.DataFrame) -> list[str]:
    return table["world"].unique(maintain_order=True).to_list() if table.height else []


def _last(run: Run) -> pl.DataFrame:
    """Rows of the last evaluation of a run."""
    table = run.table("evaluations")
    if table.is_empty() or not {"world", "return", "env_steps"} <= set(table.columns):
        return pl.DataFrame()
    return table.filter(pl.col("env_steps") == pl.col("env_steps").max())


def _error(values: NDArray) -> float:
    return float(values.std(ddof=1) / math.sqrt(values.size)) if values.size > 1 else 0.0
