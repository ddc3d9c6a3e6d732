"""Figures of the teaching experiment."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from prosocial.analysis import figure_style as style
from prosocial.analysis.commons.lines import remark
from prosocial.analysis.commons.measures import band
from prosocial.analysis.teaching import measures
from prosocial.analysis.teaching.manifest import (
    CAREGIVERS,
    FAMILIAR,
    HACKERS,
    HELD_OUT,
    LEARNERS,
)
from prosocial.analysis.teaching.records import Experiment


@dataclass(frozen=True)
class Look:
    """How a condition is drawn: label, colour, line style and marker."""

    label: str
    color: str
    line: str
    marker: str


CAREGIVER_LOOKS = {
    "constant": Look("constant caregiver", style.BLACK, "-", "s"),
    "teaching": Look("teaching caregiver", style.GREEN, "-", "o"),
    "random": Look("present at random", style.ORANGE, "--", "v"),
}
LEARNER_LOOKS = {
    "none": Look("no internal reward", style.VERMILLION, ":", "v"),
    "regression": Look("regression ISR", style.BLUE, "-", "o"),
    "bayesian": Look("Bayesian", style.GREEN, "-", "s"),
    "bayesian_blind": Look("Bayesian, blind to the goal", style.PURPLE, "--", "D"),
}
"""Looks of caregivers and learners, the same in every figure."""

_NOTE = "line: interquartile mean over seeds, band: 95 % bootstrap interval"


def figure_lives(experiment: Experiment, folder: Path) -> list[Path]:
    """Draws goals per episode through both phases: a panel per learner, a line per caregiver.

    Returns:
        Paths written, PDF and PNG; empty when no life is finished.
    """
    return _by_learner(experiment, folder, "lives", "goals_per_episode", "goals / episode")


def figure_spending(experiment: Experiment, folder: Path) -> list[Path]:
    """Draws the social reward per episode through both phases.

    Returns:
        Paths written; empty when no life is finished.
    """
    return _by_learner(experiment, folder, "spending", "social_return", "social reward\n/ episode")


def figure_samples(experiment: Experiment, folder: Path) -> list[Path]:
    """Draws the error of internal rewards against the feedback that they were fitted to.

    Returns:
        Paths written; empty when no fit is finished.
    """
    if experiment.fits.is_empty():
        return []
    panels = (("clean", "reliable feedback"), ("noisy", "noisy feedback"))
    with style.figure(2, 1, height=3.8) as (canvas, axes):
        for panel, (feedback, title) in zip(axes, panels, strict=True):
            for learner in HACKERS:
                found = measures.fitted(experiment, learner, feedback, "balanced_mse")
                counts = [n for n, levels in found.items() if len(levels) == _seeds(experiment)]
                if counts:
                    table = np.stack([measures.values(found[n]) for n in counts], axis=1)
                    # An exact model has an error of rounding only, which a log axis would chase.
                    _line(panel, np.array(counts, float), np.maximum(table, 1e-10),
                          LEARNER_LOOKS[learner], marker=True)  # fmt: skip
            panel.set_xscale("log")
            panel.set_yscale("log")
            panel.set_title(title)
            panel.set_ylabel("squared error\n(balanced)")
        axes[-1].set_xlabel("feedbacks received")
        _legend(canvas, axes)
        remark(canvas, f"{_seed_text(experiment)}; {_NOTE}")
        return style.save(canvas, folder, "samples")


def figure_hacking(experiment: Experiment, folder: Path) -> list[Path]:
    """Draws the lives on layout x: internal return above, true goals below.

    Returns:
        Paths written; empty when no such life is finished.
    """
    rows = {"internal_return": "internal return\n/ episode", "goals_per_episode": "goals / episode"}
    drawn = [n for n in HACKERS if measures.curve(experiment, "hacking", n)[0].size]
    if not drawn:
        return []
    with style.figure(2, 1, height=3.6) as (canvas, axes):
        for panel, (column, label) in zip(axes, rows.items(), strict=True):
            for learner in drawn:
                steps, table = measures.curve(experiment, "hacking", learner, column)
                _line(panel, steps - steps[0], table, LEARNER_LOOKS[learner])
            panel.set_ylabel(label)
            style.thousands(panel)
        axes[0].tick_params(labelbottom=False)
        axes[1].set_ylim(bottom=0.0)
        axes[1].set_xlabel("environment steps on layout x")
        _legend(canvas, axes)
        remark(canvas, f"{_seed_text(experiment)}; {_NOTE}")
        return style.save(canvas, folder, "hacking")


def figure_transfer(experiment: Experiment, folder: Path) -> list[Path]:
    """Draws the true return after the autonomy in the training world and in held-out ones.

    Returns:
        Paths written; empty when no life is finished.
    """
    if experiment.evaluations.is_empty():
        return []
    panels = ((FAMILIAR,), HELD_OUT)
    titles = ("training world", "held-out worlds")
    with style.figure(1, 2, height=2.3) as (canvas, axes):
        for panel, worlds, title in zip(axes, panels, titles, strict=True):
            for group, learner in enumerate(LEARNERS):
                for offset, caregiver in enumerate(CAREGIVERS):
                    levels = measures.evaluated(experiment, caregiver, learner, worlds)
                    found = measures.interval(levels)
                    if found is not None:
                        look = CAREGIVER_LOOKS[caregiver]
                        place = group * (len(CAREGIVERS) + 1) + offset
                        panel.bar(place, found.estimate, width=0.85, color=look.color, alpha=0.75,
                                  label=look.label)  # fmt: skip
                        panel.plot([place] * 2, [found.low, found.high], color=style.BLACK, lw=1.0)
            panel.set_title(title)
            panel.axhline(0.0, color=style.BLACK, linewidth=0.6)
            centres = [group * (len(CAREGIVERS) + 1) + 1 for group in range(len(LEARNERS))]
            panel.set_xticks(centres, ["none", "regr.", "Bayes"])
            panel.tick_params(axis="x", length=0)
        axes[0].set_ylabel("true return / episode")
        _legend(canvas, axes)
        remark(canvas, f"{_seed_text(experiment)}; interquartile mean, 95 % bootstrap interval")
        return style.save(canvas, folder, "transfer")


def _by_learner(
    experiment: Experiment, folder: Path, name: str, column: str, label: str
) -> list[Path]:
    found = {
        learner: {
            caregiver: measures.curve(experiment, caregiver, learner, column)
            for caregiver in CAREGIVERS
        }
        for learner in LEARNERS
    }
    if not any(steps.size for lines in found.values() for steps, _ in lines.values()):
        return []
    with style.figure(len(LEARNERS), 1, height=0.7 + 1.3 * len(LEARNERS)) as (canvas, axes):
        for panel, (learner, lines) in zip(axes, found.items(), strict=True):
            for caregiver, (steps, table) in lines.items():
                if steps.size:
                    _line(panel, steps, table, CAREGIVER_LOOKS[caregiver])
            panel.set_ylabel(label)
            panel.set_title(LEARNER_LOOKS[learner].label, loc="left")
            panel.set_ylim(bottom=0.0)
            style.thousands(panel)
            panel.tick_params(labelbottom=panel is axes[-1])
            switch = float(experiment.manifest.budget["socialization"])
            if panel is axes[0]:
                style.mark_switch(panel, switch)
            else:
                panel.axvline(switch, color=style.GREY, linestyle="--", linewidth=0.8, zorder=0)
        axes[-1].set_xlabel("environment steps")
        _legend(canvas, axes)
        remark(canvas, f"{_seed_text(experiment)}; {_NOTE}")
        return style.save(canvas, folder, name)


def _line(
    axes: Axes, x: NDArray[np.float64], table: NDArray[np.float64], look: Look, marker: bool = False
) -> None:
    whole = np.isfinite(table).all(0)
    if not whole.any():
        return
    middle, low, high = band(table[:, whole])
    axes.fill_between(x[whole], low, high, color=look.color, alpha=0.2, lw=0)
    dots = look.marker if marker or whole.sum() == 1 else ""
    axes.plot(x[whole], middle, color=look.color, linestyle=look.line, label=look.label,
              marker=dots)  # fmt: skip


def _legend(canvas: Figure, axes: list[Axes]) -> None:
    entries: dict = {}
    for panel in axes:
        handles, labels = panel.get_legend_handles_labels()
        entries |= dict(zip(labels, handles, strict=True))
    canvas.legend(entries.values(), entries.keys(), loc="outside upper center", ncols=2)


def _seeds(experiment: Experiment) -> int:
    frame = experiment.fits
    return 0 if frame.is_empty() else frame["seed"].n_unique()


def _seed_text(experiment: Experiment) -> str:
    count = len(experiment.manifest.seeds)
    return f"{count} seed" if count == 1 else f"{count} seeds"
