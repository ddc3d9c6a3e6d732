"""The sections of a report about runs: which they are, how configured, where they come from."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from prosocial.analysis.report_page.configuration import Group, common, differing, flat
from prosocial.analysis.report_page.elements import Cell, Html, Table, element, join, missing, whole
from prosocial.analysis.report_page.records import Run
from prosocial.analysis.report_page.replays import ReplayLink

MOST_NAMED = 6
"""Things that a sentence names before it only counts them."""

_SHORT = 60  # letters up to which several values of one key in one condition are written out


def counted(count: int, noun: str) -> str:
    """A number with its noun, such as ``1 run`` or ``3 runs``."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def warning(content: Html | str) -> Html:
    """A remark that must not be missed."""
    return element("p", element("span", "⚠ ", aria_hidden="true"), content, class_="warning")


def warnings(groups: Sequence[Group]) -> list[Html]:
    """What a reader must know before anything else: unfinished runs, conditions that are mixed."""
    runs = [run for group in groups for run in group.runs]
    found, waiting = [], [run for run in runs if not run.finished]
    if waiting:
        named = listed([f"{run.label} ({run.state()})" for run in waiting])
        head = f"{len(waiting)} of {counted(len(runs), 'run')} not finished: "
        found.append(warning(join((element("strong", head), named, "."))))
    mixed: dict[tuple[str, ...], list[str]] = {}
    for group in groups:
        if group.mixed:
            mixed.setdefault(group.mixed, []).append(group.label)
    for keys, labels in mixed.items():
        head = f"Runs of {listed(labels)} differ in more than their seed: "
        found.append(warning(join((element("strong", head), listed(keys), "."))))
    return found


def overview(groups: Sequence[Group]) -> tuple[Html, ...]:
    """All runs with their state."""
    if not groups:
        return ()
    rows = [
        (
            run.label,
            group.label,
            str(run.config.get("world", "")),
            missing() if run.seed is None else Cell(str(run.seed), float(run.seed)),
            Cell(run.state(), kind="" if run.finished else "unfinished"),
            _steps(run),
            Cell(_time(run.starts[0].get("time")), kind="short") if run.starts else missing(),
            whole(max(len(run.starts) - 1, 0)),
        )
        for group in groups
        for run in group.runs
    ]
    columns = ("run", "condition", "world", "seed", "state", "steps", "started", "resumed")
    note = "Environment steps so far, start of the first process, and how often it was resumed."
    return (Table("How far the runs are", note, columns, tuple(rows)).folded(),)


def configuration(groups: Sequence[Group]) -> tuple[Html, ...]:
    """What differs between the runs, then what all of them share."""
    runs = [run for group in groups for run in group.runs]
    if not runs:
        return ()
    parts, keys = [], differing(runs)
    if keys:
        configs = [[flat(run) for run in group.runs] for group in groups]
        rows = tuple((key, *(_values(found, key) for found in configs)) for key in keys)
        note = f"{counted(len(keys), 'key')}; – where a configuration has no such key."
        heads = tuple(group.label for group in groups)
        parts.append(Table("What differs between the runs", note, ("key", *heads), rows).html())
    shared = common(runs)
    several = "all runs" if len(runs) > 1 else "the run"
    title = f"{'Shared by' if keys else 'Resolved configuration of'} {several}"
    title = f"{title}: {counted(len(shared), 'key')}"
    lists = [element("div", element("h3", name), pairs(items)) for name, items in _trees(shared)]
    parts.append(
        element(
            "details",
            element("summary", title),
            element("div", *lists, class_="trees"),
            open=len(runs) == 1,
        )
    )
    return tuple(parts)


def provenance(runs: Sequence[Run]) -> tuple[Html, ...]:
    """Software, machines and commands that the runs were started with; equal ones once."""
    starts = [(run, start) for run in runs for start in run.starts]
    if not starts:
        return (element("p", "No provenance was recorded.", class_="muted"),) if runs else ()
    parts = []
    for facts, of in _alike(starts, _software):
        label = counted(len(of), "run")
        parts.append(element("div", element("h3", f"Software and machine, {label}"), pairs(facts)))
    commands = []
    for (command,), of in _alike(starts, _command):
        heading = element("p", counted(len(of), "run"), class_="muted")
        commands.append(join((heading, element("pre", element("code", command)))))
    block = element("div", element("h3", "Commands"), *commands)
    return (element("div", *parts, class_="trees"), block)


def replays(links: Sequence[ReplayLink] | None) -> tuple[Html, ...]:
    """Links to the replay pages; nothing if none were asked for."""
    if links is None:
        return ()
    if not links:
        return (element("p", "The runs hold no recordings to replay.", class_="muted"),)
    items = []
    for link in links:
        name = f"{link.run}: {link.recording}"
        if link.href is None:
            text = element("span", f" cannot be replayed: {link.problem}", class_="problem")
            items.append(element("li", name, text))
            continue
        about = f" {link.about}, {counted(link.episodes, 'episode')}"
        anchor = element("a", name, href=link.href)
        items.append(element("li", anchor, element("span", about, class_="muted")))
    return (element("ul", *items, class_="replays"),)


def pairs(items: Iterable[tuple[str, Any]]) -> Html:
    """Names with what they stand for."""
    rows = (element("div", element("dt", name), element("dd", value)) for name, value in items)
    return element("dl", *rows)


def _steps(run: Run) -> Cell:
    step = run.status.get("step")
    return missing() if not isinstance(step, int) else whole(step)


def _values(configs: Sequence[Mapping[str, str]], key: str) -> Cell:
    """The values of a key in one condition, all of them if they are few and short."""
    found = list(dict.fromkeys(config.get(key) for config in configs))
    if found == [None]:
        return missing()
    text = "; ".join("–" if value is None else value for value in found)
    if len(found) > 1 and len(text) > _SHORT:
        text = f"{len(found)} different values"
    return Cell(text)


def listed(names: Sequence[str]) -> str:
    """Names with commas, cut after `MOST_NAMED`."""
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def ranges(numbers: Sequence[int]) -> str:
    """Ascending numbers with commas; runs of them in short, such as ``0, 7, 10–19``."""
    parts: list[list[int]] = []
    for number in numbers:
        if parts and number == parts[-1][-1] + 1:
            parts[-1].append(number)
        else:
            parts.append([number])
    return ", ".join(
        f"{part[0]}–{part[-1]}" if len(part) > 2 else ", ".join(map(str, part)) for part in parts
    )


def _time(text: Any) -> str:
    """A recorded time to the minute, as ``2026-11-22 04:14 UTC``; another text stays as it is."""
    try:
        moment = datetime.strptime(str(text), "%Y-%m-%dT%H:%M:%S%z")
    except ValueError:
        return str(text)
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _trees(items: Mapping[str, str]) -> list[tuple[str, list[tuple[str, str]]]]:
    """Dotted keys by their first part; the plain ones come first."""
    trees: dict[str, list[tuple[str, str]]] = {"general": []}
    for key, value in items.items():
        head, dot, rest = key.partition(".")
        trees.setdefault(head if dot else "general", []).append((rest or key, value))
    return [(name, found) for name, found in trees.items() if found]


def _alike(
    starts: Sequence[tuple[Run, Mapping[str, Any]]], of: Any
) -> list[tuple[tuple[Any, ...], list[str]]]:
    """What starts have in common with the labels of the runs, in the order of the first ones."""
    found: dict[tuple[Any, ...], dict[str, None]] = {}
    for run, start in starts:
        found.setdefault(of(start), {})[run.label] = None
    return [(facts, list(labels)) for facts, labels in found.items()]


def _software(start: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Version, commit, packages and machine as pairs."""
    machine, packages = start.get("machine", {}), start.get("packages", {})
    facts = [
        ("prosocial", str(start.get("version", "unknown"))),
        ("commit", str(start.get("git_commit", "unknown"))),
        ("Python", str(start.get("python", "unknown"))),
        *((str(name), str(version)) for name, version in packages.items()),
        *((str(name), str(value)) for name, value in machine.items()),
    ]
    return tuple(facts)


def _command(start: Mapping[str, Any]) -> tuple[str]:
    words = start.get("command", [])
    if not isinstance(words, list):
        return (json.dumps(words),)
    first, rest = " ".join(map(str, words[:1])), words[1:]
    # Our own commands record "prosocial train" as one word, which is no file with a space.
    own = first.split() if first.startswith("prosocial ") else words[:1]
    return (shlex.join(map(str, (*own, *rest))),)
