"""`prosocial sweep`: the grid, the ranking, and two trials on Ray Tune."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from prosocial.agents.training.run_folder import read_config, read_table
from prosocial.envs.engine.errors import ConfigError
from prosocial.runs.sweep import grid, rank


def test_the_grid_is_the_product_of_the_swept_keys() -> None:
    points = grid(["ppo.num_epochs=4,10", "condition=none,isr", "ppo.gamma=0.9"])
    assert [point.values for point in points] == [
        {"ppo.num_epochs": epochs, "condition": condition}
        for epochs in ("4", "10")
        for condition in ("none", "isr")
    ]
    assert [point.life.ppo.num_epochs for point in points] == [4, 4, 10, 10]
    assert [point.life.condition for point in points] == ["none", "isr"] * 2
    assert {point.life.ppo.gamma for point in points} == {0.9}


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["seed=1"], "Nothing to sweep over"),
        (["ppo.learnin_rate=1,2"], "Did you mean 'learning_rate'"),
        (["ppo.gamma=0.9,2"], "gamma is 2.0"),
        (["seed"], "seed"),
    ],
)
def test_a_wrong_grid_is_refused_before_any_trial(overrides: list[str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        grid(overrides)


def test_settings_are_ranked_by_their_mean_over_seeds() -> None:
    trials = pl.DataFrame(
        {
            "lr": ["a", "b", "a", "b", "c"],
            "seed": ["0", "0", "1", "1", "0"],
            "goals": [1.0, 3.0, 2.0, float("nan"), 2.0],
            "folder": [""] * 5,
        }
    )
    best = rank(trials, ["lr"], "goals", descending=True)
    assert best["lr"].to_list() == ["b", "c", "a"]
    assert best["goals"].to_list() == [3.0, 2.0, 1.5]
    assert best["seeds"].to_list() == [2, 1, 2]
    assert rank(trials, ["lr"], "goals", descending=False)["lr"].to_list() == ["a", "c", "b"]
    assert rank(trials, [], "goals", descending=True)["goals"].to_list() == [2.0]


@pytest.mark.slow
def test_two_trials_on_ray_tune(tmp_path: Path, tiny: tuple[str, ...]) -> None:
    command = [sys.executable, "-m", "prosocial", "sweep", *tiny, "condition=none"]
    command += ["ppo.gamma=0.5,0.99", "--metric", "loss_value", "--mode", "min"]
    command += ["--last", "2", "--cpus", "2", "--out", "found"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "2/2 finished" in done.stderr
    trials = pl.read_parquet(tmp_path / "found" / "sweep.parquet")
    assert trials["ppo.gamma"].to_list() == ["0.5", "0.99"]
    for row in trials.iter_rows(named=True):
        folder = tmp_path / row["folder"]
        assert read_config(folder).ppo.gamma == float(row["ppo.gamma"])
        losses = read_table(folder, "metrics")["loss_value"].to_list()
        assert len(losses) == 3
        assert row["loss_value"] == pytest.approx(sum(losses[-2:]) / 2)
    best = min(trials.iter_rows(named=True), key=lambda row: row["loss_value"])
    table = done.stdout[done.stdout.index("loss_value") :]
    assert min(("0.5", "0.99"), key=table.index) == best["ppo.gamma"]
