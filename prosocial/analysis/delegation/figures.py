"""Figures of the delegation experiment: bars by cell, completion over time, ad-hoc heat map."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from prosocial.analysis import figure_style as style
from prosocial.analysis.delegation import measures, tables
from prosocial.analysis.delegation.published import (
    CELLS,
    KITCHEN_LABELS,
    KITCHENS,
    LABELS,
    MODELS,
    MOST_STEPS,
    RECIPE_LABELS,
    RECIPES,
)

COLOURS = dict(
    zip(MODELS, (style.BLUE, style.ORANGE, style.GREEN, style.PURPLE, style.GREY), strict=True)
)
HATCHES = dict(zip(MODELS, ("", "//", "..", "\\\\", "xx"), strict=True))
DASHES = dict(zip(MODELS, ("-", "--", "-.", ":", (0, (1, 1))), strict=True))
TITLES = {
    "bars": "Steps until all dishes are delivered, by kitchen (columns) and recipe, in self-play "
    "with {agents} agents: means over seeds with standard errors. Black lines: the exact joint "
    "optimum (where known). Open circles: published means.",
    "completion": "Share of the sub-tasks done over time in self-play with {agents} agents, mean "
    "over recipes and seeds, by kitchen.",
    "adhoc": "Steps of pairs of models, mean over nine cells and seeds; rows start as agent 0. The "
    "diagonal is self-play.",
}
"""Captions."""


def figure_bars(episodes: pl.DataFrame, agents: int, folder: Path) -> list[Path]:
    """Draws the steps of each model in each cell; nothing if there are no episodes."""
    frame = tables.cells(episodes)
    if frame.is_empty() or (frame := frame.filter(pl.col("agents") == agents)).is_empty():
        return []
    with style.figure(1, len(KITCHENS), height=2.1, width=2 * style.COLUMN_WIDTH) as (canvas, axes):
        for panel, kitchen in zip(axes, KITCHENS, strict=True):
            for place, recipe in enumerate(RECIPES):
                part = frame.filter((pl.col("kitchen") == kitchen) & (pl.col("recipe") == recipe))
                for row in part.iter_rows(named=True):
                    model = row["model"]
                    at = place + 0.16 * (MODELS.index(model) - 2)
                    panel.bar(
                        at, row["mean"], 0.15, yerr=row["error"], color=COLOURS[model],
                        hatch=HATCHES[model], edgecolor="white", linewidth=0.0,
                        error_kw={"linewidth": 0.7}, label=LABELS[model],
                    )  # fmt: skip
                    panel.plot(
                        at, row["published"], "o", markersize=2.2, markerfacecolor="white",
                        markeredgecolor=style.BLACK, markeredgewidth=0.5, label="published",
                    )  # fmt: skip
                    if row["optimum"] is not None:
                        span = [place - 0.42, place + 0.42]
                        panel.plot(
                            span, [row["optimum"]] * 2, color=style.BLACK, linewidth=0.9,
                            label="optimum",
                        )  # fmt: skip
            panel.set_title(KITCHEN_LABELS[kitchen])
            panel.set_xticks(range(len(RECIPES)), [RECIPE_LABELS[r] for r in RECIPES])
            panel.set_ylim(0, MOST_STEPS + 4)
        axes[0].set_ylabel("time steps")
        _legend(canvas, axes)
        return style.save(canvas, folder, f"bars_{agents}_agents")


def figure_completion(episodes: pl.DataFrame, agents: int, folder: Path) -> list[Path]:
    """Draws the share of the sub-tasks done over time; nothing if there are no episodes."""
    if episodes.is_empty() or episodes.filter(pl.col("agents") == agents).is_empty():
        return []
    with style.figure(1, len(KITCHENS), height=2.0, width=2 * style.COLUMN_WIDTH) as (canvas, axes):
        for panel, kitchen in zip(axes, KITCHENS, strict=True):
            for model in MODELS:
                part = measures.self_play(episodes, agents, model)
                part = part.filter(pl.col("kitchen") == kitchen)
                if part.is_empty():
                    continue
                curves = np.array([_filled(row) for row in part["progress"].to_list()])
                panel.plot(
                    np.arange(1, MOST_STEPS + 1), curves.mean(0), color=COLOURS[model],
                    linestyle=DASHES[model], label=LABELS[model],
                )  # fmt: skip
            panel.set_title(KITCHEN_LABELS[kitchen])
            panel.set_ylim(0, 1.02)
            panel.set_xlabel("time step")
        axes[0].set_ylabel("completion")
        _legend(canvas, axes)
        return style.save(canvas, folder, f"completion_{agents}_agents")


def figure_ad_hoc(episodes: pl.DataFrame, folder: Path) -> list[Path]:
    """Draws the heat map of all ordered pairs; nothing if no two models have played together."""
    frame = tables.ad_hoc(episodes) if not episodes.is_empty() else pl.DataFrame()
    mixed = (
        not frame.is_empty() and not frame.filter(pl.col("first") != pl.col("second")).is_empty()
    )
    if not mixed:
        return []
    values = np.full((len(MODELS), len(MODELS)), np.nan)
    for row in frame.filter(pl.col("order") != "both").iter_rows(named=True):
        values[MODELS.index(row["first"]), MODELS.index(row["second"])] = row["mean"]
    with style.figure(height=2.8) as (canvas, (panel,)):
        image = panel.imshow(values, vmin=0, vmax=MOST_STEPS, cmap="cividis_r")
        for (i, j), value in np.ndenumerate(values):
            if np.isfinite(value):
                colour = "white" if value > MOST_STEPS / 2 else "black"
                panel.text(j, i, f"{value:.1f}", ha="center", va="center", color=colour, size=7)
        names = [LABELS[model] for model in MODELS]
        panel.set_xticks(range(len(MODELS)), names)
        panel.set_yticks(range(len(MODELS)), names)
        panel.set_xlabel("agent 1")
        panel.set_ylabel("agent 0")
        panel.spines[:].set_visible(False)
        canvas.colorbar(image, ax=panel, label="time steps", shrink=0.85)
        return style.save(canvas, folder, "adhoc")


def draw_all(episodes: pl.DataFrame, folder: Path) -> dict[str, list[Path]]:
    """Draws what can be drawn: paths by caption."""
    drawn = {}
    for agents in (2, 3):
        drawn[TITLES["bars"].format(agents=agents)] = figure_bars(episodes, agents, folder)
        drawn[TITLES["completion"].format(agents=agents)] = figure_completion(
            episodes, agents, folder
        )
    drawn[TITLES["adhoc"]] = figure_ad_hoc(episodes, folder)
    return {caption: paths for caption, paths in drawn.items() if paths}


def cells_played(episodes: pl.DataFrame) -> int:
    """Returns in how many of the nine cells anybody has played."""
    if episodes.is_empty():
        return 0
    return len(set(episodes.select("kitchen", "recipe").unique().iter_rows()) & set(CELLS))


def _filled(progress: list[float]) -> list[float]:
    last = progress[-1] if progress else 0.0
    return (progress + [last] * MOST_STEPS)[:MOST_STEPS]


def _legend(canvas, axes) -> None:
    entries: dict = {}
    for panel in axes:
        entries |= dict(zip(*panel.get_legend_handles_labels()[::-1], strict=True))
    canvas.legend(entries.values(), entries.keys(), loc="outside upper center", ncols=7)
