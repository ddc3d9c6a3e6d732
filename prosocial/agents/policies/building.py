"""Policies by the name of their network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from prosocial.envs.engine.errors import ConfigError, nearest

from .cells import CellActorCritic
from .network import GridActorCritic

Policy = GridActorCritic | CellActorCritic

NETWORKS: dict[str, type[Policy]] = {
    "grid_cnn": GridActorCritic,
    "cell_embedding": CellActorCritic,
}


def build_policy(settings: Mapping[str, Any], seed: int = 0) -> Policy:
    """Returns a new policy.

    Args:
        settings: What ``policy.settings`` of such a policy gives; without ``network`` it is a
            "grid_cnn", the only one of version 0.1.
        seed: Of the initial weights.

    Raises:
        ConfigError: The network is unknown, or an argument is missing, unknown or out of its range.
    """
    arguments = dict(settings)
    name = arguments.pop("network", "grid_cnn")
    if name not in NETWORKS:
        raise ConfigError(f"There is no network {name!r}. {nearest(str(name), NETWORKS)}")
    try:
        shape = tuple(arguments.pop("observation_shape"))
        return NETWORKS[name](shape, seed=seed, **arguments)
    except (KeyError, TypeError) as error:
        raise ConfigError(f"These are no settings of a {name} policy: {error}.") from error


def restore_policy(settings: Mapping[str, Any], weights: Mapping[str, Tensor]) -> Policy:
    """Returns the policy with given settings and weights.

    Raises:
        ConfigError: They do not fit each other.
    """
    policy = build_policy(settings)
    try:
        policy.load_state_dict(dict(weights))
    except RuntimeError as error:
        raise ConfigError(f"The weights are not of such a policy: {error}") from error
    return policy
