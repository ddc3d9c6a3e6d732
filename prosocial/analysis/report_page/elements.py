"""The parts of an HTML page: elements whose text is escaped, and tables."""

from __future__ import annotations

import html
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from prosocial.analysis.statistics import Interval

_VOID = ("br", "img", "meta")
_MISSING = "–"
_DECIMALS = 5  # digits behind the point at most
_FOLDED = 24  # rows up to which a table may stand unfolded
_LONG = 40  # letters from which a cell is a sentence and needs some width
_THOUSANDS = 10_000  # numbers from here on are grouped by commas


class Html(str):
    """Text that is HTML already; every other string is escaped when it becomes part of one."""

    __slots__ = ()


def element(name: str, /, *children: Any, **attributes: Any) -> Html:
    """One HTML element.

    Args:
        name: Its tag, such as ``p``.
        *children: What it contains, in order: `Html` as it is, everything else as escaped text.
        **attributes: Its attributes; underscores stand for hyphens, one at the end is dropped
            (``class_``). None and False leave an attribute out, True gives it without a value.
    """
    parts = [name]
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        key = key.rstrip("_").replace("_", "-")
        parts.append(key if value is True else f'{key}="{html.escape(str(value))}"')
    opening = f"<{' '.join(parts)}>"
    return Html(opening if name in _VOID else f"{opening}{join(children)}</{name}>")


def join(children: Iterable[Any]) -> Html:
    """Elements and texts one after the other; texts are escaped."""
    return Html("".join(c if isinstance(c, Html) else html.escape(str(c)) for c in children))


@dataclass(frozen=True)
class Cell:
    """A cell of a table.

    Attributes:
        text: What it says.
        value: What it is sorted by; None for its text.
        aside: Smaller text behind it, such as an interval.
        kind: CSS class, such as ``held``; "" for none.
    """

    text: str
    value: float | None = None
    aside: str = ""
    kind: str = ""


@dataclass(frozen=True)
class Table:
    """A table with a caption.

    Attributes:
        caption: Its heading.
        note: What a reader must know of the numbers; "" for nothing.
        columns: Headings, one a column.
        rows: Cells, as many in each row as there are columns; a str is a cell with that text.
        headings: How many columns at the left name the row.
    """

    caption: str
    note: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell | str, ...], ...]
    headings: int = 1

    def html(self) -> Html:
        """The table in a box that scrolls sideways where the window is narrow."""
        cells = [[_cell(cell) for cell in row] for row in self.rows]
        numeric = [
            bool(cells) and all(cell.value is not None or cell.text == _MISSING for cell in column)
            for column in zip(*cells, strict=True)
        ] or [False] * len(self.columns)
        heads = (
            element("th", title, scope="col", class_="number" if number else None)
            for title, number in zip(self.columns, numeric, strict=True)
        )
        body = (join(self._cells(row, numeric)) for row in cells)
        caption = [element("span", self.caption, class_="title")]
        if self.note:
            caption.append(element("span", self.note, class_="note"))
        return element(
            "div",
            element(
                "table",
                element("caption", *caption),
                element("thead", element("tr", *heads)),
                element("tbody", *(element("tr", row) for row in body)),
                data_sortable=len(self.rows) > 1,
            ),
            class_="table",
            # What scrolls must be reachable by keyboard, and say what it is.
            tabindex=0,
            role="region",
            aria_label=self.caption,
        )

    def folded(self) -> Html:
        """The table behind its caption and the number of its rows, if there are many."""
        if len(self.rows) <= _FOLDED:
            return self.html()
        title = element("summary", f"{self.caption}: {len(self.rows)} rows")
        return element("details", title, self.html(), class_="folded")

    def _cells(self, row: Sequence[Cell], numeric: Sequence[bool]) -> Iterable[Html]:
        for k, cell in enumerate(row):
            length = "long" if len(cell.text) > _LONG else ""
            kinds = " ".join(filter(None, ("number" if numeric[k] else "", cell.kind, length)))
            inner = [cell.text]
            if cell.aside:
                inner += [" ", element("span", cell.aside, class_="interval")]
            head = k < self.headings
            yield element(
                "th" if head else "td",
                *inner,
                scope="row" if head else None,
                class_=kinds or None,
                data_value=None if cell.value is None else repr(float(cell.value)),
            )


def missing() -> Cell:
    """The cell of something that was not measured."""
    return Cell(_MISSING)


def whole(value: int | float) -> Cell:
    """The cell of a whole number."""
    return Cell(number(float(value), 0), float(value))


def estimates(found: Sequence[Interval | None]) -> list[Cell]:
    """Cells of one column of estimates, all with as many digits behind the point.

    Args:
        found: Estimates with their intervals; None for what was not measured.
    """
    digits = decimals([value for i in found if i for value in (i.estimate, i.low, i.high)])
    cells = []
    for interval in found:
        if interval is None:
            cells.append(missing())
            continue
        ends = f"[{number(interval.low, digits)}, {number(interval.high, digits)}]"
        cells.append(
            Cell(
                number(interval.estimate, digits),
                interval.estimate,
                ends if interval.count > 1 else "",
            )
        )
    return cells


def decimals(values: Iterable[float]) -> int:
    """Digits behind the point that show the largest of some numbers with three or four digits."""
    largest = max((abs(value) for value in values if math.isfinite(value)), default=0.0)
    if largest == 0.0:
        return 0
    return min(max(2 - math.floor(math.log10(largest)), 0), _DECIMALS)


def number(value: float, digits: int) -> str:
    """A number with a proper minus sign and, if it is long, commas between the thousands."""
    if not math.isfinite(value):
        return _MISSING if math.isnan(value) else ("∞" if value > 0 else "−∞")
    if value == 0.0:
        return "0"
    rounded = round(value, digits) + 0.0  # no minus before a zero
    text = f"{rounded:,.{digits}f}" if abs(rounded) >= _THOUSANDS else f"{rounded:.{digits}f}"
    return text.replace("-", "−")


def frame_table(frame: pl.DataFrame, caption: str, note: str, most: int) -> Table:
    """A table of a frame as it is.

    Args:
        frame: The frame, at least one column.
        caption: Heading of the table.
        note: What a reader must know.
        most: Rows that are shown at most; the note says how many there are.
    """
    shown = frame.head(most)
    if frame.height > most:
        note = f"{note} The first {most} of {frame.height:,} rows.".strip()
    columns = [_frame_cells(shown[name]) for name in shown.columns]
    titles = tuple(name.replace("_", " ") for name in shown.columns)
    return Table(caption, note, titles, tuple(zip(*columns, strict=True)))


def _frame_cells(column: pl.Series) -> list[Cell]:
    if not column.dtype.is_numeric():
        return [missing() if value is None else Cell(str(value)) for value in column]
    known = [float(value) for value in column if value is not None]
    # Years, seeds and counts keep all their digits.
    digits = 0 if column.dtype.is_integer() else decimals(known)
    return [
        missing() if v is None or math.isnan(v) else Cell(number(float(v), digits), float(v))
        for v in column
    ]


def _cell(cell: Cell | str) -> Cell:
    return Cell(cell) if isinstance(cell, str) else cell
