"""Posteriors over time: what is kept of which episode, and that a file loses nothing."""

from __future__ import annotations

import numpy as np
import pytest

from prosocial.agents.mind.mind import Mind
from prosocial.agents.mind.trace import PosteriorTrace, Trace, load_trace
from prosocial.agents.partners import make_partner
from prosocial.envs.engine import Batch, ConfigError, ResetNeededError, build


def recorded(num_worlds: int = 3, steps: int = 9, observers: str = "shared", **options) -> Trace:
    """Returns the trace of a fishery of two with episodes of four rounds."""
    world = build("fishery", num_agents=2, max_rounds=4)
    trace = PosteriorTrace(Mind(world, "norms", observers=observers), **options)
    batch = Batch(world, num_worlds, seed=1)
    batch.reset()
    partner = make_partner("sustainable_demand")
    trace.begin(batch)
    for _ in range(steps):
        batch.step(partner.act(batch))
        trace.step(batch)
    return trace.trace()


def test_every_moment_of_every_episode_is_kept_with_the_prior_first():
    trace = recorded()
    assert trace.targets == ("agent_0", "agent_1")
    assert trace.observers == ("shared",)
    first = trace.world == 0
    # Nine steps: two episodes of four rounds, and one round of the third.
    assert trace.episode[first].tolist() == [0] * 5 + [1] * 5 + [2] * 2
    assert trace.t[first].tolist() == [0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1]
    assert trace.posterior.shape == (36, 1, 2, 9)
    np.testing.assert_allclose(trace.posterior[trace.t == 0], 1 / 9, rtol=1e-6)
    last = trace.posterior[trace.t == 4][..., trace.names.index("sustainable")]
    assert (last > 0.3).all()  # or conditional, or a quarter of the stock, which is the same here


def test_it_is_what_a_mind_says_that_follows_by_itself():
    trace = recorded(observers="each")
    assert trace.observers == ("agent_0", "agent_1")
    world = build("fishery", num_agents=2, max_rounds=4)
    mind = Mind(world, "norms")
    batch = Batch(world, 3, seed=1, track_states=True)
    batch.reset()
    mind.reset(batch.state)
    partner = make_partner("sustainable_demand")
    for t in range(1, 4):
        actions = partner.act(batch)
        batch.step(actions)
        mind.observe(
            batch.state * 0 if batch.before is None else batch.before, actions, batch.state
        )
        rows = (trace.t == t) & (trace.episode == 0)
        np.testing.assert_array_equal(trace.posterior[rows], mind.posterior)


def test_a_file_loses_nothing_and_is_written_whole(tmp_path):
    trace = recorded()
    path = trace.save(tmp_path / "folder" / "trace.npz")
    again = load_trace(path)
    for name in ("world_name", "names", "targets", "observers"):
        assert getattr(again, name) == getattr(trace, name)
    for name in ("world", "episode", "t", "posterior"):
        np.testing.assert_array_equal(getattr(again, name), getattr(trace, name))
        assert getattr(again, name).dtype == getattr(trace, name).dtype
    assert [p.name for p in path.parent.iterdir()] == ["trace.npz"]
    content = path.read_bytes()
    assert trace.save(path).read_bytes() == content  # equal traces, equal bytes
    assert len(content) < 4000


def test_only_so_many_worlds_and_episodes_are_kept():
    assert set(recorded(max_worlds=2).world.tolist()) == {0, 1}
    world = build("fishery", num_agents=2, max_rounds=4)
    trace = PosteriorTrace(Mind(world, "norms", observers="shared"))
    partner = make_partner("sustainable_demand")
    for first in range(2):  # two batches, one after the other
        batch = Batch(world, 2, seed=1, first=2 * first)
        batch.reset()
        trace.begin(batch, episodes=1)
        for _ in range(7):
            batch.step(partner.act(batch))
            trace.step(batch)
    kept = trace.trace()
    assert set(kept.world.tolist()) == {0, 1, 2, 3}
    assert set(kept.episode.tolist()) == {0}
    assert len(kept.t) == 4 * 5


def test_bad_input(tmp_path):
    mind = Mind(build("fishery"), "norms")
    with pytest.raises(ConfigError, match="max_worlds is 0"):
        PosteriorTrace(mind, max_worlds=0)
    with pytest.raises(ResetNeededError, match="call begin"):
        PosteriorTrace(mind).trace()
    with pytest.raises(ResetNeededError, match="call begin"):
        PosteriorTrace(mind).step(Batch(mind.world, 1))
    with pytest.raises(ConfigError, match="holds no trace"):
        load_trace(tmp_path / "missing.npz")
    np.savez(tmp_path / "other.npz", x=1)
    with pytest.raises(ConfigError, match="holds no trace"):
        load_trace(tmp_path / "other.npz")
    zeros = np.zeros(2, np.int64)
    with pytest.raises(ConfigError, match="expected \\(2, 1, 1, 2\\)"):
        Trace("x", ("a", "b"), ("t",), ("o",), zeros, zeros, zeros, np.zeros((2, 1, 1, 3)))
