"""What a session is exported as: tables, a recording, states that come back bit for bit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from players import Players, RuleLearner, session_of, teach

from prosocial.agents.recording import Recorder, load_recording, resimulate
from prosocial.agents.recording.episodes import clean
from prosocial.envs.engine import Batch
from prosocial.play.session.errors import LogError
from prosocial.play.session.export import TABLES, export_session, to_recording
from prosocial.play.session.log import LOG_NAME, read_log
from prosocial.play.session.replaying import replay_log, transitions
from prosocial.play.session.session import Session

pytestmark = pytest.mark.usefixtures("unsynced")


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    """A session with a person, a partner, a learner, a caregiver and a norm, cut off in its end."""
    session = session_of(
        tmp_path / "mixed", "commons_harvest", RuleLearner(8), seat="caregiver", slots=[0], pace=5,
        world_config={"num_agents": 3, "max_steps": 4, "min_steps": 4, "end_probability": 0.0},
        partners={"1": "greedy_harvester"}, caregiver={"norms": {"restraint": -0.5}},
    )  # fmt: skip
    people = Players(session)
    for number in range(40):
        if people.tick(0.2) == "step":
            people.judge("praise")
        if number % 2:
            people.press("agent_0", 1)
    people.judge("blame", shown=(0, 0))
    session.close()
    return session.folder


def test_states_come_back_bit_for_bit(mixed: Path) -> None:
    played = replay_log(mixed)
    batch = Batch(played.world, 1, seed=played.config.seed)
    batch.reset()
    number = 0
    for states in played.states:
        for step in range(len(states)):
            assert states[step]["step"] == number
            shown = batch.state[0]
            assert states[step].tobytes() == clean(shown).tobytes()
            if step == len(states) - 1:
                break
            made = played.transitions[number]
            assert (made.observations == batch.observations[0]).all()
            batch.auto_reset = False
            batch.step(made.actions[None])
            assert (made.env_rewards == batch.rewards[0]).all()
            assert (made.events == batch.events[0]).all()
            assert made.done == batch.done[0]
            number += 1
        if number < len(played.transitions):
            batch.reset()
    assert number == len(played.transitions) > 10


def test_the_steps(mixed: Path) -> None:
    export_session(mixed)
    steps = pl.read_parquet(mixed / "steps.parquet")
    logged = [r for r in read_log(mixed) if r["kind"] == "step"]
    assert steps.height == 3 * len(logged)
    one = steps.filter(pl.col("lifetime") == 6).to_dicts()
    assert [row["agent_name"] for row in one] == ["agent_0", "agent_1", "agent_2"]
    assert [row["participant"] for row in one] == ["p0", "", ""]
    assert one[1]["actor"] == "greedy_harvester"
    assert one[2]["actor"] == "learner"
    assert set(steps.filter(pl.col("agent") == 0)["actor"]) == {"person", "default"}
    record = logged[6]
    assert [row["action"] for row in one] == record["actions"]
    assert [row["env_reward"] for row in one] == record["env"]
    assert one[0]["action_name"] in ("NOOP", "FORWARD")
    assert {row["social_person"] for row in one} == {0.0, 1.0}
    assert one[2]["social_person"] == 1.0, "feedback goes to the learner"
    both = steps["social_restraint"] + steps["social_person"]
    assert (steps["social_reward"] == both).all()
    assert steps["event_ate"].sum() == sum(sum(r["events"].get("ate", [0])) for r in logged)
    assert steps["done"].sum() == 3 * sum(r["done"] for r in logged)
    assert steps["present"].all()


def test_inputs_and_feedback(mixed: Path) -> None:
    export_session(mixed)
    records = read_log(mixed)
    inputs = pl.read_parquet(mixed / "inputs.parquet")
    assert inputs["record"].to_list() == [r["n"] for r in records if "client_ms" in r and "id" in r]
    assert set(inputs["kind"]) == {"press", "feedback"}
    late = inputs.filter(~pl.col("accepted") & (pl.col("kind") == "feedback")).to_dicts()
    assert [(row["late"], row["episode"], row["step"], row["value"]) for row in late] == [
        (True, 0, 0, "blame")
    ]
    presses = inputs.filter(pl.col("kind") == "press")
    assert set(presses["action_name"]) == {"FORWARD"}
    assert set(presses["participant"]) == {"p0"}
    feedback = pl.read_parquet(mixed / "feedback.parquet")
    steps = pl.read_parquet(mixed / "steps.parquet")
    given = feedback.group_by("episode", "step", "agent").agg(pl.col("amount").sum())
    joined = steps.join(given, on=["episode", "step", "agent"], how="left")
    assert (joined["amount"].fill_null(0) == joined["social_person"]).all()
    assert set(feedback["participant"]) == {"p1"}
    assert (feedback["reaction_ms"] >= 0).all()
    assert (feedback["client_ms"] > 0).all()


def test_the_recording_is_simulated_again(mixed: Path) -> None:
    paths = export_session(mixed)
    assert [path.name for path in paths] == [*(f"{t}.parquet" for t in TABLES), "recording.npz"]
    recording = load_recording(paths[-1])
    played = replay_log(mixed)
    assert recording.labels == ("person", "greedy_harvester", "learner")
    assert recording.norm_names == ("restraint", "person")
    assert recording.source["participants"] == {"agent_0": "p0", "caregiver": "p1"}
    assert len(recording.episodes) == len(played.states)
    number = 0
    for index, episode in enumerate(recording.episodes):
        again = resimulate(recording, index)
        assert clean(again.states).tobytes() == played.states[index].tobytes()
        for step in range(episode.length):
            made = played.transitions[number]
            assert (episode.social[:, step] == made.social_by_norm).all()
            assert (again.observations[step] == made.observations).all()
            number += 1
    assert number == len(played.transitions)
    assert to_recording(mixed).save(mixed / "again.npz").read_bytes() == paths[-1].read_bytes()


def test_a_recorder_that_looks_on_records_the_same(tmp_path: Path) -> None:
    session = session_of(
        tmp_path, "doors", slots=[0], caregiver={"norms": {"reach_goal": 1.0}},
        world_config={"max_steps": 5},
    )  # fmt: skip
    batch = session.state.game.batch
    recorder = Recorder(("person", "bayesian_helper"))
    recorder.begin(batch)
    people = Players(session)
    for number in range(12):
        people.press("human", number % 5)
        if people.tick() == "step":
            recorder.step(batch)
        if session.state.game.ended:
            people.next("human")
            people.tick()
    session.close()
    ours, theirs = to_recording(tmp_path), recorder.recording()
    for one, other in zip(ours.episodes, theirs.episodes, strict=False):
        for name in ("initial", "actions", "rewards", "social", "present", "final_hash"):
            assert np.array_equal(getattr(one, name), getattr(other, name)), name
    assert len(ours.episodes) >= 2


def test_all_steps_for_an_internal_reward(tmp_path: Path) -> None:
    learner = RuleLearner()
    session = session_of(tmp_path, "caregiver_grid", learner, seat="caregiver", pace=0)
    teach(session, 9)
    session.close()
    for ours, theirs in zip(transitions(tmp_path), learner.taken, strict=True):
        for name in ("observations", "actions", "social_by_norm", "events", "next_observations"):
            assert np.array_equal(getattr(ours, name), getattr(theirs, name)), name
        assert (ours.lifetime, ours.seed) == (theirs.lifetime, theirs.seed)


def test_a_session_can_be_exported_while_it_goes_on_and_without_a_step(tmp_path: Path) -> None:
    session = session_of(tmp_path, "doors")
    people = Players(session)
    assert [path.name for path in export_session(tmp_path)] == [f"{t}.parquet" for t in TABLES]
    assert pl.read_parquet(tmp_path / "steps.parquet").height == 0
    people.press("human", 1)
    people.tick()
    export_session(tmp_path)
    assert pl.read_parquet(tmp_path / "steps.parquet").height == 2
    session.close()


def test_a_session_of_another_version_of_the_world_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = session_of(tmp_path, "doors")
    session.close()
    monkeypatch.setattr("prosocial.envs.worlds.doors.world.VERSION", 99)
    with pytest.raises(LogError, match=r"version 0 .*here it is version 99.*prosocial 0"):
        export_session(tmp_path)
    with pytest.raises(LogError, match="version 99"):
        Session.resume(tmp_path)


def test_a_log_without_a_header(tmp_path: Path) -> None:
    (tmp_path / LOG_NAME).write_bytes(b"")
    with pytest.raises(LogError, match="before anything happened"):
        export_session(tmp_path)
