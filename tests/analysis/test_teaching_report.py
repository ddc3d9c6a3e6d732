"""Measures, verdicts, tables, figures and page of the teaching experiment, and its kept tables."""

import json
import math

import polars as pl
import pytest
from synthetic_teaching import Story, write_teaching

from prosocial.analysis.experiments.verdicts import Status
from prosocial.analysis.teaching import measures, tables
from prosocial.analysis.teaching.checks import CHECKS, run_checks
from prosocial.analysis.teaching.manifest import Manifest, extend_manifest, read_manifest
from prosocial.analysis.teaching.records import copy_tables, read_experiment
from prosocial.analysis.teaching.report import FIGURES, write_report
from prosocial.envs.engine.errors import ConfigError


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_teaching(tmp_path_factory.mktemp("teaching"))


@pytest.fixture(scope="module")
def experiment(folder):
    return read_experiment(folder)


@pytest.fixture(scope="module")
def report(folder, tmp_path_factory):
    return write_report(folder, tmp_path_factory.mktemp("report"))


def verdicts(tmp_path, **changes) -> dict[str, Status]:
    story = Story(**changes)
    made = read_experiment(write_teaching(tmp_path, story, seeds=(1,)))
    return {check.number: check.status for check in run_checks(made)}


def test_spending_is_summed_over_episodes(experiment):
    spent = measures.spent(experiment, "constant", "regression")
    goals = measures.end_levels(experiment, "constant", "social", "socialization")
    # 40 iterations of 100 episodes; goals rise over 24 of them, on average to 12.5 / 24.
    assert spent[1] == pytest.approx(0.4 * goals[1] * 100 * (12.5 + 16), rel=1e-6)
    taught = measures.spent(experiment, "teaching", "bayesian")
    goals = measures.end_levels(experiment, "teaching", "bayesian", "socialization")
    assert taught[1] == pytest.approx(0.4 * goals[1] * 100 * (11.5 + 17 * 0.4), rel=1e-6)
    share = measures.praised_share(experiment, "teaching", "bayesian")
    assert share[1] == pytest.approx(18.3 / 28.5, rel=1e-6)


def test_learning_is_dated_by_the_constant_caregivers_level(experiment, tmp_path):
    found = measures.steps_to_learn(experiment, "constant", "none")
    # Goals pass 80 % in iteration 20 of 24; the mean of three iterations does so one later.
    assert set(found.values()) == {21 * 2048}
    slow = write_teaching(tmp_path, Story(goals={"constant": 2.5, "teaching": 1.0, "random": 2.0}))
    found = measures.steps_to_learn(read_experiment(slow), "teaching", "none")
    assert set(found.values()) == {math.inf}


def test_retention_compares_the_two_ends_of_a_life(experiment):
    for caregiver in ("constant", "teaching"):
        left = measures.retention(experiment, caregiver, "none")
        assert left[1] == pytest.approx(0.1, rel=0.05)
        assert measures.retention(experiment, caregiver, "bayesian")[1] > 1


def test_clean_audits_are_counted_from_the_last_wrong_one_on(experiment):
    assert set(measures.feedbacks_to_clean(experiment, "bayesian").values()) == {2.0}
    assert set(measures.feedbacks_to_clean(experiment, "regression").values()) == {100.0}
    assert set(measures.feedbacks_to_clean(experiment, "bayesian_blind").values()) == {math.inf}


def test_audits_add_up_layouts_and_average_shares(experiment):
    assert measures.audited(experiment, "teaching", "regression", "false_positives")[1] == 10
    assert measures.audited(experiment, "teaching", "regression", "leaked_share")[1] == (
        pytest.approx(0.2)
    )
    assert measures.audited(experiment, "teaching", "none", "false_positives") == {}


def test_reward_without_goals_is_what_is_left_of_the_internal_return(experiment):
    assert measures.unearned(experiment, "hacking", "regression")[2] == pytest.approx(0.5)
    assert measures.unearned(experiment, "hacking", "bayesian")[2] == pytest.approx(0, abs=1e-9)


def test_a_good_experiment_holds_every_check(tmp_path):
    found = verdicts(tmp_path)
    assert set(found) == {number for number, _ in CHECKS.criteria()}
    assert set(found.values()) == {Status.HELD}


WRONG_EARLY = {"regression": 10, "bayesian": 2, "bayesian_blind": 9}
WORSE_UNDER_NOISE = {"regression": 0.01, "bayesian": 0.02, "bayesian_blind": 0.1}
LEAKING = {"regression": 0.5, "bayesian": 0.1, "bayesian_blind": 0.1}


def levels(teaching: float, random: float) -> dict[str, float]:
    return {"constant": 2.5, "teaching": teaching, "random": random}


def kept(none: float, regression: float) -> dict[str, float]:
    return {"none": none, "regression": regression, "bayesian": 1.0}


@pytest.mark.parametrize(
    ("changes", "missed"),
    [
        (
            {"praised": 0.9, "needed": WRONG_EARLY, "noisy_error": WORSE_UNDER_NOISE},
            {"T1", "T5a", "T5b"},
        ),
        ({"goals": levels(2.0, 1.0), "leak": LEAKING}, {"T2", "T6b"}),
        ({"goals": levels(2.5, 2.7), "kept": kept(0.8, 1.0)}, {"T3b", "T4"}),
        ({"kept": kept(0.1, 0.7), "fall": 0.1}, {"T3a", "T6a"}),
        ({"kept": kept(0.1, 1.5)}, {"T7"}),
    ],
)
def test_each_check_can_be_missed(tmp_path, changes, missed):
    found = verdicts(tmp_path, **changes)
    assert {number for number, status in found.items() if status is Status.MISSED} == missed


def test_without_runs_nothing_is_judged(tmp_path):
    folder = write_teaching(tmp_path, seeds=(1,), unfinished=("values/seed-1",))
    experiment = read_experiment(folder)
    assert experiment.missing == ("values/seed-1",)
    found = {check.number: check for check in run_checks(experiment)}
    assert found["T5a"].status is Status.NOT_RUN
    assert "no finished run" in found["T5a"].observed
    small = read_experiment(write_teaching(tmp_path / "small", seeds=(1,), claims=False))
    assert {check.status for check in run_checks(small)} == {Status.NOT_RUN}


def test_tables_have_a_row_for_every_measure(experiment):
    lives = tables.lives(experiment)
    none = lives.filter(pl.col("learner") == "none")["measure"].unique()
    assert "leaked_share" not in none.to_list()
    taught = lives.filter(
        pl.col("caregiver") == "teaching",
        pl.col("learner") == "bayesian",
        pl.col("measure") == "praised_share",
    )
    assert taught["estimate"][0] == pytest.approx(18.3 / 28.5, rel=1e-6)
    assert taught["seeds"][0] == 3
    text = tables.fits_text(tables.fits(experiment))
    assert "| bayesian " in text
    assert "1000" in text.splitlines()[0]
    hacking = tables.hacking_text(tables.hacking(experiment))
    assert "of it without goals" in hacking


def test_every_figure_is_written_twice(report):
    assert {path.name for path in report.figures} == {
        f"{name}.{end}" for name in FIGURES for end in ("pdf", "png")
    }
    for path in report.figures:
        start = path.read_bytes()[:5]
        assert start == (b"%PDF-" if path.suffix == ".pdf" else b"\x89PNG\r")


def test_the_page_has_verdicts_captions_and_a_command_of_no_machine(report):
    page = report.page.read_text(encoding="utf-8")
    assert f"{len(CHECKS.rules)} held, 0 missed, 0 not run" in page
    assert "](samples.png)" in page
    assert "looks away where it finds its norm understood" in page
    assert "/somewhere/else" not in page
    assert "a remark" in page
    verdict = json.loads((report.folder / "checks.json").read_text())
    assert verdict[0]["number"] == "T1"


def test_kept_tables_give_the_same_report(folder, report, tmp_path):
    written = copy_tables(folder, tmp_path / "kept")
    assert len(written) == 4
    again = read_experiment(tmp_path / "kept")
    assert [c.observed for c in run_checks(again)] == [c.observed for c in report.checks]
    tables.fits(again).write_csv(tmp_path / "fits.csv", float_precision=6)
    assert (tmp_path / "fits.csv").read_bytes() == (report.folder / "fits.csv").read_bytes()
    with pytest.raises(ConfigError, match="onto themselves"):
        copy_tables(folder, folder)


def test_an_empty_experiment_has_a_page_all_the_same(tmp_path):
    folder = write_teaching(tmp_path, seeds=(1,))
    for run in read_manifest(folder).runs:
        (folder / run.name / "status.json").unlink()
    report = write_report(folder)
    assert report.figures == ()
    assert "Not finished" in report.page.read_text()


def test_more_seeds_join_and_other_budgets_do_not(folder):
    known = read_manifest(folder)
    more = Manifest("test", known.budget, True, (4,), (), "again")
    joined = extend_manifest(folder, more)
    assert joined.seeds == (1, 2, 3, 4)
    assert len(joined.runs) == len(known.runs)
    with pytest.raises(ConfigError, match="budgets"):
        extend_manifest(folder, Manifest("test", {"few": 1}, True, (4,), (), "again"))


def test_tables_that_are_missing_or_not_ours_are_named(folder, tmp_path):
    other = write_teaching(tmp_path, seeds=(1,))
    (other / "teaching/none/seed-1/metrics.parquet").unlink()
    with pytest.raises(ConfigError, match=r"metrics\.parquet is missing"):
        read_experiment(other)
    (other / "experiment.json").write_text('{"experiment": "teaching-minds"}')
    with pytest.raises(ConfigError, match="not what this version writes"):
        read_experiment(other)
