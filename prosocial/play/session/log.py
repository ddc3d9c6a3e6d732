"""The log of a session: a line of JSON for everything that happened, written before it counts.

Each line is flushed and forced to the disk before its writer is answered, so whatever was
acknowledged survives a crash. A crash can tear the last line only; it was then never acknowledged,
and is cut off when the log is opened again. Lines are numbered without gaps, and their last key is
a checksum of the others, so that damage anywhere else is noticed and never passed over.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import filelock

from prosocial.envs.engine.files import disk_full_explained, sync_folder

from .errors import LogError

LOG_VERSION = 1
LOG_NAME, LOCK_NAME = "session.jsonl", "session.lock"
_CRC = b',"crc":"%08x"}'  # ends each line; of the line with a plain "}" instead


def log_path(path: Path | str) -> Path:
    """Returns the log of a session: the file itself, or that of a session's folder.

    Raises:
        LogError: There is none.
    """
    path = Path(path)
    found = path / LOG_NAME if path.is_dir() else path
    if not found.is_file():
        raise LogError(
            f"There is no session at {path}; expected a folder of `prosocial play` with a file "
            f"{LOG_NAME}, or that file."
        )
    return found


class SessionLog:
    """A log that this process writes, and nobody else as long as it is open.

    Attributes:
        path: The file.
        records: How many lines it has.
    """

    def __init__(self, path: Path, held: filelock.BaseFileLock, records: int) -> None:
        self.path = path
        self.records = records
        self._lock = held
        self._file = path.open("ab", buffering=0)

    @classmethod
    def create(cls, folder: Path) -> SessionLog:
        """Begins a log in a folder, which is made.

        Raises:
            LogError: The folder has a session already, or another process begins one there.
        """
        folder.mkdir(parents=True, exist_ok=True)
        held = _lock(folder)
        path = folder / LOG_NAME
        try:
            path.open("xb").close()
            sync_folder(folder)
            return cls(path, held, 0)
        except FileExistsError as error:
            held.release()
            raise LogError(
                f"{folder} holds a session already. Go on with it by --resume {folder}, or give "
                "another output folder."
            ) from error

    @classmethod
    def reopen(cls, path: Path | str) -> tuple[SessionLog, list[dict[str, Any]]]:
        """Opens a log to go on with it; a torn last line is cut off.

        Returns:
            The log, and its records.

        Raises:
            LogError: There is none, it is in use, or damaged before its last line.
        """
        found = log_path(path)
        held = _lock(found.parent)
        try:
            records, size = _read(found)
            if not records:
                raise LogError(f"{found} was cut off before anything happened; delete it.")
            with found.open("r+b") as file:
                file.truncate(size)
                os.fsync(file.fileno())
            return cls(found, held, len(records)), records
        except BaseException:
            held.release()
            raise

    def append(self, kind: str, *, sync: bool = True, **values: Any) -> dict[str, Any]:
        """Writes one record, forces it to the disk, and returns it.

        Args:
            kind: What happened.
            sync: Whether to wait for the disk; without, a power cut may lose it with what follows.
            **values: Plain values.

        Raises:
            DiskFullError: The disk is full; the log is then as it was before.
        """
        record = {"n": self.records, "kind": kind, **values}
        text = json.dumps(record, allow_nan=False, separators=(",", ":"))
        line = _signed(text.encode()) + b"\n"
        before = self.path.stat().st_size
        try:
            with disk_full_explained(self.path):
                written = 0
                while written < len(line):
                    written += self._file.write(line[written:])
                if sync:
                    os.fsync(self._file.fileno())
        except OSError:
            os.ftruncate(self._file.fileno(), before)
            raise
        self.records += 1
        return record

    @property
    def closed(self) -> bool:
        """Whether it was given back."""
        return self._file.closed

    def close(self) -> None:
        """Gives the log back; it can be called twice."""
        if not self._file.closed:
            self._file.close()
            self._lock.release()


def read_log(path: Path | str) -> list[dict[str, Any]]:
    """Returns the records of a log without its lock; a torn last line is left out.

    Raises:
        LogError: There is none, or it is damaged before its last line.
    """
    return _read(log_path(path))[0]


def _read(path: Path) -> tuple[list[dict[str, Any]], int]:
    """Returns the records and how many bytes of the file they are."""
    data = path.read_bytes()
    records: list[dict[str, Any]] = []
    size = 0
    for start, end in _lines(data):
        record = _parse(data[start:end])
        if record is None:
            if data.find(b"\n", end + 1) >= 0:
                raise LogError(
                    f"{path} is damaged in line {len(records) + 1}, before its end. What comes "
                    "before it can be saved by cutting the file there; keep a copy."
                )
            break  # the last line, which was never acknowledged
        if record.get("n") != len(records):
            raise LogError(
                f"{path} has record {record.get('n')} in line {len(records) + 1}; expected "
                f"{len(records)}. Lines are missing or were moved."
            )
        records.append(record)
        size = end + 1
    if not records:
        return records, 0
    version = records[0].get("log_version")
    if records[0].get("kind") != "header" or version != LOG_VERSION:
        raise LogError(
            f"{path} is a log of version {version!r}; this version of prosocial reads "
            f"{LOG_VERSION}. Use the version that recorded it."
        )
    return records, size


def _lines(data: bytes) -> Iterator[tuple[int, int]]:
    """Yields begin and end of each line that ends with a line break, without it."""
    start = 0
    while (end := data.find(b"\n", start)) >= 0:
        yield start, end
        start = end + 1


def _parse(line: bytes) -> dict[str, Any] | None:
    """Returns a record without its checksum; None if the line is not whole."""
    text = line[: -len(_CRC % 0)] + b"}"
    if line != _signed(text):
        return None
    return json.loads(text)


def _signed(text: bytes) -> bytes:
    """Returns a JSON object, given as text, with its checksum as the last key."""
    return text[:-1] + _CRC % zlib.crc32(text)


def _lock(folder: Path) -> filelock.BaseFileLock:
    held = filelock.FileLock(folder / LOCK_NAME)
    try:
        held.acquire(timeout=0)
    except filelock.Timeout as error:
        raise LogError(
            f"The session in {folder} is in use by another process. End it first, or wait for it."
        ) from error
    return held
