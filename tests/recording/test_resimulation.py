"""What was altered, or belongs to another version of a world, is not shown as what happened."""

from __future__ import annotations

import dataclasses
import hashlib
from typing import Any

import numpy as np
import pytest

from prosocial.agents.recording import Episode, Recording, RecordingError, resimulate
from prosocial.agents.recording.episodes import record_hash
from prosocial.envs.engine import World, build, registry


def altered(recording: Recording, **changes: Any) -> Recording:
    """The first episode with some parts replaced."""
    return dataclasses.replace(
        recording, episodes=(dataclasses.replace(recording.episodes[0], **changes),)
    )


def cut(recording: Recording, steps: int) -> dict[str, Any]:
    episode = recording.episodes[0]
    parts = {n: getattr(episode, n)[:steps] for n in ("actions", "rewards", "present", "internal")}
    return {**parts, "social": episode.social[:, :steps], "posteriors": None}


def test_an_untouched_recording_is_played(recording: Recording) -> None:
    for index, episode in enumerate(recording.episodes):
        played = resimulate(recording, index)
        assert len(played.states) == len(played.observations) == episode.length + 1
        assert played.events.shape == (episode.length, 1)
        assert played.truncated == (episode.length == 20)
        assert played.states["t"].tolist() == list(range(episode.length + 1))


@pytest.mark.parametrize("step", range(20))
def test_every_tampered_action_is_noticed(recording: Recording, step: int) -> None:
    actions = recording.episodes[0].actions.copy()
    # Bumping into a wall leaves the state as it was, but not the reward: another action is told.
    actions[step] = (actions[step] + 1) % 3
    with pytest.raises(RecordingError, match="cannot be played as it was recorded"):
        resimulate(altered(recording, actions=actions))


@pytest.mark.parametrize("value", [-1, 3, 300])
def test_an_action_that_the_world_has_not(recording: Recording, value: int) -> None:
    actions = recording.episodes[0].actions.copy()
    actions[5] = value
    with pytest.raises(RecordingError, match=rf"at step 5, actions\[0, 0\] is {value}"):
        resimulate(altered(recording, actions=actions))


def test_tampered_rewards_hash_and_end(recording: Recording) -> None:
    episode = recording.episodes[0]
    with pytest.raises(RecordingError, match="at step 0 the world gives the rewards"):
        resimulate(altered(recording, rewards=episode.rewards + 1))
    with pytest.raises(RecordingError, match="SHA-256"):
        resimulate(altered(recording, final_hash="0" * 64))
    with pytest.raises(RecordingError, match="terminated=False"):
        resimulate(altered(recording, terminated=True))
    with pytest.raises(RecordingError, match="SHA-256"):
        resimulate(altered(recording, **cut(recording, 19)))


def test_steps_after_the_end(recording: Recording) -> None:
    def twice(array: np.ndarray, axis: int = 0) -> np.ndarray:
        return np.concatenate([array, array], axis)

    episode: Episode = recording.episodes[0]
    names = ("actions", "rewards", "present", "internal")
    longer = {name: twice(getattr(episode, name)) for name in names}
    longer |= {"social": twice(episode.social, 1), "posteriors": None}
    with pytest.raises(RecordingError, match="ended after 20 of 40"):
        resimulate(altered(recording, **longer))


def test_another_beginning(recording: Recording) -> None:
    initial = recording.episodes[0].initial.copy()
    initial["heading"] = (initial["heading"] + 1) % 4
    with pytest.raises(RecordingError, match="cannot be played"):
        resimulate(altered(recording, initial=initial))


def test_the_hash_is_of_the_fields_alone() -> None:
    dtype = np.dtype([("a", "u1"), ("b", "i4")], align=True)  # three bytes lie between
    raw = np.array([1, 9, 9, 9, 2, 0, 0, 0], np.uint8)
    clean = np.array([1, 0, 0, 0, 2, 0, 0, 0], np.uint8)
    assert record_hash(raw.view(dtype)[0, ...]) == hashlib.sha256(clean.tobytes()).hexdigest()


def test_another_version_of_the_world_is_refused(
    recording: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = registry.entry("caregiver_grid")

    def later(config: Any) -> World:
        return dataclasses.replace(entry.build(config), version=3)

    changed = dataclasses.replace(entry, build=later)
    monkeypatch.setitem(registry._entries, "caregiver_grid", changed)
    message = "'caregiver_grid' version 0, but here it has version 3, which plays otherwise. Replay"
    with pytest.raises(RecordingError, match=message):
        resimulate(recording)


def test_another_layout_of_the_record_is_refused(recording: Recording) -> None:
    larger = dataclasses.replace(recording, config={**recording.config, "size": 9})
    with pytest.raises(RecordingError, match=r"\(2064 bytes\) with another layout .* here"):
        larger.build()


def test_a_world_that_is_not_here_is_refused(recording: Recording) -> None:
    with pytest.raises(RecordingError, match="'caregiver_gird' version 0, cannot be built here"):
        dataclasses.replace(recording, world="caregiver_gird").build()
    with pytest.raises(RecordingError, match="has no option 'colour'"):
        dataclasses.replace(recording, config={"colour": "red"}).build()
    with pytest.raises(RecordingError, match="is of the agents somebody"):
        dataclasses.replace(recording, agents=("somebody",)).build()


def test_the_world_is_built_as_it_was(recording: Recording) -> None:
    assert recording.build().config == build("caregiver_grid").config
    with pytest.raises(RecordingError, match="no episode 7"):
        resimulate(recording, 7)
