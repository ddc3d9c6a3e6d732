"""From run folders to blocks, levels and retention; and the manifest."""

import json

import numpy as np
import polars as pl
import pytest
from synthetic_commons import PHASE, SELFISH, SOCIAL, Story, manifest, write_commons

from prosocial.analysis.commons import measures
from prosocial.analysis.commons.manifest import (
    RunRecord,
    extend_manifest,
    read_manifest,
    write_manifest,
)
from prosocial.analysis.commons.records import read_experiment
from prosocial.analysis.commons.summaries import BLOCKS, summarize_run
from prosocial.envs.engine.errors import ConfigError


@pytest.fixture(scope="module")
def experiment(tmp_path_factory):
    return read_experiment(write_commons(tmp_path_factory.mktemp("commons")))


def run_folder(folder, iterations=100, agents=2, returns=lambda iteration: 1.0):
    """One world and one phase; an episode of 10 steps ends in every iteration."""
    place = {"phase": "socialization", "phase_index": 0}
    metrics = [
        {**place, "iteration": i, "phase_steps": 10 * (i + 1), "env_steps": 500 + 10 * (i + 1)}
        for i in range(iterations)
    ]
    episodes = [
        {**place, "iteration": i, "world_index": 0, "episode": i, "agent": a, "length": 10,
         "env_return": float(returns(i)), "reward_steps": 1, "reward_time": 5.0,
         "ate": i, "ate_neighbours": 2 * i, "violations": 1}
        for i in range(iterations) for a in range(agents)
    ]  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    pl.DataFrame(metrics).write_parquet(folder / "metrics.parquet")
    pl.DataFrame(episodes).write_parquet(folder / "episodes.parquet")
    return folder


def test_blocks_hold_every_episode_once(tmp_path):
    folder = run_folder(tmp_path / "run", returns=lambda i: i)
    table = summarize_run(folder, "harvest", manifest((), (), ()))
    assert len(table) == BLOCKS
    assert table["episodes"].sum() == 100
    assert (table["env_steps"] - table["phase_steps"]).round(6).unique().to_list() == [500]
    # Blocks of 25 steps: the first has the episodes of the middles 5 and 15, the second 25 to 45.
    assert table["phase_steps"][:2].to_list() == pytest.approx([10.0, 35.0])
    assert table["total_return"][:2].to_list() == pytest.approx([2 * 0.5, 2 * 3.0])
    weighted = (table["total_return"] * table["episodes"]).sum() / 100
    assert weighted == pytest.approx(2 * np.arange(100).mean(), rel=1e-6)


def test_episodes_of_parallel_worlds_are_dated_side_by_side(tmp_path):
    folder = run_folder(tmp_path / "run", iterations=4)
    rows = pl.read_parquet(folder / "episodes.parquet")
    rows = rows.with_columns(world_index=pl.col("episode") % 2, episode=pl.col("episode") // 2)
    rows.reverse().write_parquet(folder / "episodes.parquet")
    table = summarize_run(folder, "harvest", manifest((), (), ()))
    # Two worlds of two episodes each: a step of both is two of the 40 world steps.
    assert table["phase_steps"].to_list() == [10.0, 30.0]
    assert table["episodes"].to_list() == [2, 2]


def test_ratios_are_of_sums_and_shares_are_of_the_bound(tmp_path):
    folder = run_folder(tmp_path / "run", iterations=4, returns=lambda i: 10 * i)
    table = summarize_run(folder, "harvest", manifest((), (), ()))
    assert table["neighbours_per_apple"].to_list() == [None, 2.0, 2.0, 2.0]  # nobody ate at first
    assert table["violations_per_apple"][3] == pytest.approx(1 / 3)
    assert table["normalized"][3] == pytest.approx(60 / (64 + 0.91 * 10))
    other = summarize_run(folder, "clean_up", manifest((), (), ()))
    assert other["normalized"].null_count() == 4


def test_a_finished_run_without_its_tables_is_named(tmp_path):
    folder = run_folder(tmp_path / "run")
    (folder / "episodes.parquet").unlink()
    with pytest.raises(ConfigError, match=r"episodes\.parquet is missing"):
        summarize_run(folder, "harvest", manifest((), (), ()))


def test_levels_are_those_of_the_story(experiment):
    for world in ("harvest", "clean_up", "fishery"):
        for condition, level in (("social", SOCIAL[world]), ("selfish", SELFISH[world])):
            found = measures.end_levels(experiment, world, condition, "total_return")
            assert sorted(found) == [1, 2, 3]
            assert np.mean(list(found.values())) == pytest.approx(level, rel=0.1)
    rate = measures.end_levels(experiment, "fishery", "selfish", "survived")
    assert set(rate.values()) == {0.0}
    assert measures.end_levels(experiment, "harvest", "selfish", "peace")[1] == pytest.approx(6.3)
    assert measures.end_levels(experiment, "harvest", "social", "months") == {}
    assert measures.end_levels(experiment, "nowhere", "social", "total_return") == {}


def test_curves_join_both_phases_at_the_switch(experiment):
    selfish = measures.curves(experiment, "harvest", "selfish", "total_return")
    fork = measures.curves(experiment, "harvest", "none", "total_return")
    assert selfish is not None
    assert fork is not None
    phase = PHASE["harvest"]
    assert measures.switch_steps(experiment, "harvest") == phase
    assert (np.diff(selfish.env_steps) > 0).all()
    assert selfish.values.shape == (3, len(selfish.env_steps))
    np.testing.assert_allclose(fork.env_steps - fork.phase_steps, phase)
    np.testing.assert_allclose(fork.phase_steps, phase * (np.arange(10) + 0.5) / 10)
    assert selfish.env_steps[:10] == pytest.approx(fork.phase_steps)


def test_episodes_as_long_as_phases_still_have_a_level(tmp_path):
    """The last episode that ended stands in where none lies in the last fifth of the phase."""
    folder = write_commons(tmp_path, worlds=("harvest",), seeds=(1,))
    for path in folder.rglob("episodes.parquet"):
        rows = pl.read_parquet(path)
        rows.filter(pl.col("episode") < 6).write_parquet(path)
    experiment = read_experiment(folder)
    found = measures.end_levels(experiment, "harvest", "social", "total_return")
    assert found[1] == pytest.approx(SOCIAL["harvest"], rel=0.15)
    kept = measures.retain(experiment, "harvest", "none", "total_return")
    assert kept is not None
    assert kept.half_life[0] == pytest.approx(0.15 * PHASE["harvest"], rel=0.2)


def test_retention_follows_the_story(experiment):
    none = measures.retain(experiment, "harvest", "none", "total_return")
    isr = measures.retain(experiment, "harvest", "isr", "total_return")
    assert none is not None
    assert isr is not None
    assert none.half_life[0] == pytest.approx(0.15 * PHASE["harvest"], rel=0.2)
    assert none.half_life[1] <= none.half_life[0] <= none.half_life[2]
    assert isr.half_life == (np.inf, np.inf, np.inf)
    assert none.end[0] < 0.05
    assert isr.end[0] == pytest.approx(0.95, abs=0.06)
    assert isr.end[1] <= isr.end[0] <= isr.end[2]
    assert none.area[0] < 0.35 < isr.area[0]
    assert (none.low <= none.curve + 1e-9).all()
    assert (none.curve <= none.high + 1e-9).all()


def test_retention_of_what_is_avoided_has_the_same_meaning(experiment):
    """Over-usage is low when socialized: keeping it low is retention 1."""
    kept = measures.retain(experiment, "fishery", "isr", "over_usage")
    lost = measures.retain(experiment, "fishery", "none", "over_usage")
    assert kept is not None
    assert lost is not None
    assert kept.end[0] == pytest.approx(1.0)
    assert lost.end[0] == pytest.approx(0.0)


def test_nothing_gained_is_nothing_retained(tmp_path):
    story = Story(social=SELFISH["harvest"] / SOCIAL["harvest"])
    folder = write_commons(tmp_path, worlds=("harvest",), seeds=(1, 2), story=story)
    assert measures.retain(read_experiment(folder), "harvest", "isr", "total_return") is None


def test_band_is_the_interquartile_mean_with_its_interval():
    table = np.array([[0.0, 1.0], [2.0, 1.0], [4.0, 1.0], [100.0, 1.0]])
    middle, low, high = measures.band(table)
    np.testing.assert_allclose(middle, [3.0, 1.0])
    assert low[0] < 3.0 < high[0]
    assert low[1] == high[1] == 1.0


def test_unfinished_runs_are_left_out_and_named(tmp_path):
    name = "harvest/isr/seed-2"
    folder = write_commons(tmp_path, worlds=("harvest",), seeds=(1, 2), unfinished=(name,))
    experiment = read_experiment(folder)
    assert experiment.missing == (name,)
    assert sorted(measures.end_levels(experiment, "harvest", "isr", "total_return")) == [1]
    assert experiment.software == "prosocial 1.2.3, commit abc"


def test_a_manifest_comes_back_as_it_was_written(tmp_path):
    run = RunRecord("harvest/isr/seed-1", "train", "harvest", "isr", 1, "harvest/social/seed-1")
    planned = manifest((run,), ("harvest",), (1,))
    write_manifest(tmp_path, planned)
    assert read_manifest(tmp_path) == planned
    assert planned.bound("harvest", "closed") == (64.0, 0.91)
    assert planned.bound("clean_up") is None


def test_more_worlds_and_seeds_join_the_same_experiment(tmp_path):
    first = RunRecord("harvest/isr/seed-1", "train", "harvest", "isr", 1)
    second = RunRecord("fishery/isr/seed-2", "train", "fishery", "isr", 2)
    write_manifest(tmp_path, manifest((first,), ("harvest",), (1,)))
    joined = extend_manifest(tmp_path, manifest((second,), ("fishery",), (2,)))
    assert joined.worlds == ("harvest", "fishery")
    assert joined.seeds == (1, 2)
    assert joined.runs == (first, second)
    other = manifest((), (), ()).__class__(
        **{**vars(joined), "budget": {**joined.budget, "autonomy": 1}}
    )
    with pytest.raises(ConfigError, match=r"differ in autonomy.*another --output"):
        extend_manifest(tmp_path, other)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not valid JSON"),
        ('{"experiment": "value-internalization"}', "belongs to experiment"),
        ('{"experiment": "commons-internalization"}', "not what this version writes"),
    ],
)
def test_a_foreign_or_broken_manifest_is_refused(tmp_path, text, message):
    (tmp_path / "experiment.json").write_text(text)
    with pytest.raises(ConfigError, match=message):
        read_experiment(tmp_path)


def test_a_folder_without_an_experiment_is_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"holds no experiment\.json"):
        read_experiment(tmp_path)


def test_the_manifest_is_plain_json(tmp_path):
    write_manifest(tmp_path, manifest((), ("harvest",), (1,)), kept={"missing": (), "software": ""})
    contents = json.loads((tmp_path / "experiment.json").read_text())
    assert contents["bounds"] == {"harvest": [64.0, 0.91]}
    assert contents["kept"]["missing"] == []
