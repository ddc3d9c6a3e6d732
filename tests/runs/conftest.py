"""A tiny run, trained once for all tests of the commands."""

from __future__ import annotations

from pathlib import Path

import pytest

from prosocial.runs import cli

TINY = (
    "ppo.num_worlds=4",
    "ppo.rollout_steps=64",
    "ppo.num_epochs=1",
    "ppo.learning_rate=0.01",
    "phases.socialization.steps=128",
    "phases.autonomy.steps=64",
    "isr.max_updates=20",
    "evaluation.episodes=2",
)


@pytest.fixture(scope="session")
def tiny() -> tuple[str, ...]:
    """Overrides that make the default experiment last three iterations."""
    return TINY


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a finished tiny run."""
    folder = tmp_path_factory.mktemp("outputs") / "run"
    assert cli.main(["train", *TINY, f"hydra.run.dir={folder}"]) == 0
    return folder
