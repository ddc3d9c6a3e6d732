"""What the commands of `prosocial reproduce` share: options, the way to the page, verdicts."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeVar

from prosocial.envs.engine.errors import ConfigError

if TYPE_CHECKING:
    from prosocial.analysis.experiments.manifest import ManifestFile
    from prosocial.analysis.experiments.pages import Report
    from prosocial.runs.pool import Job


class Scalable(Protocol):
    """A budget."""

    def scaled(self, factor: float) -> Self:
        """The same with all step counts multiplied by a factor."""
        ...


B = TypeVar("B", bound=Scalable)


@dataclass(frozen=True)
class Analysis:
    """What becomes of the runs of one experiment.

    Attributes:
        file: Its ``experiment.json``.
        copy_tables: Copies the tables of a folder that its figures are drawn from to another.
        write_report: Writes figures, tables and page of a folder, into another if one is given.
        heading: Heading of the verdicts in the terminal.
        number_width: Characters that the numbers of checks take there.
        awaited: What checks that are not run wait for; "" if they are not named.
    """

    file: ManifestFile[Any]
    copy_tables: Callable[[Path, Path], object]
    write_report: Callable[[Path, Path | None], Report]
    heading: str = "Acceptance checks"
    number_width: int = 3
    awaited: str = ""


def experiment_parser(
    experiment: str, description: str, epilog: str, choices: Mapping[str, str] | None = None
) -> argparse.ArgumentParser:
    """Returns the parser of an experiment.

    Args:
        experiment: Its name.
        description: One sentence.
        epilog: Presets and examples.
        choices: Options of its own that name things, or all of them; their help by name.
    """
    parser = argparse.ArgumentParser(
        prog=f"prosocial reproduce {experiment}",
        description=description,
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    for name, what in (choices or {}).items():
        parser.add_argument(f"--{name}", default="all", help=what)
    add_common_options(parser, experiment)
    return parser


def add_common_options(parser: argparse.ArgumentParser, experiment: str) -> None:
    """Adds --seeds, --preset, --steps-scale, --jobs and --output."""
    parser.add_argument(
        "--seeds",
        help="a number N for the first N seeds (1234, 1235, ...), or seeds with commas "
        "(one alone: 1234,); default: what the preset says",
    )
    parser.add_argument(
        "--preset", default="quick", help="quick (default), paper or smoke, see below"
    )
    parser.add_argument(
        "--steps-scale",
        type=float,
        metavar="X",
        help="multiply all step counts; below 1 the acceptance checks are not run",
    )
    parser.add_argument(
        "--jobs", type=_positive, metavar="N", help="worker processes (default: one per core)"
    )
    parser.add_argument(
        "--output",
        type=Path,
        metavar="DIR",
        help=f"output folder (default: outputs/{experiment}/PRESET)",
    )


def asked_budget(arguments: argparse.Namespace, preset: Callable[[str], B]) -> B:
    """Returns the budget of --preset, scaled by --steps-scale.

    Raises:
        ConfigError: There is no such preset, or the scale is not above 0.
    """
    budget = preset(arguments.preset)
    return budget if arguments.steps_scale is None else budget.scaled(arguments.steps_scale)


def asked_folder(arguments: argparse.Namespace, experiment: str) -> Path:
    """Returns the folder of --output, or the usual one."""
    return arguments.output or Path("outputs") / experiment / arguments.preset


def chosen(option: str, given: str, every: Sequence[str]) -> tuple[str, ...]:
    """Returns the names that an option gives, every one for "all".

    Raises:
        ConfigError: It names nothing.
    """
    return tuple(every) if given == "all" else words(option, given)


def words(option: str, text: str) -> tuple[str, ...]:
    """Returns the names that an option gives, separated by commas.

    Raises:
        ConfigError: There is none.
    """
    found = tuple(word.strip() for word in text.split(",") if word.strip())
    if not found:
        raise ConfigError(f"{option} names nothing; give names separated by commas, or all.")
    return found


def seed_numbers(
    text: str | None, default_seeds: Callable[[int], tuple[int, ...]]
) -> tuple[int, ...] | None:
    """Returns seeds as the user gave them; None if none were given.

    Args:
        text: A number of seeds, or seeds with commas.
        default_seeds: The first N seeds.

    Raises:
        ConfigError: The text is neither.
    """
    if text is None:
        return None
    if not re.fullmatch(r"\d+(,\d+)*,?", text):
        raise ConfigError(f"--seeds is {text!r}; expected a number, or numbers with commas.")
    if "," in text:
        return tuple(int(word) for word in text.split(",") if word)
    if not 1 <= int(text) <= 1000:
        raise ConfigError(
            f"--seeds {text} asks for {text} seeds; expected 1 to 1000. To name one seed, put a "
            f"comma behind it: --seeds {text},"
        )
    return default_seeds(int(text))


def carry_out(
    analysis: Analysis,
    jobs: Sequence[Job],
    planned: Any,
    root: Path,
    workers: int | None,
) -> int:
    """Runs what is missing of an experiment, then writes and prints its report.

    Args:
        analysis: What becomes of its runs.
        jobs: All of its jobs.
        planned: Its manifest; what the folder holds already is kept.
        root: Its folder.
        workers: How many jobs at a time; None for one per core.

    Returns:
        0, or 1 if a run failed.

    Raises:
        ConfigError: If the folder holds another experiment, or another budget.
    """
    analysis.file.write(root, analysis.file.extend(root, planned))
    failures = run_all(jobs, root, workers)
    conclude(analysis, analysis.write_report(root, None), failures)
    return 1 if failures else 0


def redraw(analysis: Analysis, folder: Path, output: Path | None, tables: Path | None) -> None:
    """Writes the figures, tables and page of a recorded experiment anew and prints them.

    Args:
        analysis: What becomes of its runs.
        folder: The experiment.
        output: Where to; None for the folder itself.
        tables: Where to copy the tables that the figures are drawn from; None for nowhere.
    """
    if tables:
        analysis.copy_tables(folder, tables)
    conclude(analysis, analysis.write_report(folder, output), {})


def conclude(analysis: Analysis, report: Report, failures: Mapping[str, str]) -> None:
    """Prints what came out: tables, verdicts, conclusions, where everything lies, what failed.

    Args:
        analysis: How verdicts are printed.
        report: What was written.
        failures: Runs that failed, with the reason.
    """
    from prosocial.analysis.experiments.verdicts import Status

    if report.text:
        print(f"\n{report.text}")
    print(f"\n{analysis.heading}:\n")
    judged = [check for check in report.checks if check.status is not Status.NOT_RUN]
    for check in judged:
        number = check.number.ljust(analysis.number_width)
        print(f"  {check.status:6} {number} {check.title}: {check.observed}")
    others = ", ".join(check.number for check in report.checks if check not in judged)
    if not report.claims:
        print("  none was run: this budget is too small for any claim, it shows that all runs.")
    elif others and analysis.awaited:
        print(f"  not run: {others} (their {analysis.awaited} are not asked for or not finished)")
    for sentence in report.conclusion:
        print(f"\n{sentence}")
    print_whereabouts(report.figures, report.page, failures, report.missing)


def run_all(jobs: Sequence[Job], root: Path, workers: int | None) -> dict[str, str]:
    """Runs the jobs of an experiment that are not finished, with progress.

    Args:
        jobs: All of its jobs.
        root: Its folder.
        workers: How many at a time; None for one per core.

    Returns:
        Runs that failed, with the reason.
    """
    from prosocial.analysis.experiments import is_finished
    from prosocial.runs.pool import run_jobs
    from prosocial.runs.watching import Watch

    done = [job.name for job in jobs if is_finished(root / job.name)]
    workers = workers or cores()
    say(f"{len(jobs)} runs in {root}, {len(done)} of them finished; {workers} at a time")
    try:
        with Watch(jobs, done) as watch:
            return dict(run_jobs(jobs, done, workers, root / "logs", watch))
    except KeyboardInterrupt:
        say("interrupted; the same command goes on from here")
        raise


def print_whereabouts(
    figures: Iterable[Path], page: Path, failures: Mapping[str, str], missing: Iterable[str]
) -> None:
    """Prints where everything lies, what failed, and what is not finished."""
    print("\nFigures:\n")
    for path in figures:
        print(f"  {path}")
    print(f"\nTables and page: {page}")
    for name, reason in failures.items():
        print(f"FAILED: {name}: {reason}")
    waiting = [name for name in missing if name not in failures]
    if waiting:
        more = f" and {len(waiting) - 3} more" if len(waiting) > 3 else ""
        print(f"Not finished: {', '.join(waiting[:3])}{more}")


def cores() -> int:
    """Returns the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def say(message: str) -> None:
    """Prints a line to standard error."""
    print(message, file=sys.stderr, flush=True)


def _positive(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of at least 1")
    return int(text)
