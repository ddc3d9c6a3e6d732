"""The streets of food_trucks as a planning problem: places, moves, meals, and what can be seen."""

from __future__ import annotations

import numpy as np

from prosocial.agents.mind.beliefs import BeliefProblem
from prosocial.envs.engine import World
from prosocial.envs.engine.grid import heading_offsets
from prosocial.envs.worlds.food_trucks.codes import EAT, HEADINGS, NUM_TRUCKS, STAY, TRUCK_K, Cell


class Streets:
    """What a configured food_trucks tells a planner; L places, W placements, A actions.

    Attributes:
        cells: Flat cell of each place, int64 (L,).
        place: Place of each flat cell, -1 where nobody stands, int64 (n,).
        moves: The next place, int64 (L, A).
        trucks: Truck at each place under each placement, -1 for none, int64 (L, W).
        percepts: What is seen from each place under each placement, as the number of the first
            placement under which the same is seen, int64 (L, W).
    """

    def __init__(self, world: World, *, sees: bool = True) -> None:
        """Reads the map.

        Args:
            world: A configured food_trucks.
            sees: Whether trucks are seen from afar; False: only the one at which the agent stands.
        """
        params = world.params[0]
        maps = params["maps"]
        self.cells = np.flatnonzero((maps[0] != Cell.WALL) & (maps[0] != Cell.OUTSIDE))
        self.place = np.full(maps.shape[1], -1, np.int64)
        self.place[self.cells] = np.arange(len(self.cells))
        self.moves = self._moves(int(params["width"]), world.num_actions)
        trucks = maps[:, self.cells].astype(np.int64).T - TRUCK_K
        self.trucks = np.where((trucks >= 0) & (trucks < NUM_TRUCKS), trucks, -1)
        sight = params["sight"][np.ix_(self.cells, self.cells)].astype(bool)
        self.percepts = self._percepts(sight if sees else np.eye(len(self.cells), dtype=bool))
        self._costs = np.full(world.num_actions, float(params["step_cost"]))
        self._costs[[a for a in (STAY, EAT) if a < world.num_actions]] = params["stay_cost"]
        self._on_arrival = bool(params["on_arrival"])

    def problem(self, utilities: np.ndarray, views: np.ndarray) -> BeliefProblem:
        """Returns the planning problem.

        Args:
            utilities: Of K, L and M under each desire, float64 (G, 3).
            views: What can be seen from each place, int64 (L,).
        """
        places, actions = self.moves.shape
        meal = np.full((places, actions, self.trucks.shape[1]), -1)  # the truck eaten at
        if self._on_arrival:
            moved = self.moves != np.arange(places)[:, None]
            meal[moved] = self.trucks[self.moves[moved]]
        else:
            meal[:, EAT] = self.trucks
        rewards = np.where(meal >= 0, utilities[:, meal], 0.0)
        return BeliefProblem(self.moves, self._costs, rewards, meal >= 0, views)

    def _moves(self, width: int, num_actions: int) -> np.ndarray:
        here = np.arange(len(self.cells))
        moves = np.repeat(here[:, None], num_actions, axis=1)
        offsets = heading_offsets(width)
        for action in range(1, EAT):
            target = self.place[self.cells + offsets[HEADINGS[action]]]
            moves[:, action] = np.where(target >= 0, target, here)
        return moves

    def _percepts(self, sight: np.ndarray) -> np.ndarray:
        spots = np.flatnonzero((self.trucks >= 0).any(axis=1))
        percepts = np.zeros(self.trucks.shape, np.int64)
        for place, seen in enumerate(sight[:, spots]):
            shown = self.trucks[spots[seen]].T  # (W, spots in sight)
            percepts[place] = (shown[:, None] == shown[None]).all(axis=2).argmax(axis=1)
        return percepts


class Knowledge:
    """What has been ruled out by sight: sets of placements that agree with all that was seen.

    Trucks do not move by themselves. Should sight contradict what was seen before, sight counts.

    Attributes:
        possible: The placements left in each state of knowledge, bool (E, W); the first is
            ignorance.
        following: The next state after a percept, int64 (V, E, W); percepts are numbered as in
            ``Streets.percepts``.
    """

    def __init__(self, views: np.ndarray) -> None:
        """Enumerates what can be known.

        Args:
            views: What is seen under each placement, by view, int64 (V, W).
        """
        worlds = views.shape[1]
        numbers = {(True,) * worlds: 0}
        states = [np.ones(worlds, np.bool_)]
        following = []
        for state in states:  # which grows on the way
            leads = np.zeros(views.shape, np.int64)
            for view, percept in np.ndindex(views.shape):
                seen = views[view] == percept
                new = state & seen if (state & seen).any() else seen if seen.any() else state
                key = tuple(new.tolist())
                if key not in numbers:
                    numbers[key] = len(states)
                    states.append(new)
                leads[view, percept] = numbers[key]
            following.append(leads)
        self.possible = np.array(states)
        self.following = np.array(following).swapaxes(0, 1)
