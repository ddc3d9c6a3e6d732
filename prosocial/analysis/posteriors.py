"""What minds believed over time: traces as tables and as figures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from prosocial.agents.mind.trace import SHARED, Trace, load_trace
from prosocial.analysis import figure_style as style
from prosocial.analysis.figures.plates import Grid, Plate, draw_plate
from prosocial.envs.engine import ConfigError

_MOST_LINES = 7  # hypotheses with a line of their own; the palette has one more colour for the rest
_COLUMNS = {"single": 2, "double": 4}  # panels, and entries of the legend, side by side
_DASHES = ("-", "--", "-.", ":")


def read_posteriors(path: str | Path) -> pl.DataFrame:
    """Returns a trace as a table: one row for each probability.

    Args:
        path: File that ``Trace.save`` wrote.

    Returns:
        Columns ``world``, ``episode``, ``t`` (integers), ``observer``, ``target``, ``hypothesis``
        (str) and ``probability`` (float32), in the order of the file.

    Raises:
        ConfigError: The file is missing or holds no trace.
    """
    trace = load_trace(path)
    shape = trace.posterior.shape
    rows, observer, target, hypothesis = (index.ravel() for index in np.indices(shape))
    return pl.DataFrame(
        {
            "world": trace.world[rows],
            "episode": trace.episode[rows],
            "t": trace.t[rows],
            "observer": np.array(trace.observers)[observer],
            "target": np.array(trace.targets)[target],
            "hypothesis": np.array(trace.names)[hypothesis],
            "probability": trace.posterior.ravel(),
        }
    )


def mean_posterior(trace: Trace, observer: str, target: str) -> tuple[np.ndarray, np.ndarray]:
    """Returns the mean posterior over episodes at each step.

    Args:
        trace: The trace.
        observer: Name of an observer.
        target: Name of a target.

    Returns:
        The steps, int64 (K,), ascending; the means over the episodes that lasted so long, float64
        (K, H).

    Raises:
        ConfigError: There is no such observer or target.
    """
    where = _place("observer", observer, trace.observers), _place("target", target, trace.targets)
    posterior = trace.posterior[:, where[0], where[1]].astype(float)
    steps, number = np.unique(trace.t, return_inverse=True)
    sums = np.zeros((len(steps), posterior.shape[1]))
    np.add.at(sums, number, posterior)
    return steps, sums / np.bincount(number)[:, None]


def plan_posteriors(
    trace: Trace,
    name: str = "posteriors",
    *,
    observer: str | None = None,
    targets: tuple[str, ...] | None = None,
    world: int | None = None,
    episode: int | None = None,
    source: str = "",
) -> Plate:
    """Plans a figure of what an observer believed over time, one panel for each target.

    Args:
        trace: The trace.
        name: File name without ending.
        observer: Whose posterior; None for the first observer.
        targets: Of whom; None for all but the observer.
        world: Only this world; None for all.
        episode: Only this episode of each world; None for all. Of several, the mean is drawn.
        source: File of the trace, for the caption.

    Raises:
        ConfigError: Nothing was recorded of that, or there is no such observer or target.
    """
    part = _part(trace, world, episode)
    observer = trace.observers[0] if observer is None else observer
    if targets is None:
        targets = tuple(t for t in trace.targets if t != observer) or trace.targets
    means = [mean_posterior(part, observer, target) for target in targets]
    lines = _likeliest(np.concatenate([mean for _, mean in means]))
    count = len(set(zip(part.world.tolist(), part.episode.tolist(), strict=True)))
    who = "shared posterior" if observer == SHARED else f"posterior of {observer}"
    world_name = trace.world_name.replace("_", " ")
    title = f"{world_name}, {who}, mean of {count} episode{'s' if count > 1 else ''}"
    grids = {width: _grid(len(targets), len(lines), most) for width, most in _COLUMNS.items()}

    def draw(canvas: Figure, panels: list[Axes], width: str) -> None:
        columns = grids[width].columns
        for panel, target, (steps, mean) in zip(panels, targets, means, strict=False):
            _draw(panel, steps, mean, lines, trace.names)
            panel.set_title(target)
        for panel in panels[len(targets) :]:
            panel.set_axis_off()
        for panel in panels[max(len(targets) - columns, 0) : len(targets)]:
            panel.set_xlabel("step of the episode")
        for panel in panels[: len(targets) : columns]:
            panel.set_ylabel("probability")
        handles, labels = panels[0].get_legend_handles_labels()
        canvas.legend(
            handles, labels, loc="outside lower center", ncols=_COLUMNS[width],
            title=title, title_fontsize=6.5,
        )  # fmt: skip

    rest = len(trace.names) - len(lines)
    return Plate(name, grids, draw, _caption(trace, who, count, rest, source))


def posterior_figure(
    trace: Trace,
    folder: Path,
    name: str = "posteriors",
    *,
    observer: str | None = None,
    targets: tuple[str, ...] | None = None,
    world: int | None = None,
    episode: int | None = None,
) -> list[Path]:
    """Draws what an observer believed over time, at the width of one column.

    Args:
        trace: The trace.
        folder: Where the figure goes.
        name: File name without ending.
        observer: As in `plan_posteriors`.
        targets: As in `plan_posteriors`.
        world: As in `plan_posteriors`.
        episode: As in `plan_posteriors`.

    Returns:
        Paths written, PDF and PNG.

    Raises:
        ConfigError: Nothing was recorded of that, or there is no such observer or target.
    """
    plate = plan_posteriors(
        trace, name, observer=observer, targets=targets, world=world, episode=episode
    )
    return draw_plate(plate, folder, "single")


def write_posteriors(trace: Trace, path: Path) -> list[Path]:
    """Writes a trace as PATH.npz and its figure as PATH.pdf and PATH.png; returns the paths."""
    saved = trace.save(path.parent / f"{path.name}.npz")
    return [saved, *posterior_figure(trace, path.parent, path.name)]


def _caption(trace: Trace, who: str, count: int, rest: int, source: str) -> tuple[str, ...]:
    of = "1 episode" if count == 1 else f"{count} episodes"
    summed = f", {rest} of which are drawn as one sum" if rest else ""
    return (
        f"What a mind believed over the steps of an episode of {trace.world_name}: {who}, one "
        f"panel for each agent that it is about; probability of each of {len(trace.names)} "
        f"hypotheses{summed}.",
        f"Lines: mean over {of} of one run, at each step over those that last so long; no "
        "interval, as the seed is the unit and this is one run; no smoothing."
        + (f" Source: {source}." if source else ""),
    )


def _grid(targets: int, lines: int, most: int) -> Grid:
    """Panels side by side, at most so many, over a legend with as many columns."""
    columns = min(targets, most)
    rows = -(-targets // columns)
    return Grid(rows, columns, 0.55 + 0.13 * -(-(lines + 1) // most) + 1.3 * rows)


def _part(trace: Trace, world: int | None, episode: int | None) -> Trace:
    """Rows of one world and one episode of each world; None is all of them."""
    chosen = np.ones(len(trace.t), np.bool_)
    if world is not None:
        chosen &= trace.world == world
    if episode is not None:
        chosen &= trace.episode == episode
    if not chosen.any():
        raise ConfigError(f"The trace has nothing of world {world} and episode {episode}.")
    return Trace(
        trace.world_name, trace.names, trace.targets, trace.observers,
        trace.world[chosen], trace.episode[chosen], trace.t[chosen], trace.posterior[chosen],
    )  # fmt: skip


def _likeliest(means: np.ndarray) -> list[int]:
    """Returns the hypotheses that get a line, in the order of their names."""
    if means.shape[1] <= _MOST_LINES + 1:
        return list(range(means.shape[1]))
    return sorted(np.argsort(-means.mean(0), kind="stable")[:_MOST_LINES].tolist())


def _draw(
    panel: Axes, steps: np.ndarray, mean: np.ndarray, lines: list[int], names: tuple[str, ...]
) -> None:
    for place, number in enumerate(lines):
        label, dash = names[number].replace("_", " "), _DASHES[place % len(_DASHES)]
        panel.plot(steps, mean[:, number], label=label, color=style.PALETTE[place], linestyle=dash)
    if len(lines) < len(names):
        rest = 1 - mean[:, lines].sum(1)
        panel.plot(
            steps, rest, label=f"{len(names) - len(lines)} others", color=style.GREY, linewidth=0.8
        )
    panel.set_ylim(-0.02, 1.02)


def _place(what: str, name: str, known: tuple[str, ...]) -> int:
    if name not in known:
        raise ConfigError(f"The trace has no {what} {name!r}; it has {', '.join(known)}.")
    return known.index(name)
