"""Figures, tables and page from the tables of an experiment."""

import json
import shutil

import polars as pl
import pytest
from synthetic import write_experiment

from prosocial.analysis.experiments.manifest import portable_command
from prosocial.analysis.experiments.pages import table_text
from prosocial.analysis.value_internalization import published, tables
from prosocial.analysis.value_internalization.records import (
    Manifest,
    RunRecord,
    extend_manifest,
    read_experiment,
    read_manifest,
    write_manifest,
)
from prosocial.analysis.value_internalization.report import FIGURES, write_report
from prosocial.envs.engine.errors import ConfigError
from prosocial.runs.experiments.budgets import PRESETS


@pytest.fixture(scope="module")
def report(experiment_folder, tmp_path_factory):
    return write_report(experiment_folder, tmp_path_factory.mktemp("report"))


def test_every_figure_is_written_as_pdf_and_png(report):
    names = {path.name for path in report.figures}
    assert names == {f"figure_{name}.{end}" for name in FIGURES for end in ("pdf", "png")}
    for path in report.figures:
        start = path.read_bytes()[:5]
        assert start == (b"%PDF-" if path.suffix == ".pdf" else b"\x89PNG\r")


def test_figures_are_one_column_wide(report):
    from matplotlib.image import imread

    for path in report.figures:
        if path.suffix == ".png":
            assert imread(path).shape[1] == pytest.approx(85 / 25.4 * 300, abs=1.5)


def test_the_same_tables_give_the_same_bytes(experiment_folder, report, tmp_path):
    again = FIGURES["4b"](read_experiment(experiment_folder), tmp_path)
    for path in again:
        assert path.read_bytes() == (report.folder / path.name).read_bytes()


def test_page_names_verdicts_figures_and_departures(report):
    page = report.page.read_text(encoding="utf-8")
    assert "Acceptance checks: 20 held, 0 missed, 0 not run" in page
    assert all(f"](figure_{name}.png)" in page for name in FIGURES)
    assert "one world of 2048 steps" in page
    assert "too small for any claim" not in page
    assert json.loads((report.folder / "checks.json").read_text())[0]["status"] == "held"


def test_comparison_subtracts_the_published_value(report):
    row = (
        report.frames["comparison"]
        .filter(pl.col("quantity") == "isr, return on x")
        .row(0, named=True)
    )
    assert row["published"] == published.RETURNS_5["x"]["isr"].mean
    assert row["difference"] == pytest.approx(row["ours"] - row["published"])
    assert row["low"] <= row["ours"] <= row["high"]
    assert row["seeds"] == 3


def test_comparison_is_in_true_goals(report):
    row = report.frames["comparison"].filter(pl.col("quantity").str.contains("socialized, goals"))
    # Printed axes show half of it; the made-up learners reach the published level.
    assert row["published"].item() == pytest.approx(2.575)
    assert abs(row["difference"].item()) < 0.1


def test_persistence_table(experiment_folder):
    table = tables.persistence(read_experiment(experiment_folder))
    by_condition = {
        row["condition"]: row for row in table.iter_rows(named=True) if row["setting"] == "train3"
    }
    assert by_condition["none"]["half_life_steps"] == pytest.approx(20_000, rel=0.1)
    assert by_condition["isr"]["half_life_steps"] == float("inf")
    assert by_condition["isr"]["retention"] == pytest.approx(1.05, abs=0.05)
    assert by_condition["frozen"]["area"] == pytest.approx(1.0, abs=0.05)


def test_generalization_table(experiment_folder):
    table = tables.generalization(read_experiment(experiment_folder))
    rows = {row["world"]: row for row in table.iter_rows(named=True)}
    assert set(rows) == {"ood5", *published.LAYOUTS}
    assert rows["x"]["ratio"] == pytest.approx(1.0, abs=0.3)
    assert rows["four_rooms"]["ratio"] != rows["four_rooms"]["ratio"]  # NaN: habits transfer


def test_report_of_a_part_says_what_is_missing(tmp_path):
    folder = write_experiment(
        tmp_path / "made",
        figures=("4a", "5"),
        seeds=(1,),
        budget=PRESETS["smoke"],
        unfinished=("train3/isr/seed-1", *(f"{layout}/isr/seed-1" for layout in published.LAYOUTS)),
    )
    report = write_report(folder)
    page = report.page.read_text(encoding="utf-8")
    assert "Not finished: train3/isr/seed-1" in page
    assert "too small for any claim" in page
    assert report.folder == folder / "report"


def test_report_without_any_finished_run_draws_nothing(tmp_path):
    folder = write_experiment(tmp_path / "made", figures=("3a", "4b", "6"), seeds=(1,))
    for status in folder.rglob("status.json"):
        status.unlink()
    report = write_report(folder)
    assert report.figures == ()
    assert report.frames["comparison"].is_empty()
    assert "No run of it is finished" in report.page.read_text(encoding="utf-8")


def test_redrawing_needs_the_tables_only(tmp_path):
    folder = write_experiment(tmp_path / "made", figures=("1b",), seeds=(1, 2))
    moved = tmp_path / "moved"
    shutil.move(folder, moved)
    assert len(write_report(moved).figures) == 2


def manifest(**changes) -> Manifest:
    run = RunRecord("a/none/seed-1", "train", "a", "none", 1, ("1b",))
    values = {
        "preset": "quick", "budget": {"steps": (1, 2)}, "claims": True, "figures": ("1b",),
        "seeds": (1,), "runs": (run,), "command": "prosocial one", "departures": ("none",),
    }  # fmt: skip
    return Manifest(**{**values, **changes})


def test_a_manifest_comes_back_as_it_was_written(tmp_path):
    write_manifest(tmp_path, manifest(budget={"steps": 1}))
    assert read_manifest(tmp_path) == manifest(budget={"steps": 1})


def test_more_figures_and_seeds_join_the_same_experiment(tmp_path):
    write_manifest(tmp_path, manifest())
    runs = (
        RunRecord("a/none/seed-1", "train", "a", "none", 1, ("4a",)),
        RunRecord("a/isr/seed-2", "train", "a", "isr", 2, ("4a",)),
    )
    joined = extend_manifest(
        tmp_path, manifest(figures=("4a",), seeds=(2,), runs=runs, command="prosocial two")
    )
    assert joined.figures == ("1b", "4a")
    assert joined.seeds == (1, 2)
    assert joined.runs[0].figures == ("1b", "4a")
    assert [run.name for run in joined.runs] == ["a/none/seed-1", "a/isr/seed-2"]
    assert joined.command == "prosocial one\nprosocial two"


def test_another_budget_is_refused_with_its_name(tmp_path):
    write_manifest(tmp_path, manifest())
    with pytest.raises(ConfigError, match=r"differ in steps.*another --output"):
        extend_manifest(tmp_path, manifest(budget={"steps": (1, 3)}))


@pytest.mark.parametrize(
    ("text", "message"),
    [("{", "not valid JSON"), ('{"experiment": "other"}', "belongs to experiment 'other'")],
)
def test_a_foreign_or_broken_manifest_is_refused(tmp_path, text, message):
    (tmp_path / "experiment.json").write_text(text)
    with pytest.raises(ConfigError, match=message):
        read_manifest(tmp_path)


def test_a_folder_without_an_experiment_is_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"holds no experiment\.json"):
        write_report(tmp_path)


def test_commands_on_the_page_name_no_folder_of_this_machine():
    command = (
        "prosocial reproduce p --output '/my home/x' --seeds 3 --jobs 8\n"
        "prosocial reproduce p --output=/y --seeds 3\n"
        "prosocial reproduce p --figures 5"
    )
    assert portable_command(command) == (
        "prosocial reproduce p --seeds 3\nprosocial reproduce p --figures 5"
    )


def test_table_text_is_padded_markdown():
    assert table_text(("a", "long"), [("xyz", "1")]) == (
        "| a   | long |\n|-----|------|\n| xyz | 1    |"
    )
