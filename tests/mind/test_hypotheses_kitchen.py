"""Minds in the kitchen: which sub-task each cook works on."""

from __future__ import annotations

import numpy as np
import pytest

from prosocial.agents.mind.hypotheses import hypotheses, kitchen
from prosocial.agents.mind.hypotheses.kitchen import SubTasks
from prosocial.agents.mind.mind import Mind
from prosocial.agents.partners import make_partner
from prosocial.envs.engine import Batch, ConfigError, build


def batch_of(layout="full_divider", recipes="tomato", agents=2, worlds=3):
    world = build("kitchen", layout=layout, recipes=recipes, num_agents=agents)
    batch = Batch(world, worlds, seed=1, track_states=True)
    batch.reset()
    return batch


def test_they_are_registered_and_named():
    world = build("kitchen", recipes="tomato")
    found = hypotheses(world)
    assert isinstance(found, SubTasks)
    assert found.names == ("Chop(tomato)", "Merge(plate, tomato)", "Deliver(plate-tomato)", "none")
    assert found.targets == world.agents
    with pytest.raises(ConfigError, match="'kitchen', not in 'helping_grid'"):
        SubTasks(build("helping_grid"))


def test_values_are_minus_what_a_sub_task_costs():
    batch = batch_of()
    found = hypotheses(batch.world)
    values = found.action_values(batch.state)
    assert values.shape == (3, 2, 4, 5)
    assert values.dtype == np.float32
    # Both work on the only chop; agent 1 does best to go east, for then it costs 7 steps and moves.
    assert values[0, 1, 0].argmax() == 4
    assert values[0, 1, 0, 4] == pytest.approx(-7.7)
    assert np.isneginf(values[0, :, 1:3]).all()
    assert found.available(batch.state)[0].tolist() == [[True, False, False, True]] * 2
    weights = np.exp(1.3 * values[0, 0, 3])
    assert weights[0] / weights.sum() == pytest.approx(0.5)


def test_a_mind_tells_who_works_and_begins_anew_with_the_next_sub_task():
    batch = batch_of("partial_divider", "salad")
    mind = Mind(batch.world, beta=1.3)
    mind.reset(batch.state)
    cook = make_partner("bayesian_delegation")
    chopped = 0
    for step in range(20):
        batch.step(cook.act(batch))
        assert batch.before is not None
        mind.observe(batch.before, batch.last_actions, batch.after())
        posterior = mind.posterior[0, 0]
        assert posterior.sum(-1) == pytest.approx([1, 1])
        if step == 4:
            assert mind.names[posterior[1].argmax()] == "Chop(tomato)"
            assert posterior[1].max() > 0.8
        chopped += int(batch.events["chop"][0].sum())
        if batch.events["chop"][0].any():
            ended = mind.names.index("Chop(tomato)")
            assert posterior[:, ended].max() < 0.6 or chopped < 1
    assert chopped == 2
    assert (mind.surprises == 0).all()


def test_the_order_of_the_worlds_does_not_matter():
    batch = batch_of("open_divider", "salad", 3, 5)
    rng = np.random.default_rng(0)
    for _ in range(10):
        batch.step(rng.integers(5, size=(5, 3)))
    found = hypotheses(batch.world)
    values = found.action_values(batch.state)
    order = np.array([3, 1, 4, 0, 2])
    assert (found.action_values(batch.state[order].copy()) == values[order]).all()


def test_what_is_kept_of_situations_changes_nothing(monkeypatch):
    batch = batch_of("partial_divider", "tomato", 2, 4)
    minds = [Mind(batch.world) for _ in range(2)]
    for mind in minds:
        mind.reset(batch.state)
    rng, rows = np.random.default_rng(0), []
    for _ in range(30):
        actions = rng.integers(5, size=(4, 2))
        batch.step(actions)
        assert batch.before is not None
        for mind, most in zip(minds, (2**16, 1), strict=True):  # keeps everything, keeps little
            monkeypatch.setattr(kitchen, "MOST_SITUATIONS", most)
            mind.observe(batch.before, actions, batch.after())
        rows.append(len(minds[1].hypotheses.table))  # type: ignore[attr-defined]
    assert (minds[0].posterior == minds[1].posterior).all()
    assert np.ptp(minds[0].posterior) > 0.1
    assert max(rows) <= 16 < len(minds[0].hypotheses.table)  # type: ignore[attr-defined]
