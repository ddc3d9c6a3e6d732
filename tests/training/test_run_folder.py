"""A run folder: whole at any moment, one run's and one process's, cut back to its checkpoint."""

from __future__ import annotations

import errno
import hashlib
import io
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from prosocial.agents.training import checkpoint, run_folder
from prosocial.agents.training.checkpoint import CheckpointError
from prosocial.agents.training.config import PhaseConfig, TrainConfig
from prosocial.agents.training.run_folder import RunFolder, RunFolderError
from prosocial.envs.engine.files import DiskFullError

CONFIG = TrainConfig(name="test", seed=1)
ITERATIONS = 4


@pytest.fixture(autouse=True)
def no_wait_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """No power is cut in these tests, so nothing needs to be forced to the disk."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


def live(path: Path, until: int = ITERATIONS) -> int:
    """A life in miniature; returns the iteration that it began with."""
    with RunFolder.open(path, CONFIG, ["test"]) as folder:
        found = folder.restore()
        first = found.state["iteration"] if found else 0
        for i in range(first, until):
            folder.append("metrics", [{"iteration": i, "loss": None if i < 2 else i / 3}])
            folder.append("episodes", {"iteration": np.full(3, i), "agent": ["a", "b", "c"]})
            folder.add_experience({"rewards": np.full(5, i, np.float32)})
            folder.save((i + 1) * 10, {"w": np.arange(i + 1)}, {"iteration": i + 1})
        if until == ITERATIONS:
            folder.finish()
    return first


def assert_complete(path: Path) -> None:
    metrics = pl.DataFrame({"iteration": [0, 1, 2, 3], "loss": [None, None, 2 / 3, 1.0]})
    assert_frame_equal(run_folder.read_table(path, "metrics"), metrics)
    episodes = run_folder.read_table(path, "episodes")
    assert episodes["iteration"].to_list() == [i for i in range(4) for _ in range(3)]
    found = run_folder.read_checkpoint(path)
    assert found.step == 40
    chunks = list(run_folder.read_experience(path, found))
    assert [chunk["rewards"].tolist() for chunk in chunks] == [[float(i)] * 5 for i in range(4)]
    assert not [p for p in path.rglob("*") if p.name.startswith(".tmp")]
    assert json.loads((path / "status.json").read_text())["state"] == "finished"


def test_a_finished_run_is_complete_and_left_alone(tmp_path: Path) -> None:
    live(tmp_path)
    assert_complete(tmp_path)
    assert run_folder.read_config(tmp_path) == CONFIG
    assert run_folder.is_finished(tmp_path, CONFIG)
    before = {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*") if p.name != ".lock"}
    with RunFolder.open(tmp_path, CONFIG) as folder:
        assert folder.finished
    assert before == {p: p.stat().st_mtime_ns for p in before}


def test_an_unfinished_run_is_resumed(tmp_path: Path) -> None:
    assert live(tmp_path, until=2) == 0
    assert not run_folder.is_finished(tmp_path, CONFIG)
    assert live(tmp_path) == 2
    assert_complete(tmp_path)
    assert (tmp_path / "log.txt").read_text().count("resumed") == 1


def test_rows_and_chunks_beyond_the_checkpoint_are_dropped(tmp_path: Path) -> None:
    live(tmp_path, until=3)
    shutil.rmtree(tmp_path / "checkpoints" / "step-0000000030")  # killed just before it
    assert live(tmp_path) == 2
    assert_complete(tmp_path)


def test_what_a_kill_left_behind_is_removed(tmp_path: Path) -> None:
    live(tmp_path, until=2)
    (tmp_path / "experience" / "chunk-000002.npz").write_bytes(b"written, but in no checkpoint")
    (tmp_path / "experience" / ".tmp-chunk-000003.npz").write_bytes(b"half")
    (tmp_path / ".tmp-metrics.parquet").write_bytes(b"half")
    (tmp_path / "checkpoints" / ".tmp-step-0000000030").mkdir()
    with RunFolder.open(tmp_path, CONFIG) as folder:
        folder.restore()
    left = {path.name for path in tmp_path.rglob("*")}
    assert not [name for name in left if name.startswith(".tmp")]
    assert {name for name in left if "chunk" in name} == {"chunk-000000.npz", "chunk-000001.npz"}


def test_experience_that_is_not_saved_yet_can_be_read(tmp_path: Path) -> None:
    with RunFolder.open(tmp_path, CONFIG) as folder:
        folder.restore()
        folder.add_experience({"rewards": np.ones(2)})
        assert [chunk["rewards"].tolist() for chunk in folder.experience()] == [[1.0, 1.0]]


class Crash(BaseException):
    """The process is gone: nothing after it has an effect."""


def crash_at(monkeypatch: pytest.MonkeyPatch, call: int) -> Callable[[], int]:
    """Makes every change to the disk from the given one on fail; returns their counter."""
    count = 0

    def counted(function: Callable) -> Callable:
        def change(*arguments: Any, **options: Any) -> Any:
            nonlocal count
            count += 1
            if count >= call:
                raise Crash
            return function(*arguments, **options)

        return change

    for name in ("replace", "rename", "unlink", "mkdir"):
        monkeypatch.setattr(Path, name, counted(getattr(Path, name)))
    monkeypatch.setattr(os, "fsync", counted(os.fsync))
    monkeypatch.setattr(shutil, "rmtree", counted(shutil.rmtree))
    return lambda: count


def test_a_crash_at_any_change_to_the_disk_loses_nothing(tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patched:
        changes = crash_at(patched, 10**9)
        live(tmp_path / "whole")
        total = changes()
    assert total > 90
    for call in range(1, total + 1):
        path = tmp_path / str(call)
        with pytest.MonkeyPatch.context() as patched:
            crash_at(patched, call)
            with pytest.raises(Crash):
                live(path)
        begun = checkpoint.paths(path / "checkpoints")
        if not (path / "status.json").exists() or not run_folder.is_finished(path, CONFIG):
            first = live(path)
            assert (first > 0) == bool(begun), call
        assert_complete(path)
        shutil.rmtree(path)


def test_a_full_disk_at_any_write_is_explained_and_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    live(tmp_path / "two", until=2)
    fsync, call = os.fsync, 0
    while True:
        call += 1
        path = tmp_path / str(call)
        shutil.copytree(tmp_path / "two", path)
        left = call

        def full(descriptor: int) -> None:
            nonlocal left
            left -= 1
            if left <= 0:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            fsync(descriptor)

        with monkeypatch.context() as patched:
            patched.setattr(os, "fsync", full)
            try:
                live(path, until=3)
                break
            except DiskFullError as error:
                message = str(error)
        assert "disk is full" in message
        assert "same command" in message
        assert run_folder.read_checkpoint(path).step in (20, 30)
        assert live(path) in (2, 3)
        assert_complete(path)
    assert call > 15


def test_a_damaged_checkpoint_is_set_aside_and_named_in_the_log(tmp_path: Path) -> None:
    live(tmp_path, until=3)
    damaged = tmp_path / "checkpoints" / "step-0000000030"
    (damaged / "tensors.safetensors").write_bytes(b"")
    assert live(tmp_path) == 2
    assert_complete(tmp_path)
    assert (damaged.parent / "damaged-step-0000000030").is_dir()
    log = (tmp_path / "log.txt").read_text()
    assert f"{damaged} is damaged" in log
    assert "Going back to the checkpoint before it" in log


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 altered", None])
def test_a_damaged_chunk_takes_its_checkpoints_with_it(
    tmp_path: Path, damage: bytes | None
) -> None:
    live(tmp_path, until=3)
    chunk = tmp_path / "experience" / "chunk-000002.npz"
    if damage is None:
        chunk.unlink()
    else:
        chunk.write_bytes(damage)
    assert live(tmp_path) == 2
    assert_complete(tmp_path)
    assert str(chunk) in (tmp_path / "log.txt").read_text()

    (tmp_path / "status.json").unlink()
    (tmp_path / "experience" / "chunk-000000.npz").write_bytes(b"")
    with pytest.raises(CheckpointError, match=r"chunk-000000.npz is damaged.*delete"):
        live(tmp_path)


def test_a_damaged_table_is_named_and_nothing_is_deleted(tmp_path: Path) -> None:
    live(tmp_path, until=2)
    (tmp_path / "metrics.parquet").write_bytes(b"PAR1")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(CheckpointError, match=r"metrics.parquet cannot be read"):
        live(tmp_path)
    assert sorted(tmp_path.rglob("*")) == before


def test_experience_with_a_planted_pickle_is_refused(tmp_path: Path) -> None:
    planted = io.BytesIO()
    np.savez(planted, a=np.array([{}], dtype=object))
    (tmp_path / "experience").mkdir()
    (tmp_path / "experience" / "chunk.npz").write_bytes(planted.getvalue())
    digest = hashlib.sha256(planted.getvalue()).hexdigest()
    found = checkpoint.Checkpoint(
        0, {}, {"experience": [{"name": "chunk.npz", "sha256": digest}]}, tmp_path
    )
    with pytest.raises(CheckpointError, match=r"cannot be read.*pickle"):
        list(run_folder.read_experience(tmp_path, found))


def test_another_experiment_is_refused_and_the_keys_are_named(tmp_path: Path) -> None:
    live(tmp_path, until=1)
    phases = (PhaseConfig("socialization", steps=7, collect=True),)
    other = CONFIG.replace(seed=2, ppo=CONFIG.ppo.replace(gamma=0.5), phases=phases)
    with pytest.raises(RunFolderError) as raised:
        RunFolder.open(tmp_path, other)
    lines = str(raised.value).splitlines()
    assert "belongs to another experiment" in lines[0]
    assert lines[1:4] == [
        "  seed: 1 there, 2 now",
        "  ppo.gamma: 0.99 there, 0.5 now",
        "  phases.socialization.steps: 120000 there, 7 now",
    ]
    assert "choose another output folder" in lines[4]
    assert len(lines) == 5
    with pytest.raises(RunFolderError):
        run_folder.is_finished(tmp_path, other)
    assert live(tmp_path) == 1  # the refusal left no lock


def test_how_often_checkpoints_are_written_may_change(tmp_path: Path) -> None:
    live(tmp_path, until=1)
    with RunFolder.open(tmp_path, CONFIG.replace(checkpoint_every=1)) as folder:
        assert folder.restore() is not None


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("")
    with pytest.raises(RunFolderError, match=r"neither empty nor a run folder.*thesis.tex"):
        RunFolder.open(tmp_path, CONFIG)
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.tex"]
    with pytest.raises(RunFolderError, match="is a file"):
        RunFolder.open(tmp_path / "thesis.tex", CONFIG)


def test_a_folder_with_a_broken_configuration_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("sed: 3\n")
    with pytest.raises(RunFolderError, match=r"not valid.*'sed'.*another output folder"):
        RunFolder.open(tmp_path, CONFIG)


def test_two_processes_cannot_share_a_folder_and_a_dead_one_does_not_keep_it(
    tmp_path: Path,
) -> None:
    code = (
        "import sys, time\n"
        "from prosocial.agents.training.config import TrainConfig\n"
        "from prosocial.agents.training.run_folder import RunFolder\n"
        "folder = RunFolder.open(sys.argv[1], TrainConfig(name='test', seed=1))\n"
        "print('mine', flush=True)\n"
        "time.sleep(60)\n"
    )
    path = tmp_path / "run"
    other = subprocess.Popen(
        [sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE, text=True
    )
    assert other.stdout is not None
    assert other.stdout.readline() == "mine\n"
    with pytest.raises(RunFolderError, match=f"in use by process {other.pid} on "):
        RunFolder.open(path, CONFIG)
    other.send_signal(signal.SIGKILL)
    other.wait()
    other.stdout.close()
    live(path)
    assert_complete(path)


@pytest.mark.parametrize(
    ("error", "state"),
    [(ValueError("lost"), "failed"), (KeyboardInterrupt(), "interrupted")],
)
def test_how_a_run_ended_is_recorded(tmp_path: Path, error: BaseException, state: str) -> None:
    with pytest.raises(type(error)), RunFolder.open(tmp_path, CONFIG):
        raise error
    assert json.loads((tmp_path / "status.json").read_text())["state"] == state
    assert state in (tmp_path / "log.txt").read_text()
    live(tmp_path)


def test_provenance_names_software_machine_and_every_start(tmp_path: Path) -> None:
    live(tmp_path, until=1)
    provenance = tmp_path / "provenance.json"
    old = provenance.read_text().replace(np.__version__, "0.0.1")
    provenance.write_text(old)
    live(tmp_path)
    starts = json.loads(provenance.read_text())["starts"]
    assert len(starts) == 2
    assert starts[1]["seed"] == 1
    assert starts[1]["command"] == ["test"]
    assert starts[1]["packages"]["numpy"] == np.__version__
    assert starts[1]["machine"]["host"]
    assert "git_commit" in starts[1]
    changed = f"packages.numpy 0.0.1 -> {np.__version__}"
    assert changed in (tmp_path / "log.txt").read_text()


def test_columns_may_be_added_later(tmp_path: Path) -> None:
    with RunFolder.open(tmp_path, CONFIG) as folder:
        folder.restore()
        folder.append("metrics", [{"a": 1}])
        folder.save(1, {}, {})
        folder.append("metrics", [{"a": 2, "b": 0.5}])
        folder.save(2, {}, {})
    expected = pl.DataFrame({"a": [1, 2], "b": [None, 0.5]})
    assert_frame_equal(run_folder.read_table(tmp_path, "metrics"), expected)
