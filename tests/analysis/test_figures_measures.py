"""What the figures of `prosocial figures` measure."""

import math

import numpy as np
import polars as pl
import pytest
from synthetic_runs import (  # pyright: ignore[reportMissingImports]
    LEVEL,
    ROLLOUT,
    Life,
    write_commons_study,
    write_run,
    write_study,
)

from prosocial.analysis.figures import hacking, retention, schelling, series, transfer
from prosocial.analysis.figures.drawing import level
from prosocial.analysis.figures.errors import NotDrawnError
from prosocial.analysis.figures.groups import group_runs
from prosocial.analysis.figures.runs import find_runs
from prosocial.analysis.figures.study import Options, Study
from prosocial.analysis.statistics import bootstrap_interval, interquartile_mean
from prosocial.envs.engine.errors import ConfigError

ALL = ("none", "isr", "oracle", "frozen", "hacked", "asocial")


def study_of(*patterns, by=None, **options):
    return Study(tuple(group_runs(find_runs(patterns), by)), options=Options(**options))


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    root = tmp_path_factory.mktemp("study")
    write_study(root, ALL, (0, 1, 2))
    return study_of(root)


def metrics(values, phase_steps=None, episodes=None, phase=0):
    steps = phase_steps or [10 * (k + 1) for k in range(len(values))]
    return pl.DataFrame(
        {
            "phase": f"p{phase}", "phase_index": phase, "env_steps": steps, "phase_steps": steps,
            "episodes": episodes or [1] * len(values), "b": [float(v) for v in values],
        }
    )  # fmt: skip


def group_like(study, size):
    group = study.groups[0]
    return type(group)(group.label, group.runs[:size], group.look)


def test_points_are_means_over_the_episodes_of_a_block(study, monkeypatch):
    monkeypatch.setattr(series, "MOST_POINTS", 2)
    lives = [metrics([1, 4, math.nan, 7], episodes=[1, 2, 0, 5])]
    found = series.curves(group_like(study, 1), "b", lives, 0.0)
    assert found.block == 20
    np.testing.assert_allclose(found.values, [[(1 + 8) / 3, 7]])
    assert found.env_steps.tolist() == [20, 40]


def test_a_block_in_which_no_episode_ends_has_no_point(study):
    lives = [metrics([1, math.nan, 3]), metrics([2, math.nan, math.nan])]
    found = series.curves(group_like(study, 2), "b", lives, 0.0)
    assert found.env_steps.tolist() == [10, 30]
    np.testing.assert_equal(found.values, [[1, 3], [2, math.nan]])
    band = series.band(found.values)
    assert (band.middle.tolist(), band.low[1], band.high[1]) == ([1.5, 3], 3, 3)


def test_smoothing_begins_anew_in_each_phase(study):
    first, second = metrics([0, 8]), metrics([100, 200], phase=1)
    second = second.with_columns(env_steps=pl.col("env_steps") + 20)
    found = series.curves(group_like(study, 1), "b", [pl.concat([first, second])], 0.75)
    np.testing.assert_allclose(found.values, [[0, 2, 100, 125]])


def test_bands_are_those_of_the_statistics():
    values = np.random.default_rng(1).normal(size=(9, 4))
    found = series.band(values)
    for k in range(4):
        rng = np.random.default_rng(series.RESAMPLING_SEED)
        one = bootstrap_interval(values[:, k], rng)
        assert found.middle[k] == pytest.approx(one.estimate)
        assert found.low[k] == pytest.approx(one.low, abs=0.02)
        assert found.high[k] == pytest.approx(one.high, abs=0.02)


def test_a_band_is_the_same_whenever_it_is_drawn():
    values = np.random.default_rng(2).normal(size=(7, 30))
    first, second = series.band(values), series.band(values)
    for ends in ("low", "high"):
        np.testing.assert_array_equal(getattr(first, ends), getattr(second, ends))
    assert level(values[:, 0]) == level(values[:, 0])


def test_the_switch_is_where_the_caregiver_leaves(study):
    assert series.switches(study.groups, study.lives) == {30 * ROLLOUT: series.LEAVES}


def test_retention_is_that_of_the_levels(study):
    found = {kept.group.label: kept for kept in retention.retained(study)}
    assert set(found) == {"ISR", "none", "oracle", "frozen", "hacked"}  # asocial is the base line
    none = found["none"]
    # Halved every eight blocks from the level reached at the end, over an asocial level of 0.2.
    base = interquartile_mean(list(retention.asocial_levels(study)["asocial"].values()))
    share = (0.5 * LEVEL - base) / (LEVEL - base)
    expected = 8 * ROLLOUT * math.log2(LEVEL / (base + 0.5 * (LEVEL - base)))
    assert share < 0.5
    assert none.half_life[0] == pytest.approx(expected, rel=0.2)
    assert none.half_life[1] <= none.half_life[0] <= none.half_life[2]
    assert math.isinf(found["ISR"].half_life[0])
    assert found["ISR"].area[0] == pytest.approx(1.05, abs=0.06)


def test_without_asocial_runs_goals_fall_to_zero(tmp_path):
    write_study(tmp_path, ("none",), (0, 1))
    (kept,) = retention.retained(study_of(tmp_path))
    social = [series.end_level(rows.filter(pl.col("phase_index") == 0), "goals_per_episode")
              for rows in study_of(tmp_path).lives[0]]  # fmt: skip
    curve = series.curves(kept.group, "goals_per_episode", study_of(tmp_path).lives[0], 0.0)
    after = curve.values[:, curve.phase == 1].mean(axis=0) / np.mean(social)
    np.testing.assert_allclose(kept.band.middle, after)


def test_lives_that_go_on_from_a_parent_are_joined(tmp_path):
    parent = write_run(tmp_path / "social" / "seed-0", Life("social", 0, worlds={}))
    child = write_run(tmp_path / "none" / "seed-0", Life("none", 0, worlds={},
                      options={"parent": str(parent)}))  # fmt: skip
    rows = pl.read_parquet(child / "metrics.parquet").filter(pl.col("phase_index") == 1)
    rows.write_parquet(child / "metrics.parquet")
    alone, both = study_of(child), study_of(tmp_path)
    assert [table.height for table in alone.lives[0]] == [60]
    assert [table.height for group in both.lives for table in group] == [30, 30]
    assert retention.retained(alone)[0].half_life == retention.retained(both)[0].half_life
    with pytest.raises(NotDrawnError, match="no caregiver leaves"):
        retention.retained(study_of(parent))


def test_retention_needs_a_gain(tmp_path):
    write_study(tmp_path, ("isr",), (0,))
    flat = pl.read_parquet(tmp_path / "isr/seed-0/metrics.parquet")
    flat.with_columns(goals_per_episode=0.0).write_parquet(tmp_path / "isr/seed-0/metrics.parquet")
    with pytest.raises(NotDrawnError, match="changed goals_per_episode by 10 % of its level"):
        retention.retained(study_of(tmp_path))


def test_a_seed_that_is_not_yet_beyond_the_switch_does_not_hide_the_others(tmp_path):
    write_study(tmp_path, ("none",), (0, 1))
    write_run(tmp_path / "none" / "seed-2", Life("none", 2, done=0, state="running"))
    write_run(tmp_path / "none" / "seed-3", Life("none", 3, done=20, state="running"))
    (kept,) = retention.retained(study_of(tmp_path))
    assert len(kept.times) == 20  # as far as all seeds that are beyond it


def test_scores_are_those_of_the_last_evaluation(study):
    found = transfer.scores(study.groups)
    assert list(found) == ["training_world", "x", "four_rooms"]
    run = study.groups[0].runs[0]
    rows = run.table("evaluations").filter(pl.col("world") == "x")
    assert found["x"]["ISR"][0] == pytest.approx(rows["return"].to_numpy().mean())
    ratio = transfer.ratios(study.groups, found["x"])
    frozen, oracle, isr = (float(interquartile_mean(found["x"][k])) for k in
                           ("frozen", "oracle", "ISR"))  # fmt: skip
    assert ratio["ISR"] == pytest.approx((isr - frozen) / (oracle - frozen))
    assert "frozen" not in ratio
    assert transfer.ratios(study.groups, {"ISR": found["x"]["ISR"]}) == {}


def test_lives_of_one_condition_in_several_worlds_are_pooled(tmp_path):
    for condition in ("frozen", "isr", "oracle"):
        for world in ("x", "u"):
            for seed in (0, 1):
                life = Life(condition, seed, 2, worlds={world: {"layout": world}})
                run = write_run(tmp_path / world / condition / f"seed-{seed}", life)
                named = (run / "config.yaml").read_text()
                named = named.replace(f"condition: {condition}", f"condition: {world}/{condition}")
                (run / "config.yaml").write_text(named)
    study = study_of(tmp_path)
    assert len(study.groups) == 6
    groups = transfer.pooled(study)
    assert {group.label: len(group.runs) for group in groups} == {
        "ISR": 4, "oracle": 4, "frozen": 4
    }  # fmt: skip
    found = transfer.scores(groups)
    assert {w: {label: len(s) for label, s in one.items()} for w, one in found.items()} == {
        world: {"ISR": 2, "oracle": 2, "frozen": 2} for world in ("u", "x")
    }
    assert set(transfer.ratios(groups, found["x"])) == {"ISR"}
    asked = Study(study.groups, asked=True)
    assert transfer.pooled(asked) is asked.groups
    twice = write_run(tmp_path / "u/isr/seed-7/more", Life("isr", 0, 2, worlds={"u": {}}))
    named = (twice / "config.yaml").read_text().replace("condition: isr", "condition: more/isr")
    (twice / "config.yaml").write_text(named)
    again = study_of(tmp_path)
    assert transfer.pooled(again) is again.groups


def test_hacking_is_told_by_both_changes(study):
    found = {path.group.label: path for path in hacking.paths(study)}
    assert set(found) == {"ISR", "hacked"}
    internal, true = found["hacked"].change
    assert internal.low > 0.5
    assert true.high < -1.0
    assert hacking._verdict(found["hacked"].change) == " (the signature of hacking)"
    assert hacking._verdict(found["ISR"].change) == ""


def test_one_run_is_no_evidence_of_hacking(tmp_path):
    write_study(tmp_path, ("hacked",), (0,))
    (path,) = hacking.paths(study_of(tmp_path))
    assert hacking._verdict(path.change) == ""


def test_a_measure_that_nobody_recorded_is_refused(study):
    with pytest.raises(ConfigError, match=r"'goals_per_epis'\. Did you mean 'goals_per_episode'"):
        _ = Study(study.groups, options=Options(measure="goals_per_epis")).measure
    with pytest.raises(ConfigError, match=r"smoothing is 1\.0; expected at least 0"):
        Options(smoothing=1.0)


def test_a_commons_is_measured_by_its_return(tmp_path):
    write_commons_study(tmp_path, seeds=(0,))
    assert study_of(tmp_path).measure == "env_return"


def table_of(payoffs, units=1, episodes=2):
    rows = [
        {"world": "w", "cooperator": "c", "defector": "d", "agents": 3, "unit": u, "episode": e,
         "role": role, "others": k, "payoff": value + 0.1 * e}
        for role, values in payoffs.items() for k, value in enumerate(values)
        for u in range(units) for e in range(episodes)
    ]  # fmt: skip
    return pl.DataFrame(rows)


def test_a_diagram_judges_the_dilemma():
    prisoners = table_of({"cooperator": [0.0, 1.5, 3.0], "defector": [1.0, 3.0, 5.0]})
    found = schelling.diagram(prisoners)
    assert (found.unit, found.units) == ("episode", 2)
    np.testing.assert_allclose(found.payoffs["cooperator"].middle, [0.05, 1.55, 3.05])
    assert [line.rpartition(" ")[2] for line in schelling.dilemma(found)] == ["yes"] * 4
    harmony = table_of({"cooperator": [2.0, 3.0, 4.0], "defector": [1.0, 1.0, 1.0]}, units=3)
    assert schelling.diagram(harmony).units == 3
    assert [line.rpartition(" ")[2] for line in schelling.dilemma(schelling.diagram(harmony))] == [
        "yes", "yes", "no", "no"
    ]  # fmt: skip
