"""What several commands need of a run: its policy, and options as they are typed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
import yaml

from prosocial.agents.policies import Policy, restore_policy
from prosocial.agents.training.checkpoint import Checkpoint
from prosocial.envs.engine import World
from prosocial.envs.engine.errors import ConfigError


def check_policy(policy: Policy, world: World, run: Path) -> None:
    """Raises a ConfigError unless the policy of a run can act in a world."""
    wanted, given = policy.observation_shape, world.observation_shape
    if wanted != given or policy.num_actions != len(world.actions):
        raise ConfigError(
            f"The policy of {run} sees {wanted} and has {policy.num_actions} actions; "
            f"{world.name} as configured shows {given} and has {len(world.actions)} actions."
        )


def load_policy(checkpoint: Checkpoint) -> Policy:
    """Returns the policy in a checkpoint of a run."""
    prefix = "policy/"
    weights = {
        name.removeprefix(prefix): torch.from_numpy(array)
        for name, array in checkpoint.tensors.items()
        if name.startswith(prefix)
    }
    return restore_policy(checkpoint.state["policy"], weights)


def parse_overrides(overrides: Sequence[str]) -> dict[str, Any]:
    """Returns `key=value` arguments as a mapping; values are YAML.

    Raises:
        ConfigError: An argument has no "=".
    """
    values = {}
    for override in overrides:
        key, equals, text = override.partition("=")
        if not equals:
            raise ConfigError(f"{override!r} is no option of a world; expected key=value.")
        values[key] = yaml.safe_load(text)
    return values
