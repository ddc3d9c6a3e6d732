"""Acceptance checks of the experiment `imagined-we`: the published orderings and figures.

Sources: S of the signalling tasks, Stacy et al. (CogSci 2021): orderings only, their figures' exact
numbers are not available. P of the pragmatic core: worked-out values of a reference game. J of
joint intentions, Tang et al. (CogSci 2020), read off their figures. Levels are means over seeds;
"above" means that the 95 % bootstrap interval of the paired difference lies above 0.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import polars as pl

from prosocial.agents.mind.communication.rsa import pragmatics
from prosocial.agents.mind.joint_intention import chance
from prosocial.analysis.experiments.verdicts import Check, Checks, NotMeasuredError, Verdict
from prosocial.analysis.imagined_we import measures
from prosocial.analysis.imagined_we.measures import paired, signalling
from prosocial.analysis.imagined_we.records import Experiment
from prosocial.analysis.statistics import Interval

SLACK = 0.01
"""How much accuracy may fall from one level to the next and still count as not falling."""

SILENT = 0.9
"""Probability of silence where the signaler is nearer that counts as predicting it."""

AGREED = 0.9
"""Agreement that is to be reached."""

AGREED_WITHIN = {2: 7, 4: 13}
"""Steps within which agreement reaches 0.9 by number of goals (Tang et al. 2020, figure)."""

KEPT = 0.95
"""Share of the reward with the fewest goals that an Imagined We is to keep with the most."""

AGENTS = 3

# Green square, green circle, pink circle; green, pink, square, round.
REFERENCE_GAME = np.array([[1, 0, 1, 0], [1, 0, 0, 1], [0, 1, 0, 1]], bool)
# Level, rationality, value and the meaning of "green" to a listener (theory: rsa module).
PRAGMATIC = (
    (0, 1.0, "probability", (0.5, 0.5, 0.0)),
    (1, 1.0, "probability", (0.430, 0.570, 0.0)),
    (1, 1.74, "probability", (0.371, 0.629, 0.0)),
    (1, 5.0, "probability", (0.132, 0.868, 0.0)),
    (1, 1.0, "information", (0.4, 0.6, 0.0)),
)


CHECKS = Checks()
"""The checks, in order."""


def run_checks(experiment: Experiment) -> list[Check]:
    """Judges every check; none is run when the budget is too small to claim anything."""
    return CHECKS.run(experiment)


@CHECKS.add("P", "The pragmatic core is exact", "five worked-out listeners to within 0.0005")
def _pragmatic(_: Experiment) -> Verdict:
    worst = 0.0
    for depth, beta, value, expected in PRAGMATIC:
        heard = pragmatics(REFERENCE_GAME, depth, beta, value).listener[:, 0]
        worst = max(worst, float(np.abs(heard - expected).max()))
    return worst <= 0.0005, f"largest difference {worst:.5f}"


@CHECKS.add(
    "S1",
    "An Imagined We is understood better, already at the shallowest level",
    "level 0: accuracy above literal, RSA and individual utility wherever a signal fits two items "
    "or more",
)
def _understood(experiment: Experiment) -> Verdict:
    return _over_ambiguities(experiment, "accuracy", ("literal", "rsa", "individual"), 0)


@CHECKS.add(
    "S2",
    "It gains more, already at the shallowest level",
    "level 0: joint utility above literal, RSA and individual utility wherever a signal fits two "
    "items or more",
)
def _gains(experiment: Experiment) -> Verdict:
    return _over_ambiguities(experiment, "utility", ("literal", "rsa", "individual"), 0)


@CHECKS.add(
    "S3",
    "Deeper recursion helps",
    f"accuracy falls by at most {SLACK} from level to level at every ambiguity, and rises from "
    "level 0 to the deepest where a signal fits two items or more",
)
def _deeper(experiment: Experiment) -> Verdict:
    falls, texts, rises = [], [], []
    levels = measures.depths(experiment)
    for ambiguity in _ambiguities(experiment):
        means = [
            signalling(experiment, "accuracy", ambiguity, "imagined_we", d).mean() for d in levels
        ]
        falls += [one - other for one, other in pairwise(means)]
        if ambiguity > _ambiguities(experiment)[0]:
            rises.append(means[-1] - means[0])
        texts.append(f"{ambiguity:.2f}: {' '.join(f'{mean:.3f}' for mean in means)}")
    holds = max(falls, default=0.0) <= SLACK and min(rises, default=1.0) > 0
    return holds, "; ".join(texts)


@CHECKS.add(
    "S4",
    "Signals never hurt",
    "utility at least that of doing it oneself and of no communication at every ambiguity and "
    "level",
)
def _never_hurt(experiment: Experiment) -> Verdict:
    worst: list[tuple[float, str]] = []
    for ambiguity in _ambiguities(experiment):
        for depth in measures.depths(experiment):
            own = signalling(experiment, "utility", ambiguity, "imagined_we", depth)
            for other in ("do_it_myself", "no_communication"):
                gap = paired(own, signalling(experiment, "utility", ambiguity, other))
                text = f"{gap.estimate:+.3f} [{gap.low:+.3f}, {gap.high:+.3f}] over {other}"
                worst.append((gap.estimate, f"{text}, ambiguity {ambiguity:.2f}, level {depth}"))
    least = min(worst)
    return least[0] >= 0, f"least {least[1]}"


@CHECKS.add(
    "S5",
    "Its advantage grows with ambiguity",
    "deepest level: accuracy over literal, RSA and individual utility, and utility over literal "
    "and RSA, rise from each ambiguity to the next",
)
def _grows(experiment: Experiment) -> Verdict:
    deepest = max(measures.depths(experiment), default=0)
    holds, texts = True, []
    for column in ("accuracy", "utility"):
        for other in ("literal", "rsa", "individual"):
            there = 0 if other == "literal" else deepest
            gaps = [
                paired(
                    signalling(experiment, column, ambiguity, "imagined_we", deepest),
                    signalling(experiment, column, ambiguity, other, there),
                ).estimate
                for ambiguity in _ambiguities(experiment)
            ]
            # Who minds own costs alone loses most where signals are clear: there the most is won.
            asked = (column, other) != ("utility", "individual")
            holds &= not asked or bool((np.diff(gaps) > 0).all())
            text = f"{column} over {other} {' '.join(f'{gap:+.2f}' for gap in gaps)}"
            texts.append(text if asked else f"{text} (not asked for)")
    return holds, "; ".join(texts)


@CHECKS.add(
    "S6",
    "When the signaler is nearer, it is silent",
    f"probability of silence there at least {SILENT:.0%} at every ambiguity and level",
)
def _silent(experiment: Experiment) -> Verdict:
    found = [
        signalling(experiment, "silent_nearer", ambiguity, "imagined_we", depth).mean()
        for ambiguity in _ambiguities(experiment)
        for depth in measures.depths(experiment)
    ]
    lowest = float(min(found))
    return lowest >= SILENT, f"lowest {lowest:.3f}"


@CHECKS.add(
    "S7",
    "The meaning of a token flips with their number",
    "boxes game, level 0: at least 90 % of the tokens mark rewards when there are as many as "
    "rewards, at least 90 % mark what is bad when there are fewer; accuracy there above RSA's",
)
def _flips(experiment: Experiment) -> Verdict:
    if experiment.boxes.is_empty():
        raise NotMeasuredError("the boxes games are not played")
    rows = experiment.boxes.filter(pl.col("depth") == 0)
    holds, texts = True, []
    for game in rows.filter(pl.col("model") == "imagined_we").iter_rows(named=True):
        enough = game["tokens"] >= game["rewards"]
        share = game["marks_rewards"]
        holds &= share >= 0.9 if enough else share <= 0.1
        same = pl.all_horizontal(pl.col(n) == game[n] for n in ("boxes", "rewards", "tokens"))
        other = rows.filter(same & (pl.col("model") == "rsa"))["accuracy"][0]
        holds &= game["accuracy"] > other
        texts.append(
            f"{game['boxes']} boxes, {game['rewards']} rewards, {game['tokens']} tokens: "
            f"{share:.0%} mark rewards, accuracy {game['accuracy']:.2f} (RSA {other:.2f})"
        )
    return bool(holds), "; ".join(texts)


@CHECKS.add(
    "J1",
    "Intentions begin at chance",
    "agreement at the first step within three standard errors of G ** -(N - 1)",
)
def _at_chance(experiment: Experiment) -> Verdict:
    holds, texts = True, []
    for goals in _goals(experiment):
        found = measures.agreement(experiment, goals)[:, 0]
        expected = chance(goals, AGENTS)
        episodes = len(found) * experiment.manifest.budget["episodes"]
        error = (expected * (1 - expected) / episodes) ** 0.5
        holds &= bool(abs(found.mean() - expected) <= 3 * error)
        texts.append(f"{goals} goals {found.mean():.3f} (chance {expected:.3f})")
    return holds, "; ".join(texts)


@CHECKS.add(
    "J2",
    "Intentions come to agree",
    "agreement at least 0.9 within 7 steps with 2 goals and 13 with 4",
)
def _agree(experiment: Experiment) -> Verdict:
    holds, texts = True, []
    for goals, within in AGREED_WITHIN.items():
        step = measures.first_step(measures.agreement(experiment, goals).mean(0), AGREED)
        holds &= step is not None and step <= within
        texts.append(f"{goals} goals: step {step} (published about {within})")
    return holds, "; ".join(texts)


@CHECKS.add("J3", "And almost surely so", "agreement above 0.95 within 3 G steps, G goals")
def _almost_surely(experiment: Experiment) -> Verdict:
    holds, texts = True, []
    for goals in _goals(experiment):
        step = measures.first_step(measures.agreement(experiment, goals).mean(0), 0.95)
        holds &= step is not None and step <= 3 * goals
        texts.append(f"{goals} goals: step {step}")
    return holds, "; ".join(texts)


@CHECKS.add(
    "J4",
    "Reward does not fall as goals multiply",
    f"an Imagined We keeps at least {KEPT:.0%} of its reward from the fewest goals to the most",
)
def _keeps(experiment: Experiment) -> Verdict:
    kept = _kept(experiment, "imagined_we")
    levels = [measures.rewards(experiment, g, "imagined_we").mean() for g in _all_goals(experiment)]
    text = " ".join(f"{level:.2f}" for level in levels)
    forgetful = _share(_kept(experiment, "imagined_we_forgetful"))
    text = f"{_share(kept)} kept: {text}; {forgetful} if intentions are forgotten with each round"
    return kept.estimate >= KEPT, text


@CHECKS.add(
    "J5",
    "Without a joint intention it does",
    "both baselines keep less of their reward than the Imagined We",
)
def _baselines_fall(experiment: Experiment) -> Verdict:
    ours = _kept(experiment, "imagined_we")
    texts, holds = [f"Imagined We {_share(ours)}"], True
    for partner in ("shared_reward_planner", "individual_planner"):
        kept = _kept(experiment, partner)
        holds &= kept.high < ours.low
        texts.append(f"{measures.PARTNERS[partner]} {_share(kept)}")
    return holds, "; ".join(texts)


def _over_ambiguities(
    experiment: Experiment, column: str, others: tuple[str, ...], depth: int
) -> Verdict:
    """Whether a level of the Imagined We is above some baselines at the same level."""
    holds, texts = True, []
    for ambiguity in _ambiguities(experiment)[1:]:
        own = signalling(experiment, column, ambiguity, "imagined_we", depth)
        for other in others:
            there = depth if other != "literal" else 0
            gap = paired(own, signalling(experiment, column, ambiguity, other, there))
            holds &= gap.low > 0
            texts.append(f"{ambiguity:.2f} {other} {gap.estimate:+.2f}")
    return holds, "; ".join(texts)


def _kept(experiment: Experiment, partner: str) -> Interval:
    """Reward with the most goals over that with the fewest, by seed."""
    goals = _all_goals(experiment)
    most = measures.rewards(experiment, goals[-1], partner)
    fewest = measures.rewards(experiment, goals[0], partner)
    if len(most) != len(fewest) or not (fewest > 0).all():
        raise NotMeasuredError(f"{partner} has no reward to lose, or unfinished seeds")
    return measures.interval(most / fewest)


def _share(kept: Interval) -> str:
    return f"{kept.estimate:.0%} [{kept.low:.0%}, {kept.high:.0%}]"


def _ambiguities(experiment: Experiment) -> list[float]:
    found = measures.ambiguities(experiment)
    if not found:
        raise NotMeasuredError("no signalling task is finished")
    return found


def _all_goals(experiment: Experiment) -> list[int]:
    found = measures.goal_numbers(experiment)
    if len(found) < 2:
        raise NotMeasuredError("rendezvous was not played with several numbers of goals")
    return found


def _goals(experiment: Experiment) -> list[int]:
    return [goals for goals in _all_goals(experiment) if goals > 1]
