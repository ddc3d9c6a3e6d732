"""Sums over episodes that begin in one rollout and end in another."""

from __future__ import annotations

import numpy as np

from prosocial.envs.engine.world import World

# What counts as reaching the goal, by precedence: in the single-learner grid the learner's own
# event, in the helping grid the caregiver's.
GOAL_EVENTS = ("goal", "caregiver_goal")


def goal_event(world: World) -> str | None:
    """Returns the name of the event that counts as reaching a goal; None if the world has none."""
    return next((name for name in GOAL_EVENTS if name in world.event_names), None)


class EpisodeSums:
    """Running sums per world and agent of the episodes that have not ended yet.

    Args:
        names: Of the quantities that are summed.
        num_worlds: B.
        num_agents: N.
    """

    def __init__(self, names: tuple[str, ...], num_worlds: int, num_agents: int) -> None:
        self.names = names
        self._sums = np.zeros((num_worlds, num_agents, len(names)))
        self._lengths = np.zeros(num_worlds, np.int64)
        self._ended = np.zeros(num_worlds, np.int64)

    def add(self, quantities: dict[str, np.ndarray], done: np.ndarray) -> dict[str, np.ndarray]:
        """Adds a rollout and returns the episodes that ended in it.

        Args:
            quantities: By name, numbers (T, B, N).
            done: Whether an episode ended, bool (T, B).

        Returns:
            Columns, one row per ended episode and agent, ordered by world, time and agent:
            ``world_index``, ``episode`` (number of the episode in its world since the phase began),
            ``agent``, ``length`` and the sums by name.
        """
        steps, num_worlds = done.shape
        values = np.stack([np.asarray(quantities[n], float) for n in self.names], -1)
        values = values.transpose(1, 0, 2, 3).reshape(steps * num_worlds, *self._sums.shape[1:])
        # Cut the worlds' timelines, laid end to end, where an episode or a world's timeline ends.
        ends = done.T.copy()
        ends[:, -1] = True
        last = np.flatnonzero(ends.ravel())
        starts = np.concatenate([[0], last[:-1] + 1])
        sums, lengths = np.add.reduceat(values, starts), last - starts + 1
        worlds = last // steps
        opening = np.flatnonzero(starts % steps == 0)  # the first piece of each world's timeline
        sums[opening] += self._sums
        lengths[opening] += self._lengths
        complete = done.T.ravel()[last]
        self._keep_open(sums, lengths, worlds, complete)
        numbers = self._count(worlds[complete])
        return self._columns(worlds[complete], numbers, lengths[complete], sums[complete])

    def state(self) -> dict[str, np.ndarray]:
        """Returns copies of the arrays that restore these sums."""
        arrays = {"sums": self._sums, "lengths": self._lengths, "ended": self._ended}
        return {name: array.copy() for name, array in arrays.items()}

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Takes over what ``state`` returned."""
        self._sums, self._lengths = state["sums"].copy(), state["lengths"].copy()
        self._ended = state["ended"].copy()

    def _keep_open(
        self, sums: np.ndarray, lengths: np.ndarray, worlds: np.ndarray, complete: np.ndarray
    ) -> None:
        self._sums[:], self._lengths[:] = 0, 0
        still_open = ~complete
        self._sums[worlds[still_open]] = sums[still_open]
        self._lengths[worlds[still_open]] = lengths[still_open]

    def _count(self, worlds: np.ndarray) -> np.ndarray:
        """Returns the numbers of ended episodes; ``worlds`` is sorted."""
        counts = np.bincount(worlds, minlength=len(self._ended))
        firsts = np.repeat(np.cumsum(counts) - counts, counts)
        numbers = self._ended[worlds] + np.arange(len(worlds)) - firsts
        self._ended += counts
        return numbers

    def _columns(
        self, worlds: np.ndarray, numbers: np.ndarray, lengths: np.ndarray, sums: np.ndarray
    ) -> dict[str, np.ndarray]:
        num_agents = sums.shape[1]
        columns = {"world_index": worlds, "episode": numbers, "length": lengths}
        rows = {name: np.repeat(column, num_agents) for name, column in columns.items()}
        rows["agent"] = np.tile(np.arange(num_agents), len(worlds))
        return rows | {name: sums[:, :, k].ravel() for k, name in enumerate(self.names)}
