"""How much each preset of the commons experiment trains and evaluates."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

from prosocial.runs.experiments.presets import check_scale, named

WORLDS = ("harvest", "clean_up", "fishery")
"""Worlds of the experiment; the commons of their kind, see `lives`."""


@dataclass(frozen=True)
class Budget:
    """Everything that a preset decides.

    Step counts are world steps (one step of one world with all its agents) of each of the two
    phases of a life, seven learners in the spatial worlds and five in the fishery; they are rounded
    up to whole iterations.

    Attributes:
        seeds: Number of seeds if the user names none (1234, 1235, ...).
        clean_up_seeds: The same in clean_up, whose lives take longest.
        steps: Steps of a phase; months in the fishery.
        episode_steps: Steps of an episode in the two spatial worlds.
        transfer_episodes: Episodes of each transfer test, condition and seed.
        isr_epochs: Passes over the remembered experience when the ISR is fitted.
        claims: Whether results of this budget may be judged by the checks.
    """

    seeds: int = 10
    clean_up_seeds: int = 3
    steps: int = 245_760
    episode_steps: int = 1000
    transfer_episodes: int = 32
    isr_epochs: int = 2
    claims: bool = True

    def seeds_of(self, world: str) -> int:
        """Number of seeds of one of `WORLDS`."""
        return self.clean_up_seeds if world == "clean_up" else self.seeds

    def scaled(self, factor: float) -> Budget:
        """A budget with all steps and episodes multiplied by a factor.

        Args:
            factor: Above 0; below 1 the result claims nothing any more.

        Raises:
            ConfigError: If the factor is not above 0.
        """
        check_scale(factor)
        return replace(
            self,
            steps=max(1, round(self.steps * factor)),
            transfer_episodes=max(2, round(self.transfer_episodes * factor)),
            claims=self.claims and factor >= 1.0,
        )


# Half the steps still show the ordering; a smoke run is a few iterations of each life.
_QUICK = Budget(seeds=3, steps=122_880, transfer_episodes=8)

PRESETS = {
    "quick": _QUICK,
    "paper": Budget(),
    "smoke": replace(_QUICK.scaled(0.05), seeds=1, clean_up_seeds=1, episode_steps=50),
}
"""Budgets by name: "quick" shows the ordering in minutes, "paper" is what the committed results
were made with, "smoke" only shows that everything runs."""

preset = partial(named, PRESETS)
"""Returns the budget of a name; a `ConfigError` if there is none."""
