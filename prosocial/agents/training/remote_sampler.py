"""Stepping the worlds on several runners of a Ray cluster."""

from __future__ import annotations

import logging
import os
import time
from functools import partial
from typing import Any

import numpy as np
import ray
from ray.rllib.env.env_runner_group import EnvRunnerGroup

from prosocial.envs.engine.errors import ProsocialError

from .rollout import Rollout, join
from .runner import BatchEnvRunner
from .world_setup import WorldSetup

_TAG = "collect"
_OBJECT_STORE_BYTES = 256 * 2**20
_GIVE_UP_AFTER = 300.0  # seconds without a rollout from any runner
# Ray reads these when it starts: no telemetry, no token in the home folder, no warning per process,
# and no lower priority for the workers, who would starve beside anything else.
_QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_AUTH_MODE": "disabled",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_DEDUP_LOGS": "0",
    "RAY_worker_niceness": "0",
}


class RunnersLostError(ProsocialError, RuntimeError):
    """Remote runners were lost and did not come back."""


class RemoteSampler:
    """RLlib's group of remote ``BatchEnvRunner``s, each stepping its share of the worlds.

    A runner that is lost is restarted by Ray and asked for the same rollout again. As a rollout
    depends on nothing but the request, the loss changes no result.

    Args:
        config: RLlib's configuration with ``num_env_runners`` >= 1. A Ray cluster that this process
            is connected to is used, else a local one is started.
    """

    def __init__(self, config: Any) -> None:
        self._owns_cluster = not ray.is_initialized()
        if self._owns_cluster:
            start_local_cluster(config.num_env_runners)
        self._group = EnvRunnerGroup(config=config, local_env_runner=False)
        self._ids = list(range(1, config.num_env_runners + 1))

    def sample(
        self, weights: Any, setup: WorldSetup, worlds: list[np.ndarray] | None
    ) -> tuple[Rollout, list[np.ndarray]]:
        """See ``sampler.Sampler``.

        Raises:
            RunnersLostError: A runner is gone and does not come back within five minutes.
        """
        shared = ray.put(weights)
        requests = {
            runner: partial(_collect, weights=shared, setup=setup, worlds=bytes_)
            for runner, bytes_ in zip(self._ids, worlds or [None] * len(self._ids), strict=True)
        }
        results: dict[int, tuple[Rollout, np.ndarray]] = {}
        heard = time.monotonic()
        while len(results) < len(requests):
            arrived = self._ask({k: r for k, r in requests.items() if k not in results})
            results |= arrived
            heard = time.monotonic() if arrived else heard
            if time.monotonic() - heard > _GIVE_UP_AFTER:
                lost = sorted(set(requests) - set(results))
                raise RunnersLostError(
                    f"Runners {lost} gave no rollout for {_GIVE_UP_AFTER:.0f} s. See Ray's logs; "
                    "the run can be resumed from its last checkpoint."
                )
        rollouts, after = zip(*(results[runner] for runner in self._ids), strict=True)
        return join(rollouts), list(after)

    def close(self) -> None:
        """Ends the runners, and the cluster if it was started here."""
        self._group.stop()
        if self._owns_cluster:
            ray.shutdown()

    def _ask(self, requests: dict[int, Any]) -> dict[int, tuple[Rollout, np.ndarray]]:
        """Asks the healthy ones among the runners; returns what arrived by runner.

        Raises:
            ProsocialError: What a runner raised.
        """
        group = self._group
        if group.num_healthy_remote_env_runners() < len(self._ids):
            group.probe_unhealthy_env_runners()
        healthy = [runner for runner in requests if runner in group.healthy_env_runner_ids()]
        if not healthy:
            return {}
        group.foreach_env_runner_async(
            [requests[runner] for runner in healthy], tag=_TAG, remote_worker_ids=healthy
        )
        arrived = dict(group.fetch_ready_async_reqs(tags=_TAG, timeout_seconds=_GIVE_UP_AFTER))
        for result in arrived.values():
            if isinstance(result, ProsocialError):
                raise result
        return arrived


def start_local_cluster(num_cpus: int) -> None:
    """Starts a small Ray cluster in the background of this process.

    Args:
        num_cpus: Number of runners that are to find a place at the same time.
    """
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    ray.init(
        num_cpus=num_cpus,
        include_dashboard=False,
        log_to_driver=False,
        logging_level=logging.ERROR,
        object_store_memory=_OBJECT_STORE_BYTES,
    )


def _collect(
    runner: BatchEnvRunner, weights: Any, setup: WorldSetup, worlds: np.ndarray | None
) -> tuple[Rollout, np.ndarray] | ProsocialError:
    try:
        return runner.collect(weights, setup, worlds)
    except ProsocialError as error:
        return error  # RLlib would take an exception for a broken runner and restart it for ever
