"""`prosocial train`: one life, or many with -m; Hydra composes the configuration."""

from __future__ import annotations

import multiprocessing
import os
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import DictConfig

from prosocial.agents.training.config import TrainConfig
from prosocial.agents.training.progress import LifeProgress, Mode
from prosocial.agents.training.recorded import RecordedSession
from prosocial.agents.training.run_folder import is_finished
from prosocial.envs.engine.errors import ConfigError, ProsocialError
from prosocial.runs.compose import (
    CONFIG_MODULE,
    CONFIG_NAME,
    hydra_arguments,
    register,
    to_config,
)

register()  # here, so that the processes of a multirun have it too


@hydra.main(version_base="1.3", config_path=f"pkg://{CONFIG_MODULE}", config_name=CONFIG_NAME)
def _job(composed: DictConfig) -> None:
    running = HydraConfig.get()
    mode: Mode = "auto"
    if running.mode == RunMode.MULTIRUN:
        mode = "lines"
        _end_with_parent()
    folder = Path(running.runtime.output_dir)
    try:
        train(to_config(composed), folder, mode)
    except ProsocialError:
        _remove_empty(folder)  # Hydra made it before anything was checked
        raise


def _end_with_parent() -> None:
    """Makes a worker process of a multirun end when the command is killed.

    It would otherwise finish its run, and the same command could not resume it in the meantime.
    """
    if multiprocessing.parent_process() is None:  # not a worker: the launcher is not parallel
        return
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _remove_empty(folder: Path) -> None:
    """Removes a folder below the working directory, and its parents there, as far as empty."""
    while folder.is_relative_to(Path.cwd()) and folder != Path.cwd() and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent


def train(config: TrainConfig, folder: Path, mode: Mode = "auto") -> None:
    """Runs one life in a folder, from its last checkpoint if it has one, and shows the progress.

    Args:
        config: The life.
        folder: Its run folder.
        mode: How to show the progress, see `LifeProgress`.

    Raises:
        ProsocialError: The configuration or the folder cannot be used, or the disk is full.
    """
    with LifeProgress(config, folder, mode) as progress:
        if is_finished(folder, config):
            return
        from prosocial.agents.training.life_course import LifeCourse  # seconds: torch and ray

        LifeCourse(config, folder, _read_sessions).run(on_iteration=progress.update)


def _read_sessions(given: Sequence[str]) -> list[RecordedSession]:
    from prosocial.play.learning.experience import (
        read_sessions,  # only lives that have some need it
    )

    return read_sessions(given)


def main(argv: Sequence[str]) -> int:
    """Runs `prosocial train` with Hydra's command line: overrides, -m, --cfg job, --help."""
    os.environ.setdefault("HYDRA_FULL_ERROR", "1")  # errors reach the caller, who prints them
    sys.argv = ["prosocial train", *hydra_arguments(argv)]
    try:
        _job()
    except HydraException as error:
        raise ConfigError(str(error)) from error
    return 0
