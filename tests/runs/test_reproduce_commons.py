"""`prosocial reproduce commons-internalization`, once, small and for real."""

import json

import polars as pl
import pytest

from prosocial.envs.engine.errors import ConfigError
from prosocial.runs import figures, reproduce


def run(folder, *options) -> int:
    fixed = ("--output", str(folder), "--preset", "smoke", "--jobs", "2")
    return reproduce.main(["commons-internalization", *fixed, *options])


@pytest.mark.slow
def test_a_small_experiment_from_training_to_the_page(tmp_path, capsys):
    folder, kept = tmp_path / "out", tmp_path / "kept"
    assert run(folder, "--worlds", "harvest,fishery") == 0
    printed, progress = capsys.readouterr()
    assert "14 of 14 runs" in progress
    assert "none was run: this budget is too small for any claim" in printed
    page = folder / "report" / "README.md"
    assert str(page) in printed
    manifest = json.loads((folder / "experiment.json").read_text())
    assert [run["name"] for run in manifest["runs"]][:2] == [
        "harvest/social/seed-1234",
        "harvest/none/seed-1234",
    ]
    table = pl.read_parquet(folder / "harvest" / "transfer" / "seed-1234" / "episodes.parquet")
    assert set(table["condition"]) == {"none", "isr", "caregiver", "selfish"}
    newcomer = table.filter((pl.col("test") == "greedy_newcomer") & (pl.col("agent") == 6))
    assert set(newcomer["partner"]) == {"greedy_harvester"}

    assert run(folder, "--worlds", "harvest,fishery") == 0
    assert "14 of them finished" in capsys.readouterr().err

    again = tmp_path / "again"
    assert figures.main([str(folder), "--output", str(again), "--tables", str(kept)]) == 0
    assert figures.main([str(kept), "--output", str(tmp_path / "third")]) == 0
    first, third = (pl.read_csv(f / "outcomes.csv") for f in (again, tmp_path / "third"))
    assert first.equals(third, null_equal=True)


def test_an_unknown_world_is_named(tmp_path):
    with pytest.raises(ConfigError, match="no world 'forest' here"):
        run(tmp_path, "--worlds", "forest")


def test_help_tells_of_presets(capsys):
    with pytest.raises(SystemExit):
        reproduce.main(["commons-internalization", "--help"])
    assert "paper   10 seeds (3 in clean_up)" in capsys.readouterr().out
