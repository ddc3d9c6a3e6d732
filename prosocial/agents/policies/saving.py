"""Policies on disk: tensors as safetensors, everything else as JSON; nothing is ever unpickled."""

from __future__ import annotations

import json
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from prosocial.envs.engine.errors import ConfigError

from .building import Policy, restore_policy

_TENSORS, _SETTINGS = "policy.safetensors", "policy.json"
_UNREADABLE = (SafetensorError, KeyError, TypeError, AttributeError, RuntimeError, ValueError)


def save_policy(policy: Policy, folder: str | Path) -> None:
    """Writes ``policy.safetensors`` and ``policy.json`` into a folder, made if it is missing."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {name: tensor.contiguous() for name, tensor in policy.state_dict().items()}
    save_file(tensors, folder / _TENSORS)
    (folder / _SETTINGS).write_text(json.dumps(policy.settings, indent=2) + "\n")


def load_policy(folder: str | Path) -> Policy:
    """Returns the policy that ``save_policy`` wrote.

    Raises:
        FileNotFoundError: A file is missing.
        ConfigError: The files are not of such a policy, or do not fit each other.
    """
    folder = Path(folder)
    for name in (_TENSORS, _SETTINGS):
        if not (folder / name).is_file():
            raise FileNotFoundError(
                f"No policy in {folder}: {name} is missing. Expected the files {_TENSORS} and "
                f"{_SETTINGS} that save_policy writes."
            )
    try:
        settings = json.loads((folder / _SETTINGS).read_text())
        return restore_policy(settings, load_file(folder / _TENSORS))
    except _UNREADABLE as error:
        raise ConfigError(f"The policy in {folder} cannot be read: {error}") from error
