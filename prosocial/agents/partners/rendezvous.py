"""Partners for rendezvous: an Imagined We, and planners without a joint intention."""

from __future__ import annotations

from typing import Any

import numpy as np

from prosocial.agents.mind.communication.rsa import check_rationality, softmax
from prosocial.agents.mind.hypotheses.rendezvous import Intentions
from prosocial.agents.mind.joint_intention import JointIntention, pick
from prosocial.envs.engine import (
    Batch,
    Stream,
    World,
    uniform_array,
    world_seeds,
)

from .protocol import check_world

BETA = 4.0  # rationality of plans per move: ours


class ImaginedWe:
    """Agents who infer what "we" intend, each for itself (see ``JointIntention``).

    It acts once a step. Intentions outlive a capture; they are forgotten when an episode begins, or
    with ``forget`` when everybody is put back to the start.

    Args:
        beta: Rationality of the plans, finite and above 0.
        decay: Exponent of the prior, in (0, 1].
        floor: Added to every prior probability, >= 0.
        noise: Probability of misperceiving an action, in [0, 1).
        forget: Whether a restart of the world begins with the prior again.
        seed: Of the samples, an int in [0, 2**64).
    """

    def __init__(
        self,
        beta: float = BETA,
        decay: float = 1.0,
        floor: float = 1e-4,
        noise: float = 0.0,
        forget: bool = False,
        seed: int = 0,
    ) -> None:
        self._options: dict[str, Any] = {
            "beta": check_rationality("beta", beta), "decay": decay, "floor": floor, "noise": noise,
        }  # fmt: skip
        self._forget = forget
        self.reset(seed)

    def reset(self, seed: int) -> None:
        """Forgets everything and starts anew with another seed, an int in [0, 2**64)."""
        self._seed = seed
        self._intention: JointIntention | None = None
        self._before: np.ndarray = np.zeros(0)
        self._saved: dict[str, np.ndarray] = {}

    def act(self, batch: Batch) -> np.ndarray:
        """Returns the actions of all agents, int64 (B, N).

        Raises:
            ConfigError: The batch is of another world.
        """
        return self.follow(batch).act(batch.state)

    def goals(self, batch: Batch) -> np.ndarray:
        """Returns the goal that each agent pursues in the coming step, int64 (B, N).

        It may be asked before or after ``act`` in the same step.
        """
        return self.follow(batch).sample(batch.state)[0]

    def follow(self, batch: Batch) -> JointIntention:
        """Returns the intentions after all that has happened up to now; call it at every step."""
        states, before = batch.state, self._before
        found = self._intention
        other = found is None or found.world is not batch.world or len(before) != len(states)
        if found is None or other or (states["seed"] != before["seed"]).any():
            return self._start(batch)
        stepped = states["step"] != before["step"]
        if not stepped.any() and (states["episode"] == before["episode"]).all():
            return found
        if stepped.any():
            found.observe(before, batch.last_actions, states)
        begun = states["t"] == 0
        if self._forget:
            begun |= states["rounds"] != before["rounds"]
        if begun.any():
            found.reset(states, begun)
        self._before = states.copy()
        return found

    def state(self) -> dict[str, np.ndarray]:
        """Returns copies of the arrays that restore the memory; empty before the first act."""
        if self._intention is None:
            return {}
        before = self._before.view(np.uint8).reshape(len(self._before), -1)
        return {**self._intention.state(), "before": before.copy()}

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Takes over what ``state`` returned, after ``reset`` with the same seed."""
        self._saved = dict(state)

    def _start(self, batch: Batch) -> JointIntention:
        """Begins with the prior, or goes on from what was restored."""
        check_world(self, batch, "rendezvous")
        least = int(batch.world.params[0]["needed"])
        found = JointIntention(batch.world, least=least, seed=self._seed, **self._options)
        found.reset(batch.state)
        self._intention, self._before = found, batch.state.copy()
        if self._saved:
            found.restore(self._saved)
            self._before = self._saved["before"].copy().view(batch.world.state_dtype)[:, 0]
            self._saved = {}
            return self.follow(batch)
        return found


class _Planner:
    """What planners without memory share: values of moves towards every goal, and a seed."""

    def __init__(self, beta: float = BETA, seed: int = 0) -> None:
        self._beta = check_rationality("beta", beta)
        self._world: World | None = None
        self.reset(seed)

    def reset(self, seed: int) -> None:
        """Starts anew with another seed, an int in [0, 2**64)."""
        self._seed = world_seeds(seed, 0, 1)

    def _values(self, batch: Batch) -> np.ndarray:
        """Returns minus the moves to each goal that begin with an action, (B, N, G, A)."""
        if batch.world is not self._world:
            check_world(self, batch, "rendezvous")
            self._world, self._plans = batch.world, Intentions(batch.world)
        return self._plans.action_values(batch.state)[:, :, :-1].astype(float)

    def _draws(self, batch: Batch) -> np.ndarray:
        seeds = batch.state["seed"] + self._seed
        return uniform_array(seeds, batch.state["step"], Stream.POLICY, batch.num_agents)


class IndividualPlanner(_Planner):
    """Each agent goes to the goal that it reaches first, as if it needed nobody.

    π(a) ∝ exp(beta · max over goals of −moves); of goals equally near it takes any, anew at every
    step.

    Args:
        beta: Rationality, finite and above 0.
        seed: Of the samples, an int in [0, 2**64).
    """

    def act(self, batch: Batch) -> np.ndarray:
        """Returns the actions of all agents, int64 (B, N)."""
        return pick(softmax(self._beta * self._values(batch).max(2)), self._draws(batch))


class SharedRewardPlanner(_Planner):
    """Each agent plans for all, for what all gain and pay together, but infers no joint intention.

    The joint policy is π(a_1 .. a_N) ∝ Σ_goals Π_n exp(−beta · moves of agent n to the goal), the
    soft optimum of who brings everybody to one goal with the fewest moves. Each agent samples a
    joint action by itself, anew at every step, and does its own part, as agents do who were trained
    centrally on a shared reward and act apart: only where everybody is decides between goals.

    Args:
        beta: Rationality, finite and above 0.
        seed: Of the samples, an int in [0, 2**64).
    """

    def act(self, batch: Batch) -> np.ndarray:
        """Returns the actions of all agents, int64 (B, N)."""
        values = self._beta * self._values(batch)
        top = values.max(-1, keepdims=True)
        weights = np.exp(values - top)
        soft = np.log(weights.sum(-1)) + top[..., 0]
        goals = softmax(soft.sum(1))
        plans = weights / weights.sum(-1, keepdims=True)
        return pick(np.einsum("bg,bnga->bna", goals, plans), self._draws(batch))
