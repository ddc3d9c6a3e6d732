"""A caregiver that infers what its learner has understood, and teaches what it has not.

**The mind.** For every world, agent and kind of situation (`situations`) the caregiver holds a Beta
posterior of the probability that the agent does what the norm asks. A learner changes, so old
observations are discounted by ``1 - 1 / memory`` with each new one in the same kind of situation
(power discounting, West & Harrison 1997): the posterior rests on about the last ``memory`` of them.
The predicted error of a kind is the posterior mean of the opposite, plus ``caution`` posterior
standard deviations for what is not known yet.

**The teaching.** Where the predicted error is ``doubt`` or more, the caregiver attends; where it is
``tolerance`` or less, the norm counts as understood and it does not; between them it attends with
a probability that rises evenly. Feedback in one kind of situation may teach others (praise at the
goal teaches the way to it), so that a kind is as much in need as the neediest that it teaches;
where no norm can be acted on, the caregiver attends as it would in the neediest kind of all.

**Silence must not lie.** A learner that internalizes social reward takes the silence of a caregiver
who is *present* for a feedback of 0. A teacher that stays and only withholds praise for what is
understood would teach that it is worth nothing, and would undo its own work. So this one looks
away: in a step without attention it is absent, P = 0. The step is then no social experience at all,
and the learner's own internal reward, if it has one, counts in U = R_e + P R_s + (1 - P) R_i.
And attention is decided from the situation *before* the act and from what was seen earlier, never
from the act itself: whoever looked only at what it praises would leave nothing but praise in the
learner's experience. What a learner does while the caregiver looks away it still sees (from the
corner of an eye) and infers from; it merely does not judge it.

Presence is one fact per world: with several agents the caregiver attends as the neediest of those
that it watches requires, and then judges all.

All memory belongs to single worlds and every draw is addressed, so that the bytes of a world depend
neither on the batch that it is in nor on how the batch is cut.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from prosocial.envs.engine import Batch, Config, ConfigError, Stream, World, uniform_array
from prosocial.envs.social import Caregiver
from prosocial.envs.social.schedules import PRESENCE_SLOTS

from .situations import Situations, make_situations

_SLOTS_PER_NORM = 3  # of `Caregiver`: its draws come first
_PRIOR = 1.0  # of either outcome: all probabilities are equally likely before anything was seen


@dataclass(frozen=True)
class TeachingConfig(Config):
    """How a caregiver teaches; the values of `CaregiverConfig.teaching`.

    Attributes:
        memory: Observations in a kind of situation that the posterior rests on, >= 1.
        caution: Posterior standard deviations added to the predicted error, >= 0.
        tolerance: Predicted error at or below which a norm counts as understood, in [0, 1).
        doubt: Predicted error at or above which every step is attended to, in (tolerance, 1].
        budget: Social reward, summed in size over the agents of a world and over its life, after
            which the caregiver stays away, > 0; None for no limit. The last feedback may exceed it.
    """

    memory: float = 100.0
    caution: float = 1.0
    tolerance: float = 0.3
    doubt: float = 0.5
    budget: float | None = None

    def __post_init__(self) -> None:
        """Checks every field; raises a ConfigError that names the field and what was expected."""
        self.require_number("memory", 1)
        self.require_number("caution", 0)
        self.require_number("tolerance", 0, 1)
        self.require_number("doubt", 0, 1)
        above = f"a number above tolerance ({self.tolerance})"
        self.require("doubt", self.doubt > self.tolerance, above)
        if self.budget is not None:
            self.require_number("budget", 0)
            self.require("budget", self.budget > 0, "a number > 0, or None for no limit")


@dataclass(eq=False)
class _Memory:
    """What a caregiver remembers; the arrays are those of `TeachingCaregiver.state`."""

    situations: Situations | None = None
    arrays: dict[str, np.ndarray] = field(default_factory=dict)


@dataclass(frozen=True)
class TeachingCaregiver(Caregiver):
    """A caregiver that attends where it expects errors, and looks away elsewhere.

    Attributes:
        teaching: How it teaches.
    """

    teaching: TeachingConfig = field(default_factory=TeachingConfig)
    _memory: _Memory = field(default_factory=_Memory, init=False, repr=False, compare=False)

    @property
    def needs_states(self) -> bool:
        """True: it reads situations from the states before and after a step."""
        return True

    def check(self, world: World) -> None:
        """Raises `ConfigError` if a norm does not fit or it cannot judge learners there."""
        super().check(world)
        make_situations(world, self.norms)

    @property
    def situations(self) -> tuple[str, ...]:
        """Names of the kinds of situation, after `begin`."""
        return () if self._memory.situations is None else self._memory.situations.names

    def begin(self, batch: Batch) -> None:
        """Forgets the worlds whose life begins, and checks as every caregiver does.

        Raises:
            ConfigError: As `Caregiver.begin`, and if the world has no situations.
        """
        super().begin(batch)
        memory = self._memory
        memory.situations = make_situations(batch.world, self.norms)
        fresh = self._prior(batch)
        if {n: a.shape for n, a in memory.arrays.items()} != {n: a.shape for n, a in fresh.items()}:
            memory.arrays = fresh
        new = batch.state["step"] == 0
        for name, array in memory.arrays.items():
            array[new] = fresh[name][new]

    def feedback(self, batch: Batch) -> None:
        """Writes the feedback as `Caregiver.feedback`, then takes it back where it looked away."""
        super().feedback(batch)
        memory = self._memory.arrays
        situations = self._memory.situations
        assert situations is not None  # begin was called
        kind = situations.before(batch)
        attends = self._draw(batch) < self._attention(kind)
        if self.teaching.budget is not None:
            attends &= memory["spent"] < self.teaching.budget
        away = ~attends
        batch.caregiver_present[away] = False
        batch.social_rewards[away] = 0
        batch.social_rewards_by_norm[:, away] = 0
        memory["spent"] += np.abs(batch.social_rewards_by_norm).sum((0, 2), dtype=np.float64)
        self._learn(kind, situations.followed(batch))

    def predicted_error(self) -> np.ndarray:
        """Probability of acting against the norm, with caution, float64 (B, N, K)."""
        followed, failed = self._memory.arrays["followed"], self._memory.arrays["failed"]
        total = followed + failed
        mean = failed / total
        deviation = np.sqrt(mean * (1 - mean) / (total + 1))  # of a Beta distribution
        return np.minimum(mean + self.teaching.caution * deviation, 1.0)

    def understanding(self) -> np.ndarray:
        """Posterior mean of the probability of acting as the norm asks, float64 (B, N, K)."""
        followed, failed = self._memory.arrays["followed"], self._memory.arrays["failed"]
        return followed / (followed + failed)

    def state(self) -> dict[str, np.ndarray]:
        """Returns copies of the memory: "followed" and "failed" (B, N, K), "spent" (B,)."""
        return {name: array.copy() for name, array in self._memory.arrays.items()}

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Takes over what `state` returned, after `begin`.

        Raises:
            ConfigError: It is of another world, configuration or batch size.
        """
        expected = {name: array.shape for name, array in self._memory.arrays.items()}
        given = {name: array.shape for name, array in state.items()}
        if given != expected:
            raise ConfigError(
                f"The memory of the teaching caregiver has arrays {given}; expected {expected}."
            )
        self._memory.arrays = {name: array.copy() for name, array in state.items()}

    def _prior(self, batch: Batch) -> dict[str, np.ndarray]:
        assert self._memory.situations is not None
        shape = (batch.num_worlds, batch.num_agents, len(self._memory.situations.names))
        return {
            "followed": np.full(shape, _PRIOR),
            "failed": np.full(shape, _PRIOR),
            "spent": np.zeros(batch.num_worlds),
        }

    def _attention(self, kind: np.ndarray) -> np.ndarray:
        """Probability of attending in each world, float64 (B,), given situations (B, N)."""
        config, situations = self.teaching, self._memory.situations
        assert situations is not None
        need = (self.predicted_error() - config.tolerance) / (config.doubt - config.tolerance)
        taught = np.where(situations.teaches, need[:, :, None, :], -np.inf).max(3)  # (B, N, K)
        here = np.take_along_axis(taught, np.maximum(kind, 0)[:, :, None], 2)[:, :, 0]
        each = np.where(kind < 0, need.max(2), here)
        watched = self.watched(kind.shape[1])
        return np.clip(each[:, watched].max(1), 0.0, 1.0)

    def _draw(self, batch: Batch) -> np.ndarray:
        """One uniform number per world, in the slot behind those of the base class."""
        slot = PRESENCE_SLOTS + len(self.norms) * batch.num_agents * _SLOTS_PER_NORM
        seeds, steps = batch.state["seed"], batch.state["step"] - 1
        return uniform_array(seeds, steps, Stream.CAREGIVER, slot + 1)[:, slot]

    def _learn(self, kind: np.ndarray, followed: np.ndarray) -> None:
        """Updates the posteriors of the kinds that the agents were in."""
        memory = self._memory.arrays
        kept = 1.0 - 1.0 / self.teaching.memory
        worlds, agents = np.nonzero(kind >= 0)
        at = worlds, agents, kind[worlds, agents]
        outcome = followed[worlds, agents]
        for name, seen in (("followed", outcome), ("failed", ~outcome)):
            memory[name][at] = _PRIOR + kept * (memory[name][at] - _PRIOR) + seen
