"""How much each preset of the delegation experiment plays."""

from __future__ import annotations

from dataclasses import dataclass, replace

from prosocial.analysis.delegation.published import MOST_STEPS
from prosocial.envs.engine.errors import ConfigError, nearest


@dataclass(frozen=True)
class Budget:
    """Everything that a preset decides.

    Attributes:
        seeds: Number of seeds if the user names none (1234, 1235, ...).
        max_steps: Steps of an episode.
        claims: Whether results of this budget may be judged by the checks.
    """

    seeds: int = 20
    max_steps: int = MOST_STEPS
    claims: bool = True

    def scaled(self, factor: float) -> Budget:
        """A budget with the steps of an episode multiplied by a factor.

        Args:
            factor: Above 0; below 1 the result claims nothing any more.

        Raises:
            ConfigError: If the factor is not above 0.
        """
        if not factor > 0.0:
            raise ConfigError(f"the scale of the steps is {factor}; expected a number above 0.")
        return replace(
            self,
            max_steps=max(1, round(self.max_steps * factor)),
            claims=self.claims and factor >= 1.0,
        )


PRESETS = {
    "quick": Budget(seeds=5),
    "paper": Budget(),
    "smoke": Budget(seeds=2, max_steps=20, claims=False),
}
"""Budgets by name: "quick" shows everything in minutes, "paper" is what the committed results were
made with, "smoke" only shows that everything runs."""


def preset(name: str) -> Budget:
    """The budget of that name.

    Raises:
        ConfigError: If there is none.
    """
    if name not in PRESETS:
        raise ConfigError(f"There is no preset {name!r}. {nearest(name, PRESETS)}")
    return PRESETS[name]
