"""The page of `prosocial report`: what it shows of runs, and that it is whole and safe."""

import html.parser
import json
import re
import subprocess
import sys
from typing import Any

import numpy as np
import polars as pl
import pytest
import yaml
from synthetic_runs import CONDITIONS, Life, write_commons_study, write_run, write_study

from prosocial.analysis import report_page
from prosocial.analysis.experiments.verdicts import Check, Status
from prosocial.analysis.report_page import configuration, measures, sections
from prosocial.analysis.report_page.elements import frame_table
from prosocial.envs.engine.errors import ConfigError

VOID = {"meta", "img", "br"}


class Outline(html.parser.HTMLParser):
    """Checks that every element is closed, and collects ids, links, attributes and text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open, self.ids, self.links, self.names, self.text = [], [], [], [], []
        self.attributes = []
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.names.append(tag)
        found = dict(attrs)
        self.attributes.append((tag, found))
        self.ids += [found["id"]] if "id" in found else []
        self.links += [found["href"]] if tag == "a" else []
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] not in ("style", "script"):
            self.text.append(data)


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    write_study(folder, CONDITIONS[:2], seeds=(0, 1, 2))
    return folder


def read(*patterns):
    return report_page.read_runs(report_page.find_runs(patterns))


def table(groups, caption) -> Any:
    return next(found for found in measures.tables(groups) if found.caption == caption)


def page_of(runs, **options):
    groups = tuple(report_page.group(runs))
    return report_page.render(report_page.Contents("A report", groups, **options))


def test_runs_are_found_below_folders_and_by_patterns(study):
    by_folder = report_page.find_runs([study])
    assert [path.name for path in by_folder] == ["seed-0", "seed-1", "seed-2"] * 2
    assert report_page.find_runs([f"{study}/*/seed-[0-2]"]) == by_folder
    assert report_page.find_runs([study, by_folder[0]]) == by_folder
    assert next(run.label for run in read(study)) == "isr/seed-0"


def test_hidden_folders_hold_no_runs(tmp_path):
    folder = write_run(tmp_path / "run", Life(iterations=2))
    (tmp_path / ".hydra").mkdir()
    (tmp_path / ".hydra/config.yaml").write_text("a: 1\n")
    assert report_page.find_runs([tmp_path]) == [folder]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("missing", "missing does not exist; give a run folder"),
        ("empty", "empty is no run folder: it has neither config.yaml nor metrics.parquet"),
        ("file.txt", "file.txt is no run folder: it is a file"),
        ("em*", "matches 1 paths without a run"),
        ("zz*", "matches nothing"),
    ],
)
def test_what_is_no_run_is_named(tmp_path, given, message):
    (tmp_path / "empty").mkdir()
    (tmp_path / "file.txt").touch()
    with pytest.raises(ConfigError, match=re.escape(message)):
        report_page.find_runs([f"{tmp_path}/{given}"])


@pytest.mark.parametrize(
    ("text", "message"), [("a: [", "cannot be read"), ("- 1", "holds list, not the keys")]
)
def test_an_unreadable_configuration_is_named(tmp_path, text, message):
    (tmp_path / "config.yaml").write_text(text)
    with pytest.raises(ConfigError, match=message):
        report_page.read_run(tmp_path)


def test_a_folder_without_a_run_and_a_damaged_table_are_named(tmp_path):
    with pytest.raises(ConfigError, match="is no run folder"):
        report_page.read_run(tmp_path)
    (tmp_path / "config.yaml").write_text("seed: 1\n")
    (tmp_path / "metrics.parquet").write_bytes(b"PAR1 torn")
    with pytest.raises(ConfigError, match="resume the run, which writes it anew"):
        report_page.read_run(tmp_path).table("metrics")


def test_copied_tables_are_a_run_told_by_the_names_of_its_folders(tmp_path):
    folder = write_run(tmp_path / "isr" / "seed-7", Life(iterations=2))
    for name in ("config.yaml", "status.json"):
        (folder / name).unlink()
    (run,) = read(folder)
    assert (run.seed, run.config["condition"], run.configured) == (7, "isr", False)


def test_what_differs_comes_first_and_the_rest_is_shared(study):
    runs = read(study)
    assert configuration.differing(runs) == [
        "condition",
        "seed",
        "phases.autonomy.internal_reward",
        "phases.autonomy.fit_isr",
    ]
    shared = configuration.common(runs)
    assert shared["ppo.gamma"] == "0.99"
    assert not set(shared) & set(configuration.differing(runs))
    first, second = sections.configuration(report_page.group(runs))
    assert "What differs between the runs" in first
    assert "Shared by all runs" in second
    assert "0; 1; 2" in first


def test_an_empty_branch_is_told_by_the_keys_of_the_others(tmp_path):
    for name, mind in (("a", None), ("b", {"kind": "goals"})):
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.yaml").write_text(yaml.safe_dump({"seed": 1, "mind": mind}))
    assert configuration.differing(read(tmp_path)) == ["mind.kind"]


def test_groups_are_those_of_the_figures_and_a_wrong_key_is_named(study):
    runs = read(study)
    groups = report_page.group(runs)
    assert [(group.label, len(group.runs), group.mixed) for group in groups] == [
        ("ISR", 3, ()),
        ("none", 3, ()),
    ]
    by_reward = report_page.group(runs, ["phases.autonomy.internal_reward"])
    assert len(by_reward) == 2
    with pytest.raises(ConfigError, match=r"No run has the configuration key 'ppo\.gama'"):
        report_page.group(runs, ["ppo.gama"])


def test_runs_of_several_worlds_are_grouped_within_each(tmp_path):
    write_run(tmp_path / "grid", Life(iterations=2))
    write_commons_study(tmp_path / "commons", ("selfish",), seeds=(0,))
    labels = [group.label for group in report_page.group(read(tmp_path))]
    assert [label.partition(":")[0] for label in labels] == ["commons_harvest", "caregiver_grid"]


def test_a_condition_whose_runs_differ_otherwise_is_warned_of(tmp_path):
    for seed, steps in ((0, 64), (1, 128)):
        folder = write_run(tmp_path / f"seed-{seed}", Life(seed=seed, iterations=2))
        config = yaml.safe_load((folder / "config.yaml").read_text())
        config["ppo"]["minibatch_size"] = steps
        (folder / "config.yaml").write_text(yaml.safe_dump(config))
    (group,) = report_page.group(read(tmp_path))
    assert group.mixed == ("ppo.minibatch_size",)
    (warned,) = sections.warnings([group])
    assert "differ in more than their seed" in warned
    assert "ppo.minibatch_size" in warned


def test_final_measurements_are_means_over_the_end_of_a_phase(study):
    runs = read(study / "isr" / "seed-1")
    levels = measures.final_levels(runs[0])
    metrics = pl.read_parquet(study / "isr" / "seed-1" / "metrics.parquet")
    last = metrics.filter(pl.col("phase") == "autonomy").filter(
        pl.col("phase_steps") >= 0.8 * pl.col("phase_steps").max()
    )
    assert list(levels) == [("socialization",), ("autonomy",)]
    wanted = np.average(last["goals_per_episode"], weights=last["episodes"])
    assert levels[("autonomy",)]["goals_per_episode"] == pytest.approx(wanted)


@pytest.mark.parametrize(
    ("episodes", "level"),
    [
        ((5, 1, 3, 0), 2.5),  # the last fifth, weighted by episodes
        ((5, 0, 0, 0), 0.5),  # none ended there: the last row with any
    ],
)
def test_levels_are_weighted_by_the_episodes_that_ended(tmp_path, episodes, level):
    frame = pl.DataFrame(
        {
            "phase": ["one"] * 4,
            "phase_index": [0] * 4,
            "phase_steps": [10, 85, 95, 100],
            "episodes": episodes,
            "goals_per_episode": [0.5, 1.0, 3.0, float("nan")],
        }
    )
    (tmp_path / "config.yaml").write_text("seed: 1\n")
    frame.write_parquet(tmp_path / "metrics.parquet")
    assert measures.final_levels(report_page.read_run(tmp_path)) == {
        ("one",): {"goals_per_episode": level}
    }


def test_tables_hold_intervals_over_seeds(study):
    found = table(report_page.group(read(study)), "Final measurements by phase")
    assert found.columns[:3] == ("condition", "phase", "runs")
    assert "95% bootstrap interval" in found.note
    isr, none = (row for row in found.rows if row[1] == "autonomy")
    assert re.fullmatch(r"\[\d\.\d\d, \d\.\d\d\]", isr[3].aside)
    assert isr[2].value == 3
    assert isr[3].value > 2.0 > none[3].value


def test_one_run_has_no_interval(study):
    found = table(report_page.group(read(study / "isr" / "seed-0")), "Evaluations")
    assert "there is no interval" in found.note
    assert all(cell.aside == "" for row in found.rows for cell in row[2:])
    assert [row[1] for row in found.rows] == ["training_world", "x", "four_rooms"]


def test_outcomes_of_a_commons_are_measured(tmp_path):
    write_commons_study(tmp_path, seeds=(0, 1))
    found = table(report_page.group(read(tmp_path)), "Outcomes of the group")
    assert {"equality", "sustainability", "peace"} <= set(found.columns)
    place = found.columns.index("sustainability")
    levels = {(row[0], row[1]): row[place].value for row in found.rows}
    assert levels["restrained", "autonomy"] > levels["selfish", "autonomy"]


def test_scenarios_and_recorded_audits_are_shown(tmp_path):
    folder = write_run(tmp_path / "run", Life(iterations=2))
    (folder / "scenarios").mkdir()
    rows = {"focal": [True, False], "agent": [0, 1], "episode": [0, 0], "env_return": [2.0, 1.0]}
    pl.DataFrame(rows).write_parquet(folder / "scenarios" / "open_0.parquet")
    pl.DataFrame({"layout": ["x"], "false_positives": [3]}).write_parquet(folder / "audits.parquet")
    groups = report_page.group(read(folder))
    assert [row[:2] for row in table(groups, "Held-out scenarios").rows] == [
        ("open_0", "focal"),
        ("open_0", "background"),
    ]
    assert table(groups, "Audit of run").rows[0][1].value == 3


def test_wrong_internal_reward_is_audited_where_it_is_paid(tmp_path):
    folder = write_run(tmp_path / "run", Life("isr", iterations=5))
    frame = pl.read_parquet(folder / "metrics.parquet")
    frame = frame.with_columns(pl.lit(204).alias("isr_false_positives"))
    frame.write_parquet(folder / "metrics.parquet")
    found = table(report_page.group(read(folder)), "Internalization audit")
    assert [(row[0], row[2].text) for row in found.rows] == [("autonomy", "2.00")]


def test_unfinished_runs_are_named_with_how_far_they_are(tmp_path):
    write_run(tmp_path / "a", Life(iterations=4, done=2, state="interrupted"))
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "config.yaml").write_text("seed: 3\nworld: caregiver_grid\n")
    runs = read(tmp_path)
    page = page_of(runs)
    assert "2 of 2 runs not finished" in page
    assert runs[0].state().startswith("interrupted")
    assert runs[1].state() == "unknown"


def test_provenance_tells_equal_starts_once(tmp_path):
    start = {
        "time": "2026-11-22T04:14:36+0000",
        "command": ["prosocial train", "name=a b"],
        "version": "0.1.0",
        "git_commit": "abc",
        "packages": {"numpy": "2.4"},
        "machine": {"host": "here"},
    }
    for name in ("a", "b"):
        folder = write_run(tmp_path / name, Life(seed=ord(name), iterations=2))
        (folder / "provenance.json").write_text(json.dumps({"starts": [start, start]}))
    runs = read(tmp_path)
    text = "".join(sections.provenance(runs))
    assert text.count("prosocial train 'name=a b'".replace("'", "&#x27;")) == 1
    assert "Software and machine, 2 runs" in text
    page = page_of(runs)
    assert "2026-11-22 04:14 UTC" in page


def test_the_page_is_well_formed_and_asks_for_nothing(study):
    runs = read(study)
    drawn = report_page.pictures(runs[:1])
    page = page_of(runs, pictures=drawn, replays=())
    outline = Outline(page)
    assert len(set(outline.ids)) == len(outline.ids)
    anchors = [link[1:] for link in outline.links if link.startswith("#")]
    assert set(anchors) <= set(outline.ids)
    assert anchors[0] == "content"
    for _, found in outline.attributes:
        for name in ("src", "href"):
            assert re.match(r"data:image/png|#", found.get(name, "#"))
    assert "default-src 'none'" in next(
        found["content"] for _, found in outline.attributes if "http-equiv" in found
    )
    style = page[page.index("<style>") : page.index("</style>")]
    assert not re.search(r"url\(|@import", style)
    assert all("alt" in found for tag, found in outline.attributes if tag == "img")
    assert outline.names.count("h1") == 1


def test_equal_runs_give_equal_pages(study):
    assert page_of(read(study)) == page_of(read(study))


def test_everything_given_is_escaped(tmp_path):
    evil = "</script><script>alert(1)</script>&\"'"
    folder = write_run(tmp_path / "run", Life(iterations=2))
    config = yaml.safe_load((folder / "config.yaml").read_text())
    config |= {"condition": evil, "name": evil, evil: evil}
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    start = {"command": [evil], "version": evil, "packages": {evil: evil}, "time": evil}
    (folder / "provenance.json").write_text(json.dumps({"starts": [start]}))
    (folder / "status.json").write_text(json.dumps({"state": evil, "phase": evil, "step": 3}))
    metrics = pl.read_parquet(folder / "metrics.parquet")
    metrics.with_columns(pl.lit(evil).alias("phase")).write_parquet(folder / "metrics.parquet")
    link = report_page.ReplayLink(evil, evil, evil, 1, "a.html", "")
    broken = report_page.ReplayLink(evil, evil, "", 0, None, evil)
    check = Check(evil, evil, evil, Status.MISSED, evil)
    seen = report_page.Study(
        evil, ((evil, evil),), ((evil, evil),), evil, False, (check,), (evil,), (evil,),
        (frame_table(pl.DataFrame({evil: [evil]}), evil, evil, 5),),
        (report_page.Picture(evil, evil, "data:image/png;base64,", evil),),
    )  # fmt: skip
    groups = tuple(report_page.group(read(folder)))
    contents = report_page.Contents(
        evil, groups, (seen,), report_page.Pictures((), (evil,)), (link, broken)
    )
    page = report_page.render(contents)
    assert "<script>alert" not in page
    assert Outline(page).names.count("script") == 1
    assert "&lt;script&gt;alert(1)" in page


def test_many_seeds_are_told_in_short():
    assert sections.ranges([0, 7, 8, 10, 11, 12, 13]) == "0, 7, 8, 10–13"


def test_an_experiment_shows_its_verdicts_and_what_is_missing():
    checks = (
        Check("1", "A claim", "at least 2", Status.HELD, "3"),
        Check("2", "Another", "at most 2", Status.NOT_RUN, "no runs"),
    )
    study = report_page.Study(
        "teaching-minds", (("preset", "quick"),), (("steps", "10"),), "prosocial reproduce x",
        True, checks, ("a/b",), ("It was shown.",), (), (),
    )  # fmt: skip
    page = report_page.render(report_page.Contents("An experiment", studies=(study,)))
    assert "✓ held" in page
    assert "○ not run" in page
    assert "1 held, 0 missed, 1 not run." in page
    assert "1 planned run of teaching-minds not finished" in page
    assert "It was shown." in page
    assert "prosocial reproduce x" in page


def test_reading_runs_needs_neither_torch_nor_a_browser():
    code = (
        "import sys, prosocial.analysis.report_page;"
        "assert not {'torch', 'ray', 'av', 'starlette', 'hydra'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
