"""The terminal: lines of a pipe, keys of a terminal, consent, and a clean end in any case."""

from __future__ import annotations

import io
import os
import pty
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from players import RuleLearner, session_of

from prosocial.envs.engine import ConfigError
from prosocial.play.session.log import read_log
from prosocial.play.session.replaying import replay_log
from prosocial.play.session.session import Session
from prosocial.play.terminal.reading import KeySource, LineSource
from prosocial.play.terminal.terminal import play_in_terminal


def feed(session: Session, text: str) -> str:
    """Plays with the lines of a pipe; returns what was shown."""
    reader, writer = os.pipe()
    os.write(writer, text.encode())
    os.close(writer)
    out = io.StringIO()
    try:
        play_in_terminal(session, LineSource(reader, out), out)
    finally:
        os.close(reader)
    return out.getvalue()


def actions(folder: Path) -> list[int]:
    return [r["actions"][0] for r in read_log(folder) if r["kind"] == "step"]


class TestAgent:
    def test_lines_are_keys_names_or_nothing(self, tmp_path: Path) -> None:
        session = session_of(tmp_path, "kitchen", partners={"1": "idle"})
        shown = feed(session, "w\nsouth\nad\n\n \nEAST\n")
        assert actions(tmp_path) == [1, 2, 3, 4, 0, 0, 4]
        assert "north" in shown
        assert "↑, w, k, 8" in shown
        assert "agent_0 (you): east, R_e" in shown
        assert "7 steps and 7 keys are saved in" in shown
        assert read_log(tmp_path)[-2]["reason"] == "end of input"

    def test_the_picture_and_the_events_are_shown(self, tmp_path: Path) -> None:
        shown = feed(session_of(tmp_path, "caregiver_grid"), "forward\n")
        assert "episode 1, step 1 of 20" in shown
        assert re.search(r"#{7}\n#", shown)
        assert "learner (you): forward, R_e -0.045 (sum -0.045), R_s +0 (sum +0)" in shown
        assert "events: learner forward" in shown

    def test_a_number_where_actions_are_numbers(self, tmp_path: Path) -> None:
        shown = feed(session_of(tmp_path, "fishery"), "12\nmany\n101\n\n7\n")
        assert actions(tmp_path) == [12, 7]
        assert "0 to 100, then Enter: demand so much" in shown
        assert "'many' is no number" in shown
        assert "There is no action 101; fishery has the actions 0 to 100." in shown
        assert "The others got 10.0 on average, 10 at most." in shown
        assert "agent_1 (sustainable demand)\n" in shown, "what the others take is hidden"

    def test_episodes_end_and_the_session_is_over(self, tmp_path: Path) -> None:
        session = session_of(tmp_path, "doors", episodes=2, world_config={"max_steps": 2})
        shown = feed(session, "wwxs\n\ns\n\n\n\nw\n")
        assert actions(tmp_path) == [1, 1, 2, 0]
        assert "'x' chooses nothing; ? shows the keys." in shown
        assert "That does not count: the episode is over." in shown
        assert "The session is over." in shown
        assert read_log(tmp_path)[-3]["kind"] == "over"

    @pytest.mark.parametrize("word", ["q", "quit", "exit", "Q"])
    def test_it_ends_when_the_person_wants_to(self, tmp_path: Path, word: str) -> None:
        shown = feed(session_of(tmp_path, "doors"), f"w\n{word}\nw\n")
        assert actions(tmp_path) == [1]
        leave, close = read_log(tmp_path)[-2:]
        assert (leave["kind"], leave["reason"], close["kind"]) == ("leave", "quit", "close")
        assert "1 steps and 1 keys are saved" in shown

    def test_a_session_that_was_left_can_be_gone_on_with(self, tmp_path: Path) -> None:
        feed(session_of(tmp_path, "doors"), "w\nq\n")
        feed(Session.resume(tmp_path), "s\nq\n")
        assert actions(tmp_path) == [1, 2]

    def test_two_people_need_browsers(self, tmp_path: Path) -> None:
        session = session_of(tmp_path, "kitchen", slots=[0, 1])
        with pytest.raises(ConfigError, match="seats for 2"):
            feed(session, "")


class TestCaregiver:
    def test_signs_on_a_line_are_about_the_step_that_is_shown(self, tmp_path: Path) -> None:
        learner = RuleLearner()
        session = session_of(tmp_path, "caregiver_grid", learner, seat="caregiver", pace=0)
        shown = feed(session, "+\n++-\n\n- -\n")
        felt = [t.social_rewards.tolist() for t in replay_log(tmp_path).transitions]
        assert felt == [[1.0], [1.0], [0.0], [-2.0], [0.0]]
        assert "learner (learner): turn left" in shown
        assert "4 taken" in shown, "how the learning stands"
        assert learner.saved == [str(tmp_path / "learner")]

    def test_time_passes_at_a_pace(self, tmp_path: Path) -> None:
        session = session_of(tmp_path, "caregiver_grid", seat="caregiver", pace=50, episodes=1)
        reader, writer = os.pipe()
        start = time.monotonic()
        play_in_terminal(session, LineSource(reader, io.StringIO()), io.StringIO())
        os.close(writer)
        os.close(reader)
        assert len(actions(tmp_path)) == 20
        assert time.monotonic() - start > 20 / 50


STUDY = {"consent": "We record your keys.", "ask_participant": True, "instructions": "Find a box."}


class TestStudy:
    def test_who_agrees_takes_part(self, tmp_path: Path) -> None:
        shown = feed(session_of(tmp_path, "doors", title="Boxes", **STUDY), "y\n\n p7\nw\n")
        for words in ("Boxes", "We record your keys.", "Find a box."):
            assert words in shown
        join = next(r for r in read_log(tmp_path) if r["kind"] == "join")
        assert (join["participant"], join["consent"]) == ("p7", True)
        assert join["client_ms"] > 1e12
        assert actions(tmp_path) == [1]

    @pytest.mark.parametrize("answer", ["n", "", "no", "maybe"])
    def test_who_does_not_agree_is_let_go(self, tmp_path: Path, answer: str) -> None:
        shown = feed(session_of(tmp_path, "doors", **STUDY), f"{answer}\nw\n")
        assert "Thank you. You do not take part" in shown
        assert "Find a box." not in shown
        records = read_log(tmp_path)
        assert [r["kind"] for r in records] == ["header", "episode", "leave", "close"]
        assert records[2]["reason"] == "declined"

    def test_whose_answer_never_comes_is_let_go(self, tmp_path: Path) -> None:
        feed(session_of(tmp_path, "doors", **STUDY), "y\n")
        assert read_log(tmp_path)[-1]["kind"] == "close"


class TestKeys:
    @pytest.fixture
    def terminal(self) -> Any:
        ours, theirs = pty.openpty()
        yield ours, theirs
        os.close(ours)
        os.close(theirs)

    def test_keys_are_named_as_browsers_name_them(self, terminal: tuple[int, int]) -> None:
        ours, theirs = terminal
        with KeySource(theirs) as source:
            assert source.read(0) is None
            os.write(ours, b"\x1b[A\x1b[D\x1bOCw \x7f\n\xc3\xbc\x1b[3~")
            keys = [source.read(1) for _ in range(8)]
            assert keys == [
                "ArrowUp", "ArrowLeft", "ArrowRight", "w", " ", "Backspace", "Enter", "ü",
            ]  # fmt: skip
            assert source.read(1) == "\x1b[3~"
            os.write(ours, b"\x1b")
            assert source.read(1) == "Escape"
            os.write(ours, b"\x04")
            with pytest.raises(EOFError):
                source.read(1)

    def test_a_whole_session_by_keys(self, tmp_path: Path) -> None:
        arguments = ["play", "fishery", "--terminal", "--output", str(tmp_path / "s")]
        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            [sys.executable, "-m", "prosocial", *arguments],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
        )
        os.close(theirs)
        shown = _until(ours, "Press Enter to begin. ")
        os.write(ours, b"\n")
        shown += _until(ours, "step 0 of 12")
        os.write(ours, b"13\x7f2\n")
        shown += _until(ours, "step 1 of 12")
        os.write(ours, b"?")
        shown += _until(ours, "these keys")
        os.write(ours, b"q")
        shown += _until(ours, "recording.npz")
        assert process.wait(20) == 0
        os.close(ours)
        assert actions(tmp_path / "s") == [12]
        assert "\x1b[2J" in shown, "each step is shown on a fresh screen"

    def test_ctrl_c_ends_a_session_with_everything_saved(self, tmp_path: Path) -> None:
        folder = tmp_path / "s"
        arguments = ["play", "doors", "--terminal", "--output", str(folder)]
        process = subprocess.Popen(
            [sys.executable, "-m", "prosocial", *arguments],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write("w\n")
        process.stdin.flush()
        for line in process.stdout:
            if "step 1 of" in line:
                break
        process.send_signal(signal.SIGINT)
        rest = process.stdout.read()
        assert process.wait(20) == 0
        assert "1 steps and 1 keys are saved" in rest
        assert [r.get("reason") for r in read_log(folder)[-2:]] == ["interrupted", "closed"]
        assert (folder / "steps.parquet").exists()


def _until(descriptor: int, words: str) -> str:
    """Returns what a terminal shows until some words are there."""
    shown = ""
    while words not in shown:
        shown += os.read(descriptor, 4096).decode(errors="replace")
    return shown
