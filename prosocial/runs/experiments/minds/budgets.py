"""How much each preset of the experiment with minds in learners trains."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

from prosocial.runs.experiments.presets import check_scale, named


@dataclass(frozen=True)
class Budget:
    """Everything that a preset decides.

    Attributes:
        seeds: Number of seeds if the user names none (1234, 1235, ...).
        steps: World steps of training in each task, by its name.
        claims: Whether results of this budget may be judged by the checks.
    """

    seeds: int
    steps: dict[str, int]
    claims: bool = True

    def scaled(self, factor: float) -> Budget:
        """A budget with all steps multiplied by a factor.

        Args:
            factor: Above 0; below 1 the result claims nothing any more.

        Raises:
            ConfigError: If the factor is not above 0.
        """
        check_scale(factor)
        steps = {task: max(1, round(count * factor)) for task, count in self.steps.items()}
        return replace(self, steps=steps, claims=self.claims and factor >= 1.0)


_PAPER = Budget(seeds=5, steps={"doors": 409_600, "helping": 122_880, "kitchen": 409_600})

PRESETS = {
    "quick": replace(_PAPER.scaled(0.5), seeds=3, claims=True),
    "paper": _PAPER,
    "smoke": replace(_PAPER.scaled(0.04), seeds=1),
}
"""Budgets by name: "quick" shows the ordering in minutes, "paper" is what the committed results
were made with, "smoke" only shows that everything runs."""

preset = partial(named, PRESETS)
"""Returns the budget of a name; a `ConfigError` if there is none."""
