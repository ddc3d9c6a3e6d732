"""Tables of the delegation experiment: ours, published and the optimum side by side."""

from __future__ import annotations

import polars as pl

from prosocial.analysis.delegation import measures
from prosocial.analysis.delegation.optimum import OPTIMUM
from prosocial.analysis.delegation.published import (
    CELLS,
    HEAT_MAP,
    KITCHEN_LABELS,
    LABELS,
    MODELS,
    RECIPE_LABELS,
    SELF_PLAY,
    TABLE,
)
from prosocial.analysis.experiments.pages import table_text

MEASURES = ("time_steps", "completion", "shuffles", "collisions")


def overall(episodes: pl.DataFrame) -> pl.DataFrame:
    """Self-play over all cells played: one row per number of agents, model and measure.

    Returns:
        Columns agents, model, measure, mean, error (standard error), low, high (95 % bootstrap
        interval over seeds), seeds, cells and published (null where there is no number).
    """
    rows = []
    for agents in (2, 3):
        for model in MODELS:
            part = measures.self_play(episodes, agents, model)
            for name in MEASURES:
                found = measures.level(part, name)
                if found is None:
                    continue
                row = TABLE[agents, model]
                known = None if name == "collisions" else getattr(row, name)
                rows.append(_row((agents, model, name), found, known))
    return _frame(rows, ("agents", "model", "measure"))


def cells(episodes: pl.DataFrame) -> pl.DataFrame:
    """Steps of self-play by cell: one row per number of agents, kitchen, recipe and model.

    Returns:
        Columns agents, kitchen, recipe, model, mean, error, low, high, seeds, cells, published,
        and optimum (the exact joint optimum, null where it is not known).
    """
    rows = []
    for agents in (2, 3):
        for kitchen, recipe in CELLS:
            for model in MODELS:
                part = measures.cell(measures.self_play(episodes, agents, model), kitchen, recipe)
                found = measures.level(part, "time_steps")
                if found is not None:
                    known = SELF_PLAY[agents, kitchen, recipe, model]
                    best = OPTIMUM.get((agents, kitchen, recipe))
                    keys = (agents, kitchen, recipe, model)
                    rows.append({**_row(keys, found, known), "optimum": best})
    return _frame(rows, ("agents", "kitchen", "recipe", "model"))


def ad_hoc(episodes: pl.DataFrame) -> pl.DataFrame:
    """Steps of pairs of models over all cells played, in each order and in both together.

    Returns:
        Columns first, second ("first" starts as agent 0; where ``order`` is "both" they are in the
        order of the paper), order, mean, error, low, high, seeds, cells, published.
    """
    rows = []
    for i, one in enumerate(MODELS):
        for j, other in enumerate(MODELS):
            part = episodes.filter(pl.col("team") == f"{one},{other}")
            found = measures.level(part, "time_steps")
            if found is not None:
                rows.append(_row((one, other, "first is agent 0"), found, None))
            both = measures.level(measures.ad_hoc(episodes, one, other), "time_steps")
            if i <= j and both is not None:
                values = [HEAT_MAP[kitchen, recipe, one, other] for kitchen, recipe in CELLS]
                known = sum(values) / len(values) if both.cells == len(CELLS) else None
                rows.append(_row((one, other, "both"), both, known))
    return _frame(rows, ("first", "second", "order"))


def overall_text(frame: pl.DataFrame, agents: int) -> str:
    """The overall table of a team size as Markdown, ours and published."""
    part = frame.filter(pl.col("agents") == agents)
    rows = []
    for model in part["model"].unique(maintain_order=True):
        row = [LABELS[model]]
        for measure in MEASURES:
            found = part.filter((pl.col("model") == model) & (pl.col("measure") == measure))
            row += _level_cells(found.to_dicts()[0], 2, measure != "collisions")
        rows.append(row)
    head = ["model"]
    for measure in MEASURES:
        name = measure.replace("_", " ")
        head += [name, "published"] if measure != "collisions" else [name]
    return table_text(head, rows)


def cells_text(frame: pl.DataFrame, agents: int) -> str:
    """Steps by cell as Markdown: each model ours (published), and the optimum."""
    part = frame.filter(pl.col("agents") == agents)
    models = [model for model in MODELS if model in part["model"].to_list()]
    rows = []
    for (kitchen, recipe), group in part.group_by("kitchen", "recipe", maintain_order=True):
        found = {row["model"]: row for row in group.iter_rows(named=True)}
        best = next(iter(found.values()))["optimum"]
        row = [
            f"{KITCHEN_LABELS[str(kitchen)]} {RECIPE_LABELS[str(recipe)]}",
            "" if best is None else f"{best}",
        ]
        for model in models:
            one = found.get(model)
            row.append(
                "" if one is None
                else f"{one['mean']:.1f} ± {one['error']:.1f} ({one['published']:g})"
            )  # fmt: skip
        rows.append(row)
    return table_text(["cell", "optimum", *(LABELS[model] for model in models)], rows)


def ad_hoc_text(frame: pl.DataFrame) -> str:
    """Pairs of models over all cells, both orders together: ours and published, as Markdown."""
    rows = []
    for row in frame.filter(pl.col("order") == "both").iter_rows(named=True):
        name = f"{LABELS[row['first']]} with {LABELS[row['second']]}"
        rows.append([name, *_level_cells(row, 1, True)])
    return table_text(["pair", "time steps", "published"], rows)


def _level_cells(row: dict, digits: int, published: bool) -> list[str]:
    interval = f"[{row['low']:.{digits}f}, {row['high']:.{digits}f}]"
    text = f"{row['mean']:.{digits}f} ± {row['error']:.{digits}f} {interval}"
    known = row["published"]
    return [text, "" if known is None else f"{known:.{digits}f}"] if published else [text]


def _row(keys: tuple, found: measures.Level, known: float | None) -> dict:
    return {
        "keys": keys, "mean": found.mean, "error": found.error, "low": found.low,
        "high": found.high, "seeds": found.seeds, "cells": found.cells, "published": known,
    }  # fmt: skip


def _frame(rows: list[dict], names: tuple[str, ...]) -> pl.DataFrame:
    flat = [dict(zip(names, row.pop("keys"), strict=True)) | row for row in rows]
    return pl.DataFrame(flat, infer_schema_length=None)
