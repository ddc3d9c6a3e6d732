"""The file of a recording: an npz archive of plain arrays and one JSON text, never a pickle.

All episodes stand one after another in each array, S steps together: ``lengths`` int64 (E,),
``terminated`` bool (E,), ``final_hash`` 64 characters (E,), ``initial`` records (E,), ``actions``
int16 (S, N), ``rewards`` and ``internal`` float32 (S, N), ``social`` float32 (K, S, N), ``present``
bool (S,) and, where a mind was recorded, ``posteriors`` float32 (S + E, O, T', H). ``about`` holds
the rest as JSON in UTF-8, uint8. The archive has a checksum (CRC-32) of every array.
"""

from __future__ import annotations

import io
import json
import tokenize
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from prosocial.envs.engine.files import replacing

from .episodes import Episode, Posteriors, Recording, RecordingError, clean

RECORDING_VERSION = 1
RECORDINGS = "recordings"  # folder in a run folder, with a file for each evaluation
_KIND = "prosocial recording"
_LABELS = ("names", "targets", "observers")
_TYPES = {
    "lengths": np.int64,
    "terminated": np.bool_,
    "actions": np.int16,
    "rewards": np.float32,
    "social": np.float32,
    "present": np.bool_,
    "internal": np.float32,
}
# What numpy and zipfile raise for files that are no archives of arrays, or damaged ones.
_DAMAGE = (
    *(OSError, ValueError, KeyError, TypeError, EOFError, SyntaxError, IndexError),
    *(NotImplementedError, RuntimeError, zipfile.BadZipFile, zlib.error, tokenize.TokenError),
)


def write(recording: Recording, path: Path) -> Path:
    """Writes a recording, complete or not at all; returns the path.

    Raises:
        RecordingError: It has no episode.
    """
    arrays = _arrays(recording)
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)
    return path


def load_recording(path: str | Path) -> Recording:
    """Returns the recording that ``Recording.save`` wrote.

    Raises:
        RecordingError: The file is missing, damaged, of another kind, or of a later format.
    """
    path = Path(path)
    if path.is_dir() or not path.exists():
        what = "a folder" if path.is_dir() else "missing"
        raise RecordingError(f"{path} is {what}; expected a .npz file that Recording.save wrote.")
    try:
        stored = _read(path)
        about = json.loads(bytes(stored.pop("about")))
        kind, version = about["kind"], about["format"]
    except _DAMAGE as error:
        raise RecordingError(
            f"{path} holds no recording, or it is damaged ({error}); expected a .npz file that "
            "Recording.save wrote. If it was copied, copy it again."
        ) from error
    if kind != _KIND or version != RECORDING_VERSION:
        raise RecordingError(
            f"{path} is a {kind} of format {version}; this version of prosocial reads a {_KIND} of "
            f"format {RECORDING_VERSION}. Install the version that wrote it."
        )
    try:
        return _recording(about, stored)
    except _DAMAGE as error:
        raise RecordingError(f"{path} is no whole recording: {error}") from error


def _read(path: Path) -> dict[str, np.ndarray]:
    """Returns the arrays of an npz file; each is read whole, and its checksum compared, first."""
    with zipfile.ZipFile(path) as archive:
        content = {name: io.BytesIO(archive.read(name)) for name in archive.namelist()}
    return {
        name.removesuffix(".npy"): np.lib.format.read_array(data, allow_pickle=False)
        for name, data in content.items()
    }


def _arrays(recording: Recording) -> dict[str, np.ndarray]:
    episodes = recording.episodes
    if not episodes:
        raise RecordingError("The recording has no episode; there is nothing to write.")
    arrays: dict[str, Any] = {
        "lengths": [e.length for e in episodes],
        "terminated": [e.terminated for e in episodes],
        **{
            name: np.concatenate([getattr(e, name) for e in episodes])
            for name in ("actions", "rewards", "internal", "present")
        },
        "social": np.concatenate([e.social for e in episodes], axis=1),
    }
    arrays = {name: np.asarray(array, _TYPES[name]) for name, array in arrays.items()}
    arrays["initial"] = np.zeros(len(episodes), episodes[0].initial.dtype)  # stacking would repack
    for number, episode in enumerate(episodes):
        arrays["initial"][number] = clean(episode.initial)
    arrays["final_hash"] = np.array([e.final_hash for e in episodes], "S64")
    beliefs = [e.posteriors for e in episodes if e.posteriors is not None]
    if beliefs:
        arrays["posteriors"] = np.concatenate([p.probabilities for p in beliefs], dtype=np.float32)
    labels = dict(zip(_LABELS, beliefs[0].labels, strict=True)) if beliefs else None
    names = ("world", "version", "config", "agents", "norm_names", "labels", "source")
    about = {name: getattr(recording, name) for name in names}
    about |= {"kind": _KIND, "format": RECORDING_VERSION, "mind": labels}
    text = json.dumps(about, sort_keys=True).encode()
    return {"about": np.frombuffer(text, np.uint8), **dict(sorted(arrays.items()))}


def _recording(about: Mapping[str, Any], stored: Mapping[str, np.ndarray]) -> Recording:
    for name, dtype in _TYPES.items():
        if stored[name].dtype != dtype:
            raise RecordingError(f"{name} is of {stored[name].dtype}; expected {np.dtype(dtype)}.")
    lengths = stored["lengths"]
    sizes = {name: len(stored[name]) for name in ("terminated", "initial", "final_hash")}
    steps = {name: len(stored[name]) for name in ("actions", "rewards", "internal", "present")}
    wrong = [n for n, size in sizes.items() if size != len(lengths)]
    wrong += [n for n, size in steps.items() if size != lengths.sum()]
    if wrong or (lengths < 0).any() or stored["social"].shape[1] != lengths.sum():
        raise RecordingError(f"the episodes have {lengths.sum()} steps, the arrays have others.")
    return Recording(
        world=about["world"],
        version=about["version"],
        config=about["config"],
        agents=tuple(about["agents"]),
        norm_names=tuple(about["norm_names"]),
        labels=tuple(about["labels"]),
        source=about["source"],
        episodes=tuple(_episodes(about["mind"], stored)),
    )


def _episodes(labels: Mapping[str, Any] | None, stored: Mapping[str, np.ndarray]) -> list[Episode]:
    initial = clean(stored["initial"])  # reading leaves anything between the fields
    episodes, first = [], 0
    for number, length in enumerate(stored["lengths"].tolist()):
        steps = slice(first, first + length)
        posteriors = None
        if labels is not None:
            believed = stored["posteriors"][first + number : first + number + length + 1]
            named = {name: tuple(labels[name]) for name in _LABELS}
            posteriors = Posteriors(**named, probabilities=believed)
        episodes.append(
            Episode(
                initial=initial[number, ...],
                actions=stored["actions"][steps],
                rewards=stored["rewards"][steps],
                social=stored["social"][:, steps],
                present=stored["present"][steps],
                internal=stored["internal"][steps],
                posteriors=posteriors,
                final_hash=stored["final_hash"][number].decode(),
                terminated=bool(stored["terminated"][number]),
            )
        )
        first += length
    return episodes
