"""A partner who infers by which norm the others harvest, and answers in kind."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from prosocial.agents.mind.batch import Follower
from prosocial.agents.mind.config import MindConfig
from prosocial.agents.mind.hypotheses.commons_harvest import SELFISH
from prosocial.agents.mind.mind import Mind
from prosocial.envs.engine import Batch, ConfigError, nearest, world_seeds

from .commons import Harvester
from .govsim import WORLDS as GOVSIM
from .protocol import check_world

RESPONSES = ("greedy", "punish")


class BayesianReciprocator:
    """Restrained as long as it believes most others to be, by exact Bayesian inverse planning.

    It keeps a posterior over the norms of each other agent (kind "norms" of the world). Who is
    greedy: in commons_harvest a "greedy" or "zapper"; in fishery, pasture and pollution whoever's
    norm demands more than the threshold now. While the posterior probability that more than half
    of the others are greedy is at most ``threshold``, it is restrained itself: it leaves apples
    with fewer than ``least`` live neighbours, and demands the threshold. Above it, with the
    response "greedy", it takes everything; with "punish" it stays restrained and zaps each of those
    whom it believes to be greedy rather than not, sparing the others.

    Every episode begins with the prior, all norms alike. What it does in a world depends on its
    seed, the world's seed and the world's history only. It acts once a step.

    Args:
        threshold: Probability above which it responds, in (0, 1).
        response: "greedy", or in commons_harvest "punish".
        least: Live neighbours, 1 to 24; for itself and for what it takes to be restraint.
        beta: How strictly it believes the others to follow their norms, > 0.
        sight: "full", or "view": it learns about those alone who are in its view.
        seed: Of its random numbers, an int in [0, 2**64).

    Raises:
        ConfigError: An argument is out of its range.
    """

    def __init__(
        self,
        threshold: float = 0.8,
        response: str = "greedy",
        least: int = 2,
        beta: float = 1.0,
        sight: str = "full",
        seed: int = 0,
    ) -> None:
        if not 0 < threshold < 1:
            raise ConfigError(
                f"BayesianReciprocator got threshold={threshold}; expected a number between 0 and "
                "1."
            )
        if response not in RESPONSES:
            raise ConfigError(
                f"BayesianReciprocator got response={response!r}. {nearest(response, RESPONSES)}"
            )
        self._threshold, self._response = float(threshold), response
        self._worlds = ("commons_harvest", *(GOVSIM if response == "greedy" else ()))
        options = {"sight": sight}
        self._minds = {
            name: Follower(MindConfig(kind="norms", beta=beta, options=extra))
            for name, extra in (
                ("commons_harvest", {**options, "least": least}),
                *((name, options) for name in GOVSIM),
            )
        }
        self._restrained, self._greedy = Harvester(least), _Avenger(least)
        if response == "greedy":
            self._greedy = Harvester(0)
        self.reset(seed)

    def reset(self, seed: int) -> None:
        """Forgets everything and starts anew with another seed, an int in [0, 2**64)."""
        first, second = world_seeds(seed, 0, 2)
        self._restrained.reset(int(first))
        self._greedy.reset(int(second))
        for mind in self._minds.values():
            mind.reset()

    def act(self, batch: Batch) -> np.ndarray:
        """Returns the actions of all agents, int64 (B, N).

        Raises:
            ConfigError: The batch is of another world, or a number does not suit it.
        """
        return self.act_for(batch, range(batch.num_agents))

    def act_for(self, batch: Batch, agents: Sequence[int]) -> np.ndarray:
        """Returns the actions of some agents, int64 (B, len(agents)); see ``act``."""
        check_world(self, batch, *self._worlds)
        mind = self._minds[batch.world.name].look(batch)
        greedy = probability_greedy(mind, batch)
        provoked = (majority_probability(greedy) > self._threshold)[:, list(agents)]
        if batch.world.name in GOVSIM:
            state = batch.state
            calm, angry = state["threshold"][:, None], state["stock"][:, None]
        else:
            if isinstance(self._greedy, _Avenger):
                self._greedy.enemies = greedy > 0.5
            calm = self._restrained.act_for(batch, agents)
            angry = self._greedy.act_for(batch, agents)
        return np.where(provoked, angry, calm).astype(np.int64)

    @property
    def remembers(self) -> bool:
        """True: its actions depend on what it has seen."""
        return True

    def state(self) -> dict[str, np.ndarray]:
        """Returns copies of the arrays that restore its posteriors; empty before the first act."""
        return {
            f"{world}/{name}": array
            for world, mind in self._minds.items()
            for name, array in mind.state().items()
        }

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Takes over what ``state`` returned, after ``reset`` with the same seed."""
        for world, mind in self._minds.items():
            prefix = f"{world}/"
            own = {n.removeprefix(prefix): a for n, a in state.items() if n.startswith(prefix)}
            if own:
                mind.restore(own)


def probability_greedy(mind: Mind, batch: Batch) -> np.ndarray:
    """Returns how probable each observer finds it that each agent is greedy, float64 (B, N, N).

    Observers first; 0 about oneself.
    """
    posterior = mind.posterior.astype(float)
    if batch.world.name in GOVSIM:
        # The demand that each norm makes likeliest now: what it asks for.
        demands = mind.hypotheses.action_values(batch.state).argmax(axis=3)
        selfish = demands > batch.state["threshold"][:, None, None]
        found = (posterior * selfish[:, None]).sum(axis=3)
    else:
        found = posterior[..., [mind.names.index(name) for name in SELFISH]].sum(axis=3)
    return found * ~np.eye(batch.num_agents, dtype=bool)


def majority_probability(greedy: np.ndarray) -> np.ndarray:
    """Returns the probability that more than half of the others are greedy, float64 (B, N).

    Exact: the number of greedy ones is a sum of independent variables (Poisson binomial).

    Args:
        greedy: Probability of each agent by each observer, (B, N, N), 0 about oneself.
    """
    num_agents = greedy.shape[2]
    counts = np.zeros((*greedy.shape[:2], num_agents + 1))
    counts[..., 0] = 1
    for agent in range(num_agents):
        p = greedy[:, :, agent, None]
        shifted = np.concatenate([np.zeros_like(p), counts[..., :-1]], axis=2)
        counts = (1 - p) * counts + p * shifted
    return counts[..., (num_agents - 1) // 2 + 1 :].sum(axis=2)


class _Avenger(Harvester):
    """Restrained, and zaps the enemies of each agent, bool (B, N, N), when they are in reach."""

    enemies: np.ndarray

    def _victims(self, batch: Batch, aims: np.ndarray) -> np.ndarray:
        return np.ascontiguousarray(self.enemies)
