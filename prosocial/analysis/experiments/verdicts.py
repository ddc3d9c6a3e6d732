"""What the checks of an experiment are made of: rules, and their verdicts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeVar


class Status(StrEnum):
    """Verdict of a check."""

    HELD = "held"
    MISSED = "missed"
    NOT_RUN = "not run"


@dataclass(frozen=True)
class Check:
    """One verdict.

    Attributes:
        number: Number of the check with a letter for its part, such as "2a".
        title: What is claimed.
        criterion: What was asked for, with thresholds.
        status: The verdict.
        observed: The figures that decided, or why it was not run.
    """

    number: str
    title: str
    criterion: str
    status: Status
    observed: str


class NotMeasuredError(Exception):
    """The experiment lacks what a check needs; the message says what."""


Verdict = tuple[bool, str]
"""Whether a check holds, and the figures that decided."""

Judge = TypeVar("Judge", bound=Callable[..., Verdict])


@dataclass(frozen=True)
class Rule:
    """One check before it is judged.

    Attributes:
        number: Number of the check.
        title: What is claimed.
        criterion: What is asked for, with thresholds.
        judge: Called with the experiment, and with the place if it is judged in several; raises
            NotMeasuredError when something is missing.
    """

    number: str
    title: str
    criterion: str
    judge: Callable[..., Verdict]

    def check(self, experiment: Any, *place: str) -> Check:
        """Judges an experiment; its manifest says whether the budget is large enough to do so.

        Args:
            experiment: The experiment's frames.
            place: Where to judge, such as the name of a world; it follows the number.
        """
        if not experiment.manifest.claims:
            status, observed = Status.NOT_RUN, "the budget is too small to judge"
        else:
            try:
                holds, observed = self.judge(experiment, *place)
                status = Status.HELD if holds else Status.MISSED
            except NotMeasuredError as reason:
                status, observed = Status.NOT_RUN, str(reason)
        number = " ".join((self.number, *place))
        return Check(number, self.title, self.criterion, status, observed)


@dataclass(frozen=True)
class Checks:
    """The checks of an experiment in the order in which they are written down.

    Attributes:
        rules: The checks.
    """

    rules: list[Rule] = field(default_factory=list)

    def add(self, number: str, title: str, criterion: str) -> Callable[[Judge], Judge]:
        """Adds the decorated function as the judge of a check."""

        def register(judge: Judge) -> Judge:
            self.rules.append(Rule(number, title, criterion, judge))
            return judge

        return register

    def run(self, experiment: Any) -> list[Check]:
        """Judges every check; none is run when the budget is too small to claim anything.

        Args:
            experiment: The experiment's frames, with its manifest.
        """
        return [rule.check(experiment) for rule in self.rules]

    def run_in(self, places: Iterable[str], experiment: Any) -> list[Check]:
        """Judges every check in every place; the numbers are such as "C3 harvest"."""
        places = tuple(places)
        return [rule.check(experiment, place) for rule in self.rules for place in places]

    def criteria(self) -> list[tuple[str, str]]:
        """Number and criterion of every check."""
        return [(rule.number, rule.criterion) for rule in self.rules]
