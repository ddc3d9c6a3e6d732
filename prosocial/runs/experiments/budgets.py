"""How much each preset of the value-internalization experiment trains, fits and evaluates."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import partial
from typing import Any

from prosocial.runs.experiments.presets import check_scale, named

ROLLOUT_STEPS = 2048
"""World steps of one iteration, as in the paper; no phase is shorter."""

NUM_WORLDS = 16
"""Worlds stepped side by side: 16 x 128 steps make one iteration; the paper steps one world."""


@dataclass(frozen=True)
class Budget:
    """Everything that a preset decides; the defaults are the paper's numbers.

    Sources: the scripts that Rong & Kleiman-Weiner (2024) released, one for each figure. Step
    counts are world steps and are rounded up to whole iterations of ``ROLLOUT_STEPS``.

    Attributes:
        seeds: Number of seeds if the user names none (1234, 1235, ...).
        socialization: Steps of phase 1 in the single-learner grid.
        autonomy: Steps of phase 2 of figures 1b, 4a and 4b.
        layouts: Steps of phase 2 of figures 5 and 6.
        helping_socialization: Steps of phase 1 of figure 7.
        helping_autonomy: Steps of phase 2 of figure 7.
        isr_batch: Batch of the ISR's updates in figures 1b, 4a, 4b, 5, 6 (one epoch).
        isr_learning_rate: Learning rate of the ISR in figures 1b, 4a, 4b, 5, 6 and 7.
        helping_isr_batch: Batch of the ISR's updates in figure 7.
        helping_isr_epochs: Epochs of the ISR in figure 7, where everything trains.
        fit_steps: Amounts of socialization, in steps, that figure 3b fits the ISR on.
        fit_batch: Batch of the ISR's updates in figure 3b.
        fit_learning_rate: Learning rate of the ISR in figures 3a and 3b.
        curve_batch: Batch of the ISR's updates in figure 3a.
        hacking_steps: First socialization steps that the ISRs of figure 6 are fitted on.
        evaluation_episodes: Greedy episodes per evaluation.
        goal_step_cost: Charge the ISR condition of figures 1b, 4a and 4b for the step into the goal
            in phase 2, as the authors' code did.
        claims: Whether results of this budget may be judged by the acceptance checks.
    """

    seeds: int = 10
    socialization: int = 120_000
    autonomy: int = 120_000
    layouts: int = 240_000
    helping_socialization: int = 240_000
    helping_autonomy: int = 240_000
    isr_batch: int = 1
    isr_learning_rate: float = 3e-4
    helping_isr_batch: int = 10
    helping_isr_epochs: int = 10
    fit_steps: tuple[int, ...] = (10_000, 20_000, 30_000, 40_000, 80_000, 120_000)
    fit_batch: int = 1
    fit_learning_rate: float = 3e-5
    curve_batch: int = 10
    hacking_steps: tuple[int, ...] = (10_000, 40_000)
    evaluation_episodes: int = 100
    goal_step_cost: bool = False
    claims: bool = True

    def scaled(self, factor: float) -> Budget:
        """A budget with all steps and episodes multiplied by a factor.

        Args:
            factor: Above 0; below 1 the result claims nothing any more.

        Returns:
            The budget; no step count falls below one iteration, no evaluation below 10 episodes.

        Raises:
            ConfigError: If the factor is not above 0.
        """
        check_scale(factor)

        def steps(number: int) -> int:
            return max(ROLLOUT_STEPS, round(number * factor))

        phases = ("socialization", "autonomy", "layouts", "helping_socialization",
                  "helping_autonomy")  # fmt: skip
        changes: dict[str, Any] = {name: steps(getattr(self, name)) for name in phases}
        for name in ("fit_steps", "hacking_steps"):
            changes[name] = tuple(sorted({steps(number) for number in getattr(self, name)}))
        return replace(
            self,
            **changes,
            evaluation_episodes=max(10, round(self.evaluation_episodes * factor)),
            claims=self.claims and factor >= 1.0,
        )

    def departures(self) -> tuple[str, ...]:
        """Every number that differs from the paper's, one sentence each."""
        paper = Budget()
        return tuple(
            f"{field.name}: {_text(getattr(self, field.name))} instead of "
            f"{_text(getattr(paper, field.name))}"
            for field in fields(self)
            if getattr(self, field.name) != getattr(paper, field.name) and field.name != "claims"
        )


# Phase 2 of 60k steps still dates the unlearning (95 % of it happens in 40k to 60k); 100k steps on
# the layouts are what check 6 looks at; batches of 10 fit the ISR about as well at a tenth of the
# updates, which figure 3b needs the larger learning rate for.
_QUICK = Budget(
    seeds=3,
    autonomy=60_000,
    layouts=102_400,
    helping_autonomy=120_000,
    isr_batch=10,
    helping_isr_epochs=1,
    fit_batch=10,
    fit_learning_rate=3e-4,
)

PRESETS = {
    "quick": _QUICK,
    "paper": Budget(),
    "smoke": replace(_QUICK.scaled(0.02), seeds=1),
}
"""Budgets by name: "quick" shows the headline in minutes, "paper" has the paper's numbers, "smoke"
only shows that everything runs."""

preset = partial(named, PRESETS)
"""Returns the budget of a name; a `ConfigError` if there is none."""


def _text(value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(_text, value))
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else f"{value}"
