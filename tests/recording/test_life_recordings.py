"""Evaluations, those of a training run included, leave recordings; no result depends on them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from prosocial.agents.mind.config import MindConfig
from prosocial.agents.policies import GridActorCritic, evaluate
from prosocial.agents.recording import RECORDINGS, Recorder, Recording, load_recording, resimulate
from prosocial.agents.training.config import (
    EvaluationConfig,
    PhaseConfig,
    PolicyConfig,
    PPOConfig,
    TrainConfig,
)
from prosocial.agents.training.life_course import LifeCourse
from prosocial.agents.training.ownership import OPERATIONAL, is_same_run
from prosocial.agents.training.run_folder import read_checkpoint, read_config, read_table
from prosocial.envs.engine import Batch, build
from prosocial.envs.engine.errors import ConfigError
from prosocial.envs.social import make_caregiver

SOCIAL = PhaseConfig("socialization", steps=64)
ALONE = PhaseConfig("alone", steps=64, caregiver={"schedule": "never"})


class StoppedError(Exception):
    pass


def make_config(**changes: Any) -> TrainConfig:
    defaults = {
        "ppo": PPOConfig(num_worlds=4, rollout_steps=64, minibatch_size=32, num_epochs=1),
        "evaluation": EvaluationConfig(episodes=5),
        "phases": (SOCIAL, ALONE),
        "condition": "alone",
        "seed": 3,
    }
    return TrainConfig(**{**defaults, **changes})


def recordings(folder: Path) -> dict[str, Recording]:
    return {path.stem: load_recording(path) for path in sorted((folder / RECORDINGS).iterdir())}


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a finished life of two phases."""
    folder = tmp_path_factory.mktemp("life")
    LifeCourse(make_config(), folder).run()
    return folder


def test_each_evaluation_leaves_a_recording(life: Path) -> None:
    found = recordings(life)
    assert list(found) == [
        "0000000064-socialization-training_world",
        "0000000128-alone-training_world",
    ]
    rows = read_table(life, "evaluations")
    for recording, phase, steps in zip(
        found.values(), ("socialization", "alone"), (64, 128), strict=True
    ):
        assert len(recording.episodes) == 2
        assert recording.labels == ("learner",)
        told = {k: recording.source[k] for k in ("name", "condition", "phase", "env_steps")}
        assert told == {"name": "life", "condition": "alone", "phase": phase, "env_steps": steps}
        table = rows.filter(rows["phase"] == phase)
        for number, episode in enumerate(recording.episodes):
            returns = episode.rewards.sum(dtype=float), episode.social.sum(dtype=float)
            expected = table.row(number, named=True)
            assert returns == pytest.approx((expected["env_return"], expected["social_return"]))
            assert episode.length == expected["length"]
            assert episode.present.all()  # evaluations are under the true reward
            resimulate(recording, number)


def test_the_same_life_leaves_the_same_bytes(life: Path, tmp_path: Path) -> None:
    LifeCourse(make_config(), tmp_path).run()
    for path in (life / RECORDINGS).iterdir():
        assert path.read_bytes() == (tmp_path / RECORDINGS / path.name).read_bytes()


def test_no_result_depends_on_them(life: Path, tmp_path: Path) -> None:
    LifeCourse(make_config(evaluation=EvaluationConfig(5, recorded_episodes=0)), tmp_path).run()
    assert not (tmp_path / RECORDINGS).exists()
    for name in ("episodes", "evaluations"):
        assert read_table(life, name).equals(read_table(tmp_path, name))
    first, second = (read_checkpoint(folder).tensors for folder in (life, tmp_path))
    assert all(np.array_equal(first[name], second[name]) for name in first)


def test_as_many_episodes_as_there_are(tmp_path: Path) -> None:
    options = EvaluationConfig(3, recorded_episodes=9)
    LifeCourse(make_config(evaluation=options, phases=(SOCIAL,)), tmp_path).run()
    (recording,) = recordings(tmp_path).values()
    assert len(recording.episodes) == 3


def test_the_mind_of_the_learners_is_recorded(tmp_path: Path) -> None:
    options = EvaluationConfig(6, recorded_episodes=5)  # more than traces keep otherwise
    config = make_config(
        world="helping_grid", world_config={"max_steps": 15}, mind=MindConfig("goals"),
        policy=PolicyConfig("cell_embedding"), evaluation=options, phases=(SOCIAL,),
    )  # fmt: skip
    LifeCourse(config, tmp_path).run()
    (recording,) = recordings(tmp_path).values()
    assert len(recording.episodes) == 5
    for number, episode in enumerate(recording.episodes):
        assert episode.posteriors is not None
        assert episode.posteriors.observers == ("learner",)
        assert np.allclose(episode.posteriors.probabilities.sum(-1), 1)
        resimulate(recording, number)


def without_the_key(folder: Path) -> None:
    """Makes config.yaml what an earlier version wrote."""
    path = folder / "config.yaml"
    values = yaml.safe_load(path.read_text())
    del values["evaluation"]["recorded_episodes"]
    path.write_text(yaml.safe_dump(values, sort_keys=False))


@pytest.mark.parametrize("recorded", [2, 0, 4])
def test_a_run_of_an_earlier_version_is_read_and_resumed(
    life: Path, tmp_path: Path, recorded: int
) -> None:
    config = make_config(checkpoint_every=1)

    def stop(row: dict[str, Any]) -> None:
        if row["phase"] == "alone":
            raise StoppedError

    with pytest.raises(StoppedError):
        LifeCourse(config, tmp_path).run(stop)
    without_the_key(tmp_path)
    assert read_config(tmp_path).evaluation.recorded_episodes == 2  # the default
    options = config.evaluation.replace(recorded_episodes=recorded)
    assert is_same_run(tmp_path, config.replace(evaluation=options))
    LifeCourse(config.replace(evaluation=options), tmp_path).run()
    for name in ("episodes", "evaluations"):
        assert read_table(life, name).equals(read_table(tmp_path, name))


def test_the_key_decides_over_no_result() -> None:
    assert "evaluation.recorded_episodes" in OPERATIONAL
    with pytest.raises(ConfigError, match=r"recorded_episodes is -1; expected an integer >= 0"):
        EvaluationConfig(recorded_episodes=-1)


def test_evaluate_records_what_it_reports() -> None:
    world = build("caregiver_grid", max_steps=7)
    policy = GridActorCritic(world.observation_shape, 3, scale_observations=True, seed=0)
    made = []
    recorder = Recorder(max_worlds=2)
    for given in (recorder, None):
        batch = Batch(world, 3, seed=1, caregiver=make_caregiver("default", world))
        made.append(evaluate(policy, batch, 6, greedy=False, recorder=given))
    assert made[0] == made[1]
    recording = recorder.recording()
    # Two episodes of each of the two worlds, ordered as the rows are: by episode, then world.
    for row, episode in zip((0, 1, 3, 4), recording.episodes, strict=True):
        assert episode.rewards.sum(dtype=float) == pytest.approx(made[0][row]["env_return"])
