"""What an assistance game is.

A human and a robot share a reward whose parameter, the human's type, the human alone knows
(Hadfield-Menell, Dragan, Abbeel & Russell 2016, "Cooperative inverse reinforcement learning"). In
each step the robot acts first; the human, who knows its type and sees what the robot did, acts
next; then the robot sees what the human did and the next state. Nothing is lost by this order where
both act at once: the robot's best policy is deterministic and known to both, so that the human
foresees its action.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from prosocial.envs.engine import ConfigError

TOLERANCE = 1e-9  # how far a sum of probabilities may be from one


@dataclass(frozen=True)
class AssistanceGame:
    """A finite assistance game: S states, H types, A human actions, R robot actions.

    Attributes:
        transition: P(next state | state, human action, robot action), float64 (S, A, R, S).
        reward: Expected common reward by the human's type, float64 (H, S, A, R).
        prior: The robot's first belief about the type, float64 (H,).
        horizon: Number of steps, >= 1.
        discount: In (0, 1].
        start: Number of the first state.
        human_can: Which actions the human has in a state after a robot action, bool (S, R, A);
            None: all.
        robot_can: Which actions the robot has in a state, bool (S, R); None: all.
        states: Names of the states; empty: their numbers.
        types: Likewise.
        human_actions: Likewise.
        robot_actions: Likewise.

    Raises:
        ConfigError: Shapes disagree, probabilities are negative or do not sum to one, a reward is
            not finite, a value is out of its range, or somebody has no action.
    """

    transition: np.ndarray
    reward: np.ndarray
    prior: np.ndarray
    horizon: int
    discount: float = 1.0
    start: int = 0
    human_can: np.ndarray | None = None
    robot_can: np.ndarray | None = None
    states: tuple[str, ...] = field(default=())
    types: tuple[str, ...] = field(default=())
    human_actions: tuple[str, ...] = field(default=())
    robot_actions: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        """Checks everything and fills in what was left out."""
        shape = np.shape(self.transition)
        if len(shape) != 4 or shape[0] != shape[3] or 0 in shape:
            raise ConfigError(
                f"transition has shape {shape}; expected (states, human actions, robot actions, "
                "states), none of them 0."
            )
        self._distribution("transition", np.asarray(self.transition, np.float64))
        self._distribution("prior", np.asarray(self.prior, np.float64))
        self._set("reward", np.asarray(self.reward, np.float64))
        expected = (np.size(self.prior), *shape[:3])
        if self.reward.shape != expected:
            raise ConfigError(
                f"reward has shape {self.reward.shape}; expected (types, states, human actions, "
                f"robot actions) = {expected}."
            )
        if not np.isfinite(self.reward).all():
            raise ConfigError("reward has entries that are not finite; expected numbers.")
        whole = isinstance(self.horizon, int) and not isinstance(self.horizon, bool)
        if not whole or self.horizon < 1:
            raise ConfigError(f"horizon is {self.horizon!r}; expected an integer >= 1.")
        if not 0 < self.discount <= 1:
            raise ConfigError(f"discount is {self.discount!r}; expected a number in (0, 1].")
        if not 0 <= self.start < shape[0]:
            raise ConfigError(f"start is {self.start!r}; expected 0 to {shape[0] - 1}.")
        self._mask("human_can", (shape[0], shape[2], shape[1]))
        self._mask("robot_can", (shape[0], shape[2]))
        for name, count in zip(
            ("types", "states", "human_actions", "robot_actions"), expected, strict=True
        ):
            self._names(name, count)

    def robot_actions_in(self, state: int) -> list[int]:
        """Returns the numbers of the robot's actions in a state."""
        assert self.robot_can is not None  # __post_init__ sets it
        return np.flatnonzero(self.robot_can[state]).tolist()

    def human_actions_in(self, state: int, robot_action: int) -> list[int]:
        """Returns the numbers of the human's actions in a state after a robot action."""
        assert self.human_can is not None  # __post_init__ sets it
        return np.flatnonzero(self.human_can[state, robot_action]).tolist()

    def next_states(self, state: int, human_action: int, robot_action: int) -> list[int]:
        """Returns the states that can follow."""
        return np.flatnonzero(self.transition[state, human_action, robot_action]).tolist()

    def _set(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)

    def _distribution(self, name: str, values: np.ndarray) -> None:
        if values.ndim == 0 or not np.isfinite(values).all() or (values < 0).any():
            raise ConfigError(f"{name} has entries that are no probabilities; expected 0 to 1.")
        sums = values.sum(axis=-1)
        if (np.abs(sums - 1) > TOLERANCE).any():
            where = np.unravel_index(np.abs(sums - 1).argmax(), sums.shape)
            at = f" at {tuple(map(int, where))}" if where else ""
            raise ConfigError(f"{name} sums to {sums[where]:.6g}{at}; expected 1. Normalise it.")
        self._set(name, values)

    def _mask(self, name: str, shape: tuple[int, ...]) -> None:
        given = getattr(self, name)
        mask = np.ones(shape, np.bool_) if given is None else np.asarray(given)
        if mask.shape != shape or mask.dtype != np.bool_:
            raise ConfigError(
                f"{name} has shape {mask.shape} and dtype {mask.dtype}; expected bool {shape}."
            )
        if not mask.any(axis=-1).all():
            where = tuple(int(k) for k in np.argwhere(~mask.any(axis=-1))[0])
            raise ConfigError(f"{name} allows no action at {where}; expected at least one.")
        self._set(name, mask)

    def _names(self, name: str, count: int) -> None:
        given = getattr(self, name) or tuple(map(str, range(count)))
        if len(given) != count:
            raise ConfigError(f"{name} has {len(given)} names; expected {count}.")
        self._set(name, tuple(given))
