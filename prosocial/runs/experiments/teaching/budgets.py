"""How much each preset of the teaching experiment trains and evaluates."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

from prosocial.runs.experiments.budgets import ROLLOUT_STEPS
from prosocial.runs.experiments.presets import check_scale, named


@dataclass(frozen=True)
class Budget:
    """Everything that a preset decides.

    Step counts are world steps and are rounded up to whole iterations of 2,048.

    Attributes:
        seeds: Number of seeds if the user names none (1234, 1235, ...).
        socialization: Steps with the caregiver.
        autonomy: Steps after it has gone.
        hacking: Steps on layout x with an internal reward of little experience.
        few: First steps of the socialization that such an internal reward knows.
        isr_batch: Batch of the ISR's updates.
        continual_updates: Updates per iteration while a regression ISR is fitted continually.
        feedbacks: Amounts of feedback that internal rewards are fitted to, in nonzero social
            rewards.
        fit_updates: Updates of each of these fits of networks.
        evaluation_episodes: Greedy episodes per evaluation.
        claims: Whether results of this budget may be judged by the checks.
    """

    seeds: int = 5
    socialization: int = 81_920
    autonomy: int = 40_960
    hacking: int = 40_960
    few: int = 10_240
    isr_batch: int = 10
    continual_updates: int = 400
    feedbacks: tuple[int, ...] = (1, 2, 3, 5, 10, 20, 50, 100, 200, 500, 1000)
    fit_updates: int = 3000
    evaluation_episodes: int = 100
    claims: bool = True

    def scaled(self, factor: float) -> Budget:
        """A budget with all steps and episodes multiplied by a factor.

        Args:
            factor: Above 0; below 1 the result claims nothing any more.

        Raises:
            ConfigError: If the factor is not above 0.
        """
        check_scale(factor)

        def steps(number: int) -> int:
            return max(ROLLOUT_STEPS, round(number * factor))

        return replace(
            self,
            socialization=max(2 * ROLLOUT_STEPS, steps(self.socialization)),
            autonomy=steps(self.autonomy),
            hacking=steps(self.hacking),
            few=steps(self.few),
            fit_updates=max(100, round(self.fit_updates * factor)),
            evaluation_episodes=max(10, round(self.evaluation_episodes * factor)),
            claims=self.claims and factor >= 1.0,
        )


# Three quarters of the steps still reach most of the socialized level; two seeds give an interval.
_QUICK = Budget(seeds=2, socialization=61_440, autonomy=30_720, hacking=30_720)

PRESETS = {
    "quick": _QUICK,
    "paper": Budget(),
    "smoke": replace(_QUICK.scaled(0.02), seeds=1, feedbacks=(1, 5)),
}
"""Budgets by name: "quick" shows the ordering in minutes, "paper" is what the committed results
were made with, "smoke" only shows that everything runs."""

preset = partial(named, PRESETS)
"""Returns the budget of a name; a `ConfigError` if there is none."""
