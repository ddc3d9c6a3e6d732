"""Traces of posteriors as tables and figures."""

from __future__ import annotations

import numpy as np
import pytest

from prosocial.agents.mind.trace import Trace
from prosocial.analysis.posteriors import (
    mean_posterior,
    posterior_figure,
    read_posteriors,
    write_posteriors,
)
from prosocial.envs.engine import ConfigError


def made(num_hypotheses: int = 3) -> Trace:
    """Returns a trace of two worlds, the first with three moments, the second with two."""
    rng = np.random.default_rng(0)
    posterior = rng.dirichlet(np.ones(num_hypotheses), (5, 2, 2)).astype(np.float32)
    return Trace(
        "commons_harvest",
        tuple(f"h{k}" for k in range(num_hypotheses)),
        ("agent_0", "agent_1"),
        ("agent_0", "agent_1"),
        np.array([0, 0, 0, 1, 1]),
        np.zeros(5, np.int64),
        np.array([0, 1, 2, 0, 1]),
        posterior,
    )


def test_the_table_has_a_row_for_each_probability(tmp_path):
    trace = made()
    table = read_posteriors(trace.save(tmp_path / "t.npz"))
    assert table.height == 5 * 2 * 2 * 3
    row = table.row(by_predicate=None, index=3 * 4 * 2 + 2 * 3 + 4, named=True)  # type: ignore[call-arg]
    assert row == {
        "world": 0, "episode": 0, "t": 2, "observer": "agent_1", "target": "agent_1",
        "hypothesis": "h1", "probability": trace.posterior[2, 1, 1, 1],
    }  # fmt: skip


def test_means_are_over_the_episodes_that_last():
    trace = made()
    steps, mean = mean_posterior(trace, "agent_0", "agent_1")
    assert steps.tolist() == [0, 1, 2]
    posterior = trace.posterior[:, 0, 1]
    np.testing.assert_allclose(mean[0], (posterior[0] + posterior[3]) / 2, rtol=1e-6)
    np.testing.assert_allclose(mean[2], posterior[2], rtol=1e-6)


@pytest.mark.parametrize("num_hypotheses", [2, 8, 20])
def test_figures_are_written_as_pdf_and_png(tmp_path, num_hypotheses):
    paths = write_posteriors(made(num_hypotheses), tmp_path / "seen.norms")
    assert [path.name for path in paths] == [
        "seen.norms.npz", "seen.norms.pdf", "seen.norms.png"
    ]  # fmt: skip
    assert all(path.stat().st_size > 500 for path in paths)


def test_one_episode_one_target(tmp_path):
    first = posterior_figure(
        made(), tmp_path, "a", observer="agent_1", targets=("agent_1",), world=0, episode=0
    )
    again = posterior_figure(
        made(), tmp_path, "b", observer="agent_1", targets=("agent_1",), world=0, episode=0
    )
    assert first[0].read_bytes() == again[0].read_bytes()
    other = posterior_figure(
        made(), tmp_path, "c", observer="agent_1", targets=("agent_1",), world=1, episode=0
    )
    assert other[0].read_bytes() != first[0].read_bytes()


def test_what_is_not_there_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="nothing of world 7"):
        posterior_figure(made(), tmp_path, world=7)
    with pytest.raises(ConfigError, match="no observer 'x'"):
        posterior_figure(made(), tmp_path, observer="x")
    with pytest.raises(ConfigError, match="no target 'x'"):
        posterior_figure(made(), tmp_path, targets=("x",))
