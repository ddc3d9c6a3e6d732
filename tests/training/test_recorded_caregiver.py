"""What a caregiver gave in recorded sessions becomes the social experience of a life."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import numpy as np
import pytest

from prosocial.agents.internal_reward.config import ISRConfig
from prosocial.agents.recording import Recorder, Recording, RecordingError
from prosocial.agents.training.config import EvaluationConfig, PhaseConfig, PPOConfig, TrainConfig
from prosocial.agents.training.life_course import LifeCourse
from prosocial.agents.training.recorded import (
    RecordedSession,
    join_experience,
    social_experience,
)
from prosocial.agents.training.run_folder import read_checkpoint, read_experience, read_table
from prosocial.envs.engine import Batch, ConfigError, build
from prosocial.envs.social import make_caregiver

ROOM: dict[str, Any] = {"size": 5, "num_walls": 0}
AUTONOMY = PhaseConfig(
    "autonomy", 200, caregiver={"schedule": "never"}, internal_reward=True, fit_isr="offline"
)


def record(
    world_name: str = "caregiver_grid",
    steps: int = 120,
    seed: int = 0,
    caregiver: Any = "default",
    **options: Any,
) -> tuple[Recording, list[tuple]]:
    """Returns a recording of random play under a caregiver, and what was lived through."""
    world = build(world_name, **options)
    batch = Batch(world, 1, seed=seed, caregiver=make_caregiver(caregiver, world))
    recorder = Recorder("learner")
    batch.reset()
    recorder.begin(batch)
    rng = np.random.default_rng(seed)
    lived = []
    for _ in range(steps):
        seen = batch.observations[0].copy()
        actions = rng.integers(0, world.num_actions, (1, world.num_agents))
        batch.step(actions)
        recorder.step(batch)
        events = np.stack([batch.events[0][name] for name in world.event_names], -1)
        present = bool(batch.caregiver_present[0])
        lived.append((seen, actions[0], batch.social_rewards[0].copy(), events, present))
    return recorder.recording(), lived


def session(recording: Recording, **fields) -> RecordedSession:
    return RecordedSession("a/session", "0" * 64, recording, **fields)


def life(*phases: PhaseConfig, **changes) -> TrainConfig:
    values = {
        "world_config": ROOM,
        "ppo": PPOConfig(num_worlds=2, rollout_steps=40, minibatch_size=20, num_epochs=1),
        "isr": ISRConfig(max_updates=20),
        "evaluation": EvaluationConfig(episodes=2),
        "checkpoint_every": 1,
        "phases": phases or (AUTONOMY,),
        "recorded": ("a/session",),
    }
    return TrainConfig(**{**values, **changes})


@pytest.fixture(scope="module")
def played():
    return record(steps=1000, **ROOM)


def test_the_experience_is_what_was_lived_through(played):
    recording, lived = played
    found = social_experience(session(recording), recording.build())
    seen, actions, rewards, events, _ = zip(*lived, strict=True)
    np.testing.assert_array_equal(found["observations"], np.concatenate(seen))
    np.testing.assert_array_equal(found["actions"][:, 0], np.concatenate(actions))
    np.testing.assert_array_equal(found["social_rewards"], np.concatenate(rewards))
    np.testing.assert_array_equal(found["events"], np.concatenate(events))
    assert found["social_rewards"].max() == np.float32(0.4)
    assert {name: column.dtype.name for name, column in found.items()} == {
        "observations": "uint8",
        "actions": "int8",
        "social_rewards": "float32",
        "env_rewards": "float32",
        "events": "uint8",
    }


def test_only_steps_with_the_caregiver_count():
    recording, lived = record(caregiver={"schedule": "until", "until_step": 50}, **ROOM)
    found = social_experience(session(recording), recording.build())
    assert len(found["actions"]) == sum(present for *_, present in lived) == 50


def test_only_those_who_were_watched_count_and_only_the_person_s_feedback():
    norms = {"restraint": {"amount": -2.0, "k": 20}, "no_zapping": -1.0}
    recording, lived = record("commons_harvest", 60, caregiver={"norms": norms}, num_agents=3)
    world = recording.build()
    whole = social_experience(session(recording), world)
    assert len(whole["actions"]) == 180
    chosen = session(recording, agents=(2, 0), norms=("no_zapping",))
    found = social_experience(chosen, world)
    assert len(found["actions"]) == 120
    zaps = np.concatenate(
        [events[[2, 0], world.event_names.index("zap")] for *_, events, _ in lived]
    )
    np.testing.assert_array_equal(found["social_rewards"], -1.0 * zaps)
    assert zaps.any()
    assert whole["social_rewards"].min() == -2.0


def test_actions_of_all_bodies_are_kept_where_they_count():
    recording, lived = record("helping_grid", steps=60)
    found = social_experience(session(recording), recording.build())
    assert found["actions"].shape == (60, 2)
    np.testing.assert_array_equal(found["actions"][:, 0], [actions[0] for _, actions, *_ in lived])


def test_another_map_and_other_costs_are_no_other_world(played):
    found = social_experience(session(played[0]), build("caregiver_grid", size=5, num_walls=1))
    assert len(found["actions"]) == 1000


def test_what_does_not_fit_is_named(played):
    recording = played[0]
    with pytest.raises(ConfigError, match=r"played in 'caregiver_grid'.*Give world=caregiver_grid"):
        social_experience(session(recording), build("helping_grid"))
    with pytest.raises(
        ConfigError, match=r"shape \(5, 5, 4\).*world_config.size=5 world_config.num"
    ):
        social_experience(session(recording), build("caregiver_grid"))
    other = dataclasses.replace(recording, labels=("random",))
    with pytest.raises(ConfigError, match=r"nobody was a learner.*played by random"):
        social_experience(session(other), recording.build())
    with pytest.raises(
        ConfigError, match=r"no step at which somebody was the caregiver.*--seat care"
    ):
        social_experience(session(recording.select([])), recording.build())
    away, _ = record(caregiver={"schedule": "never"}, **ROOM)
    with pytest.raises(ConfigError, match="no step at which somebody was the caregiver"):
        social_experience(session(away), recording.build())
    with pytest.raises(RecordingError, match="version 7"):
        social_experience(session(dataclasses.replace(recording, version=7)), recording.build())
    first = recording.episodes[0]
    forged = dataclasses.replace(first, rewards=first.rewards + 1)
    with pytest.raises(RecordingError, match="cannot be played as it was recorded"):
        social_experience(
            session(dataclasses.replace(recording, episodes=(forged,))), recording.build()
        )


def test_an_isr_needs_feedback_in_both_parts(played):
    recording, lived = played
    world = recording.build()
    rewarded = [bool(rewards.any()) for _, _, rewards, *_ in lived]
    columns, (summary,) = join_experience([session(recording)], world, ISRConfig())
    assert (summary["transitions"], summary["praised"], summary["blamed"]) == (
        1000,
        sum(rewarded),
        0,
    )
    assert (summary["episodes"], summary["path"]) == (50, "a/session")
    twice, summaries = join_experience([session(recording)] * 2, world, ISRConfig())
    assert len(twice["actions"]) == 2 * len(columns["actions"])
    assert len(summaries) == 2
    with pytest.raises(ConfigError, match=r"no praise or blame in a/session: 1000 steps"):
        join_experience([session(recording, norms=())], world, ISRConfig())
    with pytest.raises(
        ConfigError, match=r"no praise or blame .* above isr.rewarded_above \(0.5\)"
    ):
        join_experience([session(recording)], world, ISRConfig(rewarded_above=0.5))
    first = rewarded.index(True)
    early = ISRConfig(train_fraction=first / 1000)
    with pytest.raises(ConfigError, match=r"none in the part that trains \(the first"):
        join_experience([session(recording)], world, early)
    short = recording.select(range(first // 20 + 1))
    with pytest.raises(ConfigError, match=r"none in the part that is held out.*set isr.train_frac"):
        join_experience([session(short)], world, ISRConfig(train_fraction=0.99))
    join_experience([session(short)], world, ISRConfig(train_fraction=1.0))


class Reader:
    """Reads sessions from memory; counts how often it is asked."""

    def __init__(self, *recordings):
        self.recordings = recordings
        self.asked = 0

    def __call__(self, paths):
        self.asked += 1
        return [session(recording) for recording in self.recordings]


def test_a_life_keeps_the_experience_and_needs_the_sessions_once(played, tmp_path):
    recording, lived = played
    reader = Reader(recording)
    LifeCourse(life(), tmp_path, reader).run()
    LifeCourse(life(), tmp_path, reader).run()  # finished: nothing to do
    assert reader.asked == 1
    found = read_checkpoint(tmp_path)
    (chunk,) = read_experience(tmp_path, found)
    felt = np.concatenate([rewards for _, _, rewards, *_ in lived])
    np.testing.assert_array_equal(chunk["social_rewards"], felt)
    assert any(name.startswith("isr/") for name in found.tensors)
    provenance = json.loads((tmp_path / "provenance.json").read_text())
    assert provenance["recorded"][0]["sha256"] == "0" * 64
    assert len(provenance["starts"]) == 1
    log = (tmp_path / "log.txt").read_text()
    assert f"recorded caregiver: a/session: 1000 steps, {(felt > 0).sum()} praised, 0 blamed" in log
    assert "fitted the ISR to 900 transitions" in log
    metrics = read_table(tmp_path, "metrics")
    assert not np.nansum(np.abs(metrics["social_return"].to_numpy()))
    assert np.nansum(np.abs(metrics["internal_return"].to_numpy()))


@pytest.mark.parametrize("stop", [0, 2])
def test_an_interrupted_life_goes_on_without_the_sessions(played, tmp_path, stop):
    LifeCourse(life(), tmp_path / "whole", Reader(played[0])).run()

    def interrupt(row):
        if row["iteration"] == stop:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        LifeCourse(life(), tmp_path / "cut", Reader(played[0])).run(interrupt)
    gone = Reader()
    LifeCourse(life(), tmp_path / "cut", gone).run()
    assert gone.asked == 0
    whole, cut = read_checkpoint(tmp_path / "whole"), read_checkpoint(tmp_path / "cut")
    assert sorted(whole.tensors) == sorted(cut.tensors)
    for name, tensor in whole.tensors.items():
        np.testing.assert_array_equal(tensor, cut.tensors[name], name)
    provenance = json.loads((tmp_path / "cut" / "provenance.json").read_text())
    assert len(provenance["starts"]) == 2
    assert len(provenance["recorded"]) == 1


def test_recorded_care_joins_what_the_parent_lived_through(played, tmp_path):
    social = PhaseConfig("socialization", 80, collect=True)
    LifeCourse(life(social, recorded=()), tmp_path / "parent").run()
    child = life(parent=str(tmp_path / "parent"))
    LifeCourse(child, tmp_path / "child", Reader(played[0])).run()
    assert "fitted the ISR to 972 transitions" in (tmp_path / "child" / "log.txt").read_text()
    assert sum(len(c["actions"]) for c in read_experience(
        tmp_path / "child", read_checkpoint(tmp_path / "child"))) == 1000  # fmt: skip


def test_a_fault_leaves_no_folder_behind(tmp_path):
    silent, _ = record(caregiver={"norms": {"reach_goal": 0.4}, "miss": 1.0}, **ROOM)
    with pytest.raises(ConfigError, match="no praise or blame"):
        LifeCourse(life(), tmp_path / "run", Reader(silent)).run()
    assert not (tmp_path / "run").exists()
    with pytest.raises(ConfigError, match="read_sessions is not given"):
        LifeCourse(life(), tmp_path / "run")


def test_the_configuration_says_it_in_two_ways():
    base = {"phases": {"autonomy": {"fit_isr": "offline", "internal_reward": True}}}
    short = TrainConfig.from_mapping({**base, "caregiver": {"recorded": "a", "schedule": "always"}})
    assert short.recorded == ("a",)
    assert short.caregiver.schedule == "never"
    several = TrainConfig.from_mapping({**base, "caregiver": {"recorded": ["a", "b"]}})
    assert several.recorded == ("a", "b")
    assert TrainConfig.from_mapping(short.to_dict()) == short
    long = TrainConfig.from_mapping({**base, "recorded": ["a"], "caregiver": {"schedule": "never"}})
    assert long == short
    for wrong in (None, "", [], "???", 3):
        with pytest.raises(ConfigError, match=r"expected the session .*caregiver=recorded:PATH"):
            TrainConfig.from_mapping({**base, "caregiver": {"recorded": wrong}})
    with pytest.raises(ConfigError, match="neither a parent nor a recorded caregiver"):
        TrainConfig.from_mapping(base)
