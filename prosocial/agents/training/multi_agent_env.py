"""The worlds as an RLlib ``MultiAgentEnv``, for RLlib's own runners and algorithms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gymnasium as gym
import numpy as np
from ray.rllib.env.multi_agent_env import MultiAgentEnv

import prosocial


class SocialMultiAgentEnv(MultiAgentEnv):
    """A world of ``prosocial.make`` as RLlib knows environments.

    The reward of an agent is R_e + P R_s, or R_e alone with ``reward="env"``; the terms are in its
    info. For training speed prefer the life course, which steps whole batches.

    Example:
        >>> config = PPOConfig().environment(
        ...     SocialMultiAgentEnv, env_config={"world": "caregiver_grid", "caregiver": "default"}
        ... )

    Args:
        config: ``world``: a registered name. The rest are the other arguments of
            ``prosocial.make``: ``caregiver``, ``reward``, ``render_mode`` and fields of the world's
            configuration.

    Raises:
        ConfigError: A name or value is unknown or out of its range.
    """

    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__()
        options = dict(config)
        self._env: Any = prosocial.make(options.pop("world"), **options)
        self.render_mode = self._env.render_mode
        self.possible_agents = list(self._env.possible_agents)
        self.agents = list(self.possible_agents)
        agents = self.possible_agents
        observed: Any = {agent: self._env.observation_space(agent) for agent in agents}
        acted: Any = {agent: self._env.action_space(agent) for agent in agents}
        self.observation_spaces, self.action_spaces = observed, acted
        self.observation_space = gym.spaces.Dict(observed)
        self.action_space = gym.spaces.Dict(acted)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """Begins an episode; returns observations and infos by agent."""
        return self._env.reset(seed=seed, options=options)

    def step(self, action_dict: dict[str, Any]) -> tuple[dict[str, Any], ...]:
        """Steps all agents; returns observations, rewards, terminations, truncations and infos.

        Terminations and truncations also have the key ``__all__``.
        """
        observations, rewards, terminations, truncations, infos = self._env.step(action_dict)
        ends = [{**flags, "__all__": all(flags.values())} for flags in (terminations, truncations)]
        return observations, rewards, *ends, infos

    def render(self) -> Any:
        """Returns the picture that ``render_mode`` asks for."""
        return self._env.render()

    def close(self) -> None:
        """Closes the window, if there is one."""
        self._env.close()
