"""`prosocial report`: runs on one page of HTML, with tables, figures and links to replays."""

from __future__ import annotations

import argparse
import glob
import os
import re
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prosocial.envs.engine.errors import ConfigError

if TYPE_CHECKING:
    from prosocial.analysis.experiments.pages import Report
    from prosocial.analysis.report_page import Picture, Run, Study

_EPILOG = """\
RUN is a run folder of `prosocial train`, a folder that holds such at any depth, the output folder
of `prosocial reproduce`, whose acceptance checks are then judged, or a pattern of any of them. Runs
may be unfinished. Every recording of a run gets a replay page beside the report, which links to it.

examples:
  prosocial report outputs/life/isr/seed-0
  prosocial report 'outputs/life/*/seed-*' --by condition --output report.html
  prosocial report outputs/sweep --by ppo.learning_rate --no-replay
  prosocial report outputs/value-internalization/quick
"""

_CAPTION = re.compile(r"!\[[^\]]*\]\((?P<name>[^)]+)\)\n\n(?P<caption>[^\n]+)")


def main(argv: Sequence[str]) -> int:
    """Writes the page and prints where it lies.

    Args:
        argv: What follows `prosocial report`.

    Returns:
        0.

    Raises:
        ConfigError: A folder holds no run, or something of it cannot be read.
    """
    arguments = _parser().parse_args(argv)
    # Imported here, so that --help answers at once.
    from prosocial.analysis import report_page
    from prosocial.analysis.report_page.files import write_page

    folders = expand(arguments.run)
    studies = [folder for folder in folders if _is_study(folder)]
    single = [folder for folder in folders if folder not in studies]
    runs = report_page.read_runs(_runs(single, studies))
    if not runs and not studies:
        raise ConfigError("there is nothing to report: the folders hold no run.")
    by = tuple(key.strip() for keys in arguments.by for key in keys.split(",") if key.strip())
    groups = tuple(report_page.group(runs, by))
    output = _output(arguments.output, folders)
    # Figures of experiments are those of their own reports; only other runs are drawn here.
    alone = [run for run in runs if not any(run.path.is_relative_to(s.resolve()) for s in studies)]
    contents = report_page.Contents(
        title=arguments.title or _title(runs, studies),
        groups=groups,
        studies=tuple(_study(folder) for folder in studies),
        pictures=report_page.pictures(alone, by),
        replays=tuple(report_page.replay_links(runs, output)) if arguments.replay else None,
    )
    write_page(output, report_page.render(contents))
    for run in (run for run in runs if not run.finished):
        print(f"not finished: {run.label} ({run.state()})", file=sys.stderr)
    print(output)
    return 0


def expand(patterns: Sequence[str]) -> list[Path]:
    """Turns folders and patterns into folders.

    Args:
        patterns: Paths, or patterns with ``*``, ``?``, ``[...]`` and ``**``.

    Returns:
        Every path once, as given; what a pattern matches besides folders is left out.

    Raises:
        ConfigError: A path does not exist, or a pattern matches no folder.
    """
    found: dict[Path, None] = {}
    for pattern in patterns:
        if Path(pattern).exists() or not glob.has_magic(pattern):
            matches = [Path(pattern)]
        else:
            matches = [Path(match) for match in sorted(glob.glob(pattern, recursive=True))]
            matches = [match for match in matches if match.is_dir()]
        if not matches:
            raise ConfigError(f"The pattern {pattern!r} matches no folder; expected run folders.")
        found |= dict.fromkeys(matches)
    return list(found)


def _runs(folders: Sequence[Path], studies: Sequence[Path]) -> list[Path]:
    """Run folders among and below some folders, and those of experiments."""
    from prosocial.analysis.report_page import find_runs

    below = find_runs(folders) if folders else []
    for study in studies:
        # An experiment without training runs, or one of tables alone, is a report all the same.
        configured = any(study.rglob("config.yaml"))
        below += find_runs([study]) if configured else []
    return list(dict.fromkeys(below))


def _is_study(folder: Path) -> bool:
    from prosocial.analysis.experiments import MANIFEST

    return (folder / MANIFEST).is_file()


def _study(folder: Path) -> Study:
    """Judges an experiment as its runs are now, without touching its folder."""
    from prosocial.analysis import report_page
    from prosocial.analysis.experiments import read_contents
    from prosocial.analysis.report_page.elements import frame_table
    from prosocial.analysis.report_page.measures import MOST_ROWS
    from prosocial.runs import reproduce

    contents = read_contents(folder)
    name = contents.get("experiment")
    if name != reproduce.PAPER and name not in reproduce.OTHERS:
        raise ConfigError(
            f"{folder} holds an experiment named {name!r}, which this version does not know; "
            f"expected one of {', '.join((reproduce.PAPER, *reproduce.OTHERS))}."
        )
    with tempfile.TemporaryDirectory(prefix="prosocial-report-") as place:
        report = reproduce.analysis(name).write_report(folder, Path(place))
        return report_page.Study(
            name=name,
            **_facts(contents),
            claims=report.claims,
            checks=report.checks,
            missing=report.missing,
            conclusion=report.conclusion,
            tables=tuple(
                frame_table(frame, title.replace("_", " ").capitalize(), "", MOST_ROWS)
                for title, frame in report.frames.items()
                if not frame.is_empty()
            ),
            pictures=tuple(_drawn(report)),
        )


def _drawn(report: Report) -> list[Picture]:
    """The figures of an experiment with the captions that its page gives them."""
    from prosocial.analysis.report_page import read_picture

    page = report.page.read_text(encoding="utf-8")
    captions = {match["name"]: match["caption"] for match in _CAPTION.finditer(page)}
    return [
        read_picture(path, path.stem.replace("_", " ").capitalize(), captions.get(path.name, ""))
        for path in report.figures
        if path.suffix == ".png"
    ]


def _facts(contents: Mapping[str, Any]) -> dict[str, Any]:
    """What ``experiment.json`` says of a plan, as fields of a `Study`."""
    from prosocial.analysis.experiments.manifest import portable_command
    from prosocial.analysis.report_page.configuration import shown

    names = [name for name in ("preset", "seeds") if name in contents]
    budget = contents.get("budget", {})
    return {
        "summary": tuple((name, shown(contents[name]).strip("[]")) for name in names),
        "budget": tuple((name.replace("_", " "), shown(value)) for name, value in budget.items()),
        "command": portable_command(contents.get("command", "")),
    }


def _output(given: Path | None, folders: Sequence[Path]) -> Path:
    """Where the page goes: as asked, else into the folder that all runs share."""
    if given is None:
        shared = Path(os.path.commonpath([folder.resolve() for folder in folders]))
        given = (shared if shared.is_dir() else shared.parent) / "report.html"
    if given.suffix.lower() not in (".html", ".htm"):
        raise ConfigError(f"--output is {given}; expected a file that ends in .html.")
    return given


def _title(runs: Sequence[Run], studies: Sequence[Path]) -> str:
    if len(studies) == 1:
        return f"Report of {studies[0].resolve().name}"
    if len(runs) == 1:
        name, condition = runs[0].config.get("name"), runs[0].config.get("condition")
        return f"{name}, {condition}, {runs[0].label}" if name and condition else runs[0].label
    names = dict.fromkeys(str(run.config["name"]) for run in runs if "name" in run.config)
    return ", ".join(names) if 0 < len(names) <= 3 else f"Report of {len(runs)} runs"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="prosocial report",
        description="Put runs on one page of HTML: configuration, provenance, tables, figures, "
        "replays.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("run", nargs="+", metavar="RUN", help="folder, or pattern of folders")
    parser.add_argument(
        "--output",
        type=Path,
        metavar="FILE.html",
        help="the page (default: report.html in the folder that all runs share)",
    )
    parser.add_argument(
        "--by",
        action="append",
        default=[],
        metavar="KEY",
        help="group by this configuration key, such as ppo.learning_rate; several with commas "
        "(default: by condition, and what else differs)",
    )
    parser.add_argument(
        "--replay",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="write replay pages of the runs' recordings beside the page (default: yes)",
    )
    parser.add_argument("--title", help="heading of the page")
    return parser
