"""The calendar of a text run: one month a round from January 2024, as in GovSim."""

from __future__ import annotations

import calendar
from datetime import date, timedelta

START = date(2024, 1, 1)


def harvest_day(round_number: int) -> date:
    """Returns the first day of a round's month; rounds count from 0."""
    months = START.month - 1 + round_number
    return date(START.year + months // 12, months % 12 + 1, 1)


def last_day(round_number: int) -> date:
    """Returns the last day of a round's month, on which everybody is at home."""
    first = harvest_day(round_number)
    return first.replace(day=calendar.monthrange(first.year, first.month)[1])


def meeting_day(round_number: int) -> date:
    """Returns the day of the conversation: the one before the last."""
    return last_day(round_number) - timedelta(days=1)
