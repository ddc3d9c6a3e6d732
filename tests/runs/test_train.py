"""`prosocial train`: one run, resuming, several runs in parallel."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from prosocial.agents.training.run_folder import read_checkpoint, read_config, read_table
from prosocial.runs import cli


def test_a_run_folder_is_complete(run: Path) -> None:
    names = {path.name for path in run.iterdir() if not path.name.startswith(".")}
    assert names == {
        "config.yaml",
        "provenance.json",
        "status.json",
        "log.txt",
        "metrics.parquet",
        "episodes.parquet",
        "evaluations.parquet",
        "experience",
        "checkpoints",
        "recordings",
    }
    assert read_table(run, "metrics")["phase"].to_list() == ["socialization"] * 2 + ["autonomy"]
    assert read_checkpoint(run).step == 192
    assert json.loads((run / "status.json").read_text())["state"] == "finished"
    start = json.loads((run / "provenance.json").read_text())["starts"][0]
    assert start["command"][0] == "prosocial train"


def test_a_finished_run_says_so_and_does_nothing(
    run: Path, tiny: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path: path.stat().st_mtime_ns for path in run.rglob("*")}
    assert cli.main(["train", *tiny, f"hydra.run.dir={run}"]) == 0
    assert "already finished, nothing to do" in capsys.readouterr().err
    assert before == {path: path.stat().st_mtime_ns for path in run.rglob("*")}


def test_another_experiment_does_not_enter_the_folder(
    run: Path, tiny: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["train", *tiny, "ppo.gamma=0.5", f"hydra.run.dir={run}"]) == 1
    error = capsys.readouterr().err
    assert "belongs to another experiment" in error
    assert "ppo.gamma: 0.99 there, 0.5 now" in error
    assert "Traceback" not in error
    assert read_config(run).ppo.gamma == 0.99


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("ppo.num_worlds=0", "num_worlds is 0; expected an integer >= 1"),
        ("world_config.siz=9", "no option 'siz'. Did you mean 'size'"),
        ("phases.autonomy.world.layout=nowhere", r"phases.autonomy.world"),
    ],
)
def test_wrong_settings_leave_no_folder(
    override: str,
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.main(["train", override]) == 1
    error = capsys.readouterr().err
    assert message in error
    assert "Traceback" not in error
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_workers_end_with_the_command_and_the_same_command_resumes(
    tmp_path: Path, tiny: tuple[str, ...]
) -> None:
    long = ("phases.socialization.steps=1000000", "checkpoint_every=1")
    command = [sys.executable, "-m", "prosocial", "train", "-m", "seed=0,1", *tiny, *long]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}

    def running(before: set[int]) -> set[int]:
        with subprocess.Popen(
            [*command, "hydra.launcher.n_jobs=2"],
            cwd=tmp_path,
            env=environment,
            start_new_session=True,
        ) as process:
            while len(pids := owners(tmp_path) - before) < 2 and process.poll() is None:
                time.sleep(0.05)
            process.kill()
        return pids

    first = running(set())
    wait_for_the_end_of(first)
    second = running(first)
    wait_for_the_end_of(second)
    assert len(first) == len(second) == 2


def owners(folder: Path) -> set[int]:
    """The processes that have taken over the run folders below `folder`."""
    return {json.loads(path.read_text())["pid"] for path in folder.rglob("status.json")}


def wait_for_the_end_of(pids: set[int], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    for pid in pids:
        while Path(f"/proc/{pid}").exists():
            assert time.monotonic() < deadline, f"process {pid} goes on"
            time.sleep(0.05)


@pytest.mark.slow
def test_seeds_in_parallel(tmp_path: Path, tiny: tuple[str, ...]) -> None:
    command = [sys.executable, "-m", "prosocial", "train", "-m", "seed=0,1", *tiny]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [*command, "name=pair", "hydra.launcher.n_jobs=2"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    folders = sorted(path.parent for path in tmp_path.rglob("status.json"))
    assert [folder.name for folder in folders] == ["seed-0", "seed-1"]
    assert folders[0].parent.parent == tmp_path / "outputs" / "pair" / "isr"
    status = [json.loads((folder / "status.json").read_text()) for folder in folders]
    assert [s["state"] for s in status] == ["finished", "finished"]
    assert status[0]["pid"] != status[1]["pid"]
    losses = [read_table(folder, "metrics")["loss_value"].to_list() for folder in folders]
    assert losses[0] != losses[1]

    # Without -m, seed 1 is the same run in the same folder: it is finished.
    command = [sys.executable, "-m", "prosocial", "train", "seed=1", *tiny, "name=pair"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "already finished" in done.stderr
