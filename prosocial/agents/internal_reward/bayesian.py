"""An internal reward that reads feedback as evidence about the caregiver's values.

The alternative to regression (``ISRConfig.model = "bayesian"``): which events of a transition does
the caregiver value, with what sign and amount (``posterior``)? R_i is what it would have given in
the posterior mean, moved towards 0 by ``lower_confidence`` posterior standard deviations: what one
is not sure of is worth little, praise and blame alike.

What it knows beforehand and the networks have to find out: the world's vocabulary of events (that
there is such a thing as entering the goal, and when it happens), that feedback is about what
happened in that very step, that amounts add up, and that few events are valued. It sees neither
observation nor action. So it needs a handful of feedbacks where a network needs hundreds, and
whatever it has learned holds on every map; but a value that the events do not tell of cannot be
represented, and is put down to the events that go with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Self

import numpy as np
import torch
from torch import Tensor

from .config import ISRConfig
from .data import ExperienceError, SocialExperience, event_counts
from .model import InternalReward
from .posterior import MAX_EVENTS, Evidence, Posterior, infer
from .sampling import targets

_NAMES, _STATISTICS = "event_names", ("count", "gram", "moment", "square")


class BayesianReward(InternalReward):
    """An internal reward inferred from feedback.

    Attributes:
        config: Its options.
        event_names: The K events that may be valued, in the order of the posterior.
        evidence: The feedback so far.
    """

    def __init__(
        self, config: ISRConfig, event_names: Sequence[str], evidence: Evidence | None = None
    ) -> None:
        """Chooses among events.

        Args:
            config: Its options; ``config.events`` chooses events, None takes all.
            event_names: The world's events.
            evidence: Feedback so far; None for none.

        Raises:
            ExperienceError: The world has no such event, or there are none or too many.
        """
        super().__init__(config, [])
        self.event_names = _chosen_events(config, tuple(event_names))
        self.evidence = evidence or Evidence(len(self.event_names))

    @cached_property
    def posterior(self) -> Posterior:
        """What is believed at present."""
        config = self.config
        return infer(
            self.evidence,
            inclusion=config.inclusion,
            slab_sd=config.slab_sd,
            noise_sd=config.noise_sd,
        )

    def add(self, events: np.ndarray, rewards: np.ndarray) -> None:
        """Takes feedback in.

        Args:
            events: Event counts of transitions under the caregiver, structured (n,) or a matrix
                (n, K) in the order of ``event_names``.
            rewards: R_s, float (n,).
        """
        self.evidence.add(event_counts(events, self.event_names), rewards)
        self.__dict__.pop("posterior", None)

    def predict(
        self, observations: np.ndarray, actions: np.ndarray, events: np.ndarray | None = None
    ) -> np.ndarray:
        """Expected social reward of transitions, moved towards 0 by its uncertainty.

        Args:
            observations: Not used.
            actions: Not used.
            events: Structured (n,) with the fields ``event_names``, or a matrix (n, K).

        Returns:
            float32 (n,); exactly 0 where nothing happened.

        Raises:
            ExperienceError: The events are missing or lack a field.
        """
        if events is None:
            raise ExperienceError(
                "A Bayesian internal reward judges events: pass the events of the transitions too."
            )
        counts = event_counts(events, self.event_names).astype(np.float64)
        belief = self.posterior
        mean = counts @ belief.mean
        variance = np.einsum("nk,kl,nl->n", counts, belief.covariance, counts)
        doubt = self.config.lower_confidence * np.sqrt(np.maximum(variance, 0))
        return (np.sign(mean) * np.maximum(np.abs(mean) - doubt, 0)).astype(np.float32)

    def explain(self) -> dict[str, tuple[float, float]]:
        """Returns of each event how likely it is valued, and its expected amount in reward."""
        pairs = zip(self.posterior.valued.tolist(), self.posterior.mean.tolist(), strict=True)
        return dict(zip(self.event_names, pairs, strict=True))

    def summary(self) -> str:
        """What is believed, in a line for the log."""
        parts = (
            f"{name} {amount:+.3f} (valued with probability {valued:.2f})"
            for name, (valued, amount) in self.explain().items()
        )
        return f"inferred values: {', '.join(parts)}"

    def state_tensors(self) -> dict[str, Tensor]:
        """Names of the events as bytes, and the statistics; ready for safetensors."""
        names = torch.tensor(list(",".join(self.event_names).encode()), dtype=torch.uint8)
        values = {name: np.asarray(getattr(self.evidence, name)) for name in _STATISTICS}
        return {_NAMES: names, **{n: torch.tensor(v) for n, v in values.items()}}

    @classmethod
    def load(cls, tensors: Mapping[str, Tensor], config: ISRConfig) -> Self:
        """Makes it again from ``state_tensors`` and its configuration.

        Raises:
            ExperienceError: The tensors are not those of such a configuration.
        """
        try:
            names = bytes(tensors[_NAMES].tolist()).decode().split(",")
            model = cls(config.replace(events=None), names)
            count, gram, moment, square = (tensors[name].numpy() for name in _STATISTICS)
        except (KeyError, ValueError) as error:
            raise ExperienceError(f"These tensors are no Bayesian internal reward: {error}") from (
                error
            )
        size = len(model.event_names)
        chosen = config.events is None or list(config.events) == names
        if gram.shape != (size, size) or moment.shape != (size,) or not chosen:
            raise ExperienceError(
                f"These tensors are of events {', '.join(names)}; this configuration has "
                f"{', '.join(config.events or names)}."
            )
        model.config = config
        model.evidence = Evidence(size, int(count), gram.copy(), moment.copy(), float(square))
        return model


def fit_bayesian(config: ISRConfig, experience: SocialExperience, size: int) -> BayesianReward:
    """Returns the internal reward inferred from the first ``size`` transitions.

    Raises:
        ExperienceError: The experience was kept without events.
    """
    model = BayesianReward(config, experience.event_names)
    model.add(events_of(experience, model)[:size], targets(config, experience)[:size])
    return model


def _chosen_events(config: ISRConfig, world: tuple[str, ...]) -> tuple[str, ...]:
    unknown = [name for name in config.events or () if name not in world]
    chosen = world if config.events is None else config.events
    if unknown or not chosen:
        raise ExperienceError(
            f"isr.events names {', '.join(unknown) or 'nothing'}; the events of these worlds are "
            f"{', '.join(world) or 'not recorded'}."
        )
    if len(chosen) > MAX_EVENTS:
        raise ExperienceError(
            f"There are {len(chosen)} events ({', '.join(chosen)}); a Bayesian internal reward "
            f"enumerates at most {MAX_EVENTS}. Choose some with isr.events."
        )
    return chosen


def events_of(experience: SocialExperience, model: BayesianReward) -> np.ndarray:
    """Event counts in the order of the model, uint8 (n, K)."""
    columns = [experience.event_names.index(name) for name in model.event_names]
    return experience.events[:, columns]
