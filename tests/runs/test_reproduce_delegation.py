"""`prosocial reproduce bayesian-delegation`, small and for real."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from prosocial.analysis.delegation import checks, measures, published
from prosocial.analysis.delegation.manifest import Experiment, read_experiment
from prosocial.analysis.delegation.optimum import OPTIMUM
from prosocial.analysis.experiments.verdicts import Status
from prosocial.envs.engine import build
from prosocial.envs.engine.errors import ConfigError
from prosocial.envs.worlds.kitchen.codes import EAST, NORTH, SOUTH, STAY, WEST
from prosocial.runs import figures, reproduce
from prosocial.runs.experiments.delegation import budgets, playing
from prosocial.runs.experiments.delegation.plan import plan

BD, GREEDY = "bayesian_delegation", "greedy_cook"


def run(folder, *options) -> int:
    fixed = ("--output", str(folder), "--preset", "smoke", "--jobs", "1")
    return reproduce.main(["bayesian-delegation", *fixed, *options])


def test_a_small_experiment_from_playing_to_the_page(tmp_path, capsys):
    folder, kept = tmp_path / "out", tmp_path / "kept"
    asked = ("--kitchens", "full_divider", "--recipes", "tomato", "--models", f"{BD},{GREEDY}")
    assert run(folder, *asked) == 0
    printed, progress = capsys.readouterr()
    assert "3 of 3 runs" in progress
    assert "BD with Greedy" in printed
    assert "none was run: this budget is too small for any claim" in printed
    assert str(folder / "report" / "README.md") in printed
    manifest = json.loads((folder / "experiment.json").read_text())
    assert manifest["experiment"] == "bayesian-delegation"
    episodes = read_experiment(folder).episodes
    assert len(episodes) == 2 * (2 + 2 + 2)  # seeds x (pairs, threes, both orders)
    assert set(episodes["team"]) >= {f"{BD},{GREEDY}", f"{BD},{BD},{BD}"}
    assert (folder / "report" / "adhoc.png").is_file()

    assert run(folder, *asked) == 0
    assert "3 of them finished" in capsys.readouterr().err

    again = tmp_path / "again"
    assert figures.main([str(folder), "--output", str(again), "--tables", str(kept)]) == 0
    assert figures.main([str(kept), "--output", str(tmp_path / "third")]) == 0
    first, third = (pl.read_csv(f / "cells.csv") for f in (again, tmp_path / "third"))
    assert first.equals(third, null_equal=True)
    with pytest.raises(ConfigError, match="preset 'smoke' and this is 'quick'"):
        reproduce.main(["bayesian-delegation", "--output", str(folder), "--recipes", "tomato"])


def test_an_episode_depends_on_its_seed_alone():
    world = build("kitchen", layout="partial_divider", recipes="tomato")
    team = ("uniform_prior", "uniform_prior")
    together = playing.play(world, team, (3, 4, 5))
    alone = playing.play(world, team, (5,))
    assert together[2:].equals(alone)
    assert together["completion"].max() == 1.0
    assert min(together["time_steps"].to_list()) > 16  # the optimum is 17
    for row in together.iter_rows(named=True):
        assert len(row["progress"]) == row["time_steps"]
        assert np.diff(row["progress"]).min() >= 0


def test_shuffles_are_moves_to_and_fro():
    def count(held, actions):
        return measures.shuffles(np.array(held)[:, None], np.array(actions)[:, None])[0]

    assert count([0, 0, 0], [EAST, WEST]) == 1
    assert count([0, 0, 0, 0], [EAST, WEST, EAST]) == 2
    assert count([0, 0, 0], [EAST, EAST]) == 0
    assert count([0, 0, 0], [STAY, STAY]) == 0
    assert count([0, 2, 2], [NORTH, SOUTH]) == 0  # took something in between
    assert count([0, 2, 0], [NORTH, NORTH]) == 1  # took it and put it back
    assert count([0, 2, 0], [NORTH, SOUTH]) == 0


def made_up(steps: dict[str, float], adhoc: float = 40.0) -> pl.DataFrame:
    """Returns episodes of all cells in which every model takes so many steps."""
    rows = []
    for kitchen, recipe in published.CELLS:
        for seed in (1, 2):
            for one in published.MODELS:
                for agents in (2, 3):
                    rows.append((kitchen, recipe, agents, [one] * agents, seed, steps[one]))
                for other in published.MODELS:
                    if one != other:
                        rows.append((kitchen, recipe, 2, [one, other], seed, adhoc))
    return pl.DataFrame(
        [
            {
                "kitchen": k, "recipe": r, "agents": n, "team": ",".join(team), "seed": seed,
                "time_steps": steps, "completion": 1.0, "shuffles": 0.5, "collisions": 0,
                "progress": [0.0, 1.0],
            }
            for k, r, n, team, seed, steps in rows
        ]
    )  # fmt: skip


def verdicts(episodes: pl.DataFrame, claims: bool = True) -> dict[str, Status]:
    world = type("M", (), {"claims": claims})
    experiment = Experiment(world, episodes, ())  # pyright: ignore[reportArgumentType]
    return {check.number: check.status for check in checks.run_checks(experiment)}


def test_the_checks_hold_and_miss_where_they_should():
    good = {m: 100.0 for m in published.MODELS} | {BD: 25.0}
    held = verdicts(made_up(good))
    assert set(held.values()) == {Status.HELD}
    slow = verdicts(made_up(good | {BD: 36.0}))
    assert [n for n, s in slow.items() if s is Status.MISSED] == ["2a", "3a"]
    beaten = verdicts(made_up(good | {"divide_and_conquer": 20.0}))
    assert [n for n, s in beaten.items() if s is Status.MISSED] == ["2d", "3d", "4", "5b"]
    lonely = verdicts(made_up(good, adhoc=60.0))
    assert [n for n, s in lonely.items() if s is Status.MISSED] == ["5a"]
    assert set(verdicts(made_up(good), claims=False).values()) == {Status.NOT_RUN}
    part = made_up(good).filter(pl.col("recipe") == "tomato")
    assert set(verdicts(part).values()) == {Status.NOT_RUN}


def test_the_heat_map_agrees_with_its_means():
    for model, mean in published.AD_HOC.items():
        others = [m for m in published.MODELS if m != model]
        values = [
            published.HEAT_MAP.get((k, r, model, o), published.HEAT_MAP.get((k, r, o, model), 0.0))
            for k, r in published.CELLS
            for o in others
        ]
        assert np.mean(values) == pytest.approx(mean, abs=0.02)
        own = np.mean([published.SELF_PLAY[2, k, r, model] for k, r in published.CELLS])
        assert own == pytest.approx(published.TABLE[2, model].time_steps, abs=0.65)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"plays": ("self4",)}, "There is no 'self4' here. Did you mean 'self"),
        ({"kitchens": ("closed",)}, "There is no 'closed' here"),
        ({"models": ("greedy",)}, "Did you mean 'greedy_cook'"),
        ({"seeds": (1, 1)}, "expected different numbers >= 0"),
    ],
)
def test_wrong_names_and_seeds_are_told(tmp_path, given, message):
    every = {
        "plays": ("self2",), "kitchens": published.KITCHENS, "recipes": published.RECIPES,
        "models": published.MODELS, "seeds": (1,),
    }  # fmt: skip
    with pytest.raises(ConfigError, match=message):
        plan(tmp_path, **(every | given), budget=budgets.preset("smoke"))


def test_the_optimum_is_that_of_the_computed_table():
    path = Path(__file__).parents[2] / "docs/results/bayesian_delegation/tables/optimum.csv"
    if not path.is_file():
        pytest.skip("the optimum was not computed in this checkout")
    table = pl.read_csv(path, infer_schema=False).filter(pl.col("exact") == "True")
    table = table.with_columns(pl.col("agents", "steps").cast(pl.Int64, strict=False))
    rows = table.drop_nulls("steps").select("agents", "layout", "recipes", "steps").iter_rows()
    found = {(agents, layout, recipe): steps for agents, layout, recipe, steps in rows}
    for key, steps in OPTIMUM.items():
        assert found.get(key, steps) == steps


def test_presets():
    assert budgets.preset("paper").seeds == 20
    assert not budgets.preset("quick").scaled(0.5).claims
    with pytest.raises(ConfigError, match="no preset 'papr'"):
        budgets.preset("papr")
    with pytest.raises(ConfigError, match="above 0"):
        budgets.preset("quick").scaled(0)


def test_help_tells_of_presets(capsys):
    with pytest.raises(SystemExit):
        reproduce.main(["bayesian-delegation", "--help"])
    assert "paper   20 seeds" in capsys.readouterr().out
