"""Configurations side by side: what differs between runs, what they share, how they group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from prosocial.analysis.figures import groups as figure_groups
from prosocial.analysis.figures.runs import Run as FigureRun
from prosocial.analysis.figures.runs import flatten
from prosocial.analysis.report_page.records import Run

REPLICATION = ("seed", "parent")
"""Keys in which the repetitions of one condition differ."""

_OPERATIONAL = ("checkpoint_every", "torch_threads", "device", "num_env_runners")
_THOUSANDS = 10_000  # whole numbers from here on get commas


@dataclass(frozen=True)
class Group:
    """Runs that repeat one condition.

    Attributes:
        label: Name of the condition, the same as in figures.
        runs: The runs, ordered by seed.
        mixed: Keys in which they differ although they are one condition; seed and parent aside.
    """

    label: str
    runs: tuple[Run, ...]
    mixed: tuple[str, ...]


def group(runs: Sequence[Run], by: Sequence[str] = ()) -> list[Group]:
    """Puts the repetitions of each condition together, as figures do.

    Args:
        runs: Any number.
        by: Dotted keys of the configuration; empty for the condition and, where that leaves a seed
            twice in a group, what else differs. Runs of several worlds are then parted by world.

    Returns:
        The groups, named by the values of those keys.

    Raises:
        ConfigError: No run has such a key, or a group would hold a seed twice.
    """
    worlds = by_world(runs)
    if by or len(worlds) < 2:
        return _group(runs, by) if runs else []
    return [
        Group(f"{world}: {found.label}", found.runs, found.mixed)
        for world, members in worlds.items()
        for found in _group(members, ())
    ]


def by_world(runs: Sequence[Run]) -> dict[str, list[Run]]:
    """Runs by the name of their world, in the order given."""
    parts: dict[str, list[Run]] = {}
    for run in runs:
        parts.setdefault(str(run.config.get("world", "unknown world")), []).append(run)
    return parts


def for_figures(runs: Sequence[Run]) -> list[FigureRun]:
    """The runs as figures take them."""
    return [
        FigureRun(run.path, run.config, run.configured, run.status.get("state")) for run in runs
    ]


def _group(runs: Sequence[Run], by: Sequence[str]) -> list[Group]:
    places = {run.path: run for run in runs}
    found = []
    for drawn in figure_groups.group_runs(for_figures(runs), tuple(by) or None):
        members = tuple(places[run.path] for run in drawn.runs)
        found.append(Group(drawn.label, members, tuple(_mixed(members, by))))
    return found


def _mixed(runs: Sequence[Run], by: Sequence[str]) -> list[str]:
    known = (*REPLICATION, *_OPERATIONAL, "condition", *by)
    return [key for key in differing(runs) if key not in known]


def shown(value: Any) -> str:
    """A value of a configuration as YAML would write it on one line."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return f"{value:,}" if abs(value) >= _THOUSANDS else str(value)
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {shown(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(shown, value)) + "]"
    return str(value)


def flat(run: Run) -> dict[str, str]:
    """The configuration of a run: dotted keys with their values as text."""
    return {key: shown(value) for key, value in flatten(run.config).items()}


def differing(runs: Sequence[Run]) -> list[str]:
    """Dotted keys whose values are not the same in all runs, in the order of the files.

    A branch that some runs have and others leave empty is told by the keys in it.
    """
    configs = [flat(run) for run in runs]
    keys = dict.fromkeys(key for config in configs for key in config)
    different = [key for key in keys if len({config.get(key) for config in configs}) > 1]
    told = [k for k in different if not any(other.startswith(f"{k}.") for other in different)]
    tops = list(dict.fromkeys(key.partition(".")[0] for key in keys))
    return sorted(told, key=lambda key: tops.index(key.partition(".")[0]))


def common(runs: Sequence[Run]) -> dict[str, str]:
    """Dotted keys with the values that all runs share, in the order of the files."""
    first, *others = (flat(run) for run in runs)
    return {k: v for k, v in first.items() if all(other.get(k) == v for other in others)}
