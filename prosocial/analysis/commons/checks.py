"""Acceptance checks: does an internal social reward sustain a commons?

Thresholds were fixed before the first run. Each check is judged in every world that was run, by
the collective return unless it says otherwise; levels over seeds are interquartile means. "Above"
means that the 95 % bootstrap interval of the difference between the conditions lies above 0.
"""

from __future__ import annotations

import math

import numpy as np

from prosocial.analysis.commons import measures
from prosocial.analysis.commons.measures import HEADLINE, Retention
from prosocial.analysis.commons.records import Experiment
from prosocial.analysis.experiments.verdicts import Check, Checks, NotMeasuredError, Verdict
from prosocial.analysis.generalization import generalization_ratio
from prosocial.analysis.statistics import Interval, difference_interval, interquartile_mean

SUSTAINED = 2.0
"""Collective return of the socialized over that of the selfish learners that counts as well above:
eating everything at once gives a selfish group about the stock at the start and no more."""

DECAYED = 0.5
"""Retention at the end of the phase at or below which a behaviour counts as decaying."""

KEPT_BY_ISR = 0.8
"""Retention at the end of the phase that the internal reward is to reach."""

KEPT_BY_CAREGIVER = 0.9
"""The same with the caregiver kept."""

TRANSFERRED = 0.5
"""Share of the caregiver-kept learners' advantage over the selfish that the ISR learners are to
keep in a held-out test."""

WITHSTOOD = 0.5
"""Share of their return without a newcomer that the ISR learners are to keep beside a greedy one.
GovSim's GPT-4o kept 34.8 of 66.0 units, 53 % (arXiv 2404.16698, newcomer table)."""

SAME, NEWCOMER = "same", "greedy_newcomer"
"""Transfer tests: the training world itself, and one with a greedy partner among the learners."""

LAYOUT_TESTS = ("closed", "partnership")
"""Transfer tests on other layouts."""


CHECKS = Checks()
"""The checks, in order; each is judged in every world."""


def run_checks(experiment: Experiment) -> list[Check]:
    """Judges every check in every world.

    Args:
        experiment: The experiment's frames.

    Returns:
        One verdict per check and world, checks in order; the number is such as "C3 harvest". When
        the budget is too small to claim anything, none of them is run.
    """
    return CHECKS.run_in(experiment.manifest.worlds, experiment)


def headline_retention(experiment: Experiment, world: str, condition: str) -> Retention:
    """Retention of the collective return in one condition.

    Args:
        experiment: The experiment's frames.
        world: World of the runs.
        condition: A condition that continues the socialization.

    Returns:
        The retention.

    Raises:
        NotMeasuredError: If runs are missing, or socialization did not raise the collective return
            above that of the selfish learners by `measures.MINIMUM_GAIN`.
    """
    middle = {c: _middle(_levels(experiment, world, c)) for c in ("social", "selfish", condition)}
    kept = measures.retain(experiment, world, condition, HEADLINE)
    if kept is None or not middle["social"] > middle["selfish"]:
        raise NotMeasuredError(
            f"socialization did not raise the collective return by {measures.MINIMUM_GAIN:.0%}: "
            f"{middle['social']:.1f} against {middle['selfish']:.1f} of the selfish"
        )
    return kept


def isr_over_none(experiment: Experiment, world: str) -> Interval:
    """Collective return at the end with the ISR minus without, with its 95 % interval.

    Raises:
        NotMeasuredError: If runs are missing.
    """
    return _difference(_levels(experiment, world, "isr"), _levels(experiment, world, "none"))


def sizes(experiment: Experiment, world: str) -> list[str]:
    """Transfer tests with another number of agents (``agents_N``), by N."""
    return sorted(
        (test for test in transfer_tests(experiment, world) if test.startswith("agents_")),
        key=lambda test: int(test.removeprefix("agents_")),
    )


def transfer_tests(experiment: Experiment, world: str) -> list[str]:
    """Names of the transfer tests that were made in a world, in alphabetical order."""
    return sorted({test for place, test, _ in experiment.tests if place == world})


@CHECKS.add(
    "C1",
    "Socialized restraint sustains the commons",
    f"socialized at least {SUSTAINED:g} times selfish at the end of the phase, and above it",
)
def _sustains(experiment: Experiment, world: str) -> Verdict:
    social = _levels(experiment, world, "social")
    selfish = _levels(experiment, world, "selfish")
    gap = _difference(social, selfish)
    high, low = _middle(social), _middle(selfish)
    holds = high >= SUSTAINED * low and high > 0.0 and gap.low > 0.0
    return holds, f"{high:.1f} against {low:.1f}; difference {_interval(gap, '+.1f')}"


@CHECKS.add(
    "C2",
    "Without social reward restraint decays",
    f"none: retention at the end at most {DECAYED:.0%}",
)
def _decays(experiment: Experiment, world: str) -> Verdict:
    kept = headline_retention(experiment, world, "none")
    return kept.end[0] <= DECAYED, _retained(kept)


@CHECKS.add(
    "C3a",
    "With the ISR restraint is kept",
    f"isr: retention at the end at least {KEPT_BY_ISR:.0%}",
)
def _kept_by_isr(experiment: Experiment, world: str) -> Verdict:
    kept = headline_retention(experiment, world, "isr")
    return kept.end[0] >= KEPT_BY_ISR, _retained(kept)


@CHECKS.add("C3b", "The ISR is what keeps it", "isr above none at the end")
def _isr_above_none(experiment: Experiment, world: str) -> Verdict:
    gap = isr_over_none(experiment, world)
    return gap.low > 0.0, f"difference {_interval(gap, '+.1f')}"


@CHECKS.add(
    "C4",
    "With the caregiver kept restraint is kept",
    f"caregiver: retention at the end at least {KEPT_BY_CAREGIVER:.0%}",
)
def _kept_by_caregiver(experiment: Experiment, world: str) -> Verdict:
    kept = headline_retention(experiment, world, "caregiver")
    return kept.end[0] >= KEPT_BY_CAREGIVER, _retained(kept)


@CHECKS.add(
    "C5",
    "What the ISR keeps transfers to other layouts",
    f"isr keeps at least {TRANSFERRED:.0%} of the caregiver's advantage over selfish on every "
    "layout, and is above none in the mean",
)
def _other_layouts(experiment: Experiment, world: str) -> Verdict:
    return _transfers(
        experiment, world, [t for t in LAYOUT_TESTS if t in transfer_tests(experiment, world)]
    )


@CHECKS.add(
    "C6",
    "What the ISR keeps transfers to other group sizes",
    f"isr keeps at least {TRANSFERRED:.0%} of the caregiver's advantage over selfish in every "
    "group, and is above none in the mean",
)
def _other_sizes(experiment: Experiment, world: str) -> Verdict:
    return _transfers(experiment, world, sizes(experiment, world))


@CHECKS.add(
    "C7a",
    "Beside a greedy newcomer the ISR helps the learners",
    "isr above none in the return of focal learners beside a greedy newcomer",
)
def _newcomer(experiment: Experiment, world: str) -> Verdict:
    isr = _transferred(experiment, world, NEWCOMER, "isr")
    none = _transferred(experiment, world, NEWCOMER, "none")
    gap = _difference(isr, none)
    return gap.low > 0.0, (
        f"{_middle(isr):.1f} against {_middle(none):.1f} per focal learner; difference "
        f"{_interval(gap, '+.1f')}"
    )


@CHECKS.add(
    "C7b",
    "The ISR learners withstand a greedy newcomer",
    f"isr: focal learners keep at least {WITHSTOOD:.0%} of their return without a newcomer",
)
def _withstands(experiment: Experiment, world: str) -> Verdict:
    beside = _middle(_transferred(experiment, world, NEWCOMER, "isr"))
    alone = _middle(_transferred(experiment, world, SAME, "isr"))
    if not alone > 0.0:
        raise NotMeasuredError(f"the ISR learners earn {alone:.1f} without a newcomer")
    text = f"{beside:.1f} of {alone:.1f} per focal learner, {beside / alone:.0%}"
    return beside >= WITHSTOOD * alone, text


def _transfers(experiment: Experiment, world: str, names: list[str]) -> Verdict:
    """Whether the ISR's advantage carries over to every one of some tests."""
    if not names:
        raise NotMeasuredError(f"no such transfer test of {world} is finished")
    ratios, texts, gains = [], [], []
    for test in names:
        levels = {c: _transferred(experiment, world, test, c)
                  for c in ("isr", "none", "caregiver", "selfish")}  # fmt: skip
        middle = {condition: _middle(found) for condition, found in levels.items()}
        ratio = generalization_ratio(middle["isr"], middle["selfish"], middle["caregiver"])
        ratios.append(ratio)
        gains.append(middle["isr"] - middle["none"])
        share = "the caregiver helps nothing" if math.isnan(ratio) else f"{ratio:.0%} kept"
        texts.append(
            f"{test}: isr {middle['isr']:.1f}, none {middle['none']:.1f}, caregiver "
            f"{middle['caregiver']:.1f}, selfish {middle['selfish']:.1f} ({share})"
        )
    holds = all(ratio >= TRANSFERRED for ratio in ratios) and float(np.mean(gains)) > 0.0
    return holds, "; ".join(texts)


def _levels(experiment: Experiment, world: str, condition: str) -> dict[int, float]:
    found = measures.end_levels(experiment, world, condition, HEADLINE)
    if not found:
        raise NotMeasuredError(f"no episode in finished runs of {world}, {condition}")
    return found


def _transferred(experiment: Experiment, world: str, test: str, condition: str) -> dict[int, float]:
    found = measures.transfer_levels(experiment, world, test, condition)
    if not found:
        raise NotMeasuredError(f"no evaluation of {world}, {condition} in the test {test}")
    return found


def _retained(kept: Retention) -> str:
    value, low, high = kept.end
    life = kept.half_life[0]
    half = "half-life not reached" if math.isinf(life) else f"half-life {life:,.0f} steps"
    return f"{value:.0%} left [{low:.0%}, {high:.0%}], {half}"


def _difference(first: dict[int, float], second: dict[int, float]) -> Interval:
    rng = np.random.default_rng(measures.RESAMPLING_SEED)
    return difference_interval(measures.values(first), measures.values(second), rng)


def _interval(gap: Interval, form: str) -> str:
    return f"{gap.estimate:{form}} [{gap.low:{form}}, {gap.high:{form}}]"


def _middle(levels: dict[int, float]) -> float:
    return float(interquartile_mean(measures.values(levels)))
