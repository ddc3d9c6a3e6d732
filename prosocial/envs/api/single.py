"""One world behind the single-environment interfaces: a batch of one, its infos and pictures."""

from __future__ import annotations

from typing import Any

import numpy as np

from prosocial.envs.engine import Batch, ConfigError, SocialChannel, World
from prosocial.envs.render import Window, frame, text

RENDER_MODES = ("rgb_array", "human", "ansi")
RENDER_FPS = 8
REWARDS = ("social", "env")


def check_modes(render_mode: str | None, reward: str) -> None:
    """Raises a ConfigError unless both are known."""
    if render_mode is not None and render_mode not in RENDER_MODES:
        raise ConfigError(
            f"render_mode is {render_mode!r}; expected None or one of {', '.join(RENDER_MODES)}."
        )
    if reward not in REWARDS:
        raise ConfigError(f"reward is {reward!r}; expected 'social' (R_e + P R_s) or 'env' (R_e).")


def fresh_seed() -> int:
    """Returns a seed from the operating system, for an environment that nobody seeded."""
    return int(np.random.SeedSequence().generate_state(1, np.uint64)[0])


class SingleWorld:
    """A batch of one world that waits for a reset at the end of an episode.

    Args:
        world: The configured world.
        render_mode: None or one of ``RENDER_MODES``.
        caregiver: Gives the social rewards, or None.
        reward: "social" for the scalar R_e + P R_s, "env" for R_e alone.

    Raises:
        ConfigError: ``render_mode`` or ``reward`` is unknown.
    """

    def __init__(
        self,
        world: World,
        render_mode: str | None,
        caregiver: SocialChannel | None,
        reward: str,
    ) -> None:
        check_modes(render_mode, reward)
        self.batch = Batch(world, 1, auto_reset=False, caregiver=caregiver)
        self.render_mode = render_mode
        self._reward = reward
        self._seeded = False
        self._window: Window | None = None

    def reset(self, seed: int | None) -> None:
        """Begins an episode; without a seed the next one, the very first from a fresh seed."""
        if seed is None and not self._seeded:
            seed = fresh_seed()
        self.batch.reset(seed)
        self._seeded = True
        self.show()

    def step(self, actions: np.ndarray) -> None:
        """Steps with one action per agent, integers (N,)."""
        self.batch.step(actions[None])
        self.show()

    def observation(self, agent: int) -> np.ndarray:
        """Returns a copy of what an agent sees, uint8."""
        return self.batch.observations[0, agent].copy()

    def reward(self, agent: int) -> float:
        """Returns the scalar reward of an agent."""
        total = self.batch.rewards[0, agent]
        if self._reward == "social":
            total = total + self.batch.social_rewards[0, agent]
        return float(total)

    def info(self, agent: int) -> dict[str, Any]:
        """Returns the terms of the reward, the caregiver's presence and the events by name."""
        batch = self.batch
        by_norm = batch.social_rewards_by_norm[:, 0, agent]
        info: dict[str, Any] = {
            "env_reward": float(batch.rewards[0, agent]),
            "social_reward": float(batch.social_rewards[0, agent]),
            "social_rewards": {n: float(v) for n, v in zip(batch.norm_names, by_norm, strict=True)},
            "caregiver_present": bool(batch.caregiver_present[0]),
        }
        events = batch.events[0, agent]
        return info | {name: int(events[name]) for name in batch.world.event_names}

    def render(self) -> Any:
        """Returns a frame (uint8 RGB) or text, or shows the window, as ``render_mode`` says."""
        if self.render_mode is None:
            return None
        scene = self.batch.world.scene(self.batch.state[0])
        if self.render_mode == "ansi":
            return text(scene)
        pixels = frame(scene)
        if self.render_mode == "rgb_array":
            return pixels
        if self._window is None:
            self._window = Window(f"prosocial: {self.batch.world.name}", RENDER_FPS)
        self._window.show(pixels)
        return None

    def show(self) -> None:
        """Keeps the window up to date in mode "human"."""
        if self.render_mode == "human":
            self.render()

    def close(self) -> None:
        """Closes the window, if any; closing twice is allowed."""
        if self._window is not None:
            self._window.close()
            self._window = None
