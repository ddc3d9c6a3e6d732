"""Checkpoints: exact, verified, atomic, and nothing in them can run code."""

from __future__ import annotations

import errno
import os
import pickle
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import torch

from prosocial.agents.training import checkpoint
from prosocial.agents.training.checkpoint import CheckpointError
from prosocial.envs.engine.files import DiskFullError

TENSORS = {
    "matrix": np.arange(6, dtype=np.float32).reshape(2, 3),
    "transposed": np.arange(6, dtype=np.int64).reshape(2, 3).T,
    "scalar": np.array(3.5),
    "empty": np.zeros((0, 2), np.uint8),
    "seeds": np.array([2**64 - 1], np.uint64),
    "torch": torch.arange(4.0).reshape(2, 2).T,
}
STATE = {"phase": 1, "rng": 2**100, "nan": float("nan"), "none": None, "list": [1, "a"]}


def save(folder: Path, *steps: int) -> None:
    for step in steps:
        checkpoint.save(folder, step, {"w": np.full(1000, step)}, {"phase": step})


def steps(folder: Path) -> list[int]:
    return [int(path.name.removeprefix("step-")) for path in checkpoint.paths(folder)]


def test_round_trip_is_exact(tmp_path: Path) -> None:
    path = checkpoint.save(tmp_path, 12, TENSORS, STATE)
    assert path.name == "step-0000000012"
    found = checkpoint.load(path)
    assert found.step == 12
    assert found.tensors.keys() == TENSORS.keys()
    for name, array in TENSORS.items():
        expected = np.asarray(array)
        assert found.tensors[name].dtype == expected.dtype
        assert found.tensors[name].shape == expected.shape
        assert np.array_equal(found.tensors[name], expected)
    assert str(found.state) == str(STATE)


def test_the_last_two_are_kept(tmp_path: Path) -> None:
    save(tmp_path, 0, 10, 20)
    assert steps(tmp_path) == [10, 20]
    checkpoint.save(tmp_path, 30, {}, {}, keep=3)
    checkpoint.save(tmp_path, 40, {}, {}, keep=3)
    assert steps(tmp_path) == [20, 30, 40]
    checkpoint.save(tmp_path, 50, {}, {}, keep=0)
    assert steps(tmp_path) == [40, 50]


def test_a_checkpoint_of_the_same_step_is_replaced(tmp_path: Path) -> None:
    save(tmp_path, 10)
    checkpoint.save(tmp_path, 10, {}, {"phase": "new"})
    assert checkpoint.load(checkpoint.paths(tmp_path)[0]).state == {"phase": "new"}
    assert [path.name for path in tmp_path.iterdir()] == ["step-0000000010"]


@pytest.mark.parametrize("name", ["tensors.safetensors", "state.json", "CHECKSUM"])
@pytest.mark.parametrize("damage", ["truncate", "alter", "remove", "empty"])
def test_a_damaged_checkpoint_is_named_and_the_previous_one_is_used(
    tmp_path: Path, name: str, damage: str
) -> None:
    save(tmp_path, 10, 20)
    file = tmp_path / "step-0000000020" / name
    data = file.read_bytes()
    if damage == "remove":
        file.unlink()
    else:
        altered = bytes([data[0] ^ 1]) + data[1:]
        file.write_bytes(
            {"truncate": data[: len(data) // 2], "alter": altered, "empty": b""}[damage]
        )
    with pytest.raises(CheckpointError, match="step-0000000020"):
        checkpoint.load(file.parent)
    with pytest.warns(UserWarning, match="step-0000000020.*Using the checkpoint before it"):
        found = checkpoint.load_latest(tmp_path)
    assert found is not None
    assert found.step == 10
    assert np.array_equal(found.tensors["w"], np.full(1000, 10))


def test_without_a_good_checkpoint_all_are_named(tmp_path: Path) -> None:
    save(tmp_path, 10, 20)
    for path in checkpoint.paths(tmp_path):
        (path / "state.json").write_text("{}")
    with pytest.raises(CheckpointError, match=r"step-0000000020.*step-0000000010.*delete"):
        checkpoint.load_latest(tmp_path)


def test_no_checkpoint_is_no_error(tmp_path: Path) -> None:
    assert checkpoint.load_latest(tmp_path) is None
    assert checkpoint.load_latest(tmp_path / "missing") is None


def test_a_planted_pickle_is_not_loaded(tmp_path: Path) -> None:
    class Planted:
        def __reduce__(self) -> tuple:
            return os.mkdir, (str(tmp_path / "planted"),)

    save(tmp_path, 10)
    folder = tmp_path / "step-0000000010"
    (folder / "tensors.safetensors").write_bytes(pickle.dumps(Planted()))
    (folder / "CHECKSUM").write_text(
        subprocess.run(
            ["sha256sum", "tensors.safetensors", "state.json"],
            cwd=folder,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
    )
    with pytest.raises(CheckpointError, match="cannot be read"):
        checkpoint.load(folder)
    assert not (tmp_path / "planted").exists()


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="needs sha256sum")
def test_the_checksums_can_be_verified_by_hand(tmp_path: Path) -> None:
    save(tmp_path, 10)
    folder = tmp_path / "step-0000000010"
    subprocess.run(["sha256sum", "--check", "--strict", "CHECKSUM"], cwd=folder, check=True)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
@pytest.mark.parametrize("call", [1, 2, 3, 4])
def test_a_full_disk_leaves_the_previous_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, call: int
) -> None:
    save(tmp_path, 10)
    calls = iter(range(1, 100))
    fsync = os.fsync

    def full(descriptor: int) -> None:
        if next(calls) >= call:
            raise OSError(code, os.strerror(code))
        fsync(descriptor)

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(DiskFullError, match=r"disk is full.*step-0000000020.*same command"):
            save(tmp_path, 20)
    assert [path.name for path in tmp_path.iterdir()] == ["step-0000000010"]
    found = checkpoint.load_latest(tmp_path)
    assert found is not None
    assert found.step == 10
    save(tmp_path, 20)
    assert steps(tmp_path) == [10, 20]


def test_other_errors_of_the_disk_are_not_called_a_full_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: int) -> None:
        raise OSError(errno.EIO, "input/output error")

    monkeypatch.setattr(os, "fsync", broken)
    with pytest.raises(OSError, match="input/output") as raised:
        save(tmp_path, 20)
    assert not isinstance(raised.value, DiskFullError)
