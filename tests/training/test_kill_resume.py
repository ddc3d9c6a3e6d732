"""A run that is killed again and again ends with the same numbers as one that is not."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from prosocial.agents.training import checkpoint
from prosocial.agents.training.run_folder import read_checkpoint, read_experience, read_table

# Kills, by number of new checkpoints awaited before each: before any, in either phase, at any
# moment of an iteration or of the writing of its checkpoint.
AWAITED = (0, 3, 2, 4, 3, 4, 3)
OVERRIDES = (
    "ppo.rollout_steps=128",
    "ppo.num_worlds=8",
    "ppo.num_epochs=2",
    "phases.socialization.steps=2048",
    "phases.autonomy.steps=2048",
    "isr.max_updates=100",
    "isr.ensemble_size=2",
    "evaluation.episodes=2",
    "evaluation.every_steps=768",
    "checkpoint_every=1",
)


def start(folder: Path) -> subprocess.Popen:
    command = [sys.executable, "-m", "prosocial", "train", *OVERRIDES, f"hydra.run.dir={folder}"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)


def finish(process: subprocess.Popen) -> None:
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors


def newest(folder: Path) -> str:
    return max((p.name for p in checkpoint.paths(folder / "checkpoints")), default="")


def is_running(folder: Path, process: subprocess.Popen) -> bool:
    path = folder / "status.json"
    return path.exists() and json.loads(path.read_text())["pid"] == process.pid


def kill_after(folder: Path, awaited: int, delay: float) -> bool:
    """Starts the run, and kills it `delay` seconds after the awaited number of new checkpoints.

    Returns whether it was killed before it ended.
    """
    process = start(folder)
    before, seen = newest(folder), set()
    deadline = time.monotonic() + 120
    while process.poll() is None and time.monotonic() < deadline:
        if newest(folder) != before:
            seen.add(newest(folder))
        if len(seen) >= awaited and is_running(folder, process):
            time.sleep(delay)
            break
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    return process.returncode == -signal.SIGKILL


@pytest.mark.slow
def test_killed_run_ends_with_the_same_numbers(tmp_path: Path) -> None:
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    finish(start(whole))
    random = np.random.default_rng(0)
    kills = [kill_after(killed, awaited, random.uniform(0, 0.15)) for awaited in AWAITED]
    assert sum(kills) >= 5
    finish(start(killed))

    log = (killed / "log.txt").read_text()
    assert log.count("resumed") >= 5
    assert_same_results(whole, killed)


def assert_same_results(whole: Path, killed: Path) -> None:
    metrics = [read_table(folder, "metrics").drop("seconds") for folder in (whole, killed)]
    assert_frame_equal(*metrics, check_exact=True)
    assert metrics[0].height == 32
    assert (metrics[0]["internal_return"].fill_nan(0) != 0).any()  # the ISR was at work
    for table in ("episodes", "evaluations"):
        frames = [read_table(folder, table) for folder in (whole, killed)]
        assert frames[0].height > 0
        assert_frame_equal(*frames, check_exact=True)

    last = [read_checkpoint(folder) for folder in (whole, killed)]
    assert last[0].step == last[1].step == 4096
    assert last[0].tensors.keys() == last[1].tensors.keys()
    assert any(name.startswith("policy/") for name in last[0].tensors)
    assert any(name.startswith("isr/") for name in last[0].tensors)
    for name, array in last[0].tensors.items():
        assert array.dtype == last[1].tensors[name].dtype
        assert array.tobytes() == last[1].tensors[name].tobytes(), name

    experience = [
        [*read_experience(folder, found)]
        for folder, found in zip((whole, killed), last, strict=True)
    ]
    for name in experience[0][0]:
        one, other = (np.concatenate([chunk[name] for chunk in chunks]) for chunks in experience)
        assert len(one) == 2048
        assert np.array_equal(one, other)
    assert pl.read_parquet(killed / "metrics.parquet")["iteration"].is_unique().all()
