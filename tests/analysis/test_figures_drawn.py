"""Figures as files: widths, fonts, captions, equal bytes; what is left out and why."""

import re
import struct

import numpy as np
import polars as pl
import pytest
from synthetic_runs import (  # pyright: ignore[reportMissingImports]
    Life,
    write_commons_study,
    write_run,
    write_study,
)

from prosocial.agents.mind.trace import Trace
from prosocial.analysis.figures import confusion
from prosocial.analysis.figures.draw import DESCRIPTIONS, KINDS, draw_figures
from prosocial.analysis.figures.runs import find_runs
from prosocial.analysis.figures.study import Options
from prosocial.envs.engine.errors import ConfigError

POINTS_A_MM = 72 / 25.4


def write_tables(folder, runs):
    """Tables of an audit and of a Schelling game, made up."""
    folder.mkdir(parents=True)
    cells = [
        {"run": run, "layout": layout, "row": r, "column": c,
         "kind": "wall" if 0 in (r, c) or 4 in (r, c) else "free", "goal": (r, c) == (1, 1),
         "approved": 4, "false_negatives": int((r, c) == (2, 2)), "unapproved": 40,
         "false_positives": int(r == c) * (k + 1)}
        for k, run in enumerate(runs) for layout in ("x", "u") for r in range(5) for c in range(5)
    ]  # fmt: skip
    pl.DataFrame(cells).write_parquet(folder / "confusion.parquet")
    payoffs = [
        {"world": "fishery", "cooperator": "sustainable_demand", "defector": "greedy_demand",
         "agents": 5, "unit": 0, "episode": e, "role": role, "others": k,
         "payoff": 10.0 * k + e + 5 * (role == "defector")}
        for role in ("cooperator", "defector") for k in range(5) for e in range(3)
    ]  # fmt: skip
    pl.DataFrame(payoffs).write_parquet(folder / "schelling-fishery.parquet")


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """Every kind of figure, of three studies, in one folder each."""
    root = tmp_path_factory.mktemp("figures")
    write_study(root / "grid", ("none", "isr", "hacked", "oracle"), (0, 1))
    write_run(root / "grid" / "none" / "seed-2", Life("none", 2, done=7, state="running"))
    write_commons_study(root / "commons", seeds=(0, 1))
    write_run(root / "one" / "seed-0", Life("isr", 0, iterations=10))
    posterior = np.random.default_rng(0).dirichlet(np.ones(3), (6, 1, 2)).astype(np.float32)
    Trace(
        "commons_harvest", ("a", "b", "c"), ("agent_0", "agent_1"), ("shared",),
        np.zeros(6, np.int64), np.zeros(6, np.int64), np.arange(6), posterior,
    ).save(root / "one/seed-0/posteriors/test.norms.npz")  # fmt: skip
    write_tables(root / "tables", [(root / f"grid/isr/seed-{k}").as_posix() for k in (0, 1)])
    options = Options(tables=root / "tables")
    found = {"grid": draw_figures(find_runs([root / "grid"]), root / "out/grid", options=options)}
    # What the grid does not show.
    for name, kinds in (("one", ("posteriors", "life_course", "confusion")),
                        ("commons", ("outcomes",))):  # fmt: skip
        found[name] = draw_figures(
            find_runs([root / name]), root / "out" / name, only=kinds, options=options
        )
    return root, found


def test_every_kind_is_drawn_somewhere(drawn):
    _, found = drawn
    assert {kind for one in found.values() for kind in one.figures} == set(KINDS)
    assert set(DESCRIPTIONS) == set(KINDS)
    for one in found.values():
        for files in one.figures.values():
            assert {path.suffix for path in files} == {".pdf", ".png", ".txt"}
            assert all(path.is_file() for path in files)
            assert len(files) % 5 == 0  # PDF and PNG at two widths, and one caption


def test_what_does_not_apply_is_left_out_with_the_reason(drawn):
    _, found = drawn
    assert found["grid"].left_out == {
        "outcomes": "no run recorded social outcomes; episodes.parquet of a commons world has "
        "reward_steps and reward_time",
        "posteriors": "posteriors are drawn of a single run; give one",
    }
    assert found["one"].left_out["confusion"] == "none of these runs was audited"


def test_fonts_are_embedded_as_truetype(drawn):
    _, found = drawn
    documents = [p for one in found.values() for p in one.paths if p.suffix == ".pdf"]
    assert len(documents) >= 20
    for path in documents:
        data = path.read_bytes()
        assert b"/Type3" not in data, path
        assert b"/Subtype /Type1" not in data, path
        assert b"/CIDFontType2" in data, path
        assert b"/FontFile2" in data, path


def test_figures_are_one_and_two_columns_wide(drawn):
    _, found = drawn
    for path in (p for one in found.values() for p in one.paths):
        width = 178 if path.stem.endswith("_double") else 85
        if path.suffix == ".pdf":
            box = re.search(rb"/MediaBox \[ 0 0 ([\d.]+) ([\d.]+) \]", path.read_bytes())
            assert box is not None
            assert float(box[1]) == pytest.approx(width * POINTS_A_MM, abs=0.1)
            assert float(box[2]) < 240 * POINTS_A_MM  # fits on a page
        elif path.suffix == ".png":
            pixels = struct.unpack(">I", path.read_bytes()[16:20])[0]
            assert pixels == pytest.approx(width / 25.4 * 300, abs=1)


def test_equal_tables_give_equal_bytes(drawn, tmp_path):
    root, _ = drawn
    options = Options(tables=root / "tables")
    kinds = ("retention", "generalization", "confusion", "schelling")
    again = draw_figures(
        find_runs([root / "grid"]), tmp_path, only=kinds, options=options, widths=("single",)
    )
    assert len(again.paths) == 12
    for path in again.paths:
        assert path.read_bytes() == (root / "out/grid" / path.name).read_bytes(), path.name


def caption(drawn, study, name):
    return " ".join((drawn[0] / "out" / study / f"{name}.caption.txt").read_text().split())


def test_captions_state_the_statistics(drawn):
    text = caption(drawn, "grid", "learning")
    assert "goals / episode over environment steps" in text
    assert (
        "Runs: 9 (ISR 2, none 3, oracle 2, hacked 2; one seed each; grouped by condition)." in text
    )
    assert "interquartile mean over seeds; bands: 95 % stratified percentile bootstrap" in text
    assert "(2000 resamples)" in text
    assert "blocks of 2,048 world steps; no further smoothing" in text
    assert "caregiver leaves at 61,440" in text
    assert "Not finished, drawn as far as they are: " in text
    assert "none/seed-2 (running)" in text
    assert "half-life" in caption(drawn, "grid", "retention")
    assert "reward summed over an episode" in caption(drawn, "grid", "generalization")
    assert "hacked: internal +" in caption(drawn, "grid", "hacking")
    assert "false positives: 30 of 4,000 unapproved pairs (0.75 %)" in caption(
        drawn, "grid", "confusion"
    )
    assert "greed (defection pays more when many cooperate): yes" in caption(
        drawn, "grid", "schelling-fishery"
    )
    assert "1 minus the Gini coefficient" in caption(drawn, "commons", "outcomes")
    assert "of one run" in caption(drawn, "one", "posteriors-test.norms")


def test_maps_show_walls_goals_and_means_over_runs(drawn):
    found = confusion.maps(pl.read_parquet(drawn[0] / "tables/confusion.parquet"))
    assert [one.layout for one in found] == ["x", "u"]
    one = found[0]
    assert one.walls.sum() == 16
    assert np.argwhere(one.goals).tolist() == [[1, 1]]
    assert one.false_positives[2, 2] == 1.5
    assert one.false_negatives[2, 2] == 1
    assert np.isnan(one.false_positives[0, 0])
    anywhere = pl.read_parquet(drawn[0] / "tables/confusion.parquet").with_columns(
        goal=pl.col("kind") == "free"
    )
    assert not confusion.maps(anywhere)[0].goals.any()


def test_smoothing_measure_and_width_are_taken(drawn, tmp_path):
    options = Options("event_goal_per_episode", 0.5)
    runs = find_runs([drawn[0] / "grid" / "isr"])
    one = draw_figures(runs, tmp_path, only=("learning",), options=options, widths=("double",))
    assert [path.name for path in one.paths] == [
        "learning_double.pdf", "learning_double.png", "learning.caption.txt"
    ]  # fmt: skip
    text = one.paths[-1].read_text()
    assert "goal / episode" in text
    assert "moving average (weight 0.5)" in " ".join(text.split())


def test_unknown_kinds_and_damaged_tables_are_named(drawn, tmp_path):
    runs = find_runs([drawn[0] / "grid" / "isr"])
    with pytest.raises(ConfigError, match=r"no kind of figure 'learnin'\. Did you mean 'learning'"):
        draw_figures(runs, tmp_path, only=("learnin",))
    with pytest.raises(ConfigError, match="No run recorded the measure 'x'"):
        draw_figures(runs, tmp_path, only=("posteriors",), options=Options("x"))
    (tmp_path / "schelling-a.parquet").write_bytes(b"no")
    with pytest.raises(ConfigError, match="delete it to make it anew"):
        draw_figures(runs, tmp_path, only=("schelling",), options=Options(tables=tmp_path))
    pl.DataFrame({"world": ["a"]}).write_parquet(tmp_path / "schelling-a.parquet")
    with pytest.raises(ConfigError, match="lacks the columns cooperator, defector"):
        draw_figures(runs, tmp_path, only=("schelling",), options=Options(tables=tmp_path))
