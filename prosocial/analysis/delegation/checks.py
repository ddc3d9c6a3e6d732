"""Acceptance checks of the delegation experiment: thresholds set before the data."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from prosocial.analysis.delegation import measures
from prosocial.analysis.delegation.manifest import Experiment
from prosocial.analysis.delegation.published import (
    AD_HOC,
    CELLS,
    LABELS,
    MODELS,
    MOST_STEPS,
    TABLE,
)
from prosocial.analysis.experiments.verdicts import Check, Checks, NotMeasuredError, Rule, Verdict

BD = MODELS[0]
FAILS = 95.0
"""Mean steps of 100 from which a team counts as failing."""

# At most so many steps and shuffles, at least such a completion, by number of agents: the numbers
# of the paper's Table 1 for Bayesian Delegation, rounded.
BARS = {2: (35.3, 0.98, 1.0), 3: (34.5, 0.96, 1.6)}
AD_HOC_BAR = 48.1  # mean steps of Bayesian Delegation with the four other models
_SLACK = 1.0  # steps by which a partner may do worse than with its own kind and still count as even


def run_checks(experiment: Experiment) -> list[Check]:
    """Judges every check; none is run when the budget is too small to claim anything."""
    return CHECKS.run(experiment)


def _level(
    episodes: pl.DataFrame, agents: int, measure: str, model: str = BD, kitchen: str | None = None
) -> measures.Level:
    if episodes.is_empty() or not measures.is_complete(episodes, agents, model):
        raise NotMeasuredError(f"{LABELS[model]} with {agents} agents lacks cells")
    part = measures.self_play(episodes, agents, model)
    part = part if kitchen is None else part.filter(pl.col("kitchen") == kitchen)
    found = measures.level(part, measure)
    if found is None:
        raise NotMeasuredError(f"{LABELS[model]} with {agents} agents has no seed in all cells")
    return found


def _steps(agents: int) -> Callable[[Experiment], Verdict]:
    def judge(experiment: Experiment) -> Verdict:
        found = _level(experiment.episodes, agents, "time_steps")
        text = f"{found.mean:.2f} [{found.low:.2f}, {found.high:.2f}]"
        return found.mean <= BARS[agents][0], text

    return judge


def _completion(agents: int) -> Callable[[Experiment], Verdict]:
    def judge(experiment: Experiment) -> Verdict:
        found = _level(experiment.episodes, agents, "completion")
        return found.mean >= BARS[agents][1], f"{found.mean:.3f}"

    return judge


def _shuffles(agents: int) -> Callable[[Experiment], Verdict]:
    def judge(experiment: Experiment) -> Verdict:
        found = _level(experiment.episodes, agents, "shuffles")
        return found.mean <= BARS[agents][2], f"{found.mean:.2f}"

    return judge


def _failing(experiment: Experiment) -> Verdict:
    episodes = experiment.episodes
    levels = {
        LABELS[model]: _level(episodes, 2, "time_steps", model, "full_divider").mean
        for model in ("divide_and_conquer", "greedy_cook")
    }
    text = ", ".join(f"{name} {steps:.1f}" for name, steps in levels.items())
    return min(levels.values()) >= FAILS, f"{text} of {MOST_STEPS} steps"


def _ordering(agents: int) -> Callable[[Experiment], Verdict]:
    def judge(experiment: Experiment) -> Verdict:
        levels = {m: _level(experiment.episodes, agents, "time_steps", m).mean for m in MODELS}
        text = ", ".join(f"{LABELS[m]} {steps:.1f}" for m, steps in levels.items())
        return levels[BD] <= min(levels.values()) + _SLACK, text

    return judge


def _ad_hoc_mean(experiment: Experiment) -> Verdict:
    episodes = experiment.episodes
    found = None if episodes.is_empty() else measures.ad_hoc_level(episodes, BD)
    if found is None or found.cells < len(CELLS):
        raise NotMeasuredError("BD has not played with all other models in all cells")
    text = f"{found.mean:.2f} [{found.low:.2f}, {found.high:.2f}], published {AD_HOC[BD]}"
    return found.mean <= AD_HOC_BAR, text


def _good_partner(experiment: Experiment) -> Verdict:
    episodes = experiment.episodes
    held, parts = True, []
    for model in MODELS[1:]:
        own = _level(episodes, 2, "time_steps", model).mean
        mixed = measures.level(measures.ad_hoc(episodes, BD, model), "time_steps")
        if mixed is None or mixed.cells < len(CELLS):
            raise NotMeasuredError(f"BD has not played with {LABELS[model]} in all cells")
        held &= mixed.mean <= own + _SLACK
        parts.append(f"{LABELS[model]} {mixed.mean:.1f} (own kind {own:.1f})")
    return held, ", ".join(parts)


CHECKS = Checks([
    *(
        rule
        for agents, (steps, completion, moves) in BARS.items()
        for rule in (
            Rule(
                f"{agents}a", f"BD with {agents} agents is as fast as published",
                f"mean steps over nine cells <= {steps} (published "
                f"{TABLE[agents, BD].time_steps})", _steps(agents),
            ),
            Rule(
                f"{agents}b", f"BD with {agents} agents completes its dishes",
                f"mean completion >= {completion}", _completion(agents),
            ),
            Rule(
                f"{agents}c", f"BD with {agents} agents does not dither",
                f"mean shuffles of an agent <= {moves}", _shuffles(agents),
            ),
            Rule(
                f"{agents}d", f"No lesion beats BD with {agents} agents",
                f"mean steps of BD <= those of each lesion + {_SLACK:g}", _ordering(agents),
            ),
        )
    ),
    Rule(
        "4", "D&C and Greedy fail where nobody can cook alone",
        f"mean steps of two agents in the full divider >= {FAILS:g}", _failing,
    ),
    Rule(
        "5a", "BD works with others",
        f"mean steps with the four other models <= {AD_HOC_BAR}", _ad_hoc_mean,
    ),
    Rule(
        "5b", "Nobody loses by having BD as its partner",
        f"mean steps of each model with BD <= with its own kind + {_SLACK:g}", _good_partner,
    ),
])  # fmt: skip
"""The checks, in order."""
