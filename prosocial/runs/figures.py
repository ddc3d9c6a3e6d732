"""`prosocial figures`: draws figures from recorded tables; no run is run again."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from prosocial.envs.engine.errors import ConfigError

if TYPE_CHECKING:
    from prosocial.analysis.figures.draw import Drawn
    from prosocial.analysis.figures.runs import Run

_EPILOG = """\
RUN is a run folder of `prosocial train`, a folder that holds runs at any depth, or a pattern (in
quotes, or the shell takes it apart): all of them are drawn into one set of figures. The output
folder of `prosocial reproduce` alone has its figures, tables and page written anew, unless --only
or --by asks for figures of its runs.

Runs are grouped by --by; within a group the seed is the unit of the intervals. Every figure is
written as PDF and PNG, one column (85 mm) and two columns (178 mm) wide, with a caption file that
states what was averaged, the intervals, the smoothing and the units. A kind of figure that does not
apply is left out with the reason.

kinds of figures (--only):
{kinds}

examples:
  prosocial figures outputs/life/default/seed-0
  prosocial figures 'outputs/life/*/seed-*' --only learning,retention --output figures
  prosocial figures outputs/sweep --by ppo.learning_rate --measure env_return
  prosocial figures outputs/life/isr --only confusion --layouts x,u
  prosocial figures --schelling commons_harvest max_steps=500 --output figures
  prosocial figures outputs/value-internalization/quick
"""


def main(argv: Sequence[str]) -> int:
    """Draws figures.

    Args:
        argv: What follows `prosocial figures`.

    Returns:
        0.

    Raises:
        ConfigError: If there is nothing to draw, or something asked for is unknown.
    """
    arguments = _parser(argv).parse_args(argv)
    from prosocial.analysis.experiments import MANIFEST

    options = [text for text in arguments.run if "=" in text and not Path(text).exists()]
    named = [text for text in arguments.run if text not in options]
    if options and not arguments.schelling:
        raise ConfigError(f"{options[0]!r} is an option of a world; it goes with --schelling.")
    asked = arguments.only or arguments.by or arguments.schelling
    experiments = [] if asked else [t for t in named if (Path(t) / MANIFEST).is_file()]
    if experiments and len(named) > 1:
        raise ConfigError("give one experiment, or any number of runs, not a mixture.")
    if arguments.tables and not experiments:
        raise ConfigError("--tables copies those of an experiment; give its folder.")
    if experiments:
        _draw_experiment(Path(experiments[0]), arguments.output, arguments.tables)
        return 0
    if not named and not arguments.schelling:
        raise ConfigError("give RUN folders or patterns, or --schelling WORLD; see --help.")
    _draw_runs(named, options, arguments)
    return 0


def _draw_runs(
    named: Sequence[str], world_options: Sequence[str], arguments: argparse.Namespace
) -> None:
    from prosocial.analysis.figures.draw import check_kinds, draw_figures
    from prosocial.analysis.figures.runs import find_runs
    from prosocial.analysis.figures.study import Options

    only = _words("--only", arguments.only)
    kinds = check_kinds(only) if only else None
    by = _words("--by", arguments.by)
    runs = find_runs(named) if named else []
    folder = arguments.output or _default_folder(named, runs)
    tables = folder / "tables"
    options = Options(arguments.measure, arguments.smooth, tables)
    notes = _make_tables(runs, tables, kinds, world_options, arguments)
    widths = ("single", "double") if arguments.width == "both" else (arguments.width,)
    drawn = draw_figures(runs, folder, by=by, only=kinds, options=options, widths=widths)
    _tell(drawn, notes, kinds)


def _make_tables(
    runs: Sequence[Run],
    tables: Path,
    kinds: Sequence[str] | None,
    world_options: Sequence[str],
    arguments: argparse.Namespace,
) -> list[str]:
    """Makes the tables that no run records; returns which runs the audit left out, and why."""
    if arguments.schelling:
        from prosocial.runs.evaluate import parse_overrides
        from prosocial.runs.figure_tables import Game, write_schelling

        game = Game(
            arguments.schelling,
            arguments.cooperator,
            arguments.defector,
            arguments.episodes,
            arguments.seed,
            parse_overrides(world_options),
        )
        write_schelling(game, tables, lambda line: print(line, file=sys.stderr, flush=True))
    elif arguments.cooperator or arguments.defector:
        raise ConfigError("--cooperator and --defector go with --schelling WORLD.")
    audited = runs and (kinds is None or "confusion" in kinds)
    if not audited:
        return []
    layouts = _words("--layouts", arguments.layouts)
    if not _have_isr(runs):
        return []
    try:
        from prosocial.runs.figure_tables import write_confusion

        return write_confusion(runs, tables, layouts)
    except ModuleNotFoundError as error:
        if kinds is not None:  # the audit was asked for; the command says what to install
            raise
        return [f"internal rewards: the package {error.name} is needed, see prosocial[train]"]


def _have_isr(runs: Sequence[Run]) -> bool:
    """Whether a run of caregiver_grid uses an internal reward; spares the import of torch."""
    return any(
        run.config.get("world") == "caregiver_grid"
        and any(
            fields.get("internal_reward") or fields.get("fit_isr", "none") != "none"
            for _, fields in run.phases()
        )
        for run in runs
    )


def _tell(drawn: Drawn, notes: Sequence[str], kinds: Sequence[str] | None) -> None:
    """Prints the files; to standard error what was left out, and what is not finished."""
    for path in drawn.paths:
        print(path)
    sys.stdout.flush()
    for kind, reason in drawn.left_out.items():
        print(f"left out {kind}: {reason}", file=sys.stderr)
    if "confusion" in (kinds or ()) or "confusion" in drawn.figures or len(notes) == 1:
        for line in notes[:5]:
            print(f"not audited: {line}", file=sys.stderr)
        if len(notes) > 5:
            print(f"not audited: {len(notes) - 5} more runs", file=sys.stderr)
    for path in drawn.unfinished:
        print(f"not finished, drawn as far as it is: {path}", file=sys.stderr)


def _default_folder(named: Sequence[str], runs: Sequence[Run]) -> Path:
    """``figures`` inside of a single RUN, or of the folder that holds all of them."""
    if not runs:
        return Path("outputs") / "figures"
    if len(named) == 1 and Path(named[0]).is_dir():
        return Path(named[0]) / "figures"
    if len(runs) == 1:
        return runs[0].path / "figures"
    return Path(os.path.relpath(os.path.commonpath([r.path.resolve() for r in runs]))) / "figures"


def _words(option: str, text: str | None) -> tuple[str, ...] | None:
    """Names separated by commas; None if the option was not given.

    Raises:
        ConfigError: It names nothing.
    """
    if text is None:
        return None
    from prosocial.runs.reproducing import words

    return words(option, text)


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


def _parser(argv: Sequence[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="prosocial figures",
        description="Draw figures from recorded tables.",
        epilog=_EPILOG.format(kinds=_kinds()) if {"-h", "--help"} & set(argv) else None,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("run", nargs="*", metavar="RUN", help="run folder, folder of runs, pattern; or experiment")
    add("--output", type=Path, metavar="DIR", help="folder for the figures (default: "
        "figures inside of RUN, or of the folder that holds all of them)")  # fmt: skip
    add("--only", metavar="KINDS", help="kinds of figures with commas, see below (default: all)")
    add("--by", metavar="KEYS", help="configuration keys to group by, with commas, such as "
        "condition or ppo.learning_rate (default: condition, and what tells runs of one seed "
        "apart)")  # fmt: skip
    add("--measure", metavar="NAME", help="column of metrics.parquet that is the behaviour "
        "(default: goals_per_episode, or env_return in a world without goals)")  # fmt: skip
    add("--smooth", type=float, default=0.0, metavar="W", help="weight of the past in an "
        "exponential moving average, 0 (default, none) to below 1")  # fmt: skip
    add("--width", choices=("single", "double", "both"), default="both", help="85 mm, 178 mm, or "
        "both (default)")  # fmt: skip
    add("--tables", type=Path, metavar="DIR", help="with an experiment: also copy the tables that "
        "its figures are drawn from, without the rest")  # fmt: skip
    audit = parser.add_argument_group("confusion heat maps")
    audit.add_argument("--layouts", metavar="NAMES", help="layouts of caregiver_grid with commas; "
        "empty is the room without inner walls (default: the fixed ones of the runs, or "
        "all)")  # fmt: skip
    game = parser.add_argument_group("Schelling diagrams")
    game.add_argument("--schelling", metavar="WORLD", help="play populations of cooperators and "
        "defectors in this world; options of the world follow as key=value")  # fmt: skip
    game.add_argument("--cooperator", metavar="WHO", help="partner, run folder or pattern of runs "
        "(default: the restrained partner of the world)")  # fmt: skip
    game.add_argument("--defector", metavar="WHO", help="the same (default: the greedy partner)")
    game.add_argument("--episodes", type=int, default=10, help="of each population, default: 10")
    game.add_argument("--seed", type=int, default=0, help="of worlds and partners, default: 0")
    return parser


def _kinds() -> str:
    from prosocial.analysis.figures.draw import DESCRIPTIONS

    return "\n".join(f"  {name:15} {what}" for name, what in DESCRIPTIONS.items())
