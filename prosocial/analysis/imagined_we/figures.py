"""Figures of the experiment `imagined-we`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes

from prosocial.agents.mind.joint_intention import chance
from prosocial.analysis import figure_style as style
from prosocial.analysis.experiments.verdicts import NotMeasuredError
from prosocial.analysis.imagined_we import measures
from prosocial.analysis.imagined_we.checks import AGENTS, AGREED, AGREED_WITHIN
from prosocial.analysis.imagined_we.records import Experiment

LOOKS = {
    "imagined_we": (style.BLUE, "o", "-"),
    "individual": (style.ORANGE, "s", "--"),
    "rsa": (style.VERMILLION, "^", "-."),
    "literal": (style.PURPLE, "v", ":"),
    "no_communication": (style.GREY, "", "-"),
    "do_it_myself": (style.BLACK, "", ":"),
    "imagined_we_noisy": (style.SKY_BLUE, "D", "--"),
    "imagined_we_forgetful": (style.GREEN, "v", ":"),
    "shared_reward_planner": (style.VERMILLION, "^", "-."),
    "individual_planner": (style.ORANGE, "s", "--"),
}
"""Colour, marker and line of each model and partner."""

_GOALS = {1: style.BLACK, 2: style.BLUE, 4: style.VERMILLION, 8: style.GREEN}
_STEPS_SHOWN = 30


def figure_ambiguity(experiment: Experiment, folder: Path) -> list[Path]:
    """Draws accuracy and joint utility by ambiguity, each model at its deepest level.

    Returns:
        Paths written, PDF and PNG; empty when no signalling task is finished.
    """
    where = measures.ambiguities(experiment)
    if not where:
        return []
    with style.figure(1, 2, height=2.6, width=2 * style.COLUMN_WIDTH) as (canvas, axes):
        for panel, column in zip(axes, ("accuracy", "utility"), strict=True):
            for model, label in measures.MODELS.items():
                deepest = max(measures.depths(experiment, model), default=0)
                for depth in dict.fromkeys((deepest, 0)):
                    shallow = depth != deepest
                    if shallow and model != "imagined_we":
                        continue
                    title = f"{label}, level {depth}" if deepest else label
                    _curve(panel, experiment, column, model, depth, title, shallow)
            panel.set_xlabel("ambiguity (share of items that fit a signal)")
            panel.set_xlim(0, 1.05)
        axes[0].set_ylabel("signals understood")
        axes[0].set_ylim(0, 1.05)
        axes[1].set_ylabel("joint utility")
        handles, labels = axes[1].get_legend_handles_labels()
        canvas.legend(handles, labels, loc="outside upper center", ncols=4)
        return style.save(canvas, folder, "ambiguity")


def figure_depth(experiment: Experiment, folder: Path) -> list[Path]:
    """Draws accuracy and joint utility of the Imagined We by level, a line for each ambiguity.

    Returns:
        Paths written; empty when no signalling task is finished.
    """
    where, levels = measures.ambiguities(experiment), measures.depths(experiment)
    if not where:
        return []
    with style.figure(1, 2, height=2.3, width=2 * style.COLUMN_WIDTH) as (canvas, axes):
        for panel, column in zip(axes, ("accuracy", "utility"), strict=True):
            for colour, marker, ambiguity in zip(style.PALETTE, "osv^D", where, strict=False):
                try:
                    found = [
                        measures.interval(
                            measures.signalling(experiment, column, ambiguity, "imagined_we", d)
                        )
                        for d in levels
                    ]
                except NotMeasuredError:
                    continue
                means = [one.estimate for one in found]
                panel.plot(levels, means, color=colour, marker=marker, label=f"{ambiguity:.2f}")
                lows, highs = [one.low for one in found], [one.high for one in found]
                panel.fill_between(levels, lows, highs, color=colour, alpha=0.2, linewidth=0)
            panel.set_xlabel("level of the receiver")
            panel.set_xticks(levels)
        axes[0].set_ylabel("signals understood")
        axes[1].set_ylabel("joint utility")
        handles, labels = axes[0].get_legend_handles_labels()
        canvas.legend(handles, labels, loc="outside right center", title="ambiguity")
        return style.save(canvas, folder, "depth")


def figure_agreement(experiment: Experiment, folder: Path) -> list[Path]:
    """Draws the share of episodes in which all intend the same, by step and number of goals.

    Returns:
        Paths written; empty when no run of rendezvous is finished.
    """
    numbers = [goals for goals in measures.goal_numbers(experiment) if goals > 1]
    if not numbers:
        return []
    with style.figure(height=2.4) as (canvas, (axes,)):
        for goals in numbers:
            colour = _GOALS.get(goals, style.GREY)
            for partner, line in (("imagined_we", "-"), ("imagined_we_noisy", ":")):
                curves = measures.agreement(experiment, goals, partner)[:, :_STEPS_SHOWN]
                steps = np.arange(1, curves.shape[1] + 1)
                label = f"{goals} goals" + (", noisy perception" if line == ":" else "")
                axes.plot(steps, curves.mean(0), color=colour, linestyle=line, label=label)
            axes.plot(1, chance(goals, AGENTS), color=colour, marker="x", markersize=5)
            if goals in AGREED_WITHIN:
                axes.plot(AGREED_WITHIN[goals], AGREED, color=colour, marker="*", markersize=7)
        axes.axhline(AGREED, color=style.GREY, linewidth=0.6, linestyle="--")
        axes.set_xlabel("step")
        axes.set_ylabel("all intend the same goal")
        axes.set_ylim(0, 1.03)
        canvas.legend(loc="outside upper center", ncols=2)
        style.note(axes, "x: chance; star: where Tang et al. (2020) reach .9")
        return style.save(canvas, folder, "agreement")


def figure_rewards(experiment: Experiment, folder: Path) -> list[Path]:
    """Draws the reward of an episode by number of goals, on the right its upper end alone.

    Returns:
        Paths written; empty when no run of rendezvous is finished.
    """
    numbers = measures.goal_numbers(experiment)
    if not numbers:
        return []
    places = np.arange(len(numbers))
    lowest = np.inf
    with style.figure(1, 2, height=2.4, width=2 * style.COLUMN_WIDTH) as (canvas, axes):
        for partner, label in measures.PARTNERS.items():
            colour, marker, line = LOOKS[partner]
            found = [
                measures.interval(measures.rewards(experiment, goals, partner)) for goals in numbers
            ]
            means = np.array([one.estimate for one in found])
            errors = [means - [one.low for one in found], [one.high for one in found] - means]
            for panel in axes:
                panel.errorbar(
                    places, means, errors, color=colour, marker=marker, linestyle=line, label=label
                )
            if partner != "individual_planner":
                lowest = min(lowest, float(means.min()))
        for panel in axes:
            panel.set_xticks(places, [str(goals) for goals in numbers])
            panel.set_xlabel("number of goals")
        axes[0].set_ylabel("reward per episode")
        axes[0].set_ylim(0, None)
        top = axes[0].get_ylim()[1]
        axes[1].set_ylim(lowest - 0.15 * (top - lowest), top)
        axes[1].set_title("upper end")
        canvas.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=3)
        return style.save(canvas, folder, "rewards")


def _curve(
    panel: Axes,
    experiment: Experiment,
    column: str,
    model: str,
    depth: int,
    label: str,
    shallow: bool,
) -> None:
    """Draws one model over the ambiguities where it has a level."""
    colour, marker, line = LOOKS[model]
    points = []
    for ambiguity in measures.ambiguities(experiment):
        try:
            values = measures.signalling(experiment, column, ambiguity, model, depth)
        except NotMeasuredError:
            continue
        points.append((ambiguity, measures.interval(values)))
    if not points:
        return
    where, found = zip(*points, strict=True)
    panel.plot(
        where,
        [one.estimate for one in found],
        color=colour,
        marker=marker,
        linestyle="--" if shallow else line,
        markerfacecolor="white" if shallow else colour,
        label=label,
    )
    lows, highs = [one.low for one in found], [one.high for one in found]
    panel.fill_between(where, lows, highs, color=colour, alpha=0.2, linewidth=0)
