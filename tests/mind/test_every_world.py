"""Every registered world has hypotheses, and a mind runs there without a NaN."""

from __future__ import annotations

import numpy as np
import pytest

import prosocial
from prosocial.agents.mind.follow import follow
from prosocial.agents.mind.hypotheses import kinds
from prosocial.agents.mind.mind import Mind
from prosocial.envs.engine import Batch, build

CASES = [(world, kind) for world in prosocial.worlds() for kind in kinds(world)]


@pytest.mark.parametrize("world", prosocial.worlds())
def test_every_world_has_hypotheses(world):
    assert kinds(world), f"register hypotheses for {world!r} in agents/mind/hypotheses/registry.py"


@pytest.mark.parametrize(("world", "kind"), CASES)
def test_a_mind_runs_there(world, kind):
    batch = Batch(build(world), 4, seed=1, track_states=True)
    batch.reset()
    mind = Mind(batch.world, kind)
    mind.reset(batch.state)
    sizes = 4, len(mind.targets), len(mind.names)
    rng = np.random.default_rng(0)
    begun = mind.posterior.copy()
    for _ in range(50):
        actions = rng.integers(0, batch.num_actions, (4, batch.num_agents))
        batch.step(actions)
        follow(mind, batch, actions)
        posterior = mind.posterior
        assert posterior.shape == (4, mind.num_observers, *sizes[1:])
        assert np.isfinite(posterior).all()
        np.testing.assert_allclose(posterior.sum(-1), 1, atol=1e-4)
    predicted = mind.predict(batch.state)
    assert predicted.shape == (4, mind.num_observers, sizes[1], mind.hypotheses.num_actions)
    np.testing.assert_allclose(predicted.sum(-1), 1, atol=1e-4)
    features = mind.features(batch.state)
    assert features.shape == (4, mind.num_observers, mind.num_features)
    assert ((features >= 0) & (features <= 1)).all()
    # Something was learned since the beginning, unless an episode has only just begun.
    assert not np.allclose(mind.posterior, begun) or batch.state["t"].max() < 5


@pytest.mark.parametrize(("world", "kind"), CASES)
def test_the_answers_have_the_stated_shapes_and_types(world, kind):
    batch = Batch(build(world), 3, seed=2, track_states=True)
    batch.reset()
    told = Mind(batch.world, kind).hypotheses
    told.begin(batch.state, np.ones(3, np.bool_))
    shape = 3, len(told.targets), len(told.names)
    available, values = told.available(batch.state), told.action_values(batch.state)
    assert available.shape == shape
    assert available.dtype == np.bool_
    assert values.shape == (*shape, told.num_actions)
    assert values.dtype == np.float32
    assert not np.isnan(values).any()
    assert (values < np.inf).all()
    # What is available can explain something now; what is not cannot.
    possible = np.isfinite(values).any(-1)
    assert available[~possible].sum() == 0
    assert available.any(-1).all()
    again = told.action_values(batch.state.copy())
    np.testing.assert_array_equal(values, again)  # asking changes nothing
