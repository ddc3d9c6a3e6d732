"""What minds believed over time: traces as tables and as figures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
from matplotlib.axes import Axes

from prosocial.agents.mind.trace import SHARED, Trace, load_trace
from prosocial.analysis import figure_style as style
from prosocial.envs.engine import ConfigError

_MOST_LINES = 7  # hypotheses with a line of their own; the palette has one more colour for the rest
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
    """Draws what an observer believed over time, one panel for each target.

    Args:
        trace: The trace.
        folder: Where the figure goes.
        name: File name without ending.
        observer: Whose posterior; None for the first observer.
        targets: Of whom; None for all but the observer.
        world: Only this world; None for all.
        episode: Only this episode of each world; None for all. Of several, the mean is drawn.

    Returns:
        Paths written, PDF and PNG.

    Raises:
        ConfigError: Nothing was recorded of that, or there is no such observer or target.
    """
    chosen = np.ones(len(trace.t), np.bool_)
    if world is not None:
        chosen &= trace.world == world
    if episode is not None:
        chosen &= trace.episode == episode
    if not chosen.any():
        raise ConfigError(f"The trace has nothing of world {world} and episode {episode}.")
    part = Trace(
        trace.world_name, trace.names, trace.targets, trace.observers,
        trace.world[chosen], trace.episode[chosen], trace.t[chosen], trace.posterior[chosen],
    )  # fmt: skip
    observer = trace.observers[0] if observer is None else observer
    if targets is None:
        targets = tuple(t for t in trace.targets if t != observer) or trace.targets
    means = [mean_posterior(part, observer, target) for target in targets]
    lines = _likeliest(np.concatenate([mean for _, mean in means]))
    count = len(set(zip(part.world.tolist(), part.episode.tolist(), strict=True)))
    columns = min(len(targets), 2)
    rows = -(-len(targets) // columns)
    with style.figure(rows, columns, height=0.7 + 1.3 * rows) as (canvas, panels):
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
        who = "shared posterior" if observer == SHARED else f"posterior of {observer}"
        title = f"{trace.world_name}, {who}, mean of {count} episodes"
        canvas.legend(
            handles, labels, loc="outside lower center", ncols=2, title=title, title_fontsize=6.5
        )
        return style.save(canvas, folder, name)


def write_posteriors(trace: Trace, path: Path) -> list[Path]:
    """Writes a trace as PATH.npz and its figure as PATH.pdf and PATH.png; returns the paths."""
    saved = trace.save(path.parent / f"{path.name}.npz")
    return [saved, *posterior_figure(trace, path.parent, path.name)]


def _likeliest(means: np.ndarray) -> list[int]:
    """Returns the hypotheses that get a line, in the order of their names."""
    if means.shape[1] <= _MOST_LINES + 1:
        return list(range(means.shape[1]))
    return sorted(np.argsort(-means.mean(0), kind="stable")[:_MOST_LINES].tolist())


def _draw(
    panel: Axes, steps: np.ndarray, mean: np.ndarray, lines: list[int], names: tuple[str, ...]
) -> None:
    for place, number in enumerate(lines):
        panel.plot(
            steps, mean[:, number], label=names[number], color=style.PALETTE[place],
            linestyle=_DASHES[place % len(_DASHES)],
        )  # fmt: skip
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
