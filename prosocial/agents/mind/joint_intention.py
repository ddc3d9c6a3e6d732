"""Bootstrapping an Imagined We: every agent infers what "we" intend, from what everyone does.

Tang, Stacy, Zhao, Marquez & Gao (CogSci 2020; released code ImaginedWe). An intention is a goal and
the set of those who are committed to it. Nobody says anything and nobody decides: each agent keeps
its own posterior over intentions, samples one at every step, and does its own part of the plan that
a central planner would have for it. The others see that, it becomes evidence of what "we" intend,
and intentions that began at chance come to agree.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np

from prosocial.envs.engine import (
    ActionError,
    ConfigError,
    ResetNeededError,
    Stream,
    World,
    uniform_array,
    world_seeds,
)

from .communication.rsa import check_rationality, softmax
from .hypotheses import hypotheses as registered
from .protocol import Hypotheses

NONE = "none"


class JointIntention:
    """The posteriors of all agents of a batch of worlds over what "we" intend.

    The update of the source, for each agent n and intention i = (goal, members):

        prior'(i) ∝ prior(i) ** decay + floor,
        posterior(i) ∝ prior'(i) · Π_{members} π(action | goal) · Π_{others} 1 / A.

    π is the member's part of the joint plan, softmax(beta · Q); where agents do not block one
    another, as in rendezvous, the joint plan is the product of these parts. An agent considers the
    sets that it is in itself. Sizes: B worlds, N agents, G goals, K sets of members with agent n,
    A actions.

    Attributes:
        world: The configured world.
        goals: Names of the goals, (G,).
        members: Who is in each set, bool (N, K, N): by agent, set, member.
    """

    def __init__(
        self,
        world: World,
        *,
        hypotheses: Hypotheses | None = None,
        least: int = 2,
        beta: float = 4.0,
        decay: float = 1.0,
        floor: float = 1e-4,
        noise: float = 0.0,
        seed: int = 0,
    ) -> None:
        """Takes the plans from the hypotheses; call ``reset`` before the first ``observe``.

        Args:
            world: The configured world, with at least two agents.
            hypotheses: About each agent: the goals, and "none" last; None: the registered kind
                "intentions" of the world.
            least: Members that a "we" has at least, 2 to N.
            beta: Rationality of the plans, in acting and in inference, finite and above 0, per unit
                of reward (ours; the source has a Gaussian around a trained joint policy).
            decay: Exponent of the prior, in (0, 1]; 1 in the source.
            floor: Added to every prior probability before each update, >= 0; 1e-4 in the source.
            noise: Probability that an agent perceives an action, its own too, as any one at random,
                in [0, 1).
            seed: Of the samples, an int in [0, 2**64).

        Raises:
            ConfigError: The world has one agent or no intentions, or a value is out of its range.
        """
        agents = len(world.agents)
        if agents < 2:
            raise ConfigError(
                f"{world.name} has {agents} agent; a joint intention needs at least two."
            )
        if isinstance(least, bool) or not isinstance(least, int) or not 2 <= least <= agents:
            raise ConfigError(f"least is {least!r}; expected an integer in [2, {agents}].")
        for name, value, fits, expected in (
            ("decay", decay, 0 < decay <= 1, "a number in (0, 1]"),
            ("floor", floor, 0 <= floor < np.inf, "a number >= 0"),
            ("noise", noise, 0 <= noise < 1, "a number in [0, 1)"),
        ):
            if not fits:
                raise ConfigError(f"{name} is {value!r}; expected {expected}.")
        self.world = world
        found = registered(world, "intentions") if hypotheses is None else hypotheses
        if found.names[-1] != NONE or found.targets != world.agents or len(found.names) < 2:
            raise ConfigError(
                f"The hypotheses {found.names} about {found.targets} are no intentions; expected "
                f"goals and {NONE!r} last, about the agents {world.agents}."
            )
        self._hypotheses = found
        self.goals = tuple(found.names[:-1])
        self._num_actions = found.num_actions
        self._beta = check_rationality("beta", beta)
        self._decay, self._floor, self._noise = float(decay), float(floor), float(noise)
        self.members = _sets(agents, least)
        self._seed = world_seeds(seed, 0, 1)
        self._posterior = np.zeros((0, agents, len(self.goals), self.members.shape[1]))

    @property
    def posterior(self) -> np.ndarray:
        """Returns each agent's probabilities of intentions, float64 (B, N, G, K); not a copy."""
        return self._posterior

    @property
    def goal_posterior(self) -> np.ndarray:
        """Returns each agent's probabilities of the goals, float64 (B, N, G)."""
        return self._posterior.sum(-1)

    def reset(self, states: np.ndarray, where: np.ndarray | None = None) -> None:
        """Begins with a uniform prior.

        Args:
            states: State records, (B,).
            where: The worlds in which an episode begins, bool (B,); None: all.
        """
        shape = (len(states), *self._posterior.shape[1:])
        if where is None or self._posterior.shape != shape:
            self._posterior = np.zeros(shape)
            where = np.ones(len(states), np.bool_)
        self._hypotheses.begin(states, where)
        self._posterior[where] = 1.0 / (shape[2] * shape[3])

    def observe(self, before: np.ndarray, actions: np.ndarray, after: np.ndarray) -> None:
        """Lets every agent see what all have done.

        Args:
            before: Records before the step, (B,).
            actions: Integers (B, N).
            after: Records after the step, before any auto-reset, (B,).

        Raises:
            ResetNeededError: The intentions were not reset for so many worlds.
            ActionError: The actions have the wrong shape.
        """
        self._check(before)
        shape = (len(before), len(self.world.agents))
        if np.shape(actions) != shape:
            raise ActionError(f"actions has shape {np.shape(actions)}; expected {shape}.")
        done = self._hypotheses.actions(before, np.asarray(actions), after)
        seen = self._perceived(before, done)  # (B, observer, agent)
        plans = self._plans(before)  # (B, agent, G, A)
        worlds, bodies = np.ogrid[: shape[0], : shape[1]]
        likely = plans[worlds[..., None], bodies[None], :, seen]  # (B, observer, agent, G)
        uniform = 1.0 / self._num_actions
        likely = (1 - self._noise) * likely + self._noise * uniform
        # Who is no member acts in any way: its factor is the same for all goals.
        by_agent = np.log(likely / uniform)
        evidence = np.einsum("bnmg,nkm->bngk", by_agent, self.members.astype(float))
        prior = _normalised(self._posterior**self._decay) + self._floor
        evidence -= evidence.max((2, 3), keepdims=True)
        self._posterior[:] = _normalised(prior * np.exp(evidence))
        self._hypotheses.advance(before, done, after)

    def sample(self, states: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Returns the intention that each agent samples at this step, of goals and sets.

        Args:
            states: Records before the step, (B,).

        Returns:
            Goal and number of the set of members, each int64 (B, N); see ``members``.

        Raises:
            ResetNeededError: The intentions were not reset for so many worlds.
        """
        self._check(states)
        agents, sets = self._posterior.shape[1], self._posterior.shape[3]
        flat = self._posterior.reshape(len(states), agents, -1)
        chosen = pick(flat, self._draws(states)[:, :agents])
        return chosen // sets, chosen % sets

    def act(self, states: np.ndarray) -> np.ndarray:
        """Returns each agent's part of the plan for the intention that it samples, int64 (B, N)."""
        goals, _ = self.sample(states)
        agents = goals.shape[1]
        plans = np.take_along_axis(self._plans(states), goals[..., None, None], 2)[:, :, 0]
        return pick(plans, self._draws(states)[:, agents : 2 * agents])

    def state(self) -> dict[str, np.ndarray]:
        """Returns copies of the arrays that restore the posteriors."""
        return {"posterior": self._posterior.copy()}

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Takes over what ``state`` returned."""
        self._posterior = state["posterior"].copy()

    def _plans(self, states: np.ndarray) -> np.ndarray:
        """Returns what a member does for each goal, float64 (B, N, G, A)."""
        values = self._hypotheses.action_values(states)[:, :, :-1]
        return softmax(self._beta * values.astype(float))

    def _perceived(self, before: np.ndarray, done: np.ndarray) -> np.ndarray:
        """Returns what each agent takes the actions to be, int64 (B, N observers, N agents)."""
        agents = done.shape[1]
        seen = np.repeat(done[:, None], agents, axis=1)
        if not self._noise:
            return seen
        wrong, which = (
            self._draws(before)[:, 2 * agents :].reshape(-1, 2, agents, agents).swapaxes(0, 1)
        )
        return np.where(wrong < self._noise, (which * self._num_actions).astype(np.int64), seen)

    def _draws(self, states: np.ndarray) -> np.ndarray:
        """Returns the random numbers of a step: intentions, actions, errors of perception."""
        agents = len(self.world.agents)
        slots = 2 * agents + (2 * agents**2 if self._noise else 0)
        return uniform_array(states["seed"] + self._seed, states["step"], Stream.POLICY, slots)

    def _check(self, states: np.ndarray) -> None:
        if len(states) != len(self._posterior):
            raise ResetNeededError(
                f"The intentions are about {len(self._posterior)} worlds, the records are of "
                f"{len(states)}; call reset() with the records first."
            )


def agreement(goals: np.ndarray) -> np.ndarray:
    """Returns whether all agents have sampled the same goal, bool (B,), of goals int (B, N)."""
    return (goals == goals[:, :1]).all(1)


def chance(num_goals: int, num_agents: int) -> float:
    """Returns the probability that all agents sample the same of so many goals, G ** −(N − 1)."""
    return float(num_goals) ** -(num_agents - 1)


def pick(probabilities: np.ndarray, uniforms: np.ndarray) -> np.ndarray:
    """Returns what random numbers choose.

    Args:
        probabilities: Float (..., K), rows sum to one.
        uniforms: Float (...) in the open interval (0, 1).

    Returns:
        int64 (...), in [0, K).
    """
    below = np.cumsum(probabilities, -1)
    chosen = (uniforms[..., None] * below[..., -1:] > below).sum(-1)
    return np.minimum(chosen, probabilities.shape[-1] - 1)


def _sets(agents: int, least: int) -> np.ndarray:
    """Returns the sets of at least so many members that each agent is in, bool (N, K, N)."""
    every = [set(s) for size in range(least, agents + 1) for s in combinations(range(agents), size)]
    own = [[[k in s for k in range(agents)] for s in every if n in s] for n in range(agents)]
    return np.array(own, np.bool_)


def _normalised(weights: np.ndarray) -> np.ndarray:
    return weights / weights.sum((2, 3), keepdims=True)
