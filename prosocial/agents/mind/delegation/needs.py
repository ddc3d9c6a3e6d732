"""Which sub-tasks still lead to the dishes, from what there is in the kitchen."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from prosocial.envs.engine import World
from prosocial.envs.worlds.kitchen import SubTask, subtasks

_Situation = tuple[tuple[int, ...], tuple[bool, ...]]


class Needs:
    """The rest of the recipes: breadth-first search over the items at hand (STRIPS).

    A sub-task is useful if it can be done now and lies on a shortest way to all dishes that are
    still to be delivered. So nobody puts the lettuce on a second plate once the tomato has one. The
    search knows items, not where they are; what it found is kept by what was there.

    Attributes:
        subtasks: The sub-tasks of the recipes, (S,).
        total: Sub-tasks on any shortest way from the beginning: 3, 6 and 5 for the published
            recipes.

    Args:
        world: A configured kitchen.
    """

    def __init__(self, world: World) -> None:
        recipes, _ = world.config.read()  # pyright: ignore[reportAttributeAccessIssue]
        self.subtasks: tuple[SubTask, ...] = subtasks(recipes)
        self._dishes = [recipe.dish for recipe in recipes]
        self._codes = np.array(sorted({c for t in self.subtasks for c in (*t.inputs, t.output)}))
        self._places = {int(code): k for k, code in enumerate(self._codes)}
        self._found: dict[bytes, tuple[np.ndarray, np.ndarray, int]] = {}
        params = world.params[0]
        start = self._counts(params["items"][None], np.zeros((1, 1), np.uint16))[0]
        self.total = self._search((tuple(start), (False,) * len(self._dishes)))[1]

    def look(self, states: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Returns what is left to do.

        Args:
            states: Records of the kitchen, (B,).

        Returns:
            The useful sub-tasks, bool (B, S); which of them can be worked on side by side, bool
            (B, S, S): each is useful when the other is done; and the number of sub-tasks that are
            left, int64 (B,), -1 where the dishes can no longer be made.
        """
        counts = self._counts(states["items"], states["held"])
        delivered = states["delivered"] > 0
        keys = np.concatenate([counts, delivered], 1).astype(np.uint8)
        number = len(self.subtasks)
        useful = np.zeros((len(states), number), np.bool_)
        together = np.zeros((len(states), number, number), np.bool_)
        left = np.zeros(len(states), np.int64)
        for b, row in enumerate(keys):
            key = row.tobytes()
            if key not in self._found:
                self._found[key] = self._plan((tuple(counts[b]), tuple(delivered[b])))
            useful[b], together[b], left[b] = self._found[key]
        return useful, together, left

    def _counts(self, items: np.ndarray, held: np.ndarray) -> np.ndarray:
        """Returns how many items of each code there are, (B, codes); more than needed: capped."""
        there = np.concatenate([items, held], 1)[:, :, None] == self._codes
        return np.minimum(there.sum(1), 1 + len(self._dishes))

    def _plan(self, start: _Situation) -> tuple[np.ndarray, np.ndarray, int]:
        useful, left = self._search(start)
        following = np.zeros((len(useful), len(useful)), np.bool_)
        for task, result in self._steps(start):
            if useful[task]:
                following[task] = self._search(result)[0]
        return useful, following & following.T, left

    def _search(self, start: _Situation) -> tuple[np.ndarray, int]:
        useful = np.zeros(len(self.subtasks), np.bool_)
        seen, layer, depth = {start}, {start: frozenset[int]()}, 0
        while layer:
            done = [first for (_, delivered), first in layer.items() if all(delivered)]
            if done:
                useful[list(frozenset().union(*done))] = True
                return useful, depth
            following: dict[_Situation, frozenset[int]] = {}
            for situation, first in layer.items():
                for task, result in self._steps(situation):
                    if result not in seen:
                        begun = first or frozenset([task])
                        following[result] = following.get(result, frozenset()) | begun
            seen.update(following)
            layer, depth = following, depth + 1
        return useful, -1

    def _steps(self, situation: _Situation) -> Iterator[tuple[int, _Situation]]:
        """Yields the sub-tasks that can be done, and what each leads to."""
        counts, delivered = situation
        for number, task in enumerate(self.subtasks):
            left = list(counts)
            for code in task.inputs:
                left[self._places[code]] -= 1
            if min(left) < 0:
                continue
            if task.kind != "Deliver":
                left[self._places[task.output]] += 1
                yield number, (tuple(left), delivered)
                continue
            dish = self._dishes.index(task.output)
            if not delivered[dish]:
                after = (*delivered[:dish], True, *delivered[dish + 1 :])
                yield number, (tuple(left), after)
