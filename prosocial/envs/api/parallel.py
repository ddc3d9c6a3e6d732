"""A world as a PettingZoo ``ParallelEnv``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gymnasium
import numpy as np
from pettingzoo import ParallelEnv

from prosocial.envs.engine import (
    ActionError,
    ConfigError,
    ResetNeededError,
    SocialChannel,
    World,
    nearest,
)

from .single import RENDER_FPS, RENDER_MODES, SingleWorld

STATE_CHANNELS = 4  # code of the cell, number of the agent there (from 1), its heading, its load


class WorldParallelEnv(ParallelEnv):
    """A world with its agents acting at once; all of them stay until the episode ends.

    The scalar reward is R_e + P R_s, or R_e alone with ``reward="env"``. ``infos[agent]`` has
    ``env_reward`` (R_e), ``social_reward`` (R_s), ``social_rewards`` (R_s by norm),
    ``caregiver_present`` (P) and the events by name.

    Args:
        world: The configured world, see ``prosocial.make`` for the usual way to get one.
        render_mode: None, "rgb_array", "human" or "ansi".
        caregiver: Gives the social rewards, or None.
        reward: "social" or "env".

    Raises:
        ConfigError: ``render_mode`` or ``reward`` is unknown.
    """

    def __init__(
        self,
        world: World,
        *,
        render_mode: str | None = None,
        caregiver: SocialChannel | None = None,
        reward: str = "social",
    ) -> None:
        self._single = SingleWorld(world, render_mode, caregiver, reward)
        self.world = world
        self.render_mode = render_mode
        self.metadata = {
            "name": f"{world.name}_v{world.version}",
            "render_modes": list(RENDER_MODES),
            "render_fps": RENDER_FPS,
            "is_parallelizable": True,
        }
        self.possible_agents = list(world.agents)
        self.agents: list[str] = []
        box = gymnasium.spaces.Box(0, 255, world.observation_shape, np.uint8)
        discrete = gymnasium.spaces.Discrete(world.num_actions)
        self.observation_spaces = {agent: box for agent in self.possible_agents}
        self.action_spaces = {
            agent: gymnasium.spaces.Discrete(int(discrete.n)) for agent in self.possible_agents
        }
        scene = world.scene(np.zeros((), world.state_dtype)[()])
        shape = (*scene.cells.shape, STATE_CHANNELS + len(scene.item_names))
        self.state_space = gymnasium.spaces.Box(0, 255, shape, np.uint8)

    def observation_space(self, agent: str) -> gymnasium.spaces.Space:
        """Returns the space of an agent's observations, the same object every time."""
        return self.observation_spaces[self._known(agent)]

    def action_space(self, agent: str) -> gymnasium.spaces.Space:
        """Returns the space of an agent's actions, the same object every time."""
        return self.action_spaces[self._known(agent)]

    def reset(
        self, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, np.ndarray], dict[str, dict[str, Any]]]:
        """Begins an episode.

        Args:
            seed: Starts everything anew, an int in [0, 2**64); None begins the next episode, the
                very first one from a seed of the operating system.
            options: Ignored, as PettingZoo's conformance tests ask: worlds are configured in make.

        Returns:
            Observations and infos by agent.

        Raises:
            ConfigError: The seed is out of range.
        """
        self._single.reset(seed)
        self.agents = list(self.possible_agents)
        return self._each(self._single.observation), self._each(self._single.info)

    def step(
        self, actions: Mapping[str, Any]
    ) -> tuple[
        dict[str, np.ndarray],
        dict[str, float],
        dict[str, bool],
        dict[str, bool],
        dict[str, dict[str, Any]],
    ]:
        """Advances the world by one step.

        Args:
            actions: An integer for each agent.

        Returns:
            Observations, rewards, terminations, truncations and infos by agent.

        Raises:
            ActionError: An agent is unknown or missing, or an action is no integer in range.
            ResetNeededError: The episode has ended, or never begun.
        """
        if not self.agents:
            raise ResetNeededError("There is no episode under way: call reset() before step().")
        self._single.step(self._in_order(actions))
        batch, single = self._single.batch, self._single
        terminated, truncated = bool(batch.terminated[0]), bool(batch.truncated[0])
        result = (
            self._each(single.observation),
            self._each(single.reward),
            dict.fromkeys(self.possible_agents, terminated),
            dict.fromkeys(self.possible_agents, truncated),
            self._each(single.info),
        )
        if terminated or truncated:
            self.agents = []
        return result

    def state(self) -> np.ndarray:
        """Returns the whole map, for centralised critics: uint8 (height, width, 4 + K).

        Channels: code of the cell, number of the agent there (counted from 1, 0 for nobody; of
        several who share a cell the last), its heading (0 to 3), whether it carries something; then
        the K parts of items that the world tells apart, see ``Scene.items`` (none in most worlds).
        """
        scene = self.world.scene(self._single.batch.state[0])
        state = np.zeros(self.state_space.shape or (), np.uint8)
        state[:, :, 0] = scene.cells
        if scene.items is not None:
            state[:, :, STATE_CHANNELS:] = scene.items
        for number, agent in scene.numbered():
            told = number + 1, agent.heading or 0, agent.carrying is not None
            state[agent.row, agent.column, 1:STATE_CHANNELS] = told
        return state

    def render(self) -> Any:
        """Returns a frame (uint8 RGB) or text, or shows the window, as ``render_mode`` says."""
        return self._single.render()

    def close(self) -> None:
        """Closes the window, if any."""
        self._single.close()

    def _each(self, function: Any) -> dict[str, Any]:
        return {agent: function(number) for number, agent in enumerate(self.possible_agents)}

    def _known(self, agent: str) -> str:
        if agent not in self.possible_agents:
            raise ConfigError(
                f"There is no agent {agent!r}. {nearest(agent, self.possible_agents)}"
            )
        return agent

    def _in_order(self, actions: Mapping[str, Any]) -> np.ndarray:
        if unknown := [agent for agent in actions if agent not in self.possible_agents]:
            raise ActionError(
                f"actions has {unknown}, who are no agents; expected one action for each of "
                f"{self.possible_agents}."
            )
        if missing := [agent for agent in self.possible_agents if agent not in actions]:
            raise ActionError(f"actions has none for {missing}; give an integer for each agent.")
        given = [np.asarray(actions[agent]) for agent in self.possible_agents]
        for agent, action in zip(self.possible_agents, given, strict=True):
            if action.size != 1 or action.dtype.kind not in "iu":
                raise ActionError(
                    f"The action of {agent!r} is {actions[agent]!r}; expected an integer in "
                    f"[0, {self.world.num_actions})."
                )
        return np.array([action.item() for action in given])
