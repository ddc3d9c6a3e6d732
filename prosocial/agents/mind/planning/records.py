"""Planning on the records of a world: copy the record, step the copy.

Needs nothing of a world but its rules. They are to be deterministic: a world that draws numbers
shows a planner the draws of the root's step alone. The time limit of the world is switched off in
the copies, so that a search has its own horizon.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

from prosocial.envs.engine import HEADER, Batch, ConfigError, World

ROOT = 0  # number of the first state of a graph
_CHUNK = 256  # records stepped at once


def joint_actions(world: World, agents: Sequence[int] | None = None, idle: int = 0) -> np.ndarray:
    """Returns all combinations of the actions of some agents, the others idle: int64 (K, N).

    Args:
        world: The configured world.
        agents: Numbers of the agents that act; None for all.
        idle: The action of the others.

    Raises:
        ConfigError: An agent or the idle action does not exist.
    """
    acting = list(range(world.num_agents)) if agents is None else list(agents)
    if not acting or not set(acting) <= set(range(world.num_agents)):
        raise ConfigError(
            f"agents is {agents!r}; expected some of the numbers 0 .. {world.num_agents - 1}."
        )
    if not 0 <= idle < world.num_actions:
        raise ConfigError(f"idle is {idle!r}; expected an action in [0, {world.num_actions}).")
    choices = [
        range(world.num_actions) if agent in acting else (idle,)
        for agent in range(world.num_agents)
    ]
    return np.array(list(itertools.product(*choices)), np.int64)


class RecordModel:
    """The graph of the records of a world: states are told apart by their bytes, grown on demand.

    Attributes:
        world: The configured world.
        actions: The joint actions that a planner considers, int64 (K, N).
        num_states: States met so far.
        max_states: Most states to grow to.
    """

    def __init__(
        self,
        world: World,
        root: np.ndarray,
        actions: np.ndarray | None = None,
        *,
        ignore: Sequence[str] = (),
        max_states: int = 1_000_000,
    ) -> None:
        """Begins the graph at one record.

        Args:
            world: The configured world.
            root: A state record, or an array of one.
            actions: Joint actions, int64 (K, N); None for all of all agents.
            ignore: Fields of the record that do not tell states apart, such as scratch.
            max_states: Most states to grow to, >= 1.

        Raises:
            ConfigError: The record is of another world or configuration, an action or a field does
                not exist, or the number is wrong.
        """
        records = np.array(root).reshape(-1)
        if records.dtype != world.state_dtype or len(records) != 1:
            raise ConfigError(
                f"The root is {len(records)} records of {records.dtype.itemsize} bytes; expected "
                f"one record of {world.name} as configured, such as batch.state[0]."
            )
        names = world.state_dtype.names or ()
        unknown = set(ignore) - set(names)
        if unknown or max_states < 1:
            raise ConfigError(
                f"ignore is {tuple(ignore)!r} and max_states {max_states!r}; expected fields of "
                f"the record ({', '.join(names)}) and an integer >= 1."
            )
        self.world, self.max_states = world, max_states
        self.actions = joint_actions(world) if actions is None else np.asarray(actions, np.int64)
        if self.actions.shape[1:] != (world.num_agents,) or len(self.actions) == 0:
            raise ConfigError(
                f"actions has shape {self.actions.shape}; expected (K, {world.num_agents}), K >= 1."
            )
        # One state at a time, or many.
        sizes = {len(self.actions), len(self.actions) * max(_CHUNK // len(self.actions), 1)}
        self._batches = {size: Batch(world, size, auto_reset=False) for size in sizes}
        skipped = {name for name, _ in HEADER} | set(ignore)
        self._key_fields = [name for name in names if name not in skipped]
        records["t"] = 0
        self._numbers: dict[bytes, int] = {}
        self._records: list[np.ndarray] = []
        self._over: list[bool] = []
        self._next: dict[int, np.ndarray] = {}
        self._rewards: dict[int, np.ndarray] = {}
        self._number(self._keys(records)[0], records[0], False)

    @property
    def num_states(self) -> int:
        """Number of states met so far."""
        return len(self._records)

    def records(self, states: Sequence[int] | np.ndarray) -> np.ndarray:
        """Returns the records of states: structured array (n,); ``t`` is 0 in all of them."""
        return np.array([self._records[k] for k in states], self.world.state_dtype)

    def over(self, state: int) -> bool:
        """Returns whether the episode has ended in a state for good."""
        return self._over[state]

    def successors(self, state: int) -> np.ndarray:
        """Returns the state that each joint action leads to, int64 (K,)."""
        self.expand([state])
        return self._next[state]

    def rewards(self, state: int) -> np.ndarray:
        """Returns the rewards of all agents under each joint action, float32 (K, N)."""
        self.expand([state])
        return self._rewards[state]

    def expand(self, states: Sequence[int]) -> None:
        """Finds the successors of many states at once; where it is over, all lead to themselves.

        Raises:
            ConfigError: There are more states than ``max_states``.
        """
        num_actions, num_agents = self.actions.shape
        new = [k for k in dict.fromkeys(states) if k not in self._next]
        for k in new:
            if self._over[k]:
                self._next[k] = np.full(num_actions, k)
                self._rewards[k] = np.zeros((num_actions, num_agents), np.float32)
        new = [k for k in new if not self._over[k]]
        per_chunk = max(self._batches) // num_actions
        for low in range(0, len(new), per_chunk):
            self._expand_chunk(new[low : low + per_chunk])

    def _expand_chunk(self, states: list[int]) -> None:
        num_actions = len(self.actions)
        copies = np.repeat(self.records(states), num_actions)
        after, rewards, status = self._step(copies, np.tile(self.actions, (len(states), 1)))
        numbers = [
            self._number(key, record, ended)
            for key, record, ended in zip(self._keys(after), after, status, strict=True)
        ]
        for place, state in enumerate(states):
            part = slice(place * num_actions, (place + 1) * num_actions)
            self._next[state] = np.array(numbers[part], np.int64)
            self._rewards[state] = rewards[part]

    def _number(self, key: bytes, record: np.ndarray, ended: bool) -> int:
        # Whether the episode is over tells states apart: the rules may not show it in the record.
        key += b"!" if ended else b"."
        number = self._numbers.setdefault(key, len(self._records))
        if number == len(self._records):
            if number >= self.max_states:
                raise ConfigError(
                    f"The search has met more than {self.max_states} states of {self.world.name}; "
                    "raise max_states, shorten the search, or ignore fields that do not matter."
                )
            self._records.append(record.copy())
            self._over.append(bool(ended))
        return number

    def _step(
        self, records: np.ndarray, actions: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Returns the records after a step, the rewards (n, N), and whether it is over (n,)."""
        count = len(records)
        size = min(size for size in self._batches if size >= count)
        filled = np.minimum(np.arange(size), count - 1)  # the last record fills the batch up
        batch, copies = self._batches[size], records[filled]
        batch.set_state(copies.view(np.uint8).reshape(size, -1))
        batch.step(actions[filled])
        after = batch.state[:count].copy()
        for name in ("t", "step"):  # every state is at the root's time
            after[name] = records[name]
        return after, batch.rewards[:count].copy(), batch.terminated[:count].copy()

    def _keys(self, records: np.ndarray) -> list[bytes]:
        count = len(records)
        fields = [np.ascontiguousarray(records[name]) for name in self._key_fields]
        columns = [field.view(np.uint8).reshape(count, -1) for field in fields]
        return [row.tobytes() for row in np.concatenate(columns, axis=1)]
