"""Progress of a life as plain lines, as a bar, or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from prosocial.agents.training.config import PhaseConfig, PPOConfig, TrainConfig
from prosocial.agents.training.progress import LifeProgress, Mode, describe

CONFIG = TrainConfig(
    name="test",
    seed=3,
    ppo=PPOConfig(rollout_steps=128),
    phases=(PhaseConfig("a", steps=200), PhaseConfig("b", steps=128)),  # 256 + 128 steps
)


def row(phase: int, steps: int) -> dict:
    figures = {"goals_per_episode": 1.25, "env_return": float("nan"), "internal_return": None}
    return {"phase": "ab"[phase], "phase_index": phase, "phase_steps": steps, **figures}


def test_a_row_is_described_by_what_is_known() -> None:
    assert describe(row(0, 1)) == "goals/episode 1.25"
    assert describe({"social_return": 0.5, "env_return": -1}) == "R_e -1.00, R_s 0.50"
    assert describe({}) == ""


def test_lines(capsys: pytest.CaptureFixture[str]) -> None:
    with LifeProgress(CONFIG, Path("out"), "lines") as progress:
        progress.update(row(0, 128))
        progress.update(row(0, 256))  # too soon for another line
        progress.update(row(1, 128))
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 3
    assert lines[0] == "test/default seed 3: a, 128/384 steps (33%), goals/episode 1.25"
    assert lines[1].startswith("test/default seed 3: b, 384/384 steps (100%), 0.0 min left, goals")
    assert lines[2] == "test/default seed 3: finished: out"


def test_lines_are_the_default_without_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with LifeProgress(CONFIG, Path("out")) as progress:
        progress.update(row(0, 128))
    assert "128/384 steps" in capsys.readouterr().err


def test_a_finished_run_is_said_to_be(capsys: pytest.CaptureFixture[str]) -> None:
    with LifeProgress(CONFIG, Path("out"), "lines"):
        pass
    assert "already finished, nothing to do: out" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "said"), [(KeyboardInterrupt(), "the same command resumes"), (ValueError(), "")]
)
def test_an_interruption_is_explained_and_errors_are_left_to_speak(
    error: BaseException, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(type(error)), LifeProgress(CONFIG, Path("out"), "lines"):
        raise error
    shown = capsys.readouterr().err
    assert said in shown
    assert bool(said) == bool(shown)


@pytest.mark.parametrize(("mode", "shown"), [("bar", True), ("none", False)])
def test_bar_and_silence(mode: Mode, shown: bool, capsys: pytest.CaptureFixture[str]) -> None:
    with LifeProgress(CONFIG, Path("out"), mode) as progress:
        progress.update(row(0, 128))
        progress.update(row(1, 128))
    error = capsys.readouterr().err
    assert ("goals/episode 1.25" in error) == shown
    assert ("100%" in error) == shown
