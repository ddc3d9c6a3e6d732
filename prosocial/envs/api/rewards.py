"""Wrappers around a PettingZoo ``ParallelEnv`` that change what the agents are rewarded with.

``infos`` keep the terms of the reward that the world and the caregiver gave, so that a run is
learned from transformed rewards and judged by the true ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gymnasium
import numpy as np
from pettingzoo import ParallelEnv
from pettingzoo.utils import BaseParallelWrapper

from prosocial.envs.engine import ConfigError
from prosocial.envs.social import Gifts, RewardTransform

Step = tuple[
    dict[str, Any], dict[str, float], dict[str, bool], dict[str, bool], dict[str, dict[str, Any]]
]


class TransformedRewards(BaseParallelWrapper):
    """Gives every agent the transformed scalar rewards of the group.

    ``infos`` are untouched: ``env_reward`` and ``social_reward`` are still those of the step.

    Args:
        env: Any environment whose agents stay until the episode ends; all of them are the group.
        transform: What is done to the rewards; it must belong to this environment alone.

    Raises:
        ConfigError: ``transform`` is no reward transform.
    """

    def __init__(self, env: ParallelEnv, transform: RewardTransform) -> None:
        if not isinstance(transform, RewardTransform):
            raise ConfigError(
                f"The transform is of type {type(transform).__name__}; expected a RewardTransform "
                "such as prosocial.envs.social.make_transform('common')."
            )
        super().__init__(env)
        self.transform = transform

    def reset(
        self, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
        """Begins an episode, and the memory of the transform anew."""
        self.transform.begin(1, len(self.env.possible_agents))
        return self.env.reset(seed=seed, options=options)

    def step(self, actions: dict[str, Any]) -> Step:
        """Steps the environment and transforms its rewards."""
        observations, rewards, terminations, truncations, infos = self.env.step(actions)
        agents = self.env.possible_agents
        given = np.array([[rewards[agent] for agent in agents]], np.float32)
        made = self.transform(given, _ended(terminations, truncations))[0].tolist()
        rewards = dict(zip(agents, made, strict=True))
        return observations, rewards, terminations, truncations, infos


class Gifting(BaseParallelWrapper):
    """Adds an action with which an agent gives reward to the others (Lupu & Precup 2020).

    Action ``n`` of an environment with the actions 0 .. n - 1 is the gift; the body idles
    meanwhile. The other agents do not see who gave, and nobody sees their budget, unless they are
    told: ``infos[agent]`` has ``gift_given``, ``gift_received`` (worth in this step) and
    ``gift_budget`` (what can still be given; infinite for zero-sum gifts).

    Args:
        env: Any environment with `Discrete` actions whose agents stay until the episode ends.
        gifts: The rules of giving; they must belong to this environment alone.
        idle: The action of a body that gives; None: the one that the world calls ``NOOP``.

    Raises:
        ConfigError: There is one agent only, an action space is not discrete, or ``idle`` is none
            of its actions or missing where the world has no ``NOOP``.
    """

    def __init__(self, env: ParallelEnv, gifts: Gifts, *, idle: int | None = None) -> None:
        super().__init__(env)
        self.gifts = gifts
        gifts.begin(1, len(env.possible_agents))
        spaces = {a: _one_more(a, env.action_space(a)) for a in env.possible_agents}
        self.action_spaces = dict(spaces)
        self._gift = {agent: int(space.n) - 1 for agent, space in spaces.items()}
        self._idle = _idle_action(env, idle, min(self._gift.values()))

    def action_space(self, agent: str) -> gymnasium.spaces.Space:
        """Returns the space of an agent's actions, one larger than that of the environment."""
        self.env.action_space(agent)  # names the agent if there is none
        return self.action_spaces[agent]

    def reset(
        self, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
        """Begins an episode with full budgets."""
        self.gifts.begin(1, len(self.env.possible_agents))
        observations, infos = self.env.reset(seed=seed, options=options)
        return observations, self._told(infos)

    def step(self, actions: Mapping[str, Any]) -> Step:
        """Steps the environment, those who give idling, and hands over the gifts."""
        giving = {agent for agent, action in actions.items() if self._is_gift(agent, action)}
        passed = {a: self._idle if a in giving else action for a, action in actions.items()}
        observations, rewards, terminations, truncations, infos = self.env.step(passed)
        agents = self.env.possible_agents
        made = self.gifts.settle(
            np.array([[rewards[agent] for agent in agents]], np.float32),
            np.array([[agent in giving for agent in agents]]),
            _ended(terminations, truncations),
        )
        rewards = dict(zip(agents, made[0].tolist(), strict=True))
        return observations, rewards, terminations, truncations, self._told(infos)

    def _is_gift(self, agent: str, action: Any) -> bool:
        # Whatever is no integer is left to the environment, which names what is wrong with it.
        value = np.asarray(action)
        if agent not in self._gift or value.size != 1 or value.dtype.kind not in "iu":
            return False
        return value.item() == self._gift[agent]

    def _told(self, infos: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
        gifts, agents = self.gifts, self.env.possible_agents
        budgets = gifts.budgets
        return {
            agent: infos[agent]
            | {
                "gift_given": float(gifts.given[0, number]),
                "gift_received": float(gifts.received[0, number]),
                "gift_budget": float(budgets[0, number]),
            }
            for number, agent in enumerate(agents)
        }


def _ended(terminations: dict[str, bool], truncations: dict[str, bool]) -> np.ndarray:
    return np.array([any(terminations.values()) or any(truncations.values())])


def _one_more(agent: str, space: gymnasium.spaces.Space) -> gymnasium.spaces.Discrete:
    if not isinstance(space, gymnasium.spaces.Discrete) or space.start != 0:
        raise ConfigError(
            f"The action space of {agent!r} is {space}; a gift can be added to Discrete(n) only."
        )
    return gymnasium.spaces.Discrete(int(space.n) + 1)


def _idle_action(env: ParallelEnv, idle: int | None, num_actions: int) -> int:
    if idle is None:
        world = getattr(env, "world", None)
        named = getattr(world, "actions", {})
        if "NOOP" not in getattr(named, "__members__", {}):
            raise ConfigError(
                "The world has no action NOOP; give as idle the number of the action that the "
                "body of a giving agent takes."
            )
        return int(named["NOOP"])
    if not isinstance(idle, int | np.integer) or isinstance(idle, bool):
        raise ConfigError(f"idle is {idle!r}; expected an integer in [0, {num_actions}).")
    if not 0 <= idle < num_actions:
        raise ConfigError(f"idle is {idle}; expected an integer in [0, {num_actions}).")
    return int(idle)
