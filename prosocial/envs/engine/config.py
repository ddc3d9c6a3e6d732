"""The base of every configuration: a frozen dataclass whose faults are named when it is made."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from .errors import ConfigError, nearest


@dataclass(frozen=True)
class Config:
    """Base of the configurations of worlds, caregivers and learners."""

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> Self:
        """Returns a configuration from keyword values.

        Raises:
            ConfigError: A key is unknown (the nearest known one is named) or a value is invalid.
        """
        known = [field.name for field in dataclasses.fields(cls)]
        for key in values:
            if key not in known:
                raise ConfigError(f"{cls.__name__} has no option {key!r}. {nearest(key, known)}")
        return cls(**values)

    def replace(self, **changes: Any) -> Self:
        """Returns a copy with some fields changed, validated again."""
        return type(self).from_mapping({**dataclasses.asdict(self), **changes})

    def require(self, field: str, holds: bool, expected: str) -> None:
        """Raises a ConfigError that names the field, its value and what was expected."""
        if not holds:
            raise ConfigError(
                f"{type(self).__name__}.{field} is {getattr(self, field)!r}; expected {expected}."
            )

    def require_int(self, field: str, low: int, high: int | None = None) -> None:
        """Raises a ConfigError unless the field is an int (not a bool) in [low, high]."""
        value = getattr(self, field)
        fits = isinstance(value, int) and not isinstance(value, bool)
        fits = fits and value >= low and (high is None or value <= high)
        bound = f">= {low}" if high is None else f"in [{low}, {high}]"
        self.require(field, fits, f"an integer {bound}")

    def require_number(self, field: str, low: float, high: float | None = None) -> None:
        """Raises a ConfigError unless the field is a finite number in [low, high]."""
        value = getattr(self, field)
        fits = isinstance(value, int | float) and not isinstance(value, bool)
        fits = fits and np.isfinite(value) and value >= low and (high is None or value <= high)
        bound = f">= {low}" if high is None else f"in [{low}, {high}]"
        self.require(field, bool(fits), f"a number {bound}")

    def require_bool(self, field: str) -> None:
        """Raises a ConfigError unless the field is True or False."""
        self.require(field, isinstance(getattr(self, field), bool), "True or False")

    def require_choice(self, field: str, choices: tuple[str, ...]) -> None:
        """Raises a ConfigError unless the field is one of the choices."""
        self.require(field, getattr(self, field) in choices, f"one of {', '.join(choices)}")
