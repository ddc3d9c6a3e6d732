"""Draws every kind of figure that applies to some runs, and says why the others do not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from prosocial.analysis.figures.believed import posteriors
from prosocial.analysis.figures.confusion import confusion
from prosocial.analysis.figures.errors import NotDrawnError
from prosocial.analysis.figures.groups import group_runs, grouping
from prosocial.analysis.figures.hacking import hacking
from prosocial.analysis.figures.learning import learning
from prosocial.analysis.figures.lives import life_course
from prosocial.analysis.figures.plates import WIDTHS, Plate, save_plate
from prosocial.analysis.figures.retention import plan_retention
from prosocial.analysis.figures.runs import Run
from prosocial.analysis.figures.schelling import schelling
from prosocial.analysis.figures.social import outcomes
from prosocial.analysis.figures.study import Options, Study
from prosocial.analysis.figures.transfer import generalization
from prosocial.envs.engine.errors import ConfigError, nearest

KINDS: dict[str, Callable[[Study], Plate | list[Plate]]] = {
    "learning": learning,
    "retention": plan_retention,
    "generalization": generalization,
    "hacking": hacking,
    "confusion": confusion,
    "schelling": schelling,
    "outcomes": outcomes,
    "posteriors": posteriors,
    "life_course": life_course,
}
"""The kinds of figures, in the order in which they are drawn."""

DESCRIPTIONS = {
    "learning": "the behaviour over training, with the phase switches marked",
    "retention": "what is left of it after the caregiver has gone, with half-lives",
    "generalization": "true return in the worlds of the evaluations, by group",
    "hacking": "internal against true return over training",
    "confusion": "where on a layout an internal reward errs",
    "schelling": "payoff of cooperators and defectors by how many others cooperate",
    "outcomes": "efficiency, equality, sustainability and peace over training",
    "posteriors": "what a mind believed over an episode; of a single run",
    "life_course": "single runs as lines of their own; of a single run, all reward channels",
}
"""What each kind shows, in half a sentence."""


@dataclass(frozen=True)
class Drawn:
    """What was drawn.

    Attributes:
        figures: Files by kind: PDF, PNG and caption files.
        left_out: Why a kind was not drawn, by kind.
        unfinished: Runs that were drawn though they are not finished.
    """

    figures: dict[str, list[Path]] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    unfinished: tuple[Path, ...] = ()

    @property
    def paths(self) -> list[Path]:
        """All files in the order in which they were written."""
        return [path for files in self.figures.values() for path in files]


def check_kinds(names: Sequence[str]) -> tuple[str, ...]:
    """Returns names of kinds in the order of `KINDS`.

    Raises:
        ConfigError: There is no such kind; the nearest one is named. Or none is named.
    """
    for name in names:
        if name not in KINDS:
            raise ConfigError(f"There is no kind of figure {name!r}. {nearest(name, KINDS)}")
    if not names:
        raise ConfigError(f"No kind of figure is named; expected some of {', '.join(KINDS)}.")
    return tuple(name for name in KINDS if name in names)


def draw_figures(
    runs: Sequence[Run],
    folder: Path,
    *,
    by: Sequence[str] | None = None,
    only: Sequence[str] | None = None,
    options: Options | None = None,
    widths: Sequence[str] = tuple(WIDTHS),
) -> Drawn:
    """Draws the figures of some runs.

    Args:
        runs: The runs, see `runs.find_runs`; none if only tables are drawn (Schelling diagrams).
        folder: Where the figures go.
        by: Configuration keys to group by, see `groups.group_runs`.
        only: Kinds to draw; None draws all that apply.
        options: How to draw.
        widths: Some of "single" (85 mm) and "double" (178 mm).

    Returns:
        What was drawn. Equal tables give equal files, byte by byte.

    Raises:
        ConfigError: A kind, a key or a measure is unknown, or the runs do not fit together.
    """
    kinds = check_kinds(only) if only is not None else tuple(KINDS)
    if not runs:
        kinds = tuple(kind for kind in kinds if kind == "schelling")
    groups = tuple(group_runs(runs, by)) if runs else ()
    keys = " and ".join(grouping(runs, by)) if runs else ""
    study = Study(groups, keys, options or Options(), asked=by is not None)
    if study.options.measure is not None and runs:
        _ = study.measure  # an unknown measure is an error, whichever kinds are drawn
    drawn = Drawn(unfinished=tuple(run.path for run in study.unfinished))
    for kind in kinds:
        try:
            planned = KINDS[kind](study)
        except NotDrawnError as reason:
            drawn.left_out[kind] = str(reason)
            continue
        plates = planned if isinstance(planned, list) else [planned]
        drawn.figures[kind] = [p for plate in plates for p in save_plate(plate, folder, widths)]
    return drawn
