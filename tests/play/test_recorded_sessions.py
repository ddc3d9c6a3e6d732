"""From a session with a caregiver to a life without one: `prosocial train caregiver=recorded:`."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from people import be_caregiver, study

from prosocial.agents.internal_reward.audit import audit
from prosocial.agents.internal_reward.continual_bayesian import loaded
from prosocial.agents.training.internalization import below
from prosocial.agents.training.run_folder import read_checkpoint, read_config, read_table
from prosocial.envs.engine import ConfigError, build
from prosocial.play.learning.experience import read_sessions
from prosocial.play.session.errors import LogError
from prosocial.play.session.export import export_session
from prosocial.play.session.log import LOG_NAME
from prosocial.runs import cli

ROOM = ("world_config.size=5", "world_config.num_walls=0")
QUICK = ("ppo=fast", "ppo.learning_rate=1e-3", "ppo.rollout_steps=1024")


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a session in which a scripted person praised each goal."""
    folder = tmp_path_factory.mktemp("play") / "session"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("os.fsync", lambda file: None)
        be_caregiver(study(seed=1), folder, 1600)
    return folder


def train(*arguments: str) -> int:
    return cli.main(["train", *arguments, *ROOM])


def test_a_life_goes_on_with_what_the_person_approved_of(session, tmp_path):
    copied = shutil.copytree(session, tmp_path / "session")
    run = tmp_path / "run"
    arguments = (f"caregiver=recorded:{copied}", *QUICK, "phases.autonomy.steps=12000",
                 f"hydra.run.dir={run}")  # fmt: skip
    assert train(*arguments) == 0
    config, found = read_config(run), read_checkpoint(run)
    # Every state and action of the room: it approves of the goal and of nothing else.
    model = loaded(below("isr/", found.tensors), config.isr.replace(observation_codes=256))
    table = audit(model, build("caregiver_grid", size=5, num_walls=0))
    assert (table.true_positives, table.false_negatives) == (24, 0)
    assert table.false_positives == 0
    assert table.largest_unapproved < config.isr.accept_above < table.smallest_approved
    # And the learner reaches goals, although nobody is there and R_s is 0 throughout.
    metrics = read_table(run, "metrics")
    assert set(metrics["social_return"]) == {0.0}
    goals = metrics["goals_per_episode"].to_list()
    assert np.mean(goals[-2:]) > 4 * goals[0]
    evaluated = read_table(run, "evaluations")
    assert evaluated.select(pl.col("goals").mean()).item() > 2
    (source,) = json.loads((run / "provenance.json").read_text())["recorded"]
    (read,) = read_sessions([str(session)])
    assert source["sha256"] == read.sha256
    assert source["path"] == str(copied)
    assert source["transitions"] == 1600
    # The same command has nothing left to do, even if the session is gone.
    shutil.rmtree(copied)
    assert train(*arguments) == 0


def test_the_feedback_is_the_person_s_alone(tmp_path):
    scripted = {"norms": {"reach_goal": 0.25}}
    be_caregiver(study(caregiver=scripted, learning=False), tmp_path, 100)
    (read,) = read_sessions([str(tmp_path)])
    assert read.recording.norm_names == ("reach_goal", "person")
    assert (read.norms, read.agents) == (("person",), (0,))


def test_a_log_a_folder_and_several_sessions_can_be_given(session, tmp_path):
    export_session(session)
    folder, log, recording = read_sessions(
        [str(session), str(session / LOG_NAME), str(session / "recording.npz")]
    )
    assert folder.sha256 == log.sha256 != recording.sha256
    assert len(folder.recording.episodes) == len(recording.recording.episodes) == 80
    run = tmp_path / "run"
    assert train(f"caregiver=recorded:{session},{session / LOG_NAME}", "isr.max_updates=5",
                 "phases.autonomy.steps=1", *QUICK, "evaluation.episodes=1",
                 f"hydra.run.dir={run}") == 0  # fmt: skip
    assert "fitted the ISR to 2880 transitions" in (run / "log.txt").read_text()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("gone", "There is no session at"),
        ("empty", "no step at which somebody was the caregiver"),
        ("silent", "no praise or blame in"),
        ("agent", "Nobody was the caregiver in"),
    ],
)
def test_what_cannot_be_learned_from_is_named(tmp_path, capsys, change, message):
    folder = tmp_path / "session"
    if change == "empty":
        be_caregiver(study(learning=False), folder, 0)
    elif change == "silent":
        be_caregiver(study(learning=False), folder, 45, silent=True)
    elif change == "agent":
        from prosocial.play.session.session import Session

        Session(study(seat="agent", learning=False, pace=0), folder=folder).close()
    run = tmp_path / "run"
    assert train(f"caregiver=recorded:{folder}", f"hydra.run.dir={run}") == 1
    assert message in capsys.readouterr().err
    assert not (run / "config.yaml").exists()


def test_another_world_and_other_observations_are_named(session, capsys, tmp_path):
    recorded = f"caregiver=recorded:{session}"
    run = f"hydra.run.dir={tmp_path / 'run'}"
    assert cli.main(["train", recorded, run]) == 1
    assert (
        "Give the options that it was played with: world_config.size=5" in capsys.readouterr().err
    )
    assert cli.main(["train", recorded, "world=helping_grid", run]) == 1
    assert "Give world=caregiver_grid" in capsys.readouterr().err


def test_a_session_of_another_version_of_the_world_is_refused(session, tmp_path, monkeypatch):
    import dataclasses

    from prosocial.envs.engine import registry

    real = registry.build

    def newer(name, **options):
        return dataclasses.replace(real(name, **options), version=99)

    monkeypatch.setattr("prosocial.play.config.build", newer)
    with pytest.raises(LogError, match=r"version 0 .*here it is version 99"):
        read_sessions([str(session)])


def test_damaged_logs_and_no_logs_are_errors(session, tmp_path):
    text = (session / LOG_NAME).read_bytes()
    (tmp_path / LOG_NAME).write_bytes(text.replace(b'"praise"', b'"blame"', 1))
    with pytest.raises(LogError, match="damaged in line"):
        read_sessions([str(tmp_path)])
    (tmp_path / "other").mkdir()
    with pytest.raises(LogError, match="There is no session at"):
        read_sessions([str(tmp_path / "other")])
    with pytest.raises(ConfigError, match="There is no session at"):
        read_sessions([str(tmp_path / "nowhere")])
