"""What every sub-task costs every agent and every pair of agents, now and after each action.

The exact value of a sub-task depends on where its agents stand, what they hold, and where the
things lie that it is about. It is the least cost of one of these plans, each composed of shortest
ways between cached distances:

* one agent: put down what is in the way, fetch one input, carry it to where it is used;
* two agents: either of them does it alone, or one puts an input on an empty counter, and the other
  takes it from there and uses it, or comes with the other input and merges them there.

Costs are those of the source: 1 for a step and 0.1 for each agent that does not stay in it,
undiscounted. Things on counters are seen as they lie now: nothing is put or handed over where
something else lies. Other agents are no obstacles to a plan (two who share a sub-task block each
other in the next step only): who acts looks out for them (`acting`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from prosocial.envs.engine import World

from . import kernel
from .allocations import pairs
from .needs import Needs
from .rooms import room_of, scratch_for, task_rows


@dataclass(frozen=True)
class Costs:
    """What is left of each sub-task in B worlds; `kernel.IMPOSSIBLE` where it cannot be done.

    Attributes:
        alone: float64 (B, S, N): for one agent.
        joint: float64 (B, S, P): for a pair.
        tries: float64 (B, S, N, 5): for one agent after an action, its cost included.
        joint_tries: float64 (B, S, P, 25): for a pair after actions 5 first + second.
        field: float64 (B, S, N, n): for one agent if it stood on a floor cell.
        together: bool (B, S, S): sub-tasks that can be worked on side by side (`needs.Needs`).
    """

    alone: np.ndarray
    joint: np.ndarray
    tries: np.ndarray
    joint_tries: np.ndarray
    field: np.ndarray
    together: np.ndarray

    def arrays(self) -> tuple[np.ndarray, ...]:
        """Returns the costs in their order."""
        return self.alone, self.joint, self.tries, self.joint_tries, self.field


class SubtaskValues:
    """Evaluates all sub-tasks of a kitchen.

    Attributes:
        needs: Which sub-tasks are useful.
        subtasks: The sub-tasks, (S,).
        pairs: int64 (P, 2): pairs of agents; none if nothing is shared.
        room: Distances and stations.

    Args:
        world: A configured kitchen.
        joint: Whether to evaluate pairs of agents.

    Raises:
        ConfigError: The world is no kitchen.
    """

    def __init__(self, world: World, joint: bool = True) -> None:
        self.room = room_of(world)
        self.needs = Needs(world)
        self.subtasks = self.needs.subtasks
        self.pairs = pairs(world.num_agents) if joint else np.zeros((0, 2), np.int64)
        self._rows = task_rows(self.subtasks)
        self._scratch = scratch_for(self.room)
        self._num_agents = world.num_agents

    def blank(self, num_worlds: int, field: bool = True) -> Costs:
        """Returns arrays for B worlds, everything impossible; without a field: for no cells."""
        tasks, agents, couples = len(self.subtasks), self._num_agents, len(self.pairs)

        def full(*shape: int) -> np.ndarray:
            return np.full((num_worlds, tasks, *shape), kernel.IMPOSSIBLE)

        return Costs(
            alone=full(agents),
            joint=full(couples),
            tries=full(agents, kernel.NUM_ACTIONS),
            joint_tries=full(couples, kernel.NUM_ACTIONS**2),
            field=full(agents, self.room.kind.size if field else 0),
            together=np.zeros((num_worlds, tasks, tasks), np.bool_),
        )

    def evaluate(
        self,
        states: np.ndarray,
        out: Costs | None = None,
        every: bool = False,
        useful: np.ndarray | None = None,
    ) -> Costs:
        """Returns what the sub-tasks cost.

        Args:
            states: Records of the kitchen, (B,).
            out: Arrays to write into; None for new ones.
            every: Whether to look at useless sub-tasks as well.
            useful: The useful sub-tasks, bool (B, S), if they are known; ``together`` stays.
        """
        out = out or self.blank(len(states))
        if useful is None:
            useful, out.together[:], _ = self.needs.look(states)
        fields = (states[name].astype(np.int64) for name in ("items", "position", "held"))
        kernel.evaluate(
            self.room, self._scratch, self._rows, self.pairs, useful | every, *fields, *out.arrays()
        )
        return out
