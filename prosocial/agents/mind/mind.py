"""A mind: what observers believe about what others want, from what these do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from prosocial.envs.engine import ActionError, ConfigError, ResetNeededError, World

from .evidence import Evidence, answer
from .hypotheses import hypotheses as registered
from .inference import kernels
from .inference.checks import checked_betas, checked_prior, checked_share
from .protocol import (
    Hypotheses,
    RememberingHypotheses,
    RestartingHypotheses,
    SightedHypotheses,
)

OBSERVERS = ("each", "shared")
_MEMORY = "hypotheses/"  # prefix of what the hypotheses themselves remember


class Mind:
    """Infers the hypotheses that explain what the bodies of a batch of worlds do.

    Exact Bayesian inverse planning: P(h | actions) is proportional to P(h) prod P(action | state,
    h), where P(action | state, h) = (1 - lapse) softmax(beta Q(state, action, h)) + lapse / A
    (Baker, Saxe & Tenenbaum 2009, "Action understanding as inverse planning"). The hypotheses of
    the world supply Q, see ``protocol``. Sizes: B worlds, O observers, T targets, H hypotheses, K
    betas, A actions.

    Rules for the odd cases:

    * Impossible evidence, an action that no hypothesis with positive probability explains, leaves
      a posterior as it was and is counted in ``surprises``.
    * A hypothesis with prior 0, or not available when the episode begins, stays at 0. Where the
      prior excludes all that is available, it is kept as it is and ``surprises`` is counted up.
    * Odds are kept up to 1e18 to one; with ``log_space`` without bound.

    Attributes:
        world: The configured world.
        hypotheses: What may explain the targets' actions.
        names: Names of the hypotheses, (H,).
        targets: Names of the bodies whose mind is read, (T,).
        betas: The rationalities among which to infer, float64 (K,).
        num_observers: O: the number of agents, or 1 if they share.
        num_features: F, the length of ``features``.
    """

    def __init__(
        self,
        world: World,
        kind: str | None = None,
        *,
        hypotheses: Hypotheses | None = None,
        beta: float | Iterable[float] = 1.0,
        prior: Any = None,
        switch: float = 0.0,
        lapse: float = 0.0,
        observers: str = "each",
        log_space: bool = False,
        **options: Any,
    ) -> None:
        """Takes the hypotheses; call ``reset`` before the first ``observe``.

        Args:
            world: The configured world.
            kind: Kind of the registered hypotheses; None for the first of the world.
            hypotheses: Hypotheses of one's own instead.
            beta: Rationality of the targets, > 0 and finite, in units of 1 / reward; several
                different ones are inferred jointly with the hypotheses, all alike at first.
            prior: Probabilities (H,) or (T, H), each row summing to one; None: all alike.
            switch: Probability per step that a target takes a new hypothesis, drawn from the prior,
                in [0, 1).
            lapse: Probability that a target acts at random, in [0, 1).
            observers: "each" agent has its own posteriors, or all have "shared" ones.
            log_space: Whether to keep logarithms in float64, for odds beyond 1e18 to one.
            **options: Options of the registered hypotheses.

        Raises:
            ConfigError: The world has no such hypotheses, or an argument is wrong.
        """
        if hypotheses is not None and (kind is not None or options):
            raise ConfigError(
                "hypotheses were given, so nothing is chosen among the registered ones; leave out "
                f"kind ({kind!r}) and options ({options!r})."
            )
        if observers not in OBSERVERS:
            raise ConfigError(f"observers is {observers!r}; expected 'each' or 'shared'.")
        self.world = world
        self.hypotheses = registered(world, kind, **options) if hypotheses is None else hypotheses
        self.names, self.targets = tuple(self.hypotheses.names), tuple(self.hypotheses.targets)
        self.betas = checked_betas(beta)
        lapse, switch = checked_share("lapse", lapse), checked_share("switch", switch)
        self._keep, self._switching = np.float32(1 - switch), switch > 0
        self._stated_prior = checked_prior(prior, len(self.targets), self.names)
        self._log_space = bool(log_space)
        self._evidence = Evidence(self.hypotheses, self.betas, lapse, self._log_space)
        asked = self.hypotheses
        self._sighted = asked if isinstance(asked, SightedHypotheses) else None
        self._restarting = asked if isinstance(asked, RestartingHypotheses) else None
        self._remembering = asked if isinstance(asked, RememberingHypotheses) else None
        watching = world.agents if observers == "each" else (None,)
        self.num_observers = len(watching)
        self._others = _others(watching, self.targets)
        length = len(self.names) + 1 + self.hypotheses.num_actions
        self.num_features = self._others.shape[1] * length
        self._allocate(0)

    def reset(self, states: np.ndarray, where: np.ndarray | None = None) -> None:
        """Begins with the prior.

        Args:
            states: State records, (B,).
            where: The worlds in which an episode begins, bool (B,); None: all. B may change then.

        Raises:
            ConfigError: The records are of another world, or their number is wrong.
        """
        if where is None:
            where = np.ones(len(states), np.bool_)
            if len(states) != len(self._weights):
                self._allocate(len(states))
        self._check_states(states)
        if where.shape != (len(states),) or where.dtype != np.bool_:
            raise ConfigError(
                f"where has shape {where.shape} and dtype {where.dtype}; expected bool "
                f"({len(states)},)."
            )
        self._surprises[where] = 0
        self._begin(states, where)

    def observe(self, before: np.ndarray, actions: np.ndarray, after: np.ndarray) -> None:
        """Learns from one step of every world.

        Args:
            before: Records before the step, (B,).
            actions: Actions of the controlled agents, integers (B, N).
            after: Records after the step, before any auto-reset, (B,).

        Raises:
            ResetNeededError: The mind was not reset yet.
            ConfigError: Records or answers of the hypotheses have the wrong shape.
            ActionError: The actions have the wrong shape or are out of range.
        """
        self._check_states(before)
        self._check_states(after)
        actions = self._checked_actions(actions)
        shape = (len(before), len(self.targets))
        did = self.hypotheses.actions(before, actions, after)
        did = answer("actions", did, np.int64, shape)
        if (most := kernels.bounds(did)[1]) >= self.hypotheses.num_actions:
            raise ConfigError(
                f"actions() of the hypotheses returned {most}; expected numbers below "
                f"{self.hypotheses.num_actions}, or -1 where unknown."
            )
        now = self._evidence.situation(before)
        if self._log_space:
            update, table = kernels.update_logs, now.likelihoods.logs
        else:
            update, table = kernels.update, now.likelihoods.relative
        update(
            self._weights, table, now.rows, did, now.columns, self._drawn(), self._keep,
            self._visible(before), self._surprises,
        )  # fmt: skip
        self._evidence.forget()
        self.hypotheses.advance(before, actions, after)
        if self._restarting is not None:
            anew = self._restarting.restarts(before, actions, after)
            anew = answer("restarts", anew, np.bool_, (len(before),))
            if anew.any():
                self._begin(after, anew)

    @property
    def posterior(self) -> np.ndarray:
        """Probabilities of the hypotheses, float32 (B, O, T, H), read-only; rows sum to one."""
        return self._shown(self._probabilities().sum(axis=3))

    @property
    def beta_posterior(self) -> np.ndarray:
        """Probabilities of the betas, float32 (B, O, T, K), read-only; rows sum to one."""
        return self._shown(self._probabilities().sum(axis=4))

    @property
    def surprises(self) -> np.ndarray:
        """Impossible evidence since the episodes began, int64 (B, O, T), read-only."""
        self._require_reset()
        return self._shown(self._surprises.copy())

    def entropy(self) -> np.ndarray:
        """Returns the entropy of each posterior in nats, float32 (B, O, T), in [0, log H]."""
        p = self._probabilities().sum(axis=3)
        return self._shown(-(p * np.log(np.maximum(p, kernels.FLOOR))).sum(axis=3)).copy()

    def explain(self) -> np.ndarray:
        """Returns the names of the likeliest hypotheses, array of str (B, O, T).

        Among equally likely ones the first is named.
        """
        return np.array(self.names)[self.posterior.argmax(axis=3)]

    def predict(self, states: np.ndarray) -> np.ndarray:
        """Returns what the targets are expected to do next, by the posterior predictive.

        Args:
            states: The records as they are now, (B,).

        Returns:
            Action probabilities, float32 (B, O, T, A), read-only. All actions are alike where the
            hypotheses say nothing.

        Raises:
            ResetNeededError: The mind was not reset yet.
            ConfigError: The records are of another world, or their number is wrong.
        """
        self._check_states(states)
        now = self._evidence.situation(states)
        out = np.empty((*self._weights.shape[:3], self.hypotheses.num_actions), np.float32)
        kernels.predict(
            self._probabilities(), now.likelihoods.relative, now.likelihoods.scales, now.rows,
            now.columns, self._drawn(), self._keep, out,
        )  # fmt: skip
        return self._shown(out)

    def features(self, states: np.ndarray) -> np.ndarray:
        """Returns what each observer infers about the others, float32 (B, O, F) in [0, 1].

        For each other target in the order of ``targets`` (a shared mind has none of its own, all
        are others): the posterior (H numbers), its entropy divided by log H (1), and the predicted
        action probabilities (A).

        Args:
            states: The records as they are now, (B,).
        """
        entropy = self.entropy()[..., None] / np.float32(np.log(max(len(self.names), 2)))
        told = np.concatenate([self.posterior, entropy, self.predict(states)], axis=3)
        chosen = np.take_along_axis(told, self._others[None, :, :, None], axis=2)
        return np.clip(chosen, 0, 1).reshape(len(told), self.num_observers, self.num_features)

    def state(self) -> dict[str, np.ndarray]:
        """Returns copies of the arrays that restore what the mind knows."""
        own = {"weights": self._weights, "prior": self._prior, "surprises": self._surprises}
        kept = {name: array.copy() for name, array in own.items()}
        if self._remembering is not None:
            kept |= {_MEMORY + name: array for name, array in self._remembering.state().items()}
        return kept

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Takes over what ``state`` returned; no ``reset`` is needed before.

        Raises:
            ConfigError: It comes from a mind with other hypotheses or options.
        """
        own = {"weights": self._weights, "prior": self._prior, "surprises": self._surprises}
        for name, array in own.items():
            if name not in state:
                raise ConfigError(f"The state of the mind has no {name!r}; give what state() gave.")
            given = state[name]
            if given.shape[1:] != array.shape[1:] or given.dtype != array.dtype:
                raise ConfigError(
                    f"The state of the mind has {name} of shape {given.shape} and dtype "
                    f"{given.dtype}; expected (worlds, *{array.shape[1:]}) and {array.dtype}. It "
                    "comes from other hypotheses or options."
                )
        self._weights, self._prior, self._surprises = (state[name].copy() for name in own)
        self._evidence.forget()
        if self._remembering is not None:
            memory = {n.removeprefix(_MEMORY): a for n, a in state.items() if n not in own}
            self._remembering.restore(memory)

    def _allocate(self, worlds: int) -> None:
        targets, names = len(self.targets), len(self.names)
        # Observers who see the same believe the same: one posterior stands for all of them.
        kept = self.num_observers if self._sighted is not None else 1
        shape = (worlds, kept, targets, len(self.betas), names)
        self._weights = np.zeros(shape, np.float64 if self._log_space else np.float32)
        self._prior = np.zeros((worlds, targets, names), np.float32)
        self._surprises = np.zeros(shape[:3], np.int64)

    def _begin(self, states: np.ndarray, where: np.ndarray) -> None:
        """Gives some worlds the prior over what is available there."""
        self._evidence.forget()
        self.hypotheses.begin(states, where)
        available = self.hypotheses.available(states)
        available = answer("available", available, np.bool_, self._prior.shape)
        kernels.begin(
            self._stated_prior, available, where, self._weights, self._prior, self._surprises
        )

    def _visible(self, states: np.ndarray) -> np.ndarray | None:
        """Returns who sees whom, bool (B, kept observers, T); None: everyone sees everyone."""
        if self._sighted is None:
            return None
        shape = (len(states), self.world.num_agents, len(self.targets))
        visible = answer("visible", self._sighted.visible(states), np.bool_, shape)
        if self.num_observers == len(self.world.agents):
            return visible
        return np.ascontiguousarray(visible.any(axis=1, keepdims=True))

    def _drawn(self) -> np.ndarray | None:
        """Returns what a target that switches draws from, float32 (B, T, H); None: none does."""
        return self._prior if self._switching else None

    def _probabilities(self) -> np.ndarray:
        """Returns the joint posterior, float32 (B, kept observers, T, K, H); not a copy."""
        self._require_reset()
        return np.exp(self._weights).astype(np.float32) if self._log_space else self._weights

    def _shown(self, array: np.ndarray) -> np.ndarray:
        """Returns an array (B, kept observers, ...) for all observers, read-only."""
        return np.broadcast_to(array, (len(array), self.num_observers, *array.shape[2:]))

    def _require_reset(self) -> None:
        if not len(self._weights):
            raise ResetNeededError("The mind was not reset yet: call reset(states) first.")

    def _check_states(self, states: np.ndarray) -> None:
        if states.dtype != self.world.state_dtype or states.ndim != 1:
            raise ConfigError(
                f"These are no records of {self.world.name!r} as configured for this mind; give "
                "batch.state, or what batch.before and batch.after() hold."
            )
        self._require_reset()
        if len(states) != len(self._weights):
            raise ConfigError(
                f"There are {len(states)} records, but the mind was reset with "
                f"{len(self._weights)}; call reset(states) to begin with another number."
            )

    def _checked_actions(self, actions: Any) -> np.ndarray:
        given = np.asarray(actions)
        expected = (len(self._weights), self.world.num_agents)
        if given.shape != expected or given.dtype.kind not in "iu":
            raise ActionError(
                f"actions has shape {given.shape} and dtype {given.dtype}; expected integers of "
                f"shape {expected}, those that the worlds were stepped with."
            )
        given = np.ascontiguousarray(given, np.int64)
        low, high = kernels.bounds(given)
        if low < 0 or high >= self.world.num_actions:
            raise ActionError(
                f"actions holds {low} .. {high}; expected integers in "
                f"[0, {self.world.num_actions})."
            )
        return given


def _others(watching: Sequence[str | None], targets: tuple[str, ...]) -> np.ndarray:
    """Returns the targets other than each observer itself, int64 (O, T')."""
    others = [[t for t, name in enumerate(targets) if name != own] for own in watching]
    fewest = min(map(len, others))
    if any(len(mine) != fewest for mine in others):
        # Some agents are targets and some are not: all get the same number of features.
        others = [list(range(len(targets)))] * len(watching)
    return np.array(others, np.int64).reshape(len(watching), -1)
