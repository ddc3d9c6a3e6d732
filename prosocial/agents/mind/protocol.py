"""What a world lets a mind ask: the hypotheses about its bodies, and what each makes them value.

A hypothesis is whatever explains what somebody does: a goal, a belief, reward weights (values), a
norm, a share of the work. One object holds all the hypotheses of one kind for one configured world.
Sizes: B worlds, N controlled agents, T targets (bodies whose mind is read), H hypotheses, A actions
of a target, O observers.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import numpy as np


@runtime_checkable
class Hypotheses(Protocol):
    """The hypotheses of one kind about the targets of one configured world.

    Values must follow from the records alone (and from what ``advance`` remembers), plans being
    cached by the bytes of the map: a mind restored from a checkpoint asks without ``begin``.

    Attributes:
        names: What the hypotheses are, readable ("ball", "restrained", "Chop(tomato)"), (H,).
        targets: Names of the bodies whose mind is read, (T,): usually the agents of the world;
            scripted bodies may be among them.
        num_actions: A, number of actions of a target.
    """

    names: tuple[str, ...]
    targets: tuple[str, ...]
    num_actions: int

    def begin(self, states: np.ndarray, where: np.ndarray) -> None:
        """An episode began in some worlds: plan for their maps, forget what was remembered there.

        Args:
            states: State records, structured array (B,).
            where: The worlds in which an episode began, bool (B,).
        """
        ...

    def available(self, states: np.ndarray) -> np.ndarray:
        """Returns the hypotheses that make sense, bool (B, T, H), such as goals within reach.

        Asked when an episode begins; the others get probability 0 for that episode.
        """
        ...

    def action_values(self, states: np.ndarray) -> np.ndarray:
        """Returns what each action is worth under each hypothesis, float32 (B, T, H, A).

        In units of reward; -inf where the action is impossible. A hypothesis all of whose actions
        are -inf cannot explain anything there: its likelihood is 0.
        """
        ...

    def actions(self, before: np.ndarray, actions: np.ndarray, after: np.ndarray) -> np.ndarray:
        """Returns what each target did, int64 (B, T); -1 where unknown, which updates nothing.

        Args:
            before: Records before the step, (B,).
            actions: Actions of the controlled agents, int64 (B, N).
            after: Records after the step, before any auto-reset, (B,).
        """
        ...

    def advance(self, before: np.ndarray, actions: np.ndarray, after: np.ndarray) -> None:
        """Moves on what a hypothesis itself remembers (a belief, a stage); usually nothing.

        Called once a step, after the posterior was updated with ``action_values(before)``.
        """
        ...


@runtime_checkable
class TableHypotheses(Hypotheses, Protocol):
    """Hypotheses whose values are rows of a table: the fast path.

    For values that depend on little, such as (map, cell, goal). The likelihoods of the whole table
    are computed once, so that a step costs a look-up, a multiplication and a division.

    Attributes:
        table: Action values, float32 (rows, A, C), as ``action_values`` would give them with the
            last two axes exchanged. It may grow while an episode begins or rows are asked
            for: then it is another array that begins with the rows of the old one, or a shorter
            one, with other rows. Rows never change otherwise. It is there from the
            constructor on, with no rows if need be.
    """

    table: np.ndarray

    def rows(self, states: np.ndarray) -> np.ndarray:
        """Returns the row of ``table`` that each target is in, int64 (B, T); -1: no update."""
        ...

    def columns(self, states: np.ndarray) -> np.ndarray | None:
        """Returns where in the last axis of ``table`` each hypothesis is, int64 (B, H).

        -1 stands for a hypothesis that is impossible there (likelihood 0). None if C = H and the
        order is that of the names in every world, which is faster. Example: the table has a column
        for every cell that can hold a goal, and the goals lie elsewhere in each world.
        """
        ...


@runtime_checkable
class SightedHypotheses(Hypotheses, Protocol):
    """Hypotheses of a world in which not everyone sees everyone."""

    def visible(self, states: np.ndarray) -> np.ndarray:
        """Returns who sees whom, bool (B, N, T): agent n sees target t in these records.

        An observer's posterior about a target that it does not see is not updated. A shared mind
        takes what any agent sees.
        """
        ...


@runtime_checkable
class RestartingHypotheses(Hypotheses, Protocol):
    """Hypotheses about what can begin anew in the midst of an episode, such as where one walks."""

    def restarts(self, before: np.ndarray, actions: np.ndarray, after: np.ndarray) -> np.ndarray:
        """Returns in which worlds this step began anew, bool (B,); arguments as for ``actions``.

        The mind learns from the step, then begins there as at the start of an episode, with the
        records after the step; ``surprises`` go on counting.
        """
        ...


@runtime_checkable
class RememberingHypotheses(Hypotheses, Protocol):
    """Hypotheses with a memory (see ``Hypotheses.advance``) that checkpoints must hold."""

    def state(self) -> dict[str, np.ndarray]:
        """Returns copies of the arrays that restore the memory."""
        ...

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Takes over what ``state`` returned."""
        ...
