"""The options of a mind, as runs and phases write them down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from prosocial.envs.engine import World
from prosocial.envs.engine.config import Config

from .inference.checks import checked_betas, checked_share
from .mind import OBSERVERS, Mind


@dataclass(frozen=True)
class MindConfig(Config):
    """What a mind infers and how; see `Mind` for the meaning of each option.

    Attributes:
        kind: Kind of hypotheses, such as "goals"; None: the first kind of the world.
        beta: Rationality of the targets, > 0; several: inferred jointly.
        prior: Probabilities (H,) or (T, H), each row summing to one; None: all alike.
        switch: Probability per step that a target takes a new hypothesis, in [0, 1).
        lapse: Probability that a target acts at random, in [0, 1).
        observers: "each" agent has its own posteriors, or all have "shared" ones.
        log_space: Whether odds beyond 1e18 to one are told apart.
        options: Options of the hypotheses.
    """

    kind: str | None = None
    beta: float | tuple[float, ...] = 1.0
    prior: tuple[Any, ...] | None = None
    switch: float = 0.0
    lapse: float = 0.0
    observers: str = "each"
    log_space: bool = False
    options: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Checks each field alone; ``make_mind`` checks them against the world."""
        self.require("kind", self.kind is None or isinstance(self.kind, str), "a name or None")
        betas = checked_betas(self.beta)
        several = isinstance(self.beta, Sequence)  # a list where it was read from a file
        object.__setattr__(self, "beta", tuple(betas.tolist()) if several else betas.item())
        for name in ("switch", "lapse"):
            checked_share(name, getattr(self, name))
        self.require_choice("observers", OBSERVERS)
        self.require_bool("log_space")
        self.require("options", isinstance(self.options, dict), "a mapping of options")


def make_mind(world: World, config: MindConfig | None = None, **changes: Any) -> Mind:
    """Returns a mind for a configured world.

    Args:
        world: The configured world.
        config: The options; None: the defaults.
        **changes: Fields of `MindConfig` that differ.

    Raises:
        ConfigError: The world has no such hypotheses, or an option is unknown or invalid.
    """
    config = (config or MindConfig()).replace(**changes)
    return Mind(
        world,
        config.kind,
        beta=config.beta,
        prior=config.prior,
        switch=config.switch,
        lapse=config.lapse,
        observers=config.observers,
        log_space=config.log_space,
        **config.options,
    )
