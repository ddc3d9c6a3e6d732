"""Checkpoints: folders that are complete or absent, carry checksums and hold no pickle.

A checkpoint is a folder such as `step-0000122880` with `tensors.safetensors` (arrays by name),
`state.json` (everything else) and `CHECKSUM` (as `sha256sum` writes it; `sha256sum -c CHECKSUM`).
"""

from __future__ import annotations

import json
import shutil
import warnings
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy
from safetensors import SafetensorError

from prosocial.envs.engine.errors import ProsocialError
from prosocial.envs.engine.files import (
    TEMPORARY,
    disk_full_explained,
    sha256,
    sync_folder,
    write_synced,
)

TENSORS, STATE, CHECKSUM = "tensors.safetensors", "state.json", "CHECKSUM"


class CheckpointError(ProsocialError):
    """A checkpoint is missing, truncated or altered."""


@dataclass(frozen=True)
class Checkpoint:
    """A verified checkpoint.

    Attributes:
        step: Lifetime world steps at which it was taken.
        tensors: Arrays by name.
        state: Everything else: numbers, strings, lists, mappings.
        path: Its folder.
    """

    step: int
    tensors: dict[str, np.ndarray]
    state: dict[str, Any]
    path: Path


def save(
    folder: Path, step: int, tensors: Mapping[str, Any], state: Mapping[str, Any], keep: int = 2
) -> Path:
    """Writes the checkpoint of a step and removes all but the last `keep`.

    Args:
        folder: The folder of checkpoints.
        step: Lifetime world steps, >= 0. An existing checkpoint of the same step is replaced.
        tensors: NumPy arrays or torch tensors of any shape, by name.
        state: Values that JSON can hold.
        keep: Checkpoints to keep, >= 2, so that a damaged one always has a predecessor.

    Raises:
        DiskFullError: The disk is full; the checkpoints written before stay valid.
    """
    arrays = {name: _array(tensor) for name, tensor in tensors.items()}
    content = {
        TENSORS: safetensors.numpy.save(arrays),
        STATE: json.dumps({**state, "step": step}, indent=1, allow_nan=True).encode(),
    }
    sums = "".join(f"{sha256(data)}  {name}\n" for name, data in content.items())
    content[CHECKSUM] = sums.encode()
    target = folder / f"step-{step:010d}"
    temporary, replaced = (folder / f"{TEMPORARY}{kind}{target.name}" for kind in ("", "old-"))
    try:
        with disk_full_explained(target):
            _remove(temporary, replaced)
            temporary.mkdir(parents=True)
            for name, data in content.items():
                write_synced(temporary / name, data)
            sync_folder(temporary)
            if target.exists():
                target.rename(replaced)
            temporary.rename(target)
            sync_folder(folder)
    except BaseException:
        with suppress(OSError):
            _remove(temporary)
        raise
    _remove(replaced, *paths(folder)[: -max(keep, 2)])
    return target


def paths(folder: Path) -> list[Path]:
    """Returns the folders of the checkpoints in `folder`, oldest first; none is verified."""
    return sorted(p for p in folder.glob("step-*") if p.is_dir())


def load(path: Path) -> Checkpoint:
    """Reads and verifies one checkpoint.

    Raises:
        CheckpointError: A file is missing, or its bytes are not those that were written.
    """
    try:
        sums = dict(
            line.split()[::-1]
            for line in (path / CHECKSUM).read_text(encoding="utf-8").splitlines()
        )
        content = {name: (path / name).read_bytes() for name in (TENSORS, STATE)}
    except (OSError, ValueError, TypeError) as error:
        raise CheckpointError(f"Checkpoint {path} is incomplete: {error}.") from error
    for name, data in content.items():
        if sha256(data) != sums.get(name):
            raise CheckpointError(
                f"Checkpoint {path} is damaged: the checksum does not fit {name} ({len(data)} "
                "bytes), which was truncated or altered after it was written."
            )
    try:
        state, tensors = json.loads(content[STATE]), safetensors.numpy.load(content[TENSORS])
        return Checkpoint(state.pop("step"), tensors, state, path)
    except (SafetensorError, ValueError, KeyError) as error:  # checksums of something else
        raise CheckpointError(f"Checkpoint {path} cannot be read: {error}.") from error


def find_latest(
    folder: Path, accept: Callable[[Checkpoint], None] | None = None
) -> tuple[Checkpoint | None, list[str]]:
    """Returns the newest good checkpoint, and what was wrong with each later one.

    Args:
        folder: The folder of checkpoints.
        accept: Further check, which raises CheckpointError to reject a checkpoint.

    Returns:
        The checkpoint, None if there is none at all, and a message per damaged one passed over.

    Raises:
        CheckpointError: There are checkpoints and every one of them is damaged.
    """
    problems = []
    for path in reversed(paths(folder)):
        try:
            found = load(path)
            if accept is not None:
                accept(found)
            return found, problems
        except CheckpointError as error:
            problems.append(str(error))
    if problems:
        raise CheckpointError(
            f"No checkpoint can be used. {' '.join(problems)} Restore one from a copy, or delete "
            f"{folder.parent} to begin again."
        )
    return None, []


def load_latest(folder: Path) -> Checkpoint | None:
    """Returns the newest good checkpoint in `folder`, or None if there is none at all.

    Raises:
        CheckpointError: There are checkpoints and every one of them is damaged.

    Warns:
        UserWarning: Names each damaged checkpoint that was passed over.
    """
    found, problems = find_latest(folder)
    for problem in problems:
        warnings.warn(f"{problem} Using the checkpoint before it.", stacklevel=2)
    return found


def _array(tensor: Any) -> np.ndarray:
    """Returns a C-contiguous array; of other layouts safetensors would write the wrong bytes."""
    if hasattr(tensor, "detach"):
        tensor = tensor.detach().cpu().numpy()
    return np.asarray(tensor, order="C")


def _remove(*folders: Path) -> None:
    for folder in folders:
        if folder.exists():
            shutil.rmtree(folder)
