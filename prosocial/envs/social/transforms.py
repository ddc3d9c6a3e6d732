"""Social rewards made from everybody's rewards, by name: the baselines of the commons literature.

A caregiver gives rewards of its own; a reward transform mixes those that there are. All of them
take the rewards of a group to the rewards that its members learn from, step by step.

Example:
    >>> import numpy as np
    >>> transform = make_transform("exchange", rho=0.5)
    >>> transform.begin(num_worlds=1, num_agents=3)
    >>> transform(np.float32([[1, 0, 0]]), np.array([False]))
    array([[0.5 , 0.25, 0.25]], dtype=float32)
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from prosocial.envs.engine import Config, ConfigError, nearest

from .transforms_base import RewardTransform
from .transforms_comparison import InequityAversion, SocialValueOrientation
from .transforms_linear import Common, Individual, Mean, Prosocial, RewardExchange

_TRANSFORMS: dict[str, type[Any]] = {
    "common": Common,
    "exchange": RewardExchange,
    "individual": Individual,
    "inequity_aversion": InequityAversion,
    "mean": Mean,
    "prosocial": Prosocial,
    "svo": SocialValueOrientation,
}


def transforms() -> list[str]:
    """Returns the names of all reward transforms, sorted."""
    return sorted(_TRANSFORMS)


def make_transform(name: str, **options: Any) -> RewardTransform:
    """Returns a new reward transform; call its `begin` before the first step.

    Args:
        name: One of `transforms()`.
        **options: Fields of the transform that differ from their defaults.

    Raises:
        ConfigError: The name or an option is unknown, or a value is out of its range.
    """
    if name not in _TRANSFORMS:
        raise ConfigError(f"There is no reward transform {name!r}. {nearest(name, _TRANSFORMS)}")
    made = _TRANSFORMS[name]
    known = [f.name for f in dataclasses.fields(made)]
    for option in options:
        if option not in known:
            raise ConfigError(
                f"Reward transform {name!r} has no option {option!r}. {nearest(option, known)}"
                if known
                else f"Reward transform {name!r} has no options; {option!r} was given."
            )
    return made(**options)


@dataclass(frozen=True)
class TransformConfig(Config):
    """A reward transform as plain values, for configuration files.

    Attributes:
        name: One of `transforms()`.
        options: Fields of the transform that differ from their defaults.

    Raises:
        ConfigError: The name or an option is unknown, or a value is out of its range.
    """

    name: str = "individual"
    options: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.require("options", isinstance(self.options, Mapping), "a mapping from option to value")
        self.make()

    def make(self) -> RewardTransform:
        """Returns a new transform; each runner and each environment needs its own."""
        return make_transform(self.name, **self.options)
