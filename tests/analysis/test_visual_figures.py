"""Figures look like their committed references; see `tests/visual/comparison.py`.

The data are made up and fixed. matplotlib brings its own DejaVu Sans, so no font of the machine
takes part; the references are kept at half the size of the PNG files.
"""

import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image
from synthetic_runs import (  # pyright: ignore[reportMissingImports]
    Life,
    write_commons_study,
    write_run,
    write_study,
)

sys.path.insert(0, str(Path(__file__).parents[1] / "visual"))

from comparison import check  # pyright: ignore[reportMissingImports]

from prosocial.agents.mind.trace import Trace
from prosocial.analysis.figures.draw import KINDS, draw_figures
from prosocial.analysis.figures.runs import find_runs
from prosocial.analysis.figures.study import Options

SHOWN = {
    "learning": "study/learning",
    "learning-double": "study/learning_double",
    "retention": "study/retention",
    "generalization": "study/generalization",
    "hacking": "study/hacking",
    "confusion": "study/confusion",
    "schelling": "study/schelling-fishery",
    "outcomes": "commons/outcomes",
    "posteriors": "life/posteriors-test.goals",
    "life_course": "life/life_course",
}
"""Name of a reference to the figure that it shows; all but one are a column wide."""

LAYOUT = ("#######", "#..#..#", "#.....#", "##...##", "#..#..#", "#######")


@pytest.fixture(scope="module")
def figures(tmp_path_factory) -> Path:
    """Every kind of figure, in folders by study."""
    root = tmp_path_factory.mktemp("figures")
    write_study(root / "study", ("none", "isr", "hacked", "oracle", "frozen"), (0, 1, 2))
    write_commons_study(root / "commons", seeds=(0, 1, 2))
    one = write_run(root / "life" / "seed-0", Life("isr", 0, iterations=20))
    _write_posteriors(one / "posteriors" / "test.goals.npz")
    tables = root / "tables"
    tables.mkdir()
    _write_confusion(tables, [f"{root}/study/isr/seed-{seed}" for seed in (0, 1, 2)])
    _write_payoffs(tables)
    kinds = {
        "study": ("learning", "retention", "generalization", "hacking", "confusion", "schelling"),
        "commons": ("outcomes",),
        "life": ("posteriors", "life_course"),
    }
    for name, only in kinds.items():
        runs = find_runs([root / name])
        draw_figures(runs, root / "out" / name, only=only, options=Options(tables=tables))
    return root / "out"


def _write_posteriors(path: Path) -> None:
    """A mind that finds out what two agents want, one of them only in the end."""
    steps, rng = np.arange(12), np.random.default_rng(0)
    sure = np.stack([1 / (1 + np.exp(4.0 - steps)), 1 / (1 + np.exp(9.0 - steps))], axis=1)
    rest = rng.dirichlet(np.ones(3), (12, 2)) * (1 - sure[..., None])
    posterior = np.concatenate([sure[..., None], rest], axis=-1)[:, None].astype(np.float32)
    Trace(
        "doors", ("box 1", "box 2", "box 3", "box 4"), ("human", "helper"), ("shared",),
        np.zeros(12, np.int64), np.zeros(12, np.int64), steps, posterior,
    ).save(path)  # fmt: skip


def _write_confusion(folder: Path, runs: list[str]) -> None:
    """An internal reward that pays too much in one room and too little beside the goal."""
    rows = [
        {"run": run, "layout": "two_rooms", "row": r, "column": c,
         "kind": "wall" if sign == "#" else "free", "goal": (r, c) == (1, 5), "approved": 4,
         "false_negatives": int((r, c) in ((1, 4), (2, 5))) * (1 + k % 2), "unapproved": 40,
         "false_positives": int(r >= 3 and c <= 3) * (2 * r + k)}
        for k, run in enumerate(runs)
        for r, line in enumerate(LAYOUT) for c, sign in enumerate(line)
    ]  # fmt: skip
    pl.DataFrame(rows).write_parquet(folder / "confusion.parquet")


def _write_payoffs(folder: Path) -> None:
    """A dilemma: who defects earns more, and all earn more the more others cooperate."""
    rows = [
        {"world": "fishery", "cooperator": "sustainable_demand", "defector": "greedy_demand",
         "agents": 5, "unit": 0, "episode": e, "role": role, "others": k,
         "payoff": 12.0 * k + 3.0 * np.sin(e + k) + 14.0 * (role == "defector")}
        for role in ("cooperator", "defector") for k in range(5) for e in range(6)
    ]  # fmt: skip
    pl.DataFrame(rows).write_parquet(folder / "schelling-fishery.parquet")


def test_every_kind_has_a_reference():
    assert {name.partition("-")[0] for name in SHOWN} == set(KINDS)


@pytest.mark.parametrize("name", SHOWN)
def test_figures_look_like_their_references(figures, name, tmp_path):
    drawn = Image.open(figures / f"{SHOWN[name]}.png").convert("RGB")
    half = drawn.resize((drawn.width // 2, drawn.height // 2), Image.Resampling.BOX)
    check(half, f"figure-{name}", tmp_path)
