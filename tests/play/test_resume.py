"""Going on after a crash: nothing acknowledged is lost, and nothing turns out otherwise."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from players import Clock, Players, RuleLearner, session_of, steps, teach

from prosocial.play.session.errors import LogError
from prosocial.play.session.log import LOG_NAME, read_log
from prosocial.play.session.protocol import Join, Press
from prosocial.play.session.replaying import replay_log
from prosocial.play.session.session import Session


def resumable(folder: Path) -> Session:
    """A session with everything in it: both seats, a scripted caregiver, pauses, several ends."""
    session = session_of(
        folder, "commons_harvest", RuleLearner(8), seat="caregiver", slots=[0], pace=0,
        world_config={"num_agents": 3, "max_steps": 5, "min_steps": 5, "end_probability": 0.0},
        partners={"1": "good_partner"}, caregiver={"norms": {"restraint": -0.5}, "miss": 0.5},
    )  # fmt: skip
    people = Players(session)
    for number in range(12):
        if not session.state.game.ended:
            people.press("agent_0", number % 8)
        people.judge("praise" if number % 3 else "blame")
        if number == 4:
            people.pause("agent_0")
            people.resume("caregiver")
        for seat in session.state.waiting():
            people.next(seat)
        people.tick()
    return session


class TestResume:
    def test_it_goes_on_as_if_nothing_had_happened(self, tmp_path: Path) -> None:
        def go_on(session: Session) -> list[tuple]:
            people = Players(session, "again")
            seen = []
            for number in range(9):
                if not session.state.game.ended:
                    people.press("agent_0", number % 8)
                people.judge("praise")
                for seat in session.state.waiting():
                    people.next(seat)
                people.tick()
                shown = session.view("caregiver")
                seen.append((session.state.game.digest(), shown["agents"], shown["feedback"]))
            session.close()
            return seen

        whole = resumable(tmp_path / "whole")
        copied = tmp_path / "copied"
        copied.mkdir()
        (copied / LOG_NAME).write_bytes((whole.folder / LOG_NAME).read_bytes())
        learner = RuleLearner(8)
        resumed = Session.resume(copied, Clock(), learner=learner)
        assert len(learner.taken) > 5
        assert resumed.state.differences == []
        assert not resumed.state.sitting, "everybody has to sit down again"
        assert go_on(resumed) == go_on(whole)
        logged = [
            [(r["actions"], r["state"]) for r in read_log(folder) if r["kind"] == "step"]
            for folder in (copied, whole.folder)
        ]
        assert logged[0] == logged[1]

    @pytest.mark.usefixtures("unsynced")
    def test_a_log_cut_at_any_byte_of_its_last_lines_resumes(self, tmp_path: Path) -> None:
        session = session_of(tmp_path / "whole", "caregiver_grid", seat="caregiver", pace=0)
        teach(session, 3, "+")
        whole = (session.folder / LOG_NAME).read_bytes()
        lines = whole.splitlines(keepends=True)
        cut = tmp_path / "cut"
        cut.mkdir()
        ends = np.cumsum([len(line) for line in lines]).tolist()
        sizes = {*range(ends[-4], ends[-2], 11), *ends[-4:], *range(ends[-2] - 3, ends[-1])}
        for size in sorted(sizes):
            (cut / LOG_NAME).write_bytes(whole[:size])
            kept = whole[:size].count(b"\n")
            resumed = Session.resume(cut, Clock())
            acknowledged = read_log(cut)[:kept]
            assert len(acknowledged) == kept
            made = [r for r in acknowledged if r["kind"] == "step"]
            praised = [r for r in acknowledged if r["kind"] == "feedback"]
            assert resumed.state.game.lifetime == len(made)
            assert resumed.state.game.digest() == made[-1]["state"]
            assert resumed.state.scores.counts["praise"] == len(praised)
            resumed.close()
        assert (cut / LOG_NAME).read_bytes().startswith(whole)

    def test_feedback_before_a_crash_still_counts_after_it(self, tmp_path: Path) -> None:
        session = session_of(tmp_path / "a", "caregiver_grid", seat="caregiver", pace=1)
        people = Players(session)
        people.tick()
        people.tick(1)
        people.judge("praise")
        crashed = tmp_path / "b"
        crashed.mkdir()
        (crashed / LOG_NAME).write_bytes((session.folder / LOG_NAME).read_bytes())
        resumed = Session.resume(crashed, Clock())
        people = Players(resumed)
        people.judge("praise")
        people.tick()
        people.tick(1)
        resumed.close()
        assert replay_log(crashed).transitions[0].social_rewards[0] == 2.0

    def test_answers_are_remembered(self, tmp_path: Path) -> None:
        session = session_of(tmp_path, "doors")
        session.join(Join("human"))
        message = Press(1, 1, 0, 0, 50.0)
        first = session.press("human", message)
        session.close()
        resumed = Session.resume(tmp_path, Clock())
        resumed.join(Join("human"))
        again = resumed.press("human", message)
        assert (again["duplicate"], again["n"]) == (True, first["n"])

    def test_what_would_be_done_otherwise_is_noted(self, tmp_path: Path) -> None:
        session = session_of(tmp_path, "caregiver_grid", RuleLearner(), seat="caregiver", pace=0)
        teach(session, 4)
        done = [s["actions"] for s in steps(session)]
        session.close()
        other = Session.resume(tmp_path, Clock(), learner=RuleLearner(2))
        assert other.state.differences
        assert read_log(tmp_path)[-1]["details"]["differences"] == other.state.differences
        assert [s["actions"] for s in steps(other)] == done

    def test_a_world_that_changed_is_refused(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        session = session_of(tmp_path, "caregiver_grid", seat="caregiver", pace=0)
        teach(session, 2)
        session.close()
        monkeypatch.setattr("prosocial.play.session.game.record_hash", lambda record: "changed")
        with pytest.raises(LogError, match="rules have changed since"):
            Session.resume(tmp_path)
        monkeypatch.undo()
        Session.resume(tmp_path).close()

    def test_a_session_in_use_is_refused(self, tmp_path: Path) -> None:
        session = session_of(tmp_path, "doors")
        with pytest.raises(LogError, match="in use"):
            Session.resume(tmp_path)
        session.close()


KILLED = """
import itertools, sys
from prosocial.play.config import PlayConfig
from prosocial.play.session.protocol import Feedback, Join
from prosocial.play.session.session import Session

config = PlayConfig("caregiver_grid", seat="caregiver", pace=50.0, world_config={"max_steps": 7})
session = Session(config, folder=sys.argv[1])
session.join(Join("caregiver"))
now = 0.0
for number in itertools.count(1):
    now += 2.0
    update = session.tick(now)
    if update is not None and update.kind == "step":
        game = session.state.game
        message = Feedback(number, "praise", game.episode, game.step, 1.0)
        record = session.press("caregiver", message)
        print(record["n"], record["episode"], record["step"], game.digest(), flush=True)
"""


def test_a_killed_process_loses_nothing_that_it_acknowledged(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path / "s")], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    answers = [process.stdout.readline() for _ in range(15)]
    time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    answers += process.stdout.readlines()
    process.wait()
    told = [line.split() for line in answers if line.endswith("\n")]
    records = read_log(tmp_path / "s")
    states = {(r["episode"], r["step"]): r["state"] for r in records if r["kind"] == "step"}
    for n, episode, step, state in told:
        record = records[int(n)]
        assert (record["kind"], record["accepted"]) == ("feedback", True)
        assert (record["episode"], record["step"]) == (int(episode), int(step))
        assert states[int(episode), int(step)] == state
    resumed = Session.resume(tmp_path / "s")
    assert resumed.state.scores.counts["praise"] >= len(told)
    assert resumed.state.game.lifetime == len(states)
    resumed.close()
