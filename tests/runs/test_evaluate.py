"""`prosocial evaluate`: a trained policy in its own and in other worlds."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from prosocial.agents.training import checkpoint
from prosocial.agents.training.run_folder import read_checkpoint, read_table
from prosocial.runs import cli
from prosocial.runs.evaluate import evaluate_run, load_policy, parse_overrides


def test_rows_are_episodes_under_the_true_reward(run: Path) -> None:
    rows = evaluate_run(run, overrides={"num_walls": 0}, episodes=3, greedy=False)
    assert rows.height == 3
    assert rows["length"].to_list() == [20, 20, 20]
    assert rows["social_return"].to_list() == pytest.approx((0.4 * rows["goal"]).to_list())
    # Every FORWARD costs 0.045 except the one that enters the goal.
    cost = -0.045 * (rows["forward"] - rows["goal"])
    assert rows["env_return"].to_list() == pytest.approx(cost.to_list(), abs=1e-6)
    assert rows["return"].to_list() == pytest.approx(
        (rows["env_return"] + rows["social_return"]).to_list()
    )


def test_the_seed_decides(run: Path) -> None:
    first, again, other = (evaluate_run(run, episodes=5, greedy=False, seed=s) for s in (1, 1, 2))
    assert first.equals(again)
    assert not first.equals(other)


def test_the_policy_is_that_of_the_checkpoint(run: Path) -> None:
    found = read_checkpoint(run)
    policy = load_policy(found)
    for name, tensor in policy.state_dict().items():
        assert (tensor.numpy() == found.tensors[f"policy/{name}"]).all()


def test_a_table_is_printed_and_the_episodes_written(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "new" / "x.parquet"
    arguments = ["evaluate", str(run), "layout=x", "--episodes", "4", "--out", str(out)]
    assert cli.main(arguments) == 0
    text = capsys.readouterr().out
    assert "4 episodes" in text
    assert any(line.startswith("goal ") for line in text.splitlines())
    assert pl.read_parquet(out).equals(evaluate_run(run, overrides={"layout": "x"}, episodes=4))


def test_an_earlier_checkpoint_can_be_chosen(run: Path) -> None:
    earlier = checkpoint.paths(run / "checkpoints")[0]
    chosen = evaluate_run(run, checkpoint=earlier, episodes=20, greedy=False)
    assert not chosen.equals(evaluate_run(run, episodes=20, greedy=False))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere"], "is this a run folder"),
        (["RUN", "layoutt=x"], "no option 'layoutt'. Did you mean 'layout'"),
        (["RUN", "layout"], "'layout' is no option of a world; expected key=value"),
        (["RUN", "--world", "helping_grid"], "sees (9, 9, 4)"),
        (["RUN", "--world", "helping"], "no world named 'helping'"),
        (["RUN", "--episodes", "0"], "0"),
    ],
)
def test_errors(
    run: Path, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    given = [str(run) if argument == "RUN" else argument for argument in arguments]
    assert cli.main(["evaluate", *given]) == 1
    assert message in capsys.readouterr().err


def test_overrides_are_yaml() -> None:
    given = ["num_walls=5", "layout=x", "allow_unreachable=true", "view=null"]
    expected = {"num_walls": 5, "layout": "x", "allow_unreachable": True, "view": None}
    assert parse_overrides(given) == expected


def test_ray_is_not_needed(run: Path) -> None:
    code = (
        "import sys; sys.modules['ray'] = None; from prosocial.runs.cli import main;"
        f"sys.exit(main(['evaluate', {str(run)!r}, '--episodes', '2']))"
    )
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)


def test_training_recorded_the_same_evaluation_columns(run: Path) -> None:
    recorded = read_table(run, "evaluations")
    assert {"episode", "env_return", "social_return", "return", "goals"} <= set(recorded.columns)
