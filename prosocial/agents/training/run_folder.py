"""The folder of one run: everything it records, resumable after a kill at any moment.

    config.yaml          resolved configuration: which run this is; another one is refused
    provenance.json      version, git commit, packages, seed, machine, command of every start
    status.json          running | interrupted | failed | finished, with the process
    log.txt              plain lines with time stamps
    metrics.parquet      one row per phase x iteration
    episodes.parquet     one row per episode x agent
    evaluations.parquet  one row per evaluation episode
    recordings/          episodes of each evaluation: see `prosocial.agents.recording`
    experience/          chunk-000000.npz ...: social experience, one file per iteration
    checkpoints/         step-0000122880 ...: see `checkpoint`

The tables are rewritten just before each checkpoint, which records how many of their rows and which
chunks belong to it. A resumed run cuts both back to its checkpoint, so in the end they equal those
of a run that was never killed. Nothing is ever unpickled.
"""

from __future__ import annotations

import io
import json
import os
import socket
import time
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

import filelock
import numpy as np
import polars as pl

from prosocial.agents.training import checkpoint as checkpoints
from prosocial.agents.training.checkpoint import Checkpoint, CheckpointError
from prosocial.agents.training.config import TrainConfig
from prosocial.agents.training.ownership import (
    RunFolderError,
    changed_software,
    is_same_run,
    lock,
    read_json,
    refuse_foreign,
)
from prosocial.agents.training.provenance import provenance
from prosocial.agents.training.tables import TABLES, Table, read_parquet
from prosocial.envs.engine.files import (
    disk_full_explained,
    remove_leftovers,
    sha256,
    write_atomically,
)

__all__ = [
    "RunFolder",
    "RunFolderError",
    "is_finished",
    "read_checkpoint",
    "read_config",
    "read_experience",
    "read_table",
]


class RunFolder:
    """A run folder that belongs to this process; a context manager that gives it back.

    Made by `RunFolder.open`. Call `restore` first; then, in each iteration, `append` and
    `add_experience`; at each checkpoint `save`; at the end `finish`.

    Attributes:
        path: The folder.
        config: Configuration of the run.
    """

    def __init__(self, path: Path, config: TrainConfig, held: filelock.BaseFileLock) -> None:
        self.path = path
        self.config = config
        self._lock = held
        self._tables = {name: Table(path / f"{name}.parquet") for name in TABLES}
        self._chunks: list[dict[str, str]] = []
        self._status = read_json(path / "status.json")

    @classmethod
    def open(
        cls, path: Path | str, config: TrainConfig, command: Sequence[str] | None = None
    ) -> RunFolder:
        """Makes a run folder, or takes over one that holds the same run, to resume it.

        Args:
            path: The folder; it is made if it is missing.
            config: The run. An existing folder must hold the same configuration.
            command: Command line to record; None for that of this process.

        Raises:
            RunFolderError: The folder holds another run or something else, or is in use.
            DiskFullError: The disk is full.
        """
        path = Path(path)
        refuse_foreign(path)
        with disk_full_explained(path):
            for folder in ("experience", "checkpoints"):
                (path / folder).mkdir(parents=True, exist_ok=True)
        held = lock(path)
        try:
            resumed = is_same_run(path, config)
            folder = cls(path, config, held)
            if not folder.finished:
                folder._record_start(resumed, command)
        except BaseException:
            held.release()
            raise
        return folder

    @property
    def finished(self) -> bool:
        """Whether the run has nothing left to do."""
        return self._status.get("state") == "finished"

    def restore(self) -> Checkpoint | None:
        """Cuts tables and experience back to the newest good checkpoint and returns it.

        Later checkpoints, which are damaged, are named in the log and renamed to `damaged-...`.

        Returns:
            The checkpoint, or None if there is none yet.

        Raises:
            CheckpointError: There are checkpoints, but none that can be used.
        """
        folder = self.path / "checkpoints"
        found, problems = checkpoints.find_latest(folder, self._check_belongings)
        for problem in problems:
            self.log(f"{problem} Going back to the checkpoint before it.")
        rows = found.state["tables"] if found else {}
        self._chunks = list(found.state["experience"]) if found else []
        for name, table in self._tables.items():
            table.cut(rows.get(name, 0))
        wanted = {chunk["name"] for chunk in self._chunks}
        for path in (self.path / "experience").iterdir():
            if path.name not in wanted:
                path.unlink()
        for path in checkpoints.paths(folder)[-len(problems) :] if problems else []:
            path.replace(_unused(path.with_name(f"damaged-{path.name}")))
        for place in (self.path, folder):
            remove_leftovers(place)
        return found

    def append(self, table: str, rows: Sequence[Mapping[str, Any]] | Mapping[str, Any]) -> None:
        """Adds rows to a table; they reach the disk with the next `save`.

        Args:
            table: "metrics", "episodes" or "evaluations".
            rows: A list of rows, or columns of equal length by name.
        """
        self._tables[table].append(rows)

    def add_experience(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Writes one chunk of social experience, arrays by name; it counts from the next `save` on.

        Raises:
            DiskFullError: The disk is full.
        """
        buffer = io.BytesIO()
        np.savez_compressed(buffer, allow_pickle=False, **arrays)
        name = f"chunk-{len(self._chunks):06d}.npz"
        write_atomically(self.path / "experience" / name, buffer.getvalue())
        self._chunks.append({"name": name, "sha256": sha256(buffer.getvalue())})

    def experience(self) -> Iterator[dict[str, np.ndarray]]:
        """Yields the chunks of social experience so far, in order.

        Raises:
            CheckpointError: A chunk is missing or altered.
        """
        return _read_chunks(self.path, self._chunks)

    def save(self, step: int, tensors: Mapping[str, Any], state: Mapping[str, Any]) -> None:
        """Writes the tables, then the checkpoint of lifetime step `step`; see `checkpoint.save`.

        Raises:
            DiskFullError: The disk is full; what was written before stays valid.
        """
        rows = {name: table.flush() for name, table in self._tables.items()}
        own = {"tables": rows, "experience": self._chunks}
        checkpoints.save(self.path / "checkpoints", step, tensors, {**state, **own})
        self.status(step=step)

    def status(self, **fields: Any) -> None:
        """Sets fields of status.json."""
        self._status |= fields
        write_atomically(self.path / "status.json", json.dumps(self._status, indent=1).encode())

    def note(self, name: str, value: Any) -> None:
        """Sets a key of provenance.json: where something came from that is not in this folder."""
        path = self.path / "provenance.json"
        write_atomically(path, json.dumps({**read_json(path), name: value}, indent=1).encode())

    def log(self, message: str) -> None:
        """Adds a line with a time stamp to log.txt."""
        path = self.path / "log.txt"
        with disk_full_explained(path), path.open("a", encoding="utf-8") as file:
            file.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {message}\n")

    def finish(self) -> None:
        """Declares the run finished; to be called after the last `save`."""
        self.status(state="finished")
        self.log("finished")

    def close(self) -> None:
        """Gives the folder back."""
        self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: object
    ) -> None:
        if kind is not None and not self.finished:
            stopped = issubclass(kind, KeyboardInterrupt | SystemExit)
            state = "interrupted" if stopped else "failed"
            with suppress(OSError):  # the disk may be full, which is then the error on its way
                self.status(state=state)
                self.log(f"{state}: {error or kind.__name__}")
        self.close()

    def _record_start(self, resumed: bool, command: Sequence[str] | None) -> None:
        path = self.path / "provenance.json"
        starts = read_json(path).get("starts", [])
        start = provenance(self.config.seed, command)
        kept = {**read_json(path), "starts": [*starts, start]}
        write_atomically(path, json.dumps(kept, indent=1).encode())
        if not resumed:
            write_atomically(self.path / "config.yaml", self.config.to_yaml().encode())
        self.status(state="running", pid=os.getpid(), host=socket.gethostname())
        self.log("resumed" if resumed else "started")
        if starts and (changes := changed_software(starts[0], start)):
            self.log(f"not the software of the first start: {'; '.join(changes)}")

    def _check_belongings(self, found: Checkpoint) -> None:
        """Raises a CheckpointError unless the rows and chunks that `found` counts on are there."""
        for name, rows in found.state["tables"].items():
            self._tables[name].check(rows)
        for _ in _read_chunks(self.path, found.state["experience"]):
            pass


def is_finished(path: Path | str, config: TrainConfig) -> bool:
    """Returns whether a folder holds this run and it has nothing left to do; nothing is changed.

    Raises:
        RunFolderError: The folder holds another run.
    """
    path = Path(path)
    return is_same_run(path, config) and read_json(path / "status.json").get("state") == "finished"


def read_config(path: Path | str) -> TrainConfig:
    """Returns the configuration of the run in a folder.

    Raises:
        ConfigError: There is no run folder, or its configuration is not valid.
    """
    return TrainConfig.load(Path(path) / "config.yaml")


def read_checkpoint(path: Path | str) -> Checkpoint:
    """Returns the newest good checkpoint of the run in a folder; nothing is changed there.

    Raises:
        CheckpointError: There is none.
    """
    found = checkpoints.load_latest(Path(path) / "checkpoints")
    if found is None:
        raise CheckpointError(f"{path} holds no checkpoint; train it first.")
    return found


def read_experience(path: Path | str, found: Checkpoint) -> Iterator[dict[str, np.ndarray]]:
    """Yields the chunks of social experience that belong to a checkpoint, in order.

    Raises:
        CheckpointError: A chunk is missing or altered.
    """
    return _read_chunks(Path(path), found.state["experience"])


def read_table(path: Path | str, table: str) -> pl.DataFrame:
    """Returns the table "metrics", "episodes" or "evaluations" of the run in a folder.

    Raises:
        CheckpointError: It is missing or damaged.
    """
    return read_parquet(Path(path) / f"{table}.parquet")


def _read_chunks(
    path: Path, chunks: Sequence[Mapping[str, str]]
) -> Iterator[dict[str, np.ndarray]]:
    for chunk in chunks:
        file = path / "experience" / chunk["name"]
        try:
            data = file.read_bytes()
        except OSError as error:
            raise CheckpointError(f"Experience {file} cannot be read: {error}.") from error
        if sha256(data) != chunk["sha256"]:
            raise CheckpointError(f"Experience {file} is damaged: its checksum does not fit.")
        try:
            with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
                yield dict(arrays)
        except (ValueError, zipfile.BadZipFile) as error:
            raise CheckpointError(f"Experience {file} cannot be read: {error}.") from error


def _unused(path: Path) -> Path:
    """Returns `path`, numbered if it exists."""
    numbered, count = path, 0
    while numbered.exists():
        count += 1
        numbered = path.with_name(f"{path.name}-{count}")
    return numbered
