"""Bayesian Delegation: the posterior of each agent over allocations, and its next action."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from prosocial.envs.engine import ConfigError, Stream, World, uniform_array

from . import acting, beliefs, kernel
from .allocations import NONE, allocations, own_allocations
from .models import DelegationConfig
from .subtask_values import SubtaskValues

_SAVED = ("log_posterior", "prior", "tie", "guess")


class BayesianDelegation:
    """Some agents of a kitchen who infer who does what, in B worlds side by side.

    Each agent holds P(ta | H) ∝ P(ta) Π_t Π_{T in ta} softmax(-beta Q_T(s_t))[a_t]
    over the allocations ta that can be done now. The prior is taken anew where an episode begins
    and where other allocations become possible (a sub-task is completed, something is picked up by
    whom nobody can reach): the situation then tells what the history told before. An agent takes
    the most probable allocation; of equals one at random, the same until the next prior (or until
    nobody did anything, since all waited for one another). If its sub-task is joint it plans for
    both and does its part; otherwise it responds best to where the others are predicted to go
    (`acting`).

    Where this differs from the released code, and how to get its behaviour, is told by
    `models.DelegationConfig`. Deliberately left out in any case: BRTDP (costs are exact), value
    tables shared by different agents, and sub-tasks that stay listed after they became useless.

    Attributes:
        config: The model.
        agents: Numbers of the agents that it acts for, (O,).
        values: The sub-tasks and what they cost.
        allocations: int64 (O, K, N): what each agent considers, the sub-task of every agent or -1.

    Args:
        world: A configured kitchen.
        config: The model.
        agents: Numbers of the agents, all different; None for all.

    Raises:
        ConfigError: The world is no kitchen, there are too many allocations, or an agent is
            unknown.
    """

    def __init__(
        self, world: World, config: DelegationConfig, agents: Sequence[int] | None = None
    ) -> None:
        number = world.num_agents
        chosen = tuple(range(number) if agents is None else agents)
        if not chosen or len(set(chosen)) != len(chosen) or not set(chosen) <= set(range(number)):
            raise ConfigError(
                f"agents is {list(chosen)}; expected different numbers of 0 to {number - 1}."
            )
        self.config, self.agents = config, chosen
        self.values = SubtaskValues(world, config.joint)
        count = len(self.values.subtasks)
        considered = [
            allocations(number, count, config.joint)
            if config.others
            else own_allocations(number, count, agent)
            for agent in chosen
        ]
        self.allocations = np.stack(considered)
        self._groups, self._sizes = self._group()
        self._own = np.array(chosen, np.int64)
        self._num_worlds = 0
        self._before: np.ndarray | None = None

    @property
    def posterior(self) -> np.ndarray:
        """Probabilities of the allocations, float64 (B, O, K), rows sum to one.

        All zero where nothing can be done.
        """
        return np.exp(self._memory["log_posterior"])

    @property
    def guesses(self) -> np.ndarray:
        """The allocation that each agent takes for true, int64 (B, O, N); -1: no sub-task."""
        guess = self._memory["guess"]
        found = self.allocations[np.arange(len(self.agents)), np.maximum(guess, 0)]
        return np.where((guess >= 0)[..., None], found, NONE)

    def explain(self) -> tuple[str, ...]:
        """Returns readable names of the allocations of the first agent, (K,)."""
        names = [*map(str, self.values.subtasks), "none"]
        return tuple(", ".join(names[task] for task in row) for row in self.allocations[0])

    def act(self, states: np.ndarray, last_actions: np.ndarray, seed: np.ndarray) -> np.ndarray:
        """Takes in what happened and returns what each agent does next, int64 (B, O).

        To be called once a step; where ``t`` is 0 an episode begins.

        Args:
            states: Records of the kitchen before the step, (B,).
            last_actions: What all agents did in the step before, int64 (B, N); not looked at where
                an episode begins.
            seed: uint64 (1,): seed of the agents, which is added to that of each world.
        """
        if len(states) != self._num_worlds:
            self._begin(len(states))
        config, couples = self.config, self.values.pairs
        draws = uniform_array(
            states["seed"] + seed, states["step"], Stream.POLICY, 2 * states["position"].shape[1]
        )
        number = states["position"].shape[1]
        ties, coins = (np.ascontiguousarray(d[:, self._own]) for d in (
            draws[:, :number], draws[:, number:]))  # fmt: skip
        before, now = self._costs
        self._costs = (now, before)
        self.values.evaluate(states, before)
        before, now = now, before
        guesses, effects = self._memory["guess"], self._effects(states, last_actions)
        blocked = self._blocked(states, effects)
        beliefs.believe(
            self.allocations, self._groups, self._sizes,
            beliefs.PRODUCT if config.likelihood == "product" else beliefs.SUM,
            config.prior == "uniform", config.learns, config.resets == "released", config.beta,
            self._own, couples, now.together | (not config.compatible), now.alone, now.joint,
            before.tries, before.joint_tries, effects, states["t"] == 0, ties,
            tuple(self._memory[name] for name in _SAVED), guesses,
        )  # fmt: skip
        self._before = states.copy()
        actions = np.zeros((len(states), len(self.agents)), np.int64)
        acting.act(
            self.values.room, couples, self.allocations, self._own, guesses, config.level,
            config.idle == "released", blocked, coins, states["position"].astype(np.int64),
            now.tries, now.joint_tries, now.field, actions,
        )  # fmt: skip
        return actions

    def state(self) -> dict[str, np.ndarray]:
        """Returns copies of the arrays that restore the memory; empty before the first act."""
        if self._before is None:
            return {}
        seen = self._before.view(np.uint8).reshape(self._num_worlds, -1)
        return {name: self._memory[name].copy() for name in _SAVED} | {"seen": seen.copy()}

    def restore(self, state: dict[str, np.ndarray], record: np.dtype) -> None:
        """Takes over what ``state`` returned.

        Args:
            state: The arrays.
            record: The state record of the world.
        """
        if not state:
            return
        self._begin(len(state["seen"]))
        for name in _SAVED:
            self._memory[name][:] = state[name]
        self._before = state["seen"].copy().view(record)[:, 0]
        self.values.evaluate(self._before, self._costs[1])

    def _begin(self, num_worlds: int) -> None:
        shape = (num_worlds, *self.allocations.shape[:2])
        self._num_worlds = num_worlds
        self._memory: dict[str, Any] = {
            "log_posterior": np.full(shape, -np.inf),
            "prior": np.full(shape, -np.inf),
            "tie": np.zeros(shape[:2]),
            "guess": np.full(shape[:2], NONE, np.int64),
        }
        self._costs = self.values.blank(num_worlds), self.values.blank(num_worlds)
        self._before: np.ndarray | None = None

    def _effects(self, states: np.ndarray, actions: np.ndarray) -> np.ndarray:
        """Returns the last actions, int64 (B, N), staying in place of what had no effect.

        A walk is a walk even if somebody blocked it: everybody saw it.
        """
        room, before = self.values.room, self._before
        if before is None:
            return np.zeros_like(actions)
        ahead = room.kind[before["position"] + room.offsets[actions]]
        effective = (ahead == kernel.FLOOR) | (states["held"] != before["held"])
        return np.where(effective, actions, 0)

    def _blocked(self, states: np.ndarray, effects: np.ndarray) -> np.ndarray:
        """Returns whose walk in the last step was blocked by somebody, bool (B, O)."""
        before = self._before
        if before is None:
            return np.zeros((len(states), len(self.agents)), np.bool_)
        walked = (effects > 0) & (states["held"] == before["held"])
        stuck = walked & (states["position"] == before["position"])
        return (stuck & (states["t"] > 0)[:, None])[:, self._own]

    def _group(self) -> tuple[np.ndarray, np.ndarray]:
        """Returns the groups of each allocation, int64 (O, K, N), and their sizes."""
        number, couples = self.allocations.shape[2], self.values.pairs
        tasks = len(self.values.subtasks)
        numbers = {(int(a), int(b)): p for p, (a, b) in enumerate(couples)}
        joint, idle = tasks * number, tasks * (number + len(couples))
        groups = np.full(self.allocations.shape, -1, np.int64)
        for o, rows in enumerate(self.allocations):
            for k, row in enumerate(rows):
                found = []
                for agent, task in enumerate(row):
                    mates = [a for a in range(number) if task != NONE and row[a] == task]
                    if not self.config.others and agent != self.agents[o]:
                        continue
                    if task == NONE:
                        found.append(idle + agent)
                    elif len(mates) == 1:
                        found.append(task * number + agent)
                    elif agent == mates[0]:
                        p = numbers[mates[0], mates[1]]
                        found.append(joint + task * len(couples) + p)
                groups[o, k, : len(found)] = found
        sizes = np.ones(idle + number)
        sizes[joint:idle] = 2.0
        return groups, sizes
