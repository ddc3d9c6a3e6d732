"""`prosocial reproduce teaching-minds`, once, small and for real."""

import json

import polars as pl
import pytest

from prosocial.envs.engine.errors import ConfigError
from prosocial.runs import figures, reproduce


def run(folder, *options) -> int:
    fixed = ("--output", str(folder), "--preset", "smoke", "--jobs", "2")
    return reproduce.main(["teaching-minds", *fixed, *options])


@pytest.mark.slow
def test_a_small_experiment_from_training_to_the_page(tmp_path, capsys):
    folder, kept = tmp_path / "out", tmp_path / "kept"
    assert run(folder) == 0
    printed, progress = capsys.readouterr()
    assert "14 of 14 runs" in progress
    assert "none was run: this budget is too small for any claim" in printed
    assert str(folder / "report" / "README.md") in printed
    manifest = json.loads((folder / "experiment.json").read_text())
    assert manifest["runs"][0]["name"] == "constant/social/seed-1234"
    fits = pl.read_parquet(folder / "values" / "seed-1234" / "fits.parquet")
    exact = fits.filter(pl.col("learner") == "bayesian", pl.col("feedback") == "clean")
    assert (exact["false_negatives"] == 0).all()

    assert run(folder) == 0
    assert "14 of them finished" in capsys.readouterr().err

    again = tmp_path / "again"
    assert figures.main([str(folder), "--output", str(again), "--tables", str(kept)]) == 0
    assert figures.main([str(kept), "--output", str(tmp_path / "third")]) == 0
    for name in ("lives", "fits", "hacking"):
        first, third = (pl.read_csv(f / f"{name}.csv") for f in (again, tmp_path / "third"))
        assert first.equals(third, null_equal=True)


def test_wrong_options_are_named(tmp_path):
    with pytest.raises(ConfigError, match="There is no preset 'big'"):
        reproduce.main(["teaching-minds", "--preset", "big", "--output", str(tmp_path)])
    with pytest.raises(ConfigError, match="expected a number above 0"):
        run(tmp_path, "--steps-scale", "0")
    with pytest.raises(ConfigError, match="--seeds is 'many'"):
        run(tmp_path, "--seeds", "many")


def test_help_tells_of_presets(capsys):
    with pytest.raises(SystemExit):
        reproduce.main(["teaching-minds", "--help"])
    assert "paper   5 seeds" in capsys.readouterr().out
