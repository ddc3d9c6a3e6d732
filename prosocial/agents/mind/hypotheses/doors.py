"""Hypotheses about the human of doors: which box it wants."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from prosocial.agents.mind.planning.cache import SHARED, plan_key
from prosocial.agents.mind.planning.distances import action_values, distances_to
from prosocial.envs.engine import ConfigError, World
from prosocial.envs.worlds.doors.codes import HUMAN, NO_DOOR, STAY, WALL, Action, offset

from .base import RowHypotheses
from .reading import door_rows


@dataclass(frozen=True)
class HumanGraph:
    """What the human can bring about by itself, as a graph: the helper is left out.

    A state is a pair (open doors, node), numbered ``mask * num_nodes + node``; bit d of the mask is
    door d. The nodes are the cells that are not walls, then, for each way into a door (a cell and a
    door beside it), the pushes that have been put into it: 1 .. push_steps - 1.

    Attributes:
        successors: State after each action, int32 (S, 5).
        num_nodes: Nodes under one mask.
        node_of: Node of each flat cell, int32 (n,); -1 for walls.
        cells: Flat cell of each node, int32 (num_nodes,).
        way_of: Number of the way from a cell into a door, int32 (n, D); -1 where there is none.
        pushes: Pushes after which a door opens, >= 1.
        free: How many nodes are cells.
    """

    successors: np.ndarray
    num_nodes: int
    node_of: np.ndarray
    cells: np.ndarray
    way_of: np.ndarray
    pushes: int
    free: int

    def states(self, records: np.ndarray) -> np.ndarray:
        """Returns the state of each record, int64 (B,)."""
        out = np.empty(len(records), np.int64)
        door_rows(
            records["position"][:, HUMAN], records["pushed"], records["effort"],
            records["is_open"], self.node_of, self.way_of, self.num_nodes, self.free, self.pushes,
            out,
        )  # fmt: skip
        return out


def human_graph(world: World, imagine: bool = True) -> HumanGraph:
    """Returns the graph of a configured world.

    Args:
        world: A configured doors.
        imagine: What a human who cannot open doors (``push_steps`` 0) reckons with: True: that a
            door opens at its first push, because somebody will open it; False: that it never does.

    Raises:
        ConfigError: The world is another one.
    """
    if world.name != "doors":
        raise ConfigError(f"There is a human behind doors in world 'doors', not in {world.name!r}.")
    params = world.params[0]
    cells, width = params["cells"], int(params["width"])
    doors = int((params["door_at"] >= 0).sum())
    pushes = max(int(params["push_steps"]), 1)
    opens = imagine or int(params["push_steps"]) > 0
    places = np.flatnonzero(cells != WALL).astype(np.int32)
    node_of = np.full(cells.size, -1, np.int32)
    node_of[places] = np.arange(len(places))
    offsets = [offset(width, action) for action in range(len(Action))]
    way_of = np.full((cells.size, max(doors, 1)), -1, np.int32)
    ways = [
        (int(cell), int(params["door_at"][cell + step]))
        for cell in places
        for step in offsets[STAY + 1 :]
        if params["door_at"][cell + step] != NO_DOOR
    ]
    for number, (cell, door) in enumerate(ways):
        way_of[cell, door] = number
    nodes = [(int(cell), NO_DOOR, 0) for cell in places]
    nodes += [(*way, effort) for way in ways for effort in range(1, pushes)]
    successors = np.empty((2**doors, len(nodes), len(Action)), np.int32)
    for mask in range(2**doors):
        for node, (cell, door, effort) in enumerate(nodes):
            for action, step in enumerate(offsets):
                there, opened = int(node_of[cell + step]), mask
                ahead = int(params["door_at"][cell + step])
                if there < 0:
                    there = int(node_of[cell])
                elif action != STAY and ahead != NO_DOOR and not mask >> ahead & 1:
                    there, tried = int(node_of[cell]), effort + 1 if door == ahead else 1
                    if tried < pushes:
                        there = len(places) + int(way_of[cell, ahead]) * (pushes - 1) + tried - 1
                    elif opens:
                        opened |= 1 << ahead
                successors[mask, node, action] = opened * len(nodes) + there
    where = np.array([cell for cell, _, _ in nodes], np.int32)
    flat = successors.reshape(-1, len(Action))
    return HumanGraph(flat, len(nodes), node_of, where, way_of, pushes, len(places))


class Boxes(RowHypotheses):
    """Kind "goals": which box the human wants, "box 1", "box 2", ... in the order of the map.

    An action is worth minus the number of steps to the box if one begins with it and goes on by the
    shortest way, pushing doors open by oneself: the human reckons with the doors that are open now,
    not with the helper. A human who cannot open doors (``push_steps`` 0) goes to a door as if it
    would open at once.

    Attributes:
        graph: The states that the rows of the table are.

    Args:
        world: A configured doors.
        step_cost: Cost of a step, > 0; a smaller one makes the human less rational.

    Raises:
        ConfigError: The world is another one, or the cost is not a positive finite number.
    """

    def __init__(self, world: World, step_cost: float = 1.0) -> None:
        self.graph = human_graph(world)
        boxes = world.params[0]["boxes"]
        super().__init__(world, tuple(f"box {number}" for number in range(1, len(boxes) + 1)))
        self.targets = (world.agents[HUMAN],)
        key = plan_key("doors", self.graph.successors, boxes, self.graph.cells, float(step_cost))
        self.table = SHARED.get(key, lambda: self._plan(boxes, step_cost))

    def _plan(self, boxes: np.ndarray, step_cost: float) -> np.ndarray:
        graph = self.graph
        end = len(graph.successors)  # one more state, to which the box leads: under any open doors
        walk = np.concatenate([graph.successors, np.full((1, len(Action)), end, np.int32)])
        at = np.append(np.tile(graph.cells, end // graph.num_nodes), -1)
        steps = np.empty((end, len(boxes)), np.int32)
        for number, box in enumerate(boxes):
            ended = np.where((at == box)[:, None], np.int32(end), walk)
            found = distances_to(ended, [end])[:end, 0]
            steps[:, number] = np.where(found < 0, found, found - 1)
        return action_values(graph.successors, steps, step_cost)

    def rows(self, states: np.ndarray) -> np.ndarray:
        """Returns the human's state, int64 (B, 1)."""
        return self.graph.states(states)[:, None]

    def actions(self, before: np.ndarray, actions: np.ndarray, after: np.ndarray) -> np.ndarray:
        """Returns what the human did, int64 (B, 1)."""
        return np.asarray(actions, np.int64)[:, [HUMAN]]
