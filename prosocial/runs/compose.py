"""From the YAML files and the command line to a `TrainConfig`, by Hydra."""

from __future__ import annotations

import dataclasses
import glob
import hashlib
import re
from collections.abc import Sequence
from importlib import resources
from typing import Any

import hydra
from hydra.core.config_store import ConfigStore
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf

import prosocial
from prosocial.agents.training.config import TrainConfig
from prosocial.agents.training.schema import plain
from prosocial.envs.engine.errors import ConfigError
from prosocial.envs.engine.registry import entry

CONFIG_MODULE, CONFIG_NAME = "prosocial.conf", "train"

_RECORDED = "caregiver=recorded:"
# Overrides that have their own place in the folder's name, or that no result depends on.
_UNLABELLED = ("name", "condition", "seed", "experiment", "checkpoint_every")


def register() -> None:
    """Makes the dataclasses known to Hydra as the config `schema`, and `schema/<world>` by world.

    They are registered as plain values: the same dataclasses check the composed configuration, with
    more rules and better messages than Hydra's own typing has.
    """
    store = ConfigStore.instance()
    # Phases are merged by name, so the schema has none: they would join those of an experiment.
    store.store("schema", {**TrainConfig().to_dict(), "phases": {}})
    for name in prosocial.worlds():
        options = {"world_config": _defaults(entry(name).config_class)}
        store.store(name, options, group="schema", package="_global_")
    OmegaConf.register_new_resolver("run_label", run_label, replace=True)


def _defaults(config_class: type) -> dict[str, Any]:
    """Returns the default of every field as plain values.

    Of the class and not of an instance, which has filled in what a preset or layout decides: a
    preset given later would no longer decide it.
    """
    fields = dataclasses.fields(config_class)
    return {
        f.name: plain(f.default if f.default is not dataclasses.MISSING else f.default_factory())  # pyright: ignore[reportCallIssue]
        for f in fields
    }


def run_label(overrides: Sequence[str], unlabelled: Sequence[str] = _UNLABELLED) -> str:
    """Returns a folder name for overrides: "" or "/key=value,key=value", shortened if long."""
    plain = (override.lstrip("+~") for override in overrides)
    kept = sorted(o for o in plain if o.partition("=")[0] not in unlabelled)
    label = re.sub(r"[^\w.=,+~-]+", "_", ",".join(kept))
    if len(label) > 120:
        label = f"{label[:100]}-{hashlib.sha256(','.join(kept).encode()).hexdigest()[:12]}"
    return f"/{label}" if label else ""


def hydra_arguments(arguments: Sequence[str]) -> list[str]:
    """Returns command-line arguments for Hydra, with `key=value` as `++key=value`.

    So a key that the YAML files do not mention, such as `phases.autonomy.learn`, can be set like
    any other, and one that does not exist reaches `TrainConfig`, which names the nearest one.
    `caregiver=recorded:PATH` becomes what Hydra can take, see `recorded_caregiver`.

    Raises:
        ConfigError: No session matches the PATH of a recorded caregiver.
    """
    arguments = recorded_caregiver(arguments)
    groups = {p.name for p in resources.files(CONFIG_MODULE).iterdir() if p.is_dir()}

    def is_key(argument: str) -> bool:
        key, equals, _ = argument.partition("=")
        own = re.fullmatch(r"[\w.]+", key) and not key.startswith("hydra.")
        return bool(equals and own and key not in groups)

    return [f"++{argument}" if is_key(argument) else argument for argument in arguments]


def recorded_caregiver(arguments: Sequence[str]) -> list[str]:
    """Returns command-line arguments in which `caregiver=recorded:PATH` is overrides of Hydra.

    PATH is a session of `prosocial play`, several of them joined by commas, or patterns such as
    `outputs/play/*`, whose matches are taken in the order of their names. Unless another is named,
    the experiment is that of a life after the caregiver, `experiment=recorded`.

    Raises:
        ConfigError: A pattern matches nothing, or there is no PATH.
    """
    result: list[str] = []
    for argument in arguments:
        if not argument.startswith(_RECORDED):
            result.append(argument)
            continue
        found = [p for part in argument.removeprefix(_RECORDED).split(",") for p in _matching(part)]
        listed = ",".join('"{}"'.format(path.replace('"', '\\"')) for path in found)
        result += ["caregiver=recorded", f"++caregiver.recorded=[{listed}]"]
        if not any(given.startswith("experiment=") for given in arguments):
            result.append("experiment=recorded")
    return result


def _matching(part: str) -> list[str]:
    """Returns the paths that a part of PATH stands for; without a wildcard it is one itself."""
    found = sorted(glob.glob(part)) if glob.has_magic(part) else [part]
    if not part or not found:
        raise ConfigError(
            f"No session of `prosocial play` is at {part!r} for the recorded caregiver; expected "
            "caregiver=recorded:PATH with a session's folder or log, several of them joined by "
            "commas, or a pattern that matches some."
        )
    return found


def to_config(composed: DictConfig) -> TrainConfig:
    """Returns the checked configuration of what Hydra composed.

    Raises:
        ConfigError: A key is unknown or a value is wrong.
    """
    values: Any = OmegaConf.to_container(composed, resolve=True)
    return TrainConfig.from_mapping({k: v for k, v in values.items() if k != "hydra"})


def compose(overrides: Sequence[str]) -> tuple[TrainConfig, str]:
    """Composes what `prosocial train <overrides>` would run.

    Returns:
        The checked configuration, and the folder that it would be recorded in.

    Raises:
        ConfigError: An override is not valid.
    """
    register()
    try:
        with hydra.initialize_config_module(CONFIG_MODULE, version_base="1.3"):
            arguments = hydra_arguments(overrides)
            composed = hydra.compose(CONFIG_NAME, arguments, return_hydra_config=True)
            return to_config(composed), str(composed.hydra.run.dir)
    except HydraException as error:
        raise ConfigError(str(error)) from error
