import errno
import zipfile

import numpy as np
import pytest

from prosocial.agents.internal_reward.data import ExperienceError, SocialExperience

SHAPE = (5, 5, 3)


def rollout(steps=4, worlds=3, bodies=1, seed=0):
    rng = np.random.default_rng(seed)
    observations = rng.integers(0, 11, (steps, worlds, *SHAPE), dtype=np.uint8)
    actions = rng.integers(0, 5, (steps, worlds, bodies))
    rewards = rng.normal(size=(steps, worlds)).astype(np.float32)
    return observations, actions, rewards


def test_a_rollout_is_kept_in_the_order_of_time():
    observations, actions, rewards = rollout()
    experience = SocialExperience(SHAPE)
    experience.append(observations, actions, rewards)
    experience.append(observations[:1], actions[:1], rewards[:1] + 1)
    assert len(experience) == 15
    # Step 2 of world 1 comes after all worlds of steps 0 and 1.
    np.testing.assert_array_equal(experience.observations[2 * 3 + 1], observations[2, 1])
    np.testing.assert_array_equal(experience.actions[2 * 3 + 1], actions[2, 1])
    assert experience.social_rewards[2 * 3 + 1] == rewards[2, 1]
    np.testing.assert_array_equal(experience.social_rewards[12:], rewards[0] + 1)
    assert experience.observations.dtype == np.uint8
    assert experience.actions.dtype == np.int8
    assert experience.social_rewards.dtype == np.float32


def test_transitions_without_a_caregiver_are_left_out():
    observations, actions, rewards = rollout()
    present = np.zeros((4, 3), bool)
    present[1, 2] = present[3, 0] = True
    experience = SocialExperience(SHAPE)
    experience.append(observations, actions, rewards, present=present)
    np.testing.assert_array_equal(experience.social_rewards, [rewards[1, 2], rewards[3, 0]])
    np.testing.assert_array_equal(experience.observations, observations[[1, 3], [2, 0]])


def test_what_was_appended_does_not_change_with_its_source():
    observations, actions, rewards = rollout()
    experience = SocialExperience(SHAPE)
    experience.append(observations, actions, rewards)
    first = rewards[0, 0]
    rewards[:] = 7
    assert experience.social_rewards[0] == first


def test_actions_of_one_body_need_no_axis():
    observations, actions, rewards = rollout()
    experience = SocialExperience(SHAPE)
    experience.append(observations, actions[..., 0], rewards)
    np.testing.assert_array_equal(experience.actions, actions.reshape(-1, 1))


def test_files_join_to_the_same_experience_without_pickle(tmp_path):
    observations, actions, rewards = rollout(bodies=2)
    experience = SocialExperience(SHAPE, 2)
    experience.append(observations, actions, rewards)
    experience.save(tmp_path / "chunk-0.npz")
    half = len(experience)
    experience.append(observations[:2], actions[:2], rewards[:2], env_rewards=rewards[:2])
    experience.save(tmp_path / "chunk-1.npz", start=half)
    loaded = SocialExperience.load(tmp_path / "chunk-0.npz", tmp_path / "chunk-1.npz")
    assert loaded.num_bodies == 2
    for name in ("observations", "actions", "social_rewards", "env_rewards"):
        np.testing.assert_array_equal(getattr(loaded, name), getattr(experience, name))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["chunk-0.npz", "chunk-1.npz"]
    with zipfile.ZipFile(tmp_path / "chunk-0.npz") as file:
        assert not any(b"\x80\x04" in file.read(name)[:2] for name in file.namelist())


def test_an_empty_experience_can_be_saved(tmp_path):
    SocialExperience(SHAPE).save(tmp_path / "empty.npz")
    assert len(SocialExperience.load(tmp_path / "empty.npz")) == 0


def test_a_full_disk_leaves_the_older_file(tmp_path, monkeypatch):
    experience = SocialExperience(SHAPE)
    experience.append(*rollout())
    experience.save(tmp_path / "a.npz")
    before = (tmp_path / "a.npz").read_bytes()

    def full(file, **arrays):
        file.write(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(np, "savez_compressed", full)
    with pytest.raises(OSError, match="The disk is full"):
        experience.save(tmp_path / "a.npz")
    assert (tmp_path / "a.npz").read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["a.npz"]


@pytest.mark.parametrize("damage", ["cut", "flip", "text", "other"])
def test_a_damaged_file_is_named(tmp_path, damage):
    path = tmp_path / "chunk.npz"
    experience = SocialExperience(SHAPE)
    experience.append(*rollout(steps=200))
    experience.save(path)
    content = bytearray(path.read_bytes())
    if damage == "cut":
        path.write_bytes(content[: len(content) // 2])
    elif damage == "flip":
        content[len(content) // 3] ^= 255
        path.write_bytes(content)
    elif damage == "text":
        path.write_text("not an archive")
    else:
        np.savez(path, weights=np.zeros(3))
    with pytest.raises(ExperienceError, match=r"chunk\.npz is damaged or is not"):
        SocialExperience.load(path)


def test_files_that_do_not_belong_together_are_refused(tmp_path):
    for name, shape in (("a", SHAPE), ("b", (7, 7, 3))):
        SocialExperience(shape).save(tmp_path / f"{name}.npz")
    with pytest.raises(ExperienceError, match=r"b\.npz: observations are"):
        SocialExperience.load(tmp_path / "a.npz", tmp_path / "b.npz")
    with pytest.raises(FileNotFoundError):
        SocialExperience.load(tmp_path / "missing.npz")
    with pytest.raises(ExperienceError, match="No file"):
        SocialExperience.load()


def test_bad_transitions_are_refused_and_nothing_is_added():
    observations, actions, rewards = rollout()
    experience = SocialExperience(SHAPE)
    bad = [
        ((observations.astype(np.float32), actions, rewards), "observations are float32"),
        ((observations[:, :2], actions, rewards), "observations are uint8"),
        ((observations, actions.astype(np.float64), rewards), "actions are float64"),
        ((observations, actions[..., [0, 0]], rewards), "actions are int64"),
        ((observations, actions - 100, rewards), r"actions lie in -100 \.\."),
        ((observations, actions + 200, rewards), r"expected indices in 0 \.\. 127"),
        ((observations, actions, rewards.astype(np.int64)), "social_rewards are int64"),
        ((observations, actions, rewards * np.nan), "social_rewards hold values that are not"),
    ]
    for arguments, message in bad:
        with pytest.raises(ExperienceError, match=message):
            experience.append(*arguments)
    with pytest.raises(ExperienceError, match="env_rewards are float32"):
        experience.append(observations, actions, rewards, env_rewards=rewards[0])
    with pytest.raises(ExperienceError, match="present is int64"):
        experience.append(observations, actions, rewards, present=actions[..., 0])
    assert len(experience) == 0


def test_bad_shapes_and_ranges_are_refused(tmp_path):
    with pytest.raises(ExperienceError, match="observation_shape"):
        SocialExperience((5, 5))
    with pytest.raises(ExperienceError, match="num_bodies"):
        SocialExperience(SHAPE, 0)
    with pytest.raises(ExperienceError, match="start is 1"):
        SocialExperience(SHAPE).save(tmp_path / "a.npz", start=1)
