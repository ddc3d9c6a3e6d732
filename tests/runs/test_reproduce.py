"""`prosocial reproduce` and `prosocial figures`, without training (and once, slowly, with it)."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "analysis"))

from synthetic import Story, write_job  # pyright: ignore[reportMissingImports]

from prosocial.envs.engine.errors import ConfigError
from prosocial.runs import figures, reproduce


@pytest.fixture
def ran(monkeypatch):
    """Replaces the workers: made-up tables are written; holds the names of what was run."""
    names: list[str] = []

    def run_jobs(jobs, done, workers, logs, observer):
        for number, job in enumerate(jobs):
            if job.name not in done:
                observer.started(job.name)
                observer.watched({job.name: job.task.progress()})
                write_job(job, number, Story())
                observer.finished(job.name, 1.0)
                names.append(job.name)
        return {}

    monkeypatch.setattr("prosocial.runs.pool.run_jobs", run_jobs)
    return names


def reproduce_into(folder, *options):
    return reproduce.main(["value-internalization", "--output", str(folder), *options])


def test_headline_prints_comparison_verdicts_and_paths(ran, tmp_path, capsys):
    assert reproduce_into(tmp_path / "out") == 0
    printed, progress = capsys.readouterr()
    assert len(ran) == 3 * 5 + 1
    assert "| 4a     | socialized, goals / episode" in printed
    assert "held   1a  Without ISR the behaviour is unlearned" in printed
    assert "not run: 3a, 3b, 4a" in printed
    assert str(tmp_path / "out" / "report" / "figure_4a.pdf") in printed
    assert "finished train3/isr/seed-1236" in progress
    assert "16 of 16 runs" in progress


def test_the_same_command_runs_nothing_again(ran, tmp_path, capsys):
    reproduce_into(tmp_path, "--seeds", "1")
    ran.clear()
    assert reproduce_into(tmp_path, "--seeds", "1") == 0
    assert ran == []
    assert "6 runs in" in capsys.readouterr().err


def test_more_figures_and_seeds_join_and_run_only_what_is_new(ran, tmp_path):
    reproduce_into(tmp_path, "--seeds", "7,", "--figures", "1b")
    ran.clear()
    reproduce_into(tmp_path, "--seeds", "7,8", "--figures", "4a")
    assert "train3/none/seed-7" not in ran
    assert {"train3/isr/seed-7", "train3/none/seed-8"} <= set(ran)
    manifest = json.loads((tmp_path / "experiment.json").read_text())
    assert manifest["figures"] == ["1b", "4a"]
    assert manifest["seeds"] == [7, 8]


def test_another_budget_in_the_same_folder_is_refused(ran, tmp_path):
    reproduce_into(tmp_path, "--seeds", "1")
    with pytest.raises(ConfigError, match="differ in goal_step_cost"):
        reproduce_into(tmp_path, "--seeds", "1", "--goal-step-cost")


def test_a_small_budget_claims_nothing(ran, tmp_path, capsys):
    assert reproduce_into(tmp_path, "--preset", "smoke") == 0
    printed = capsys.readouterr().out
    assert "this budget is too small for any claim" in printed
    assert "held" not in printed
    assert "missed" not in printed
    assert reproduce_into(tmp_path / "scaled", "--seeds", "1", "--steps-scale", "0.05") == 0
    assert "too small for any claim" in capsys.readouterr().out


def test_failures_are_listed_and_make_the_status(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(
        "prosocial.runs.pool.run_jobs",
        lambda jobs, *_: {jobs[0].name: "disk full (see there)"},
    )
    assert reproduce_into(tmp_path, "--seeds", "1") == 1
    printed = capsys.readouterr().out
    assert "FAILED: train3/social/seed-1234: disk full (see there)" in printed
    assert "Not finished: train3/none/seed-1234, " in printed
    assert " and 2 more" in printed


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--preset", "papr"], "Did you mean 'paper'"),
        (["--figures", "4z"], "There is no figure '4z'"),
        (["--figures", ","], "--figures names nothing"),
        (["--seeds", "a"], "expected a number"),
        (["--seeds", "0"], "1 to 1000"),
        (["--seeds", "1234"], "--seeds 1234,"),
        (["--seeds", "5,5"], "different numbers"),
        (["--steps-scale", "0"], "above 0"),
    ],
)
def test_bad_options_are_refused_before_anything_runs(ran, tmp_path, options, message):
    with pytest.raises(ConfigError, match=message):
        reproduce_into(tmp_path / "out", *options)
    assert ran == []
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("options", [["--jobs", "0"], ["--jobs", "x"]])
def test_bad_numbers_of_workers_are_refused(tmp_path, options):
    with pytest.raises(SystemExit):
        reproduce_into(tmp_path / "out", *options)


def test_figures_redraws_an_experiment_elsewhere(ran, tmp_path, capsys):
    reproduce_into(tmp_path / "out", "--seeds", "1", "--figures", "1b")
    assert figures.main([str(tmp_path / "out"), "--output", str(tmp_path / "docs")]) == 0
    assert (tmp_path / "docs" / "figure_1b.pdf").is_file()
    assert (tmp_path / "docs" / "README.md").is_file()
    assert "figure_1b.png" in capsys.readouterr().out


def test_figures_draws_run_folders(ran, tmp_path, capsys):
    reproduce_into(tmp_path, "--seeds", "1", "--figures", "1b")
    runs = [str(tmp_path / "train3" / name / "seed-1234") for name in ("social", "none")]
    assert figures.main([*runs, "--output", str(tmp_path / "figures")]) == 0
    assert (tmp_path / "figures" / "life_course.pdf").is_file()
    with pytest.raises(ConfigError, match="not a mixture"):
        figures.main([str(tmp_path), runs[0]])
    with pytest.raises(ConfigError, match=r"has no metrics\.parquet"):
        figures.main([str(tmp_path / "nothing")])


@pytest.mark.slow
def test_the_real_thing_on_a_small_budget_survives_a_kill(tmp_path):
    code = "import sys; from prosocial.runs.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", code, "reproduce", "value-internalization",
               "--preset", "smoke", "--output", str(tmp_path)]  # fmt: skip
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    first = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    parent = tmp_path / "train3" / "social" / "seed-1234"
    _wait_for(lambda: "finished" in _text(parent / "status.json"))
    first.send_signal(signal.SIGKILL)
    first.wait()
    time.sleep(1.0)  # the workers notice and end
    second = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert second.returncode == 0, second.stderr
    assert "started train3/social/seed-1234" not in second.stderr
    assert "this budget is too small for any claim" in second.stdout
    for condition in ("none", "isr", "oracle", "frozen"):
        metrics = pl.read_parquet(tmp_path / "train3" / condition / "seed-1234" / "metrics.parquet")
        assert metrics["phase_index"].to_list() == [1] * len(metrics)
        assert min(metrics["episodes"].to_list()) > 0
    assert (tmp_path / "report" / "figure_4a.png").stat().st_size > 1000


def _wait_for(condition, seconds=240):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def _text(path: Path) -> str:
    return path.read_text() if path.is_file() else ""
