"""The page itself: head, table of contents and sections, as one file of HTML."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from importlib import resources

import prosocial
from prosocial.analysis.experiments.verdicts import Check, Status
from prosocial.analysis.report_page import measures, sections
from prosocial.analysis.report_page.configuration import Group
from prosocial.analysis.report_page.elements import Cell, Html, Table, element, join
from prosocial.analysis.report_page.pictures import Picture, Pictures
from prosocial.analysis.report_page.replays import ReplayLink
from prosocial.analysis.report_page.sections import counted, listed
from prosocial.envs.render.web import asset

# Nothing may be asked for from anywhere; the page holds all that it shows.
_POLICY = (
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
    "base-uri 'none'; form-action 'none'"
)


@dataclass(frozen=True)
class Study:
    """An experiment of `prosocial reproduce` as its report has it.

    Attributes:
        name: Its name, such as ``teaching-minds``.
        summary: Preset and seeds, as pairs of a name and a text.
        budget: Every number that the preset stands for, likewise.
        command: Commands that regenerate everything, one a line.
        claims: Whether its budget is large enough to judge.
        checks: Its verdicts.
        missing: Names of planned runs that are not finished.
        conclusion: What was shown, one sentence each.
        tables: Its tables.
        pictures: Its figures.
    """

    name: str
    summary: tuple[tuple[str, str], ...]
    budget: tuple[tuple[str, str], ...]
    command: str
    claims: bool
    checks: tuple[Check, ...]
    missing: tuple[str, ...]
    conclusion: tuple[str, ...]
    tables: tuple[Table, ...]
    pictures: tuple[Picture, ...]


@dataclass(frozen=True)
class Contents:
    """What goes onto a page.

    Attributes:
        title: Its heading.
        groups: Runs by condition; may be empty if there is a study.
        studies: Experiments.
        pictures: Figures of the runs, and what was not drawn.
        replays: Links to replay pages; None if none were asked for.
    """

    title: str
    groups: tuple[Group, ...] = ()
    studies: tuple[Study, ...] = ()
    pictures: Pictures = field(default_factory=Pictures)
    replays: tuple[ReplayLink, ...] | None = None


@dataclass(frozen=True)
class _Section:
    key: str
    title: str
    body: tuple[Html, ...]


def render(contents: Contents) -> str:
    """Puts runs onto one page.

    Args:
        contents: What it is to show.

    Returns:
        The page: HTML with its styles, scripts and images inside; equal contents give equal text.

    Raises:
        ConfigError: A table of a run is damaged.
    """
    parts = [part for part in _sections(contents) if part.body]
    style = asset("base.css") + _own("report.css")
    script = asset("theme.js") + _own("report.js")
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="generator", content=f"prosocial {prosocial.__version__}"),
        element("title", contents.title),
        element("style", Html(style)),
    )
    body = element(
        "body",
        element("a", "Skip to the content", href="#content", class_="skip"),
        _header(contents),
        element("div", _navigation(parts), _main(parts), class_="columns"),
        element("footer", f"Written by prosocial {prosocial.__version__} (prosocial report)."),
        # `</` cannot end the script early; it stands in no string of it.
        element("script", Html(script)),
    )
    return f"<!doctype html>\n{element('html', head, body, lang='en')}\n"


def _own(name: str) -> str:
    folder = resources.files("prosocial.analysis.report_page")
    return folder.joinpath(name).read_text(encoding="utf-8")


def _sections(contents: Contents) -> Iterable[_Section]:
    runs = [run for group in contents.groups for run in group.runs]
    several = len(contents.studies) > 1
    for k, study in enumerate(contents.studies):
        number = f"-{k + 1}" if several else ""
        title = f"Experiment {study.name}" if several else "Experiment"
        yield _Section(f"experiment{number}", title, _study(study))
    yield _Section("runs", "Runs", sections.overview(contents.groups))
    yield _Section("configuration", "Configuration", sections.configuration(contents.groups))
    yield _Section("provenance", "Provenance", sections.provenance(runs))
    tables = measures.tables(contents.groups)
    yield _Section("measurements", "Measurements", tuple(table.html() for table in tables))
    yield _Section("figures", "Figures", tuple(_figures(contents)))
    yield _Section("replays", "Replays", sections.replays(contents.replays))


def _header(contents: Contents) -> Html:
    theme = element("button", "Colours", type="button", id="theme", class_="quiet")
    lines = [element("p", summary(contents), class_="summary")]
    lines += sections.warnings(contents.groups)
    for study in contents.studies:
        if study.missing:
            lines.append(sections.warning(_missing(study)))
        if not study.claims:
            lines.append(
                sections.warning(
                    f"{study.name}: this budget is too small for any claim; it only shows that "
                    "it all runs."
                )
            )
    top = element("div", element("h1", contents.title), theme, class_="top")
    return element("header", top, *lines)


def summary(contents: Contents) -> str:
    """What the page is about, on one line."""
    runs = [run for group in contents.groups for run in group.runs]
    worlds = dict.fromkeys(str(run.config.get("world", "unknown world")) for run in runs)
    seeds = sorted({run.seed for run in runs if run.seed is not None})
    parts = [f"experiment {study.name}" for study in contents.studies]
    if runs:
        parts += [counted(len(runs), "run"), f"world{'s' * (len(worlds) > 1)} {', '.join(worlds)}"]
    if len(contents.groups) > 1:
        parts.append(counted(len(contents.groups), "condition"))
    if seeds:
        parts.append(f"seed{'s' * (len(seeds) > 1)} {sections.ranges(seeds)}")
    return " · ".join(parts)


def _navigation(parts: Sequence[_Section]) -> Html:
    links = (element("li", element("a", p.title, href=f"#{p.key}")) for p in parts)
    return element("nav", element("h2", "Contents"), element("ol", *links), aria_label="Contents")


def _main(parts: Sequence[_Section]) -> Html:
    shown = (
        element(
            "section",
            element("h2", p.title, id=f"{p.key}-title"),
            *p.body,
            id=p.key,
            aria_labelledby=f"{p.key}-title",
        )
        for p in parts
    )
    return element("main", *shown, id="content", tabindex=-1)


def _figures(contents: Contents) -> Iterable[Html]:
    drawn = [p for study in contents.studies for p in study.pictures] + [*contents.pictures.drawn]
    if drawn:
        yield _gallery(drawn)
    if contents.pictures.left_out:
        reasons = (element("li", reason) for reason in contents.pictures.left_out)
        title = f"Not drawn: {counted(len(contents.pictures.left_out), 'kind')} of figures"
        yield element("details", element("summary", title), element("ul", *reasons))


def _gallery(found: Sequence[Picture]) -> Html:
    figures = (
        element(
            "figure",
            element("img", src=picture.uri, alt=picture.label),
            element(
                "figcaption",
                element("span", picture.name, class_="title"),
                *([" ", element("span", picture.caption)] if picture.caption else []),
            ),
        )
        for picture in found
    )
    return element("div", *figures, class_="gallery")


def _study(study: Study) -> tuple[Html, ...]:
    parts = [sections.pairs(study.summary), element("pre", element("code", study.command))]
    if study.conclusion:
        parts.append(element("ul", *(element("li", sentence) for sentence in study.conclusion)))
    if study.checks:
        parts.append(_checks(study).html())
    if study.budget:
        title = element("summary", f"Budget: {counted(len(study.budget), 'number')}")
        parts.append(element("details", title, sections.pairs(study.budget)))
    return (*parts, *(table.folded() for table in study.tables))


def _checks(study: Study) -> Table:
    """The verdicts with what was asked for and what was seen."""
    counts = [(status, sum(c.status is status for c in study.checks)) for status in Status]
    rows = tuple(
        (
            check.number,
            _verdict(check.status),
            check.title,
            check.observed,
            check.criterion,
        )
        for check in study.checks
    )
    return Table(
        "Acceptance checks",
        ", ".join(f"{count} {status}" for status, count in counts) + ".",
        ("check", "verdict", "claim", "observed", "criterion"),
        rows,
    )


def _verdict(status: Status) -> Cell:
    """A sign and a word, so that colour is not all that tells verdicts apart."""
    sign = {Status.HELD: "✓", Status.MISSED: "✗", Status.NOT_RUN: "○"}[status]
    return Cell(f"{sign} {status}", kind=f"status {status.name.lower()}")


def _missing(study: Study) -> Html:
    head = f"{counted(len(study.missing), 'planned run')} of {study.name} not finished: "
    return join((element("strong", head), listed(study.missing), "."))
