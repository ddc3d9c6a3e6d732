import dataclasses

import numpy as np
import pytest

from prosocial.agents.internal_reward.config import ISRConfig
from prosocial.agents.internal_reward.data import ExperienceError
from prosocial.agents.training.config import PhaseConfig
from prosocial.agents.training.internalization import Internalization, below
from prosocial.agents.training.rollout import Rollout
from prosocial.envs.engine import build

WORLD = build("caregiver_grid")
CONTINUAL = PhaseConfig(name="social", collect=True, fit_isr="continual")
OFFLINE = PhaseConfig(name="alone", fit_isr="offline")


def make_rollout(seed: int) -> Rollout:
    """Ten steps of four worlds; the caregiver is present in two of them and praises at random."""
    rng = np.random.default_rng(seed)
    shape = (10, 4, 1)
    present = np.zeros((10, 4), bool)
    present[:, [0, 2]] = True
    social = np.where(rng.random(shape) < 0.3, 0.4, 0) * present[:, :, None]
    empty = np.zeros(0)
    fields = {field.name: empty for field in dataclasses.fields(Rollout)}
    return Rollout(
        **fields
        | {
            "observations": rng.integers(0, 11, (*shape, 9, 9, 4), dtype=np.uint8),
            "body_actions": rng.integers(0, 3, (*shape, 1), dtype=np.int8),
            "env_rewards": rng.normal(size=shape).astype(np.float32),
            "social_rewards": social.astype(np.float32),
            "present": present,
            "events": np.zeros(shape, WORLD.event_dtype),
        }
    )


def make_internalization(**options) -> Internalization:
    defaults = {"updates_per_iteration": 4, "max_updates": 8}
    return Internalization(ISRConfig(**{**defaults, **options}), WORLD)


def predictions(internalization: Internalization) -> np.ndarray:
    rollout = make_rollout(99)
    assert internalization.model is not None
    return internalization.model.predict(
        rollout.observations.reshape(-1, 9, 9, 4), rollout.body_actions.reshape(-1, 1)
    )


def saved(internalization: Internalization) -> dict[str, np.ndarray]:
    return {n: tensor.numpy() for n, tensor in internalization.state_tensors().items()}


def test_only_what_happened_under_the_caregiver_is_kept_in_the_order_of_time():
    internalization, rollout = make_internalization(), make_rollout(0)
    internalization.collect(rollout, 0)
    experience = internalization.experience
    assert len(experience) == 20
    expected = rollout.social_rewards[:, [0, 2], 0].ravel()
    assert np.array_equal(experience.social_rewards, expected)
    assert np.array_equal(experience.env_rewards, rollout.env_rewards[:, [0, 2], 0].ravel())
    assert np.array_equal(experience.observations[3], rollout.observations[1, 2, 0])
    assert np.array_equal(experience.actions[3], rollout.body_actions[1, 2, 0])


def test_each_transition_is_handed_over_once_and_can_be_recalled():
    internalization, other = make_internalization(), make_internalization()
    chunks = []
    for seed in range(3):
        internalization.collect(make_rollout(seed), 0)
        chunks.append(internalization.unsaved())
    assert internalization.unsaved() is None
    other.recall(chunks)
    assert other.unsaved() is None
    for name in ("observations", "actions", "social_rewards", "env_rewards"):
        column = getattr(other.experience, name)
        assert np.array_equal(column, getattr(internalization.experience, name))


def test_an_offline_fit_depends_on_experience_and_seed_and_is_restored():
    fitted = [make_internalization() for _ in range(3)]
    for internalization, seed in zip(fitted, (1, 1, 2), strict=True):
        internalization.collect(make_rollout(0), 0)
        message = internalization.begin_phase(OFFLINE, seed)
        assert message is not None
        assert "fitted the ISR to 18 transitions" in message
    first, again, other = map(predictions, fitted)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    restored = make_internalization()
    restored.load({"policy/x": np.zeros(1), **saved(fitted[0])}, seed=1)
    assert np.array_equal(predictions(restored), first)


def test_a_continual_fit_goes_on_where_it_was_interrupted():
    whole, parts = make_internalization(), make_internalization()
    for internalization in (whole, parts):
        internalization.begin_phase(CONTINUAL, seed=3)
        internalization.collect(make_rollout(0), 0)
    before = predictions(whole)
    resumed = make_internalization()
    chunk = parts.unsaved()
    assert chunk is not None
    resumed.recall([chunk])
    resumed.load(saved(parts), seed=3)
    for internalization in (whole, resumed):
        internalization.collect(make_rollout(1), 0)
    assert np.array_equal(predictions(whole), predictions(resumed))
    assert not np.array_equal(predictions(whole), before)


def test_a_later_phase_ends_the_fitting_and_keeps_the_model():
    internalization = make_internalization()
    internalization.begin_phase(CONTINUAL, seed=3)
    internalization.collect(make_rollout(0), 0)
    before = predictions(internalization)
    internalization.begin_phase(PhaseConfig(name="alone", internal_reward=True), seed=4)
    internalization.collect(make_rollout(1), 0)
    assert np.array_equal(predictions(internalization), before)


def test_nothing_to_fit_to_is_an_error():
    with pytest.raises(ExperienceError):
        make_internalization().begin_phase(OFFLINE, seed=0)


def test_before_any_fit_there_is_nothing_to_save():
    assert make_internalization().state_tensors() == {}
    assert below("isr/", {"policy/isr/x": np.zeros(2)}) == {}
