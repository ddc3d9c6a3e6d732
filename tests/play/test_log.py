"""The log: written before it counts, whole after any crash, in one hand, damage noticed."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from prosocial.envs.engine.files import DiskFullError
from prosocial.play.session.errors import LogError
from prosocial.play.session.log import LOG_NAME, SessionLog, read_log


def new_log(folder: Path, records: int = 3) -> Path:
    log = SessionLog.create(folder)
    log.append("header", log_version=1)
    for number in range(records - 1):
        log.append("press", action=number, why="ü\n\ud800")
    log.close()
    return folder / LOG_NAME


def test_records_come_back_and_each_line_is_json(tmp_path: Path) -> None:
    path = new_log(tmp_path)
    records = read_log(tmp_path)
    assert records[2] == {"n": 2, "kind": "press", "action": 1, "why": "ü\n\ud800"}
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [{k: v for k, v in line.items() if k != "crc"} for line in lines] == records
    assert read_log(path) == records


def test_a_record_is_on_the_disk_before_append_returns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[bytes] = []
    path = tmp_path / LOG_NAME
    log = SessionLog.create(tmp_path)
    monkeypatch.setattr(os, "fsync", lambda file: synced.append(path.read_bytes()))
    log.append("header", log_version=1)
    assert synced == [path.read_bytes()]
    log.append("note", sync=False)
    assert len(synced) == 1
    log.close()


def test_any_cut_leaves_all_whole_lines(tmp_path: Path) -> None:
    whole = new_log(tmp_path / "whole").read_bytes()
    ends = [k + 1 for k, byte in enumerate(whole) if byte == ord("\n")]
    cut = tmp_path / "cut"
    cut.mkdir()
    for size in range(len(whole) + 1):
        (cut / LOG_NAME).write_bytes(whole[:size])
        lines = sum(end <= size for end in ends)
        assert len(read_log(cut)) == lines
        if lines == 0:
            with pytest.raises(LogError, match="before anything happened"):
                SessionLog.reopen(cut)
            continue
        log, records = SessionLog.reopen(cut)
        assert len(records) == log.records == lines
        log.append("press", action=9)
        log.close()
        assert [r.get("action") for r in read_log(cut)] == [*[None, 0, 1][:lines], 9]


@pytest.mark.parametrize("tail", [b"\0" * 40, b'{"n":3,"kind":"press"}\n', b"\xff\xfe\n"])
def test_a_last_line_that_was_never_acknowledged_is_cut_off(tmp_path: Path, tail: bytes) -> None:
    path = new_log(tmp_path)
    whole = path.read_bytes()
    path.write_bytes(whole + tail)
    assert len(read_log(path)) == 3
    log, _ = SessionLog.reopen(path)
    log.close()
    assert path.read_bytes() == whole


def test_every_changed_byte_before_the_last_line_is_noticed(tmp_path: Path) -> None:
    path = new_log(tmp_path)
    whole = path.read_bytes()
    last = whole[:-1].rindex(b"\n")
    for place in range(last):
        changed = bytearray(whole)
        changed[place] ^= 1
        path.write_bytes(bytes(changed))
        with pytest.raises(LogError):
            read_log(path)


def test_a_missing_line_is_noticed(tmp_path: Path) -> None:
    path = new_log(tmp_path, records=4)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + lines[2] + lines[3])
    with pytest.raises(LogError, match="has record 2 in line 2; expected 1"):
        read_log(path)


def test_another_version_is_refused(tmp_path: Path) -> None:
    log = SessionLog.create(tmp_path)
    log.append("header", log_version=99)
    log.close()
    with pytest.raises(LogError, match="version 99"):
        read_log(tmp_path)


def test_only_one_writer_at_a_time(tmp_path: Path) -> None:
    log = SessionLog.create(tmp_path)
    log.append("header", log_version=1)
    with pytest.raises(LogError, match="in use by another process"):
        SessionLog.reopen(tmp_path)
    assert len(read_log(tmp_path)) == 1, "reading needs no lock"
    log.close()
    log.close()
    assert log.closed
    with pytest.raises(LogError, match=r"holds a session already.*--resume"):
        SessionLog.create(tmp_path)
    SessionLog.reopen(tmp_path)[0].close()


def test_a_folder_without_a_session(tmp_path: Path) -> None:
    with pytest.raises(LogError, match="There is no session at"):
        read_log(tmp_path)


def test_a_full_disk_leaves_the_log_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = SessionLog.create(tmp_path)
    log.append("header", log_version=1)
    before = log.path.read_bytes()

    def full(file: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(DiskFullError, match="The disk is full"):
            log.append("press")
    assert log.path.read_bytes() == before
    log.append("press", action=1)
    log.close()
    assert len(read_log(tmp_path)) == 2
