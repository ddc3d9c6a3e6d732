"""Recordings on the disk: equal bytes, nothing lost, and a clear error for everything else."""

from __future__ import annotations

import dataclasses
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prosocial.agents.mind.mind import Mind
from prosocial.agents.mind.trace import PosteriorTrace
from prosocial.agents.recording import Episode, Recording, RecordingError, load_recording
from prosocial.envs.engine import Batch, build


@pytest.fixture(scope="module")
def path(recording: Recording, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return recording.save(tmp_path_factory.mktemp("files") / "deep" / "episodes.npz")


def test_nothing_is_lost(recording: Recording, path: Path) -> None:
    loaded = load_recording(path)
    for field in dataclasses.fields(Recording):
        if field.name != "episodes":
            assert getattr(loaded, field.name) == getattr(recording, field.name)
    for old, new in zip(recording.episodes, loaded.episodes, strict=True):
        for field in dataclasses.fields(Episode):
            before, after = getattr(old, field.name), getattr(new, field.name)
            if isinstance(before, np.ndarray):
                assert before.dtype == after.dtype
                assert before.tobytes() == after.tobytes()
            elif field.name != "posteriors":
                assert before == after
        assert old.posteriors is not None
        assert new.posteriors is not None
        assert old.posteriors.labels == new.posteriors.labels
        assert (old.posteriors.probabilities == new.posteriors.probabilities).all()


def test_equal_recordings_have_equal_bytes(path: Path, tmp_path: Path) -> None:
    again = load_recording(path).save(tmp_path / "again.npz")
    assert again.read_bytes() == path.read_bytes()
    assert [p.name for p in tmp_path.iterdir()] == ["again.npz"]  # no temporary file is left


def test_a_file_that_cannot_be_written_leaves_the_old_one(
    recording: Recording, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = recording.save(tmp_path / "episodes.npz")
    before = path.read_bytes()

    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez_compressed", full)
    with pytest.raises(OSError, match="The disk is full"):
        recording.save(path)
    assert [p.name for p in tmp_path.iterdir()] == ["episodes.npz"]
    assert path.read_bytes() == before


def test_nothing_recorded_is_not_written(recording: Recording, tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="no episode"):
        recording.select([]).save(tmp_path / "empty.npz")


def test_some_episodes_can_be_selected(recording: Recording) -> None:
    chosen = recording.select([4, 0])
    assert chosen.episodes == (recording.episodes[4], recording.episodes[0])
    with pytest.raises(RecordingError, match="no episode 6; the recording has 6, numbered 0 to 5"):
        recording.select([6])
    with pytest.raises(RecordingError, match="no episode -1"):
        recording.episode(-1)


def npz(**arrays: Any) -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def npy(array: np.ndarray, allow_pickle: bool = False) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=allow_pickle)
    return buffer.getvalue()


def archive(header: bytes) -> bytes:
    """An npz file with an array of this header, whose checksum is right."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        size = len(header).to_bytes(2, "little")
        file.writestr("about.npy", b"\x93NUMPY\x01\x00" + size + header)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no recording at all",
        npy(np.arange(3)),
        npy(np.array([{}]), allow_pickle=True),
        npz(actions=np.arange(3)),
        npz(about=np.arange(3)),
        npz(about=np.array([{}], object)),
        npz(about=np.frombuffer(b"[1, 2]", np.uint8)),
        archive(b"{'descr': [('a"),
        archive(b"{'descr': '|u1', 'fortran_order': False, 'shape': (1000,), }"),
    ],
    ids=[
        "empty",
        "text",
        "array",
        "pickle",
        "arrays",
        "numbers",
        "pickles",
        "list",
        "header",
        "cut",
    ],
)
def test_other_files_are_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "other.npz"
    path.write_bytes(content)
    with pytest.raises(RecordingError, match=r"other\.npz holds no recording, or it is damaged"):
        load_recording(path)


def test_a_trace_of_posteriors_is_no_recording(tmp_path: Path) -> None:
    world = build("caregiver_grid")
    trace = PosteriorTrace(Mind(world, observers="shared"))
    batch = Batch(world, 1)
    batch.reset()
    trace.begin(batch)
    path = trace.trace().save(tmp_path / "trace.npz")
    with pytest.raises(RecordingError, match="holds no recording"):
        load_recording(path)


def test_folders_and_missing_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="is a folder"):
        load_recording(tmp_path)
    with pytest.raises(RecordingError, match="is missing"):
        load_recording(tmp_path / "nothing.npz")


@given(st.data())
def test_a_truncated_file_is_refused(path: Path, data: st.DataObject) -> None:
    content = path.read_bytes()
    cut = path.with_name("cut.npz")
    cut.write_bytes(content[: data.draw(st.integers(0, len(content) - 1))])
    with pytest.raises(RecordingError, match="damaged"):
        load_recording(cut)


@given(st.data())
def test_a_changed_byte_is_noticed_or_means_nothing(path: Path, data: st.DataObject) -> None:
    content = bytearray(path.read_bytes())
    content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    changed = path.with_name("changed.npz")
    changed.write_bytes(content)
    try:
        loaded = load_recording(changed)
    except RecordingError:
        return
    # It was in what nobody reads, such as the date of the archive.
    assert loaded.save(path.with_name("saved.npz")).read_bytes() == path.read_bytes()


def rewritten(path: Path, target: Path, **changes: Any) -> Path:
    """Writes a recording anew with other arrays or, under "about", other values."""
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files}
    about = json.loads(bytes(arrays["about"])) | changes.pop("about", {})
    arrays |= {"about": np.frombuffer(json.dumps(about).encode(), np.uint8), **changes}
    target.write_bytes(npz(**{name: a for name, a in arrays.items() if a is not None}))
    return target


def test_a_later_format_is_named(path: Path, tmp_path: Path) -> None:
    later = rewritten(path, tmp_path / "later.npz", about={"format": 2})
    with pytest.raises(RecordingError, match="of format 2; this version of prosocial reads"):
        load_recording(later)
    other = rewritten(path, tmp_path / "other.npz", about={"kind": "atlas"})
    with pytest.raises(RecordingError, match="is a atlas"):
        load_recording(other)


@pytest.mark.parametrize(
    "changes",
    [
        {"actions": np.zeros((100, 1))},
        {"actions": np.zeros((99, 1), np.int16)},
        {"actions": None},
        {"rewards": np.zeros((100, 2), np.float32)},
        {"social": np.zeros((1, 99, 1), np.float32)},
        {"social": np.zeros((2, 100, 1), np.float32)},
        {"lengths": np.array([20, 20, 20, 20, -10, 30])},
        {"posteriors": np.zeros((3, 1, 1, 25), np.float32)},
        {"final_hash": np.zeros(2, "S64")},
        {"about": {"labels": ["one", "two"]}},
        {"about": {"agents": 3}},
        {"about": {"world": None, "mind": {"names": ["a"]}}},
    ],
    ids=str,
)
def test_parts_that_do_not_fit_are_refused(path: Path, tmp_path: Path, changes: Any) -> None:
    wrong = rewritten(path, tmp_path / "wrong.npz", **changes)
    with pytest.raises(RecordingError, match=r"wrong\.npz is no whole recording"):
        load_recording(wrong)


def test_parts_made_by_hand_are_checked(recording: Recording) -> None:
    episode = recording.episodes[0]
    replace = dataclasses.replace
    for name, array in (("actions", episode.present), ("rewards", episode.social)):
        with pytest.raises(RecordingError, match="of shape"):
            replace(episode, **{name: array})
    with pytest.raises(RecordingError, match="posteriors of shape"):
        replace(episode, posteriors=recording.episodes[-1].posteriors)
    with pytest.raises(RecordingError, match="2 actors for 1 agents"):
        replace(recording, labels=("a", "b"))
    with pytest.raises(RecordingError, match="1 norms and 1 agents; expected 0 and 1"):
        replace(recording, norm_names=())
    with pytest.raises(RecordingError, match="other hypotheses"):
        replace(recording, episodes=(episode, replace(episode, posteriors=None)))
    packed = np.zeros((), [(n, episode.initial.dtype[n]) for n in ("seed", "step")])
    with pytest.raises(RecordingError, match="another record"):
        replace(recording, episodes=(episode, replace(episode, initial=packed)))
    with pytest.raises(RecordingError, match="plain numbers"):
        replace(recording, source={"path": Path()})
