"""What reward transforms have in common: the protocol, the checks, sums in a fixed order."""

from __future__ import annotations

import math
from typing import Any, Protocol, runtime_checkable

import numpy as np

from prosocial.envs.engine import ConfigError


@runtime_checkable
class RewardTransform(Protocol):
    """Turns the rewards of a group into the rewards that its members learn from.

    No world knows of it: it is applied to the rewards after a step, by the training loop or by
    ``prosocial.envs.api.TransformedRewards``. Every world of a batch is transformed by itself, so
    its bytes depend neither on the batch size nor on the other worlds.
    """

    def begin(self, num_worlds: int, num_agents: int) -> None:
        """Prepares for a batch of B worlds with N agents and forgets what was before.

        Args:
            num_worlds: B >= 1.
            num_agents: N >= 1.

        Raises:
            ConfigError: A number is out of its range.
        """
        ...

    def __call__(
        self, rewards: np.ndarray, done: np.ndarray, active: np.ndarray | None = None
    ) -> np.ndarray:
        """Transforms the rewards of one step; call it once for every step, in order.

        Args:
            rewards: float32 (B, N).
            done: Whether each world's episode ended in this step, bool (B,); what is remembered of
                it is forgotten after this step.
            active: Who takes part, bool (B, N); None for everybody. The rewards of the others are
                returned as they are and count for nobody.

        Returns:
            float32 (B, N), a new array.

        Raises:
            ConfigError: ``begin`` was not called, or a shape is wrong.
        """
        ...

    def state(self) -> dict[str, np.ndarray]:
        """Returns copies of everything that the next call depends on; empty without memory."""
        ...

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Goes on from what ``state`` returned.

        Raises:
            ConfigError: The arrays are of another transform or another batch.
        """
        ...


class GroupMemory:
    """Base of what works on the rewards of a batch step by step and may remember something."""

    _shape: tuple[int, int] | None = None

    def begin(self, num_worlds: int, num_agents: int) -> None:
        """Prepares for B worlds with N agents; see `RewardTransform.begin`."""
        for name, value in (("num_worlds", num_worlds), ("num_agents", num_agents)):
            if not isinstance(value, int | np.integer) or isinstance(value, bool) or value < 1:
                raise ConfigError(f"{name} is {value!r}; expected an integer >= 1.")
        self._shape = (int(num_worlds), int(num_agents))

    def state(self) -> dict[str, np.ndarray]:
        """Returns what is remembered: nothing, unless a subclass remembers something."""
        self._begun()
        return {}

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Goes on from what ``state`` returned; see `RewardTransform.restore`."""
        expected = self.state()
        if set(state) != set(expected):
            raise ConfigError(
                f"The saved state of {type(self).__name__} has {sorted(state)}; expected "
                f"{sorted(expected)}. Restore it into the kind of object that it was taken from."
            )
        for name, array in state.items():
            self._checked(name, array, expected[name].shape)

    def _begun(self) -> tuple[int, int]:
        if self._shape is None:
            raise ConfigError(
                f"{type(self).__name__} does not know its batch: call begin(num_worlds, "
                "num_agents) first."
            )
        return self._shape

    def _checked(self, name: str, given: Any, shape: tuple[int, ...]) -> np.ndarray:
        array = np.asarray(given)
        if array.shape != shape:
            raise ConfigError(f"{name} has shape {array.shape}; expected {shape}.")
        return array


class GroupTransform(GroupMemory):
    """Base of the transforms of this package: subclasses implement ``_apply``."""

    def __call__(
        self, rewards: np.ndarray, done: np.ndarray, active: np.ndarray | None = None
    ) -> np.ndarray:
        """Transforms one step, float32 (B, N); see `RewardTransform.__call__`."""
        shape = self._begun()
        rewards = self._checked("rewards", rewards, shape)
        done = self._checked("done", done, shape[:1]).astype(bool)
        if active is None:
            taking_part = np.ones(shape, bool)
        else:
            taking_part = self._checked("active", active, shape).astype(bool)
        result = self._apply(np.where(taking_part, rewards, 0).astype(np.float64), taking_part)
        self._forget(done)
        return np.where(taking_part, result, rewards).astype(np.float32)

    def _apply(self, rewards: np.ndarray, active: np.ndarray) -> np.ndarray:
        """Transforms float64 (B, N) rewards, 0 where nobody is active; returns float64 (B, N)."""
        raise NotImplementedError

    def _forget(self, done: np.ndarray) -> None:
        """Ends the memory of the worlds (B,) whose episode is over."""


def require_number(owner: Any, field: str, low: float, high: float = math.inf) -> None:
    """Raises a ConfigError unless a field of `owner` is a finite number in [low, high]."""
    value = getattr(owner, field)
    fits = isinstance(value, int | float) and not isinstance(value, bool)
    if not (fits and math.isfinite(value) and low <= value <= high):
        bound = f">= {low:g}" if high == math.inf else f"in [{low:g}, {high:g}]"
        raise ConfigError(
            f"{type(owner).__name__}.{field} is {value!r}; expected a finite number {bound}."
        )


def total(values: np.ndarray) -> np.ndarray:
    """Returns the sum over agents, (B, 1) for (B, N).

    Added agent by agent: NumPy's own order of addition may differ with the shape and the strides
    of the array, and with it the rounding.
    """
    result = np.zeros((len(values), 1), values.dtype)
    for column in range(values.shape[1]):
        result += values[:, column : column + 1]
    return result


def sum_of_others(values: np.ndarray, active: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns what the others of the group got together and how many they are.

    Args:
        values: float64 (B, N), 0 where not active.
        active: bool (B, N).

    Returns:
        The sum of the others' values, float64 (B, N), and their number, at least 1 so that one can
        divide by it, float64 (B, 1). Someone who is alone has a sum of 0.
    """
    number = total(active.astype(np.float64)) - 1
    return total(values) - values, np.maximum(number, 1)
