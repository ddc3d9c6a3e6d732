"""Levels over seeds of what the experiment `imagined-we` measured."""

from __future__ import annotations

import numpy as np
import polars as pl

from prosocial.analysis.experiments.verdicts import NotMeasuredError
from prosocial.analysis.imagined_we.records import Experiment
from prosocial.analysis.statistics import Interval, bootstrap_interval
from prosocial.analysis.value_internalization.judging import RESAMPLING_SEED

MODELS = {
    "imagined_we": "Imagined We",
    "individual": "individual utility",
    "rsa": "RSA",
    "literal": "literal",
    "no_communication": "no communication",
    "do_it_myself": "do it myself",
}
"""Labels of the models, in the order of tables and legends."""

PARTNERS = {
    "imagined_we": "Imagined We",
    "imagined_we_noisy": "Imagined We, noisy perception",
    "imagined_we_forgetful": "Imagined We, forgets each round",
    "shared_reward_planner": "shared-reward planner",
    "individual_planner": "individual planner",
}
"""Labels of the partners, likewise."""


def ambiguities(experiment: Experiment) -> list[float]:
    """Ambiguities that were played, ascending."""
    if experiment.signalling.is_empty():
        return []
    return sorted(experiment.signalling["ambiguity"].unique().to_list())


def depths(experiment: Experiment, model: str = "imagined_we") -> list[int]:
    """Levels of a model that were played, ascending."""
    if experiment.signalling.is_empty():
        return []
    rows = experiment.signalling.filter(pl.col("model") == model)
    return sorted(rows["depth"].unique().to_list())


def goal_numbers(experiment: Experiment) -> list[int]:
    """Numbers of goals that were played, ascending."""
    if experiment.rewards.is_empty():
        return []
    return sorted(experiment.rewards["goals"].unique().to_list())


def signalling(
    experiment: Experiment, column: str, ambiguity: float, model: str, depth: int = 0
) -> np.ndarray:
    """Returns a column of the signalling tasks, float64 by seed.

    Raises:
        NotMeasuredError: No such run is finished, or the column has no number there.
    """
    if experiment.signalling.is_empty():
        raise NotMeasuredError("no signalling task is finished")
    near = (pl.col("ambiguity") - ambiguity).abs() < 1e-9
    rows = experiment.signalling.filter(
        near & (pl.col("model") == model) & (pl.col("depth") == depth)
    ).sort("seed")
    found = rows[column].drop_nulls().to_numpy().astype(float)
    if not len(found):
        raise NotMeasuredError(f"no {column} of {model} at ambiguity {ambiguity:.2f}")
    return found


def rewards(experiment: Experiment, goals: int, partner: str) -> np.ndarray:
    """Returns the reward of an episode per agent, float64 by seed.

    Raises:
        NotMeasuredError: No such run is finished.
    """
    if experiment.rewards.is_empty():
        raise NotMeasuredError("no run of rendezvous is finished")
    rows = experiment.rewards.filter(
        (pl.col("goals") == goals) & (pl.col("partner") == partner)
    ).sort("seed")
    if rows.is_empty():
        raise NotMeasuredError(f"no run of {partner} with {goals} goals is finished")
    return rows["reward"].to_numpy().astype(float)


def agreement(experiment: Experiment, goals: int, partner: str = "imagined_we") -> np.ndarray:
    """Returns the share of episodes in which all agents intend the same, float64 (seeds, steps).

    Raises:
        NotMeasuredError: No such run is finished.
    """
    if experiment.agreement.is_empty():
        raise NotMeasuredError("no run of rendezvous is finished")
    rows = experiment.agreement.filter(
        (pl.col("goals") == goals) & (pl.col("partner") == partner)
    ).sort("seed", "step")
    if rows.is_empty():
        raise NotMeasuredError(f"no run of {partner} with {goals} goals is finished")
    return rows["agreement"].to_numpy().reshape(rows["seed"].n_unique(), -1)


def first_step(curve: np.ndarray, level: float) -> int | None:
    """Returns the first step, counted from 1, at which a curve reaches a level; None if never."""
    reached = np.flatnonzero(curve >= level)
    return int(reached[0]) + 1 if len(reached) else None


def interval(values: np.ndarray) -> Interval:
    """Returns the mean over seeds with its 95 % bootstrap interval."""
    rng = np.random.default_rng(RESAMPLING_SEED)
    return bootstrap_interval(values, rng, statistic=np.mean)


def paired(first: np.ndarray, second: np.ndarray) -> Interval:
    """Returns the mean difference of the same seeds with its 95 % bootstrap interval.

    Raises:
        NotMeasuredError: The two have not the same seeds.
    """
    if len(first) != len(second):
        raise NotMeasuredError("the two do not have the same finished seeds")
    return interval(first - second)
