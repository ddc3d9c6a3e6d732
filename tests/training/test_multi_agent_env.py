import itertools
from typing import Any

import numpy as np
import pytest
import ray
from ray.rllib.algorithms.ppo import PPOConfig
from ray.rllib.core.rl_module.rl_module import RLModuleSpec
from ray.rllib.env.multi_agent_env import MultiAgentEnv

import prosocial
from prosocial.agents.training.module import ActorCriticModule
from prosocial.agents.training.multi_agent_env import SocialMultiAgentEnv
from prosocial.agents.training.remote_sampler import start_local_cluster
from prosocial.envs.engine.errors import ConfigError

OPTIONS = {"world": "caregiver_grid", "caregiver": "default", "num_walls": 2}


def test_it_is_the_world_with_the_caregivers_reward():
    env = SocialMultiAgentEnv(OPTIONS)
    batch = prosocial.make_batch("caregiver_grid", 1, seed=6, caregiver="default", num_walls=2)
    assert isinstance(env, MultiAgentEnv)
    assert env.possible_agents == ["learner"]
    observations, _ = env.reset(seed=6)
    assert np.array_equal(observations["learner"], batch.reset()[0, 0])
    assert env.get_observation_space("learner").contains(observations["learner"])
    rng = np.random.default_rng(0)
    for step in range(1, 21):
        action = int(rng.integers(0, 3))
        observations, rewards, terminations, truncations, infos = env.step({"learner": action})
        batch.step([[action]])
        assert rewards["learner"] == pytest.approx(
            batch.rewards.item() + batch.social_rewards.item()
        )
        assert infos["learner"]["env_reward"] == pytest.approx(batch.rewards.item())
        assert terminations == {"learner": False, "__all__": False}
        assert truncations == {"learner": step == 20, "__all__": step == 20}


def test_the_reward_can_be_the_environments_alone():
    env = SocialMultiAgentEnv({**OPTIONS, "reward": "env"})
    env.reset(seed=1)
    assert env.step({"learner": 2})[1]["learner"] in (0.0, pytest.approx(-0.045))


def test_unknown_worlds_are_refused():
    with pytest.raises(ConfigError, match="caregiver_grid"):
        SocialMultiAgentEnv({"world": "caregiver_gird"})


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_stock_ppo_trains_on_it():
    start_local_cluster(1)
    config = (
        PPOConfig()
        .environment(SocialMultiAgentEnv, env_config=OPTIONS)
        .multi_agent(policies={"shared"}, policy_mapping_fn=lambda *_, **__: "shared")
        .rl_module(rl_module_spec=RLModuleSpec(module_class=ActorCriticModule))
        .env_runners(num_env_runners=0, num_envs_per_env_runner=4)
        .training(train_batch_size_per_learner=200, minibatch_size=100, num_epochs=1)
    )
    algorithm: Any = config.build_algo()
    try:
        weights = [algorithm.get_module("shared").get_state()]
        for _ in range(2):
            result = algorithm.train()
            weights.append(algorithm.get_module("shared").get_state())
        assert result["num_env_steps_sampled_lifetime"] >= 400
        assert np.isfinite(result["learners"]["shared"]["total_loss"])
        assert -0.9 <= result["env_runners"]["episode_return_mean"] <= 8
        for before, after in itertools.pairwise(weights):
            assert any(not np.array_equal(before[n], after[n]) for n in before)
    finally:
        algorithm.stop()
        ray.shutdown()
