"""Sessions: who acts when, what feedback counts for, what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from players import Players, RuleLearner, session_of, steps, teach

from prosocial.envs.engine import ConfigError
from prosocial.play.config import PlayConfig
from prosocial.play.session.errors import LogError, PlayError
from prosocial.play.session.log import read_log
from prosocial.play.session.protocol import Feedback, Join
from prosocial.play.session.replaying import replay_log

pytestmark = pytest.mark.usefixtures("unsynced")


class TestTurns:
    def test_the_world_waits_for_the_person(self, tmp_path: Path) -> None:
        session = session_of(tmp_path, "doors")
        assert session.next_tick(0.0) is None
        assert session.tick(0.0) is None, "nobody sits there"
        people = Players(session)
        assert people.tick(100) is None
        assert session.view("human")["waiting"] == ["human"]
        people.press("human", 1)
        assert session.next_tick(0.0) == 0.0
        assert people.tick() == "step"
        assert people.tick() is None
        step = steps(session)[0]
        assert step["actions"][0] == 1
        assert step["actors"] == ["person", "bayesian_helper"]

    def test_the_world_waits_for_both_of_two(self, tmp_path: Path) -> None:
        session = session_of(tmp_path, "kitchen", slots=[0, 1])
        people = Players(session)
        people.press("agent_1", 4)
        assert people.tick() is None
        assert session.view("agent_1")["chosen"] == 4
        assert session.view("agent_0")["chosen"] is None, "nobody sees what the other chose"
        people.press("agent_1", 2)
        people.press("agent_0", 3)
        assert people.tick() == "step"
        assert steps(session)[0]["actions"] == [3, 2], "the last choice before the step counts"

    def test_an_agent_and_the_caregiver_are_both_waited_for(self, tmp_path: Path) -> None:
        session = session_of(tmp_path, "caregiver_grid", seat="caregiver", slots=[0])
        people = Players(session)
        people.press("learner", 2)
        assert people.tick() == "step", "before the first step there is nothing to judge"
        people.press("learner", 1)
        assert people.tick() is None
        assert session.view("caregiver")["next"]
        people.judge("praise")
        assert people.tick() is None, "one may praise twice"
        people.next("caregiver")
        assert people.tick() == "step"
        session.close()
        first, second = replay_log(tmp_path).transitions
        assert (first.social_rewards[0], second.social_rewards[0]) == (1.0, 0.0)

    def test_an_end_is_shown_until_everybody_goes_on(self, tmp_path: Path) -> None:
        session = session_of(tmp_path, "doors", world_config={"max_steps": 1}, episodes=2)
        people = Players(session)
        people.press("human", 0)
        assert people.tick() == "step"
        shown = session.view("human")
        assert shown["ended"]
        assert shown["next"]
        assert people.press("human", 0)["why"] == "the episode is over"
        people.next("human")
        assert people.tick() == "episode"
        assert session.view("human")["episode"] == 1
        assert session.view("human")["step"] == 0
        people.press("human", 0)
        people.tick()
        people.next("human")
        assert people.tick() == "over"
        assert session.done
        assert session.tick(10**6) is None
        assert people.press("human", 0)["why"] == "the session is over"
        assert session.summary()["episodes"] == 2

    def test_who_leaves_is_waited_for(self, tmp_path: Path) -> None:
        session = session_of(tmp_path, "doors")
        people = Players(session)
        people.press("human", 1)
        session.leave("human", "dropped")
        assert people.tick(9) is None
        assert session.view("human")["waiting"] == ["human"]
        with pytest.raises(PlayError, match="Nobody sits"):
            people.press("human", 1)
        session.join(Join("human"))
        assert people.tick() == "step", "the choice was made already"


class TestPace:
    def test_steps_come_at_the_pace(self, tmp_path: Path) -> None:
        session = session_of(tmp_path, "caregiver_grid", seat="caregiver", pace=4)
        people = Players(session)
        kinds = [people.tick(0.04) for _ in range(51)]  # two seconds after the first
        assert kinds.count("step") == 8, "what one step comes late, the next one makes up for"
        assert session.next_tick(people.now) == pytest.approx(0.25)
        assert session.next_tick(people.now + 0.2) == pytest.approx(0.05)

    def test_a_step_that_took_long_is_shown_as_long_as_others(self, tmp_path: Path) -> None:
        session = session_of(tmp_path, "caregiver_grid", seat="caregiver", pace=4)
        Players(session).tick()
        assert session.tick(0.25) is not None
        assert session.next_tick(2.25) == pytest.approx(0.25), "it took two seconds"
        assert session.tick(2.45) is None
        assert session.tick(2.5) is not None

    def test_who_is_too_slow_does_nothing(self, tmp_path: Path) -> None:
        session = session_of(tmp_path, "kitchen", pace=2, partners={"1": "idle"})
        people = Players(session)
        people.tick()
        assert people.tick(0.5) == "step"
        people.press("agent_0", 4)
        people.press("agent_0", 1)
        people.press("agent_0", 2, shown=(0, 0))
        assert people.tick(0.5) == "step"
        assert [s["actions"] for s in steps(session)] == [[0, 0], [2, 0]]
        assert [s["actors"][0] for s in steps(session)] == ["default", "person"]

    @pytest.mark.parametrize("name", ["caregiver_grid", "fishery"])
    def test_a_world_without_a_way_to_do_nothing_has_to_wait(self, name: str) -> None:
        with pytest.raises(ConfigError, match=r"has no action that does nothing.*Set pace to 0"):
            PlayConfig(name, pace=2.0).build()

    def test_pause_and_pace(self, tmp_path: Path) -> None:
        session = session_of(tmp_path, "caregiver_grid", seat="caregiver")
        people = Players(session)
        people.tick()
        people.pause("caregiver")
        assert people.tick(9) is None
        assert session.next_tick(people.now) is None
        people.resume("caregiver")
        assert people.tick() is None
        assert people.tick(0.5) == "step"
        assert people.pace("caregiver", 10)["accepted"]
        people.tick()
        assert people.tick(0.1) == "step"
        people.pace("caregiver", 0)
        assert people.tick(9) is None
        people.next("caregiver")
        assert people.tick() == "step"
        assert session.view("caregiver")["turns"]

    def test_a_pace_that_cannot_be_is_refused(self, tmp_path: Path) -> None:
        session = session_of(tmp_path, "fishery")
        people = Players(session)
        record = people.pace("agent_0", 5)
        assert not record["accepted"]
        assert "no action that does nothing" in record["why"]
        with pytest.raises(PlayError, match="expected 0 to 50"):
            people.pace("agent_0", 51)
        assert session.view("agent_0")["turns"]

    def test_an_end_is_shown_for_a_second_at_least(self, tmp_path: Path) -> None:
        session = session_of(
            tmp_path, "caregiver_grid", seat="caregiver", pace=20, world_config={"max_steps": 1}
        )
        people = Players(session)
        people.tick()
        assert people.tick(0.05) == "step"
        assert people.tick(0.9) is None
        assert people.judge("praise")["accepted"]
        assert people.tick(0.11) == "episode"


class TestFeedback:
    def test_it_counts_for_the_step_that_is_shown(self, tmp_path: Path) -> None:
        learner = RuleLearner()
        session = session_of(tmp_path, "caregiver_grid", learner, seat="caregiver", pace=1)
        people = Players(session)
        early = people.judge("praise")
        assert (early["accepted"], early["why"]) == (False, "nothing has happened yet")
        people.tick()
        people.tick(1)
        for value in ("praise", "praise", "blame", "praise"):
            record = people.judge(value)
        assert (record["episode"], record["step"], record["amount"]) == (0, 1, 1.0)
        assert learner.taken == [], "the step is not final as long as it is shown"
        assert session.view("caregiver")["feedback"] == {
            "praise": 3, "blame": 1, "total": 2.0, "step": 2.0,
        }  # fmt: skip
        people.tick(1)
        assert [t.social_rewards.tolist() for t in learner.taken] == [[2.0]]
        assert session.view("caregiver")["feedback"]["step"] == 0
        late = people.judge("blame", shown=(0, 1))
        assert (late["accepted"], late["late"]) == (False, True)
        assert late["why"] == "the step is over already"
        people.tick(1)
        assert learner.taken[1].social_rewards.tolist() == [0.0]
        assert learner.calls == ["act", "take", "act", "take", "act"]

    def test_amounts_are_configured_and_go_to_those_watched(self, tmp_path: Path) -> None:
        session = session_of(
            tmp_path, "commons_harvest", RuleLearner(), seat="caregiver", watches=[1, 3],
            praise=0.4, blame=-0.1, pace=1,
        )  # fmt: skip
        people = Players(session)
        people.tick()
        people.tick(1)
        people.judge("praise")
        people.judge("blame")
        session.close()
        made = replay_log(tmp_path).transitions[0]
        expected = np.zeros(7, np.float32)
        expected[[1, 3]] = np.float32(0.4 - 0.1)
        assert (made.social_rewards == expected).all()
        assert made.social_by_norm.shape == (1, 7)

    def test_scripted_norms_are_recorded_besides(self, tmp_path: Path) -> None:
        norms = {"norms": {"restraint": -0.5}}
        session = session_of(
            tmp_path, "commons_harvest", seat="caregiver", caregiver=norms, pace=1,
            partners={str(k): "greedy_harvester" for k in range(6)},
        )  # fmt: skip
        people = Players(session)
        for _ in range(30):
            if people.tick(1) == "step":
                people.judge("praise")
        session.close()
        played = replay_log(tmp_path)
        assert played.norm_names == ("restraint", "person")
        by_norm = np.stack([t.social_by_norm for t in played.transitions])
        assert by_norm[:, 0].min() == -0.5
        assert (by_norm[:, 1, 6] == 1).all()
        assert (by_norm[:, 1, :6] == 0).all(), "partners by name are not taught"
        total = np.stack([t.social_rewards for t in played.transitions])
        assert (total == by_norm.sum(1)).all()
        assert all(t.present for t in played.transitions)

    def test_the_last_step_of_a_session_is_final_when_it_ends(self, tmp_path: Path) -> None:
        learner = RuleLearner()
        session = session_of(tmp_path, "caregiver_grid", learner, seat="caregiver", pace=1)
        people = Players(session)
        people.tick()
        people.tick(1)
        people.judge("blame")
        session.close()
        session.close()
        assert [t.social_rewards[0] for t in learner.taken] == [-1.0]
        assert learner.saved == [str(tmp_path / "learner")]
        with pytest.raises(LogError, match="is closed"):
            people.judge("blame")


class TestLearner:
    def test_transitions_hold_what_the_learner_saw_and_did(self, tmp_path: Path) -> None:
        learner = RuleLearner()
        session = session_of(
            tmp_path, "caregiver_grid", learner, seat="caregiver", pace=0, episodes=3,
            world_config={"max_steps": 4},
        )  # fmt: skip
        teach(session, 100)
        assert session.done
        assert [(t.episode, t.step) for t in learner.taken] == [
            (e, s) for e in range(3) for s in range(1, 5)
        ]
        assert [t.lifetime for t in learner.taken] == list(range(12))
        for before, after in zip(learner.taken, learner.taken[1:], strict=False):
            same = (before.next_observations == after.observations).all()
            assert same != before.done, "a new episode begins with another picture"
        assert [t.done for t in learner.taken] == [False, False, False, True] * 3
        assert not any(t.terminated for t in learner.taken)
        assert learner.taken[0].body_actions.shape == (1, 1)
        assert session.view("caregiver")["learning"] == "12 taken"

    def test_bodies_that_are_no_agents_are_recorded(self, tmp_path: Path) -> None:
        learner = RuleLearner(5)
        teach(session_of(tmp_path, "helping_grid", learner, seat="caregiver", pace=0), 3)
        assert learner.taken[0].body_actions.shape == (1, 2)


class TestRefusals:
    def test_consent_and_participant_id(self, tmp_path: Path) -> None:
        session = session_of(tmp_path, "doors", consent="Agree?", ask_participant=True)
        with pytest.raises(PlayError, match="agree"):
            session.join(Join("human", "p1", consent=False))
        with pytest.raises(PlayError, match="participant id"):
            session.join(Join("human", " ", consent=True))
        session.leave("human", "declined")
        session.join(Join("human", " p1 ", consent=True, time=7.0))
        join = read_log(tmp_path)[-1]
        assert (join["participant"], join["consent"], join["client_ms"]) == ("p1", True, 7.0)
        assert read_log(tmp_path)[-2]["reason"] == "declined"

    def test_what_a_seat_cannot_do(self, tmp_path: Path) -> None:
        session = session_of(tmp_path, "caregiver_grid", seat="caregiver", slots=[0])
        people = Players(session)
        with pytest.raises(PlayError, match="no actions"):
            people.press("caregiver", 0)
        with pytest.raises(PlayError, match=r"There is no action 3; caregiver_grid has .* 0 to 2"):
            people.press("learner", 3)
        with pytest.raises(PlayError, match="Only the caregiver"):
            session.press("learner", Feedback(1, "praise", 0, 0, 0.0))
        with pytest.raises(PlayError, match="There is no seat 'nobody'"):
            session.join(Join("nobody"))
        refused = [r for r in read_log(tmp_path) if r["kind"] == "note"]
        assert [r["what"] for r in refused] == ["refused"] * 3, "refusals are on record"
        assert not people.next("learner")["accepted"]

    def test_notes_may_say_anything(self, tmp_path: Path) -> None:
        session = session_of(tmp_path, "doors")
        session.note("malformed", n=3, kind="x", server_ms=1)
        assert read_log(tmp_path)[-1]["details"] == {"n": 3, "kind": "x", "server_ms": 1}

    def test_a_message_that_comes_twice_counts_once(self, tmp_path: Path) -> None:
        session = session_of(tmp_path, "caregiver_grid", seat="caregiver", pace=1)
        people = Players(session)
        people.tick()
        people.tick(1)
        message = Feedback(77, "praise", 0, 1, 123.0)
        first = session.press("caregiver", message)
        again = session.press("caregiver", message)
        assert (first["duplicate"], again["duplicate"]) == (False, True)
        assert first["n"] == again["n"]
        assert session.view("caregiver")["feedback"]["praise"] == 1
        session.press("caregiver", Feedback(77, "praise", 0, 1, 124.0))
        assert session.view("caregiver")["feedback"]["praise"] == 2, "a page that was loaded anew"

    @pytest.mark.parametrize(
        ("values", "words"),
        [
            ({"slots": [9]}, "slots holds agent 9, but doors has 2 agents"),
            ({"watches": [2]}, "watches holds agent 2"),
            ({"slots": [0, 0]}, "different numbers"),
            ({"slots": []}, "at least one agent"),
            ({"partners": {"0": "random"}}, "Agent 0 has a person and a partner"),
            ({"partners": {"x": "random"}}, "partners names agent 'x'"),
            ({"partners": {"1": "rondom"}}, "Did you mean 'random'"),
            ({"partners": {"1": "harvester"}}, "no partner named 'harvester'"),
            ({"partners": {"1": "scripted_helper"}}, "acts in helping_grid, not in 'doors'"),
            ({"partners": {"1": {"seed": 1}}}, "expected the name of one, or a mapping"),
            ({"praise": -1}, "praise is -1.0; expected a number > 0"),
            ({"blame": 0}, "blame is 0.0; expected a number < 0"),
            ({"pace": 51}, "pace is 51.0"),
            ({"episodes": 0}, "episodes is 0"),
            ({"sead": 1}, "Did you mean 'seed'"),
            ({"seat": "chair"}, "seat is 'chair'"),
            ({"run": "nowhere"}, "holds no policy"),
        ],
    )
    def test_faults_of_the_configuration_are_named(
        self, tmp_path: Path, values: dict, words: str
    ) -> None:
        with pytest.raises(ConfigError, match=words):
            session_of(tmp_path / "new", "doors", **values)
        assert not (tmp_path / "new").exists(), "what cannot be played leaves no folder"
