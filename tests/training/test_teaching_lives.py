"""Lives under a teaching caregiver, with either internal reward, whole and interrupted."""

import numpy as np
import pytest

from prosocial.agents.internal_reward.bayesian import BayesianReward
from prosocial.agents.internal_reward.config import ISRConfig
from prosocial.agents.internal_reward.continual_bayesian import loaded
from prosocial.agents.internal_reward.data import ExperienceError
from prosocial.agents.training.config import EvaluationConfig, PhaseConfig, PPOConfig, TrainConfig
from prosocial.agents.training.internalization import below
from prosocial.agents.training.life_course import LifeCourse
from prosocial.agents.training.run_folder import read_checkpoint, read_experience, read_table
from prosocial.envs.engine.errors import ConfigError
from prosocial.envs.social.config import CaregiverConfig

# So uncertain a caregiver looks away now and then from the beginning.
TEACHING = {"tolerance": 0.0, "doubt": 1.0}
CONTINUAL = PhaseConfig(
    "socialization", 600, collect=True, fit_isr="continual", internal_reward=True
)
ALONE = PhaseConfig(
    "autonomy",
    300,
    caregiver={"schedule": "never", "teaching": None},
    internal_reward=True,
    fit_isr="offline",
)


class InterruptedLifeError(Exception):
    """Stands for a killed process."""


def make_config(model: str, *phases: PhaseConfig) -> TrainConfig:
    isr = ISRConfig(model=model, max_updates=20, updates_per_iteration=10)  # pyright: ignore
    return TrainConfig(
        seed=2,
        ppo=PPOConfig(num_worlds=5, rollout_steps=150, minibatch_size=50, num_epochs=2),
        isr=isr,
        caregiver=CaregiverConfig(teaching=TEACHING),
        evaluation=EvaluationConfig(episodes=4),
        checkpoint_every=1,
        phases=phases or (CONTINUAL, ALONE),
    )


def live_in_pieces(config, folder, stops):
    for stop in stops:

        def interrupt(row, stop=stop):
            if row["iteration"] == stop:
                raise InterruptedLifeError

        with pytest.raises(InterruptedLifeError):
            LifeCourse(config, folder).run(interrupt)
    LifeCourse(config, folder).run()


@pytest.mark.parametrize("model", ["regression", "bayesian"])
def test_an_interrupted_life_ends_with_the_same_numbers(tmp_path, model):
    config = make_config(model)
    LifeCourse(config, tmp_path / "whole").run()
    live_in_pieces(config, tmp_path / "pieces", stops=(2, 3, 5))
    whole, pieces = (read_checkpoint(tmp_path / name) for name in ("whole", "pieces"))
    assert sorted(whole.tensors) == sorted(pieces.tensors)
    for name, tensor in whole.tensors.items():
        assert np.array_equal(tensor, pieces.tensors[name]), name
    for name in ("metrics", "episodes", "evaluations"):
        tables = [read_table(tmp_path / f, name) for f in ("whole", "pieces")]
        first, second = (t.drop("seconds") if name == "metrics" else t for t in tables)
        assert first.equals(second), name
    goals = read_table(tmp_path / "whole", "episodes")["goal"].sum()
    assert goals > 0
    kept = [*read_experience(tmp_path / "whole", whole)]
    told = np.concatenate([chunk["social_rewards"] for chunk in kept])
    assert 300 < len(told) < 600  # it looked away in some steps, which left no experience
    model_kept = loaded(below("isr/", whole.tensors), config.isr)
    assert isinstance(model_kept, BayesianReward) == (model == "bayesian")


def test_what_was_inferred_is_the_internal_reward_of_the_autonomy(tmp_path):
    config = make_config("bayesian")
    LifeCourse(config, tmp_path).run()
    model = loaded(below("isr/", read_checkpoint(tmp_path).tensors), config.isr)
    assert isinstance(model, BayesianReward)
    assert model.explain()["goal"][1] == pytest.approx(0.4, abs=0.02)
    assert "inferred values: goal +0.4" in (tmp_path / "log.txt").read_text()
    episodes = read_table(tmp_path, "episodes")
    alone = episodes.filter(episodes["phase"] == "autonomy")
    paid = alone["internal_return"].to_numpy()
    assert alone["goal"].sum() > 0
    assert alone["social_return"].sum() == 0
    np.testing.assert_allclose(paid, 0.4 * alone["goal"].to_numpy(), atol=0.03)


def test_evaluations_are_made_under_the_constant_caregiver(tmp_path):
    LifeCourse(make_config("regression", PhaseConfig("socialization", 150)), tmp_path).run()
    table = read_table(tmp_path, "evaluations")
    np.testing.assert_allclose(table["social_return"], 0.4 * table["goals"], rtol=1e-5)


def test_a_caregiver_that_cannot_teach_there_is_refused_before_any_training(tmp_path):
    config = make_config("regression").replace(world="fishery")
    with pytest.raises(ConfigError, match="cannot tell what a learner"):
        LifeCourse(config, tmp_path)


def test_events_that_the_world_does_not_have_are_refused_by_name(tmp_path):
    config = make_config("bayesian")
    config = config.replace(isr=config.isr.replace(events=("apple",)))
    with pytest.raises(ExperienceError, match=r"isr\.events names apple; the events of these"):
        LifeCourse(config, tmp_path).run()
