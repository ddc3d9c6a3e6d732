"""The best help in doors: what each action of the helper costs, for each box the human may want.

The human walks as a noisily rational one does (softmax over the steps to its box) and does not
reckon with the helper; against that, the helper's best response is solved exactly by value
iteration over (open doors, human, helper). Doors never close, so the sets of open doors are solved
one after the other, from all open to none.
"""

from __future__ import annotations

import numpy as np

from prosocial.agents.mind.hypotheses.doors import Boxes, human_graph
from prosocial.agents.mind.planning.cache import SHARED, plan_key
from prosocial.agents.mind.planning.compiling import compiled
from prosocial.agents.mind.planning.values import softmax
from prosocial.envs.engine import ConfigError, World
from prosocial.envs.worlds.doors.codes import HELPER, Action, offset

_TOLERANCE = 1e-4  # steps
_MAX_SWEEPS = 2_000


class HelpPlan:
    """Expected steps until the human has its box, by what the helper does now.

    Attributes:
        values: Under the best help from then on, float32 (G, masks, nodes, cells): by the box that
            the human wants, the open doors, the node of the human (see ``HumanGraph``) and the
            helper's cell among those that are not walls.
    """

    def __init__(self, world: World, beta: float) -> None:
        """Plans, or looks the plan up.

        Args:
            world: A configured doors.
            beta: Rationality of the human, > 0 and finite, per step.

        Raises:
            ConfigError: The world is another one, beta is out of range, or so low that the human
                hardly ever gets anywhere.
        """
        boxes = Boxes(world)
        self._graph = boxes.graph
        self._alone = boxes.table.max(axis=1)
        self._policy = softmax(np.swapaxes(boxes.table, 1, 2), beta)  # (S, G, A)
        self._successors = human_graph(world, imagine=False).successors
        params = world.params[0]
        places = np.flatnonzero(self._graph.node_of >= 0)
        targets = places[:, None] + [offset(int(params["width"]), action) for action in Action]
        there = self._graph.node_of[targets]
        self._move = np.where(there < 0, np.arange(len(places))[:, None], there).astype(np.int32)
        self._door = params["door_at"][targets].astype(np.int32)
        self._masks = len(self._successors) // self._graph.num_nodes
        goals = self._graph.node_of[params["boxes"]]
        key = plan_key("doors help", self._successors, self._policy, self._door, self._move, goals)
        self.values = SHARED.get(key, lambda: self._solve(goals))

    def _solve(self, goals: np.ndarray) -> np.ndarray:
        shape = (len(goals), self._masks, self._graph.num_nodes, len(self._move))
        values = np.zeros(shape, np.float32)
        for number, goal in enumerate(goals):
            policy = np.ascontiguousarray(self._policy[:, number])
            steps = -self._alone[:, number].reshape(self._masks, -1)
            order = np.argsort(steps, axis=1, kind="stable")  # the nearest to the box first
            solved = _solve(
                self._successors, policy, goal, self._move, self._door, order, _TOLERANCE,
                _MAX_SWEEPS, values[number],
            )  # fmt: skip
            if not solved:
                raise ConfigError(
                    "The help cannot be planned: a human of that beta hardly ever gets to its box. "
                    "Raise beta."
                )
        return values

    def costs(self, records: np.ndarray, beliefs: np.ndarray) -> np.ndarray:
        """Returns the expected steps to the box by the helper's action now: float64 (B, 5).

        They are expected under the belief, as if the box became known after this step (QMDP;
        Littman, Cassandra & Kaelbling 1995). No helper's action here tells it more than another, so
        little is lost by that.

        Args:
            records: State records, (B,).
            beliefs: Probabilities of the boxes, (B, G).
        """
        states = self._graph.states(records)
        cells = self._graph.node_of[records["position"][:, HELPER]].astype(np.int64)
        costs = np.zeros((len(records), len(Action)))
        _expect(
            self._successors, self._policy, self.values, self._move, self._door, states, cells,
            np.ascontiguousarray(beliefs, np.float64), costs,
        )  # fmt: skip
        return costs


@compiled
def _solve(successors, policy, goal, move, door, order, tolerance, max_sweeps, values):
    """Writes the values (masks, nodes, cells) of one goal; returns whether they converged.

    ``order`` (masks, nodes) says in which order the nodes are updated: a matter of speed.
    """
    num_masks, num_nodes, num_cells = values.shape
    for mask in range(num_masks - 1, -1, -1):
        values[mask] = values[num_masks - 1]  # all doors open: a lower bound
        for _ in range(max_sweeps):
            change = 0.0
            for k in range(num_nodes):
                node = order[mask, k]
                if node == goal:
                    continue
                for cell in range(num_cells):
                    best = np.inf
                    for action in range(move.shape[1]):
                        total = 1.0
                        for human in range(successors.shape[1]):
                            total += policy[mask * num_nodes + node, human] * _after(
                                successors, values, move, door, mask, node, human, cell, action
                            )
                        best = min(best, total)
                    change = max(change, abs(best - values[mask, node, cell]))
                    values[mask, node, cell] = best
            if change < tolerance:
                break
        else:
            return False
    return True


@compiled
def _after(successors, values, move, door, mask, node, human, cell, action):
    """Returns the value (masks, nodes, cells) after a joint action."""
    num_nodes = values.shape[1]
    state = successors[mask * num_nodes + node, human]
    after, opened = state // num_nodes, door[cell, action]
    there = move[cell, action]
    if opened >= 0 and not (mask >> opened) & 1:
        after, there = after | (1 << opened), cell
    return values[after, state % num_nodes, there]


@compiled
def _expect(successors, policy, values, move, door, states, cells, beliefs, costs):
    """Adds up the expected steps (B, 5)."""
    num_nodes = values.shape[2]
    for w in range(states.shape[0]):
        mask, node = states[w] // num_nodes, states[w] % num_nodes
        for action in range(costs.shape[1]):
            costs[w, action] = 1.0
            for g in range(beliefs.shape[1]):
                if beliefs[w, g] > 0:
                    for human in range(successors.shape[1]):
                        costs[w, action] += (
                            beliefs[w, g]
                            * policy[states[w], g, human]
                            * _after(
                                successors,
                                values[g],
                                move,
                                door,
                                mask,
                                node,
                                human,
                                cells[w],
                                action,
                            )
                        )
