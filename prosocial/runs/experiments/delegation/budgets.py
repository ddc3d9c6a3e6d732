"""How much each preset of the delegation experiment plays."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

from prosocial.analysis.delegation.published import MOST_STEPS
from prosocial.runs.experiments.presets import check_scale, named


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
        check_scale(factor)
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

preset = partial(named, PRESETS)
"""Returns the budget of a name; a `ConfigError` if there is none."""
