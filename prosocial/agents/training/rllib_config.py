"""The life course's configuration in RLlib's terms."""

from __future__ import annotations

import logging
import math
from typing import Any

import gymnasium as gym
import numpy as np
from ray.rllib.algorithms.ppo import PPOConfig as RLlibPPOConfig
from ray.rllib.core.rl_module.multi_rl_module import MultiRLModuleSpec
from ray.rllib.core.rl_module.rl_module import RLModuleSpec

from prosocial.agents.mind.config import make_mind
from prosocial.envs.engine.world import World

from .config import TrainConfig
from .module import ActorCriticModule
from .world_setup import derived_seed

LEARNER = "learner"  # id of the one module, shared by all agents of a world
_NETWORK_SEED = 1  # purpose of the derived seed


def spaces(world: World, num_features: int = 0) -> tuple[gym.spaces.Box, gym.spaces.Discrete]:
    """Returns the space of what each agent's policy sees, and the action space.

    Args:
        world: The world.
        num_features: Features of a mind, >= 0; with some, observation and features are one row.
    """
    shape = world.observation_shape
    if num_features:
        shape = (math.prod(shape) + num_features,)
    return gym.spaces.Box(0, 255, shape, np.uint8), gym.spaces.Discrete(world.num_actions)


def policy_settings(config: TrainConfig, world: World) -> dict[str, Any]:
    """Returns what ``prosocial.agents.policies.build_policy`` takes."""
    settings: dict[str, Any] = {
        "network": config.policy.network,
        "observation_shape": list(world.observation_shape),
        "num_actions": world.num_actions,
    }
    if config.mind is not None:
        settings["num_features"] = make_mind(world, config.mind).num_features
    if config.policy.network == "cell_embedding":
        return {**settings, "observation_codes": world.observation_codes}
    return {**settings, "scale_observations": config.policy.scale_observations}


def module_spec(config: TrainConfig, world: World) -> MultiRLModuleSpec:
    """Returns the specification of the policy module with its seeded initial weights."""
    policy = policy_settings(config, world)
    observation_space, action_space = spaces(world, policy.get("num_features", 0))
    settings = {"policy": policy, "seed": derived_seed(config.seed, _NETWORK_SEED)}
    spec = RLModuleSpec(
        module_class=ActorCriticModule,
        observation_space=observation_space,
        action_space=action_space,
        model_config=settings,
    )
    return MultiRLModuleSpec(rl_module_specs={LEARNER: spec})


def algorithm_config(config: TrainConfig, world: World) -> RLlibPPOConfig:
    """Returns RLlib's configuration of runners and learner.

    No seed is given to RLlib, which would seed global generators with it; everything random here is
    addressed.
    """
    from .runner import BatchEnvRunner

    # RLlib warns of a deprecated argument that it passes itself.
    logging.getLogger("ray._common.deprecation").setLevel(logging.ERROR)
    ppo = config.ppo
    modules = module_spec(config, world)
    specs: Any = modules.rl_module_specs
    learner = specs[LEARNER]
    settings = RLlibPPOConfig()
    settings.environment(
        observation_space=learner.observation_space,
        action_space=learner.action_space,
        env_config={"num_worlds": ppo.num_worlds, "rollout_steps": ppo.rollout_steps},
    )
    settings.multi_agent(policies={LEARNER}, policy_mapping_fn=lambda *_, **__: LEARNER)
    settings.rl_module(rl_module_spec=modules)
    settings.env_runners(
        env_runner_cls=BatchEnvRunner,
        num_env_runners=config.num_env_runners,
        create_local_env_runner=config.num_env_runners == 0,
    )
    settings.fault_tolerance(
        restart_failed_env_runners=True,
        env_runner_health_probe_timeout_s=60,
    )
    settings.learners(
        num_learners=0,
        num_gpus_per_learner=int(config.device == "cuda"),
        learner_config_dict={
            "adam_eps": ppo.adam_eps,
            "normalize_advantages": ppo.normalize_advantages,
        },
    )
    settings.training(
        lr=ppo.learning_rate,
        train_batch_size_per_learner=ppo.rollout_steps,
        minibatch_size=ppo.minibatch_size,
        num_epochs=ppo.num_epochs,
        gamma=ppo.gamma,
        lambda_=ppo.gae_lambda,
        clip_param=ppo.clip_range,
        vf_clip_param=float("inf"),
        vf_loss_coeff=ppo.value_coef,
        entropy_coeff=ppo.entropy_coef,
        use_kl_loss=False,
        grad_clip=ppo.max_grad_norm,
        grad_clip_by="global_norm",
    )
    # RLlib would look for NaN in every gradient of every minibatch; the driver checks the losses.
    settings.torch_skip_nan_gradients = True
    settings.debugging(log_level="ERROR")
    return settings
