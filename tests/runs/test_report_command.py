"""`prosocial report`: from folders and patterns to a page with its replays."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "analysis"))

from synthetic import write_experiment  # pyright: ignore[reportMissingImports]
from synthetic_runs import (  # pyright: ignore[reportMissingImports]
    Life,
    write_run,
    write_study,
)

from prosocial.agents.recording import Recorder
from prosocial.envs.engine import Batch, build
from prosocial.runs import cli, report


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two conditions with two seeds each; one run has a recording, another a broken one."""
    folder = tmp_path_factory.mktemp("study")
    runs = write_study(folder, ("isr", "none"), seeds=(0, 1))
    world = build("caregiver_grid")
    batch, recorder = Batch(world, 1, seed=1), Recorder("random", {"phase": "autonomy"})
    batch.reset()
    recorder.begin(batch, 1)
    for _ in range(5):
        batch.step(np.zeros((1, 1), np.int64))
        recorder.step(batch)
    for run in runs[:2]:
        (run / "recordings").mkdir()
    recorder.recording().save(runs[0] / "recordings" / "step 5.npz")
    (runs[1] / "recordings" / "broken.npz").write_bytes(b"PK torn")
    return folder


def test_a_pattern_of_runs_becomes_a_page_with_replays(
    study: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "new" / "page.html"
    command = ["report", f"{study}/*/seed-*", "--by", "condition", "--title", "A <title>"]
    assert cli.main([*command, "--output", str(output)]) == 0
    assert capsys.readouterr().out.strip() == str(output)
    page = output.read_text(encoding="utf-8")
    assert "<title>A &lt;title&gt;</title>" in page
    assert "4 runs · world caregiver_grid · 2 conditions · seeds 0, 1" in page
    assert page.count("<figure>") >= 3
    links = re.findall(r'href="(page_replays/[^"]+)"', page)
    assert links == ["page_replays/isr-seed-0-step-5.html"]
    assert "<html" in (output.parent / links[0]).read_text(encoding="utf-8")
    assert "isr/seed-1: broken" in page
    assert "cannot be replayed:" in page


def test_one_run_is_reported_into_its_folder(study: Path) -> None:
    run = study / "isr" / "seed-0"
    assert cli.main(["report", str(run), "--no-replay"]) == 0
    page = (run / "report.html").read_text(encoding="utf-8")
    assert "Resolved configuration of the run" in page
    assert "Replays" not in page
    assert not (run / "report_replays").exists()


def test_an_experiment_is_reported_with_its_verdicts(tmp_path: Path) -> None:
    folder = write_experiment(tmp_path / "experiment", seeds=(1, 2))
    before = sorted(folder.rglob("*"))
    output = tmp_path / "page.html"
    assert cli.main(["report", str(folder), "--output", str(output)]) == 0
    page = output.read_text(encoding="utf-8")
    assert "Acceptance checks" in page
    assert "experiment value-internalization" in page
    assert page.count("<figure>") >= 2
    assert sorted(folder.rglob("*")) == before  # its own report is not touched


def test_unfinished_runs_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_run(tmp_path / "run", Life(iterations=4, done=1, state="running"))
    assert cli.main(["report", str(tmp_path / "run"), "--no-replay"]) == 0
    assert "not finished: run (running" in capsys.readouterr().err
    assert "1 of 1 run not finished" in (tmp_path / "run" / "report.html").read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["{0}/missing"], "missing does not exist"),
        (["{0}/no*"], "matches no folder"),
        (["{0}/empty"], "is no run folder"),
        (["{0}/broken"], "config.yaml cannot be read"),
        (["{0}/run", "--output", "{0}/page.pdf"], "expected a file that ends in .html"),
        (["{0}/run", "--output", "{0}/run/config.yaml/page.html"], "cannot be written"),
        (["{0}/run", "--by", "sead"], "No run has the configuration key 'sead'"),
        (["{0}/unknown"], "experiment named 'cheese'"),
    ],
)
def test_errors_say_what_is_wrong(
    tmp_path: Path, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write_run(tmp_path / "run", Life(iterations=2))
    for name in ("empty", "broken", "unknown"):
        (tmp_path / name).mkdir()
    (tmp_path / "broken" / "config.yaml").write_text("a: [")
    (tmp_path / "unknown" / "experiment.json").write_text(json.dumps({"experiment": "cheese"}))
    assert cli.main(["report", *(text.format(tmp_path) for text in arguments)]) == 1
    assert message in capsys.readouterr().err


def test_titles_tell_runs_apart(study: Path) -> None:
    from prosocial.analysis.report_page import find_runs, read_runs

    runs = read_runs(find_runs([study]))
    assert report._title(runs[:1], []).endswith(", isr, isr/seed-0")
    assert report._title(runs, [Path("outputs/teach")]) == "Report of teach"
