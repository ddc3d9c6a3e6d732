"""Reading the answers of text agents.

Every reader returns what it understood and, in ``problem``, what it could not understand and what
stands in its place, or None. It never raises: what to do about a problem is the caller's choice.
Text between <think> and </think>, where reasoning models think aloud, is not read.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from .memory import DEFAULT, HIGHEST, LOWEST

MAX_THOUGHTS = 5  # taken from one reflection, so that a talkative agent cannot flood its memory

_THINKING = re.compile(r"<think>.*?(?:</think>|\Z)", re.DOTALL | re.IGNORECASE)
# Markdown around the words is let pass: **Answer:** 10, *Answer*: 10. Quantifiers give nothing back
# (++, *+) and stay on a line where they can: a model that repeats itself must not stall the reader.
_ANSWER = re.compile(r"\banswer[\s*_]*+:(.*)", re.DOTALL | re.IGNORECASE)
_NUMBER = re.compile(r"(?P<minus>[-−])?(?P<digits>\d{1,3}(?:,\d{3})+|\d+)")
_NONE = re.compile(r"[\s*_]*+(?:none|no limit|nothing)\b", re.IGNORECASE)
_FIELD = r"^[ \t*_]*+{}[ \t*_]*+:(.*)$"
_AROUND = " \t\r*_"  # stripped from what stands after a colon
_FLAGS = re.MULTILINE | re.IGNORECASE
_CONCLUDES = re.compile(_FIELD.format("concludes"), _FLAGS)
_NEXT = re.compile(_FIELD.format("next"), _FLAGS)
_SUMMARY = re.compile(_FIELD.format("summary"), _FLAGS)
_SAY = re.compile(r"^[ \t*_]*+say[ \t*_]*+:[ \t*_]*+", _FLAGS)
_THOUGHT = re.compile(r"^[ \t]*+[-*•][ \t]++(?:\[(\d+)\][ \t]*+)?(.*\S)", re.MULTILINE)


@dataclass(frozen=True)
class Demand:
    """A harvest decision: units asked for and, if that is more than the stock, cut to it."""

    asked: int
    units: int
    problem: str | None = None


@dataclass(frozen=True)
class Utterance:
    """One entry of a conversation, whether it concludes it, and who speaks next."""

    text: str
    concludes: bool
    next_speaker: str
    problem: str | None = None


@dataclass(frozen=True)
class Summary:
    """What was said in a conversation, and the units per person agreed upon, None for no limit."""

    text: str
    limit: int | None
    problem: str | None = None


@dataclass(frozen=True)
class Reflection:
    """Thoughts to be remembered, each with its importance from 1 to 10."""

    thoughts: tuple[tuple[str, int], ...]
    problem: str | None = None


Reading = Demand | Utterance | Summary | Reflection


def read_demand(answer: str, stock: int) -> Demand:
    """Reads a harvest decision: the first whole number after the first "Answer:".

    Without one, or with a minus sign before it, the demand is 0 (GovSim's rule for a missing
    number) and a problem. A demand beyond the stock is cut to it, as the prompt names the stock as
    the largest choice; under stochastic allocation this changes nobody's catch.

    Args:
        answer: What the agent wrote.
        stock: Units there are.
    """
    number, problem = _number_after_answer(_spoken(answer))
    if number is None:
        return Demand(0, 0, f"{problem}; the demand is 0")
    return Demand(number, min(number, stock))


def read_utterance(answer: str, names: Sequence[str], speaker: str) -> Utterance:
    """Reads an entry of a conversation and its lines "Concludes:" and "Next:".

    Without a readable "Concludes:" the conversation goes on; without another participant after
    "Next:" the next one in order speaks.

    Args:
        answer: What the speaker wrote.
        names: The participants in order.
        speaker: Who wrote it, one of them.
    """
    spoken = _spoken(answer)
    problems = []
    concluding = _CONCLUDES.search(spoken)
    word = concluding[1].strip(_AROUND).lower() if concluding else ""
    if not re.match(r"(yes|no)\b", word):
        problems.append("no yes or no after 'Concludes:', the conversation goes on")
    concludes = word.startswith("yes")
    others = {name.casefold(): name for name in names if name != speaker}
    naming = _NEXT.search(spoken)
    chosen = others.get(naming[1].strip(_AROUND + ".").casefold()) if naming else None
    if chosen is None:
        chosen = names[(names.index(speaker) + 1) % len(names)]
        if not concludes:
            problems.append(f"no other participant after 'Next:', {chosen} is next")
    text = _SAY.sub("", _NEXT.sub("", _CONCLUDES.sub("", spoken)), count=1)
    text = _on_one_line(text)
    if not text:
        problems.insert(0, "nothing was said")
    return Utterance(text, concludes, chosen, "; ".join(problems) or None)


def read_summary(answer: str) -> Summary:
    """Reads a summary after "Summary:" and a limit, a number or "none", after "Answer:".

    Without a "Summary:" all that stands before "Answer:" is the summary; without a limit there is
    none, and a problem.
    """
    spoken = _spoken(answer)
    problems = []
    before = _ANSWER.sub("", spoken)
    named = _SUMMARY.search(before)
    text = _on_one_line(named[1].strip(_AROUND) if named else before)
    if not text:
        problems.append("no summary")
    answered = _ANSWER.search(spoken)
    if answered and _NONE.match(answered[1]):
        return Summary(text, None, "; ".join(problems) or None)
    limit, problem = _number_after_answer(spoken)
    if problem:
        problems.append(f"{problem}, no limit was agreed upon")
    return Summary(text, limit, "; ".join(problems) or None)


def read_reflection(answer: str) -> Reflection:
    """Reads thoughts: lines "- [8] text" with the importance in brackets (default 5), at most 5.

    Without such lines, all that was written is one thought; nothing written is a problem.
    """
    spoken = _spoken(answer)
    found = [(_on_one_line(text), _importance(n)) for n, text in _THOUGHT.findall(spoken)]
    if not found and spoken.strip():
        found = [(_on_one_line(spoken), DEFAULT)]
    problem = None if found else "nothing was written, no thought is remembered"
    return Reflection(tuple(found[:MAX_THOUGHTS]), problem)


def _number_after_answer(spoken: str) -> tuple[int | None, str | None]:
    answered = _ANSWER.search(spoken)
    if answered is None:
        return None, "no 'Answer:' was found"
    number = _NUMBER.search(answered[1])
    if number is None:
        return None, "no number after 'Answer:'"
    if number["minus"]:
        return None, f"the number after 'Answer:' is negative ({number[0]})"
    return _integer(number["digits"].replace(",", "")), None


def _importance(number: str) -> int:
    return min(max(_integer(number), LOWEST), HIGHEST) if number else DEFAULT


def _integer(digits: str) -> int:
    # Python converts no more than some thousand digits; beyond 18 the exact number is of no use.
    return int(digits) if len(digits) <= 18 else 10**18


def _spoken(answer: str) -> str:
    return _THINKING.sub("", answer)


def _on_one_line(text: str) -> str:
    return " ".join(text.split())
