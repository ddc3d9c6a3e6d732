"""Hypotheses about the agent of food_trucks: what it likes, and what it believed at first.

Joint inference of belief and desire (Baker, Saxe & Tenenbaum 2011; Baker et al. 2017): the agent
plans over its place and its belief about what is parked where, sees what lies in its line of sight,
and acts by a softmax in the values of its actions. The two lesions of the 2011 paper are options:
an agent that knows what is parked everywhere, and one that sees nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations, product
from typing import Any

import numpy as np

from prosocial.agents.mind.beliefs import (
    belief_values,
    exact_beliefs,
    posterior_belief,
    simplex_grid,
)
from prosocial.envs.engine import ConfigError, World
from prosocial.envs.worlds.food_trucks.codes import NUM_TRUCKS, TRUCKS
from prosocial.envs.worlds.food_trucks.world import FoodTrucksConfig

from .base import RowHypotheses
from .streets import Knowledge, Streets

LESIONS = ("none", "true_belief", "no_observation")
MAX_VALUES = 50_000_000  # action values in the table


class BeliefsDesires(RowHypotheses):
    """Kind "beliefs_desires": utilities of the trucks times first beliefs about the placements.

    A hypothesis is "K100 L0 M50; LK .3 MK .7": what K, L and M are worth to the agent, and how
    likely it held each placement before it saw anything. From then on it believes what Bayes' rule
    makes of what it sees. Two rules for what Bayes' rule leaves open: a certain belief that the
    percept contradicts is kept (it explains no change of mind); and where trucks seen now
    contradict trucks seen before, as they can if somebody moves a truck, sight counts and memory
    does not.

    Attributes:
        utilities: Of K, L and M under each desire, float64 (G, 3).
        beliefs: First beliefs over the placements, float64 (P, W). With the lesion "true_belief"
            certainty of each (W, W), of which the true one holds: P is then 1.
        placements: Names of the placements, (W,).
        table: Action values, float32 (places * K, A, G * P), K states of knowledge; see
            ``RowHypotheses``. Hypotheses are ordered by desire, then by belief.

    Args:
        world: A configured food_trucks.
        utilities: The desires, numbers (G, 3); None: all that the world's configuration can draw,
            and with fixed ones every order of them.
        beliefs: The first beliefs, numbers (P, W), or the number of steps of a regular grid from 0
            to 1; None: 10 steps with two placements, as in memo's demonstration; with more of them
            ignorance, and for each of them half of the probability on it and half spread evenly.
        lesion: "none", "true_belief" (the agent knows what is parked everywhere) or
            "no_observation" (it sees no truck, and keeps its first belief).
        discount: Of the agent's plans, in (0, 1]; 0.99 in memo's demonstration.
        planning_beta: None: it plans to act optimally, and errs in acting only; a number > 0: it
            reckons with its own errors at that rationality.

    Raises:
        ConfigError: The world is another one, an argument is out of its range, or the table would
            be too large.
    """

    def __init__(
        self,
        world: World,
        utilities: Sequence[Sequence[float]] | None = None,
        beliefs: Sequence[Sequence[float]] | int | None = None,
        lesion: str = "none",
        discount: float = 0.99,
        planning_beta: float | None = None,
    ) -> None:
        if not isinstance(world.config, FoodTrucksConfig):
            raise ConfigError(
                f"BeliefsDesires are hypotheses about food_trucks, not about {world.name!r}."
            )
        if lesion not in LESIONS:
            raise ConfigError(f"lesion is {lesion!r}; expected one of {', '.join(LESIONS)}.")
        self.placements = world.config.possible()
        self.lesion = lesion
        self.utilities = _desires(world.config, utilities)
        self.beliefs = _first_beliefs(beliefs, len(self.placements))
        self._knows_all = lesion == "true_belief"
        if self._knows_all:
            self.beliefs = np.eye(len(self.placements))
        self._streets = streets = Streets(world, sees=lesion != "no_observation")
        views, view_of = np.unique(streets.percepts, axis=0, return_inverse=True)
        self._view_of = view_of.ravel()
        self._knowledge = Knowledge(views)
        self._check_size()
        super().__init__(world, self._names())
        likelihood = np.eye(len(self.placements))[views]  # percepts are certain
        self._space = exact_beliefs(self.beliefs, likelihood)
        self._present = self._present_points()
        problem = streets.problem(self.utilities, self._view_of)
        values = belief_values(self._space, problem, discount=discount, beta=planning_beta)
        table = values[:, :, self._present].transpose(1, 2, 4, 0, 3)  # (L, E, A, G, P)
        table = table.reshape(-1, world.num_actions, len(self.names))
        self.table = np.ascontiguousarray(table, np.float32)
        self._known = np.zeros(0, np.int64)

    def begin(self, states: np.ndarray, where: np.ndarray) -> None:
        """Forgets what was seen and takes in what is in sight at the start."""
        if len(self._known) != len(states):
            self._known = np.zeros(len(states), np.int64)
        self._known[where] = 0
        self._known[where] = self._looked(states)[where]

    def advance(self, before: np.ndarray, actions: np.ndarray, after: np.ndarray) -> None:
        """Takes in what is in sight after the step."""
        self._known = self._looked(after)

    def rows(self, states: np.ndarray) -> np.ndarray:
        """Returns place times number of states of knowledge plus that state, int64 (B, 1)."""
        place = self._streets.place[states["position"]]
        return (place * len(self._present) + self._state_of(states))[:, None]

    def state(self) -> dict[str, np.ndarray]:
        """Returns what was seen so far in each world."""
        return {"known": self._known.copy()}

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Takes over what ``state`` returned."""
        self._known = state["known"].copy()

    def joint(self, posterior: np.ndarray) -> np.ndarray:
        """Returns a posterior (..., H) by desire and first belief, (..., G, P)."""
        return posterior.reshape(*posterior.shape[:-1], len(self.utilities), -1)

    def desires(self, posterior: np.ndarray) -> np.ndarray:
        """Returns the probability of each desire, (..., G)."""
        return self.joint(posterior).sum(axis=-1)

    def expected_utilities(self, posterior: np.ndarray) -> np.ndarray:
        """Returns the expected utilities of K, L and M, (..., 3)."""
        return self.desires(posterior) @ self.utilities

    def order_probability(self, posterior: np.ndarray, order: str) -> np.ndarray:
        """Returns P(first > second > ... ) of trucks, such as "MKL", (...,).

        Raises:
            ConfigError: A letter is none of the trucks'.
        """
        if not order or any(letter not in TRUCKS for letter in order):
            raise ConfigError(f"order is {order!r}; expected letters of {TRUCKS}, such as 'MKL'.")
        ranked = self.utilities[:, [TRUCKS.index(letter) for letter in order]]
        return self.desires(posterior) @ (np.diff(ranked, axis=1) < 0).all(axis=1)

    def favourite(self, posterior: np.ndarray) -> np.ndarray:
        """Returns the probabilities that K, L or M is liked strictly best, (..., 3)."""
        others = np.array([np.delete(self.utilities, k, 1).max(1) for k in range(NUM_TRUCKS)]).T
        return self.desires(posterior) @ (self.utilities > others)

    def first_belief(self, posterior: np.ndarray) -> np.ndarray:
        """Returns the probability that the agent gave each placement at first, (..., W)."""
        self._require_beliefs()
        return self.joint(posterior).sum(axis=-2) @ self.beliefs

    def present_belief(self, posterior: np.ndarray) -> np.ndarray:
        """Returns the probability that it gives each placement by now, (B, ..., W).

        Args:
            posterior: Of the worlds of the last ``begin`` or ``advance``, (B, ..., H).
        """
        self._require_beliefs()
        points = self._space.points[self._present[self._known]]  # (B, P, W)
        return np.einsum("b...p,bpw->b...w", self.joint(posterior).sum(axis=-2), points)

    def _looked(self, states: np.ndarray) -> np.ndarray:
        place = self._streets.place[states["position"]]
        percept = self._streets.percepts[place, states["placement"]]
        return self._knowledge.following[self._view_of[place], self._known, percept]

    def _state_of(self, states: np.ndarray) -> np.ndarray:
        """Returns the rows of ``_present`` that hold, int64 (B,)."""
        return states["placement"].astype(np.int64) if self._knows_all else self._known

    def _present_points(self) -> np.ndarray:
        """Returns the point that follows each first belief in each state of knowledge, (E, P)."""
        if self._knows_all:
            return np.arange(len(self.placements))[:, None]
        possible = self._knowledge.possible.astype(np.float64)
        return self._space.index(np.array([posterior_belief(self.beliefs, e) for e in possible]))

    def _names(self) -> tuple[str, ...]:
        likes = [
            " ".join(f"{t}{u:g}" for t, u in zip(TRUCKS, row, strict=True))
            for row in self.utilities
        ]
        if self._knows_all:
            return tuple(f"{like}; true belief" for like in likes)
        believes = [
            " ".join(f"{n} {p:.5g}" for n, p in zip(self.placements, row, strict=True) if p > 0)
            for row in self.beliefs
        ]
        return tuple(f"{like}; {belief}" for like, belief in product(likes, believes))

    def _check_size(self) -> None:
        beliefs = 1 if self._knows_all else len(self.beliefs)
        rows = len(self._knowledge.possible) * self._streets.moves.size
        size = len(self.utilities) * beliefs * rows
        if size > MAX_VALUES:
            raise ConfigError(
                f"The hypotheses need {size:,} action values; expected at most {MAX_VALUES:,}. "
                "Give fewer beliefs or desires."
            )

    def _require_beliefs(self) -> None:
        if self._knows_all:
            raise ConfigError("With lesion 'true_belief' nothing is inferred about beliefs.")


def _desires(config: FoodTrucksConfig, given: Sequence[Sequence[float]] | None) -> np.ndarray:
    if given is None:
        values = config.possible_utilities()
        every: Any = product(values, repeat=NUM_TRUCKS)
        if config.desires != "independent":
            every = sorted(
                set(permutations(config.utilities if config.desires == "fixed" else values))
            )
        given = list(every)
    utilities = np.asarray(given, np.float64)
    if utilities.ndim != 2 or utilities.shape[1] != NUM_TRUCKS or not np.isfinite(utilities).all():
        raise ConfigError(
            f"utilities has shape {utilities.shape}; expected finite numbers for {TRUCKS} under "
            f"each desire, (G, {NUM_TRUCKS})."
        )
    return utilities


def _first_beliefs(given: Sequence[Sequence[float]] | int | None, worlds: int) -> np.ndarray:
    if given is None and worlds != 2:
        even = np.full((1, worlds), 1 / worlds)
        return even if worlds == 1 else np.vstack([even, 0.5 * np.eye(worlds) + 0.5 * even])
    if given is None or isinstance(given, int):
        return simplex_grid(worlds, 10 if given is None else given)
    beliefs = np.asarray(given, np.float64)
    if beliefs.ndim != 2 or beliefs.shape[1] != worlds:
        raise ConfigError(
            f"beliefs has shape {beliefs.shape}; expected a probability of each of the {worlds} "
            f"placements in every row, (P, {worlds})."
        )
    return beliefs
