"""Reads, writes and extends ``experiment.json``, whatever an experiment's manifest holds."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from prosocial.analysis.experiments.folders import (
    MANIFEST,
    read_contents,
    require_same_budget,
    write_contents,
)
from prosocial.envs.engine.errors import ConfigError

_LOCAL_OPTIONS = ("--output", "--jobs")


class Manifest(Protocol):
    """What the manifests of all experiments say, frozen dataclasses with more fields each."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def preset(self) -> str:
        """Name of the preset."""
        ...

    @property
    def budget(self) -> Mapping[str, Any]:
        """Every number that the preset stands for, by name."""
        ...

    @property
    def claims(self) -> bool:
        """Whether the budget is large enough to judge."""
        ...

    @property
    def runs(self) -> tuple[Any, ...]:
        """All runs: their names, or records with a name."""
        ...

    @property
    def command(self) -> str:
        """Commands that regenerate everything, one a line."""
        ...


M = TypeVar("M", bound=Manifest)


def _nothing_else(known: Any, planned: Any) -> dict[str, Any]:
    return {}


@dataclass(frozen=True)
class ManifestFile(Generic[M]):
    """``experiment.json`` of one experiment.

    Attributes:
        experiment: Name of the experiment.
        manifest: Dataclass of its manifest.
        record: Dataclass of its runs; None if a run is its name.
        join: Fields of two manifests joined, by name, if they are not those of the planned one:
            called with the known and the planned manifest. Runs, seeds and commands are joined
            without it.
    """

    experiment: str
    manifest: type[M]
    record: type | None
    join: Callable[[M, M], Mapping[str, Any]] = _nothing_else

    def write(self, folder: Path, manifest: M, kept: Mapping[str, Any] | None = None) -> None:
        """Writes ``experiment.json``, replacing it in one step.

        Args:
            folder: The experiment's folder; created if missing.
            manifest: What to write.
            kept: What a folder of kept tables knows besides (``missing``, ``software``); None for
                the folder of the runs themselves.
        """
        contents = {"experiment": self.experiment, **asdict(manifest)}
        if kept is not None:
            contents["kept"] = dict(kept)
        write_contents(folder, contents)

    def read(self, folder: Path) -> M:
        """Reads ``experiment.json``.

        Raises:
            ConfigError: If the folder holds no experiment, or another one, or it cannot be read.
        """
        contents = read_contents(folder, self.experiment)
        try:
            found = {field.name: contents[field.name] for field in fields(self.manifest)}
            # Of the budget lists stay lists: it is shown, and compared, as JSON has it.
            values = {n: v if n == "budget" else _with_tuples(v) for n, v in found.items()}
            if self.record is not None:
                values["runs"] = tuple(self.record(**run) for run in values["runs"])
            return self.manifest(**values)
        except (KeyError, TypeError) as error:
            raise ConfigError(
                f"{folder / MANIFEST} is not what this version writes ({error}); delete it and "
                "reproduce again."
            ) from error

    def kept(self, folder: Path) -> dict[str, Any] | None:
        """What a folder of kept tables knows besides; None for the folder of the runs.

        Raises:
            ConfigError: If the folder holds no experiment, or another one, or it cannot be read.
        """
        return read_contents(folder, self.experiment).get("kept")

    def extend(self, folder: Path, planned: M) -> M:
        """Joins a plan with what the folder already holds of the same experiment.

        Args:
            folder: The experiment's folder; it may not exist yet.
            planned: What is to be added.

        Returns:
            The manifest of both: runs and seeds together, commands one below the other.

        Raises:
            ConfigError: If the folder holds another experiment, or one of another preset or budget.
        """
        if not (folder / MANIFEST).is_file():
            return planned
        known = self.read(folder)
        require_same_budget(folder, (known.preset, known.budget), (planned.preset, planned.budget))
        runs = {getattr(run, "name", run): run for run in (*known.runs, *planned.runs)}
        commands = [*known.command.splitlines(), *planned.command.splitlines()]
        joined = {"runs": tuple(runs.values()), "command": "\n".join(dict.fromkeys(commands))}
        seeds = {*_seeds(known), *_seeds(planned)}
        if seeds:
            joined["seeds"] = tuple(sorted(seeds))
        return replace(planned, **{**joined, **self.join(known, planned)})


def portable_command(command: str) -> str:
    """Command lines without what belongs to one machine: the output folder and the workers.

    Args:
        command: One command a line.

    Returns:
        The lines that differ after that.
    """
    lines = []
    for line in command.splitlines():
        words, kept = iter(shlex.split(line)), []
        for word in words:
            if word in _LOCAL_OPTIONS:
                next(words, None)
            elif word.partition("=")[0] not in _LOCAL_OPTIONS:
                kept.append(word)
        lines.append(shlex.join(kept))
    return "\n".join(dict.fromkeys(lines))


def _seeds(manifest: Manifest) -> tuple[int, ...]:
    """Seeds asked for; none where the runs alone tell them."""
    return getattr(manifest, "seeds", ())


def _with_tuples(value: Any) -> Any:
    """A value of JSON with tuples for its lists, at any depth."""
    if isinstance(value, list):
        return tuple(map(_with_tuples, value))
    if isinstance(value, dict):
        return {name: _with_tuples(inner) for name, inner in value.items()}
    return value
