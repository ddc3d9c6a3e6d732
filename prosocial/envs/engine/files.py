"""Files that are either complete or absent: temporary name, fsync, rename."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from .errors import ProsocialError

TEMPORARY = ".tmp-"  # prefix of everything that a killed process may leave half written
_FULL = (errno.ENOSPC, errno.EDQUOT)


class DiskFullError(ProsocialError, OSError):
    """A file could not be written because the disk or the quota is full; older files are whole."""


@contextmanager
def disk_full_explained(path: Path) -> Iterator[None]:
    """Turns a full disk while writing `path` into a DiskFullError that says what to do."""
    try:
        yield
    except OSError as error:
        if error.errno not in _FULL:
            raise
        raise DiskFullError(
            f"The disk is full: {path} could not be written ({_free(path.parent)} free). Nothing "
            "recorded before is lost. Free some space and run the same command again."
        ) from error


def _free(folder: Path) -> str:
    try:
        return f"{shutil.disk_usage(folder).free / 2**20:.1f} MiB"
    except OSError:
        return "an unknown amount"


def write_synced(path: Path, data: bytes) -> None:
    """Writes `data` to `path` and forces it to the disk."""
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Forces the names in `folder` to the disk, so that a rename survives a power cut."""
    if os.name != "posix":  # elsewhere folders cannot be opened
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yields a file beside `path` to be written, which takes its place unless something fails.

    The folder is made if it is missing. Readers see the old or the new content.

    Raises:
        DiskFullError: The disk is full; the old content stays.
    """
    temporary = path.with_name(TEMPORARY + path.name)
    try:
        with disk_full_explained(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            yield temporary
            with temporary.open("rb+") as file:
                os.fsync(file.fileno())
            temporary.replace(path)
            sync_folder(path.parent)
    except BaseException:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise


def write_atomically(path: Path, data: bytes) -> None:
    """Replaces the file `path` by `data` in one step: readers see the old or the new content.

    Raises:
        DiskFullError: The disk is full; the old content stays.
    """
    with replacing(path) as temporary:
        temporary.write_bytes(data)


def sha256(data: bytes) -> str:
    """Returns the SHA-256 of `data` in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def remove_leftovers(folder: Path) -> None:
    """Removes what a killed process left half written in `folder`."""
    for path in folder.glob(TEMPORARY + "*"):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
