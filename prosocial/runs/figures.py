"""`prosocial figures`: draws figures from recorded tables; nothing is run again."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from prosocial.envs.engine.errors import ConfigError

_EPILOG = """\
RUN is the output folder of `prosocial reproduce`, whose figures, tables and page are written anew,
or the run folder of `prosocial train`; several run folders are drawn into one figure. Of a single
run whose learners hold a mind, what the mind believed in its evaluations is drawn too.

examples:
  prosocial figures outputs/value-internalization/quick
  prosocial figures outputs/value-internalization/paper --output docs/results/value_internalization
  prosocial figures outputs/a outputs/b --output outputs/a-and-b
"""


def main(argv: Sequence[str]) -> int:
    """Draws figures.

    Args:
        argv: What follows `prosocial figures`.

    Returns:
        0.

    Raises:
        ConfigError: If a folder holds neither an experiment nor a run.
    """
    parser = argparse.ArgumentParser(
        prog="prosocial figures",
        description="Draw figures from recorded tables.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("run", nargs="+", type=Path, help="folder of an experiment or a run")
    parser.add_argument(
        "--output", type=Path, help="folder for the figures (default: inside of the first RUN)"
    )
    parser.add_argument(
        "--tables",
        type=Path,
        metavar="DIR",
        help="also copy the tables that an experiment's figures are drawn from, without the rest",
    )
    arguments = parser.parse_args(argv)
    # Imported here, so that --help answers at once.
    from prosocial.analysis.experiments import MANIFEST
    from prosocial.analysis.life_course import figure_life_courses

    experiments = [folder for folder in arguments.run if (folder / MANIFEST).is_file()]
    runs = [folder for folder in arguments.run if folder not in experiments]
    if experiments and (runs or len(experiments) > 1):
        raise ConfigError("give one experiment, or any number of runs, not a mixture.")
    if arguments.tables and not experiments:
        raise ConfigError("--tables copies those of an experiment; give its folder.")
    if experiments:
        _draw_experiment(experiments[0], arguments.output, arguments.tables)
        return 0
    folder = arguments.output or runs[0] / "figures"
    paths = figure_life_courses(runs, folder)
    if len(runs) == 1:
        paths += _draw_posteriors(runs[0], folder)
    for path in paths:
        print(path)
    return 0


def _draw_posteriors(run: Path, folder: Path) -> list[Path]:
    """Draws what the mind believed in each evaluation of a run, if it has one."""
    from prosocial.agents.mind.trace import load_trace
    from prosocial.analysis.posteriors import posterior_figure

    return [
        path
        for trace in sorted(run.glob("posteriors/*.npz"))
        for path in posterior_figure(load_trace(trace), folder, f"posteriors-{trace.stem}")
    ]


def _draw_experiment(folder: Path, output: Path | None, tables: Path | None) -> None:
    """Writes the report of an experiment, of whichever kind its manifest says it is."""
    from prosocial.analysis.experiments import read_contents
    from prosocial.runs import reproduce
    from prosocial.runs.reproducing import redraw

    name = read_contents(folder).get("experiment")
    if name != reproduce.PAPER and name not in reproduce.OTHERS:
        raise ConfigError(
            f"{folder} holds an experiment named {name!r}, which this version cannot draw; "
            f"expected one of {', '.join((reproduce.PAPER, *reproduce.OTHERS))}."
        )
    redraw(reproduce.analysis(name), folder, output, tables)
