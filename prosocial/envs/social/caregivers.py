"""The caregiver: holds norms and decides when and how reliably they are voiced."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from prosocial.envs.engine import Batch, ConfigError, Stream, World, uniform_array

from .norms import Norm, states_missing
from .schedules import PRESENCE_SLOTS, Always, Schedule

_SLOTS_PER_NORM = 3  # perception, and two for the normal variate


@dataclass(frozen=True)
class Caregiver:
    """Gives social reward for what its norms approve of, when it is present.

    Feedback is zero while the caregiver is absent, and presence is recorded beside it, so that a
    learner's utility U = R_e + P R_s + (1 - P) R_i (Rong & Kleiman-Weiner 2024) can be formed from
    the records.

    The caregiver errs as an observer does in signal detection: it misses occurrences and sees some
    where there were none. What it says may be imprecise; what it does not say stays exactly zero.
    All draws are addressed by world, step, norm and agent. The defaults are the caregiver of the
    paper: always present, never wrong.

    Attributes:
        norms: What it approves and disapproves of, each recorded by itself.
        schedule: When it is present.
        praise: Whether it voices positive scores.
        blame: Whether it voices negative scores.
        miss: Probability that a score other than 0 is not seen, in [0, 1]; per norm and agent.
        false_alarm: Probability that where a norm scores 0 its amount is given all the same, in
            [0, 1]; per norm and agent.
        noise_sd: Standard deviation of the normal noise added to each feedback other than 0, >= 0,
            in units of reward. A caregiver who only praises (blames) gives 0 where the noise turns
            the sign.
        watches: Numbers of the agents that it watches, from 0 to N - 1; None for all. The others
            get a feedback of exactly 0, whatever they do. Presence is a fact about the world and
            stays so: who learns from feedback asks `watched` whose transitions are social
            experience at all.

    Raises:
        ConfigError: There is no norm, two have the same name, or a number is out of its range.
    """

    norms: tuple[Norm, ...]
    schedule: Schedule = field(default_factory=Always)
    praise: bool = True
    blame: bool = True
    miss: float = 0.0
    false_alarm: float = 0.0
    noise_sd: float = 0.0
    watches: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        if not self.norms:
            raise ConfigError("A caregiver needs at least one norm.")
        names = self.norm_names
        if len(set(names)) < len(names):
            raise ConfigError(f"The norms of a caregiver need different names; they are {names}.")
        for name in ("miss", "false_alarm"):
            if not 0 <= getattr(self, name) <= 1:
                raise ConfigError(
                    f"Caregiver.{name} is {getattr(self, name)!r}; expected a number in [0, 1]."
                )
        if not 0 <= self.noise_sd < np.inf:
            raise ConfigError(
                f"Caregiver.noise_sd is {self.noise_sd!r}; expected a finite number >= 0."
            )
        check_watches(self.watches)

    @property
    def norm_names(self) -> tuple[str, ...]:
        """Names of the norms in the order in which they are recorded."""
        return tuple(norm.name for norm in self.norms)

    @property
    def needs_states(self) -> bool:
        """Whether a norm reads the states before and after a step; the batch then keeps them."""
        return any(norm.needs_states for norm in self.norms)

    def watched(self, num_agents: int) -> np.ndarray:
        """Returns whom the caregiver watches, bool (N,)."""
        if self.watches is None:
            return np.ones(num_agents, bool)
        return np.isin(np.arange(num_agents), self.watches)

    def check(self, world: World) -> None:
        """Raises `ConfigError` if a norm, or somebody to watch, does not fit this world."""
        for norm in self.norms:
            norm.check(world)
        if self.watches is not None and max(self.watches) >= world.num_agents:
            raise ConfigError(
                f"The caregiver watches agents {list(self.watches)}, but world {world.name!r} has "
                f"{world.num_agents}; expected numbers from 0 to {world.num_agents - 1}."
            )

    def begin(self, batch: Batch) -> None:
        """Checks, when a batch is reset, that it has what the norms need.

        Raises:
            ConfigError: A norm names an event that the world has not, or needs states that the
                batch does not keep.
        """
        self.check(batch.world)
        if self.needs_states and batch.before is None:
            raise states_missing(tuple(norm.name for norm in self.norms if norm.needs_states))

    def feedback(self, batch: Batch) -> None:
        """Writes, after every step, the feedback on the transition into the batch.

        Writes `batch.caregiver_present` (B,) bool, `batch.social_rewards_by_norm` (K, B, N) float32
        and their sum over the norms, `batch.social_rewards` (B, N) float32.
        """
        seeds, steps = batch.state["seed"], batch.state["step"] - 1
        episodes = np.where(batch.done, batch.final_states["episode"], batch.state["episode"])
        present = self.schedule.present(seeds, steps, episodes)

        by_norm = batch.social_rewards_by_norm
        before, after = (batch.before, batch.after()) if self.needs_states else (None, None)
        for k, norm in enumerate(self.norms):
            by_norm[k] = norm.score(batch.events, before, after)
        if self.miss or self.false_alarm or self.noise_sd:
            self._distort(by_norm, seeds, steps)
        if not self.praise:
            np.minimum(by_norm, 0, out=by_norm)
        if not self.blame:
            np.maximum(by_norm, 0, out=by_norm)
        by_norm[:, ~present] = 0
        if self.watches is not None:
            by_norm[:, :, ~self.watched(batch.num_agents)] = 0

        batch.caregiver_present[:] = present
        batch.social_rewards[:] = 0
        for scores in by_norm:  # in order, so that the rounding does not depend on the batch size
            batch.social_rewards += scores

    def _distort(self, by_norm: np.ndarray, seeds: np.ndarray, steps: np.ndarray) -> None:
        """Applies misses, false alarms and noise to scores (K, B, N) in place."""
        num_norms, num_worlds, num_agents = by_norm.shape
        slots = num_norms * num_agents * _SLOTS_PER_NORM
        draws = uniform_array(seeds, steps, Stream.CAREGIVER, PRESENCE_SLOTS + slots)
        draws = draws[:, PRESENCE_SLOTS:].reshape(
            num_worlds, num_norms, num_agents, _SLOTS_PER_NORM
        )
        # A contiguous copy, because NumPy may round log and cos differently in strided arrays.
        perception, radius, angle = np.moveaxis(draws, (3, 1), (0, 1)).copy()

        amounts = np.array([norm.amount for norm in self.norms], np.float32)[:, None, None]
        occurred = by_norm != 0
        seen = np.where(perception < self.miss, 0, by_norm)
        imagined = np.where(perception < self.false_alarm, amounts, 0)
        by_norm[:] = np.where(occurred, seen, imagined)
        if self.noise_sd:
            # Box & Muller (1958): two uniform variates make a standard normal one.
            normal = np.sqrt(-2 * np.log(radius)) * np.cos(2 * np.pi * angle)
            by_norm += np.where(by_norm != 0, self.noise_sd * normal, 0).astype(np.float32)


def check_watches(watches: tuple[int, ...] | None) -> None:
    """Raises a ConfigError unless it is None or different numbers of agents, >= 0."""
    if watches is None:
        return
    numbers = isinstance(watches, tuple) and all(
        isinstance(agent, int | np.integer) and not isinstance(agent, bool) and agent >= 0
        for agent in watches
    )
    if not numbers or not watches or len(set(watches)) < len(watches):
        raise ConfigError(
            f"watches is {watches!r}; expected different numbers of agents >= 0, at least one, or "
            "None for all agents."
        )
