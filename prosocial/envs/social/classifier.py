"""Norms learned from public sanctions: which behaviour does the group disapprove of?

After the classifier norm model of Vinitsky et al. (2021/2023): whoever is zapped is sanctioned in
public, a classifier learns from these sanctions what is approved and what is not, and agents are
rewarded for sanctioning in line with it. What is sanctioned often is then sanctioned more often (a
bandwagon), whatever it is.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from prosocial.envs.engine import Batch, ConfigError, World

from .norms import EventNorm, Norm, get_norm
from .transforms_base import GroupMemory, require_number, total

SANCTIONED, SANCTIONING, AWAY = "zapped", "hit", "away"  # events


@dataclass
class ClassifierNorm(GroupMemory):
    """A classifier of approved and disapproved behaviour, one for each world, shared by its agents.

    What an agent did lately is a vector of recencies in [0, 1], one per behaviour: 1 right after
    it, falling by the factor `memory` with each step. The probability that the group disapproves
    is a logistic regression on the recencies before the step, p = 1/(1 + exp(-w x - b)). Each step
    with a sanction teaches it: those hit are examples of disapproval; those who were not hit,
    though they were there, and did not hit anybody themselves, of approval. Both kinds weigh the
    same:

        w += learning_rate (mean over the hit of (1 - p) x - mean over the approved of p x)

    and b likewise with x = 1. Whoever hits gets `amount` for each agent hit if the classifier, as
    it was before the step, held that the group disapproves of it (p > 1/2), -`amount` if it held
    the contrary, and nothing where it does not know (p = 1/2). Events do not tell who hit whom when
    several are hit in one step: then the mean over those hit counts. The published model is a deep
    network on what the sanctioner saw; this one reads the public record.

    All of it is arithmetic on each world by itself, without draws, so the bytes depend neither on
    the batch size nor on the other worlds.

    Attributes:
        behaviours: What is recognised: norms that read events alone. Where one scores other than
            0, its behaviour occurred.
        amount: Reward for a sanction in line with the group, finite and >= 0.
        memory: Factor of the recencies per step, in [0, 1].
        learning_rate: > 0. The three numbers are ours, chosen on synthetic sanctions.
    """

    behaviours: tuple[Norm, ...] = (EventNorm("ate", "ate", 1.0), EventNorm("zap", "zap", 1.0))
    amount: float = 0.4
    memory: float = 0.9
    learning_rate: float = 0.5

    def __post_init__(self) -> None:
        if not self.behaviours:
            raise ConfigError("ClassifierNorm.behaviours is empty; expected at least one norm.")
        if states := [norm.name for norm in self.behaviours if norm.needs_states]:
            raise ConfigError(
                f"ClassifierNorm.behaviours has {states}, which read states; expected norms that "
                "read events alone."
            )
        require_number(self, "amount", 0)
        require_number(self, "memory", 0, 1)
        require_number(self, "learning_rate", 0)

    def check(self, world: World) -> None:
        """Raises `ConfigError` if nobody sanctions in this world or a behaviour does not fit it."""
        if missing := [e for e in (SANCTIONED, SANCTIONING) if e not in world.event_names]:
            raise ConfigError(
                f"The classifier norm learns from the events {SANCTIONED!r} and {SANCTIONING!r}, "
                f"but world {world.name!r} has no {missing}."
            )
        for norm in self.behaviours:
            norm.check(world)

    def begin(self, num_worlds: int, num_agents: int) -> None:
        """Prepares for B worlds with N agents; nothing has been seen, nothing learned."""
        super().begin(num_worlds, num_agents)
        self._recencies = np.zeros((len(self.behaviours), num_worlds, num_agents), np.float64)
        self._weights = np.zeros((len(self.behaviours), num_worlds, 1), np.float64)
        self._bias = np.zeros((num_worlds, 1), np.float64)

    def forget(self) -> None:
        """Forgets what the agents did lately, not what was learned; for the reset of a batch."""
        self._begun()
        self._recencies[:] = 0

    def disapproval(self) -> np.ndarray:
        """Returns the probability that the group disapproves of what each agent did lately.

        Returns:
            float64 (B, N), in [0, 1]; 1/2 while nothing has been learned.
        """
        self._begun()
        score = np.broadcast_to(self._bias, self._recencies.shape[1:]).copy()
        for weights, recencies in zip(self._weights, self._recencies, strict=True):
            score += weights * recencies
        return 1 / (1 + np.exp(-score))

    def step(self, events: np.ndarray, done: np.ndarray) -> np.ndarray:
        """Rewards the sanctions of one step and learns from them; call it for every step, in order.

        Args:
            events: (B, N) structured uint8, as of a batch.
            done: Whether each world's episode ended in this step, bool (B,): what its agents did
                is then forgotten, what was learned is kept.

        Returns:
            Reward for sanctioning, float32 (B, N).

        Raises:
            ConfigError: ``begin`` was not called, or a shape is wrong.
        """
        shape = self._begun()
        events = self._checked("events", events, shape)
        done = self._checked("done", done, shape[:1]).astype(bool)
        expected = self.disapproval()
        hit = (events[SANCTIONED] > 0).astype(np.float64)
        number_hit = np.maximum(total(hit), 1)
        verdict = total(hit * np.sign(expected - 0.5)) / number_hit
        rewards = (self.amount * verdict * events[SANCTIONING]).astype(np.float32)
        self._learn(events, hit, number_hit, expected)
        for k, norm in enumerate(self.behaviours):
            occurred = norm.score(events, None, None) != 0
            self._recencies[k] = np.where(occurred, 1.0, self.memory * self._recencies[k])
        self._recencies[:, done] = 0
        return rewards

    def _learn(
        self, events: np.ndarray, hit: np.ndarray, number_hit: np.ndarray, expected: np.ndarray
    ) -> None:
        """Moves the weights of the worlds with a sanction; hit and expected are float64 (B, N)."""
        spared = (hit == 0) & (events[SANCTIONING] == 0)
        if AWAY in (events.dtype.names or ()):
            spared &= events[AWAY] == 0
        spared = spared * (total(hit) > 0).astype(np.float64)
        number_spared = np.maximum(total(spared), 1)
        error = hit * (1 - expected) / number_hit - spared * expected / number_spared
        for k in range(len(self.behaviours)):
            self._weights[k] += self.learning_rate * total(error * self._recencies[k])
        self._bias += self.learning_rate * total(error)

    @property
    def weights(self) -> np.ndarray:
        """What was learned, float64 (B, F): positive where a behaviour is disapproved of."""
        self._begun()
        return self._weights[:, :, 0].T.copy()

    def state(self) -> dict[str, np.ndarray]:
        """Returns copies of recencies (F, B, N), weights (F, B, 1) and bias (B, 1), float64."""
        self._begun()
        return {
            "recencies": self._recencies.copy(),
            "weights": self._weights.copy(),
            "bias": self._bias.copy(),
        }

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Goes on from what ``state`` returned.

        Raises:
            ConfigError: The arrays are of something else or of another batch.
        """
        super().restore(state)
        self._recencies = np.array(state["recencies"], np.float64)
        self._weights = np.array(state["weights"], np.float64)
        self._bias = np.array(state["bias"], np.float64)


@dataclass
class SanctioningPeers:
    """The group itself as the source of social reward: being hit is blame, hitting can be praise.

    A social channel like a caregiver, for a batch or an environment; its peers are always present.
    Its two norms are ``sanction`` (for those hit) and the classifier norm (for those who hit). The
    classifier is the memory of one batch: ``classifier.state`` saves it.

    Attributes:
        sanction: Blame for being hit.
        classifier: Rewards for hitting in line with the group; None: hitting is not rewarded.
    """

    sanction: Norm = field(default_factory=lambda: get_norm("peer_sanction"))
    classifier: ClassifierNorm | None = field(default_factory=ClassifierNorm)

    def __post_init__(self) -> None:
        if self.sanction.needs_states:
            raise ConfigError("The sanction of peers must be a norm that reads events alone.")

    @property
    def norm_names(self) -> tuple[str, ...]:
        """Names of the norms in the order in which they are recorded."""
        learned = () if self.classifier is None else ("classifier_norm",)
        return (self.sanction.name, *learned)

    @property
    def needs_states(self) -> bool:
        """False: events are enough."""
        return False

    def check(self, world: World) -> None:
        """Raises `ConfigError` if nobody sanctions in this world."""
        self.sanction.check(world)
        if self.classifier is not None:
            self.classifier.check(world)

    def begin(self, batch: Batch) -> None:
        """Checks the world of a batch that was reset; a newly seeded batch has learned nothing."""
        self.check(batch.world)
        if self.classifier is None:
            return
        if (batch.state["step"] == 0).all():
            self.classifier.begin(batch.num_worlds, batch.num_agents)
        self.classifier.forget()

    def feedback(self, batch: Batch) -> None:
        """Writes, after every step, the feedback on the transition into the batch."""
        batch.caregiver_present[:] = True
        by_norm = batch.social_rewards_by_norm
        by_norm[0] = self.sanction.score(batch.events, None, None)
        batch.social_rewards[:] = by_norm[0]
        if self.classifier is not None:
            by_norm[1] = self.classifier.step(batch.events, batch.done)
            batch.social_rewards += by_norm[1]
