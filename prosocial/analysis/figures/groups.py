"""Groups of runs: what is drawn as one line, one bar, one column of points.

Within a group the seed is the unit: a group holds each seed once, and intervals are over seeds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from prosocial.analysis import figure_style as style
from prosocial.analysis.figures.runs import UNSET, Run, flatten, lookup
from prosocial.envs.engine.errors import ConfigError

# Keys that no result depends on, or that differ between the runs of one group.
_IGNORED = (
    *("seed", "parent", "name", "condition", "checkpoint_every", "num_env_runners"),
    *("torch_threads", "device"),
)
_MOST_KEYS = 2  # of an automatic grouping beside the condition; more make unreadable labels


@dataclass(frozen=True)
class Look:
    """How a group is drawn: colour, line style and marker, which differ together."""

    color: str
    line: Any
    marker: str


KNOWN = {
    "social": Look(style.BLACK, "-", "s"),
    "isr": Look(style.BLUE, "-", "o"),
    "none": Look(style.VERMILLION, "--", "v"),
    "oracle": Look(style.GREEN, "-.", "^"),
    "frozen": Look(style.PURPLE, ":", "D"),
}
"""Looks of the usual conditions, the same in every figure."""

_LINES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)))
_MARKERS = "osv^DPX*"


@dataclass(frozen=True, eq=False)
class Group:
    """Runs that differ in their seed alone, or in what is averaged over.

    Attributes:
        label: Name in legends.
        runs: The runs, ordered by seed.
        look: How it is drawn.
    """

    label: str
    runs: tuple[Run, ...]
    look: Look

    @property
    def condition(self) -> str:
        """See `condition_of`."""
        return condition_of(self.runs)


def group_runs(runs: Sequence[Run], by: Sequence[str] | None = None) -> list[Group]:
    """Groups runs by configuration keys.

    Args:
        runs: The runs, at least one.
        by: Keys, dotted, see `runs.lookup`. None takes the condition and, where that leaves a seed
            twice in a group, the keys in which those runs differ, or else the folders.

    Returns:
        The groups: the usual conditions in the order of `KNOWN`, then others as their runs come.

    Raises:
        ConfigError: No run has a key, a group would hold a seed twice, or the runs are of different
            worlds and are not grouped by that.
    """
    keys = grouping(runs, by)
    parts = _partition(runs, keys)
    for values, members in parts.items():
        _refuse_twins(keys, values, members)
    _refuse_mixture(runs, keys)
    labels = _labels(keys, list(parts))
    looks = looks_for([condition_of(members) for members in parts.values()])
    groups = [
        Group(label, tuple(sorted(members, key=_by_seed)), look)
        for label, members, look in zip(labels, parts.values(), looks, strict=True)
    ]
    rank = {name: place for place, name in enumerate(KNOWN)}
    return sorted(groups, key=lambda group: rank.get(group.condition, len(rank)))


def grouping(runs: Sequence[Run], by: Sequence[str] | None = None) -> tuple[str, ...]:
    """Keys that `group_runs` groups by."""
    return tuple(by) if by else _automatic(runs)


def condition_of(runs: Sequence[Run]) -> str:
    """Last part of the condition of runs ("isr" of "train3/isr"); "" if they differ in it."""
    names = {str(run.config.get("condition", "")).rpartition("/")[2] for run in runs}
    return names.pop() if len(names) == 1 else ""


def _partition(runs: Sequence[Run], keys: Sequence[str]) -> dict[tuple[str, ...], list[Run]]:
    columns = [[_text(value) for value in lookup(runs, key)] for key in keys]
    parts: dict[tuple[str, ...], list[Run]] = {}
    for values, run in zip(zip(*columns, strict=True), runs, strict=True):
        parts.setdefault(values, []).append(run)
    return parts


def _automatic(runs: Sequence[Run]) -> tuple[str, ...]:
    if not _twins(_partition(runs, ("condition",)).values()):
        return ("condition",)
    clashing = [r for part in _partition(runs, ("condition",)).values() for r in _twin_runs(part)]
    keys = ("condition", *differing(clashing))
    if 1 < len(keys) <= 1 + _MOST_KEYS and not _twins(_partition(runs, keys).values()):
        conditions = {run.config.get("condition") for run in runs}
        return keys if len(conditions) > 1 else keys[1:]
    return ("run",)


def differing(runs: Sequence[Run]) -> list[str]:
    """Keys of the configuration in which runs differ, other than the seed and the like."""
    flat = [flatten(run.config) for run in runs]
    names = sorted({name for one in flat for name in one})
    return [
        name
        for name in names
        if name not in _IGNORED and len({_text(one.get(name, UNSET)) for one in flat}) > 1
    ]


def _twins(parts: Iterable[Sequence[Run]]) -> bool:
    return any(_twin_runs(part) for part in parts)


def _twin_runs(part: Sequence[Run]) -> list[Run]:
    """Runs of a part whose seed another run of the part has as well."""
    seeds = [run.seed for run in part]
    return [run for run in part if seeds.count(run.seed) > 1]


def _refuse_twins(keys: Sequence[str], values: Sequence[str], members: Sequence[Run]) -> None:
    twins = _twin_runs(members)
    if not twins:
        return
    first, second = next((a, b) for a, b in pairwise(sorted(twins, key=_by_seed))
                         if a.seed == b.seed)  # fmt: skip
    other = differing((first, second))
    remedy = f"they differ in {', '.join(other[:4])}; group by that too" if other else (
        "they have the same configuration; leave one out, or group by run"
    )  # fmt: skip
    where = ", ".join(f"{key}={value}" for key, value in zip(keys, values, strict=True))
    raise ConfigError(
        f"The group {where} has two runs of seed {first.seed}, {first.path} and {second.path}: "
        f"{remedy}. The unit of the intervals is the seed, so a group holds each seed once."
    )


def _refuse_mixture(runs: Sequence[Run], keys: Sequence[str]) -> None:
    worlds = sorted({str(run.config["world"]) for run in runs if "world" in run.config})
    if len(worlds) > 1 and "world" not in keys and keys != ("run",):
        raise ConfigError(
            f"The runs do not fit together: they are of the worlds {', '.join(worlds)}, whose "
            "measures have different units. Give runs of one world, or --by world,... to draw "
            "them beside each other all the same."
        )


def _labels(keys: Sequence[str], groups: Sequence[tuple[str, ...]]) -> list[str]:
    """Values of the keys that differ, without what all of them begin with."""
    shown = [k for k in range(len(keys)) if len({values[k] for values in groups}) > 1] or [0]
    columns = []
    for k in shown:
        texts = [values[k] for values in groups]
        plain = keys[k] in ("condition", "run", "world")
        name = "" if plain else f"{keys[k].rpartition('.')[2].replace('_', ' ')} "
        columns.append([name + readable(t) for t in (_shortened(texts) if plain else texts)])
    return [", ".join(parts) for parts in zip(*columns, strict=True)]


def readable(text: str) -> str:
    """A name as it is written in figures: spaces for underscores, ISR in capitals."""
    return re.sub(r"\bisr\b", "ISR", text.replace("_", " "))


def _shortened(texts: Sequence[str]) -> list[str]:
    """Paths without the parts that all of them begin with; at least the last part stays."""
    split = [text.split("/") for text in texts]
    shared = 0
    while all(len(parts) > shared + 1 for parts in split) and (
        len({parts[shared] for parts in split}) == 1
    ):
        shared += 1
    return ["/".join(parts[shared:]) for parts in split]


def looks_for(conditions: Sequence[str]) -> list[Look]:
    """Known looks for known conditions if each of them comes once; others in turn."""
    named = [name for name in conditions if name in KNOWN]
    known = KNOWN if len(set(named)) == len(named) else {}
    taken = {known[name].color for name in named if name in known}
    colors = [color for color in style.PALETTE if color not in taken] or list(style.PALETTE)
    lines = [*_LINES[1:], _LINES[0]] if taken else list(_LINES)
    looks, place = [], 0
    for name in conditions:
        if name in known:
            looks.append(known[name])
            continue
        again = place // len(colors)
        looks.append(
            Look(
                colors[place % len(colors)],
                lines[(place + again) % len(lines)],
                _MARKERS[(place + len(taken)) % len(_MARKERS)],
            )
        )
        place += 1
    return looks


def _by_seed(run: Run) -> int:
    return run.seed


def _text(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, Mapping):
        return ", ".join(f"{name}={_text(inner)}" for name, inner in value.items()) or "{}"
    if isinstance(value, list | tuple):
        return ", ".join(map(_text, value)) or "[]"
    return str(value)
