"""What a signalling task is: two cooperators, one of whom knows the goal, and overloaded signals.

The common ground of signaler and receiver is everything in ``SignallingTasks``: what could be on
the signaler's mind, what both could do, what that costs, and what the signals literally mean. Only
the signaler knows which mind is the true one. ``gridworld`` and ``boxes`` make such tasks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from prosocial.envs.engine import ConfigError

from .rsa import check_prior

WAIT = 0  # the action of either side that does nothing


@dataclass(frozen=True)
class SignallingTasks:
    """T tasks of one shape: M minds, S signals, a_S actions of the signaler, a_R of the receiver.

    Attributes:
        rewards: What both gain, float64 (T, M, a_S, a_R), in units of reward; action 0 is to wait.
        signaler_costs: Of the signaler's actions, float64 (T, a_S), >= 0; waiting is free.
        receiver_costs: Of the receiver's actions, float64 (T, a_R), >= 0; waiting is free.
        meanings: Whether a signal is true of a mind under a reading, bool (T, L, M, S). Most games
            have one reading, L = 1; with several, a signal is overloaded with different meanings.
        signal_costs: Of the signals, float64 (T, S), >= 0; silence is free.
        prior: Of the minds, float64 (T, M), rows sum to one.
        mind_names: What the minds are called, (M,).
        signal_names: What the signals are called, (S,).
        reading_names: What the readings are called, (L,).
    """

    rewards: np.ndarray
    signaler_costs: np.ndarray
    receiver_costs: np.ndarray
    meanings: np.ndarray
    signal_costs: np.ndarray
    prior: np.ndarray
    mind_names: tuple[str, ...]
    signal_names: tuple[str, ...]
    reading_names: tuple[str, ...] = ("literal",)

    def __post_init__(self) -> None:
        """Checks shapes and ranges.

        Raises:
            ConfigError: Shapes do not fit, a cost is negative, a prior does not sum to one, or a
                signal has an empty meaning.
        """
        tasks, minds, signaler, receiver = self.rewards.shape
        readings, signals = len(self.reading_names), len(self.signal_names)
        shapes = {
            "signaler_costs": (tasks, signaler),
            "receiver_costs": (tasks, receiver),
            "meanings": (tasks, readings, minds, signals),
            "signal_costs": (tasks, signals),
            "prior": (tasks, minds),
        }
        for name, shape in shapes.items():
            if getattr(self, name).shape != shape:
                raise ConfigError(
                    f"{name} has shape {getattr(self, name).shape}; expected {shape} for rewards "
                    f"of shape {self.rewards.shape}, {readings} readings and {signals} signals."
                )
        if minds != len(self.mind_names) or self.meanings.dtype != bool:
            raise ConfigError(
                f"There are {len(self.mind_names)} names for {minds} minds, and meanings are "
                f"{self.meanings.dtype}; expected a name each, and bool."
            )
        for name in ("signaler_costs", "receiver_costs", "signal_costs"):
            costs = getattr(self, name)
            if not np.isfinite(costs).all() or (costs < 0).any():
                raise ConfigError(f"{name} has the value {costs.min()}; expected costs >= 0.")
        if self.signaler_costs[:, WAIT].any() or self.receiver_costs[:, WAIT].any():
            raise ConfigError("Action 0 of either side is to wait and must cost nothing.")
        check_prior(self.prior, self.prior.shape)
        possible = self.meanings.any(1) & (self.prior > 0)[..., None]
        empty = np.argwhere(~possible.any(1))
        if len(empty):
            raise ConfigError(
                f"Signal {self.signal_names[empty[0][1]]!r} of task {empty[0][0]} has an empty "
                "meaning: it is true of no possible mind. Leave it out."
            )

    @property
    def num_tasks(self) -> int:
        """T."""
        return len(self.rewards)

    def signal(self, name: str) -> int:
        """Returns the number of a signal.

        Raises:
            ConfigError: No signal has that name.
        """
        if name not in self.signal_names:
            raise ConfigError(
                f"There is no signal {name!r}; expected one of {', '.join(self.signal_names)}."
            )
        return self.signal_names.index(name)

    def joint_utility(self) -> np.ndarray:
        """Returns U = reward − cost_S − cost_R, float64 (T, M, a_S, a_R)."""
        return (
            self.rewards
            - self.signaler_costs[:, None, :, None]
            - self.receiver_costs[:, None, None, :]
        )

    def signaler_utility(self) -> np.ndarray:
        """Returns reward − cost_S: what a signaler wants who feels its own costs alone."""
        return self.rewards - self.signaler_costs[:, None, :, None]

    def receiver_utility(self) -> np.ndarray:
        """Returns reward − cost_R: what a receiver wants who feels its own costs alone."""
        return self.rewards - self.receiver_costs[:, None, None, :]
