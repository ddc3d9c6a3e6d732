"""How much each preset of the experiment `imagined-we` plays."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

from prosocial.runs.experiments.presets import check_scale, named


@dataclass(frozen=True)
class Budget:
    """Everything that a preset decides.

    Attributes:
        seeds: Number of seeds if the user names none (1234, 1235, ...).
        tasks: Signalling tasks of each ambiguity, seed and way to share out features.
        depths: Levels of the receivers, 0 .. depths - 1.
        episodes: Episodes of rendezvous for each partner, number of goals and seed.
        steps: Steps of an episode.
        goals: Numbers of goals.
        claims: Whether results of this budget may be judged by the checks.
    """

    seeds: int = 20
    tasks: int = 300
    depths: int = 4
    episodes: int = 100
    steps: int = 100
    goals: tuple[int, ...] = (1, 2, 4, 8)
    claims: bool = True

    def scaled(self, factor: float) -> Budget:
        """A budget with the numbers of tasks and episodes multiplied by a factor.

        Args:
            factor: Above 0; below 1 the result claims nothing any more.

        Raises:
            ConfigError: If the factor is not above 0.
        """
        check_scale(factor)
        return replace(
            self,
            tasks=max(2, round(self.tasks * factor)),
            episodes=max(2, round(self.episodes * factor)),
            claims=self.claims and factor >= 1.0,
        )


_QUICK = Budget(seeds=5, tasks=150, episodes=50)

PRESETS = {
    "quick": _QUICK,
    "paper": Budget(),
    "smoke": Budget(seeds=1, tasks=4, depths=2, episodes=3, steps=12, goals=(2, 4), claims=False),
}
"""Budgets by name: "quick" shows everything in a few minutes, "paper" is what the committed results
were made with, "smoke" only shows that everything runs."""

preset = partial(named, PRESETS)
"""Returns the budget of a name; a `ConfigError` if there is none."""
