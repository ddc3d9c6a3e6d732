"""Verdicts, figures, tables and page of the commons experiment, and its kept tables."""

import json

import polars as pl
import pytest
from synthetic_commons import Story, write_commons

from prosocial.analysis.commons import checks, tables, texts
from prosocial.analysis.commons.archive import copy_tables
from prosocial.analysis.commons.panels import ordered
from prosocial.analysis.commons.records import read_experiment
from prosocial.analysis.commons.report import FIGURES, conclude, write_report
from prosocial.analysis.experiments.verdicts import Status
from prosocial.envs.engine.errors import ConfigError


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_commons(tmp_path_factory.mktemp("commons"), worlds=("harvest", "fishery"))


@pytest.fixture(scope="module")
def experiment(folder):
    return read_experiment(folder)


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    made = write_commons(tmp_path_factory.mktemp("harvest"), worlds=("harvest",))
    return write_report(made, tmp_path_factory.mktemp("report"))


def verdicts(tmp_path, story=None, **options) -> dict[str, checks.Check]:
    options = {"seeds": (1, 2), **options}
    made = write_commons(tmp_path, worlds=("harvest",), story=story, **options)
    return {check.number: check for check in checks.run_checks(read_experiment(made))}


def test_every_figure_of_every_world_is_written_twice(report):
    names = {path.name for path in report.figures}
    assert names == {f"{kind}_harvest.{end}" for kind in FIGURES for end in ("pdf", "png")}
    for path in report.figures:
        start = path.read_bytes()[:5]
        assert start == (b"%PDF-" if path.suffix == ".pdf" else b"\x89PNG\r")


def test_the_fishery_has_govsims_panels(experiment, tmp_path):
    paths = FIGURES["outcomes"](experiment, "fishery", tmp_path)
    assert [path.name for path in paths] == ["outcomes_fishery.pdf", "outcomes_fishery.png"]
    assert FIGURES["outcomes"](experiment, "clean_up", tmp_path) == []


def test_the_page_has_verdicts_conclusions_captions_and_the_command(report):
    page = report.page.read_text(encoding="utf-8")
    assert "9 held, 0 missed, 0 not run" in page
    assert "Harvest: the internal social reward sustains the commons" in page
    assert "](training_harvest.png)" in page
    assert "1 is the socialized level" in page
    assert "64 + 0.91 T" in page
    assert "prosocial reproduce commons-internalization\n" in page  # without --output /mine
    assert "too small for any claim" not in page
    assert "nan" not in page
    assert len(report.conclusion) == 1
    recorded = json.loads((report.folder / "checks.json").read_text())
    assert {check["status"] for check in recorded} == {"held"}


def test_csv_files_hold_the_storys_numbers(report):
    outcomes = pl.read_csv(report.folder / "outcomes.csv")
    row = outcomes.row(
        by_predicate=(pl.col("measure") == "normalized") & (pl.col("condition") == "social"),
        named=True,
    )
    assert row["estimate"] == pytest.approx(420 / 974, rel=0.1)
    assert row["low"] <= row["estimate"] <= row["high"]
    assert row["seeds"] == 3
    kept = pl.read_csv(report.folder / "persistence.csv", infer_schema_length=None)
    isr = kept.filter(pl.col("condition") == "isr", pl.col("behaviour") == "total_return")
    assert (isr["retention"] > 0.8).all()
    moved = pl.read_csv(report.folder / "transfer.csv")
    assert set(moved["test"]) >= {"same", "closed", "agents_10", "greedy_newcomer"}
    four = moved.filter(pl.col("test") == "agents_4", pl.col("measure") == "focal_return")
    ten = moved.filter(pl.col("test") == "agents_10", pl.col("measure") == "focal_return")
    assert (four["estimate"] > ten["estimate"]).all()


def test_tables_of_the_fishery_have_govsims_measures(experiment):
    outcomes = tables.outcomes(experiment).filter(pl.col("world") == "fishery")
    found = set(outcomes["measure"])
    assert {"months", "survived", "gain", "efficiency", "equality", "over_usage"} <= found
    page = texts.outcomes_text(outcomes, "fishery")
    assert "survival time (months)" in page
    assert "caregiver kept" in page
    kept = tables.persistence(experiment).filter(pl.col("world") == "fishery")
    assert set(kept["behaviour"]) == {"total_return", "months", "over_usage"}


@pytest.mark.parametrize(
    ("story", "missed"),
    [
        (Story(social=0.3), {"C1 harvest"}),
        (Story(none_half_life=2.0), {"C2 harvest"}),
        (Story(isr_end=0.6), {"C3a harvest"}),
        (Story(isr_end=-0.1), {"C3a harvest", "C3b harvest"}),
        (Story(caregiver_end=0.7), {"C4 harvest"}),
        (Story(isr_transfer=0.3), {"C5 harvest", "C6 harvest"}),
        (Story(newcomer=0.4), {"C7b harvest"}),
        (Story(newcomer=0.02), {"C7a harvest", "C7b harvest"}),
    ],
)
def test_each_check_misses_what_it_is_about(tmp_path, story, missed):
    found = verdicts(tmp_path, story)
    assert {number for number, check in found.items() if check.status is Status.MISSED} == missed
    assert all(check.observed for check in found.values())


def test_without_a_gain_retention_is_not_judged(tmp_path):
    made = write_commons(tmp_path, worlds=("harvest",), story=Story(social=0.1))
    experiment = read_experiment(made)
    found = {check.number: check for check in checks.run_checks(experiment)}
    assert found["C1 harvest"].status is Status.MISSED
    assert found["C3a harvest"].status is Status.NOT_RUN
    assert "did not raise the collective return" in found["C3a harvest"].observed
    assert "cannot be said" in conclude(experiment, "harvest")


def test_a_budget_without_claims_is_not_judged(tmp_path):
    found = verdicts(tmp_path, claims=False, seeds=(1,))
    assert {check.status for check in found.values()} == {Status.NOT_RUN}


def test_missing_runs_are_named_by_the_checks(tmp_path):
    lost = tuple(f"harvest/isr/seed-{seed}" for seed in (1, 2, 3))
    found = verdicts(tmp_path, unfinished=(*lost, "harvest/transfer/seed-1"))
    assert "no episode in finished runs of harvest, isr" in found["C3a harvest"].observed
    assert found["C1 harvest"].status is Status.HELD
    assert found["C5 harvest"].status is Status.HELD  # from the other two seeds


@pytest.mark.parametrize(
    ("story", "words"),
    [
        (Story(), "sustains the commons"),
        (Story(isr_end=0.4), "slows the decay"),
        (Story(isr_end=-0.1), "cannot be told from no social reward"),
    ],
)
def test_the_conclusion_says_what_the_tables_say(tmp_path, story, words):
    made = write_commons(tmp_path, worlds=("harvest",), story=story)
    assert words in conclude(read_experiment(made), "harvest")


def test_kept_tables_are_small_and_say_the_same(folder, experiment, tmp_path):
    target = tmp_path / "tables"
    written = copy_tables(folder, target)
    assert [path.name for path in written] == ["curves.parquet", "transfer.parquet"]
    assert sum(path.stat().st_size for path in target.iterdir()) < 100_000
    ours = read_experiment(target)
    assert ours.curves.equals(experiment.curves)
    assert ours.transfer.equals(experiment.transfer)
    assert (ours.missing, ours.software) == (experiment.missing, experiment.software)
    assert "/mine" not in (target / "experiment.json").read_text()
    assert checks.run_checks(ours) == checks.run_checks(experiment)
    with pytest.raises(ConfigError, match="onto themselves"):
        copy_tables(target, target)


@pytest.mark.slow
def test_the_page_drawn_from_kept_tables_has_the_same_bytes(folder, tmp_path):
    first = write_report(folder, tmp_path / "first")
    copy_tables(folder, tmp_path / "tables")
    again = write_report(tmp_path / "tables", tmp_path / "again")
    for path in first.folder.iterdir():
        assert (again.folder / path.name).read_bytes() == path.read_bytes(), path.name


def test_a_report_before_any_run_is_finished_says_so(tmp_path):
    made = write_commons(tmp_path / "made", worlds=("harvest",), seeds=(1,))
    for status in made.rglob("status.json"):
        status.unlink()
    report = write_report(made)
    assert report.figures == ()
    page = report.page.read_text(encoding="utf-8")
    assert "No run of it is finished" in page
    assert "Not finished: harvest/social/seed-1" in page
    assert report.folder == made / "report"
    copy_tables(made, tmp_path / "tables")
    assert read_experiment(tmp_path / "tables").missing == report.missing


def test_one_seed_has_no_interval(tmp_path):
    made = write_commons(tmp_path, worlds=("harvest",), seeds=(1,))
    page = texts.outcomes_text(tables.outcomes(read_experiment(made)), "harvest")
    assert "[" not in page


def test_tests_are_ordered_for_figures():
    shuffled = ["greedy_newcomer", "agents_10", "closed", "agents_4", "same"]
    assert ordered(shuffled) == ["same", "closed", "agents_4", "agents_10", "greedy_newcomer"]
