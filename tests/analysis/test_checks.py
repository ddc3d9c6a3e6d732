"""Acceptance checks: held for the published story, missed when one thing in it is bent."""

from dataclasses import replace

import pytest
from synthetic import Story, write_experiment

from prosocial.analysis.experiments.verdicts import Status
from prosocial.analysis.value_internalization.checks import run_checks
from prosocial.analysis.value_internalization.judging import fall_from_peak
from prosocial.analysis.value_internalization.records import read_experiment
from prosocial.runs.experiments.budgets import PRESETS, Budget

SEEDS = (1, 2, 3, 4)


def verdicts(tmp_path, story=None, **arguments):
    folder = write_experiment(tmp_path / "made", seeds=SEEDS, story=story, **arguments)
    return {check.number: check for check in run_checks(read_experiment(folder))}


def test_the_published_story_holds_every_check(experiment_folder):
    checks = run_checks(read_experiment(experiment_folder))
    assert [c.number for c in checks] == [
        "1a", "1b", "2a", "2b", "2c", "3a", "3b", "4a", "4b", "5a", "5b", "5c",
        "6a", "6b", "6c", "7a", "7b", "7c", "7d", "8",
    ]  # fmt: skip
    assert {c.number: c.observed for c in checks if c.status is not Status.HELD} == {}


@pytest.mark.parametrize(
    ("story", "figures", "missed"),
    [
        (Story(none_half_life=1e6), ("4a",), {"1a", "1b"}),
        (Story(isr_end=0.7), ("4a",), {"2a", "2b"}),
        (Story(oracle_end=0.95), ("4a",), {"2c"}),
        (Story(error_bump=5.0), ("3b",), {"3a"}),
        (Story(isr_bonus=-0.3), ("4b", "5"), {"4a", "4b", "5b"}),
        (Story(isr_bonus=0.2), ("4b", "5"), {"4a", "4b", "5c"}),
        (Story(hacked_fall=0.1), ("6",), {"6a"}),
        (Story(false_positives=3), ("6",), {"6b"}),
        (Story(random_help=2.0), ("7",), {"7a"}),
        (Story(none_half_life=2e5, isr_end=0.8), ("7",), {"7c", "7d"}),
        (Story(forward_better=1), ("4a",), {"8"}),
    ],
)
def test_a_bent_story_misses_its_checks(tmp_path, story, figures, missed):
    found = verdicts(tmp_path, story, figures=figures)
    assert {n for n, c in found.items() if c.status is Status.MISSED} == missed


def test_an_isr_of_much_socialization_that_is_hacked_misses_6c(tmp_path):
    budget = replace(Budget(), hacking_steps=(10_000, 15_000, 40_000))
    folder = write_experiment(tmp_path / "made", figures=("6",), seeds=SEEDS, budget=budget)
    experiment = read_experiment(folder)
    found = {c.number: c.status for c in run_checks(experiment)}
    assert found["6c"] is Status.HELD
    # The curves of the ISR of 15k steps, which diverge, under the name of 40k.
    runs = {run.name: run for run in experiment.manifest.runs}
    for name in [n for n in runs if n.startswith("x/isr-40k")]:
        source = folder / name.replace("40k", "15k") / "metrics.parquet"
        (folder / name / "metrics.parquet").write_bytes(source.read_bytes())
    found = {c.number: c.status for c in run_checks(read_experiment(folder))}
    assert found["6c"] is Status.MISSED


def test_checks_of_figures_that_were_not_asked_for_are_not_run(tmp_path):
    found = verdicts(tmp_path, figures=("1b",))
    assert {n for n, c in found.items() if c.status is not Status.NOT_RUN} == {
        "1a",
        "1b",
        "7a",
        "8",
    }
    assert found["2a"].observed == "no finished run of train3, isr"
    assert found["4a"].observed == "no evaluation of frozen on ood5"


def test_a_phase_that_is_too_short_is_not_judged(tmp_path):
    short = replace(Budget(), autonomy=40_000, layouts=60_000)
    found = verdicts(tmp_path, figures=("4a", "6"), budget=short)
    assert found["1a"].observed == "phase 2 of None is shorter than 60,000 steps"
    assert found["6a"].observed == "phase 2 on x is shorter than 100,000 steps"
    assert found["1a"].status is found["6a"].status is Status.NOT_RUN


def test_a_small_budget_claims_nothing(tmp_path):
    found = verdicts(tmp_path, figures=("4a",), budget=PRESETS["smoke"])
    assert {c.status for c in found.values()} == {Status.NOT_RUN}
    assert {c.observed for c in found.values()} == {"the budget is too small to judge"}


def test_unfinished_runs_count_for_nothing(tmp_path):
    names = tuple(f"train3/none/seed-{seed}" for seed in SEEDS)
    found = verdicts(tmp_path, figures=("4a",), unfinished=names)
    assert found["1a"].observed == "no finished run of train3, none"
    assert found["2a"].status is Status.HELD


def test_fall_from_peak_by_hand():
    import numpy as np

    assert fall_from_peak(np.array([1.0, 2.0, 1.5, 0.5, 0.9])) == pytest.approx(0.75)
    assert fall_from_peak(np.array([1.0, 2.0])) == 0.0
    assert fall_from_peak(np.zeros(3)) == 0.0
