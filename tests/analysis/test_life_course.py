"""Figure of single lives from their metrics."""

import polars as pl
import pytest

from prosocial.analysis.life_course import figure_life_courses
from prosocial.envs.engine.errors import ConfigError


def write_run(folder):
    folder.mkdir()
    frame = pl.DataFrame(
        {
            "phase": ["one", "one", "two"],
            "phase_index": [0, 0, 1],
            "env_steps": [10, 20, 30],
            "phase_steps": [10, 20, 10],
            "goals_per_episode": [0.0, 1.0, 0.5],
            "env_return": [-0.1, -0.2, -0.1],
            "social_return": [0.0, 0.4, 0.0],
            "internal_return": [0.0, 0.0, None],
        }
    )
    frame.write_parquet(folder / "metrics.parquet")
    return folder


@pytest.mark.parametrize("count", [1, 2])
def test_lives_are_drawn(tmp_path, count):
    runs = [write_run(tmp_path / f"run-{k}") for k in range(count)]
    paths = figure_life_courses(runs, tmp_path / "figures")
    assert [path.name for path in paths] == ["life_course.pdf", "life_course.png"]
    assert all(path.stat().st_size > 1000 for path in paths)


def test_a_folder_without_metrics_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"has no metrics\.parquet"):
        figure_life_courses([tmp_path], tmp_path / "figures")
