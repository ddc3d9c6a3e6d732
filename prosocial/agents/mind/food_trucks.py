"""What a mind reads off paths past food trucks: ``python -m prosocial.agents.mind.food_trucks``.

The scenarios are of the kinds of Baker, Saxe & Tenenbaum (2011) on the map of memo's demonstration
(Chandra et al. 2025). The people's ratings of the paper are not public, so that no correlation with
them is computed here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from prosocial.envs.engine import Batch, ConfigError, World, build
from prosocial.envs.worlds.food_trucks.codes import Cell, EatAction
from prosocial.envs.worlds.food_trucks.staging import park, put

from .hypotheses.food_trucks import BeliefsDesires
from .mind import Mind

STEPS = {
    "N": EatAction.NORTH,
    "S": EatAction.SOUTH,
    "W": EatAction.WEST,
    "E": EatAction.EAST,
    ".": EatAction.STAY,
    "!": EatAction.EAT,
}


@dataclass(frozen=True)
class Scenario:
    """A path to be explained.

    Attributes:
        story: What happens, in words.
        placement: What is parked on spot 1 and spot 2.
        path: Letters of ``STEPS``.
    """

    story: str
    placement: str
    path: str


CHECK = "WWWNN"
SCENARIOS = (
    Scenario("goes straight to K", "LK", "WWWS"),
    Scenario("looks, sees L, returns to K", "LK", f"{CHECK}SSS"),
    Scenario("looks, sees M, returns to K", "MK", f"{CHECK}SSS"),
    Scenario("looks, sees L, walks on to L", "LK", f"{CHECK}N{'E' * 9}"),
    Scenario("looks, sees M, walks on to M", "MK", f"{CHECK}N{'E' * 9}"),
    Scenario("is about to look (L behind the wall)", "LK", "WWWN"),
    Scenario("has just seen L", "LK", CHECK),
    Scenario("waits at the start", "LK", "..."),
)


def follow_path(
    mind: Mind, placement: str, path: str, start: tuple[int, int] | None = None
) -> Batch:
    """Shows a mind a path in one world.

    Args:
        mind: A mind of a configured food_trucks; it begins with its prior.
        placement: What is parked where.
        path: Letters of ``STEPS``.
        start: Row and column of the first cell; None: as the world draws it.

    Returns:
        The batch of one world after the path; its last action may have ended the episode.

    Raises:
        ConfigError: A letter is unknown or no action of this world, or the episode ended before the
            end of the path.
    """
    world = mind.world
    for letter in path:
        if letter not in STEPS or STEPS[letter] >= world.num_actions:
            known = [name for name, action in STEPS.items() if action < world.num_actions]
            raise ConfigError(f"{letter!r} is no step of the path; expected {' '.join(known)}.")
    batch = Batch(world, 1, track_states=True)
    batch.reset()
    if start is not None:
        put(world, batch.state, start)
    batch.state["memory"] = Cell.UNKNOWN
    park(world, batch.state, placement)
    mind.reset(batch.state)
    for number, letter in enumerate(path):
        actions = np.array([[STEPS[letter]]])
        batch.step(actions)
        assert batch.before is not None  # states are tracked
        mind.observe(batch.before, actions, batch.after())
        if batch.done[0] and number + 1 < len(path):
            raise ConfigError(f"The episode ends after {path[: number + 1]!r}; shorten {path!r}.")
    return batch


def food_trucks_table(beta: float = 1.0, world: World | None = None) -> list[dict[str, object]]:
    """Returns what is inferred from each scenario.

    Args:
        beta: Rationality of the agent, > 0.
        world: A food_trucks with the map and the placements of "wall"; None: the defaults.

    Returns:
        For each scenario: story, path, placement, "utilities" (expected ones of K, L, M, (3,)),
        "best" (probability that each is liked strictly best, (3,)), "M>K>L" (probability of this
        order), "first" and "now" (probability that the agent gave to L behind the wall at first
        and gives by now), "true_belief" and "no_observation" (expected utilities under the
        lesions).
    """
    world = build("food_trucks") if world is None else world
    minds = {
        lesion: Mind(world, "beliefs_desires", beta=beta, lesion=lesion)
        for lesion in ("none", "true_belief", "no_observation")
    }
    rows = []
    for scenario in SCENARIOS:
        read = {}
        for lesion, mind in minds.items():
            follow_path(mind, scenario.placement, scenario.path)
            read[lesion] = mind.hypotheses, mind.posterior[0, 0, 0]
        asked, found = read["none"]
        assert isinstance(asked, BeliefsDesires)
        rows.append(
            {
                "story": scenario.story,
                "path": scenario.path,
                "placement": scenario.placement,
                "utilities": asked.expected_utilities(found),
                "best": asked.favourite(found),
                "M>K>L": float(asked.order_probability(found, "MKL")),
                "first": float(asked.first_belief(found)[0]),
                "now": float(asked.present_belief(found[None])[0, 0]),
                **{
                    lesion: read[lesion][0].expected_utilities(read[lesion][1])  # type: ignore[attr-defined]
                    for lesion in ("true_belief", "no_observation")
                },
            }
        )
    return rows


def main() -> None:
    """Prints the table in Markdown, for two rationalities."""
    for beta in (0.5, 1.0):
        print(f"beta = {beta}\n")
        print(
            "| Story | Path | E[U] of K, L, M | P(best) of K, L, M | P(M>K>L) | P(L) at first | "
            "P(L) now | E[U], true belief | E[U], no observation |"
        )
        print("|---|---|---|---|---|---|---|---|---|")
        for row in food_trucks_table(beta):
            three = {
                name: ", ".join(f"{value:.{digits}f}" for value in np.asarray(row[name]))
                for name, digits in (
                    ("utilities", 1), ("best", 2), ("true_belief", 1), ("no_observation", 1),
                )
            }  # fmt: skip
            print(
                f"| {row['story']} | `{row['path']}` | {three['utilities']} | {three['best']} | "
                f"{row['M>K>L']:.3f} | {row['first']:.2f} | {row['now']:.2f} | "
                f"{three['true_belief']} | {three['no_observation']} |"
            )
        print()


if __name__ == "__main__":
    main()
