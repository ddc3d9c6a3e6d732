"""Worlds with one controlled agent as a Gymnasium ``Env`` and, many at once, a ``VectorEnv``."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

from prosocial.envs.engine import ActionError, Batch, ConfigError, SocialChannel, World
from prosocial.envs.render import frame, text

from .single import RENDER_FPS, RENDER_MODES, SingleWorld, check_modes, fresh_seed

_METADATA = {"render_modes": list(RENDER_MODES), "render_fps": RENDER_FPS}


class WorldEnv(gymnasium.Env):
    """A world with one controlled agent.

    Reward and info are those of the agent in ``WorldParallelEnv``.

    Args:
        world: The configured world.
        render_mode: None, "rgb_array", "human" or "ansi".
        caregiver: Gives the social rewards, or None.
        reward: "social" (R_e + P R_s) or "env" (R_e alone).

    Raises:
        ConfigError: The world has several controlled agents, or an argument is unknown.
    """

    metadata = _METADATA

    def __init__(
        self,
        world: World,
        *,
        render_mode: str | None = None,
        caregiver: SocialChannel | None = None,
        reward: str = "social",
    ) -> None:
        _require_one_agent(world)
        self._single = SingleWorld(world, render_mode, caregiver, reward)
        self.world = world
        self.render_mode = render_mode
        self.observation_space = gymnasium.spaces.Box(0, 255, world.observation_shape, np.uint8)
        self.action_space = gymnasium.spaces.Discrete(world.num_actions)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Begins an episode; see ``WorldParallelEnv.reset``."""
        super().reset(seed=seed)
        self._single.reset(seed)
        return self._single.observation(0), self._single.info(0)

    def step(self, action: Any) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """Advances the world by one step; see ``WorldParallelEnv.step``."""
        given = np.asarray(action)
        if given.size != 1:
            raise ActionError(f"The action is {action!r}; expected a single integer.")
        self._single.step(given.reshape(1))
        batch, single = self._single.batch, self._single
        ended = bool(batch.terminated[0]), bool(batch.truncated[0])
        return single.observation(0), single.reward(0), *ended, single.info(0)

    def render(self) -> Any:
        """Returns a frame (uint8 RGB) or text, or shows the window, as ``render_mode`` says."""
        return self._single.render()

    def close(self) -> None:
        """Closes the window, if any."""
        self._single.close()


class WorldVectorEnv(VectorEnv):
    """Many worlds with one controlled agent each, stepped at once, over a ``Batch``.

    An ended world begins its next episode in the same step (``AutoresetMode.SAME_STEP``); the last
    observation and info are in ``infos["final_obs"]`` and ``infos["final_info"]``.

    Args:
        world: The configured world.
        num_envs: How many worlds.
        render_mode: None, "rgb_array" or "ansi"; ``render`` then returns one picture per world.
        caregiver: Gives the social rewards, or None.
        reward: "social" (R_e + P R_s) or "env" (R_e alone).
        threads: Number of threads that the worlds are cut over.
        copy: Whether observations are copied; without, the next step overwrites them.

    Raises:
        ConfigError: The world has several controlled agents, or an argument is unknown.
    """

    metadata = {  # noqa: RUF012 - Gymnasium declares it as an instance attribute
        **_METADATA,
        "render_modes": ["rgb_array", "ansi"],
        "autoreset_mode": AutoresetMode.SAME_STEP,
    }

    def __init__(
        self,
        world: World,
        num_envs: int,
        *,
        render_mode: str | None = None,
        caregiver: SocialChannel | None = None,
        reward: str = "social",
        threads: int = 1,
        copy: bool = True,
    ) -> None:
        _require_one_agent(world)
        check_modes(render_mode, reward)
        if render_mode == "human":
            raise ConfigError("render_mode='human' shows one world; use WorldEnv for it.")
        self.world = world
        self.num_envs = num_envs
        self.render_mode = render_mode
        self._batch = Batch(world, num_envs, threads=threads, caregiver=caregiver)
        self._reward, self._copy, self._seeded = reward, copy, False
        self.single_observation_space = gymnasium.spaces.Box(
            0, 255, world.observation_shape, np.uint8
        )
        self.single_action_space = gymnasium.spaces.Discrete(world.num_actions)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)

    def reset(
        self, *, seed: int | list[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Begins an episode in every world.

        Args:
            seed: One int for all worlds, which differ by their index; None as in ``WorldEnv``.
            options: Ignored.

        Raises:
            ConfigError: The seed is a list or out of range.
        """
        if seed is not None and not isinstance(seed, int | np.integer):
            raise ConfigError(f"seed is {seed!r}; give one integer, worlds differ by their index.")
        if seed is None and not self._seeded:
            seed = fresh_seed()
        batch = self._batch
        batch.reset(None if seed is None else int(seed))
        self._seeded = True
        return self._observations(), self._infos(~batch.done, np.ones(self.num_envs, bool))

    def step(
        self, actions: Any
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, dict[str, Any]]:
        """Advances every world by one step; ``actions`` are integers (num_envs,)."""
        batch = self._batch
        given = np.asarray(actions)
        if given.shape != (self.num_envs,):
            raise ActionError(f"actions has shape {given.shape}; expected ({self.num_envs},).")
        batch.step(given[:, None])
        rewards = batch.rewards[:, 0].astype(np.float64)
        if self._reward == "social":
            rewards += batch.social_rewards[:, 0]
        # An ended world already tells the infos of its next reset: zeros.
        infos = self._infos(~batch.done, np.ones(self.num_envs, bool))
        if batch.done.any():
            final = np.full(self.num_envs, None, dtype=object)
            for world in np.flatnonzero(batch.done):
                final[world] = batch.final_observations[world, 0].copy()
            infos |= {"final_obs": final, "_final_obs": batch.done.copy()}
            infos |= {
                "final_info": self._infos(batch.done, batch.done),
                "_final_info": batch.done.copy(),
            }
        ended = batch.terminated.copy(), batch.truncated.copy()
        return self._observations(), rewards, *ended, infos

    def render(self) -> Any:
        """Returns a tuple of frames (uint8 RGB) or texts, one per world, or None."""
        if self.render_mode is None:
            return None
        draw = text if self.render_mode == "ansi" else frame
        return tuple(draw(self.world.scene(record)) for record in self._batch.state)

    def close_extras(self, **kwargs: Any) -> None:
        """Ends the threads."""
        if hasattr(self, "_batch"):  # Gymnasium closes also what could not be made
            self._batch.close()

    def _observations(self) -> np.ndarray:
        observations = self._batch.observations[:, 0]
        return observations.copy() if self._copy else observations

    def _infos(self, kept: np.ndarray, valid: np.ndarray) -> dict[str, Any]:
        """Returns the infos of this step as arrays: zero where not kept, with the mask of valid."""
        batch = self._batch
        columns: dict[str, np.ndarray] = {
            "env_reward": batch.rewards[:, 0],
            "social_reward": batch.social_rewards[:, 0],
            "caregiver_present": batch.caregiver_present,
        }
        columns |= {name: batch.events[name][:, 0] for name in batch.world.event_names}
        norms = dict(zip(batch.norm_names, batch.social_rewards_by_norm[:, :, 0], strict=True))
        return _masked(columns, kept, valid) | {
            "social_rewards": _masked(norms, kept, valid),
            "_social_rewards": valid.copy(),
        }


def _masked(columns: dict[str, np.ndarray], kept: np.ndarray, valid: np.ndarray) -> dict[str, Any]:
    masked: dict[str, Any] = {}
    for name, values in columns.items():
        masked[name] = np.where(kept, values, np.zeros((), values.dtype))
        masked[f"_{name}"] = valid.copy()
    return masked


def _require_one_agent(world: World) -> None:
    if world.num_agents != 1:
        raise ConfigError(
            f"{world.name} as configured has the agents {', '.join(world.agents)}, but a Gymnasium "
            "environment has one; use prosocial.make for a PettingZoo environment."
        )
