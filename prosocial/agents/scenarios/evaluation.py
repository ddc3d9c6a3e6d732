"""Evaluating focal agents in a scenario, and the scores made of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from prosocial.agents.mind.trace import PosteriorTrace
from prosocial.agents.partners import Partner
from prosocial.agents.recording import Recorder
from prosocial.envs.engine import Batch, ConfigError

from .episodes import play_episodes
from .scenario import Scenario

SCORE_SHIFT = 1e-8  # Melting Pot: by how much the smallest score is lowered, so that none is 0 / 0


def evaluate_scenario(
    scenario: Scenario,
    focal: Partner,
    *,
    focal_name: str = "learner",
    episodes: int = 20,
    seed: int = 0,
    num_worlds: int = 25,
    overrides: Mapping[str, Any] | None = None,
    trace: PosteriorTrace | None = None,
    recorder: Recorder | None = None,
) -> dict[str, np.ndarray]:
    """Plays episodes of a scenario: one row for each episode and agent.

    Episode k is the first episode of world k under the seed, so the rows depend neither on how
    many worlds run side by side nor on how many episodes are asked for.

    Args:
        scenario: The scenario.
        focal: Acts for all focal agents.
        focal_name: What to call it in column ``partner``.
        episodes: Number of episodes, >= 1.
        seed: Of worlds and partners, an int in [0, 2**64).
        num_worlds: Worlds side by side at most, >= 1.
        overrides: Options of the world that replace those of the scenario.
        trace: Follows the episodes with a mind of the same configured world.
        recorder: Records them; what is played is the same with and without it.

    Returns:
        The columns of ``play_episodes`` and ``scenario`` (its name), ``episode`` (number of the
        episode, also its ``world_index``), ``partner`` (name) and ``focal`` (bool).

    Raises:
        ConfigError: A number is out of its range, an option is invalid, or the focal agents cannot
            act in this world.
    """
    if episodes < 1 or num_worlds < 1:
        raise ConfigError(
            f"evaluate_scenario got episodes={episodes} and num_worlds={num_worlds}; expected at "
            "least 1 of each."
        )
    world, population = scenario.build(**(overrides or {})), scenario.populate(focal)
    parts = []
    for first in range(0, episodes, num_worlds):
        batch = Batch(world, min(num_worlds, episodes - first), seed=seed, first=first)
        part = play_episodes(batch, population, seed, trace, recorder)
        part["world_index"] += first
        parts.append(part)
    rows = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    names = np.array([scenario.background.get(k, focal_name) for k in range(scenario.num_agents)])
    is_focal = np.isin(np.arange(scenario.num_agents), scenario.focal)
    labels = {
        "scenario": np.full(len(rows["agent"]), scenario.name),
        "world_index": rows["world_index"],
        "episode": rows["world_index"],
        "agent": rows["agent"],
        "partner": names[rows["agent"]],
        "focal": is_focal[rows["agent"]],
    }
    return labels | {name: values for name, values in rows.items() if name not in labels}


def per_capita(rows: Mapping[str, np.ndarray], focal: bool, column: str = "env_return") -> Any:
    """Returns the mean of a column over the focal or the background agents of each episode.

    Args:
        rows: What ``evaluate_scenario`` returned.
        focal: Over the focal agents; False: over the background.
        column: Name of a column with numbers; the return R_e is Melting Pot's score.

    Returns:
        float64 (episodes,), by number of the episode; NaN where there is no such agent.
    """
    chosen = rows["focal"] == focal
    episodes = int(rows["episode"].max()) + 1
    counts = np.bincount(rows["episode"][chosen], minlength=episodes)
    totals = np.bincount(rows["episode"][chosen], rows[column][chosen], minlength=episodes)
    return np.divide(totals, counts, out=np.full(episodes, np.nan), where=counts > 0)


def normalised_scores(raw: np.ndarray) -> np.ndarray:
    """Returns scores between 0 (the worst of the compared agents) and 1 (the best).

    Melting Pot: (raw − min) / (max − min) over everybody who is compared in the scenario, with the
    smallest lowered by 1e-8; who compares one agent alone gets 1.

    Args:
        raw: Focal per-capita returns, floats (agents compared, ...); each column, that is each
            scenario, is normalised by itself.

    Returns:
        float64 of the same shape.

    Raises:
        ConfigError: There is nothing to compare.
    """
    raw = np.asarray(raw, float)
    if raw.ndim < 1 or raw.shape[0] < 1:
        raise ConfigError("normalised_scores needs the return of at least one agent.")
    lowest = raw.min(0) - SCORE_SHIFT
    return (raw - lowest) / (raw.max(0) - lowest)
