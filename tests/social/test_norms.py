from __future__ import annotations

import numpy as np
import pytest

from prosocial import make_batch
from prosocial.envs.engine import Batch, ConfigError, build
from prosocial.envs.social import (
    Caregiver,
    Combination,
    EventNorm,
    Norm,
    StateNorm,
    get_norm,
    norms,
    register_norm,
)

EVENTS = np.zeros((3, 2), [("goal", "u1"), ("bump", "u1")])
EVENTS["goal"] = [[1, 0], [0, 0], [0, 2]]
EVENTS["bump"] = [[1, 0], [0, 1], [0, 0]]


def test_event_norm_praises_and_blames_each_occurrence():
    praise = EventNorm("p", "goal", 0.4).score(EVENTS, None, None)
    blame = EventNorm("b", "bump", -0.1).score(EVENTS, None, None)
    assert praise.dtype == blame.dtype == np.float32
    np.testing.assert_array_equal(praise, np.array([[0.4, 0], [0, 0], [0, 0.8]], np.float32))
    np.testing.assert_array_equal(blame, np.array([[-0.1, 0], [0, -0.1], [0, 0]], np.float32))


def test_combination_adds_its_parts():
    both = Combination("both", (EventNorm("p", "goal", 1), EventNorm("b", "bump", -0.25)), 0.4)
    score = both.score(EVENTS, None, None)
    assert score.dtype == np.float32
    np.testing.assert_allclose(score, [[0.3, 0], [0, -0.1], [0, 0.8]], rtol=1e-6)
    assert not both.needs_states
    assert Combination("c", (StateNorm("s", lambda e, b, a: e["goal"], 1),)).needs_states


def test_registered_norms_are_those_of_the_paper():
    assert {"reach_goal", "help"} <= set(norms())
    assert get_norm("reach_goal") == EventNorm("reach_goal", "goal", 0.4)
    assert get_norm("help") == EventNorm("help", "helped", 0.4)
    assert get_norm("reach_goal", -1.5).amount == -1.5
    assert isinstance(get_norm("help"), Norm)


def test_norms_can_be_registered_once():
    norm = register_norm(EventNorm("test_no_bumps", "bump", -0.1))
    assert get_norm("test_no_bumps") is norm
    with pytest.raises(ConfigError, match="'test_no_bumps' is already registered"):
        register_norm(EventNorm("test_no_bumps", "bump", -0.2))


def test_unknown_names_are_answered_with_the_nearest():
    with pytest.raises(ConfigError, match=r"no norm named 'reach_gaol'.*Did you mean 'reach_goal'"):
        get_norm("reach_gaol")
    world = build("caregiver_grid")
    with pytest.raises(ConfigError, match=r"'gaol'.*'caregiver_grid'.*Did you mean 'goal'"):
        EventNorm("n", "gaol", 1).check(world)
    with pytest.raises(ConfigError, match="Did you mean 'bump'"):
        Combination("c", (EventNorm("n", "bumps", 1),)).check(world)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: EventNorm("", "goal", 1), "not empty"),
        (lambda: EventNorm("n", "goal", float("nan")), "finite"),
        (lambda: EventNorm("n", "goal", True), "expected a number"),
        (lambda: get_norm("reach_goal", float("inf")), "finite"),
        (lambda: Combination("c", ()), "at least one norm"),
    ],
)
def test_bad_norms(make, message):
    with pytest.raises(ConfigError, match=message):
        make()


def closer(events, before, after):
    """How many cells each learner moved, read from the states."""
    moved = before["position"] != after["position"]
    return moved[:, None]


def test_state_norm_sees_the_states_around_each_step():
    norm = StateNorm("moves", closer, 0.5)
    batch = Batch(build("caregiver_grid"), 64, seed=1, caregiver=Caregiver((norm,)))
    batch.reset()
    rng = np.random.default_rng(0)
    seen = 0
    for _ in range(45):  # over two automatic resets
        position = batch.state["position"].copy()
        batch.step(rng.integers(0, 3, (64, 1)))
        reached = np.where(batch.done, batch.final_states["position"], batch.state["position"])
        expected = np.float32(0.5) * (position != reached)[:, None]
        np.testing.assert_array_equal(batch.social_rewards, expected)
        seen += np.count_nonzero(expected)
    assert seen > 100


def test_state_norm_without_states_says_what_to_do():
    norm = StateNorm("moves", closer, 0.5)
    batch = make_batch("caregiver_grid", 2)
    with pytest.raises(ConfigError, match=r"moves score states.*track_states=True"):
        Caregiver((norm,)).begin(batch)
    with pytest.raises(ConfigError, match="track_states=True"):
        norm.score(EVENTS, None, None)


def test_state_norm_of_the_wrong_shape():
    norm = StateNorm("flat", lambda events, before, after: np.zeros(3), 1)
    states = np.zeros(3)
    with pytest.raises(ConfigError, match=r"'flat'.*shape \(3,\).*\(3, 2\)"):
        norm.score(EVENTS, states, states)
