"""Partners for doors: a human who walks to its box, and helpers who know more or less about it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np

from prosocial.agents.mind.hypotheses.doors import Boxes
from prosocial.agents.mind.mind import Mind
from prosocial.agents.mind.planning.distances import goal_table, grid_successors
from prosocial.agents.mind.planning.values import checked_beta, softmax
from prosocial.envs.engine import (
    Batch,
    ConfigError,
    ResetNeededError,
    Stream,
    World,
    uniform_array,
    world_seeds,
)
from prosocial.envs.worlds.doors.codes import DOOR, HELPER, HUMAN, STAY, WALL, Action, offset

from .doors_help import HelpPlan
from .protocol import check_world

BETA = 2.0  # per step: of two ways of which one is a step longer, that is taken one time in eight
_TIE = 1e-2  # expected steps by which actions differ that are equally good


class _Role(ABC):
    """Acts for one of the two agents; asked for all, it lets the other one stay."""

    agent: int

    def __init__(self, seed: int = 0) -> None:
        """Starts with a seed, an int in [0, 2**64)."""
        self._world: World | None = None
        self.reset(seed)

    def reset(self, seed: int) -> None:
        """Starts anew with another seed, an int in [0, 2**64)."""
        self._seed = world_seeds(seed, 0, 1)

    def act(self, batch: Batch) -> np.ndarray:
        """Returns the next actions, int64 (B, 2); the other agent's is STAY."""
        actions = np.full((batch.num_worlds, batch.num_agents), STAY, np.int64)
        actions[:, [self.agent]] = self.act_for(batch, [self.agent])
        return actions

    def act_for(self, batch: Batch, agents: Sequence[int]) -> np.ndarray:
        """Returns the next actions, int64 (B, 1).

        Raises:
            ConfigError: The batch is of another world, or the agent is the other one.
        """
        check_world(self, batch, "doors")
        if list(agents) != [self.agent]:
            raise ConfigError(
                f"{type(self).__name__} acts for agent {self.agent} "
                f"({batch.world.agents[self.agent]}) alone, not for {list(agents)}; combine "
                "partners for both in a Population."
            )
        if self._world is not batch.world:
            self._world = batch.world
            self._prepare(batch.world)
        return self._choose(batch)[:, None]

    @abstractmethod
    def _prepare(self, world: World) -> None:
        """Plans for a world."""

    @abstractmethod
    def _choose(self, batch: Batch) -> np.ndarray:
        """Returns the agent's actions, int64 (B,)."""

    def _uniform(self, batch: Batch) -> np.ndarray:
        """Returns a random number in (0, 1) for each world, float64 (B,)."""
        seeds = batch.state["seed"] + self._seed
        return uniform_array(seeds, batch.state["step"], Stream.POLICY)[:, 0]

    def _any_of(self, batch: Batch, good: np.ndarray) -> np.ndarray:
        """Returns one of the good actions, bool (B, A), of each world, drawn: int64 (B,)."""
        chosen = (self._uniform(batch) * good.sum(axis=1)).astype(np.int64)
        return (good.cumsum(axis=1) > chosen[:, None]).argmax(axis=1)


class DoorsHuman(_Role):
    """Walks to its box: softmax(beta Q), Q minus the steps to the box with the doors as they are.

    It does not reckon with the helper: it pushes doors open by itself, and goes through those that
    are open. Its steps are those of the hypotheses "goals" of doors, exactly.

    Args:
        beta: Rationality, > 0 and finite, per step.
        seed: Of its random numbers.

    Raises:
        ConfigError: ``beta`` is out of its range.
    """

    agent = HUMAN

    def __init__(self, beta: float = BETA, seed: int = 0) -> None:
        self._beta = checked_beta(beta)
        super().__init__(seed)

    def _prepare(self, world: World) -> None:
        self._boxes = Boxes(world)
        policy = softmax(np.swapaxes(self._boxes.table, 1, 2), self._beta)
        self._cumulative = policy.cumsum(axis=-1)  # (S, G, A)

    def _choose(self, batch: Batch) -> np.ndarray:
        rows = self._boxes.rows(batch.state)[:, 0]
        steps = self._cumulative[rows, batch.state["goal"]]
        draws = self._uniform(batch)[:, None] * steps[:, -1:]
        return (draws >= steps).sum(axis=1)


class DoorOpener(_Role):
    """Opens every door, the nearest first, and asks nobody; helps without inferring anything.

    Args:
        seed: Of the choice between equally near doors and equally short ways.
    """

    agent = HELPER

    def _prepare(self, world: World) -> None:
        params = world.params[0]
        blocking = np.zeros(256, np.uint8)
        blocking[WALL] = 1
        offsets = [offset(int(params["width"]), action) for action in Action]
        walk = grid_successors(params["cells"], int(params["width"]), blocking, offsets)
        # Closed doors count as free: none stands in the way to the nearest one.
        self._values = goal_table(walk, params["doors"])  # (n, A, D)
        self._none = not (params["cells"] == DOOR).any()

    def _choose(self, batch: Batch) -> np.ndarray:
        values = self._values[batch.state["position"][:, HELPER]]
        closed = (batch.state["is_open"] == 0) & (not self._none)
        best = np.where(closed[:, None], values, -np.inf).max(axis=2)
        best[:, STAY] = np.where(closed.any(axis=1), -np.inf, 0.0)
        return self._any_of(batch, best == best.max(axis=1, keepdims=True))


class _Helper(_Role):
    """Takes the action with the fewest expected steps to the box, under what it believes.

    Args:
        beta: Rationality of the human that it reckons with, > 0 and finite.
        seed: Of the choice between actions that are equally good.

    Raises:
        ConfigError: ``beta`` is out of its range.
    """

    agent = HELPER

    def __init__(self, beta: float = BETA, seed: int = 0) -> None:
        self._beta = checked_beta(beta)
        super().__init__(seed)

    @abstractmethod
    def beliefs(self, batch: Batch) -> np.ndarray:
        """Returns its probabilities of the boxes, (B, G)."""

    def _prepare(self, world: World) -> None:
        self._plan = HelpPlan(world, self._beta)
        self._num_boxes = len(world.params[0]["boxes"])

    def _choose(self, batch: Batch) -> np.ndarray:
        costs = self._plan.costs(batch.state, self.beliefs(batch))
        return self._any_of(batch, costs <= costs.min(axis=1, keepdims=True) + _TIE)


class OracleHelper(_Helper):
    """A helper that knows which box the human wants: as good as help gets."""

    def beliefs(self, batch: Batch) -> np.ndarray:
        """Returns certainty, float64 (B, G)."""
        return np.eye(self._num_boxes)[batch.state["goal"]]


class UninformedHelper(_Helper):
    """A helper that holds all boxes equally likely, whatever the human does.

    Where the boxes lie on different sides it can decide for none of them, and stays about.
    """

    def beliefs(self, batch: Batch) -> np.ndarray:
        """Returns the prior, float64 (B, G)."""
        return np.full((batch.num_worlds, self._num_boxes), 1 / self._num_boxes)


class BayesianHelper(_Helper):
    """A helper that infers from the human's steps which box it wants.

    Inverse planning with the hypotheses "goals" of doors, then the action with the least expected
    cost under the posterior (as in CIRL, Hadfield-Menell et al. 2016, the human's actions being
    evidence about the reward; and CLIPS, Zhi-Xuan et al. 2024).

    Args:
        beta: Rationality of the human that it reckons with, > 0 and finite.
        lapse: Probability that the human acts at random, as it believes, in [0, 1).
        seed: Of the choice between actions that are equally good.

    Raises:
        ConfigError: An argument is out of its range.
    """

    def __init__(self, beta: float = BETA, lapse: float = 0.0, seed: int = 0) -> None:
        self._lapse = lapse
        self._saved: dict[str, np.ndarray] = {}
        super().__init__(beta, seed)

    def reset(self, seed: int) -> None:
        """Forgets what it inferred, and starts anew with another seed."""
        super().reset(seed)
        self._world, self._mind, self._seen = None, None, None

    def beliefs(self, batch: Batch) -> np.ndarray:
        """Returns the posterior, float32 (B, G)."""
        if self._mind is None:
            self._mind = self._begin(batch)
        if self._seen is not None:
            self._mind.observe(self._seen, batch.last_actions, batch.after())
            self._mind.reset(batch.state, batch.state["t"] == 0)
        self._seen = batch.state.copy()
        return self.posterior

    @property
    def posterior(self) -> np.ndarray:
        """What it believed when it last acted: float32 (B, G).

        Raises:
            ResetNeededError: It has not acted yet.
        """
        if self._mind is None:
            raise ResetNeededError("The helper has not acted yet: call act() first.")
        return self._mind.posterior[:, 0, 0]

    def state(self) -> dict[str, np.ndarray]:
        """Returns copies of the arrays that restore the memory; empty before the first act."""
        if self._mind is None or self._seen is None:
            return {}
        seen = self._seen.view(np.uint8).reshape(len(self._seen), -1).copy()
        return {"seen": seen, **{f"mind/{n}": a for n, a in self._mind.state().items()}}

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Takes over what ``state`` returned, after ``reset`` with the same seed."""
        self._saved = dict(state)

    def _begin(self, batch: Batch) -> Mind:
        mind = Mind(batch.world, "goals", beta=self._beta, lapse=self._lapse, observers="shared")
        mind.reset(batch.state)
        if self._saved:
            self._seen = self._saved.pop("seen").view(batch.state.dtype)[:, 0]
            mind.restore({n.removeprefix("mind/"): a for n, a in self._saved.items()})
            self._saved = {}
        return mind
