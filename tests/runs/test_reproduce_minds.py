"""`prosocial reproduce minds-in-learners`: its plan, and once, small and for real."""

from pathlib import Path

import polars as pl
import pytest

from prosocial.analysis.minds.manifest import TASKS
from prosocial.analysis.minds.records import BLOCKS, summarize
from prosocial.envs.engine.errors import ConfigError
from prosocial.runs import figures, reproduce
from prosocial.runs.experiments.minds import budgets, plan


def run(folder, *options) -> int:
    fixed = ("--output", str(folder), "--preset", "smoke", "--jobs", "2")
    return reproduce.main(["minds-in-learners", *fixed, *options])


def test_the_two_conditions_of_a_seed_differ_in_the_mind_alone():
    for task in TASKS:
        without, with_mind = (plan.life(task, name, 7, 1000) for name in ("without", "with"))
        assert without.mind is None
        assert with_mind.mind is not None
        assert with_mind.replace(mind=None, condition=without.condition) == without
        with_mind.check_worlds()
    jobs = plan.plan(Path("out"), tuple(TASKS), (1, 2), budgets.preset("quick"))
    assert len(jobs) == len({job.name for job in jobs}) == 12


def test_a_small_experiment_from_training_to_the_page(tmp_path, capsys):
    folder, kept = tmp_path / "out", tmp_path / "kept"
    options = ("--tasks", "helping", "--steps-scale", "0.5")
    assert run(folder, *options) == 0
    printed, progress = capsys.readouterr()
    assert "2 of 2 runs" in progress
    assert "none was run: this budget is too small for any claim" in printed
    assert str(folder / "report" / "README.md") in printed
    assert run(folder, *options) == 0
    assert "2 of them finished" in capsys.readouterr().err

    again, third = tmp_path / "again", tmp_path / "third"
    assert figures.main([str(folder), "--output", str(again), "--tables", str(kept)]) == 0
    assert figures.main([str(kept), "--output", str(third)]) == 0
    assert (again / "minds_in_learners.png").is_file()
    pages = [(f / "README.md").read_text() for f in (again, third)]
    assert pages[0] == pages[1]


def test_blocks_average_the_learners_episodes_by_when_they_ended(tmp_path):
    steps = 400
    pl.DataFrame({"phase_steps": [steps // 2, steps]}).write_parquet(tmp_path / "metrics.parquet")
    pl.DataFrame(
        {  # two worlds, two agents: episodes of 50 steps end after 100 and 200 steps of a world
            "world_index": [0, 0, 0, 0, 1, 1, 1, 1],
            "episode": [0, 0, 1, 1, 0, 0, 1, 1],
            "agent": [0, 1] * 4,
            "length": [100, 100, 100, 100, 50, 50, 150, 150],
            "env_return": [9.0, 1.0, 9.0, 2.0, 9.0, 3.0, 9.0, 4.0],
        }
    ).write_parquet(tmp_path / "episodes.parquet")
    found = summarize(tmp_path, TASKS["doors"])
    assert found["block"].to_list() == [BLOCKS // 4 - 1, BLOCKS // 2 - 1, BLOCKS - 1]
    assert found["value"].to_list() == [3.0, 1.0, 3.0]
    assert found["steps"].to_list() == [100.0, 200.0, 400.0]


def test_an_unknown_task_is_named(tmp_path):
    with pytest.raises(ConfigError, match="no task 'forest' here"):
        run(tmp_path, "--tasks", "forest")
