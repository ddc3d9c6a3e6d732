"""`prosocial evaluate --mind`: a mind follows the episodes; its trace and figure are written."""

from __future__ import annotations

from pathlib import Path

import pytest

from prosocial.agents.mind.trace import load_trace
from prosocial.analysis.posteriors import read_posteriors
from prosocial.runs import cli
from prosocial.runs.evaluate import evaluate_run


def test_partners_in_a_scenario(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = tmp_path / "rows.parquet"
    given = ["--scenario", "fishery_2", "--focal", "greedy_demand", "--episodes", "3"]
    assert cli.main(["evaluate", *given, "--mind", "norms", "--out", str(rows)]) == 0
    assert "posteriors over time" in capsys.readouterr().out
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"rows.parquet", "rows.norms.npz", "rows.norms.pdf", "rows.norms.png"}
    trace = load_trace(tmp_path / "rows.norms.npz")
    assert trace.observers == ("shared",)
    assert sorted(set(trace.world.tolist())) == [0, 1, 2]
    last = trace.posterior[trace.t == 1, 0]
    assert (last[:, 0, trace.names.index("greedy")] > 0.6).all()
    assert (last[:, 1:, trace.names.index("sustainable")] > 0.3).all()
    table = read_posteriors(tmp_path / "rows.norms.npz")
    assert set(table["target"]) == {f"agent_{k}" for k in range(5)}


def test_a_policy_of_a_run(run: Path, tmp_path: Path) -> None:
    plain = evaluate_run(run, episodes=5)
    followed = evaluate_run(run, episodes=5, mind="values", posteriors=tmp_path / "seen")
    assert plain.equals(followed)  # watching changes nothing
    trace = load_trace(tmp_path / "seen.npz")
    assert trace.targets == trace.observers == ("learner",)
    assert {path.suffix for path in tmp_path.iterdir()} == {".npz", ".pdf", ".png"}
    assert set(trace.episode.tolist()) == {0}


def test_errors(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["evaluate", str(run), "--mind", "gaols"]) == 1
    assert "no hypotheses of kind 'gaols'. Did you mean 'goals'" in capsys.readouterr().err
    given = ["--scenario", "fishery_2", "--focal", "greedy_demand", "--mind", "norms"]
    assert cli.main(["evaluate", *given]) == 1
    assert "--mind needs a place for what it writes" in capsys.readouterr().err
