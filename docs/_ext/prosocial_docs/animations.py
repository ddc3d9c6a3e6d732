"""The animation on the page of each world: who plays there, and the frames."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from prosocial.agents.mind.food_trucks import STEPS
from prosocial.agents.partners import Partner, Population, make_partner
from prosocial.envs.engine import Batch, ConfigError, build
from prosocial.envs.render import frame, save_gif

SEED = 1


@dataclass(frozen=True)
class Show:
    """What an animation shows.

    Attributes:
        caption: Who plays, in Markdown.
        players: Makes who acts for each agent; one partner for all, or one for each.
        config: Options of the world.
        skip: Steps that are played but not shown.
        steps: Steps that are shown.
        pace: Steps per second.
        tile_size: Side of a cell in pixels.
    """

    caption: str
    players: Callable[[], Sequence[Partner]]
    config: Mapping[str, Any] = field(default_factory=dict)
    skip: int = 0
    steps: int = 60
    pace: float = 5.0
    tile_size: int = 32


class Given:
    """Takes given actions one after another, the same in all worlds, then action 0."""

    def __init__(self, actions: Sequence[int]) -> None:
        self._actions = actions

    def reset(self, seed: int) -> None:
        """Nothing is drawn or remembered."""

    def act(self, batch: Batch) -> np.ndarray:
        """Returns the actions of this step, int64 (B, N)."""
        step = int(batch.state["t"][0])
        action = self._actions[step] if step < len(self._actions) else 0
        return np.full((batch.num_worlds, batch.num_agents), action, np.int64)


def _team(*names: str) -> Callable[[], Sequence[Partner]]:
    """Returns what makes one partner for each name, agents of one name sharing theirs."""

    def make() -> Sequence[Partner]:
        made = {name: make_partner(name) for name in names}
        return [made[name] for name in names]

    return make


def _everybody(demand: int) -> Callable[[], Sequence[Partner]]:
    """Returns what makes five agents who demand the same each month."""
    return lambda: [make_partner("fixed_demand", amount=demand)] * 5


_MONTHS = {"steps": 12, "pace": 1.5, "tile_size": 24}

SHOWS: dict[str, Show] = {
    "caregiver_grid": Show(
        "Played by `shortest_path`, who knows where the goal is; every goal draws a new map.",
        _team("shortest_path"),
    ),
    "helping_grid": Show(
        "The learner (played by `scripted_helper`) clears the way of the caregiver.",
        _team("scripted_helper"),
        steps=80,
    ),
    "commons_harvest": Show(
        "Five of `restrained_harvester`, who leave the last apples of a patch, and two of "
        "`greedy_harvester`, who do not.",
        _team(*["restrained_harvester"] * 5, *["greedy_harvester"] * 2),
        steps=80,
        tile_size=16,
    ),
    "clean_up": Show(
        "Four of `altruist_cleaner` clean the river; three of `free_rider` eat what grows for it.",
        _team(*["altruist_cleaner"] * 4, *["free_rider"] * 3),
        skip=40,
        steps=80,
        tile_size=14,
    ),
    "fishery": Show(
        "A stock that was overfished recovers: five of `fixed_demand`, who take 4 tons each.",
        _everybody(4),
        config={"initial_stock": 41},
        **_MONTHS,
    ),
    "pasture": Show(
        "Three of `sustainable_demand`, one `conditional_cooperator`, and one who takes a third "
        "of what there is (`fraction_demand`).",
        lambda: [
            *[make_partner("sustainable_demand")] * 3,
            make_partner("conditional_cooperator"),
            make_partner("fraction_demand", share=1 / 3),
        ],
        **_MONTHS,
    ),
    "pollution": Show(
        "Everybody demands 11 units a month, one more than what grows back (`fixed_demand`), "
        "until the stock collapses.",
        _everybody(11),
        **_MONTHS,
    ),
    "doors": Show(
        "The human is `doors_human`; `bayesian_helper` infers from its steps which box it wants.",
        _team("doors_human", "bayesian_helper"),
    ),
    "food_trucks": Show(
        "The path from which a mind infers that the agent hoped for the truck that is not there: "
        "it looks round the corner, sees L, and returns to K.",
        lambda: [Given([int(STEPS[letter]) for letter in "WWWNNSSS!"])],
        config={"placements": ("LK",)},
        steps=12,
        pace=2.0,
    ),
    "kitchen": Show(
        "Two cooks of `bayesian_delegation` make a salad in two rooms: everything is handed over "
        "the counters.",
        _team("bayesian_delegation", "bayesian_delegation"),
        config={"layout": "full_divider", "recipes": "salad"},
        pace=3.0,
        tile_size=40,
    ),
    "rendezvous": Show(
        "Three of `imagined_we`, each inferring what *we* are after.",
        _team(*["imagined_we"] * 3),
        steps=48,
        pace=3.0,
        tile_size=24,
    ),
}


def write_animation(world: str, path: Path) -> Show:
    """Writes the animation of a world as a GIF, the same bytes each time.

    Raises:
        ConfigError: Nothing says who plays in this world.
    """
    if world not in SHOWS:
        raise ConfigError(
            f"Nobody plays in {world!r} for its page; add an entry to SHOWS in {__name__}."
        )
    show = SHOWS[world]
    save_gif(frames(world, show), path, show.pace)
    return show


def frames(world: str, show: Show) -> Iterator[np.ndarray]:
    """Yields the pictures of a show, RGB uint8 (height, width, 3)."""
    batch = Batch(build(world, **show.config), 1, seed=SEED)
    batch.reset()
    players = list(show.players())
    actors = Population(players)
    for step in range(show.skip + show.steps):
        if step >= show.skip:
            yield frame(batch.world.scene(batch.state[0]), show.tile_size)
        batch.step(actors.act(batch))
        if batch.done[0]:
            yield frame(batch.world.scene(batch.final_states[0]), show.tile_size)
            if step >= show.skip + show.steps // 2:
                return
