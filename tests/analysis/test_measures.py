"""Levels, blocks and bands of made-up metrics."""

import math

import numpy as np
import polars as pl
import pytest

from prosocial.analysis.value_internalization import measures


def rows(seed: int, goals: list[float], episodes: list[int] | None = None, phase: int = 1):
    count = len(goals)
    return pl.DataFrame(
        {
            "run": [f"run-{seed}"] * count,
            "seed": [seed] * count,
            "phase_index": [phase] * count,
            "phase_steps": [1000 * (k + 1) for k in range(count)],
            "env_steps": [10_000 * phase + 1000 * (k + 1) for k in range(count)],
            "episodes": episodes or [50] * count,
            "goals_per_episode": goals,
        }
    )


def test_end_level_is_the_mean_over_episodes_of_the_last_steps():
    metrics = rows(1, [9.0, 1.0, 4.0], episodes=[10, 10, 30])
    level = measures.end_levels(metrics, "goals_per_episode", window=2000)
    assert level == {1: pytest.approx((10 * 1.0 + 30 * 4.0) / 40)}


def test_end_level_is_taken_from_the_last_phase():
    metrics = pl.concat([rows(1, [9.0, 9.0], phase=0), rows(1, [1.0, 2.0])])
    assert measures.end_levels(metrics, "goals_per_episode", 1000) == {1: 2.0}


def test_iterations_without_an_episode_do_not_count():
    metrics = rows(1, [2.0, math.nan], episodes=[5, 0])
    assert measures.end_levels(metrics, "goals_per_episode", 2000) == {1: 2.0}
    nothing = rows(1, [math.nan], episodes=[0])
    assert measures.end_levels(nothing, "goals_per_episode") == {}


def test_blocks_hold_the_iterations_that_end_in_them_and_drop_a_cut_one():
    metrics = pl.concat([rows(1, [1.0, 3.0, 5.0, 7.0, 100.0]), rows(2, [2.0] * 4)])
    table = measures.blocks(metrics, "goals_per_episode", width=2000)
    np.testing.assert_allclose(table[1], [2.0, 6.0])
    np.testing.assert_allclose(table[2], [2.0, 2.0])


def test_band_is_mean_minimum_and_maximum_where_all_seeds_are():
    metrics = pl.concat([rows(1, [1.0, 2.0, 3.0]), rows(2, [3.0, 6.0])])
    table = measures.band(metrics, "goals_per_episode")
    assert table["env_steps"].to_list() == [11_000, 12_000]
    assert table["mean"].to_list() == [2.0, 4.0]
    assert table["low"].to_list() == [1.0, 2.0]
    assert table["high"].to_list() == [3.0, 6.0]


def test_band_smooths_each_seed_by_itself():
    metrics = pl.concat([rows(1, [0.0, 1.0]), rows(2, [4.0, 4.0])])
    table = measures.band(metrics, "goals_per_episode", smoothing=0.8)
    # Weights 1 and 0.8 of the adjusted moving average.
    assert table["low"].to_list() == pytest.approx([0.0, 1.0 / 1.8])
    assert table["high"].to_list() == pytest.approx([4.0, 4.0])


def test_switch_is_where_the_last_phase_began():
    metrics = pl.concat([rows(1, [9.0, 9.0], phase=0), rows(1, [1.0, 2.0])])
    assert measures.switch_steps(metrics) == 10_000


def test_evaluation_scores_take_the_last_evaluation_of_a_world():
    table = pl.DataFrame(
        {
            "run": ["a"] * 6,
            "seed": [1] * 6,
            "env_steps": [10, 10, 20, 20, 20, 20],
            "world": ["x", "x", "x", "x", "u", "u"],
            "return": [9.0, 9.0, 1.0, 2.0, 5.0, 5.0],
        }
    )
    assert measures.evaluation_scores(table, "x") == {1: 1.5}
    assert measures.evaluation_scores(table, "t") == {}


def test_empty_frames_give_empty_results():
    empty = pl.DataFrame()
    assert measures.end_levels(empty, "goals_per_episode") == {}
    assert measures.blocks(empty, "goals_per_episode") == {}
    assert measures.band(empty, "goals_per_episode").is_empty()
    assert measures.evaluation_scores(empty, "x") == {}
    assert math.isnan(measures.switch_steps(empty))
