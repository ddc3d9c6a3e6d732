"""Elements of the report's page: escaping, numbers as in print, tables."""

import polars as pl
import pytest

from prosocial.analysis.report_page import elements
from prosocial.analysis.report_page.elements import Html, element, frame_table
from prosocial.analysis.statistics import Interval


def test_elements_escape_text_and_attributes():
    made = element("p", "<b>", Html("<i>x</i>"), title='"&', hidden=True, class_=None)
    assert made == '<p title="&quot;&amp;" hidden>&lt;b&gt;<i>x</i></p>'
    assert element("img", src="a") == '<img src="a">'


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (-0.5, 2, "−0.50"),
        (-0.0004, 2, "0.00"),
        (0.0, 3, "0"),
        (12345.6, 0, "12,346"),
        (1234.0, 0, "1234"),
        (float("nan"), 2, "–"),
        (float("-inf"), 2, "−∞"),
    ],
)
def test_numbers_are_set_as_in_print(value, digits, text):
    assert elements.number(value, digits) == text


def test_estimates_of_a_column_have_equal_digits():
    cells = elements.estimates(
        [Interval(2.5, 2.0, 3.0, 0.95, 3), None, Interval(0.125, 0.1, 0.2, 0.95, 1)]
    )
    assert [cell.text for cell in cells] == ["2.50", "–", "0.12"]
    assert [cell.aside for cell in cells] == ["[2.00, 3.00]", "", ""]


def test_long_tables_are_folded_and_cut():
    long = frame_table(pl.DataFrame({"a": range(100)}), "Long", "", 60)
    assert len(long.rows) == 60
    assert "The first 60 of 100 rows" in long.note
    assert long.folded().startswith("<details")
    assert frame_table(pl.DataFrame({"a": [1]}), "Short", "", 60).folded().startswith("<div")
