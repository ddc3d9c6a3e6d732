"""Many lives as trials of Ray Tune, on this machine or on a Ray cluster."""

from __future__ import annotations

import math
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl
import ray
from ray import tune

from prosocial.envs.engine.errors import ConfigError, ProsocialError

from .config import TrainConfig
from .life_course import LifeCourse
from .remote_sampler import start_local_cluster
from .run_folder import read_table


def run_trials(
    lives: Mapping[Path, TrainConfig], metric: str, *, num_cpus: int, last: int = 10
) -> dict[Path, float]:
    """Runs each life in its run folder as a trial of Ray Tune, as many at a time as cores.

    A Ray cluster that this process is connected to is used, else a local one is started. Every
    trial is an ordinary run folder: it resumes if it was interrupted and is left alone if finished.

    Args:
        lives: Run folder -> life.
        metric: Column of metrics.parquet to score by.
        num_cpus: Cores of a local cluster, >= 1.
        last: Iterations at the end of the life that the score is the mean of, >= 1.

    Returns:
        Run folder -> score, NaN where the metric was never defined.

    Raises:
        ConfigError: No such metric is recorded.
        TrialError: A trial failed; the others were completed.
    """
    cpus_per_trial = 1 + max(life.num_env_runners for life in lives.values())
    owns_cluster = not ray.is_initialized()
    if owns_cluster:
        start_local_cluster(max(num_cpus, cpus_per_trial))
    try:
        # Tune's own records are of no use afterwards: the run folders hold everything.
        with tempfile.TemporaryDirectory(prefix="prosocial-tune-") as storage:
            _tune(lives, cpus_per_trial, storage)
    finally:
        if owns_cluster:
            ray.shutdown()
    return {folder: score(folder, metric, last) for folder in lives}


class TrialError(ProsocialError):
    """A trial of a sweep failed."""


def score(folder: Path, metric: str, last: int) -> float:
    """Returns the mean of a column of metrics.parquet over the last iterations that have it.

    Raises:
        ConfigError: There is no such column of numbers.
    """
    metrics = read_table(folder, "metrics").tail(last)
    numbers = [name for name, dtype in metrics.schema.items() if dtype.is_numeric()]
    if metric not in numbers:
        raise ConfigError(f"There is no metric {metric!r}. Known: {', '.join(sorted(numbers))}.")
    value = metrics[metric].cast(pl.Float64).fill_nan(None).mean()
    return float(value) if isinstance(value, float) else math.nan


class _Report(tune.Callback):
    """Prints a line for each trial that ends."""

    def __init__(self, total: int) -> None:
        self._total, self._ended = total, 0

    def on_trial_complete(self, iteration: int, trials: list, trial: Any, **info: Any) -> None:
        self._line("finished", trial)

    def on_trial_error(self, iteration: int, trials: list, trial: Any, **info: Any) -> None:
        self._line("failed", trial)

    def _line(self, outcome: str, trial: Any) -> None:
        self._ended += 1
        folder = trial.config["folder"]
        print(f"{self._ended}/{self._total} {outcome}: {folder}", file=sys.stderr, flush=True)


def _tune(lives: Mapping[Path, TrainConfig], cpus_per_trial: int, storage: str) -> None:
    configs = {str(folder.resolve()): config.to_dict() for folder, config in lives.items()}

    def trial(parameters: dict[str, Any]) -> None:
        folder = parameters["folder"]
        LifeCourse(TrainConfig.from_mapping(configs[folder]), folder).run(
            on_iteration=lambda row: tune.report({"iteration": row["iteration"]})
        )

    resources = tune.PlacementGroupFactory([{"CPU": 1.0}] * cpus_per_trial)
    results = tune.Tuner(
        tune.with_resources(trial, resources),
        param_space={"folder": tune.grid_search(list(configs))},
        run_config=tune.RunConfig(
            storage_path=storage, verbose=0, callbacks=[_Report(len(configs))]
        ),
    ).fit()
    failures = [f"{Path(r.path).name}: {_cause(r.error)}" for r in results if r.error]
    if failures:
        raise TrialError(
            f"{len(failures)} of {len(configs)} trials failed, the others are complete. The same "
            "command tries the failed ones again.\n" + "\n".join(failures)
        )


def _cause(error: Exception) -> Exception:
    """Returns what a trial raised, without what Ray wraps around it."""
    return getattr(error, "cause", None) or error
