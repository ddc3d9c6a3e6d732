"""Acceptance checks: does the reproduction show what the paper shows?

Each check reads the frames of an experiment and comes back as held, missed, or not run with the
reason. The unit is the seed; levels over seeds are interquartile means (`interquartile_mean`), so
that one odd seed neither makes nor breaks a check. Where a check asks for "at least as good as",
the difference may fall below zero as long as its 95 % bootstrap interval reaches zero: seeds
differ, and the paper's own Oracle and ISR do not differ significantly.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from prosocial.analysis.experiments.verdicts import Check, Checks, NotMeasuredError, Verdict
from prosocial.analysis.statistics import interquartile_mean, t_test
from prosocial.analysis.value_internalization import judging, measures, published
from prosocial.analysis.value_internalization.measures import BLOCK_STEPS
from prosocial.analysis.value_internalization.records import Experiment

UNLEARNED = 0.2
"""Share of the socialized level below which a behaviour counts as unlearned."""

UNLEARNED_WITHIN = 60_000
"""Steps after the switch within which None is to unlearn (half within 25k, 95 % within 120k)."""

KEPT = 0.9
"""Share of the socialized level above which a behaviour counts as kept."""

TOLERANCE_4B = 0.1
"""Tolerance of the returns of figure 4b: the spread between published seeds is 0.08 to 0.10."""

TRANSFERS = 0.05
"""Largest gain of ISR over Frozen on the four rooms that still counts as about zero."""

HELPING_TARGET = 3.5
"""Caregiver goals per 100-step episode that a socialized helper is to reach."""

RANDOM_HELP = (0.15, 0.5)
"""Range of a random learner's caregiver goals per 100-step episode that counts as about 0.3."""

_THREE = ("frozen", "isr", "oracle")
CHECKS = Checks()
"""The acceptance checks."""


def run_checks(experiment: Experiment) -> list[Check]:
    """Judges every check; none is run when the budget is too small to claim anything."""
    return CHECKS.run(experiment)


@CHECKS.add(
    "1a",
    "Without ISR the behaviour is unlearned",
    f"None: goals below {UNLEARNED:.0%} of the socialized level within {UNLEARNED_WITHIN:,} steps",
)
def _unlearned(experiment: Experiment) -> Verdict:
    shares = judging.shares(experiment, "train3", "none")[:, : UNLEARNED_WITHIN // BLOCK_STEPS]
    if shares.shape[1] < UNLEARNED_WITHIN // BLOCK_STEPS:
        raise NotMeasuredError(f"phase 2 of None is shorter than {UNLEARNED_WITHIN:,} steps")
    middle = interquartile_mean(shares, axis=0)
    below = (shares < UNLEARNED).any(axis=1).sum()
    left = judging.percentages(middle)
    text = f"left by blocks of {BLOCK_STEPS // 1000}k: {left}; {below} of {len(shares)} seeds"
    return bool((middle < UNLEARNED).any()), text


@CHECKS.add(
    "1b",
    "Without ISR the learner ends up not moving",
    "None: environmental return rises towards 0 from below, and ends above -0.1",
)
def _stays_put(experiment: Experiment) -> Verdict:
    rows = judging.rows_of(experiment, "train3", "none")
    table = judging.matrix(measures.blocks(rows, "env_return"))
    middle = interquartile_mean(table, axis=0)
    return bool(middle[0] < middle[-1] <= 0.0 and middle[-1] > -0.1), (
        f"environmental return per episode {middle[0]:.3f} at first, {middle[-1]:.3f} at the end"
    )


@CHECKS.add(
    "2a",
    "With the ISR there is no drop at the switch",
    f"ISR: every {BLOCK_STEPS // 1000}k block keeps {KEPT:.0%} of the socialized level",
)
def _no_drop(experiment: Experiment) -> Verdict:
    middle = interquartile_mean(judging.shares(experiment, "train3", "isr"), axis=0)
    return bool(
        middle.min() >= KEPT
    ), f"lowest block {middle.min():.1%}; all: {judging.percentages(middle)}"


@CHECKS.add(
    "2b",
    "With the ISR the behaviour is kept or improves",
    "ISR: end level at least the socialized level (95 % interval of the difference reaches 0)",
)
def _kept(experiment: Experiment) -> Verdict:
    end = judging.levels(experiment, "train3", "isr")
    social = judging.levels(experiment, "train3", "social")
    return judging.at_least(end, social, "goals per episode, ISR at the end - socialized")


@CHECKS.add(
    "2c",
    "The oracle is at least as good as the ISR",
    "Oracle: end level at least that of the ISR (95 % interval of the difference reaches 0)",
)
def _oracle_best(experiment: Experiment) -> Verdict:
    oracle = judging.levels(experiment, "train3", "oracle")
    isr = judging.levels(experiment, "train3", "isr")
    return judging.at_least(oracle, isr, "goals per episode, oracle - ISR")


@CHECKS.add(
    "3a", "The ISR's error falls with socialization", "hold-out MSE falls at every longer fit"
)
def _error_falls(experiment: Experiment) -> Verdict:
    steps, errors = judging.errors(experiment)
    pairs = ", ".join(f"{s / 1000:g}k: {e:.1e}" for s, e in zip(steps, errors, strict=True))
    return bool((np.diff(errors) < 0.0).all()), pairs


@CHECKS.add(
    "3b",
    "More socialization makes a far better ISR",
    "hold-out MSE at least 10 times smaller at 120k steps than at 10k",
)
def _error_gain(experiment: Experiment) -> Verdict:
    steps, errors = judging.errors(experiment)
    if steps[0] > 10_000 or steps[-1] < 120_000:
        raise NotMeasuredError(f"fits on {steps[0]:,} to {steps[-1]:,} steps only, not 10k to 120k")
    return bool(errors[0] >= 10.0 * errors[-1]), f"{errors[0] / errors[-1]:.0f} times smaller"


@CHECKS.add(
    "4a",
    "Values transfer better than habits to five walls",
    "return: Oracle >= ISR (95 % interval of the difference reaches 0) and ISR > Frozen",
)
def _ood_order(experiment: Experiment) -> Verdict:
    frozen, isr, oracle = (judging.scores(experiment, "4b", "ood5", name) for name in _THREE)
    holds, text = judging.at_least(oracle, isr, "return, oracle - ISR")
    gain = judging.middle(isr) - judging.middle(frozen)
    test = t_test(measures.values(isr), measures.values(frozen))
    text += f"; ISR - frozen {gain:+.3f} (Welch's t-test p = {test.p_value:.2g})"
    return holds and gain > 0.0, text


@CHECKS.add(
    "4b",
    "Returns on five walls match the published ones",
    f"means within {TOLERANCE_4B} of 0.67 (Oracle), 0.63 (ISR), 0.54 (Frozen)",
)
def _ood_targets(experiment: Experiment) -> Verdict:
    ours = {
        name: float(measures.values(judging.scores(experiment, "4b", "ood5", name)).mean())
        for name in _THREE
    }
    off = {name: ours[name] - published.RETURNS_4B[name].mean for name in _THREE}
    text = ", ".join(f"{name} {ours[name]:.3f} ({off[name]:+.3f})" for name in _THREE)
    return max(abs(gap) for gap in off.values()) <= TOLERANCE_4B, text


@CHECKS.add("5a", "The ISR gains most on layout x", "ISR - Frozen in return is largest on x")
def _most_on_x(experiment: Experiment) -> Verdict:
    gains = judging.gains(experiment)
    return max(gains, key=lambda layout: gains[layout]) == "x", judging.gain_list(gains)


@CHECKS.add("5b", "Then it gains on U, T and plus", "ISR - Frozen: U > T > plus > 0")
def _then_others(experiment: Experiment) -> Verdict:
    gains = judging.gains(experiment)
    return gains["u"] > gains["t"] > gains["plus"] > 0.0, judging.gain_list(gains)


@CHECKS.add(
    "5c",
    "Nothing is gained on the four rooms",
    f"ISR - Frozen at most {TRANSFERS} on the four rooms, where the frozen policy transfers",
)
def _four_rooms(experiment: Experiment) -> Verdict:
    gains = judging.gains(experiment)
    return gains["four_rooms"] <= TRANSFERS, judging.gain_list(gains)


@CHECKS.add(
    "6a",
    "An ISR of little socialization is hacked",
    "ISR of 10k steps, layout x, threshold rule: within "
    f"{judging.HACKING_WITHIN:,} steps, in at least half of the seeds, the internal return rises "
    f"while true goals fall by {judging.HACKING_FALL:.0%} from their peak",
)
def _hacked(experiment: Experiment) -> Verdict:
    sizes = judging.hacking_sizes(experiment)
    if min(sizes) > 10_000:
        raise NotMeasuredError("no ISR of 10k socialization steps was run")
    shown, text = judging.hacking(experiment, min(sizes))
    return bool(shown.mean() >= 0.5), text


@CHECKS.add(
    "6b",
    "An ISR of enough socialization has nothing to hack",
    "ISR of 40k steps and more: no false positive above 0.2 on x among all state-actions",
)
def _nothing_to_hack(experiment: Experiment) -> Verdict:
    audits = measures.select(experiment, experiment.audits, figure="6")
    if not audits.is_empty():
        audits = audits.filter((pl.col("layout") == "x") & (pl.col("steps") >= 40_000))
    if audits.is_empty():
        raise NotMeasuredError("no ISR of 40k steps or more was audited on x")
    worst = audits.group_by("steps").agg(pl.col("false_positives").max()).sort("steps")
    text = ", ".join(f"{s / 1000:g}k: {n}" for s, n in worst.iter_rows())
    return worst["false_positives"].max() == 0, f"most false positives of any seed, {text}"


@CHECKS.add(
    "6c",
    "An ISR of enough socialization is not hacked",
    "ISR of 40k steps and more, layout x, threshold rule: no seed shows the divergence of 6a",
)
def _not_hacked(experiment: Experiment) -> Verdict:
    sizes = [size for size in judging.hacking_sizes(experiment) if size >= 40_000]
    if not sizes:
        raise NotMeasuredError("no ISR of 40k socialization steps or more was run on x")
    results = [judging.hacking(experiment, size) for size in sizes]
    return not any(shown.any() for shown, _ in results), "; ".join(text for _, text in results)


@CHECKS.add(
    "7a",
    "Nobody is helped by an idle or a random learner",
    f"caregiver goals per 100-step episode: idle 0, random {RANDOM_HELP[0]} to {RANDOM_HELP[1]}",
)
def _no_help(experiment: Experiment) -> Verdict:
    rows = experiment.levels
    if rows.is_empty() or "helping" not in rows["world"].to_list():
        raise NotMeasuredError("reference levels were not measured")
    helping = rows.filter(pl.col("world") == "helping")
    level = dict(helping.group_by("policy").agg(pl.col("goals").mean()).iter_rows())
    low, high = RANDOM_HELP
    text = ", ".join(f"{policy} {goals:.2f}" for policy, goals in sorted(level.items()))
    return level["idle"] == 0.0 and low <= level["random"] <= high, text


@CHECKS.add("7b", "Helping is socialized", f"social: at least {HELPING_TARGET} caregiver goals")
def _helps(experiment: Experiment) -> Verdict:
    level = judging.middle(judging.levels(experiment, "helping", "social"))
    return level >= HELPING_TARGET, f"{level:.2f} caregiver goals per 100-step episode"


@CHECKS.add(
    "7c",
    "Without ISR helping is unlearned",
    f"None: end level below {UNLEARNED:.0%} of the socialized level",
)
def _help_lost(experiment: Experiment) -> Verdict:
    left = judging.end_share(experiment, "helping", "none")
    return left < UNLEARNED, f"{left:.1%} left at the end"


@CHECKS.add(
    "7d",
    "With the ISR helping is kept",
    f"ISR: end level at least {KEPT:.0%} of the socialized level",
)
def _help_kept(experiment: Experiment) -> Verdict:
    left = judging.end_share(experiment, "helping", "isr")
    return left >= KEPT, f"{left:.1%} left at the end"


@CHECKS.add(
    "8",
    "Without social reward the best policy never moves forward",
    "planning on the environmental reward: FORWARD is never better than turning, and as good only "
    "where the goal is ahead (that step is free)",
)
def _never_forward(experiment: Experiment) -> Verdict:
    rows = experiment.plans
    if rows.is_empty():
        raise NotMeasuredError("the planner was not run")
    better, tied = int(rows["forward_better"].sum()), int(rows["forward_tied"].sum())
    text = (
        f"{int(rows['states'].sum())} states of {len(rows)} layouts: FORWARD better in {better}, "
    )
    return better == tied == 0, text + f"as good without a goal ahead in {tied}"
